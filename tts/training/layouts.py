"""Data set layouts: read the clips of a data set, whichever layout it has, as one list.

    ljspeech    metadata.csv with lines `id|text|normalised text` or `id|text`; audio in wavs/, wav/, audio/ or beside
                metadata.csv
    speakers    metadata.csv with lines `id|speaker|text`, or with a header that names the columns; audio in the same
                folders, or in folders of the speakers' names in them
    arctic      etc/txt.done.data with lines `( id "text" )`; audio in the same folders
    corpus      metadata.jsonl with one object per line: id, text, and optionally file, speaker, phonemes, durations,
                split
    libritts    SUBSET/SPEAKER/CHAPTER/ID.wav with ID.normalized.txt beside it; speakers.tsv gives their sex
    vctk        wav48_silence_trimmed/SPEAKER/ID_mic1.flac or wav48/SPEAKER/ID.wav, with txt/SPEAKER/ID.txt;
                speaker-info.txt gives their sex

Texts are UTF-8, with or without a byte order mark, with any line ending. A line that cannot be read becomes a clip with
a `fault`, so that it is counted and reported like every other clip that cannot be used. If one clip of a data set has a
speaker, a clip without one has a fault.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.voice.manifest import Speaker

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus")
SPLITS = ("train", "val", "test")
_AUDIO_FOLDERS = ("wavs", "wav", "audio", "")
# No file system allows longer names: such a string is a text.
_LONGEST_NAME = 200
_ARCTIC_LINE = re.compile(r'\(\s*(\S+)\s+"(.*)"\s*\)')
# As many lines are read to recognise a layout.
_LINES_AHEAD = 50
_METADATA = "metadata.csv"
# What a header calls the columns of metadata.csv, and JSON lines the speaker; of several, the first of these is read.
_IDS = ("file", "filename", "file_name", "audio_file", "wav", "id")
_SPEAKERS = ("speaker", "speaker_name", "speaker_id")
_TEXTS = ("normalised_text", "normalized_text", "text", "sentence", "transcript", "transcription")
_SEXES = {"F": "female", "M": "male"}


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
    speaker: Speaker | None = None


class AudioFiles:
    """Finds the recording of an id, with any audio suffix, in any of the folders that layouts use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name: dict[str, Path] = {}

    def index(self) -> None:
        """List the folders once: one system call per id and suffix would be slow."""
        for name in reversed(_AUDIO_FOLDERS):
            self._by_name |= _recordings(self.folder / name)

    def find(self, name: str) -> Path | None:
        if name in self._by_name or len(name) > _LONGEST_NAME:
            return self._by_name.get(name)
        paths = (self.folder / sub / (name + suffix) for sub in _AUDIO_FOLDERS for suffix in ("", *AUDIO_SUFFIXES))
        return next((path for path in paths if _is_audio(path) and path.is_file()), None)


class Layout(ABC):
    """How a data set of this layout is recognised and read."""

    name: str
    texts: str
    """The file, or the folder of the files, with the texts."""
    form: str
    """What is in it, for messages."""

    def is_in(self, folder: Path) -> bool:
        """Return whether the folder has what this layout reads, whatever its content."""
        return (folder / self.texts).exists()

    @abstractmethod
    def matches(self, folder: Path) -> bool:
        """Return whether the data set has this layout."""

    @abstractmethod
    def clips(self, folder: Path) -> Iterator[tuple[str, Clip]]:
        """Yield each clip and where it is described, for messages."""


