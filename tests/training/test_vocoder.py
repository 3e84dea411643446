"""Vocoders of every kind learn from buzzes, are validated by copy synthesis, and have the losses of their papers."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_corpus import N_CLIPS, N_FRAMES
from tests.tiny_voice import MEL
from tests.training.vocoder_trainers import KINDS, vocoder_trainer
from tts.errors import TtsError, UsageError
from tts.training.data import PreparedCorpus
from tts.training.losses import mel_loss
from tts.training.recipe import Schedule


def test_copies_are_as_long_as_the_recordings(make_run):
    trainer = make_run("source_filter").trainer
    with torch.no_grad():
        samples = trainer.samples()
    assert samples.audio["spoken"].shape == samples.audio["recorded"].shape == (86 * 256,)
    assert list(samples.mels) == ["recorded", "spoken"]


@pytest.mark.parametrize("network", ["vocos", "source_filter"])
def test_critics_train_beside_the_network(make_run, network):
    trainer = make_run(network, adversarial_from=1).trainer
    before = {name: tensor.clone() for name, tensor in trainer.critic.state_dict().items()}
    assert set(trainer.train_step()) & {"critic", "adversarial", "features"} == set()
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.critic.state_dict().items())
    assert set(trainer.train_step()) >= {"critic", "adversarial", "features"}
    changed = [name for name, tensor in trainer.critic.state_dict().items() if not torch.equal(before[name], tensor)]
    # Two of the four critics judge each step.
    assert {int(name.split(".")[1]) for name in changed} < set(range(4))
    assert len({name.split(".")[1] for name in changed}) == 2


def test_the_first_adversarial_steps_may_train_the_critics_alone(make_run):
    trainer = make_run("source_filter", adversarial_from=1, critic_only_steps=2, warmup_steps=4).trainer

    def weights(network):
        return torch.cat([tensor.flatten() for tensor in network.state_dict().values()]).clone()

    changed = []
    for _ in range(5):
        before = weights(trainer.network), torch.cat([w.flatten() for w in trainer.average.weights.values()]).clone()
        critic = weights(trainer.critic)
        trainer.train_step()
        after = weights(trainer.network), torch.cat([w.flatten() for w in trainer.average.weights.values()])
        moved = {not torch.equal(a, b) for a, b in zip(before, after, strict=True)}
        assert len(moved) == 1
        changed.append((moved.pop(), not torch.equal(critic, weights(trainer.critic))))
    assert changed == [(True, False), (False, True), (False, True), (True, True), (True, True)]
    assert trainer.step == 5


def test_the_critics_learning_rate_follows_the_schedule(make_run):
    trainer = make_run("vocos", steps=2, critic_learning_rate=1.0, critic_last_share=0.5).trainer
    rates = []
    for _ in range(3):
        trainer.train_step()
        rates.append(trainer.critic_optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([1.0, 0.75, 0.5])


def test_a_share_of_the_batches_is_generated_at_the_predicted_pitch(tiny_corpus, tmp_path, monkeypatch):
    some = vocoder_trainer(tiny_corpus, tmp_path, "source filter aligned", aligned_pulses=False)
    batch, pitches = some.batch(np.random.default_rng(0)), []
    forward = some.network.forward
    monkeypatch.setattr(
        some.network, "forward", lambda *args, f0, **kw: pitches.append(f0) or forward(*args, f0=f0, **kw)
    )
    for seed in range(60):
        torch.manual_seed(seed)
        with torch.no_grad():
            some.generate(batch)
    predicted = [not torch.equal(f0, batch.f0) for f0 in pitches]
    # Of 60 batches 18 are expected, with a deviation of 3.5.
    assert 8 <= sum(predicted) <= 28
    expected = some.network.pitch(batch.mel)
    assert all(torch.equal(f0, expected) for f0, is_predicted in zip(pitches, predicted, strict=True) if is_predicted)


def test_aligned_pulses_have_a_phase_loss_in_the_sum(tiny_corpus, tmp_path):
    losses = {}
    for weight in (0.0, 2.0):
        some = vocoder_trainer(tiny_corpus, tmp_path, "source filter aligned", phase_weight=weight)
        losses[weight] = some.train_step()
    torch.testing.assert_close(losses[2.0]["total"], losses[0.0]["total"] + 2 * losses[0.0]["phase"])
    assert (
        "phase"
        not in vocoder_trainer(tiny_corpus, tmp_path, "source filter aligned", aligned_pulses=False).train_step()
    )


def test_aligned_pulses_learn_the_phases_of_the_harmonics(tiny_corpus, tmp_path):
    """The harmonics of the clips are sines, those of pulses cosines; here hardly anything else counts."""
    some = vocoder_trainer(tiny_corpus, tmp_path, "source filter aligned", predicted_pitch=0.0, phase_weight=50.0)
    losses = [float(some.train_step()["phase"]) for _ in range(60)]
    assert np.mean(losses[-20:]) < 0.85 * np.mean(losses[:10])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_trainer_lowers_its_losses(tiny_corpus, tmp_path, kind):
    some = vocoder_trainer(tiny_corpus, tmp_path, kind)
    with some.averaged():
        before = some.validate()
    losses = [some.train_step() for _ in range(30)]
    totals = [float(each["total"]) for each in losses]
    assert np.isfinite(totals).all()
    assert np.mean(totals[-5:]) < np.mean(totals[:5]) - 0.03 * abs(np.mean(totals[:5]))
    with some.averaged():
        after = some.validate()
    figure = next(iter(after))
    assert figure == ("validation_mel" if kind in ("hifigan", "source filter aligned") else "validation_total")
    # Not of the source-filter network: in so few steps it cannot predict the pitch of the validation clip, the highest.
    if kind != "source filter aligned":
        assert after[figure] < before[figure]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_validation_is_deterministic(tiny_corpus, tmp_path, kind):
    some = vocoder_trainer(tiny_corpus, tmp_path, kind)
    found = []
    for _ in range(2):
        with some.averaged():
            found.append(some.validate())
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_samples_are_the_middle_of_a_clip_recorded_and_generated(tiny_corpus, tmp_path, kind):
    some = vocoder_trainer(tiny_corpus, tmp_path, kind)
    some.sample_frames = 4
    with some.averaged():
        samples = some.samples()
    n_frames = 4
    assert {name: audio.shape for name, audio in samples.audio.items()} == dict.fromkeys(
        ("recorded", "spoken"), (n_frames * 256,)
    )
    assert samples.sample_rate == 22050
    start = (N_CLIPS - 1) * N_FRAMES + (N_FRAMES - n_frames) // 2
    expected = PreparedCorpus(tiny_corpus).wave(slice(start, start + n_frames))
    np.testing.assert_array_equal(samples.audio["recorded"], expected)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_low_precision_is_finite(tiny_corpus, tmp_path, kind):
    some = vocoder_trainer(
        tiny_corpus, tmp_path, kind, precision="bf16-mixed", schedule=Schedule(3, 1e-3, adversarial_from=0)
    )
    assert all(math.isfinite(float(some.train_step()["total"])) for _ in range(2))


def test_of_several_mels_one_is_sampled_for_each_batch(tiny_corpus, tmp_path):
    corpus = shutil.copytree(tiny_corpus, tmp_path / "corpus")
    np.save(corpus / "mels-mine.npy", np.load(corpus / "mels.npy") + 50)
    some = vocoder_trainer(corpus, tmp_path, "waveglow groups", mels=("mels.npy", "mels-mine.npy"))
    assert {float(some.batch(np.random.default_rng(i)).mel.mean()) > 20 for i in range(12)} == {True, False}
    with pytest.raises(UsageError, match=r"has no mels-mine.npy"):
        vocoder_trainer(tiny_corpus, tmp_path, "hifigan", mels="mels-mine.npy")


def test_segments_longer_than_all_clips_are_refused(tiny_corpus, tmp_path):
    with pytest.raises(TtsError, match="no training clips of more than 86 frames"):
        vocoder_trainer(tiny_corpus, tmp_path, "waveglow", segment_frames=86)
    # WaveNet's upsampling needs two more frames at each end.
    with pytest.raises(TtsError, match="no training clips of more than 87 frames"):
        vocoder_trainer(tiny_corpus, tmp_path, "wavenet logistics", segment_frames=83)


def test_the_losses_of_hifigan_are_the_sum_of_the_paper(tiny_corpus, tmp_path):
    some = vocoder_trainer(tiny_corpus, tmp_path, "hifigan")
    batch = some.batch(np.random.default_rng(0))
    some.critic_optimizer.param_groups[0]["lr"] = 0.0
    # The power iteration of spectral norm advances with every judgement, except in evaluation mode.
    some.critic.eval()
    losses = some.losses(batch, adversarial=True)
    with torch.no_grad():
        fake = some.network(batch.mel)
        real_scores, real_features = some.critic(batch.wave)
        scores, features = some.critic(fake)
    adversarial = sum(((1 - score) ** 2).mean() for score in scores)
    matching = sum(
        (r - f).abs().mean()
        for rs, fs in zip(real_features, features, strict=True)
        for r, f in zip(rs, fs, strict=True)
    )
    critic = sum(((1 - r) ** 2).mean() + (f**2).mean() for r, f in zip(real_scores, scores, strict=True))
    mel = mel_loss(fake, batch.wave, replace(MEL, f_max=11025.0))
    torch.testing.assert_close(losses["critic"], critic)
    torch.testing.assert_close(losses["total"], adversarial + 2 * matching + 45 * mel)
