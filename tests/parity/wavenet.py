"""WaveNet beside the numbers of r9y9/wavenet_vocoder: teacher forced, one sample at a time, and the losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tests.parity.comparison import Comparison, arrays, built, checkpoints, compare, tensors
from tts.audio.audio import inverse_mulaw_codes, mulaw_codes
from tts.kernels.wavenet import Conditions, generate
from tts.models.wavenet import WaveNet, loop_conditions
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
    # A sample's loss in a narrow logistic magnifies the last digits of y_hat some thousand times: it is checked on the
    # reference's own y_hat, and on ours only the mean.
    loss = network.distribution.loss(torch.from_numpy(expected["y_hat"]).transpose(1, 2)[:, :-1], samples[:, 1:])
    yield compare(f"{name} loss_mean of our y_hat", network.loss(samples, given["c"]).mean(), expected["loss_mean"])
    got = {"upsampled_c": network.upsample(given["c"]), "y_hat": network.predict(samples, given["c"])}
    got |= {"loss_per_sample": loss, "loss_mean": loss.mean()}
    for key, values in expected.items():
        if key.startswith("incremental_teacher_forced_probs_first_"):
            probabilities = _incremental(network, samples[:, : values.shape[2]], given["c"]).softmax(1)
            yield compare(f"{name} {key}", probabilities, values, atol=1e-6)
        else:
            yield compare(f"{name} {key}", got[key], values)
    yield compare(f"{name} incremental y_hat", _incremental(network, samples, given["c"]), expected["y_hat"])


def _incremental(network: WaveNet, samples: Tensor, mel: Tensor) -> Tensor:
    """`predict`, one sample at a time, for as many samples as are given."""
    conditions = loop_conditions(network, mel, None)
    n_steps = samples.shape[1]
    if n_steps < conditions.samples.shape[2]:
        heard = conditions.at_sample_rate()[:, :, :n_steps]
        conditions = Conditions(heard[:, :0, :0], heard.new_zeros(1, n_steps, 0), heard, conditions.hop_length)
    noise = network.distribution.stillness(n_steps, len(samples))
    parameters = generate(network.loop_weights(), conditions, noise, told=samples).parameters
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
