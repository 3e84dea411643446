"""Losses of alignment against all paths one by one, and durations recovered from sounds whose durations are known."""

import json
from itertools import combinations

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL
from tts.errors import TtsError, UsageError
from tts.text.symbols import SymbolTable
from tts.training.align import AlignerTrainer, can_be_aligned, clips
from tts.training.data import Dataset, PreparedCorpus, read_rows
from tts.training.devices import start_fabric
from tts.training.fit import Run
from tts.training.flat_start import SymbolGaussians, features, flat_start
from tts.training.learned import learned_durations, write_durations
from tts.training.losses import binarisation_loss, forward_sum_loss, path_shares
from tts.training.recipe import load_recipe
from tts.training.trainers import build_trainer

SYMBOLS = ("_", "^", "$", "a", "b", "c", "d", "e")
N_CLIPS = 24
SMALL = ("options.channels=24", "options.shared_channels=12", "settings.batch_size=4", "schedule.warmup_steps=10")
SHORT = (
    *SMALL,
    *("settings.flat_start_steps=60", "settings.binarisation_from=90"),
    *("schedule.steps=150", "schedule.validate_every=50"),
)


def paths(n_frames, n_symbols):
    for cuts in combinations(range(1, n_frames), n_symbols - 1):
        yield np.searchsorted(cuts, np.arange(n_frames), side="right")


def brute_force(log_soft, n_frames, n_symbols):
    """log of the sum over paths, and the share that goes through each place."""
    weights = [(p, float(log_soft[range(n_frames), p].exp().prod())) for p in paths(n_frames, n_symbols)]
    total = sum(w for _, w in weights)
    share = torch.zeros_like(log_soft)
    for path, w in weights:
        share[range(n_frames), path] += w / total
    return np.log(total), share


def test_the_forward_sum_is_the_sum_over_all_paths():
    torch.manual_seed(0)
    n_frames, n_symbols = torch.tensor([7, 4, 5]), torch.tensor([3, 4, 1])
    log_soft = torch.randn(3, 7, 4).log_softmax(2).requires_grad_()
    loss = forward_sum_loss(log_soft, n_symbols, n_frames)
    (gradient,) = torch.autograd.grad(loss, log_soft)
    share, totals = path_shares(log_soft.detach(), n_symbols, n_frames)
    expected = [brute_force(log_soft.detach()[i], int(n_frames[i]), int(n_symbols[i])) for i in range(3)]
    np.testing.assert_allclose(totals, [total for total, _ in expected], rtol=1e-5)
    assert float(loss.detach()) == pytest.approx(-sum(total for total, _ in expected) / 16, rel=1e-5)
    for i, (_, through) in enumerate(expected):
        torch.testing.assert_close(share[i].exp(), through, atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(gradient[i], -through / 16, atol=1e-6, rtol=1e-5)


def test_the_forward_sum_bears_weights_that_no_number_holds():
    """Likelihoods of a thousand frames, and -inf in the padding of symbols."""
    log_soft = torch.full((2, 1000, 3), -500.0)
    log_soft[1, :, 2] = -torch.inf
    log_soft.requires_grad_()
    loss = forward_sum_loss(log_soft, torch.tensor([3, 2]), torch.tensor([1000, 900]))
    loss.backward()
    # 999 * 998 / 2 and 899 paths.
    expected = (1900 * 500 - np.log(999 * 998 / 2) - np.log(899)) / 1900
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-6)
    assert log_soft.grad.isfinite().all()
    torch.testing.assert_close(log_soft.grad.sum((1, 2)) * 1900, torch.tensor([-1000.0, -900.0]), rtol=1e-4, atol=0)


def test_binarisation_is_the_cross_entropy_to_the_hard_alignment():
    log_soft = torch.log(torch.tensor([[[0.5, 0.5], [0.2, 0.8], [0.1, 0.9]], [[0.6, 0.4], [0.7, 0.3], [0.5, 0.5]]]))
    expected = -np.log([0.5, 0.8, 0.9, 0.6, 0.3]).mean()
    assert float(binarisation_loss(log_soft, torch.tensor([[1, 2], [1, 1]]))) == pytest.approx(expected, rel=1e-5)


def test_features_are_a_cosine_transform_and_its_slope():
    mel = torch.full((1, 20, 9), 3.0) + torch.arange(9) * 0.5
    found = features(mel)
    assert found.shape == (1, 9, 32)
    np.testing.assert_allclose(found[0, :, 0], (3 + np.arange(9) * 0.5) * np.sqrt(40), rtol=1e-5)
    np.testing.assert_allclose(found[0, 3:6, 16], 0.5 * np.sqrt(40), rtol=1e-5)
    np.testing.assert_allclose(found[0, :, 1:16], 0, atol=1e-4)


