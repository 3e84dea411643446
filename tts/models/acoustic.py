"""What every acoustic model is: a network from symbol ids to a mel spectrogram, with the time each symbol takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tts.models.precision import SpeakingNetwork
from tts.models.stages import MelRequest


@dataclass(frozen=True)
class MelResult:
    """A `tts.models.stages.SpokenMel` while it is still tensors."""

    mel: Tensor
    durations: Tensor
    f0: Tensor | None = None
    failure: str | None = None


class AcousticModel(SpeakingNetwork, ABC):
    controls: ClassVar[frozenset[str]] = frozenset({"speed"})
    """Which of speed, pitch and energy the model obeys."""

    @abstractmethod
    def speak(
        self,
        ids: Tensor,
        *,
        speed: float = 1.0,
        pitch: float = 0.0,
        energy: float = 1.0,
        generator: np.random.Generator | None = None,
    ) -> MelResult:
        """ids [symbols] of one utterance → its mel; random draws, where a model has any, come from `generator`.

        `speed` above 1 is faster, `pitch` in semitones up, `energy` a factor on loudness as the model understands it.
        """

    def speak_all(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        """The same for several utterances, each as it is alone; together where that is faster."""
        return [
            self.speak(
                torch.tensor(each.ids, device=self.device),
                speed=each.speed,
                pitch=each.pitch,
                energy=each.energy,
                generator=each.generator,
            )
            for each in requests
        ]
