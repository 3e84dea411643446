"""Audiobooks: one file of AAC with marks where chapters begin, made by ffmpeg where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tts.audio.atomic import folder_beside, replacing
from tts.audio.files import FORMATS, AudioWriter
from tts.audio.waveform import Audio
from tts.errors import TtsError

SUFFIXES = (".m4b", ".m4a")
_BIT_RATE = "64k"
# Signs that mean something in ffmpeg's metadata files.
_SIGNS = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True)
class BookTags:
    """What players show of an audiobook; the cover is the content of a JPEG or PNG file and its suffix."""

    title: str | None = None
    author: str | None = None
    cover: tuple[bytes, str] | None = None


@dataclass(frozen=True)
class ChapterMark:
    """A chapter from `start` to `end`, in samples."""

    title: str
    start: int
    end: int


def is_book(path: str | Path) -> bool:
    """Whether a file of this name is an audiobook."""
    return Path(path).suffix.lower() in SUFFIXES


def find_ffmpeg() -> str:
    """The command that makes audiobooks.

    Raises:
        TtsError: it is not installed.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise TtsError("An audiobook needs ffmpeg, which is not installed here: install it, or write .opus or .mp3.")
    return found


class BookWriter:
    """Writes pieces of audio, chapter for chapter, to one .m4b or .m4a; a context manager.

    What comes is kept beside the file, in FLAC, and encoded at the end; the file appears when the block ends well.

    Raises:
        TtsError: the file cannot be written, no audio came, or ffmpeg is missing or fails.
    """

    def __init__(self, destination: str | Path, tags: BookTags | None = None, sample_rate: int | None = None) -> None:
        self._destination = Path(destination)
        self._tags = tags or BookTags()
        self._wanted_rate = sample_rate
        self._ffmpeg = find_ffmpeg()
        self._resources = ExitStack()
        self._begun: list[tuple[str, int]] = []
        self._n_samples = 0
        self._rate = 0

    def __enter__(self) -> BookWriter:
        self._target = self._resources.enter_context(replacing(self._destination))
        self._folder = self._resources.enter_context(folder_beside(self._destination))
        self._audio = AudioWriter(self._folder / "audio.flac", FORMATS["flac"], self._wanted_rate)
        return self

    def begin_chapter(self, title: str) -> None:
        """What is written from now on belongs to a chapter of this name."""
        self._begun.append((title, self._n_samples))

    def write(self, audio: Audio) -> None:
        self._audio.write(audio)
        self._n_samples += len(audio.samples)
        self._rate = audio.sample_rate

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._resources:
            self._audio.__exit__(kind, error, traceback)
            if error is None:
                self._encode()
                return
            # The file beside the target must hear of it, or it would be renamed.
            self._resources.__exit__(kind, error, traceback)

    def _marks(self) -> list[ChapterMark]:
        ends = [*(start for _, start in self._begun), self._n_samples][1:]
        marks = (ChapterMark(title, start, end) for (title, start), end in zip(self._begun, ends, strict=True))
        return [mark for mark in marks if mark.start < mark.end]

    def _encode(self) -> None:
        metadata = self._folder / "metadata.txt"
        metadata.write_bytes(metadata_text(self._tags, self._marks(), self._rate).encode())
        cover = None
        if self._tags.cover is not None:
            content, suffix = self._tags.cover
            cover = self._folder / f"cover{suffix}"
            cover.write_bytes(content)
        command = [self._ffmpeg, *arguments(self._folder / "audio.flac", metadata, cover), str(self._target)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip().splitlines() or ["it did not say why"]
            raise TtsError(f"ffmpeg could not make {self._destination.name}: {told[-1].strip().rstrip('.')}.")


def arguments(audio: Path, metadata: Path, cover: Path | None) -> list[str]:
    """What ffmpeg is told, but for its own name and the file to write."""
    inputs = [audio, metadata] if cover is None else [audio, metadata, cover]
    picture = [] if cover is None else ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *(word for path in inputs for word in ("-i", str(path))),
        *("-map", "0:a", *picture, "-map_metadata", "1", "-map_chapters", "1"),
        *("-c:a", "aac", "-b:a", _BIT_RATE, "-movflags", "+faststart", "-f", "ipod"),
    ]


def metadata_text(tags: BookTags, marks: Sequence[ChapterMark], sample_rate: int) -> str:
    """The tags and chapters as ffmpeg reads them (its documentation: Metadata); times in samples."""
    told = {"title": tags.title, "album": tags.title, "artist": tags.author, "genre": "Audiobook"}
    lines = [";FFMETADATA1", *(f"{key}={_escaped(value)}" for key, value in told.items() if value)]
    for mark in marks:
        lines += ["", "[CHAPTER]", f"TIMEBASE=1/{sample_rate}", f"START={mark.start}", f"END={mark.end}"]
        lines.append(f"title={_escaped(mark.title)}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return _SIGNS.sub(lambda found: f"\\{found.group()}", value)