class LineLayout(Layout):
    """All texts in one file, with one clip per line: the form of a line, and the reader of one."""

    def __init__(self, name: str, texts: str, line: str, read: Callable[[str, AudioFiles], Clip]) -> None:
        self.name, self.texts, self.form = name, texts, f"with lines like {line}"
        self._line, self._read = line, read

    def matches(self, folder: Path) -> bool:
        """Return whether the file exists and its first lines are this layout's; single lines may have mistakes.

        Half of them must be readable, or one that names a recording that exists.
        """
        if not (folder / self.texts).is_file():
            return False
        files, read = AudioFiles(folder), self._reader(folder)
        n_lines = n_readable = 0
        for _, line in islice(_lines(folder / self.texts), _LINES_AHEAD):
            n_lines += 1
            with suppress(ValueError):
                clip = read(line, files)
                n_readable += 1
                if clip.file is not None and clip.file.is_file():
                    return True
        return n_lines > 0 and 2 * n_readable >= n_lines

    def clips(self, folder: Path) -> Iterator[tuple[str, Clip]]:
        files, read = AudioFiles(folder), self._reader(folder)
        files.index()
        has_clips = False
        for number, line in _lines(folder / self.texts):
            try:
                clip = read(line, files)
            except ValueError as error:
                where = f"{self.texts}:{number}"
                clip = Clip(where, None, line, fault=Fault("unreadable line", f"{error}; expected {self._line}"))
            is_header = self.texts == _METADATA and clip.id.lower() in _IDS and clip.file is None
            if has_clips or not is_header:
                yield f"line {number}", clip
                has_clips = has_clips or clip.fault is None

    def _reader(self, folder: Path) -> Callable[[str, AudioFiles], Clip]:
        """Return the reader of a line, which raises ValueError for a line that it cannot read."""
        return self._read


class LJSpeechLayout(LineLayout):
    def matches(self, folder: Path) -> bool:
        return super().matches(folder) and Columns.of(folder) is None


class SpeakersLayout(LineLayout):
    def matches(self, folder: Path) -> bool:
        return super().matches(folder) and Columns.of(folder) is not None

    def _reader(self, folder: Path) -> Callable[[str, AudioFiles], Clip]:
        return (Columns.of(folder) or Columns(0, 1, (2,), 3)).read


@dataclass(frozen=True)
class Columns:
    """The columns of a metadata.csv with speakers: their indices, of texts the preferred first, and their number."""

    id: int
    speaker: int
    texts: tuple[int, ...]
    count: int

    @classmethod
    def of(cls, folder: Path) -> Columns | None:
        """Return the columns that a header names, or else those of which one looks like speakers; None: there is none.

        Speakers are the shortest strings of a line, and each of them has two different texts on average. A text and its
        normalised form would come in pairs.
        """
        rows: list[list[str]] = []
        with suppress(TtsError):  # Whoever reads the clips reports a file that is not UTF-8.
            rows = [_fields(line) for _, line in _lines(folder / _METADATA)]
        for row in rows[:_LINES_AHEAD]:
            names = [re.sub(r"[\s-]+", "_", name.lower()) for name in row]
            ids, speakers, texts = (
                [names.index(name) for name in known if name in names] for known in (_IDS, _SPEAKERS, _TEXTS)
            )
            if ids and speakers and texts:
                return cls(ids[0], speakers[0], tuple(texts), len(row))

        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        if width not in (3, 4):
            return None
        rows = [row for row in rows if len(row) == width]
        filled = [i for i in range(1, width) if 2 * sum(bool(row[i]) for row in rows) >= len(rows)]
        if len(filled) < 2:
            return None
        speaker = min(filled, key=lambda i: sum(len(row[i]) for row in rows))
        n_speakers = len({row[speaker] for row in rows if row[speaker]})
        n_texts = len({tuple(row[1:]) for row in rows if row[speaker]})
        if 2 * n_speakers > n_texts:
            return None
        # The last of the other columns is the text, or its normalised form.
        return cls(0, speaker, tuple(i for i in range(width - 1, 0, -1) if i != speaker), width)

    def read(self, line: str, files: AudioFiles) -> Clip:
        row = _fields(line)
        if len(row) != self.count or not row[self.id]:
            raise ValueError(f"{len(row)} fields")
        text = next((row[i] for i in self.texts if row[i]), "")
        return _spoken_by(_ljspeech(f"{row[self.id]}|{text}", files), row[self.speaker], row[self.id], files)


