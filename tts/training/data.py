"""The packed features of `tts.training.prepare`, read by memory map, as training batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tts.audio.files import INT16_SCALE
from tts.audio.pitch import fill_unvoiced
from tts.training.prepare import read_rows


@dataclass(frozen=True)
class Item:
    """One clip: where its frames lie in the packed arrays, and what is said in them."""

    id: str
    split: str
    text: str
    phonemes: str
    durations: list[int]
    first_frame: int
    n_frames: int

    @property
    def frames(self) -> slice:
        return slice(self.first_frame, self.first_frame + self.n_frames)


@dataclass
class Segments:
    """wave [B, T * hop_length], mel [B, n_mels, T], f0 [B, T] in Hz with unvoiced filled, voiced [B, T]."""

    wave: Tensor
    mel: Tensor
    f0: Tensor
    voiced: Tensor


class PreparedCorpus:
    """The packed arrays; `mels_file` can name mels made by an acoustic model in place of the recordings' own."""

    def __init__(self, folder: Path, hop_length: int, mels_file: str = "mels.npy") -> None:
        self.hop_length = hop_length
        self.items = [Item(**row) for row in read_rows(folder / "items.jsonl")]
        self.waves = np.load(folder / "waves.npy", mmap_mode="r")
        self.mels = np.load(folder / mels_file, mmap_mode="r")
        self.f0 = np.load(folder / "f0.npy")
        self.filled_f0 = np.concatenate([fill_unvoiced(self.f0[item.frames]) for item in self.items])

    def split(self, name: str) -> list[Item]:
        return [item for item in self.items if item.split == name]

    def wave(self, frames: slice) -> Tensor:
        """Samples of a range of frames, float32 in -1 to 1."""
        samples = self.waves[frames.start * self.hop_length : frames.stop * self.hop_length]
        return torch.from_numpy(samples.astype(np.float32) / INT16_SCALE)

    def mel(self, frames: slice) -> Tensor:
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
            mel=torch.stack([self.mel(r) for r in ranges]),
            f0=torch.from_numpy(np.stack([self.filled_f0[r] for r in ranges])),
            voiced=torch.from_numpy(np.stack([self.f0[r] > 0 for r in ranges])),
        )
