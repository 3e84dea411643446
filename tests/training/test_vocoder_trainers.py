"""WaveGlow, WaveNet and HiFi-GAN learn from buzzes: with and without pulses, and from a teacher."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from tests.tiny_corpus import N_CLIPS, N_FRAMES
from tests.tiny_voice import MEL, write_pulse_voice, write_random_voice
from tts.errors import TtsError, UsageError
from tts.models.hifigan import HiFiGANDimensions
from tts.models.lapped_waveglow import LappedWaveGlowDimensions
from tts.models.source_filter import F0_CENTRE_HZ
from tts.models.waveglow import WaveGlowDimensions
from tts.models.wavenet import WaveNetDimensions
from tts.training.data import PreparedCorpus
from tts.training.hifigan import HiFiGANSettings, HiFiGANTrainer
from tts.training.losses import mel_loss, pitch_loss
from tts.training.schedule import Schedule
from tts.training.waveglow import LappedWaveGlowTrainer, WaveGlowSettings, WaveGlowTrainer, faded
from tts.training.wavenet import WaveNetSettings, WaveNetTrainer

WAVEGLOW = WaveGlowDimensions(n_flows=2, n_early_every=1, n_layers=1, channels=8, upsample_kernel_size=512)
GROUPS = WaveGlowDimensions(n_flows=2, n_group=128, n_early_every=2, n_layers=1, channels=8, condition_channels=16)
LAPPED = LappedWaveGlowDimensions(16, 32, 1, 2, 1, 8, 8)
WAVENET = WaveNetDimensions(
    n_outputs=6, n_layers=4, n_stacks=2, residual_channels=8, gate_channels=8, skip_channels=8, log_scale_min=-7.0
)
HIFIGAN = HiFiGANDimensions(16, (8, 8, 4), (16, 16, 8), (3,), ((1, 2),), two_convolutions=False)
SIZES = {"batch_size": 2, "segment_frames": 10}
SPECTRAL = {"likelihood_weight": 0.1, "spectral_weight": 1.0, "mel_weight": 5.0, "dither": 1e-3}
BOTH = {"likelihood_weight": 1.0, "spectral_weight": 0.5, "mel_weight": 2.5, "dither": 3e-4}
KINDS = {
    "waveglow": (WaveGlowTrainer, WAVEGLOW, WaveGlowSettings(**SIZES, dither=1e-3)),
    "waveglow groups": (WaveGlowTrainer, GROUPS, WaveGlowSettings(**SIZES, **SPECTRAL)),
    "lapped waveglow": (LappedWaveGlowTrainer, LAPPED, WaveGlowSettings(**SIZES, **BOTH)),
    "wavenet logistics": (WaveNetTrainer, WAVENET, WaveNetSettings(**SIZES)),
    "wavenet mulaw": (
        WaveNetTrainer,
        replace(WAVENET, output="mulaw", n_outputs=32, preemphasis=0.0, gain=1.0),
        WaveNetSettings(**SIZES),
    ),
    "wavenet gaussian": (
        WaveNetTrainer,
        replace(WAVENET, output="gaussian", n_outputs=2, pulses=True),
        WaveNetSettings(**SIZES, dither=1e-4),
    ),
    "hifigan": (HiFiGANTrainer, HIFIGAN, HiFiGANSettings(**SIZES, critic_channels=32)),
}


def trainer(corpus, run, kind, precision="32-true", schedule=None, **settings):
    cls, dimensions, own = KINDS[kind]
    schedule = schedule or Schedule(100, 3e-3, adversarial_from=10**9, warmup_steps=1, max_gradient=10.0)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    return cls(PreparedCorpus(corpus), dimensions, replace(own, **settings), schedule, run, fabric)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_learns(tiny_corpus, tmp_path, kind):
    taught = trainer(tiny_corpus, tmp_path, kind)
    with taught.averaged():
        before = taught.validate()
    losses = [taught.train_step() for _ in range(30)]
    totals = [float(each["total"]) for each in losses]
    assert np.isfinite(totals).all()
    assert np.mean(totals[-5:]) < np.mean(totals[:5]) - 0.03 * abs(np.mean(totals[:5]))
    with taught.averaged():
        after = taught.validate()
    figure = next(iter(after))
    assert figure == ("validation_mel" if kind == "hifigan" else "validation_total")
    assert after[figure] < before[figure]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_validation_is_the_same_each_time(tiny_corpus, tmp_path, kind):
    some = trainer(tiny_corpus, tmp_path, kind)
    found = []
    for _ in range(2):
        with some.averaged():
            found.append(some.validate())
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_something_to_hear(tiny_corpus, tmp_path, kind):
    some = trainer(tiny_corpus, tmp_path, kind)
    some.sample_frames = 4
    with some.averaged():
        samples = some.samples()
    n_frames = N_FRAMES if kind == "hifigan" else 4
    assert {name: audio.shape for name, audio in samples.audio.items()} == dict.fromkeys(
        ("recorded", "spoken"), (n_frames * 256,)
    )
    assert samples.sample_rate == 22050
    start = (N_CLIPS - 1) * N_FRAMES + (N_FRAMES - n_frames) // 2
    expected = PreparedCorpus(tiny_corpus).wave(slice(start, start + n_frames))
    np.testing.assert_array_equal(samples.audio["recorded"], expected)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_low_precision_is_finite(tiny_corpus, tmp_path, kind):
    some = trainer(tiny_corpus, tmp_path, kind, precision="bf16-mixed", schedule=Schedule(3, 1e-3, adversarial_from=0))
    assert all(math.isfinite(float(some.train_step()["total"])) for _ in range(2))


def test_of_several_mels_one_is_drawn_for_each_batch(tiny_corpus, tmp_path):
    corpus = shutil.copytree(tiny_corpus, tmp_path / "corpus")
    np.save(corpus / "mels-mine.npy", np.load(corpus / "mels.npy") + 50)
    some = trainer(corpus, tmp_path, "waveglow groups", mels=("mels.npy", "mels-mine.npy"))
    assert {float(some.batch(np.random.default_rng(i)).mel.mean()) > 20 for i in range(12)} == {True, False}
    with pytest.raises(UsageError, match=r"has no mels-mine.npy"):
        trainer(tiny_corpus, tmp_path, "hifigan", mels="mels-mine.npy")


def test_segments_longer_than_all_clips_are_refused(tiny_corpus, tmp_path):
    with pytest.raises(TtsError, match="no training clips of more than 86 frames"):
        trainer(tiny_corpus, tmp_path, "waveglow", segment_frames=86)
    # WaveNet's upsampling hears two more frames at each side.
    with pytest.raises(TtsError, match="no training clips of more than 87 frames"):
        trainer(tiny_corpus, tmp_path, "wavenet logistics", segment_frames=83)


def test_without_pulses_there_is_no_pitch_to_learn(tiny_corpus, tmp_path):
    assert list(trainer(tiny_corpus, tmp_path, "waveglow").train_step()) == ["likelihood", "total"]
    assert list(trainer(tiny_corpus, tmp_path, "wavenet mulaw").train_step()) == ["likelihood", "total"]


def test_with_pulses_the_pitch_in_the_mel_is_learned(tiny_corpus, tmp_path):
    some = trainer(tiny_corpus, tmp_path, "wavenet gaussian")
    losses = [float(some.train_step()["pitch"]) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_pulses_of_a_recording_fall_on_its_own(tiny_corpus, tmp_path):
    """The cosine of their phase is the recording's fundamental, here all that is below 240 Hz."""
    some = trainer(tiny_corpus, tmp_path, "waveglow groups", segment_frames=16)
    batch = some.batch(np.random.default_rng(0))
    _, cos, _ = some.lesson(batch).pulses(some.network.excitation).unbind(1)
    fundamental = torch.fft.irfft(
        torch.where(torch.arange(2049) < 45, torch.fft.rfft(batch.wave), 0), n=batch.wave.shape[1]
    )
    inner = slice(800, -800)
    correlation = torch.nn.functional.cosine_similarity(cos[:, inner], fundamental[:, inner].float())
    assert correlation.min() > 0.98