class LibriTTSLayout(Layout):
    name, texts = "libritts", "SUBSET/SPEAKER/CHAPTER/*.normalized.txt"
    form = "with ID.wav beside each"

    _SUFFIX = ".normalized.txt"
    # The folder above the data set, itself, one of its subsets, or the folder of one speaker.
    _DEPTHS = ("*/*/*/*", "*/*/*", "*/*", "*")

    def is_in(self, folder: Path) -> bool:
        return any(next(folder.glob(f"{depth}/[!.]*{self._SUFFIX}"), None) is not None for depth in self._DEPTHS)

    def matches(self, folder: Path) -> bool:
        return self.is_in(folder)

    def clips(self, folder: Path) -> Iterator[tuple[str, Clip]]:
        sexes: dict[Path, dict[str, str]] = {}
        found = {path.parent for depth in self._DEPTHS for path in folder.glob(f"{depth}/[!.]*{self._SUFFIX}")}
        for chapter in sorted(found, key=lambda path: [_in_order(part) for part in path.parts]):
            name = chapter.resolve().parent.name
            # The table is beside the subsets, or in the only one.
            above = list(chapter.resolve().parents)[1:3]
            for each in above:
                if each not in sexes:
                    sexes[each] = _sexes(each, "speakers.tsv")
            speaker = Speaker(name, sex=next((sexes[each][name] for each in above if name in sexes[each]), ""))
            texts = {path.name.removesuffix(self._SUFFIX): path for path in chapter.glob(f"[!.]*{self._SUFFIX}")}
            yield from _clips_of(speaker, texts, _recordings(chapter))


class VCTKLayout(Layout):
    name, texts = "vctk", "txt"
    form = "with SPEAKER/ID.txt, and recordings in wav48_silence_trimmed or wav48"

    _AUDIO = ("wav48_silence_trimmed", "wav48")
    # Two microphones recorded each text.
    _MICROPHONES = ("_mic1", "_mic2")

    def matches(self, folder: Path) -> bool:
        return any((folder / name).is_dir() for name in self._AUDIO) and any(folder.glob(f"{self.texts}/*/*.txt"))

    def clips(self, folder: Path) -> Iterator[tuple[str, Clip]]:
        audio = next((folder / name for name in self._AUDIO if (folder / name).is_dir()), folder)
        sexes = _sexes(folder, "speaker-info.txt")
        found = {path.name for parent in (folder / self.texts, audio) for path in parent.glob("[!.]*") if path.is_dir()}
        for name in sorted(found, key=_in_order):
            texts = {path.stem: path for path in (folder / self.texts / name).glob("[!.]*.txt")}
            recordings = _recordings(audio / name)
            for suffix in reversed(self._MICROPHONES):
                recordings |= {
                    stem.removesuffix(suffix): path for stem, path in recordings.items() if stem.endswith(suffix)
                }
            recordings = {stem: path for stem, path in recordings.items() if not stem.endswith(self._MICROPHONES)}
            # The first edition's list leaves out the p of p225.
            sex = sexes.get(name) or sexes.get(name.removeprefix("p"), "")
            yield from _clips_of(Speaker(name, sex=sex), texts, recordings)


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
        if not LAYOUTS[name].is_in(folder):
            raise UsageError(f"{folder} does not have the layout {name}: it has no {LAYOUTS[name].texts}.")
        return LAYOUTS[name]
    found = [layout for layout in LAYOUTS.values() if layout.matches(folder)]
    if len(found) > 1:
        names = " and ".join(layout.name for layout in found)
        raise UsageError(f"{folder} matches the layouts {names}: choose one with --layout.")
    if not found:
        known = "; ".join(f"{layout.texts} {layout.form}" for layout in LAYOUTS.values())
        raise UsageError(f"{folder} matches no known data set layout. Known layouts: {known}.")
    return found[0]


