"""What every acoustic model is: a network from symbol ids to a mel spectrogram, with the time each symbol takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class MelResult:
    """mel [n_mels, T], log magnitudes; durations [symbols] whole frames that add up to T; f0 [T] in Hz or None."""

    mel: Tensor
    durations: Tensor
    f0: Tensor | None = None


class AcousticModel(nn.Module, ABC):
    @abstractmethod
    def speak(self, ids: Tensor, *, speed: float = 1.0, pitch: float = 0.0, energy: float = 1.0) -> MelResult:
        """ids [symbols] of one utterance → its mel.

        `speed` above 1 is faster, `pitch` in semitones up, `energy` a factor on loudness as the model understands it.
        """
