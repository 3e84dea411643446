import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import distributions as td

from tts.audio.audio import inverse_mulaw_codes, mulaw_codes
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError, UsageError
from tts.kernels import wavenet as loop
from tts.kernels.execution import reference_only
from tts.models import wavenet as wavenet_model
from tts.models.base import WaveRequest
from tts.models.source_filter import Excitation
from tts.models.wavenet import (
    Gaussian,
    LogisticMixture,
    MulawClasses,
    WaveNet,
    WaveNetDimensions,
    loop_conditions,
)

MEL = MelSettings(n_fft=64, hop_length=8, n_mels=5)
TINY = WaveNetDimensions(
    n_outputs=6,
    n_layers=6,
    n_stacks=2,
    residual_channels=4,
    gate_channels=6,
    skip_channels=5,
    context_frames=1,
    upsample_scales=(4, 2),
)
OLDER = replace(TINY, upsampling="transposed", context_frames=0, upsample_height=3, running_skips=True)
GUIDED = replace(TINY, guide_blocks=1, guide_channels=6, guide_hidden=8, shaping=True, preemphasis=0.0)
# For a network that does not shape its sound by the mel.
NO_MEL = torch.empty(0)
KINDS = {
    "logistics": TINY,
    "mulaw": replace(TINY, output="mulaw", n_outputs=16),
    "gaussian": replace(TINY, output="gaussian", n_outputs=2, kernel_size=2),
    "older": OLDER,
}


def wavenet(dimensions):
    torch.manual_seed(0)
    return WaveNet(MEL, dimensions).eval()


def inputs(dimensions, batch=2, n_frames=6):
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(batch, MEL.n_mels, n_frames + 2 * dimensions.context_frames, generator=generator)
    samples = torch.rand(batch, n_frames * MEL.hop_length, generator=generator) * 2 - 1
    return mulaw_codes(samples, 15) if dimensions.output == "mulaw" else samples, mel


def before(network, samples):
    """The input of the network when it predicts each sample."""
    silence = torch.full((len(samples), 1), network.loop_weights().silence)
    return torch.cat([silence.to(samples.dtype), samples[:, :-1]], dim=1)


def one_at_a_time(network, samples, mel, pulses=None):
    """As `predict`, by the loop."""
    noise = network.distribution.stillness(samples.shape[1], len(samples))
    conditions = loop_conditions(network, mel, pulses)
    made = loop.generate(network.loop_weights(), conditions, noise, forced=samples)
    return made.parameters.transpose(1, 2)


@pytest.fixture(params=sorted(KINDS))
def dimensions(request):
    return KINDS[request.param]


@torch.no_grad()
def test_one_sample_at_a_time_is_all_at_once(dimensions):
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    torch.testing.assert_close(one_at_a_time(network, samples, mel), network.predict(samples, mel))


@torch.no_grad()
def test_a_generation_is_what_it_would_predict(dimensions):
    """Fed with its own samples, the network's likeliest next sample is the one that it generated."""
    network = wavenet(dimensions)
    mel = inputs(dimensions)[1]
    made = network.generate(mel, None)
    parameters = network.predict(before(network, made), mel).transpose(1, 2)
    likeliest = network.distribution.likeliest(parameters.flatten(0, 1))
    torch.testing.assert_close(likeliest.view(made.shape), made)


@torch.no_grad()
def test_a_batch_is_its_items(dimensions):
    network = wavenet(dimensions)
    mel = inputs(dimensions)[1]
    numbers = network.distribution.random_numbers(48, 2, np.random.default_rng(3))
    together = network.generate(mel, numbers)
    single = [network.generate(mel[i : i + 1], [n[:, i : i + 1] for n in numbers])[0] for i in range(2)]
    torch.testing.assert_close(torch.stack(single), together)


@torch.no_grad()
def test_no_sample_depends_on_the_future(dimensions):
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    changed = samples.clone()
    changed[:, 30:] = 0
    before, after = network.predict(samples, mel), network.predict(changed, mel)
    assert torch.equal(before[:, :, :30], after[:, :, :30])
    assert not torch.equal(before[:, :, 30:], after[:, :, 30:])


@torch.no_grad()
def test_it_generates_a_hop_per_frame_by_its_seed(dimensions):
    network = wavenet(dimensions)
    mel = torch.randn(2, MEL.n_mels, 4)
    first, again = (network(mel, np.random.default_rng(7)) for _ in range(2))
    assert first.shape == (2, 32)
    assert first.abs().max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, network(mel, np.random.default_rng(8)))


