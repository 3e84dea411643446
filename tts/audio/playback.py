"""Playback through whatever audio player the machine has; the package itself opens no sound device."""

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

from tts.audio.audio import Audio, to_int16
from tts.audio.writer import FORMATS, AudioWriter
from tts.errors import TtsError

# Stands for the file in the command of a player that cannot read from a pipe.
_FILE = "{file}"


@dataclass(frozen=True)
class Player:
    """A player program: `command(sample_rate)` reads raw 16-bit samples from standard input, or else a file."""

    program: str
    command: Callable[[int], list[str]]
    reads_files: bool = False


def _ffplay(rate: int) -> list[str]:
    # Without the number of channels: its flag was renamed between versions, and one is the default.
    return ["ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-ar", str(rate), "-i", "pipe:0"]


# PowerShell receives the path in the environment: inside the command a quote in it would be code.
_PLAY_SYNC = "(New-Object Media.SoundPlayer $env:TTS_PLAY_FILE).PlaySync()"
_SOX_OPTIONS = ("-q", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-c", "1")
# The sound servers come first: where they are installed, the desktop uses them.
PLAYERS = (
    Player("paplay", lambda rate: ["paplay", "--raw", f"--rate={rate}", "--channels=1", "--format=s16le"]),
    Player("pw-play", lambda _: ["pw-play", _FILE], reads_files=True),
    Player("aplay", lambda rate: ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate), "-"]),
    Player("afplay", lambda _: ["afplay", _FILE], reads_files=True),
    Player("ffplay", _ffplay),
    Player(
        "play",
        lambda rate: [*["play", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-L", "-c", "1", "-r"], str(rate), "-"],
    ),
)
_WINDOWS_PLAYERS = (
    Player("powershell", lambda _: ["powershell", "-NoProfile", "-Command", _PLAY_SYNC], reads_files=True),
    Player("ffplay", _ffplay),
)


def find_player() -> Player:
    """The first player that is installed.

    Raises:
        TtsError: none is installed.
    """
    players = _WINDOWS_PLAYERS if sys.platform == "win32" else PLAYERS
    for player in players:
        if shutil.which(player.program):
            return player
    names = ", ".join(player.program for player in players)
    raise TtsError(f"No audio player is installed (looked for {names}): write a file with -o FILE instead.")


def play(audio: Audio) -> None:
    """Play audio and wait until it ends.

    Raises:
        TtsError: there is no player, or it failed.
    """
    with PlayerStream(find_player()) as stream:
        stream.write(audio)


class PlayerStream:
    """Plays pieces of audio as they arrive, where the player can; a context manager that waits for the last sample.

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
            if self._file is None:
                folder = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="tts-"))
                self._path = Path(folder) / "speech.wav"
                self._file = AudioWriter(self._path, FORMATS["wav"])
            self._file.write(audio)
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
                if error is None and self._file is not None:
                    self._file.__exit__(None, None, None)
                    command = self._player.command(0)
                    self._start([str(self._path) if word == _FILE else word for word in command], subprocess.DEVNULL)
                if error is None and self._process is not None:
                    self._wait()
            finally:
                if self._process is not None and self._process.poll() is None:
                    self._process.kill()
                    self._process.wait()
                if self._process is not None and self._process.stdin is not None:
                    with suppress(OSError):
                        self._process.stdin.close()

    def _start(self, command: list[str], stdin: int) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if self._file is not None:
            environment["TTS_PLAY_FILE"] = str(self._path)
        self._errors = self._resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # closed by the stack
        self._process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=self._errors, env=environment
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
            messages = self._errors.read(2000).decode("utf-8", "replace").strip().splitlines()
            reason = f" ({messages[-1].strip()})" if messages else ""
            program = self._player.program
            raise TtsError(f"{program} could not play, exit code {code}{reason}; write a file with -o FILE instead.")
