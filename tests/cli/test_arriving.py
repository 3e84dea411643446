"""Standard input that stays open: sentences are spoken as they are complete."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from tests.cli.conftest import error_message

pytestmark = pytest.mark.skipif(os.name == "nt", reason="select is for sockets only on Windows")

TEXT = "Hello world. This is the end, with a café."


class Talk:
    """`tts say -` with open pipes."""

    def __init__(self, tts, *flags):
        # The embedded voice starts without PyTorch.
        command = [sys.executable, "-m", "tts", "say", "-", "-o", "-", "--format", "raw", "--voice", "heart", *flags]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=tts.environment
        )

    def write(self, content: bytes) -> None:
        self.process.stdin.write(content)
        self.process.stdin.flush()

    def read(self, n_bytes: int) -> bytes:
        """So many bytes of audio, while standard input is open."""
        content = b""
        while len(content) < n_bytes:
            assert select.select([self.process.stdout], [], [], 60)[0], "no audio comes"
            more = os.read(self.process.stdout.fileno(), n_bytes - len(content))
            assert more, self.process.stderr.read().decode()
            content += more
        return content

    def finish(self) -> bytes:
        rest, messages = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, messages.decode()
        return rest


@pytest.fixture
def talk(tts):
    started = []

    def start(*flags):
        started.append(Talk(tts, *flags))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.fixture(scope="module")
def whole():
    from tts import load_voice
    from tts.audio.audio import to_int16

    def samples(text: str) -> bytes:
        return to_int16(load_voice("heart").say(text).samples).astype("<i2").tobytes()

    return samples


def test_a_sentence_is_spoken_while_standard_input_stays_open(talk, whole):
    running = talk()
    running.write(b"Hello world. T")
    first = whole("Hello world.")
    assert running.read(len(first)) == first
    # A character may be cut in two.
    running.write("his is the end, with a caf\u00e9".encode()[:-1])
    running.write("\u00e9.".encode()[1:])
    assert first + running.finish() == whole(TEXT)


def test_after_a_pause_what_is_there_is_spoken(talk, whole):
    running = talk("--flush-after", "0.3")
    running.write(b"Hello world")
    first = whole("Hello world")
    assert running.read(len(first)) == first
    running.write(b"Again.")
    # The silence between sentences, and the second one.
    assert running.finish() == whole("Hello world. Again.")[len(whole("Hello world.")) :]


def test_all_at_once_is_the_same(tts, whole):
    done = tts("say", "--voice", "heart", "-o", "-", "--format", "raw", stdin=TEXT.encode())
    assert done.stdout == whole(TEXT)
    file = ("-f", "-", "--encoding", "utf-16")
    done = tts("say", "--voice", "heart", *file, "-o", "-", "--format", "raw", stdin=TEXT.encode("utf-16"))
    assert done.stdout == whole(TEXT)


@pytest.mark.parametrize(
    ("content", "flags", "message", "code"),
    [
        (b"caf\xe9 au lait", (), "Standard input is not UTF-8 text: byte 3 cannot be decoded", 1),
        (b"\xef\xbb\xbfcaf\xe9", (), "Standard input is not UTF-8 text: byte 6 cannot be decoded", 1),
        (b"a caf\xc3", (), "Standard input is not UTF-8 text: byte 5 cannot be decoded", 1),
        (b"caf\xc3\xa9 \xff", ("--encoding", "ascii"), "Standard input is no text in ascii", 2),
        (b"a", ("--encoding", "x"), "There is no encoding", 2),
        (b" \n", (), "There is no text to speak: it is empty.", 2),
        (b"...", (), "There is nothing to speak in this text", 1),
    ],
)
def test_what_cannot_be_read_is_refused(tts, content, flags, message, code):
    done = tts("say", "--voice", "heart", "-o", "a.wav", *flags, stdin=content)
    assert message in error_message(done, code)
    assert not (tts.folder / "a.wav").exists()