@torch.no_grad()
def test_what_was_done_to_the_wave_is_undone():
    wave = torch.tensor([[0.1, -0.2, 0.3, 0.05]])
    emphasised = 0.55 * (wave - 0.85 * torch.nn.functional.pad(wave, (1, 0))[:, :-1])
    torch.testing.assert_close(wavenet(TINY).sound(emphasised, NO_MEL), wave)
    plain = replace(KINDS["mulaw"], preemphasis=0.0, gain=1.0)
    codes = mulaw_codes(wave, 15)
    torch.testing.assert_close(wavenet(plain).sound(codes, NO_MEL), inverse_mulaw_codes(codes, 15))


@torch.no_grad()
def test_sound_is_the_inverse_of_known():
    wave = torch.rand(2, 600, generator=torch.Generator().manual_seed(0)) - 0.5
    network = wavenet(TINY)
    torch.testing.assert_close(network.sound(network.known(wave, NO_MEL), NO_MEL), wave, atol=1e-5, rtol=0)
    torch.testing.assert_close(network.known(wave, NO_MEL)[:, :1], 0.55 * wave[:, :1])
    noise = 0.01 * torch.ones(2, 600)
    torch.testing.assert_close(network.known(wave, NO_MEL, noise), network.known(wave, NO_MEL) + noise)
    # A jump may be louder than the network's samples can be.
    assert network.known(torch.tensor([[1.0, -1.0, 1.0]]), NO_MEL)[0, 2] == 1
    plain = replace(KINDS["mulaw"], preemphasis=0.0, gain=1.0)
    assert torch.equal(wavenet(plain).known(wave, NO_MEL), mulaw_codes(wave, 15))


