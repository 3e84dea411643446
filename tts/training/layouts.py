"""The ways in which people lay out recordings and what is said in them, read as one list of clips.

    ljspeech    metadata.csv, `id|text|normalised text` or `id|text` a line; audio in wavs/, wav/, audio/ or beside
    arctic      etc/txt.done.data, `( id "text" )` a line; audio in the same folders
    corpus      metadata.jsonl, an object a line: id, text, and if known file, phonemes, durations, split

Texts are UTF-8, with or without a byte order mark, with line ends of any kind. A line that cannot be read becomes a
clip with a `fault`: nothing is passed over in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tts.errors import TtsError, UsageError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus")
SPLITS = ("train", "val", "test")
_AUDIO_FOLDERS = ("wavs", "wav", "audio", "")
# A longer one is no file name on any system, but a text.
_LONGEST_NAME = 200
_ARCTIC_LINE = re.compile(r'\(\s*(\S+)\s+"(.*)"\s*\)')
_HEADER = ("id", "file", "filename", "file_name", "audio_file", "wav")


@dataclass(frozen=True)
class Fault:
    """Why a clip cannot be used: a reason that is counted, and what is known of this case."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Clip:
    """A recording as its data set tells of it; `durations` are in any equal steps, see `tts.training.data.Item`."""

    id: str
    file: Path | None
    text: str
    phonemes: str | None = None
    durations: list[int] | None = None
    split: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class Layout:
    """A way to lay out a data set: the file that holds its texts, and how a line of it is read."""

    name: str
    texts: str
    line: str
    read: Callable[[str, AudioFiles], Clip]

    def matches(self, folder: Path) -> bool:
        """Whether the file is there and its first line can be read."""
        if not (folder / self.texts).is_file():
            return False
        first = next(_lines(folder / self.texts), (0, ""))[1]
        try:
            self.read(first, AudioFiles(folder))
        except ValueError:
            return False
        return True


class AudioFiles:
    """Finds the recording of an id, with any suffix and in any folder that layouts use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name: dict[str, Path] = {}

    def index(self) -> None:
        """List the folders once: asking for each id and suffix would take long."""
        for name in reversed(_AUDIO_FOLDERS):
            folder = self.folder / name
            found = [path for path in folder.iterdir() if _is_audio(path)] if folder.is_dir() else []
            found.sort(key=lambda path: AUDIO_SUFFIXES.index(path.suffix.lower()), reverse=True)
            self._by_name |= {path.stem: path for path in found} | {path.name: path for path in found}

    def find(self, name: str) -> Path | None:
        if name in self._by_name or len(name) > _LONGEST_NAME:
            return self._by_name.get(name)
        places = (self.folder / place / (name + suffix) for place in _AUDIO_FOLDERS for suffix in ("", *AUDIO_SUFFIXES))
        return next((path for path in places if _is_audio(path) and path.is_file()), None)


def find_layout(folder: Path, name: str = "auto") -> Layout:
    """The layout of a folder, recognised by its files unless `name` says which.

    Raises:
        UsageError: there is no such folder or layout, or it is not laid out so, or in more than one way.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    if name != "auto" and name not in LAYOUTS:
        raise UsageError(f"There is no layout {name!r}; there are: auto, {', '.join(LAYOUTS)}.")
    if name != "auto":
        if not (folder / LAYOUTS[name].texts).is_file():
            raise UsageError(f"{folder} is not laid out as {name}: it has no {LAYOUTS[name].texts}.")
        return LAYOUTS[name]
    found = [layout for layout in LAYOUTS.values() if layout.matches(folder)]
    if len(found) > 1:
        names = " and ".join(layout.name for layout in found)
        raise UsageError(f"{folder} is laid out both as {names}: say which with --layout.")
    if not found:
        looked_for = "; ".join(f"{layout.texts} with lines like {layout.line}" for layout in LAYOUTS.values())
        raise UsageError(f"{folder} is no data set in a known layout; looked for {looked_for}.")
    return found[0]


def read_clips(folder: Path, layout: Layout) -> list[Clip]:
    """All clips of a data set in its own order.

    Raises:
        TtsError: the file of texts is not UTF-8, or holds nothing.
    """
    files = AudioFiles(folder)
    files.index()
    clips: list[Clip] = []
    seen: set[str] = set()
    for number, line in _lines(folder / layout.texts):
        try:
            clip = layout.read(line, files)
        except ValueError as error:
            where = f"{layout.texts}:{number}"
            clip = Clip(where, None, line, fault=Fault("unreadable line", f"{error}; expected {layout.line}"))
        if not clips and layout.name == "ljspeech" and clip.id.lower() in _HEADER and clip.file is None:
            continue
        if clip.id in seen:
            clip = replace(clip, fault=Fault("duplicate", f"the id of line {number} is used before"))
        seen.add(clip.id)
        clips.append(clip)
    if not clips:
        raise TtsError(f"{folder / layout.texts} has no lines: there is nothing to prepare.")
    return clips


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    with path.open(encoding="utf-8-sig") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.strip()
        except UnicodeDecodeError as error:
            raise TtsError(
                f"{path} is not UTF-8 ({error.reason} near byte {error.start}): convert it first."
            ) from error


def _ljspeech(line: str, files: AudioFiles) -> Clip:
    name, *texts = (field.strip() for field in line.split("|"))
    if not name or len(texts) not in (1, 2):
        raise ValueError(f"{len(texts) + 1} fields")
    # The normalised text is what was said; ours could read a number otherwise than the speaker did.
    return Clip(_without_suffix(name), files.find(name), texts[-1] or texts[0])


def _arctic(line: str, files: AudioFiles) -> Clip:
    if (found := _ARCTIC_LINE.fullmatch(line)) is None:
        raise ValueError("no id and text in brackets")
    return Clip(found[1], files.find(found[1]), found[2].replace('\\"', '"').strip())


def _corpus(line: str, files: AudioFiles) -> Clip:
    row = json.loads(line)
    # Half a surrogate pair can be written in JSON, but not in UTF-8: that is an error of values, too.
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
    if problem := _problem_of(durations, phonemes):
        return replace(clip, fault=Fault("wrong durations", problem))
    return replace(clip, durations=durations)


def _problem_of(durations: Any, phonemes: str | None) -> str:
    if phonemes is None:
        return "there are durations and no phonemes that they belong to"
    if not isinstance(durations, list) or not all(type(value) is int and 0 <= value < 2**31 for value in durations):
        return "they are not whole numbers from 0 up"
    if len(durations) != len(phonemes) + 2:
        return f"there are {len(durations)} for {len(phonemes)} symbols and the silence at both ends"
    return "" if sum(durations) else "all are 0"


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES


def _without_suffix(name: str) -> str:
    return name[: -len(Path(name).suffix)] if _is_audio(Path(name)) else name


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("ljspeech", "metadata.csv", "id|text or id|text|normalised text", _ljspeech),
        Layout("arctic", "etc/txt.done.data", '( id "text" )', _arctic),
        Layout("corpus", "metadata.jsonl", '{"id": …, "text": …}', _corpus),
    )
}
