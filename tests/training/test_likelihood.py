"""WaveGlow and WaveNet with pulses of the pitch, and with a teacher."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_voice import write_pulse_voice, write_random_voice
from tests.training.vocoder_trainers import KINDS, vocoder_trainer
from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.training import run
from tts.training.likelihood import (
    faded,
)
from tts.training.recipe import Schedule
from tts.training.targets import adopt_excitation


def test_without_pulses_there_is_no_pitch_loss(tiny_corpus, tmp_path):
    assert list(vocoder_trainer(tiny_corpus, tmp_path, "waveglow").train_step()) == ["likelihood", "total"]
    assert list(vocoder_trainer(tiny_corpus, tmp_path, "wavenet mulaw").train_step()) == ["likelihood", "total"]


def test_with_pulses_the_pitch_is_learned_from_the_mel(tiny_corpus, tmp_path):
    some = vocoder_trainer(tiny_corpus, tmp_path, "wavenet gaussian")
    losses = [float(some.train_step()["pitch"]) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]


def test_pulses_are_aligned_with_the_recording(tiny_corpus, tmp_path):
    """The cosine of their phase is the recording's fundamental, here all that is below 240 Hz."""
    some = vocoder_trainer(tiny_corpus, tmp_path, "waveglow groups", segment_frames=16)
    batch = some.batch(np.random.default_rng(0))
    _, cos, _ = some.target(batch).pulses(some.network.excitation).unbind(1)
    fundamental = torch.fft.irfft(
        torch.where(torch.arange(2049) < 45, torch.fft.rfft(batch.wave), 0), n=batch.wave.shape[1]
    )
    inner = slice(800, -800)
    correlation = torch.nn.functional.cosine_similarity(cos[:, inner], fundamental[:, inner].float())
    assert correlation.min() > 0.98


def test_the_target_is_the_output_of_the_teacher(tiny_corpus, tmp_path):
    voice = write_random_voice(tmp_path)
    some = vocoder_trainer(tiny_corpus, tmp_path, "wavenet gaussian", teacher=str(voice))
    batch = some.batch(np.random.default_rng(0))
    torch.manual_seed(3)
    target = some.target(batch)
    torch.manual_seed(3)
    phase = torch.rand(2, 1)
    assert torch.equal(target.initial_phase, phase)
    expected = some.teacher(batch.mel, f0=batch.f0, initial_phase=phase).clamp(-1, 1)
    assert torch.equal(target.segments.wave, expected)

    teachers = {name: weight.clone() for name, weight in some.teacher.pitch.state_dict().items()}
    assert "pitch" not in some.train_step()
    for name, weight in some.network.excitation.pitch.state_dict().items():
        assert torch.equal(weight, teachers[name])
        assert torch.equal(some.average.weights[f"excitation.pitch.{name}"], weight)


def test_a_warm_start_leaves_the_teachers_weights(tiny_corpus, tmp_path, monkeypatch):
    """The weights to start from were distilled from another teacher."""
    voice = write_random_voice(tmp_path)
    some = vocoder_trainer(tiny_corpus, tmp_path, "wavenet gaussian", teacher=str(voice))
    other = {name: torch.full_like(tensor, 0.125) for name, tensor in some.network.state_dict().items()}
    monkeypatch.setattr(run, "find_source", lambda trainer, name: run.Source(other, ()))
    assert run.warm_start(some, "other") == []
    for name, weight in some.network.state_dict().items():
        is_teachers = name.startswith("excitation.pitch.")
        expected = (
            some.teacher.pitch.state_dict()[name.removeprefix("excitation.pitch.")] if is_teachers else other[name]
        )
        assert torch.equal(weight, expected)


GUIDE = {"guide_blocks": 1, "guide_channels": 8, "guide_hidden": 16, "shaping": True, "preemphasis": 0.0, "gain": 0.04}


