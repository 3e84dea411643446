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
    assert figure == ("validation_mel" if kind == "hifigan" else "validation_total")
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
