"""Playing through whatever player the machine has; the package itself opens no sound device."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from tts.audio.files import FORMATS, AudioWriter, to_int16
from tts.audio.waveform import Audio
from tts.errors import TtsError

# Stands for the file in the command of a player that cannot read from a pipe.
_FILE = "{file}"


@dataclass(frozen=True)
class Player:
    """A program that plays: `command(sample_rate)` reads raw 16-bit samples from its input, or it reads a file."""

    program: str
    command: Callable[[int], list[str]]
    reads_files: bool = False


def _ffplay(rate: int) -> list[str]:
    # No number of channels: its flag changed its name between versions, and one is the default.
    return ["ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-ar", str(rate), "-i", "pipe:0"]


def _paplay(rate: int) -> list[str]:
    return ["paplay", "--raw", f"--rate={rate}", "--channels=1", "--format=s16le"]


def _aplay(rate: int) -> list[str]:
    return ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate), "-"]


def _sox_play(rate: int) -> list[str]:
    return ["play", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-c", "1", "-r", str(rate), "-"]


def _powershell(_: int) -> list[str]:
    # The path comes in the environment: inside the command a quote in it would be code.
    script = "(New-Object Media.SoundPlayer $env:TTS_PLAY_FILE).PlaySync()"
    return ["powershell", "-NoProfile", "-Command", script]


# Those of the sound servers first: where they are installed, they are what the desktop listens to.
PLAYERS = (
    Player("paplay", _paplay),
    Player("pw-play", lambda _: ["pw-play", _FILE], reads_files=True),
    Player("aplay", _aplay),
    Player("afplay", lambda _: ["afplay", _FILE], reads_files=True),
    Player("ffplay", _ffplay),
    Player("play", _sox_play),
)
_WINDOWS_PLAYERS = (Player("powershell", _powershell, reads_files=True), Player("ffplay", _ffplay))


def find_player() -> Player:
    """The first player of this machine.

    Raises:
        TtsError: there is none.
    """
    players = _WINDOWS_PLAYERS if sys.platform == "win32" else PLAYERS
    for player in players:
        if shutil.which(player.program):
            return player
    names = ", ".join(player.program for player in players)
    raise TtsError(f"No audio player is installed (looked for {names}): write a file with -o FILE instead.")


def play(audio: Audio) -> None:
    """Play audio to its end.

    Raises:
        TtsError: there is no player, or it failed.
    """
    with PlayerStream(find_player()) as stream:
        stream.write(audio)


class PlayerStream:
    """Plays pieces as they come, where the player can; a context manager that waits for the last sample.

    Raises:
        TtsError: the player failed.
    """

    def __init__(self, player: Player) -> None:
        self._player = player
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._file: AudioWriter | None = None
        self._resources = ExitStack()

    def __enter__(self) -> PlayerStream:
        return self

    def write(self, audio: Audio) -> None:
        if self._player.reads_files:
            self._write_file(audio)
            return
        process = self._process or self._start(self._player.command(audio.sample_rate), subprocess.PIPE)
        assert process.stdin is not None
        try:
            process.stdin.write(to_int16(audio.samples).astype("<i2").tobytes())
            process.stdin.flush()
        except BrokenPipeError:
            self._wait()
            raise TtsError(f"{self._player.program} stopped early; write a file with -o FILE instead.") from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._resources:
            try:
                if error is None:
                    self._finish()
            finally:
                if self._process is not None and self._process.poll() is None:
                    self._process.kill()
                    self._process.wait()
                if self._process is not None and self._process.stdin is not None:
                    with suppress(OSError):
                        self._process.stdin.close()

    def _finish(self) -> None:
        if self._file is not None:
            self._file.__exit__(None, None, None)
            self._start([str(self._path) if word == _FILE else word for word in self._player.command(0)], None)
        if self._process is not None:
            self._wait()

    def _write_file(self, audio: Audio) -> None:
        if self._file is None:
            folder = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="tts-"))
            self._path = Path(folder) / "speech.wav"
            self._file = AudioWriter(self._path, FORMATS["wav"])
        self._file.write(audio)

    def _start(self, command: list[str], stdin: int | None) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if self._file is not None:
            environment["TTS_PLAY_FILE"] = str(self._path)
        self._errors = self._resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # the stack closes it
        self._process = subprocess.Popen(
            command,
            stdin=stdin if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env=environment,
        )
        return self._process

    def _wait(self) -> None:
        assert self._process is not None
        assert self._errors is not None
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        if code := self._process.wait():
            self._errors.seek(0)
            said = self._errors.read(2000).decode("utf-8", "replace").strip().splitlines()
            reason = f" ({said[-1].strip()})" if said else ""
            program = self._player.program
            raise TtsError(f"{program} could not play, exit code {code}{reason}; write a file with -o FILE instead.")
