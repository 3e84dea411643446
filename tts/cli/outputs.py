"""Everything one `say` may write, checked before any work is done."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from tts.audio.m4b import BookTags, BookWriter
    from tts.audio.playback import PlayerStream
    from tts.audio.writer import AudioFormat, AudioWriter

STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Outputs:
    """The outputs as asked for; without a file and without `play`, playing is what is meant."""

    file: str | None = None
    format: str | None = None
    sample_rate: int | None = None
    play: bool = False
    timings: Path | None = None
    plot: Path | None = None
    json: bool = False
    tags: BookTags | None = None
    """What an audiobook tells of itself."""

    @property
    def is_book(self) -> bool:
        """Whether the file is an audiobook, which ffmpeg makes."""
        from tts.audio.m4b import is_book

        return self.file is not None and self.format is None and is_book(self.file)

    def rate(self, voice_rate: int) -> int:
        """The sample rate of the file.

        Raises:
            UsageError: its format is unknown, or cannot have the rate asked for.
        """
        from tts.audio.writer import output_rate

        return output_rate(self._kind(), voice_rate, self.sample_rate)

    def _kind(self) -> AudioFormat:
        from tts.audio.writer import FORMATS, format_of

        # What an audiobook is encoded from.
        return FORMATS["flac"] if self.is_book else format_of(self.file or STANDARD_OUTPUT, self.format)

    @property
    def plays(self) -> bool:
        return self.play or self.file is None

    def check(self, voice_rate: int) -> None:
        """Refuse what cannot work.

        Raises:
            UsageError: the flags contradict each other, or name what is unknown.
            TtsError: a file cannot be written, or there is no player, plotting library or ffmpeg where one is needed.
        """
        self._check_standard_output()
        self._check_files(voice_rate)
        if self.plays:
            from tts.audio.playback import find_player

            find_player()

    def sinks(self) -> list[AudioWriter | BookWriter | PlayerStream]:
        """What takes the audio, as context managers."""
        from tts.audio.m4b import BookWriter
        from tts.audio.writer import AudioWriter

        sinks: list[AudioWriter | BookWriter | PlayerStream] = []
        if self.file is not None and self.is_book:
            sinks.append(BookWriter(self.file, self.tags, self.sample_rate))
        elif self.file is not None:
            sinks.append(AudioWriter(self.file, self._kind(), self.sample_rate))
        if self.plays:
            from tts.audio.playback import PlayerStream, find_player

            sinks.append(PlayerStream(find_player()))
        return sinks

    def _check_standard_output(self) -> None:
        if self.file == STANDARD_OUTPUT and self.json:
            raise UsageError("Standard output cannot carry the audio (-o -) beside --json: write the audio to a file.")
        if self.file == STANDARD_OUTPUT and sys.stdout.isatty():
            raise UsageError("Audio is not written to a terminal: send -o - through a pipe, or name a file.")
        if self.file is None and (flag := self._flag_without_file()):
            raise UsageError(f"{flag} is about the file to write: name it with -o FILE.")

    def _flag_without_file(self) -> str | None:
        return "--format" if self.format else "--sample-rate" if self.sample_rate else None

    def _check_files(self, voice_rate: int) -> None:
        from tts.files import check_destination

        if self.file is not None:
            self.rate(voice_rate)
        if self.is_book:
            from tts.audio.m4b import find_ffmpeg

            find_ffmpeg()
        if self.timings is not None:
            from tts.synthesis.timing_files import timing_format

            timing_format(self.timings)
        if self.plot is not None:
            check_plot(self.plot)
        files = [self.file if self.file != STANDARD_OUTPUT else None, self.timings, self.plot]
        targets = [check_destination(file) for file in files if file is not None]
        if len(set(targets)) < len(targets):
            raise UsageError("Two outputs have the same file name: give each its own.")


def check_plot(path: Path) -> None:
    """Refuse a plot that cannot be drawn.

    Raises:
        UsageError: its name is not that of a PNG.
        TtsError: there is no plotting library.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"A plot is a PNG: let the name end in .png, not {path.name!r}.")
    if importlib.util.find_spec("matplotlib") is None:
        raise TtsError("Plots need matplotlib: install it with pip install 'utter-tts[plot]'.")
