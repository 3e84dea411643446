"""What `tts batch` promises to those who run it over night, each as a process of its own."""

from __future__ import annotations

import json
import random
import sys
import wave

import numpy as np
import pytest

from tests.cli.conftest import Tts
from tts.batch.jobs import BatchResult
from tts.batch.manifest import Summary
from tts.cli.batch import MAX_PRINTED_FAILURES, batch_progress, progress_text, summary_text

N_GOOD = 500
# Where the bad ones stand among them, from 1 on.
EMPTY, CONTROL, LONG, VOICE, TWICE = 1, 100, 250, 400, 505
WORDS = ["one", "small", "boat", "goes", "down", "the", "river", "and", "under", "an", "old", "bridge"]


def rows(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def files(out):
    return {path.name for path in out.iterdir() if path.suffix == ".wav"}


def stamps(out):
    """What shows, for each file, whether it was written again."""
    return {name: ((out / name).stat().st_ino, (out / name).stat().st_mtime_ns) for name in files(out)}


def samples(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(int)


def sentences(n, most_words=12):
    """Different ones of many lengths."""
    draws = random.Random(0)
    return [f"{' '.join(draws.choices(WORDS, k=draws.randint(1, most_words)))}, {i}." for i in range(n)]


class Folder:
    """Somewhere to run `tts batch`, with a sentences file in it."""

    def __init__(self, voices, folder):
        self.tts = Tts(voices, folder)
        # The embedded voice is ready sooner than the tiny ones: it needs no PyTorch.
        self.tts.environment["TTS_VOICE"] = "heart"
        self.out, self.list = folder / "out", folder / "list.txt"

    def write(self, lines):
        self.list.write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def __call__(self, *flags, out="out", stdin=b"", file="list.txt"):
        return self.tts("batch", file, "-o", out, *flags, stdin=stdin)

    def summary(self, *flags, code=0):
        done = self("--json", *flags)
        assert done.returncode == code, done.stderr.decode()
        return json.loads(done.stdout)


@pytest.fixture
def here(voices_folder, tmp_path):
    return Folder(voices_folder, tmp_path)


@pytest.fixture(scope="module")
def among(voices_folder, tmp_path_factory):
    """A run over five bad lines among 500 good ones: its folder, and how it ended."""
    here = Folder(voices_folder, tmp_path_factory.mktemp("among"))
    good = [f"good-{i}|pulse|{sentence}" for i, sentence in enumerate(sentences(N_GOOD, 2))]
    bad = {
        EMPTY: "empty|pulse|",
        CONTROL: "control|pulse|Bell\x07 and file\x1cseparator.",
        LONG: f"long|pulse|{'a long word and ' * 3125}",
        VOICE: "voice|nobody|Hello.",
        TWICE: "good-0|pulse|Again.",
    }
    for line in sorted(bad):
        good.insert(line - 1, bad[line])
    here.write(good)
    return here, here()


def test_bad_lines_stop_no_good_ones(among):
    here, done = among
    assert done.returncode == 1
    assert done.stdout == b""
    ended = {row["id"]: row for row in rows(here.out)}
    assert len(rows(here.out)) == len(ended) == N_GOOD + 5
    made = {name for name, row in ended.items() if row["error"] is None}
    assert made == {f"good-{i}" for i in range(N_GOOD)}
    assert {path.name for path in here.out.iterdir()} == {"manifest.jsonl", *(f"{name}.wav" for name in made)}
    assert all((here.out / ended[name]["file"]).stat().st_size == ended[name]["size"] for name in made)


def test_bad_lines_are_named_by_their_numbers(among):
    here, done = among
    failed = {row["line"]: row for row in rows(here.out) if row["error"] is not None}
    assert {line: row["id"] for line, row in failed.items()} == {
        EMPTY: "empty",
        CONTROL: "control",
        LONG: "long",
        VOICE: "voice",
        TWICE: f"line {TWICE}",
    }
    assert all(row["file"] is None and "\n" not in row["error"] for row in failed.values())
    assert "nobody" in failed[VOICE]["error"]
    assert "good-0" in failed[TWICE]["error"]
    printed = done.stderr.decode()
    assert "Traceback" not in printed
    for line, row in failed.items():
        named = "" if row["id"] == f"line {line}" else f" ({row['id']})"
        assert f"tts: line {line}{named}: {row['error']}" in printed.splitlines()


def test_where_standard_error_is_no_terminal_there_is_no_bar(among):
    _, done = among
    assert not set("\r\x1b\x07\x1c━█") & set(done.stderr.decode())
    # Lines now and then, not one an utterance.
    assert len(done.stderr.splitlines()) < 40


def test_a_file_is_what_say_makes_of_its_line(among):
    here, _ = among
    here.tts("say", sentences(N_GOOD, 2)[77], "--voice", "pulse", "-o", "said.wav")
    assert (here.out / "good-77.wav").read_bytes() == (here.tts.folder / "said.wav").read_bytes()


def test_a_second_run_makes_nothing_again_and_tries_what_failed(here):
    here.write(["a||One.", "b||Two.", "c|nobody|Three.", "d||Four."])
    first = here.summary("--jobs", "1", code=1)
    assert (first["done"], first["failed"], first["skipped"]) == (3, 1, 0)
    before = stamps(here.out)
    second = here.summary("--jobs", "1", code=1)
    assert (second["done"], second["failed"], second["skipped"]) == (0, 1, 3)
    assert stamps(here.out) == before
    assert [(row["id"], row["error"] is None) for row in rows(here.out)] == [
        *[("a", True), ("b", True), ("c", False), ("d", True)]
    ]


def test_what_changed_is_made_again_and_only_that(here):
    here.write(["a|One.", "b|Two.", "c|Three."])
    assert here("--jobs", "1").returncode == 0
    before = stamps(here.out)
    here.write(["a|One.", "b|Two and a half.", "c|Three.", "e|Five."])
    summary = here.summary("--jobs", "1")
    assert (summary["done"], summary["skipped"]) == (2, 2)
    after = stamps(here.out)
    assert {name for name in after if after[name] != before.get(name)} == {"b.wav", "e.wav"}
    # Another speed is another utterance.
    assert here.summary("--jobs", "1", "--speed", "2")["done"] == 4
    assert here.summary("--jobs", "1", "--speed", "2")["skipped"] == 4
    assert here.summary("--jobs", "1", "--speed", "2", "--no-resume")["done"] == 4


def test_a_file_that_was_lost_or_cut_is_made_again(here):
    here.write(["a|One.", "b|Two.", "c|Three."])
    assert here("--jobs", "1").returncode == 0
    whole = (here.out / "b.wav").read_bytes()
    (here.out / "a.wav").unlink()
    (here.out / "b.wav").write_bytes(whole[:-1])
    assert here.summary("--jobs", "1")["done"] == 2
    assert files(here.out) == {"a.wav", "b.wav", "c.wav"}
    assert (here.out / "b.wav").read_bytes() == whole


def test_json_is_all_that_standard_output_has(here):
    here.write(["One.", "Two."])
    done = here("--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["done"] == 2
    assert files(here.out) == {"000001.wav", "000002.wav"}


def test_standard_input(here):
    done = here("--jobs", "1", file="-", stdin="\ufeffa|Grüße.\r\nb|Two.\r\n".encode())
    assert (done.returncode, done.stdout) == (0, b"")
    assert [(row["id"], row["line"]) for row in rows(here.out)] == [("a", 1), ("b", 2)]
    assert files(here.out) == {"a.wav", "b.wav"}


SINGLE, BATCHED, SHUFFLED = {"single": ("1", "1")}, {"batched": ("1", "8")}, {"shuffled": ("2", "5")}


# ONNX Runtime speaks the one, PyTorch the other.
@pytest.mark.parametrize(("voice", "others"), [("heart", BATCHED | SHUFFLED), ("random", SHUFFLED)])
def test_the_audio_depends_on_neither_batches_nor_workers_nor_order(here, voice, others):
    lines = [f"s{i}|{sentence}" for i, sentence in enumerate(sentences(16))]
    for way, (jobs, size) in (SINGLE | others).items():
        here.write(random.Random(1).sample(lines, len(lines)) if way == "shuffled" else lines)
        done = here("--voice", voice, "--jobs", jobs, "--batch-size", size, out=way)
        assert done.returncode == 0, done.stderr.decode()
    folder = here.tts.folder
    for name in files(folder / "single"):
        expected = samples(folder / "single" / name)
        for way in others:
            got = samples(folder / way / name)
            assert got.shape == expected.shape
            assert np.abs(got - expected).max() <= 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--engine", "slurm"], "say local or ray"),
        (["--address", "auto"], "--address is for --engine ray"),
        (["--gpus", "0.5"], "--gpus is for --engine ray"),
        (["--engine", "local", "--gpus", "0.5"], "--gpus is for --engine ray"),
        (["--engine", "jax"], "There is no engine 'jax'"),
        (["--runtime", "jax"], "There is no runtime 'jax'"),
        (["--device", "cuda:99"], "cuda:99"),
        (["--format", "wma"], "There is no audio format 'wma'"),
        (["--layout", "cvs"], "csv"),
        (["--timings", "docx"], "There is no format of timings 'docx'; there are srt, vtt, lrc, json, TextGrid."),
        (["--voice", "haert"], "heart"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_written(here, flags, words):
    here.write(["a|One."])
    done = here(*flags)
    message = done.stderr.decode()
    assert done.returncode == 2, message
    assert words in message
    assert len(message.splitlines()) == 1
    assert not here.out.exists()


def test_verbose_reports_where_it_ran(here):
    here.write(["a|One."])
    printed = here("--verbose", "--jobs", "1").stderr.decode().splitlines()
    assert printed[0].startswith("tts: 1 worker on cpu, started in ")
    assert printed[1].endswith(" s of audio per second, from the first file on")
    assert printed[2].startswith("tts: 1 done (")


FAILED = BatchResult("gap", 17, error="The text is empty.")


def summary(**counts):
    made = Summary("out", "out/manifest.jsonl")
    for name, value in counts.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def ten_seconds_in(monkeypatch):
    monkeypatch.setattr(Summary, "wall_seconds", 12.0)
    monkeypatch.setattr(Summary, "making_seconds", 10.0)


@pytest.mark.parametrize("quiet", [True, False])
def test_failures_are_printed_with_their_lines(capsys, quiet):
    with batch_progress(100, quiet=quiet) as progress:
        progress.update(summary(), FAILED)
        progress.update(summary(), BatchResult("line 18", 18, error="The id is empty."))
        progress.update(summary(), BatchResult("fine", 19, file="fine.wav"))
        progress.update(summary())
        progress.warn("a column is left out")
    assert capsys.readouterr().err.splitlines() == [
        "tts: line 17 (gap): The text is empty.",
        "tts: line 18: The id is empty.",
        "tts: warning: a column is left out",
    ]


def test_of_many_failures_the_manifest_is_named(capsys):
    with batch_progress(None, quiet=True) as progress:
        for _ in range(3 * MAX_PRINTED_FAILURES):
            progress.update(summary(), FAILED)
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == MAX_PRINTED_FAILURES + 1
    assert printed[-1] == "tts: there are more failures; the manifest has all of them: out/manifest.jsonl"


@pytest.mark.usefixtures("ten_seconds_in")
def test_a_line_now_and_then(capsys, monkeypatch):
    with batch_progress(300, quiet=False) as progress:
        monkeypatch.setattr(progress, "seconds_between", 0.0)
        progress.update(summary(done=91, failed=10, skipped=100, seconds=250.0))
    # A hundred after the first in ten seconds, and 99 to go.
    assert capsys.readouterr().err == "tts: 201 of 300, 10 failed, 25.0 s of audio per second, 0:00:10 left\n"


@pytest.mark.usefixtures("ten_seconds_in")
def test_where_the_total_is_not_known_no_time_is_printed():
    assert progress_text(summary(done=5, seconds=50.0), None) == "5.0 s of audio per second"
    assert progress_text(summary(skipped=5), 10) == "5 skipped"


def test_while_workers_start_nothing_is_predicted():
    assert progress_text(summary(), 10) == "workers start"


@pytest.mark.usefixtures("ten_seconds_in")
def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with batch_progress(300, quiet=False) as progress:
        progress.update(summary(done=100, seconds=250.0), FAILED)
        assert type(progress).__name__ == "BatchBar"
    assert "line 17 (gap): The text is empty." in capsys.readouterr().err


@pytest.mark.usefixtures("ten_seconds_in")
def test_the_end():
    assert summary_text(summary(done=3, failed=1, seconds=9.0)) == (
        "3 done, 1 failed (9.0 s of audio in 12.0 s); the manifest is out/manifest.jsonl"
    )
    assert summary_text(summary(skipped=2)) == "2 skipped; the manifest is out/manifest.jsonl"
    assert summary_text(summary()) == "nothing to do; the manifest is out/manifest.jsonl"
