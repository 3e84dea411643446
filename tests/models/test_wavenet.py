import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tts.audio.audio import inverse_mulaw_codes, mulaw_codes
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError, UsageError
from tts.kernels import wavenet as loop
from tts.kernels.choice import reference_only
from tts.models import wavenet as wavenet_model
from tts.models.excitation import Excitation
from tts.models.stages import WaveRequest
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.models.wavenet_loop import conditions_of

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
    """What the network hears when it predicts each sample."""
    silence = torch.full((len(samples), 1), network.loop_weights().silence)
    return torch.cat([silence.to(samples.dtype), samples[:, :-1]], dim=1)


def one_at_a_time(network, samples, mel, pulses=None):
    """As `predict`, by the loop."""
    noise = network.distribution.stillness(samples.shape[1], len(samples))
    conditions = conditions_of(network, mel, pulses)
    made = loop.generate(network.loop_weights(), conditions, noise, told=samples)
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
    whole = network.generate(mel, numbers)
    alone = [network.generate(mel[i : i + 1], [n[:, i : i + 1] for n in numbers])[0] for i in range(2)]
    torch.testing.assert_close(torch.stack(alone), whole)


@torch.no_grad()
def test_nothing_hears_the_future(dimensions):
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    changed = samples.clone()
    changed[:, 30:] = 0
    before, after = network.predict(samples, mel), network.predict(changed, mel)
    assert torch.equal(before[:, :, :30], after[:, :, :30])
    assert not torch.equal(before[:, :, 30:], after[:, :, 30:])


@torch.no_grad()
def test_it_speaks_a_hop_a_frame_with_its_seed(dimensions):
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
def test_what_the_network_knows_is_the_sound_again():
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
def test_stretching_repeats_then_smooths():
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
def test_a_pulse_is_heard_where_the_sample_it_falls_on_is_predicted():
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
    heard = network(mel, np.random.default_rng(7))
    told = network(mel, np.random.default_rng(7), f0=network.excitation.pitch(mel))
    assert torch.equal(heard, told)
    assert not torch.equal(heard, network(mel, np.random.default_rng(7), f0=torch.full((2, 6), 600.0)))


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
def test_frames_are_heard_at_sample_rate_as_the_upsampling_says(kind):
    network = wavenet(WITH_PULSES.get(kind, OLDER))
    mel = inputs(network.dimensions, n_frames=9)[1]
    pulses = torch.randn(2, 3, 72) if kind != "older" else None
    conditions = conditions_of(network, mel, pulses)
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
def test_changed_weights_are_heard():
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
def test_streams_say_the_same_where_nothing_is_drawn(dimensions):
    """Each has warmed up before it is heard; the likeliest samples depend on little but what is near."""
    network = wavenet(dimensions)
    mel = inputs(dimensions, batch=2, n_frames=60)[1]
    whole, folded = network.generate(mel, None), network.generate(mel, None, streams=3)
    assert whole.dtype == folded.dtype
    assert folded.shape == (2, 480)
    near = (whole.float() - folded.float()).abs() < 1e-3
    assert near.float().mean() > 0.9


@torch.no_grad()
def test_too_short_for_streams_is_spoken_whole():
    network = wavenet(TINY)
    mel = inputs(TINY, n_frames=10)[1]
    assert torch.equal(network.generate(mel, None, streams=8), network.generate(mel, None))


GUIDED = replace(TINY, guide_blocks=1, guide_channels=6, guide_hidden=8, shaping=True, preemphasis=0.0)


@pytest.mark.parametrize("kind", ["guided", "pulses", *sorted(KINDS)])
@torch.no_grad()
def test_what_is_spoken_together_is_what_it_is_alone(kind, monkeypatch):
    """Utterances of any lengths, some told their pitch, one in streams, in several batches."""
    monkeypatch.setattr(wavenet_model, "MOST_ROWS", 3)
    network = wavenet({"guided": GUIDED, "pulses": WITH_PULSES["logistics"], **KINDS}[kind])
    random = np.random.default_rng(2)

    def requests():
        for i, n_frames in enumerate((9, 40, 9, 22, 5)):
            mel = random.standard_normal((MEL.n_mels, n_frames), np.float32)
            f0 = np.full(n_frames, 400 + i, np.float32) if i % 2 else None
            yield WaveRequest(mel, np.random.default_rng(i), f0, streams=2 if i == 1 else 1)

    asked = list(requests())
    made = network.speak_all(asked)
    for i, (samples, request) in enumerate(zip(made, asked, strict=True)):
        alone = network.speak(replace(request, generator=np.random.default_rng(i)))
        assert samples.shape == (request.mel.shape[1] * MEL.hop_length,)
        assert torch.equal(samples, alone)
