"""What every vocoder is: a network from a mel spectrogram to a waveform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.models.precision import SpeakingNetwork
from tts.models.stages import WaveRequest


class Vocoder(SpeakingNetwork, ABC):
    """mel [B, n_mels, T] → waveform [B, T * hop_length] in -1 to 1, by the settings it was made for."""

    foldable: ClassVar[bool] = False
    """Whether `forward` takes `streams`, how many stretches of an utterance are spoken at a time."""

    def __init__(self, mel: MelSettings) -> None:
        super().__init__()
        self.mel = mel

    @abstractmethod
    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        """Random draws, where a vocoder has any, come from `generator`.

        `f0` [B, T] in Hz is the pitch to sound at; a vocoder that hears the pitch in the mel alone ignores it.
        """

    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Tensor]:
        """The samples [T * hop_length] of several utterances, each as it is alone; together where that is faster."""
        return [self.speak(each) for each in requests]

    def speak(self, request: WaveRequest) -> Tensor:
        """The samples [T * hop_length] of one utterance."""
        mel = torch.tensor(request.mel, device=self.device)[None]
        f0 = None if request.f0 is None else torch.tensor(request.f0, device=self.device)[None]
        folded = {"streams": request.streams} if request.streams > 1 else {}
        samples: Tensor = self(mel, request.generator, f0, **folded)
        return samples[0]

    def hum(self, n_frames: int = 88) -> Tensor | None:
        """What it sounds like, [1, n], where nothing is asked for: an all-zero mel and no noise; None: it has no such
        sound of its own.

        A log mel of zeros is loud, but it is what the published denoiser listens to.
        """
        return None
