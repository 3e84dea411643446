"""A vocoder as a voice uses it: given the mel it hears, and its hum taken off where asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from tts.audio.mel import MelSettings
from tts.audio.mel_conversion import conversion_problem, mel_conversion
from tts.errors import UsageError
from tts.models.denoiser import Denoiser
from tts.models.vocoder import Vocoder

# Fourier transforms reflect half a window at the edges: of less than this a vocoder could make no sound.
LEAST_FRAMES = 4


class Vocoding:
    """The vocoder `name` for mels of the settings `mel`.

    Raises:
        UsageError: the vocoder hears another mel, which these cannot be turned into.
    """

    def __init__(self, name: str, vocoder: Vocoder, mel: MelSettings) -> None:
        if problem := conversion_problem(mel, vocoder.mel):
            raise UsageError(f"The vocoder {name} does not fit this voice: {problem}.")
        self.name, self.mel = name, mel
        self._vocoder = vocoder
        self._convert = mel_conversion(mel, vocoder.mel)
        self._denoiser: Denoiser | None = None

    def warnings(self, index: int) -> tuple[str, ...]:
        """What a listener should know of the match, told with the first sentence (`index` 0) only."""
        if index or self._convert is None:
            return ()
        return (f"{self.name} hears another mel than this voice speaks; it was converted, which costs quality",)

    def check(self, denoise: float) -> None:
        """Raise UsageError where there is no hum that could be taken off."""
        if denoise and self._denoiser is None:
            self._denoiser = Denoiser(self._vocoder)

    def __call__(
        self, mel: Tensor, generator: torch.Generator, f0: Tensor | None = None, denoise: float = 0.0
    ) -> Tensor:
        """mel [B, n_mels, T] → samples [B, T * hop_length]; `denoise` 0 leaves the hum, 1 takes all of it off."""
        self.check(denoise)
        n_frames = mel.shape[2]
        mel, f0 = at_least(mel, LEAST_FRAMES), None if f0 is None else at_least(f0, LEAST_FRAMES)
        samples: Tensor = self._vocoder(self._convert(mel) if self._convert else mel, generator, f0)
        samples = samples[:, : n_frames * self.mel.hop_length]
        return self._denoiser(samples, denoise) if denoise and self._denoiser else samples


def at_least(frames: Tensor, n_frames: int) -> Tensor:
    """frames [..., T], the last repeated until there are `n_frames`."""
    missing = max(0, n_frames - frames.shape[-1])
    return torch.cat([frames, *[frames[..., -1:]] * missing], dim=-1)
