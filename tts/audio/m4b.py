"""Audiobooks: one AAC file with chapter marks, encoded by ffmpeg where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tts.audio.audio import Audio
from tts.audio.writer import FORMATS, AudioWriter
from tts.errors import TtsError
from tts.files import atomic_write, folder_beside

SUFFIXES = (".m4b", ".m4a")
_BIT_RATE = "64k"
# Characters with a meaning in ffmpeg's metadata files.
_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True)
class BookTags:
    """What players show of an audiobook; `cover` is the content of a JPEG or PNG file and its suffix."""

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
    """Whether the suffix of `path` is that of an audiobook."""
    return Path(path).suffix.lower() in SUFFIXES


def find_ffmpeg() -> str:
    """The path of the ffmpeg command.

    Raises:
        TtsError: it is not installed.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise TtsError("An audiobook needs ffmpeg, which is not installed here: install it, or write .opus or .mp3.")
    return found


class BookWriter:
    """Writes pieces of audio, chapter by chapter, to one .m4b or .m4a file; a context manager.

    The audio is stored as FLAC beside the file and encoded at the end; the file appears, atomically, when the block
    ends without an exception.

    Raises:
        TtsError: the file cannot be written, there was no audio, or ffmpeg is missing or fails.
    """

    def __init__(self, destination: str | Path, tags: BookTags | None = None, sample_rate: int | None = None) -> None:
        self._destination = Path(destination)
        self._tags = tags or BookTags()
        self._requested_rate = sample_rate
        self._ffmpeg = find_ffmpeg()
        self._resources = ExitStack()
        self._chapters: list[tuple[str, int]] = []
        self._n_samples = 0
        self._rate = 0

    def __enter__(self) -> BookWriter:
        self._target = self._resources.enter_context(atomic_write(self._destination))
        self._folder = self._resources.enter_context(folder_beside(self._destination))
        self._audio = AudioWriter(self._folder / "audio.flac", FORMATS["flac"], self._requested_rate)
        return self

    def begin_chapter(self, title: str) -> None:
        """Begin a chapter of this title, to which the audio written from now on belongs."""
        self._chapters.append((title, self._n_samples))

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
            # Without the exception, atomic_write would rename the incomplete file.
            self._resources.__exit__(kind, error, traceback)

    def _encode(self) -> None:
        ends = [*(start for _, start in self._chapters), self._n_samples][1:]
        marks = (ChapterMark(title, start, end) for (title, start), end in zip(self._chapters, ends, strict=True))
        marks_with_audio = [mark for mark in marks if mark.start < mark.end]
        metadata = self._folder / "metadata.txt"
        metadata.write_bytes(metadata_text(self._tags, marks_with_audio, self._rate).encode())

        cover = None
        if self._tags.cover is not None:
            content, suffix = self._tags.cover
            cover = self._folder / f"cover{suffix}"
            cover.write_bytes(content)

        command = [self._ffmpeg, *arguments(self._folder / "audio.flac", metadata, cover), str(self._target)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            messages = done.stderr.decode(errors="replace").strip().splitlines() or ["it gave no reason"]
            raise TtsError(f"ffmpeg could not make {self._destination.name}: {messages[-1].strip().rstrip('.')}.")


def arguments(audio: Path, metadata: Path, cover: Path | None) -> list[str]:
    """The arguments of ffmpeg, except the output file."""
    inputs = [audio, metadata] if cover is None else [audio, metadata, cover]
    picture = [] if cover is None else ["-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *(word for path in inputs for word in ("-i", str(path))),
        *("-map", "0:a", *picture, "-map_metadata", "1", "-map_chapters", "1"),
        *("-c:a", "aac", "-b:a", _BIT_RATE, "-movflags", "+faststart", "-f", "ipod"),
    ]


def metadata_text(tags: BookTags, marks: Sequence[ChapterMark], sample_rate: int) -> str:
    """The tags and chapters in ffmpeg's metadata format (its documentation: Metadata); times in samples."""
    fields = {"title": tags.title, "album": tags.title, "artist": tags.author, "genre": "Audiobook"}
    lines = [";FFMETADATA1", *(f"{key}={_escaped(value)}" for key, value in fields.items() if value)]
    for mark in marks:
        lines += ["", "[CHAPTER]", f"TIMEBASE=1/{sample_rate}", f"START={mark.start}", f"END={mark.end}"]
        lines.append(f"title={_escaped(mark.title)}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found.group()}", value)
