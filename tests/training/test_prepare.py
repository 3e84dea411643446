"""Prepared data sets: which clips are used, which are dropped and why, and that a stopped preparation continues."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.tiny_voice import MEL
from tests.training.recordings import SAMPLE_RATE, TEXT, buzz, write_ljspeech
from tts.audio.mel import mel_spectrogram
from tts.errors import TtsError, UsageError
from tts.text.symbols import ENGLISH_IPA
from tts.training import parts
from tts.training.data import PreparedCorpus, read_rows
from tts.training.features import Limits
from tts.training.layouts import Clip
from tts.training.prepare import PARTS, PrepareOptions, prepare, splits_of
from tts.voice.manifest import Speaker

FILES = {
    *("dataset.json", "items.jsonl", "dropped.jsonl", "report.json", "report.png"),
    *("waves.npy", "mels.npy", "f0.npy", "energy.npy"),
}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "CLIPS_PER_PART", 4)


@pytest.fixture
def source(tmp_path):
    return write_ljspeech(tmp_path / "my data", 10)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_data_set_becomes_a_prepared_folder(source, tmp_path):
    calls = []
    prepared = prepare(source, tmp_path / "out", MEL, progress=lambda done, total: calls.append((done, total)))
    assert set(contents(tmp_path / "out")) == FILES
    assert calls == [(0, 10), (4, 10), (8, 10), (10, 10)]
    corpus = PreparedCorpus(tmp_path / "out")
    assert (corpus.dataset.name, corpus.dataset.language, corpus.dataset.licence) == ("my-data", "en-us", "unknown")
    assert corpus.symbols == ENGLISH_IPA
    assert corpus.dataset.durations is None
    # As before there were speakers.
    assert not any(
        "speaker" in (tmp_path / "out" / name).read_text("utf-8") for name in ("dataset.json", "items.jsonl")
    )
    assert {split: len(corpus.split(split)) for split in ("train", "val", "test")} == {"train": 8, "val": 1, "test": 1}
    assert {(item.text, item.phonemes, item.durations) for item in corpus.items} == {(TEXT, "həlˈoʊ ðˈɛɹ.", None)}
    for i, item in enumerate(corpus.items):
        np.testing.assert_allclose(corpus.f0[item.frames][4:-4], 120 + 5 * i, rtol=0.01)
        # Only where the buzz has its harmonics: elsewhere the noise of rounding to 16 bits is louder.
        of_wave = mel_spectrogram(corpus.wave(item.frames)[None], MEL)[0, :16, 4 : item.n_frames - 4]
        np.testing.assert_allclose(corpus.mel_of(item.frames)[:16, 4:-4], of_wave, atol=0.05)
    assert not prepared.was_there
    assert prepared.report == json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))


def test_the_report_describes_the_clips(source, tmp_path):
    report = prepare(source, tmp_path / "out", MEL).report
    assert report["clips"] == {"found": 10, "kept": 10, "dropped": 0}
    assert report["splits"]["train"] == {"clips": 8, "seconds": pytest.approx(8, abs=0.1)}
    assert report["hours"] == pytest.approx(10 / 3600, abs=1e-4)
    assert (report["seconds"]["0%"], report["seconds"]["100%"]) == (0.998, 0.998)
    assert report["f0_hz"]["50%"] == pytest.approx(142.5, rel=0.02)
    assert report["symbols"]["ˈ"] == 20
    assert report["symbols_per_second"]["50%"] == pytest.approx(len("həlˈoʊ ðˈɛɹ.") / 0.998, abs=0.01)
    assert report["new_symbols"] == []
    assert report["sample_rates"] == {"24000": 10}
    assert report["remarks"] == ["There are no durations: FastSpeech 2 needs them; tts train align learns them."]


def test_every_dropped_clip_has_a_reason(source, tmp_path):
    wavs = source / "wavs"
    (wavs / "clip-01.wav").unlink()
    (wavs / "clip-02.wav").write_bytes(b"no audio")
    shutil.copy(wavs / "clip-03.wav", wavs / "copy.wav")
    soundfile.write(wavs / "clip-04.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    with (source / "metadata.csv").open("a", encoding="utf-8") as file:
        file.write(f"copy|{TEXT}\nnonsense\nclip-05|Again.\nclip-06-b|?\n")
    report = prepare(source, tmp_path / "out", MEL).report
    dropped = read_rows(tmp_path / "out" / "dropped.jsonl")
    assert [(row["id"], row["reason"]) for row in dropped] == [
        ("clip-01", "missing file"),
        ("clip-02", "unreadable file"),
        ("clip-04", "silent"),
        ("copy", "duplicate"),
        ("metadata.csv:12", "unreadable line"),
        ("clip-05", "duplicate"),
        ("clip-06-b", "unspeakable"),
    ]
    assert dropped[3]["detail"] == "the same text and recording as clip-03"
    assert report["dropped"] == {
        **{"duplicate": 2, "missing file": 1, "unreadable file": 1, "silent": 1},
        **{"unreadable line": 1, "unspeakable": 1},
    }
    corpus = PreparedCorpus(tmp_path / "out")
    assert [item.id for item in corpus.items] == [f"clip-{i:02d}" for i in (0, 3, 5, 6, 7, 8, 9)]
    for item in corpus.items:
        np.testing.assert_allclose(corpus.f0[item.frames][4:-4], 120 + 5 * int(item.id[-2:]), rtol=0.01)
    assert report["remarks"][0] == "There are no clips for validation."


def test_a_data_set_without_usable_clips_is_refused_with_the_reasons(source, tmp_path):
    options = PrepareOptions(limits=Limits(2, 3))
    sentence = r"None of the 10 clips can be used \(too short 10\); the first, clip-00: 1.00 s"
    with pytest.raises(TtsError, match=sentence):
        prepare(source, tmp_path / "out", MEL, options=options)
    assert not (tmp_path / "out").exists()


def test_given_splits_durations_and_symbols_are_used(tmp_path):
    source = tmp_path / "corpus"
    source.mkdir()
    rows = []
    for i, split in enumerate(["train", "test", None]):
        soundfile.write(source / f"{i}.flac", buzz(150 + i), SAMPLE_RATE)
        row = {"id": str(i), "file": f"{i}.flac", "text": "Hi", "phonemes": "hˈaøɪ", "durations": [4, 1, 1, 2, 1, 1, 2]}
        rows.append(row | ({"split": split} if split else {}))
    (source / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    prepare(source, tmp_path / "out", MEL)
    corpus = PreparedCorpus(tmp_path / "out")
    assert [item.split for item in corpus.items] == ["train", "test", "train"]
    assert corpus.items[0].durations == [29, 7, 7, 14, 7, 8, 14]
    assert corpus.dataset.durations == "given"
    assert corpus.symbols.symbols == (*ENGLISH_IPA.symbols, "ø")


@pytest.mark.parametrize(("n", "held_out"), [(7, 0), (8, 1), (74, 1), (76, 2), (9000, 100)])
def test_splits_by_hash(n, held_out):
    clips = [Clip(f"clip-{i}", None, "") for i in range(n)]
    splits = splits_of(clips)
    assert splits == splits_of(clips[::-1])
    counts = {split: list(splits.values()).count(split) for split in ("val", "test", "train")}
    assert counts == {"val": held_out, "test": held_out, "train": n - 2 * held_out}


def test_a_prepared_folder_is_not_prepared_again(source, tmp_path):
    out = tmp_path / "out"
    first = prepare(source, out, MEL)
    before = contents(out)
    stat = (out / "waves.npy").stat()
    again = prepare(source, out, MEL)
    assert again.was_there
    assert again.report == first.report
    assert (out / "waves.npy").stat() == stat
    forced = prepare(source, out, MEL, options=PrepareOptions(force=True))
    assert not forced.was_there
    assert contents(out) == before


def test_a_folder_prepared_with_other_settings_is_replaced_only_by_force(source, tmp_path):
    out = tmp_path / "out"
    prepare(source, out, MEL)
    with pytest.raises(UsageError, match=r"prepared with another name, trim: name a new folder, .*--force"):
        prepare(source, out, MEL, options=PrepareOptions(name="other", trim=False))
    soundfile.write(source / "wavs" / "clip-00.wav", buzz(400), SAMPLE_RATE)
    with pytest.raises(UsageError, match="from recordings or texts that have changed since"):
        prepare(source, out, MEL)
    prepare(source, out, MEL, options=PrepareOptions(force=True))
    corpus = PreparedCorpus(out)
    np.testing.assert_allclose(corpus.f0[corpus.items[0].frames][4:-4], 400, rtol=0.01)


def test_folders_that_hold_something_else_are_refused(source, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("Dear diary", "utf-8")
    with pytest.raises(UsageError, match="holds other files"):
        prepare(source, tmp_path / "notes", MEL)
    with pytest.raises(UsageError, match="is a file"):
        prepare(source, tmp_path / "notes" / "diary.txt", MEL)
    with pytest.raises(UsageError, match="is the data set itself"):
        prepare(source, source, MEL, options=PrepareOptions(force=True))
    prepare(source, tmp_path / "out", MEL)
    (tmp_path / "out" / "f0.npy").unlink()
    with pytest.raises(TtsError, match=r"lacks f0.npy: prepare it again with --force"):
        prepare(source, tmp_path / "out", MEL)


def test_a_stopped_preparation_continues_with_its_complete_parts(source, tmp_path, monkeypatch):
    uninterrupted = tmp_path / "uninterrupted"
    prepare(source, uninterrupted, MEL)

    done = []

    def stop_after_two(clip, settings):
        done.append(clip.id)
        if len(done) == 10:
            raise KeyboardInterrupt
        return features(clip, settings)

    features = parts.clip_features
    monkeypatch.setattr(parts, "clip_features", stop_after_two)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        prepare(source, out, MEL)
    assert [path.name for path in out.iterdir()] == [PARTS]
    complete = sorted((out / PARTS).iterdir())
    assert len(complete) == 2
    # A part that a power failure cut off is computed again.
    complete[1].write_bytes(complete[1].read_bytes()[:1000])
    done.clear()
    done.extend([""] * 10)
    prepare(source, out, MEL)
    assert done[10:] == [f"clip-{i:02d}" for i in range(4, 10)]
    assert contents(out) == contents(uninterrupted)


def test_processes_make_the_same_files_also_after_a_kill(source, tmp_path):
    """From the command line: killed without a chance to clean up, then run again."""
    single, out = tmp_path / "single", tmp_path / "out"
    prepare(source, single, MEL)
    with (source / "metadata.csv").open(encoding="utf-8") as file:
        n_clips = len(file.readlines())
    command = [sys.executable, "-m", "tts", "train", "prepare", str(source), "-o", str(out), "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (out / PARTS).is_dir() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in out.iterdir()] == [PARTS]
    again = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["clips"]["kept"] == n_clips
    assert contents(out).keys() == contents(single).keys()
    for name in ("waves.npy", "mels.npy", "f0.npy", "energy.npy", "items.jsonl", "dataset.json"):
        assert (out / name).read_bytes() == (single / name).read_bytes(), name


PHONEMES = "həlˈoʊ."


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Six clips of a second, buzzing at different pitches, and their features."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for i in range(6):
        t = np.arange(24000) / 24000
        wave = sum(0.1 / k * np.sin(2 * np.pi * (150 + 20 * i) * k * t) for k in range(1, 6))
        soundfile.write(folder / f"{i}.flac", wave, 24000)
        durations = [8, *[4] * (len(PHONEMES) - 1), 6, 2]
        split = "val" if i == 5 else "train"
        row = {"id": str(i), "file": f"{i}.flac", "split": split, "text": "Hello.", "phonemes": PHONEMES}
        rows.append(row | {"durations": durations, "samples": 24000})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    prepare(folder, folder / "prepared", MEL, jobs=1)
    return folder / "prepared"


def test_prepared_features_line_up(prepared):
    corpus = PreparedCorpus(prepared)
    item = corpus.items[2]
    n_frames = 22050 // 256
    assert (item.n_frames, sum(item.durations), len(item.durations)) == (n_frames, n_frames, len(PHONEMES) + 2)
    assert corpus.mel_of(item.frames).shape == (80, n_frames)
    assert corpus.wave(item.frames).shape == (n_frames * 256,)
    np.testing.assert_allclose(corpus.f0[item.frames][4:-4], 190, rtol=0.01)
    assert [clip.id for clip in corpus.split("val")] == ["5"]


def clips_of(**counts):
    return [Clip(f"{name}-{i}", None, "", speaker=Speaker(name)) for name, n in counts.items() for i in range(n)]


@pytest.mark.parametrize(
    ("counts", "held_out"),
    [
        ({"a": 8, "b": 8, "c": 7}, {"a": 1, "b": 1, "c": 0}),
        ({"a": 8, "b": 1000}, {"a": 1, "b": 19}),
        ({"a": 300, "b": 300}, {"a": 6, "b": 6}),
    ],
)
def test_clips_of_every_speaker_are_held_out_and_most_are_not(counts, held_out):
    splits = splits_of(clips_of(**counts))
    found = Counter((name.partition("-")[0], split) for name, split in splits.items())
    for name, n in counts.items():
        expected = {"val": held_out[name], "test": held_out[name], "train": n - 2 * held_out[name]}
        assert {split: found[name, split] for split in expected} == expected


def test_speakers_of_a_data_set(tmp_path):
    source = write_ljspeech(tmp_path / "voices", 8)
    names = ["ben", "anna", "ben", "anna", "ben", "anna", "ben", ""]
    lines = [f"clip-{i:02d}|{name}|{TEXT}" for i, name in enumerate(names)]
    (source / "metadata.csv").write_text("id|speaker|text\n" + "\n".join(lines) + "\n", "utf-8")
    prepared = prepare(source, tmp_path / "out", MEL)
    corpus = PreparedCorpus(tmp_path / "out")
    assert corpus.dataset.speakers == (Speaker("ben"), Speaker("anna"))
    assert [corpus.speaker_of(item) for item in corpus.items] == [0, 1, 0, 1, 0, 1, 0]
    assert prepared.report["dropped"] == {"no speaker": 1}
    ben, anna = prepared.report["speakers"].values()
    assert (ben["clips"], anna["clips"]) == (4, 3)
    # The clips buzz at 120 Hz and 5 Hz more each: ben at 120, 130, 140 and 150, anna at 125, 135 and 145.
    assert (ben["f0_hz"], anna["f0_hz"]) == (pytest.approx(134.5, rel=0.01), pytest.approx(134.8, rel=0.01))
    assert ben["f0_octaves"] == pytest.approx(0.12, abs=0.02)

    again = (source / "metadata.csv").read_text("utf-8").replace("clip-00|ben", "clip-00|anna")
    (source / "metadata.csv").write_text(again, "utf-8")
    with pytest.raises(UsageError, match="from recordings or texts that have changed since"):
        prepare(source, tmp_path / "out", MEL)


def test_one_speaker_is_remarked(tmp_path):
    source = write_ljspeech(tmp_path / "voices", 2)
    (source / "metadata.csv").write_text(f"id|speaker|text\nclip-00|ben|{TEXT}\nclip-01|ben|{TEXT}\n", "utf-8")
    prepared = prepare(source, tmp_path / "out", MEL)
    assert "All clips are of one speaker, ben: a voice will have a single speaker." in prepared.report["remarks"]
