"""Prepared data: read what `tts train prepare` wrote, by memory map, and sample training batches from it.

dataset.json    name, language, licence, provenance, frontend, symbols, mel, durations (given, learned or null), sizes,
                speakers (name and sex; missing if the data set names none)
items.jsonl     one clip per line: id, split, text, phonemes, durations (frames, or null), first_frame, n_frames, and
                the name of the speaker if the data set names speakers
waves.npy       int16 [frames * hop_length]: all clips concatenated, as in the next three
mels.npy        float16 [frames, n_mels]
f0.npy          float32 [frames] in Hz, 0 where unvoiced
energy.npy      float32 [frames], see `frame_energy`
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.audio.audio import INT16_SCALE
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fill_unvoiced
from tts.errors import TtsError, UsageError
from tts.text.symbols import SymbolTable
from tts.voice.manifest import Speaker

FORMAT = 1
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Dataset:
    """The content of dataset.json; `durations` is "given", "learned", or None if they are unknown."""

    name: str
    language: str
    licence: str
    provenance: str
    frontend: str
    symbols: tuple[str, ...]
    mel: MelSettings
    durations: str | None
    n_items: int
    n_frames: int
    seconds: float
    speakers: tuple[Speaker, ...] = ()
    """The index of a speaker here is that in the network and in the voice."""

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **_known(self)}, ensure_ascii=False, indent=2) + "\n"


def load_dataset(folder: Path) -> Dataset:
    """Read dataset.json of a prepared folder.

    Raises:
        TtsError: it is missing, damaged, or of another version.
    """
    path = folder / "dataset.json"
    if not path.is_file():
        raise TtsError(
            f"{folder} is not a prepared data set (it has no dataset.json): make one with tts train prepare."
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if (version := content.pop("format", None)) != FORMAT:
            raise TtsError(f"{folder} was prepared in format {version}, not {FORMAT}: run tts train prepare again.")
        mel, symbols = MelSettings(**content.pop("mel")), tuple(content.pop("symbols"))
        SymbolTable(symbols)
        speakers = tuple(Speaker(**each) for each in content.pop("speakers", ()))
        return Dataset(**content, mel=mel, symbols=symbols, speakers=speakers)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TtsError(f"{path} cannot be read ({error}): run tts train prepare again.") from error


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def json_lines(rows: Iterable[Any]) -> str:
    """Return dataclasses as JSON lines."""
    return "".join(json.dumps(_known(row), ensure_ascii=False) + "\n" for row in rows)


def _known(row: Any) -> dict[str, Any]:
    """Return the fields of a dataclass, without those of speakers where there are none."""
    return {key: value for key, value in asdict(row).items() if value or key not in ("speaker", "speakers")}


@dataclass(frozen=True)
class Item:
    """One clip: the position of its frames in the concatenated arrays, and what is spoken in it.

    `durations` are frames: the silence before, one per phoneme symbol, the silence after; None if they are unknown.
    """

    id: str
    split: str
    text: str
    phonemes: str
    durations: list[int] | None
    first_frame: int
    n_frames: int
    speaker: str = ""
    """A name of `Dataset.speakers`, if there are any."""

    @property
    def frames(self) -> slice:
        return slice(self.first_frame, self.first_frame + self.n_frames)

    @property
    def known_durations(self) -> list[int]:
        """The durations, for code that requires them.

        Raises:
            TtsError: they are unknown.
        """
        if self.durations is None:
            raise TtsError(f"The clip {self.id} has no durations: learn them with tts train align.")
        return self.durations


def frame_energy(mels: npt.NDArray[Any]) -> FloatArray:
    """mels [frames, n_mels] → the log of the L2 norm of each frame's magnitudes, float32 [frames]."""
    # In a fixed memory order: sums over rows and over columns differ in the last bit.
    doubled = 2 * mels.astype(np.float32, order="C")
    highest = doubled.max(1)
    energy: FloatArray = 0.5 * (highest + np.log(np.exp(doubled - highest[:, None]).sum(1)))
    return energy


@dataclass
class Segments:
    """wave [B, T * hop_length], mel [B, n_mels, T], f0 [B, T] in Hz with unvoiced filled, voiced [B, T]."""

    wave: Tensor
    mel: Tensor
    f0: Tensor
    voiced: Tensor
    item_ids: list[str]