def read_clips(folder: Path, layout: Layout) -> list[Clip]:
    """Return all clips of a data set, in the order of its file of texts, or of its speakers and ids.

    Raises:
        TtsError: a file of all texts is not UTF-8, or there are no clips.
    """
    clips: list[Clip] = []
    seen: set[str] = set()
    for where, clip in layout.clips(folder):
        if clip.id in seen:
            clip = replace(clip, fault=Fault("duplicate", f"the id of {where} is used before"))
        seen.add(clip.id)
        clips.append(clip)
    if not clips:
        raise TtsError(f"{folder / layout.texts} has no lines: the data set is empty.")
    if any(clip.speaker is not None for clip in clips):
        missing = Fault("no speaker", "it has no speaker, and other clips have one")
        clips = [clip if clip.speaker or clip.fault else replace(clip, fault=missing) for clip in clips]
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


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.split("|")]


def _ljspeech(line: str, files: AudioFiles) -> Clip:
    name, *texts = _fields(line)
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
    speaker = next((row[name] for name in _SPEAKERS if row.get(name) is not None), None)
    if isinstance(speaker, bool) or not isinstance(speaker, str | int | None):
        raise ValueError("the speaker is no string")
    file = files.folder / str(row["file"]) if row.get("file") else files.find(row["id"])
    clip = Clip(row["id"], file, row["text"], phonemes, split=split)
    clip = _spoken_by(clip, "" if speaker is None else str(speaker).strip(), row["id"], files)
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


def _spoken_by(clip: Clip, speaker: str, name: str, files: AudioFiles) -> Clip:
    """Return the clip with its speaker; a recording called `name` may be in a folder of the speaker's name.

    The id then has that name in front: the names of files may be the same in all of these folders.
    """
    if not speaker:
        return clip
    clip = replace(clip, speaker=Speaker(speaker))
    if clip.file is None and (file := files.find(f"{speaker}/{name}")) is not None:
        clip = replace(clip, id=f"{speaker}/{clip.id}", file=file)
    return clip


def _clips_of(speaker: Speaker, texts: dict[str, Path], recordings: dict[str, Path]) -> Iterator[tuple[str, Clip]]:
    """Yield a clip for each id that has a file of text or a recording."""
    stems = {stem for stem, path in recordings.items() if stem != path.name}
    for clip_id in sorted({*texts, *stems}, key=_in_order):
        clip = Clip(clip_id, recordings.get(clip_id), "", speaker=speaker)
        path = texts.get(clip_id)
        if path is None:
            clip = replace(clip, fault=Fault("no text", "there is no file with its text"))
        else:
            try:
                clip = replace(clip, text=" ".join(path.read_text(encoding="utf-8-sig").split()))
            except (OSError, UnicodeDecodeError) as error:
                clip = replace(clip, fault=Fault("unreadable text", f"{path.name}: {error}"))
        yield str(path or clip.file), clip


def _recordings(folder: Path) -> dict[str, Path]:
    """Return the audio files of a folder by stem and by name; of several with one stem, the least compressed."""
    found = [path for path in folder.iterdir() if _is_audio(path)] if folder.is_dir() else []
    found.sort(key=lambda path: AUDIO_SUFFIXES.index(path.suffix.lower()), reverse=True)
    return {path.stem: path for path in found} | {path.name: path for path in found}


def _sexes(folder: Path, name: str) -> dict[str, str]:
    """Return the sex of each speaker from a table whose lines have the speaker first, and F or M in a later field."""
    try:
        lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    rows = [re.split(r"[\s|]+", line.strip()) for line in lines]
    return {row[0]: sex for row in rows if (sex := next((_SEXES[each] for each in row[1:] if each in _SEXES), ""))}


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts names with numbers in them by the numbers: p9 before p10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _is_audio(path: Path) -> bool:
    # macOS puts ._NAME beside files on foreign disks.
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith("._")


LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        LJSpeechLayout("ljspeech", _METADATA, "id|text or id|text|normalised text", _ljspeech),
        SpeakersLayout("speakers", _METADATA, "id|speaker|text", _ljspeech),
        LineLayout("arctic", "etc/txt.done.data", '( id "text" )', _arctic),
        LineLayout("corpus", "metadata.jsonl", '{"id": …, "text": …}', _corpus),
        LibriTTSLayout(),
        VCTKLayout(),
    )
}