def test_a_guide_is_a_frozen_copy_of_the_teacher(tiny_corpus, tmp_path, monkeypatch):
    cls, dimensions, settings = KINDS["wavenet logistics"]
    voice = write_random_voice(tmp_path)
    monkeypatch.setitem(KINDS, "guided", (cls, replace(dimensions, **GUIDE), settings))
    some = vocoder_trainer(tiny_corpus, tmp_path, "guided", teacher=str(voice))
    losses = [float(some.train_step()["total"]) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    for name, weight in some.teacher.state_dict().items():
        assert torch.equal(some.network.excitation.source.state_dict()[name], weight)

    with pytest.raises(UsageError, match=r"needs a teacher: --set settings\.teacher=VOICE"):
        vocoder_trainer(tiny_corpus, tmp_path, "guided")
    for other in ({"guide_blocks": 2}, {"guide_envelope_steps": 4}):
        monkeypatch.setitem(KINDS, "guided", (cls, replace(dimensions, **GUIDE | other), settings))
        with pytest.raises(UsageError, match=r"dimensions are not those of the recipe's options\.guide_"):
            vocoder_trainer(tiny_corpus, tmp_path, "guided", teacher=str(voice))


def test_a_guide_has_the_gains_within_frames_of_its_teacher(monkeypatch):
    """With them and with the teacher's other weights, both give the same harmonics."""
    torch.manual_seed(0)
    mel = MelSettings()
    teacher = SourceFilter(mel, SourceFilterDimensions(8, 16, 1, envelope_steps=4))
    torch.nn.init.normal_(teacher.envelope.weight, std=0.3)
    guide = WaveNet(mel, WaveNetDimensions(pulses=True, guide_envelope_steps=4, **GUIDE)).excitation
    adopt_excitation(guide, teacher)
    mels, f0 = torch.randn(1, mel.n_mels, 12), torch.full((1, 12), 200.0)
    assert torch.equal(guide.source.harmonics(mels, f0), teacher.harmonics(mels, f0))


def test_a_teacher_must_have_the_vocoder_and_the_mel_settings(tiny_corpus, tmp_path):
    with pytest.raises(UsageError, match="pulse cannot be the teacher: it has no source_filter vocoder"):
        vocoder_trainer(tiny_corpus, tmp_path, "waveglow groups", teacher=str(write_pulse_voice(tmp_path)))
    voice = write_random_voice(tmp_path)
    manifest = (voice / "voice.toml").read_text("utf-8")
    (voice / "voice.toml").write_text(manifest.replace("f_max = 8000.0", "f_max = 7600.0"), "utf-8")
    with pytest.raises(UsageError, match="random cannot be the teacher: its mel settings are not those"):
        vocoder_trainer(tiny_corpus, tmp_path, "waveglow groups", teacher=str(voice))
    with pytest.raises(UsageError, match="There is no voice 'nobody'"):
        vocoder_trainer(tiny_corpus, tmp_path, "waveglow groups", teacher="nobody")


def test_the_gradients_of_speech_and_pitch_are_bounded_separately(tiny_corpus, tmp_path):
    some = vocoder_trainer(tiny_corpus, tmp_path, "wavenet gaussian", schedule=Schedule(max_gradient=2.0))
    for name, parameter in some.network.named_parameters():
        parameter.grad = torch.full_like(parameter, 1e-6 if name.startswith("excitation") else 1e3)
    pitch = list(some.network.excitation.parameters())
    before = torch.stack([parameter.grad.norm() for parameter in pitch]).norm()
    total = some.bound_gradient(some.network)
    assert torch.equal(torch.stack([parameter.grad.norm() for parameter in pitch]).norm(), before)
    others = [p.grad for name, p in some.network.named_parameters() if not name.startswith("excitation")]
    assert float(torch.stack([gradient.norm() for gradient in others]).norm()) == pytest.approx(2, rel=1e-4)
    assert float(total) > 1e3


def test_fading_leaves_the_middle():
    wave = faded(torch.ones(1, 100), 10)
    assert torch.equal(wave[:, 10:90], torch.ones(1, 80))
    torch.testing.assert_close(wave[0, :10] + wave[0, 90:], torch.ones(10))
