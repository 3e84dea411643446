"""What `tts batch` promises to those who run it over night, each as a process of its own."""

import json
import random
import wave

import numpy as np
import pytest

from tests.cli.conftest import Tts

N_GOOD = 500
# Where the bad ones stand among them, from 1 on.
EMPTY, CONTROL, LONG, VOICE, TWICE = 1, 100, 250, 400, 505
WORDS = ["one", "small", "boat", "goes", "down", "the", "river", "and", "under", "an", "old", "bridge"]


def rows(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def files(out):
    return {path.name for path in out.iterdir() if path.suffix == ".wav"}


def stamps(out):
    """What tells, for each file, whether it was written again."""
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
    told = done.stderr.decode()
    assert "Traceback" not in told
    for line, row in failed.items():
        named = "" if row["id"] == f"line {line}" else f" ({row['id']})"
        assert f"tts: line {line}{named}: {row['error']}" in told.splitlines()


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


ALONE, BATCHED, SHUFFLED = {"alone": ("1", "1")}, {"batched": ("1", "8")}, {"shuffled": ("2", "5")}


# ONNX Runtime speaks the one, PyTorch the other.
@pytest.mark.parametrize(("voice", "others"), [("heart", BATCHED | SHUFFLED), ("random", SHUFFLED)])
def test_the_audio_depends_on_neither_batches_nor_workers_nor_order(here, voice, others):
    lines = [f"s{i}|{sentence}" for i, sentence in enumerate(sentences(16))]
    for way, (jobs, size) in (ALONE | others).items():
        here.write(random.Random(1).sample(lines, len(lines)) if way == "shuffled" else lines)
        done = here("--voice", voice, "--jobs", jobs, "--batch-size", size, out=way)
        assert done.returncode == 0, done.stderr.decode()
    folder = here.tts.folder
    for name in files(folder / "alone"):
        expected = samples(folder / "alone" / name)
        for way in others:
            got = samples(folder / way / name)
            assert got.shape == expected.shape
            assert np.abs(got - expected).max() <= 1


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--engine", "onnx"], "what computes is --runtime onnx"),
        (["--engine", "slurm"], "say local or ray"),
        (["--address", "auto"], "--address is for --engine ray"),
        (["--gpus", "0.5"], "--gpus is for --engine ray"),
        (["--runtime", "jax"], "There is no engine 'jax'"),
        (["--device", "cuda:99"], "cuda:99"),
        (["--format", "wma"], "There is no audio format 'wma'"),
        (["--layout", "cvs"], "csv"),
        (["--voice", "haert"], "heart"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_written(here, flags, told):
    here.write(["a|One."])
    done = here(*flags)
    message = done.stderr.decode()
    assert done.returncode == 2, message
    assert told in message
    assert len(message.splitlines()) == 1
    assert not here.out.exists()


def test_verbose_tells_where_it_ran(here):
    here.write(["a|One."])
    told = here("--verbose", "--jobs", "1").stderr.decode().splitlines()
    assert told[0].startswith("tts: 1 worker on cpu, started in ")
    assert told[1].endswith(" s of audio a second, from the first file on")
    assert told[2].startswith("tts: 1 done (")
