"""Signals at random moments: nothing half written, nothing left over, the right exit code, soon.

TTS_STORM=30 makes 30 moments of each kind, which takes a quarter of an hour.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tts.files import is_temporary

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

MOMENTS = int(os.environ.get("TTS_STORM", "1"))
FORMATS = ("wav", "flac", "ogg", "opus", "mp3", "raw")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The process is a little faster than this; the last moments are in the writing of the file.
SECONDS = 1.2
SENTENCES = "".join(f"This is sentence number {n} of a long text. " for n in range(12))


def restore_signals():
    """A shell's background job ignores interrupts, and its children inherit that."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def start(*arguments, folder, **named):
    return subprocess.Popen(
        [sys.executable, "-m", "tts", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=restore_signals,
        **named,
    )


def finish(*arguments, folder):
    process = start(*arguments, folder=folder)
    _, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages.decode()


def interrupted(number, moment, *arguments, folder, to_group=True):
    """The exit code and the messages of a command that receives a signal after so many seconds."""
    process = start(*arguments, folder=folder)
    time.sleep(moment)
    sent = time.monotonic()
    (os.killpg if to_group else os.kill)(process.pid, number)
    _, messages = process.communicate(timeout=60)
    # A machine with other work may be slow; 0.6 s is what compiled code gets.
    assert time.monotonic() - sent < 10
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.1)
    return process.returncode, messages.decode()


def check(code, number, messages):
    assert code in (0, 128 + number, -number), messages
    if code != -number:
        # Otherwise it was ended before its first line ran.
        assert "Traceback" not in messages
        assert "ignored" not in messages


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """The bytes of an undisturbed file of each format."""
    folder = tmp_path_factory.mktemp("complete")
    found = {}
    for kind in FORMATS:
        finish("say", SENTENCES, "-o", f"a.{kind}", "--timings", "a.srt", folder=folder)
        found[kind] = (folder / f"a.{kind}").read_bytes()
    found["srt"] = (folder / "a.srt").read_bytes()
    return found


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_signal_leaves_the_complete_file_or_none(complete, tmp_path, kind, number):
    moments = random.Random(f"{kind} {number} {MOMENTS}")
    for attempt in range(MOMENTS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        moment = moments.uniform(0.1, SECONDS)
        arguments = ("say", SENTENCES, "-o", f"a.{kind}", "--timings", "a.srt")
        code, messages = interrupted(number, moment, *arguments, folder=folder)
        check(code, number, messages)
        files = {path.suffix[1:]: path.read_bytes() for path in folder.iterdir()}
        assert all(files[suffix] == complete[suffix] for suffix in files), f"after {moment} s"
        assert code != 0 or set(files) == {kind, "srt"}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_old_file_survives_a_signal(tmp_path, number):
    (tmp_path / "a.flac").write_bytes(b"old")
    code, _ = interrupted(number, 0.8, "say", SENTENCES * 20, "-o", "a.flac", folder=tmp_path)
    assert code in (128 + number, -number)
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]
    assert (tmp_path / "a.flac").read_bytes() == b"old"


@pytest.mark.parametrize("to_group", [True, False], ids=["group", "process"])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_interrupted_batch_has_only_complete_files_and_goes_on(tmp_path, number, to_group):
    import soundfile

    moments = random.Random(f"batch {number} {to_group} {MOMENTS}")
    lines = "".join(f"{n:03}|This is sentence number {n}, which is not short.\n" for n in range(30))
    for attempt in range(MOMENTS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        (folder / "lines.txt").write_text(lines)
        kind = moments.choice(FORMATS[:-1])
        arguments = ("batch", "lines.txt", "-o", "out", "--format", kind, "--jobs", "2")
        code, messages = interrupted(number, moments.uniform(0.2, 3.0), *arguments, folder=folder, to_group=to_group)
        check(code, number, messages)
        files = list((folder / "out").glob("*")) if (folder / "out").exists() else []
        assert not [path.name for path in files if is_temporary(path.name)]
        for path in folder.glob(f"out/*.{kind}"):
            samples, _ = soundfile.read(path)
            assert len(samples) > 10_000
        if attempt == 0:
            finish(*arguments, "--resume", folder=folder)
            assert len(list(folder.glob(f"out/*.{kind}"))) == 30


def test_ignored_signals_stay_ignored(tmp_path):
    """As under nohup."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tts", "say", SENTENCES, "-o", "a.wav"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    time.sleep(0.7)
    process.send_signal(signal.SIGHUP)
    assert process.wait(120) == 0
    assert (tmp_path / "a.wav").exists()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_standard_output_ends_and_nothing_is_left_in_the_temporary_folder(tmp_path, number, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    arguments = ("say", SENTENCES * 20, "-o", "-", "--format", "mp3")
    code, messages = interrupted(number, 1.0, *arguments, folder=tmp_path)
    assert code in (128 + number, -number)
    check(code, number, messages)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_whose_exception_is_lost_is_raised_again(number):
    """As in the callback of a weak reference, which Python's imports use."""
    program = f"""
import signal, time, weakref
from tts.cli.app import run
from tts.interrupts import handle_signals

class Thing: pass

def action():
    thing = Thing()
    reference = weakref.ref(thing, lambda _: signal.raise_signal({int(number)}))
    del thing
    time.sleep(60)

handle_signals()
raise SystemExit(run(action, debug=False))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, preexec_fn=restore_signals
    )
    assert (done.returncode, done.stderr) == (128 + number, "")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_whose_exception_becomes_another_one_is_no_error(number):
    """As Python does while a class is made, up to version 3.11."""
    program = f"""
import signal
from tts.cli.app import run
from tts.interrupts import handle_signals

class Field:
    def __set_name__(self, owner, name):
        signal.raise_signal({int(number)})

def action():
    try:
        class Table:
            field = Field()
    except BaseException as error:
        raise RuntimeError("an error of a library") from error

handle_signals()
raise SystemExit(run(action, debug=False))
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, preexec_fn=restore_signals
    )
    assert (done.returncode, done.stderr) == (128 + number, "")
