"""The prepared folder: what `tts.training.prepare` writes, read by memory map, as training batches.

dataset.json    name, language, licence, provenance, frontend, symbols, mel, durations (given, learned or null), sizes
items.jsonl     a clip a line: id, split, text, phonemes, durations (frames, or null), first_frame, n_frames
waves.npy       int16 [frames * hop_length]: all clips end to end, as in the next three
mels.npy        float16 [frames, n_mels]
f0.npy          float32 [frames] in Hz, 0 where unvoiced
energy.npy      float32 [frames], see `frame_energy`
"""

from __future__ import annotations

import copy
import json
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
from tts.errors import TtsError
from tts.text.symbols import SymbolTable

FORMAT = 1
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Dataset:
    """What a prepared folder says of itself in dataset.json; `durations` is given, learned, or None for unknown."""

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

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=2) + "\n"


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
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if (version := told.pop("format", None)) != FORMAT:
            raise TtsError(f"{folder} was prepared in format {version}, not {FORMAT}: run tts train prepare again.")
        mel, symbols = MelSettings(**told.pop("mel")), tuple(told.pop("symbols"))
        SymbolTable(symbols)
        return Dataset(**told, mel=mel, symbols=symbols)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TtsError(f"{path} cannot be read ({error}): run tts train prepare again.") from error


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass(frozen=True)
class Item:
    """One clip: where its frames lie in the packed arrays, and what is said in them.

    `durations` are frames: the silence before, one a phoneme symbol, the silence after; None where nobody knows them.
    """

    id: str
    split: str
    text: str
    phonemes: str
    durations: list[int] | None
    first_frame: int
    n_frames: int

    @property
    def frames(self) -> slice:
        return slice(self.first_frame, self.first_frame + self.n_frames)

    @property
    def known_durations(self) -> list[int]:
        """The durations, for what cannot do without.

        Raises:
            TtsError: they are unknown.
        """
        if self.durations is None:
            raise TtsError(f"The clip {self.id} has no durations: learn them with tts train align.")
        return self.durations


def frame_energy(mels: npt.NDArray[Any]) -> FloatArray:
    """mels [frames, n_mels] → the log of the L2 norm of each frame's magnitudes, float32 [frames]."""
    # In one order in memory: sums of columns and of rows differ in the last bit.
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
    """The packed arrays; `mels_file` can name mels made by an acoustic model in place of the recordings' own.

    Raises:
        TtsError: the folder was not prepared, or its files do not belong together.
    """

    def __init__(self, folder: Path, mels_file: str = "mels.npy") -> None:
        self.folder = folder
        self.dataset = load_dataset(folder)
        self.mel, self.symbols = self.dataset.mel, SymbolTable(self.dataset.symbols)
        self.items = [Item(**row) for row in read_rows(folder / "items.jsonl")]
        self.waves = np.load(folder / "waves.npy", mmap_mode="r")
        self.mels = np.load(folder / mels_file, mmap_mode="r")
        self.f0 = np.load(folder / "f0.npy")
        self.energy = self._energy()
        self._check_sizes(mels_file)
        self.filled_f0 = np.concatenate([fill_unvoiced(self.f0[item.frames]) for item in self.items])

    @property
    def hop_length(self) -> int:
        return self.mel.hop_length

    def with_mels(self, mels_file: str) -> PreparedCorpus:
        """The same clips with other mels of them, which lie in the same folder; all else is shared.

        Raises:
            TtsError: the mels are not those of these clips.
        """
        other = copy.copy(self)
        other.mels = np.load(self.folder / mels_file, mmap_mode="r")
        other._check_sizes(mels_file)
        return other

    def split(self, name: str) -> list[Item]:
        return [item for item in self.items if item.split == name]

    def wave(self, frames: slice) -> Tensor:
        """Samples of a range of frames, float32 in -1 to 1."""
        samples = self.waves[frames.start * self.hop_length : frames.stop * self.hop_length]
        return torch.from_numpy(samples.astype(np.float32) / INT16_SCALE)

    def mean_mel(self) -> Tensor:
        """[n_mels], of a frame in every hundred or so."""
        return torch.from_numpy(self.mels[::97].astype(np.float32).mean(0))

    def mel_of(self, frames: slice) -> Tensor:
        """[n_mels, frames]"""
        return torch.from_numpy(self.mels[frames].astype(np.float32).T.copy())

    def segments(self, items: list[Item], batch_size: int, n_frames: int, random: np.random.Generator) -> Segments:
        """Random stretches of `n_frames`, drawn evenly over all the speech there is."""
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

    def _energy(self) -> FloatArray:
        path = self.folder / "energy.npy"
        if path.is_file():
            energy: FloatArray = np.load(path)
            return energy
        # A clip at a time: all mels at once in float32 may not fit into memory.
        return np.concatenate([frame_energy(self.mels[item.frames]) for item in self.items])

    def _check_sizes(self, mels_file: str) -> None:
        n = self.dataset.n_frames
        expected = {"waves.npy": n * self.mel.hop_length, mels_file: n, "f0.npy": n, "energy.npy": n}
        found = (self.waves, self.mels, self.f0, self.energy)
        for (name, length), array in zip(expected.items(), found, strict=True):
            if len(array) != length:
                raise TtsError(f"{self.folder / name} does not fit its dataset.json: run tts train prepare again.")