class PreparedCorpus:
    """A prepared folder; `mels_file` may name the mels of an acoustic model instead of those of the recordings.

    Raises:
        TtsError: the folder is not a prepared folder, or its files do not belong together.
    """

    def __init__(self, folder: Path, mels_file: str = "mels.npy") -> None:
        self.folder = folder
        self.dataset = load_dataset(folder)
        self.mel, self.symbols = self.dataset.mel, SymbolTable(self.dataset.symbols)
        self.items = [Item(**row) for row in read_rows(folder / "items.jsonl")]
        self._speakers = {speaker.name: i for i, speaker in enumerate(self.dataset.speakers)}
        if unknown := {item.speaker for item in self.items}.difference(self._speakers or [""]):
            raise TtsError(
                f"{folder / 'items.jsonl'} has clips of the speaker {min(unknown)!r}, whom dataset.json does not list: "
                "run tts train prepare again."
            )
        self.waves = np.load(folder / "waves.npy", mmap_mode="r")
        self.mels = np.load(folder / mels_file, mmap_mode="r")
        self.f0 = np.load(folder / "f0.npy")
        if (folder / "energy.npy").is_file():
            self.energy = np.load(folder / "energy.npy")
        else:
            # Clip by clip: all mels in float32 may not fit into memory.
            self.energy = np.concatenate([frame_energy(self.mels[item.frames]) for item in self.items])
        self._check_sizes(mels_file)
        self.filled_f0 = np.concatenate([fill_unvoiced(self.f0[item.frames]) for item in self.items])

    def _check_sizes(self, mels_file: str) -> None:
        n = self.dataset.n_frames
        expected = {"waves.npy": n * self.mel.hop_length, mels_file: n, "f0.npy": n, "energy.npy": n}
        arrays = (self.waves, self.mels, self.f0, self.energy)
        for (name, length), array in zip(expected.items(), arrays, strict=True):
            if len(array) != length:
                raise TtsError(f"{self.folder / name} does not fit its dataset.json: run tts train prepare again.")

    def with_mels(self, names: str | Sequence[str]) -> list[PreparedCorpus]:
        """Return the corpus once per file of mels in its folder; everything except the mels is shared.

        Raises:
            UsageError: a file does not exist.
            TtsError: a file holds the mels of other clips.
        """
        corpora = []
        for name in (names,) if isinstance(names, str) else names:
            if not (self.folder / name).is_file():
                raise UsageError(f"{self.folder} has no {name}: make it with tts train mels, or change settings.mels.")
            corpus = copy.copy(self)
            corpus.mels = np.load(self.folder / name, mmap_mode="r")
            corpus._check_sizes(name)
            corpora.append(corpus)
        return corpora

    @property
    def hop_length(self) -> int:
        return self.mel.hop_length

    @property
    def n_speakers(self) -> int:
        """How many speakers a network must tell apart: one if the data set names none."""
        return max(1, len(self._speakers))

    def speaker_of(self, item: Item) -> int:
        """Return the index of the speaker of a clip; 0 if the data set names none."""
        return self._speakers.get(item.speaker, 0)

    def split(self, name: str) -> list[Item]:
        return [item for item in self.items if item.split == name]

    def wave(self, frames: slice) -> Tensor:
        """Return the samples of a range of frames, float32 in -1 to 1."""
        samples = self.waves[frames.start * self.hop_length : frames.stop * self.hop_length]
        return torch.from_numpy(samples.astype(np.float32) / INT16_SCALE)

    def mean_mel(self) -> Tensor:
        """Return the mean of about one frame in a hundred, [n_mels]."""
        return torch.from_numpy(self.mels[::97].astype(np.float32).mean(0))

    def mel_of(self, frames: slice) -> Tensor:
        """Return the mel of a range of frames, [n_mels, frames]."""
        return torch.from_numpy(self.mels[frames].astype(np.float32).T.copy())

    def segments(self, items: list[Item], batch_size: int, n_frames: int, random: np.random.Generator) -> Segments:
        """Sample segments of `n_frames` frames, uniformly over all possible positions in `items`."""
        lengths = np.array([item.n_frames - n_frames for item in items], dtype=np.float64).clip(min=0)
        chosen = random.choice(len(items), size=batch_size, p=lengths / lengths.sum())
        ranges = []
        for index in chosen:
            start = items[index].first_frame + int(random.integers(items[index].n_frames - n_frames))
            ranges.append(slice(start, start + n_frames))
        return Segments(
            wave=torch.stack([self.wave(r) for r in ranges]),
            mel=torch.stack([self.mel_of(r) for r in ranges]),
            f0=torch.from_numpy(np.stack([self.filled_f0[r] for r in ranges])),
            voiced=torch.from_numpy(np.stack([self.f0[r] > 0 for r in ranges])),
            item_ids=[items[index].id for index in chosen],
        )


def training_clips(items: Iterable[Item], condition: str) -> list[Item]:
    """Return the items as a list, shortest first; `condition` describes them in the error message.

    Raises:
        TtsError: there is none.
    """
    chosen = sorted(items, key=lambda item: item.n_frames)
    if not chosen:
        raise TtsError(f"The data set has no training clips {condition}: change the recipe's settings or add clips.")
    return chosen


def spread_over_speakers(items: Sequence[Item], count: int) -> list[Item]:
    """Return at most `count` items, in their order and evenly of all speakers: of a single speaker, the first ones."""
    n_before: Counter[str] = Counter()
    ranks = []
    for item in items:
        ranks.append(n_before[item.speaker])
        n_before[item.speaker] += 1
    chosen = sorted(range(len(items)), key=ranks.__getitem__)[:count]
    return [items[i] for i in sorted(chosen)]


def clips_of_similar_length(items: Sequence[Item], size: int, random: np.random.Generator) -> list[Item]:
    """Sample a batch from `items`, sorted by length: half of the clips in a random window of twice the batch size."""
    start = max(0, int(random.integers(-size // 2, max(1, len(items) - size))))
    window = items[start : start + 2 * size]
    chosen = random.choice(len(window), size=min(size, len(window)), replace=False)
    return [window[i] for i in chosen]


class SegmentSampler:
    """Samples batches of segments of `n_frames` from the training clips, each from one of the files of mels.

    Raises:
        UsageError: a file of mels does not exist.
        TtsError: no clip is long enough.
    """

    def __init__(self, corpus: PreparedCorpus, mels: str | tuple[str, ...], batch_size: int, n_frames: int) -> None:
        self.corpora = corpus.with_mels(mels)
        self.batch_size, self.n_frames = batch_size, n_frames
        long = (item for item in corpus.split("train") if item.n_frames > n_frames)
        self.items = training_clips(long, f"of more than {n_frames} frames")

    def sample(self, random: np.random.Generator) -> Segments:
        corpus = self.corpora[int(random.integers(len(self.corpora)))]
        return corpus.segments(self.items, self.batch_size, self.n_frames, random)
