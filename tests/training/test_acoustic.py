"""FastSpeech 2 and Tacotron 2: batches, mels of a corpus, and the ways of teacher forcing."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_corpus import DURATIONS, N_FRAMES, PHONEMES, write_tiny_corpus
from tts.errors import TtsError, UsageError
from tts.models import tacotron2
from tts.models.base import MelRequest
from tts.training.acoustic import (
    ECHOES,
    Tacotron2Trainer,
    collate,
    length_loss,
    shown_alignment,
    symbol_energy,
    voice_speakers,
    write_acoustic_mels,
)
from tts.training.data import PreparedCorpus, read_rows
from tts.training.recipe import load_recipe
from tts.training.run import warm_start
from tts.training.trainer import check_recipe
from tts.voice.load import load_acoustic_model
from tts.voice.manifest import Speaker, load_manifest


def test_symbol_energy_is_a_mean_over_its_frames():
    mel = torch.log(torch.tensor([[3.0, 4.0], [6.0, 8.0], [1e-3, 1e-3]]))
    energy = symbol_energy(mel, torch.tensor([2, 0, 1]))
    floor = np.log(np.sqrt(2) * 1e-3)
    np.testing.assert_allclose(energy, [(np.log(5) + np.log(10)) / 2, floor, floor], rtol=1e-5)


def test_the_length_loss_is_the_relative_error_of_each_total():
    log_durations = torch.log1p(torch.tensor([[3.0, 6.0, 9.0], [8.0, 4.0, 50.0]]))
    durations = torch.tensor([[4, 6, 10], [8, 8, 0]])
    mask = torch.tensor([[1.0, 1, 1], [1, 1, 0]])
    # 18 instead of 20 frames, and 12 instead of 16.
    assert float(length_loss(log_durations, durations, mask)) == pytest.approx((0.1 + 0.25) / 2)


def test_collate_pads_a_batch(tiny_corpus):
    corpus = PreparedCorpus(tiny_corpus)
    batch = collate(corpus, corpus.items[:2])
    assert batch.ids.shape == batch.durations.shape == batch.energy.shape == (2, len(PHONEMES) + 2)
    assert batch.mel.shape[2] == batch.log_f0.shape[1] == int(batch.frame_lengths.max())
    assert batch.item_ids == ["clip-0", "clip-1"]


def test_unknown_durations_are_zeros_if_they_are_allowed(tmp_path):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path, durations=False))
    batch = collate(corpus, corpus.items[:2], unknown_durations=True)
    assert batch.durations.shape == batch.ids.shape
    assert int(batch.durations.sum()) == 0
    assert batch.frame_lengths.tolist() == [sum(DURATIONS)] * 2


def test_acoustic_mels_are_aligned_with_the_recordings(make_run, tmp_path):
    trainer = make_run("fastspeech2").trainer
    network, corpus = trainer.network.eval(), trainer.corpus
    write_acoustic_mels(corpus, network, tmp_path / "mels.npy")
    written = np.load(tmp_path / "mels.npy")
    assert written.shape == corpus.mels.shape
    batch = collate(corpus, corpus.items[3:4])
    expected = network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel[0].T
    np.testing.assert_allclose(written[corpus.items[3].frames], expected.detach(), atol=0.01)


def test_samples_have_audio_and_mel_of_a_network_that_generates_frames(make_run):
    trainer = make_run("fastspeech2").trainer
    corpus = trainer.corpus
    nothing = trainer.spoken_samples(corpus.items[0], torch.zeros(80, 0))
    assert (list(nothing.mels), nothing.audio) == (["recorded"], {})
    spoken = trainer.spoken_samples(corpus.items[0], torch.from_numpy(nothing.mels["recorded"]))
    assert spoken.audio["spoken"].shape == (sum(DURATIONS) * corpus.hop_length,)
    assert 0.1 < abs(spoken.audio["spoken"]).max() <= 1


def test_clips_of_unknown_durations_are_guided(make_run, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    found = make_run("tacotron2", corpus=corpus).trainer.train_step()
    assert set(found) == {"before", "mel", "stop", "guidance", "total"}
    assert set(make_run("tacotron2", "known").trainer.train_step()) == {"before", "mel", "stop", "attention", "total"}


def test_the_mels_of_another_model_may_be_the_target(make_run, tmp_path):
    folder = write_tiny_corpus(tmp_path / "prepared")
    np.save(folder / "mels-flat.npy", np.full_like(np.load(folder / "mels.npy"), -3))
    run = make_run("tacotron2", corpus=folder)
    settings = replace(run.trainer.settings, mels="mels-flat.npy")
    given = (run.trainer.network.dimensions, settings, run.trainer.schedule, run.folder, run.trainer.fabric)
    trainer = Tacotron2Trainer(PreparedCorpus(folder), *given)
    assert torch.unique(trainer.batch(np.random.default_rng(0)).mel).tolist() == [-3]
    # The first output is their mean.
    assert torch.unique(trainer.network.decoder.to_frame.bias).tolist() == [-3]


def test_a_voice_has_the_statistics_of_batch_norms(make_run):
    """They are buffers, not parameters."""
    run = make_run("tacotron2", steps=2)
    run.train()
    loaded = load_acoustic_model(load_manifest(run.folder), torch.device("cpu"))
    variance = loaded.state_dict()["encoder.layers.0.norm.running_var"]
    own = run.trainer.network.state_dict()["encoder.layers.0.norm.running_var"]
    assert torch.equal(variance, own.half().float())
    assert not torch.equal(variance, torch.ones_like(variance))


def test_samples_show_the_attention(make_run):
    trainer = make_run("tacotron2").trainer
    with trainer.averaged():
        samples = trainer.samples()
    n_symbols = len(trainer.corpus.items[0].phonemes) + 2
    assert samples.alignments["true frames before"].shape == (trainer.corpus.items[0].n_frames, n_symbols)
    assert samples.alignments["spoken"].shape[1] == n_symbols


def test_the_shown_alignment_is_1_at_the_symbol_of_each_frame():
    first, second = shown_alignment(torch.tensor([[2, 0, 1], [1, 2, 0]]), 4)
    assert first.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert second.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]


@pytest.fixture
def echoes(monkeypatch):
    """The argument `echoes` of each call of `forward_with_alignment`."""
    calls = []

    def forward_with_alignment(*given, echoes):
        calls.append(echoes)
        return tacotron2.forward_with_alignment(*given, echoes=echoes)

    monkeypatch.setattr("tts.training.acoustic.forward_with_alignment", forward_with_alignment)
    return calls


def trained(run, **settings):
    """Return the losses of every step, with these settings."""
    run.trainer.settings = replace(run.trainer.settings, **settings)
    return [run.trainer.train_step() for _ in range(run.trainer.schedule.steps)]


def test_steps_are_shown_then_echoed_in_turns_then_frame_by_frame(make_run, echoes):
    losses = trained(make_run("tacotron2", steps=6), shown_steps=2, echoed_steps=3)
    assert echoes == [0, 0, 0, ECHOES, 0]
    assert all(set(found) == {"before", "mel", "stop", "attention", "total"} for found in losses)


def test_clips_of_unknown_durations_are_computed_frame_by_frame(make_run, echoes, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    trained(make_run("tacotron2", corpus=corpus, steps=1), shown_steps=1)
    assert echoes == []


def test_shown_steps_lower_the_losses(make_run):
    losses = trained(make_run("tacotron2", steps=60, learning_rate=1e-2, warmup_steps=1), shown_steps=60)
    assert float(losses[-1]["attention"]) < 0.5 * float(losses[0]["attention"])
    assert float(losses[-1]["before"]) < 0.7 * float(losses[0]["before"])


@pytest.fixture
def spoken(tmp_path):
    """A prepared corpus of two speakers who take turns."""
    return write_tiny_corpus(tmp_path / "spoken", speakers=("ben", "anna"))


def test_a_batch_says_who_speaks(spoken):
    corpus = PreparedCorpus(spoken)
    assert collate(corpus, corpus.items[:3]).speakers.tolist() == [[1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize("network", ["fastspeech2", "tacotron2"])
def test_the_voice_of_several_speakers(make_run, spoken, network):
    run = make_run(network, corpus=spoken, steps=2, sample_every=2)
    before = run.trainer.network.speaker_embed.weight.detach().clone()
    run.train()
    assert bool((run.trainer.network.speaker_embed.weight != before).all(1).all())
    manifest = load_manifest(run.folder)
    assert manifest.speakers == (Speaker("ben"), Speaker("anna"))
    assert manifest.acoustics[network].options["n_speakers"] == 2
    ids = [1, 4, 5]
    mels = [
        load_acoustic_model(manifest, torch.device("cpu"))
        .speak_all([MelRequest(ids, 1.0, 0.0, 1.0, np.random.default_rng(0), ((index, 1.0),))])[0]
        .mel
        for index in (0, 1)
    ]
    assert mels[0].shape != mels[1].shape or not torch.equal(*mels)


@pytest.mark.parametrize("network", ["fastspeech2", "tacotron2"])
def test_the_gradient_of_a_speaker_comes_from_the_clips_of_this_speaker(make_run, spoken, network):
    trainer = make_run(network, corpus=spoken).trainer
    batch = collate(trainer.corpus, trainer.corpus.items[1:4:2])
    trainer.losses(batch, adversarial=False)["total"].backward()
    first, second = trainer.network.speaker_embed.weight.grad.abs().sum(1).tolist()
    assert first == 0
    assert second > 0


def predicted_pitch(trainer):
    """The mean log2 F0 of each speaker, with the durations of the first two clips."""
    batch = collate(trainer.corpus, trainer.corpus.items[:2])
    network = trainer.network.eval()
    return network(batch.ids, batch.id_lengths, batch.durations, speaker_weights=batch.speakers).log_f0.mean(1).tolist()


@pytest.fixture
def octaves(tmp_path):
    """A prepared corpus of two speakers an octave apart, who say the same."""
    folder = write_tiny_corpus(tmp_path / "octaves", speakers=("low", "high"))
    f0 = [120.0 if item["speaker"] == "low" else 240.0 for item in read_rows(folder / "items.jsonl")]
    np.save(folder / "f0.npy", np.repeat(f0, N_FRAMES).astype(np.float32))
    return folder


def test_training_begins_at_the_pitch_of_each_speaker(make_run, octaves):
    trainer = make_run("fastspeech2", corpus=octaves).trainer
    assert trainer.network.training
    assert predicted_pitch(trainer) == pytest.approx([np.log2(120), np.log2(240)], abs=0.01)
    torch.testing.assert_close(trainer.average.weights, trainer.network.state_dict())


def test_training_from_a_single_speaker_begins_at_the_pitch_of_each_speaker(make_run, octaves):
    alone = make_run("fastspeech2", "alone", steps=3, learning_rate=1e-2)
    alone.train()
    trainer = make_run("fastspeech2", corpus=octaves).trainer
    assert warm_start(trainer, str(alone.folder)) == []
    assert torch.count_nonzero(trainer.network.speaker_embed.weight) == 0
    for name, tensor in alone.trainer.average.weights.items():
        assert torch.equal(trainer.network.state_dict()[name], tensor)
    assert predicted_pitch(trainer) == pytest.approx([np.log2(120), np.log2(240)], abs=0.01)
    torch.testing.assert_close(trainer.average.weights, trainer.network.state_dict())


def test_training_from_other_speakers_begins_with_those_of_the_same_name(make_run, octaves, spoken):
    former = make_run("fastspeech2", "former", corpus=spoken, steps=3)
    former.train()
    given = former.trainer.average.weights["speaker_embed.weight"]
    (octaves / "items.jsonl").write_text((octaves / "items.jsonl").read_text("utf-8").replace('"low"', '"anna"'))
    (octaves / "dataset.json").write_text((octaves / "dataset.json").read_text("utf-8").replace('"low"', '"anna"'))
    trainer = make_run("fastspeech2", corpus=octaves).trainer
    assert warm_start(trainer, str(former.folder)) == []
    torch.testing.assert_close(trainer.network.speaker_embed.weight.data, torch.stack([given[1], given.mean(0)]))


def test_a_speaker_without_clips_to_train_on_is_refused(make_run, spoken):
    rows = [row | {"split": "val" if row["speaker"] == "ben" else "train"} for row in read_rows(spoken / "items.jsonl")]
    (spoken / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with pytest.raises(TtsError, match="The speaker ben has no clip to train on: add clips"):
        make_run("fastspeech2", corpus=spoken)


@pytest.mark.parametrize(("speakers", "whose"), [((), "clips without speakers"), (("anna",), "a single speaker, anna")])
def test_a_recipe_for_several_speakers_needs_them(tmp_path, speakers, whose):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path / "one", speakers=speakers))
    with pytest.raises(UsageError, match=f"trains a voice of several speakers, and .* has {whose}: use a recipe"):
        check_recipe(load_recipe("fastspeech2-speakers"), corpus)


def test_one_named_speaker_makes_a_voice_of_one(make_run, tmp_path):
    run = make_run("fastspeech2", corpus=write_tiny_corpus(tmp_path / "one", speakers=("anna",)), steps=1)
    run.train()
    assert load_manifest(run.folder).speakers == ()


def test_mels_are_those_of_the_speakers_of_the_clips(make_run, spoken, tmp_path):
    trainer = make_run("fastspeech2", corpus=spoken).trainer
    network, corpus = trainer.network.eval(), trainer.corpus
    own, swapped = tmp_path / "own.npy", tmp_path / "swapped.npy"
    write_acoustic_mels(corpus, network, own)
    network.speaker_embed.weight.data = network.speaker_embed.weight.data.flip(0)
    write_acoustic_mels(corpus, network, swapped, [1, 0])
    np.testing.assert_array_equal(np.load(own), np.load(swapped))
    write_acoustic_mels(corpus, network, swapped, [0, 1])
    assert not np.array_equal(np.load(own), np.load(swapped))


@pytest.mark.parametrize(
    ("in_voice", "in_corpus", "indices"),
    [((), (), [0]), ((), ("a",), [0]), (("a", "b", "c"), ("c", "a"), [2, 0]), (("a", "b"), ("b",), [1])],
)
def test_speakers_of_a_corpus_are_found_in_a_voice(pulse_voice, tmp_path, in_voice, in_corpus, indices):
    voice = replace(load_manifest(pulse_voice), speakers=tuple(map(Speaker, in_voice)))
    assert voice_speakers(voice, PreparedCorpus(write_tiny_corpus(tmp_path / "c", speakers=in_corpus))) == indices


@pytest.mark.parametrize(
    ("in_voice", "in_corpus", "message"),
    [
        ((), ("a", "b"), r"has 2 speakers, and pulse has one"),
        (("a", "b"), ("a", "x"), r"pulse has no speaker 'x', who speaks in"),
        (("a", "b"), (), r"pulse has several speakers, and .* does not say who speaks in it"),
    ],
)
def test_a_voice_without_the_speakers_of_a_corpus_is_refused(pulse_voice, tmp_path, in_voice, in_corpus, message):
    voice = replace(load_manifest(pulse_voice), speakers=tuple(map(Speaker, in_voice)))
    with pytest.raises(UsageError, match=message):
        voice_speakers(voice, PreparedCorpus(write_tiny_corpus(tmp_path / "c", speakers=in_corpus)))
