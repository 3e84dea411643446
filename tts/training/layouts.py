"""Data set layouts: read the clips of a data set, whichever layout it has, as one list.

    ljspeech    metadata.csv with lines `id|text|normalised text` or `id|text`; audio in wavs/, wav/, audio/ or beside
                metadata.csv
    arctic      etc/txt.done.data with lines `( id "text" )`; audio in the same folders
    corpus      metadata.jsonl with one object per line: id, text, and optionally file, phonemes, durations, split

Texts are UTF-8, with or without a byte order mark, with any line ending. A line that cannot be read becomes a clip with
a `fault`, so that it is counted and reported like every other clip that cannot be used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tts.errors import TtsError, UsageError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus")
SPLITS = ("train", "val", "test")
_AUDIO_FOLDERS = ("wavs", "wav", "audio", "")
# No file system allows longer names: such a string is a text.
_LONGEST_NAME = 200
_ARCTIC_LINE = re.compile(r'\(\s*(\S+)\s+"(.*)"\s*\)')
# As many lines are read to recognise a layout.
_LINES_AHEAD = 50
_HEADER = ("id", "file", "filename", "file_name", "audio_file", "wav")


@dataclass(frozen=True)
class Fault:
    """Why a clip cannot be used: one of `tts.training.features.REASONS`, and the details of this clip."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Clip:
    """A recording as its data set describes it.

    `durations` has one entry for the silence before, one per phoneme symbol and one for the silence after, in any unit.
    """

    id: str
    file: Path | None
    text: str
    phonemes: str | None = None
    durations: list[int] | None = None
    split: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class Layout:
    """A data set layout: the file with the texts, the form of its lines (for messages), and the reader of one line."""

    name: str
    texts: str
    line: str
    read: Callable[[str, AudioFiles], Clip]

    def matches(self, folder: Path) -> bool:
        """Return whether the file exists and its first lines are this layout's; single lines may have mistakes.

        Half of them must be readable, or one that names a recording that exists.
        """
        if not (folder / self.texts).is_file():
            return False
        files = AudioFiles(folder)
        n_lines = n_readable = 0
        for _, line in islice(_lines(folder / self.texts), _LINES_AHEAD):
            n_lines += 1
            with suppress(ValueError):
                clip = self.read(line, files)
                n_readable += 1
                if clip.file is not None and clip.file.is_file():
                    return True
        return n_lines > 0 and 2 * n_readable >= n_lines


class AudioFiles:
    """Finds the recording of an id, with any audio suffix, in any of the folders that layouts use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name: dict[str, Path] = {}

    def index(self) -> None:
        """List the folders once: one system call per id and suffix would be slow."""
        for name in reversed(_AUDIO_FOLDERS):
            folder = self.folder / name
            found = [path for path in folder.iterdir() if _is_audio(path)] if folder.is_dir() else []
            found.sort(key=lambda path: AUDIO_SUFFIXES.index(path.suffix.lower()), reverse=True)
            self._by_name |= {path.stem: path for path in found} | {path.name: path for path in found}

    def find(self, name: str) -> Path | None:
        if name in self._by_name or len(name) > _LONGEST_NAME:
            return self._by_name.get(name)
        paths = (self.folder / sub / (name + suffix) for sub in _AUDIO_FOLDERS for suffix in ("", *AUDIO_SUFFIXES))
        return next((path for path in paths if _is_audio(path) and path.is_file()), None)


def find_layout(folder: Path, name: str = "auto") -> Layout:
    """Return the layout of a data set folder: the one called `name`, or with "auto" the one that its files match.

    Raises:
        UsageError: the folder or the layout does not exist, or the folder matches no layout or more than one.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    if name != "auto" and name not in LAYOUTS:
        raise UsageError(f"There is no layout {name!r}; there are: auto, {', '.join(LAYOUTS)}.")
    if name != "auto":
        if not (folder / LAYOUTS[name].texts).is_file():
            raise UsageError(f"{folder} does not have the layout {name}: it has no {LAYOUTS[name].texts}.")
        return LAYOUTS[name]
    found = [layout for layout in LAYOUTS.values() if layout.matches(folder)]
    if len(found) > 1:
        names = " and ".join(layout.name for layout in found)
        raise UsageError(f"{folder} matches the layouts {names}: choose one with --layout.")
    if not found:
        known = "; ".join(f"{layout.texts} with lines like {layout.line}" for layout in LAYOUTS.values())
        raise UsageError(f"{folder} matches no known data set layout. Known layouts: {known}.")
    return found[0]


