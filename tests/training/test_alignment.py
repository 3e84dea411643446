"""Durations recovered from sounds whose durations are known."""

import json

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL
from tts.errors import TtsError, UsageError
from tts.text.symbols import SymbolTable
from tts.training.alignment import (
    AlignerTrainer,
    SymbolGaussians,
    aligner_batch,
    can_be_aligned,
    cepstral_features,
    flat_start,
    learned_durations,
    write_durations,
)
from tts.training.data import Dataset, PreparedCorpus, read_rows
from tts.training.losses import path_shares
from tts.training.recipe import load_recipe
from tts.training.run import TrainingRun, start_fabric
from tts.training.trainer import build_trainer

SYMBOLS = ("_", "^", "$", "a", "b", "c", "d", "e")
N_CLIPS = 24
SMALL = ("options.channels=24", "options.shared_channels=12", "settings.batch_size=4", "schedule.warmup_steps=10")
SHORT = (
    *SMALL,
    *("settings.flat_start_steps=60", "settings.binarisation_from=90"),
    *("schedule.steps=150", "schedule.validate_every=50"),
)


def test_features_are_a_cosine_transform_and_its_slope():
    mel = torch.full((1, 20, 9), 3.0) + torch.arange(9) * 0.5
    found = cepstral_features(mel)
    assert found.shape == (1, 9, 32)
    np.testing.assert_allclose(found[0, :, 0], (3 + np.arange(9) * 0.5) * np.sqrt(40), rtol=1e-5)
    np.testing.assert_allclose(found[0, 3:6, 16], 0.5 * np.sqrt(40), rtol=1e-5)
    np.testing.assert_allclose(found[0, :, 1:16], 0, atol=1e-4)


@pytest.fixture
def recordings(tmp_path):
    """Clips of made-up mels: a spectrum for each letter, random durations, silence at both ends."""
    random = np.random.default_rng(0)
    spectra = random.normal(size=(len(SYMBOLS), MEL.n_mels)) * 2
    spectra[1] = spectra[2] = -6
    table, rows, mels, truth = SymbolTable(SYMBOLS), [], [], {}
    first = 0
    for i in range(N_CLIPS):
        # No letter twice in a row: there would be no boundary between them.
        steps = random.integers(1, 5, size=int(random.integers(6, 12)))
        phonemes = "".join("abcde"[position % 5] for position in np.cumsum(steps))
        durations = [int(random.integers(2, 12)) for _ in range(len(phonemes) + 2)]
        mel = spectra[np.repeat(table.encode(phonemes).ids, durations)]
        mels.append(mel + random.normal(size=mel.shape))
        row = {"id": str(i), "split": "val" if i % 6 == 5 else "train", "text": phonemes, "phonemes": phonemes}
        rows.append(row | {"durations": None, "first_frame": first, "n_frames": len(mel)})
        truth[str(i)] = durations
        first += len(mel)
    folder = tmp_path / "prepared"
    folder.mkdir()
    dataset = Dataset("made", "en-us", "CC0-1.0", "made", "espeak", SYMBOLS, MEL, None, N_CLIPS, first, first / 86)
    (folder / "dataset.json").write_text(dataset.to_json(), "utf-8")
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    np.save(folder / "mels.npy", np.concatenate(mels).astype(np.float16))
    np.save(folder / "waves.npy", np.zeros(first * MEL.hop_length, np.int16))
    np.save(folder / "f0.npy", np.full(first, 100, np.float32))
    np.save(folder / "energy.npy", np.zeros(first, np.float32))
    return folder, truth


def boundary_errors(found, truth):
    """Return the distance in frames of each boundary from the true one."""
    return np.concatenate([np.abs(np.cumsum(found[key])[:-1] - np.cumsum(truth[key])[:-1]) for key in truth])


def test_the_flat_start_finds_the_symbols(recordings):
    folder, truth = recordings
    corpus = PreparedCorpus(folder)
    batch = aligner_batch(corpus, corpus.items)
    gaussians = SymbolGaussians(len(SYMBOLS), MEL.n_mels)
    flat_start(gaussians, [batch], 1.0)
    assert gaussians.is_fitted
    shares = path_shares(gaussians(batch.ids, batch.mel), batch.id_lengths, batch.frame_lengths)[0].exp().sum(1)
    found = {item.id: shares[i, : len(truth[item.id])].numpy() for i, item in enumerate(corpus.items)}
    assert np.mean(boundary_errors(found, truth) < 1) > 0.95