@pytest.fixture
def recordings(tmp_path):
    """Clips of made-up mels: each letter has a spectrum of its own and lasts as it likes; with silence at both ends."""
    random = np.random.default_rng(0)
    spectra = random.normal(size=(len(SYMBOLS), MEL.n_mels)) * 2
    spectra[1] = spectra[2] = -6
    table, rows, mels, truth = SymbolTable(SYMBOLS), [], [], {}
    first = 0
    for i in range(N_CLIPS):
        # No letter twice in a row: nobody could tell where one ends and the other begins.
        steps = random.integers(1, 5, size=int(random.integers(6, 12)))
        phonemes = "".join("abcde"[place % 5] for place in np.cumsum(steps))
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
    """Frames between each boundary and where it should be."""
    return np.concatenate([np.abs(np.cumsum(found[key])[:-1] - np.cumsum(truth[key])[:-1]) for key in truth])


def test_the_flat_start_finds_the_symbols(recordings):
    folder, truth = recordings
    corpus = PreparedCorpus(folder)
    batch = clips(corpus, corpus.items)
    gaussians = SymbolGaussians(len(SYMBOLS), MEL.n_mels)
    flat_start(gaussians, [(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)], 1.0)
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
    # An aligner speaks not.
    assert not (tmp_path / "run" / "voice.toml").exists()


EARLY = ("settings.flat_start_steps=12", "settings.binarisation_from=15")


@pytest.fixture
def trainer(fabric):
    def make(folder, run, *overrides):
        made = build_trainer(load_recipe("align", (*SHORT, *overrides)), PreparedCorpus(folder), run, fabric)
        assert isinstance(made, AlignerTrainer)
        return made

    return make


def test_a_run_continued_is_the_run_uninterrupted(recordings, tmp_path, trainer):
    """Stopped while the Gaussians still guide, which must not be fitted anew, and their state is carried along."""
    folder, _ = recordings
    whole = trainer(folder, tmp_path / "whole", *EARLY)
    losses = [float(whole.train_step()["total"]) for _ in range(20)]
    first = trainer(folder, tmp_path / "parts", *EARLY)
    assert [float(first.train_step()["total"]) for _ in range(10)] == losses[:10]
    second = trainer(folder, tmp_path / "parts", *EARLY)
    second.restore(first.state())
    assert second.gaussians.is_fitted
    assert [float(second.train_step()["total"]) for _ in range(10)] == losses[10:]


def test_low_precision_changes_nothing(recordings, tmp_path):
    """Likelihoods and distances need all digits."""
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
    item = shown.watched[0]
    soft, hard = samples.alignments[f"{item.id} soft"], samples.alignments[f"{item.id} hard"]
    assert soft.shape == hard.shape == (item.n_frames, len(item.phonemes) + 2)
    np.testing.assert_allclose(soft.sum(1), 1, rtol=1e-5)
    assert (hard.sum(1) == 1).all()
    assert (np.diff(hard.argmax(1)) >= 0).all()


def test_a_stopped_run_leaves_the_folder_as_it_was(recordings, tmp_path, fabric):
    folder, _ = recordings

    def stop(run: Run) -> None:
        raise KeyboardInterrupt

    before = (folder / "items.jsonl").read_bytes(), (folder / "dataset.json").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        learned_durations(PreparedCorpus(folder), load_recipe("align", SHORT), tmp_path / "run", fabric, stop)
    assert ((folder / "items.jsonl").read_bytes(), (folder / "dataset.json").read_bytes()) == before


def test_a_clip_with_fewer_frames_than_symbols_is_left_without_durations(recordings, tmp_path, fabric):
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
    told = json.loads((folder / "dataset.json").read_text("utf-8"))
    (folder / "dataset.json").write_text(json.dumps(told | {"durations": "given"}), "utf-8")
    with pytest.raises(UsageError, match="nothing to learn"):
        learned_durations(PreparedCorpus(folder), load_recipe("align", SHORT), tmp_path / "run", fabric)
    assert not (tmp_path / "run").exists()


def test_durations_of_another_clip_are_not_written(recordings):
    folder, truth = recordings
    with pytest.raises(TtsError, match="prepare again"):
        write_durations(PreparedCorpus(folder), {**truth, "3": truth["4"]})