@torch.no_grad()
def test_upsampling_repeats_then_smooths():
    network = wavenet(TINY)
    upsampling = network.upsample
    for conv in upsampling.convs:
        conv.weight.zero_()
        conv.weight[..., conv.weight.shape[3] // 2] = 1
    mel = torch.randn(1, 5, 8)
    expected = upsampling.context(mel).repeat_interleave(8, dim=2)
    torch.testing.assert_close(upsampling(mel), expected)


@torch.no_grad()
def test_transposed_upsampling_of_mels_and_their_neighbours():
    network = wavenet(replace(OLDER, upsample_scales=(8,)))
    conv = network.upsample.convs[0]
    conv.bias.fill_(0.25)
    mel = torch.randn(1, 5, 3)
    # Sample i of a frame is made of the frame's mel and its two neighbours, by row and column i of the kernel.
    padded = torch.nn.functional.pad(mel, (0, 0, 1, 1))
    kernel = conv.weight[0, 0]
    expected = sum(padded[:, 2 - k : 7 - k, :, None] * kernel[k] for k in range(3)) + 0.25
    torch.testing.assert_close(network.upsample(mel), torch.relu(expected).flatten(2))


@torch.no_grad()
def test_skips_are_scaled_once_or_as_they_come():
    network, older = wavenet(TINY), wavenet(OLDER)
    ones = torch.ones(1, 5)
    assert network.add_skip(ones, ones)[0, 0] == 2
    assert network.scale_skips(ones)[0, 0].item() == pytest.approx(6**-0.5)
    assert older.add_skip(ones, ones)[0, 0].item() == pytest.approx(2**0.5)
    assert older.scale_skips(ones)[0, 0] == 1


def test_steps_up_must_make_a_hop():
    with pytest.raises(TtsError, match=r"\(4, 4\) does not make 8 samples"):
        wavenet(replace(TINY, upsample_scales=(4, 4)))


WITH_PULSES = {kind: replace(KINDS[kind], pulses=True) for kind in ("logistics", "mulaw", "gaussian")}


@pytest.mark.parametrize("kind", sorted(WITH_PULSES))
@torch.no_grad()
def test_one_sample_at_a_time_is_all_at_once_with_pulses(kind):
    dimensions = WITH_PULSES[kind]
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    pulses = network.excitation(mel[:, :, 1:-1], torch.full((2, 6), 400.0), torch.tensor([[0.0], [0.4]]))
    predicted = network.predict(samples, mel, pulses)
    torch.testing.assert_close(one_at_a_time(network, samples, mel, pulses), predicted)
    assert not torch.allclose(predicted, network.predict(samples, mel, pulses.flip(0)))


@pytest.mark.parametrize("kind", sorted(WITH_PULSES))
@torch.no_grad()
def test_a_generation_with_pulses_is_what_it_would_predict(kind):
    network = wavenet(WITH_PULSES[kind])
    mel = inputs(network.dimensions)[1]
    pulses = network.excitation(mel[:, :, 1:-1])
    made = network.generate(mel, None, pulses)
    parameters = network.predict(before(network, made), mel, pulses).transpose(1, 2)
    likeliest = network.distribution.likeliest(parameters.flatten(0, 1))
    torch.testing.assert_close(likeliest.view(made.shape), made)


@torch.no_grad()
def test_a_pulse_conditions_the_prediction_of_its_own_sample():
    network = wavenet(WITH_PULSES["logistics"])
    samples, mel = inputs(network.dimensions)
    pulses = network.excitation(mel[:, :, 1:-1])
    changed = pulses.clone()
    changed[:, :-1, 30] += 1
    before, after = network.predict(samples, mel, pulses), network.predict(samples, mel, changed)
    # The parameters at 29 are of sample 30.
    assert torch.equal(before[:, :, :29], after[:, :, :29])
    assert not torch.equal(before[:, :, 29], after[:, :, 29])


@torch.no_grad()
def test_it_speaks_with_the_pulses_of_its_pitch():
    network = wavenet(WITH_PULSES["gaussian"])
    mel = torch.randn(2, MEL.n_mels, 6)
    predicted = network(mel, np.random.default_rng(7))
    given = network(mel, np.random.default_rng(7), f0=network.excitation.pitch(mel))
    assert torch.equal(predicted, given)
    assert not torch.equal(predicted, network(mel, np.random.default_rng(7), f0=torch.full((2, 6), 600.0)))


def test_the_published_layout_has_nothing_of_the_pulses():
    network = wavenet(TINY)
    assert not any(name.startswith("excitation") for name in network.state_dict())
    assert network.layers[0].condition.weight.shape[1] == MEL.n_mels
    assert wavenet(WITH_PULSES["logistics"]).layers[0].condition.weight.shape[1] == MEL.n_mels + Excitation.n_channels


@torch.no_grad()
def test_a_shaped_network_speaks_white_and_sounds_like_the_mel():
    """What it knows of a wave is the wave without the mel's level, and its sound has the level again."""
    network = wavenet(replace(TINY, shaping=True, preemphasis=0.0, gain=0.5))
    wave = 0.05 * torch.randn(1, 160, generator=torch.Generator().manual_seed(0))
    quiet = torch.full((1, MEL.n_mels, 20), -1.0)
    known = network.known(wave, quiet)
    torch.testing.assert_close(known, 0.5 * math.e * wave, atol=1e-5, rtol=0)
    torch.testing.assert_close(network.sound(known, quiet), wave, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["older", *sorted(WITH_PULSES)])
@torch.no_grad()
def test_frames_at_sample_rate_are_those_of_the_upsampling(kind):
    network = wavenet(WITH_PULSES.get(kind, OLDER))
    mel = inputs(network.dimensions, n_frames=9)[1]
    pulses = torch.randn(2, 3, 72) if kind != "older" else None
    conditions = loop_conditions(network, mel, pulses)
    assert (conditions.frames.shape[2] == 9) == (kind != "older")
    torch.testing.assert_close(conditions.at_sample_rate(), network.condition(mel, pulses), atol=1e-6, rtol=0)


@torch.no_grad()
def test_it_is_the_reference(dimensions):
    network = wavenet(dimensions)
    mel = torch.randn(2, MEL.n_mels, 12)
    fast = network(mel, np.random.default_rng(7))
    with reference_only():
        torch.testing.assert_close(fast, network(mel, np.random.default_rng(7)), atol=1e-4, rtol=0)


@torch.no_grad()
def test_changed_weights_change_the_samples():
    network = wavenet(TINY)
    mel = inputs(TINY)[1]
    first = network.generate(mel, None)
    assert network.loop_weights() is network.loop_weights()
    network.out.bias += 0.3
    changed = network.generate(mel, None)
    assert not torch.equal(first, changed)
    network.load_state_dict(wavenet(TINY).state_dict())
    assert torch.equal(network.generate(mel, None), first)
    with reference_only():
        torch.testing.assert_close(network.double().generate(mel.double(), None).float(), first, atol=1e-5, rtol=0)


@torch.no_grad()
def test_it_speaks_in_bfloat16_nearly_the_same():
    network = wavenet(TINY)
    mel = inputs(TINY)[1]
    exact = network.generate(mel, None)
    network.set_precision("bfloat16")
    rough = network.generate(mel, None)
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, atol=0.05, rtol=0)
    with pytest.raises(UsageError, match="float32 or bfloat16, not in int8"):
        network.set_precision("int8")