def test_durations_are_recovered_and_written(recordings, tmp_path, fabric):
    folder, truth = recordings
    before = (folder / "items.jsonl").read_text("utf-8")
    learned = learned_durations(PreparedCorpus(folder), load_recipe("align", SHORT), tmp_path / "run", fabric)
    assert learned.dataset.durations == "learned"
    found = {item.id: item.known_durations for item in learned.items}
    assert all(sum(found[item.id]) == item.n_frames for item in learned.items)
    errors = boundary_errors(found, truth)
    assert np.mean(errors == 0) > 0.8
    assert np.mean(errors <= 1) > 0.95
    after = [row | {"durations": None} for row in read_rows(folder / "items.jsonl")]
    assert after == [json.loads(line) for line in before.splitlines()]
    assert {path.name for path in folder.iterdir()} == {
        *("dataset.json", "items.jsonl", "mels.npy", "waves.npy", "f0.npy", "energy.npy")
    }
    # An aligner is not a voice.
    assert not (tmp_path / "run" / "voice.toml").exists()


EARLY = ("settings.flat_start_steps=12", "settings.binarisation_from=15")


@pytest.fixture
def trainer(fabric):
    def make(folder, run, *overrides):
        made = build_trainer(load_recipe("align", (*SHORT, *overrides)), PreparedCorpus(folder), run, fabric)
        assert isinstance(made, AlignerTrainer)
        return made

    return make


def test_a_resumed_run_equals_an_uninterrupted_one(recordings, tmp_path, trainer):
    """Stopped while the Gaussians still guide: they are restored, not fitted again."""
    folder, _ = recordings
    uninterrupted = trainer(folder, tmp_path / "uninterrupted", *EARLY)
    losses = [float(uninterrupted.train_step()["total"]) for _ in range(20)]
    first = trainer(folder, tmp_path / "parts", *EARLY)
    assert [float(first.train_step()["total"]) for _ in range(10)] == losses[:10]
    second = trainer(folder, tmp_path / "parts", *EARLY)
    second.restore(first.state())
    assert second.gaussians.is_fitted
    assert [float(second.train_step()["total"]) for _ in range(10)] == losses[10:]


def test_low_precision_changes_nothing(recordings, tmp_path):
    """The aligner always computes in float32."""
    found = []
    for precision in ("32", "bf16"):
        recipe = load_recipe("align", (*SHORT, *EARLY))
        made = build_trainer(recipe, PreparedCorpus(recordings[0]), tmp_path, start_fabric("cpu", precision=precision))
        found.append([float(made.train_step()["total"]) for _ in range(3)])
    assert found[0] == found[1]


def test_pictures_show_the_soft_and_the_hard_alignment(recordings, tmp_path, trainer):
    shown = trainer(recordings[0], tmp_path)
    with shown.averaged():
        samples, figures = shown.samples(), shown.validate()
    assert next(iter(figures)) == "validation_forward_sum"
    item = shown.validation_clips[0]
    soft, hard = samples.alignments[f"{item.id} soft"], samples.alignments[f"{item.id} hard"]
    assert soft.shape == hard.shape == (item.n_frames, len(item.phonemes) + 2)
    np.testing.assert_allclose(soft.sum(1), 1, rtol=1e-5)
    assert (hard.sum(1) == 1).all()
    assert (np.diff(hard.argmax(1)) >= 0).all()


def test_a_stopped_run_leaves_the_folder_unchanged(recordings, tmp_path, fabric):
    folder, _ = recordings

    def stop(run: TrainingRun) -> None:
        raise KeyboardInterrupt

    before = (folder / "items.jsonl").read_bytes(), (folder / "dataset.json").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        learned_durations(PreparedCorpus(folder), load_recipe("align", SHORT), tmp_path / "run", fabric, stop)
    assert ((folder / "items.jsonl").read_bytes(), (folder / "dataset.json").read_bytes()) == before


def test_a_clip_with_fewer_frames_than_symbols_gets_no_durations(recordings, tmp_path, fabric):
    folder, _ = recordings
    rows = read_rows(folder / "items.jsonl")
    rows[0]["phonemes"] = "a" * (rows[0]["n_frames"] - 1)
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    corpus = PreparedCorpus(folder)
    assert [can_be_aligned(corpus, item) for item in corpus.items[:2]] == [False, True]
    recipe = load_recipe("align", (*SHORT, "schedule.steps=2"))
    learned = learned_durations(corpus, recipe, tmp_path / "run", fabric)
    assert [item.durations is None for item in learned.items] == [True] + [False] * (N_CLIPS - 1)


def test_given_durations_are_not_overwritten(recordings, tmp_path, fabric):
    folder, _ = recordings
    content = json.loads((folder / "dataset.json").read_text("utf-8"))
    (folder / "dataset.json").write_text(json.dumps(content | {"durations": "given"}), "utf-8")
    with pytest.raises(UsageError, match="nothing to learn"):
        learned_durations(PreparedCorpus(folder), load_recipe("align", SHORT), tmp_path / "run", fabric)
    assert not (tmp_path / "run").exists()


def test_durations_of_another_clip_are_not_written(recordings):
    folder, truth = recordings
    with pytest.raises(TtsError, match="prepare again"):
        write_durations(PreparedCorpus(folder), {**truth, "3": truth["4"]})
