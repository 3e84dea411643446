"""A recording, or speech made from it, as the figures see it: mel, cepstra and F0 of the same frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.evaluation.metrics import mel_cepstra

# What lies before the first and after the last frame of this loudness, below the loudest one, is not speech. It is wide
# enough for the last breath of a sentence, and narrow enough for the noise of a quiet room.
_SPEECH_DECIBELS = 40.0
_DECIBELS_PER_NEPER = 20 / np.log(10)


@dataclass(frozen=True)
class Rendering:
    """log_mel [n_mels, T], cepstra [T, D], f0 [T] in Hz with 0 for unvoiced."""

    log_mel: npt.NDArray[np.float32]
    cepstra: npt.NDArray[np.float64]
    f0: npt.NDArray[np.float32]

    @property
    def n_frames(self) -> int:
        return len(self.f0)

    def at(self, frames: slice | npt.NDArray[np.int64]) -> Rendering:
        return Rendering(self.log_mel[:, frames], self.cepstra[frames], self.f0[frames])


def plain_mel(sample_rate: int, hop_length: int) -> MelSettings:
    """The mel in which everything is compared, whatever mel a voice speaks: natural logarithm, nothing normalised."""
    f_max = min(MelSettings.f_max, sample_rate / 2)
    return MelSettings(sample_rate=sample_rate, hop_length=hop_length, f_max=f_max)


def rendering_of(samples: npt.NDArray[np.float32], mel: MelSettings) -> Rendering:
    """samples [n] → their 1 + n // hop_length frames."""
    log_mel = mel_spectrogram(torch.from_numpy(samples)[None], mel)[0].numpy()
    f0 = fundamental_frequency(samples, mel.sample_rate, mel.hop_length)
    return Rendering(log_mel, mel_cepstra(log_mel), f0)


def speech_span(log_mel: npt.NDArray[np.float32]) -> slice:
    """The frames from the first to the last that sound, without the silence at both edges."""
    power = np.log(np.exp(2 * log_mel.astype(np.float64)).sum(0))
    decibels = _DECIBELS_PER_NEPER / 2 * power
    sounding = np.flatnonzero(decibels > decibels.max() - _SPEECH_DECIBELS)
    return slice(int(sounding[0]), int(sounding[-1]) + 1)