@torch.no_grad()
def test_streams_are_the_same_samples_where_nothing_is_random(dimensions):
    """Each has warmed up before it is used; the likeliest samples depend on little but what is near."""
    network = wavenet(dimensions)
    mel = inputs(dimensions, batch=2, n_frames=60)[1]
    single, folded = network.generate(mel, None), network.generate(mel, None, streams=3)
    assert single.dtype == folded.dtype
    assert folded.shape == (2, 480)
    near = (single.float() - folded.float()).abs() < 1e-3
    assert near.float().mean() > 0.9


@torch.no_grad()
def test_a_mel_too_short_for_streams_is_generated_in_one():
    network = wavenet(TINY)
    mel = inputs(TINY, n_frames=10)[1]
    assert torch.equal(network.generate(mel, None, streams=8), network.generate(mel, None))


@pytest.mark.parametrize("kind", ["guided", "pulses", *sorted(KINDS)])
@torch.no_grad()
def test_a_batch_of_requests_is_each_on_its_own(kind, monkeypatch):
    """Utterances of any lengths, some with a given pitch, one in streams, in several batches."""
    monkeypatch.setattr(wavenet_model, "MAX_ROWS", 3)
    network = wavenet({"guided": GUIDED, "pulses": WITH_PULSES["logistics"], **KINDS}[kind])
    random = np.random.default_rng(2)

    def requests():
        for i, n_frames in enumerate((9, 40, 9, 22, 5)):
            mel = random.standard_normal((MEL.n_mels, n_frames), np.float32)
            f0 = np.full(n_frames, 400 + i, np.float32) if i % 2 else None
            yield WaveRequest(mel, np.random.default_rng(i), f0, streams=2 if i == 1 else 1)

    given = list(requests())
    made = network.speak_all(given)
    for i, (samples, request) in enumerate(zip(made, given, strict=True)):
        single = network.speak(replace(request, generator=np.random.default_rng(i)))
        assert samples.shape == (request.mel.shape[1] * MEL.hop_length,)
        assert torch.equal(samples, single)


@torch.no_grad()
def test_a_guided_network_generates_what_it_would_predict():
    network = wavenet(GUIDED)
    mel = torch.randn(2, MEL.n_mels, 30)
    pulses = network.excitation(mel)
    padded = torch.nn.functional.pad(mel, (1, 1), mode="replicate")
    numbers = network.distribution.random_numbers(240, 2, np.random.default_rng(1))
    made = network.generate(padded, numbers, pulses)
    with reference_only():
        torch.testing.assert_close(made, network.generate(padded, numbers, pulses), atol=1e-5, rtol=0)
    before = torch.nn.functional.pad(made, (1, 0))[:, :-1]
    predicted = network.predict(before, padded, pulses).transpose(1, 2)
    drawn = torch.stack([network.distribution.sample(predicted[:, t], [n[t] for n in numbers]) for t in range(240)], 1)
    torch.testing.assert_close(drawn, made, atol=1e-4, rtol=0)
    assert network(mel).shape == (2, 240)


DISTRIBUTIONS = [MulawClasses(16), LogisticMixture(12), Gaussian()]


def parameters(distribution, batch=5, seed=0):
    return torch.randn(batch, distribution.n_outputs, generator=torch.Generator().manual_seed(seed))


def test_mulaw_loss_is_cross_entropy():
    p, samples = parameters(DISTRIBUTIONS[0]), torch.tensor([0, 3, 15, 8, 8])
    expected = torch.nn.functional.cross_entropy(p, samples, reduction="none")
    torch.testing.assert_close(DISTRIBUTIONS[0].loss(p, samples), expected)


def test_gaussian_loss_is_its_density():
    p, samples = parameters(DISTRIBUTIONS[2]), torch.linspace(-1, 1, 5)
    expected = -td.Normal(p[:, 0], p[:, 1].exp()).log_prob(samples)
    torch.testing.assert_close(DISTRIBUTIONS[2].loss(p, samples), expected)
    narrow = torch.tensor([[0.5, -40.0]])
    assert DISTRIBUTIONS[2].loss(narrow, torch.tensor([0.5])).item() == pytest.approx(0.5 * math.log(2 * math.pi) - 16)


def logistic_cdf(x, mean, scale):
    return 1 / (1 + np.exp(-(x - mean) / scale))


