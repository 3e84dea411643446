"""WaveNet compared with r9y9/wavenet_vocoder: teacher forced, one sample at a time, and the losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tests.parity.comparison import ATOL, Comparison, arrays, built, checkpoints, compare, tensors
from tts.audio.audio import inverse_mulaw_codes, mulaw_codes
from tts.kernels.wavenet import Conditions, generate
from tts.models.wavenet import EDGE, LogisticMixture, SampleDistribution, WaveNet, loop_conditions
from tts.voice.checkpoints import wavenet

# The reference's losses were computed with these, whatever the hyperparameters say.
LOSS_LEVELS, LOSS_LOG_SCALE_MIN = 65536, -16.0


def matches(folder: Path) -> bool:
    return bool(checkpoints(folder, wavenet))


def check(folder: Path) -> Iterator[Comparison]:
    for path in checkpoints(folder, wavenet):
        network = load(path)
        with torch.no_grad():
            yield from _forward(network, folder, path.name)
            yield from _generate(network, folder, path.name)


def load(path: Path) -> WaveNet:
    network = built(path, wavenet, "stacks")
    assert isinstance(network, WaveNet)
    losses = {"log_scale_min": LOSS_LOG_SCALE_MIN}
    if network.dimensions.output == "logistics":
        losses["n_levels"] = LOSS_LEVELS
    as_in_losses = WaveNet(network.mel, replace(network.dimensions, **losses))
    as_in_losses.load_state_dict(network.state_dict())
    return as_in_losses.eval()


def _forward(network: WaveNet, folder: Path, name: str) -> Iterator[Comparison]:
    if not (folder / "forward_expected.npz").is_file():
        return
    given, expected = tensors(folder / "forward_inputs.npz"), arrays(folder / "forward_expected.npz")
    mulaw = network.dimensions.output == "mulaw"
    samples = given["x_ids"] if mulaw else given["x"]
    if "x_raw" in given:
        yield compare(f"{name} mu-law codes", mulaw_codes(given["x_raw"], network.dimensions.n_outputs - 1), samples)
    # The losses are computed in float64: a narrow logistic magnifies the last digits of y_hat and of its own terms some
    # thousand times. A sample's loss is that of the reference's y_hat, and of our y_hat only the mean is compared.
    exact = samples[:, 1:] if mulaw else samples[:, 1:].double()
    y_hat = torch.from_numpy(expected["y_hat"]).double().transpose(1, 2)[:, :-1]
    loss = network.distribution.loss(y_hat, exact)
    our_y_hat = network.predict(samples, given["c"])
    our_loss = network.distribution.loss(our_y_hat.double().transpose(1, 2)[:, :-1], exact)
    yield compare(f"{name} loss_mean of our y_hat", our_loss.mean(), expected["loss_mean"])
    got = {"upsampled_c": network.upsample(given["c"]), "y_hat": our_y_hat, "loss_mean": loss.mean()}
    for key, values in expected.items():
        if key.startswith("incremental_teacher_forced_probs_first_"):
            probabilities = _incremental(network, samples[:, : values.shape[2]], given["c"]).softmax(1)
            yield compare(f"{name} {key}", probabilities, values, atol=1e-6)
        elif key == "loss_per_sample":
            # The reference computed its losses in float32: their own rounding errors are allowed beside the tolerance.
            rounding = _float32_error(network.distribution, y_hat, exact).reshape(values.shape).numpy()
            yield Comparison(f"{name} {key}", loss.reshape(values.shape).numpy(), values, atol=ATOL + rounding)
        else:
            yield compare(f"{name} {key}", got[key], values)
    yield compare(f"{name} incremental y_hat", _incremental(network, samples, given["c"]), expected["y_hat"])


def _float32_error(distribution: SampleDistribution, parameters: Tensor, samples: Tensor) -> Tensor:
    """How far a loss computed in float32 may be from that in float64, beyond what any sum of rounded terms is.

    Of a mixture of logistics, the probability of a level is P = sigmoid(a) - sigmoid(b), where a and b are
    (sample - mean ± half a level) / scale. With u = 2^-24, a and b are the results of three roundings, so each is off
    by up to 3 u (|sample - mean| + half) / scale, which moves its sigmoid by as much times the derivative; a sigmoid
    itself is the result of four roundings. Both errors are divided by P where its logarithm is taken, and P is tiny
    compared with the sigmoids. The loss averages the components' log P by their posterior weights. Where P is at most
    `EDGE` the loss uses the density, which needs no difference, and other distributions need none.
    """
    if not isinstance(distribution, LogisticMixture):
        return torch.zeros_like(samples, dtype=torch.float64)
    logits, means, log_scales = parameters.chunk(3, -1)
    inverse_scale = torch.exp(-log_scales.clamp(min=distribution.log_scale_min))
    centred, half = samples[..., None] - means, 1 / (distribution.n_levels - 1)
    upper, lower = (torch.sigmoid(inverse_scale * (centred + side)) for side in (half, -half))
    size = inverse_scale * (centred.abs() + half)
    errors = sum(3 * size * s * (1 - s) + 4 * s for s in (upper, lower))
    inside = upper - lower
    relative = torch.where(inside > EDGE, 2.0**-24 * errors / inside.clamp(min=EDGE), 0.0)
    posterior = torch.softmax(torch.log_softmax(logits, -1) + inside.clamp(min=1e-12).log(), -1)
    return (posterior * relative).sum(-1)


def _incremental(network: WaveNet, samples: Tensor, mel: Tensor) -> Tensor:
    """`predict`, one sample at a time, for as many samples as are given."""
    conditions = loop_conditions(network, mel, None)
    n_steps = samples.shape[1]
    if n_steps < conditions.samples.shape[2]:
        channels = conditions.at_sample_rate()[:, :, :n_steps]
        conditions = Conditions(channels[:, :0, :0], channels.new_zeros(1, n_steps, 0), channels, conditions.hop_length)
    noise = network.distribution.stillness(n_steps, len(samples))
    parameters = generate(network.loop_weights(), conditions, noise, forced=samples).parameters
    assert parameters is not None
    return parameters.transpose(1, 2)


def _generate(network: WaveNet, folder: Path, name: str) -> Iterator[Comparison]:
    for path in sorted(folder.glob("generate*_expected.npz")):
        given, expected = tensors(folder / "generate_inputs.npz"), arrays(path)
        numbers = None if "greedy" in path.stem else _numbers(given)
        samples = network.generate(given["c"], numbers)
        yield compare(f"{name} {path.stem} samples", samples, expected["ids" if "ids" in expected else "samples"])
        # What the reference calls wav is not de-emphasised where the samples are classes.
        if network.dimensions.output == "mulaw":
            wav = inverse_mulaw_codes(samples, network.dimensions.n_outputs - 1)
        else:
            wav = network.sound(samples, given["c"])
        yield compare(f"{name} {path.stem} wav", wav, expected["wav"])


def _numbers(given: dict[str, Tensor]) -> list[Tensor]:
    """The random numbers in our order and shapes, [steps, B] or [steps, B, components]."""
    if "u_mixture" in given:
        return [given["u_mixture"][:, :, 0], given["u_logistic"][:, :, 0]]
    return [given["u"]] if "u" in given else [given["eps"][:, :, 0]]