def test_a_teacher_speaks_what_is_learned(tiny_corpus, tmp_path):
    voice = write_random_voice(tmp_path)
    some = trainer(tiny_corpus, tmp_path, "wavenet gaussian", teacher=str(voice))
    batch = some.batch(np.random.default_rng(0))
    torch.manual_seed(3)
    lesson = some.lesson(batch)
    torch.manual_seed(3)
    phase = torch.rand(2, 1)
    assert torch.equal(lesson.initial_phase, phase)
    expected = some.teacher(batch.mel, f0=batch.f0, initial_phase=phase).clamp(-1, 1)
    assert torch.equal(lesson.segments.wave, expected)

    teachers = {name: weight.clone() for name, weight in some.teacher.pitch.state_dict().items()}
    assert "pitch" not in some.train_step()
    for name, weight in some.network.excitation.pitch.state_dict().items():
        assert torch.equal(weight, teachers[name])
        assert torch.equal(some.average.weights[f"excitation.pitch.{name}"], weight)


GUIDE = {"guide_blocks": 1, "guide_channels": 8, "guide_hidden": 16, "shaping": True, "preemphasis": 0.0, "gain": 0.04}


def test_a_guide_is_the_teacher_and_stays_so(tiny_corpus, tmp_path, monkeypatch):
    cls, dimensions, settings = KINDS["wavenet logistics"]
    voice = write_random_voice(tmp_path)
    monkeypatch.setitem(KINDS, "guided", (cls, replace(dimensions, **GUIDE), settings))
    some = trainer(tiny_corpus, tmp_path, "guided", teacher=str(voice))
    losses = [float(some.train_step()["total"]) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    for name, weight in some.teacher.state_dict().items():
        assert torch.equal(some.network.excitation.source.state_dict()[name], weight)

    with pytest.raises(UsageError, match=r"needs a teacher: --set settings\.teacher=VOICE"):
        trainer(tiny_corpus, tmp_path, "guided")
    monkeypatch.setitem(KINDS, "guided", (cls, replace(dimensions, **GUIDE | {"guide_blocks": 2}), settings))
    with pytest.raises(UsageError, match=r"another size than the recipe's options\.guide_"):
        trainer(tiny_corpus, tmp_path, "guided", teacher=str(voice))


def test_a_teacher_must_have_the_vocoder_and_hear_the_mel(tiny_corpus, tmp_path):
    with pytest.raises(UsageError, match="pulse cannot teach: it has no vocoder of the kind source_filter"):
        trainer(tiny_corpus, tmp_path, "waveglow groups", teacher=str(write_pulse_voice(tmp_path)))
    voice = write_random_voice(tmp_path)
    manifest = (voice / "voice.toml").read_text("utf-8")
    (voice / "voice.toml").write_text(manifest.replace("f_max = 8000.0", "f_max = 7600.0"), "utf-8")
    with pytest.raises(UsageError, match="random cannot teach: it hears another mel"):
        trainer(tiny_corpus, tmp_path, "waveglow groups", teacher=str(voice))
    with pytest.raises(UsageError, match="There is no voice 'nobody'"):
        trainer(tiny_corpus, tmp_path, "waveglow groups", teacher="nobody")


def test_hifigans_losses_are_the_papers_sum(tiny_corpus, tmp_path):
    some = trainer(tiny_corpus, tmp_path, "hifigan")
    batch = some.batch(np.random.default_rng(0))
    some.critic_optimizer.param_groups[0]["lr"] = 0.0
    # Power iteration goes on with every judgement: in evaluation the spectral norm stands still.
    some.critic.eval()
    losses = some.losses(batch, adversarial=True)
    with torch.no_grad():
        made = some.network(batch.mel)
        real_scores, real_features = some.critic(batch.wave)
        scores, features = some.critic(made)
    adversarial = sum(((1 - score) ** 2).mean() for score in scores)
    matching = sum(
        (r - f).abs().mean()
        for rs, fs in zip(real_features, features, strict=True)
        for r, f in zip(rs, fs, strict=True)
    )
    critic = sum(((1 - r) ** 2).mean() + (f**2).mean() for r, f in zip(real_scores, scores, strict=True))
    mel = mel_loss(made, batch.wave, replace(MEL, f_max=11025.0))
    torch.testing.assert_close(losses["critic"], critic)
    torch.testing.assert_close(losses["total"], adversarial + 2 * matching + 45 * mel)


def test_the_pitch_loss_counts_voiced_frames_in_octaves():
    f0 = torch.tensor([[100.0, 100.0, 100.0]])
    octaves = torch.log2(torch.tensor([[200.0, 50.0, 1e6]]) / F0_CENTRE_HZ)
    assert float(pitch_loss(octaves, f0, torch.tensor([[True, True, False]]))) == pytest.approx(1)
    assert float(pitch_loss(octaves, f0, torch.zeros(1, 3, dtype=torch.bool))) == 0


def test_the_gradients_of_speech_and_pitch_are_bounded_each_for_themselves(tiny_corpus, tmp_path):
    some = trainer(tiny_corpus, tmp_path, "wavenet gaussian", schedule=Schedule(max_gradient=2.0))
    for name, parameter in some.network.named_parameters():
        parameter.grad = torch.full_like(parameter, 1e-6 if name.startswith("excitation") else 1e3)
    pitch = list(some.network.excitation.parameters())
    before = torch.stack([parameter.grad.norm() for parameter in pitch]).norm()
    whole = some.bound_gradient(some.network)
    assert torch.equal(torch.stack([parameter.grad.norm() for parameter in pitch]).norm(), before)
    others = [p.grad for name, p in some.network.named_parameters() if not name.startswith("excitation")]
    assert float(torch.stack([gradient.norm() for gradient in others]).norm()) == pytest.approx(2, rel=1e-4)
    assert float(whole) > 1e3


def test_fading_leaves_the_middle():
    wave = faded(torch.ones(1, 100), 10)
    assert torch.equal(wave[:, 10:90], torch.ones(1, 80))
    torch.testing.assert_close(wave[0, :10] + wave[0, 90:], torch.ones(10))
