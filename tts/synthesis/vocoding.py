"""A vocoder as a voice uses it: given the mel it hears, and its hum taken off where asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tts.audio.mel_settings import MelSettings, conversion_problem, same_mel
from tts.errors import UsageError
from tts.models.base import Floats, Vocoder, WaveRequest

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
        self._convert = None if same_mel(mel, vocoder.mel) else _conversion(mel, vocoder.mel)
        self._denoise: Callable[[Floats, float], Floats] | None = None

    @property
    def engine(self) -> str:
        return self._vocoder.engine

    @property
    def precisions(self) -> tuple[str, ...]:
        return self._vocoder.precisions

    def warnings(self, index: int) -> tuple[str, ...]:
        """What a listener should know of the match, told with the first sentence (`index` 0) only."""
        if index or self._convert is None:
            return ()
        return (f"{self.name} hears another mel than this voice speaks; it was converted, which costs quality",)

    def wait(self) -> None:
        """Until it can speak at once."""
        self._vocoder.wait()

    def check(self, denoise: float, streams: int = 1) -> None:
        """Raise UsageError where there is no hum that could be taken off, or more streams than it can speak in."""
        if streams > 1 and not self._vocoder.foldable:
            raise UsageError(f"{self.name} speaks in one stream, not in {streams}; streams are for WaveNet.")
        if denoise and self._denoise is None:
            if (hum := self._vocoder.hum()) is None:
                raise UsageError(f"{self.name} has no hum to take off; denoise is for WaveGlow and HiFi-GAN.")
            self._denoise = _denoising(hum, self._vocoder.mel.n_fft)

    def __call__(
        self,
        mel: Floats,
        generator: np.random.Generator,
        f0: Floats | None = None,
        denoise: float = 0.0,
        streams: int = 1,
    ) -> Floats:
        """mel [B, n_mels, T] → samples [B, T * hop_length]; `denoise` 0 leaves the hum, 1 takes all of it off."""
        self.check(denoise, streams)
        mel, f0, n_samples = self._heard(mel, f0)
        samples = self._vocoder(mel, generator, f0, streams)[:, :n_samples]
        return self._denoise(samples, denoise) if denoise and self._denoise else samples

    def speak_all(self, requests: Sequence[WaveRequest], denoise: Sequence[float]) -> list[Floats]:
        """The samples [T * hop_length] of several utterances, each as it is alone and denoised so much."""
        for each, strength in zip(requests, denoise, strict=True):
            self.check(strength, each.streams)
        prepared = [self._request(each) for each in requests]
        made = self._vocoder.speak_all([request for request, _ in prepared])
        cut = [samples[:n] for samples, (_, n) in zip(made, prepared, strict=True)]
        return [
            self._denoise(samples[None], strength)[0] if strength and self._denoise else samples
            for samples, strength in zip(cut, denoise, strict=True)
        ]

    def stretches(self, request: WaveRequest, denoise: float = 0.0) -> Iterator[Floats]:
        """The samples of one, in stretches where the vocoder can give its first sooner."""
        if denoise or request.streams > 1:
            yield from self.speak_all([request], [denoise])
            return
        request, missing = self._request(request)
        f0 = None if request.f0 is None else request.f0[None]
        for samples in self._vocoder.stretches(request.mel[None], request.generator, f0):
            if missing > 0:
                yield samples[0, :missing]
            missing -= samples.shape[1]

    def _request(self, request: WaveRequest) -> tuple[WaveRequest, int]:
        """What the vocoder is asked for, and how many of its samples are of the mel that was given."""
        mel, f0, n_samples = self._heard(request.mel[None], None if request.f0 is None else request.f0[None])
        return replace(request, mel=mel[0], f0=None if f0 is None else f0[0]), n_samples

    def _heard(self, mel: Floats, f0: Floats | None) -> tuple[Floats, Floats | None, int]:
        """What the vocoder hears, and how many of its samples are of the mel that was given."""
        n_frames = mel.shape[2]
        mel, f0 = at_least(mel, LEAST_FRAMES), None if f0 is None else at_least(f0, LEAST_FRAMES)
        return self._convert(mel) if self._convert else mel, f0, n_frames * self.mel.hop_length


def at_least(frames: Floats, n_frames: int) -> Floats:
    """frames [..., T], the last repeated until there are `n_frames`."""
    missing = max(0, n_frames - frames.shape[-1])
    return np.concatenate([frames, *[frames[..., -1:]] * missing], axis=-1)


def _conversion(source: MelSettings, target: MelSettings) -> Callable[[Floats], Floats] | None:
    # Both need PyTorch, which most voices speak without.
    import torch

    from tts.audio.mel import mel_conversion

    convert = mel_conversion(source, target)
    return convert and (lambda mel: convert(torch.tensor(mel)).numpy())


def _denoising(hum: Floats, n_fft: int) -> Callable[[Floats, float], Floats]:
    import torch

    from tts.models.denoiser import Denoiser

    denoiser = Denoiser(torch.tensor(hum), n_fft)
    return lambda samples, strength: denoiser(torch.tensor(samples), strength).numpy()