@pytest.mark.parametrize("sample", [-1.0, -0.2, 0.0, 0.6, 1.0])
def test_mixture_loss_is_the_mass_of_a_level(sample):
    mixture = LogisticMixture(6, n_levels=256)
    weights, means, scales = np.array([0.3, 0.7]), np.array([-0.4, 0.5]), np.array([0.1, 0.02])
    p = torch.from_numpy(np.concatenate([np.log(weights), means, np.log(scales)]))
    low = 0.0 if sample == -1 else logistic_cdf(sample - 1 / 255, means, scales)
    high = 1.0 if sample == 1 else logistic_cdf(sample + 1 / 255, means, scales)
    expected = -np.log(np.sum(weights * (high - low)))
    assert mixture.loss(p, torch.tensor(sample, dtype=torch.float64)).item() == pytest.approx(expected, rel=1e-6)


def test_the_masses_of_all_levels_add_up_to_one():
    mixture = LogisticMixture(12, n_levels=256)
    p = parameters(mixture, 1).double() - 1
    levels = torch.linspace(-1, 1, 256, dtype=torch.float64)
    total = torch.exp(-mixture.loss(p.expand(256, -1), levels)).sum()
    assert total.item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: type(d).__name__)
def test_samples_are_distributed_as_the_loss_says(distribution):
    n = 20000
    p = (parameters(distribution, 1) - 0.7).expand(n, -1)
    numbers = distribution.random_numbers(1, n, np.random.default_rng(1))
    samples = distribution.sample(p, [number[0] for number in numbers])
    if isinstance(distribution, MulawClasses):
        counts = torch.bincount(samples, minlength=16) / n
        torch.testing.assert_close(counts, p[0].softmax(-1), atol=0.01, rtol=0)
        return
    grid = torch.linspace(-1, 1, 2001)[:, None]
    if isinstance(distribution, Gaussian):
        cdf = td.Normal(p[0, 0], p[0, 1].exp()).cdf(grid[:, 0])
    else:
        logits, means, scales = p[0].chunk(3)
        cdf = (logits.softmax(-1) * torch.sigmoid((grid - means) / scales.exp())).sum(-1)
    below = (samples[None] <= grid).float().mean(1)
    # The ends hold what was cut off.
    torch.testing.assert_close(below[:-1], cdf[:-1], atol=0.015, rtol=0)
    assert samples.abs().max() <= 1


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda d: type(d).__name__)
def test_numbers_come_from_the_generator_and_are_one_set_a_step(distribution):
    first, again = (distribution.random_numbers(7, 3, np.random.default_rng(5)) for _ in range(2))
    assert all(torch.equal(a, b) and a.shape[:2] == (7, 3) for a, b in zip(first, again, strict=True))


def test_likeliest():
    mixture = torch.tensor([[0.0, 3.0, 0.1, 0.9, -5.0, -5.0]])
    assert LogisticMixture(6).likeliest(mixture).tolist() == [pytest.approx(0.9)]
    assert Gaussian().likeliest(torch.tensor([[1.7, 0.0], [-0.3, 0.0]])).tolist() == [1.0, pytest.approx(-0.3)]
    assert MulawClasses(4).likeliest(torch.tensor([[0.0, 1.0, 3.0, 2.0]])).tolist() == [2]


def test_scales_have_a_least_value_in_sampling_only_where_requested():
    p, numbers = torch.tensor([[0.0, -30.0]]), [torch.tensor([1.0])]
    assert Gaussian().sample(p, numbers).item() == pytest.approx(math.exp(-30), rel=1e-4)
    assert Gaussian(sampling_log_scale_min=-2.0).sample(p, numbers).item() == pytest.approx(math.exp(-2))


@pytest.mark.parametrize("distribution", [LogisticMixture(3), Gaussian()])
def test_a_lower_temperature_brings_samples_nearer_to_the_mean(distribution):
    numbers = distribution.random_numbers(1, 50, np.random.default_rng(0))
    parameters = torch.tensor([0.0, 0.1, -4.0] if distribution.n_outputs == 3 else [0.1, -4.0]).expand(50, -1)
    warm = distribution.sample(parameters, [n[0] for n in numbers])
    cool = distribution.sample(parameters, [n[0] for n in distribution.cooled(numbers, 0.5)])
    torch.testing.assert_close(cool - 0.1, 0.5 * (warm - 0.1), atol=1e-6, rtol=1e-3)


def test_classes_have_no_temperature():
    numbers = MulawClasses(4).random_numbers(1, 1, None)
    assert MulawClasses(4).cooled(numbers, 1.0) is numbers
    with pytest.raises(TtsError, match="leave it at 1 for mu-law"):
        MulawClasses(4).cooled(numbers, 0.5)