def read_clips(folder: Path, layout: Layout) -> list[Clip]:
    """Return all clips of a data set, in the order of its file of texts.

    Raises:
        TtsError: the file of texts is not UTF-8 or has no lines.
    """
    files = AudioFiles(folder)
    files.index()
    clips: list[Clip] = []
    seen: set[str] = set()
    has_clips = False
    for number, line in _lines(folder / layout.texts):
        try:
            clip = layout.read(line, files)
        except ValueError as error:
            where = f"{layout.texts}:{number}"
            clip = Clip(where, None, line, fault=Fault("unreadable line", f"{error}; expected {layout.line}"))
        if not has_clips and layout.name == "ljspeech" and clip.id.lower() in _HEADER and clip.file is None:
            continue
        if clip.id in seen:
            clip = replace(clip, fault=Fault("duplicate", f"the id of line {number} is used before"))
        seen.add(clip.id)
        clips.append(clip)
        has_clips = has_clips or clip.fault is None
    if not clips:
        raise TtsError(f"{folder / layout.texts} has no lines: the data set is empty.")
    return clips


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of every line that is not empty."""
    with path.open(encoding="utf-8-sig") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.strip()
        except UnicodeDecodeError as error:
            raise TtsError(
                f"{path} is not UTF-8 ({error.reason} near byte {error.start}): convert it to UTF-8 first."
            ) from error


def _ljspeech(line: str, files: AudioFiles) -> Clip:
    name, *texts = (field.strip() for field in line.split("|"))
    if not name or len(texts) not in (1, 2):
        raise ValueError(f"{len(texts) + 1} fields")
    # The normalised text is what the speaker said; our own normalization might read a number differently.
    clip_id = name[: -len(Path(name).suffix)] if _is_audio(Path(name)) else name
    return Clip(clip_id, files.find(name), texts[-1] or texts[0])


def _arctic(line: str, files: AudioFiles) -> Clip:
    if (found := _ARCTIC_LINE.fullmatch(line)) is None:
        raise ValueError("no id and text in brackets")
    return Clip(found[1], files.find(found[1]), found[2].replace('\\"', '"').strip())


def _corpus(line: str, files: AudioFiles) -> Clip:
    row = json.loads(line)
    # JSON can contain half a surrogate pair, UTF-8 cannot: UnicodeEncodeError is a ValueError as well.
    json.dumps(row, ensure_ascii=False).encode("utf-8")
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not isinstance(row.get("text"), str):
        raise ValueError("no object with id and text")
    phonemes, durations, split = row.get("phonemes"), row.get("durations"), row.get("split")
    if phonemes is not None and not isinstance(phonemes, str):
        raise ValueError("phonemes are no string")
    if split is not None and split not in SPLITS:
        raise ValueError(f"the split {split!r} is none of {', '.join(SPLITS)}")
    file = files.folder / str(row["file"]) if row.get("file") else files.find(row["id"])
    clip = Clip(row["id"], file, row["text"], phonemes, split=split)
    if durations is None:
        return clip

    if phonemes is None:
        problem = "there are durations and no phonemes that they belong to"
    elif not isinstance(durations, list) or not all(type(value) is int and 0 <= value < 2**31 for value in durations):
        problem = "they are not whole numbers from 0 up"
    elif len(durations) != len(phonemes) + 2:
        problem = f"there are {len(durations)} for {len(phonemes)} symbols and the silence at both ends"
    elif not sum(durations):
        problem = "all are 0"
    else:
        return replace(clip, durations=durations)
    return replace(clip, fault=Fault("wrong durations", problem))


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("ljspeech", "metadata.csv", "id|text or id|text|normalised text", _ljspeech),
        Layout("arctic", "etc/txt.done.data", '( id "text" )', _arctic),
        Layout("corpus", "metadata.jsonl", '{"id": …, "text": …}', _corpus),
    )
}
