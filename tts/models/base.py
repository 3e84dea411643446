"""The contract of the networks that speak: NumPy arrays in and out, whatever computes them. It needs no PyTorch.

An acoustic model turns symbol ids into a mel spectrogram with durations, a vocoder turns a mel spectrogram into
samples, an end-to-end network turns symbol ids into samples with durations. `tts.models.torch_network` implements the
first two with PyTorch, `tts.onnx` all three with ONNX Runtime.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tts.audio.mel_settings import MelSettings

Floats = npt.NDArray[np.float32]
SpeakerMix = tuple[tuple[int, float], ...]
"""The speakers of a voice that speak as one: their indices, each with its weight, which add up to 1."""


@dataclass(frozen=True)
class SpokenMel:
    """mel [n_mels, T], log magnitudes; durations [symbols] in frames, integers that add up to T; f0 [T] in Hz or None.

    `failure` says, as the end of a sentence, why the mel should not be trusted ("it never stopped"); None: nothing
    looks wrong.
    """

    mel: Floats
    durations: npt.NDArray[np.int64]
    f0: Floats | None = None
    failure: str | None = None


@dataclass(frozen=True)
class MelRequest:
    """One utterance for an acoustic model: the arguments of `AcousticModel.speak`, and who speaks."""

    ids: Sequence[int]
    speed: float
    pitch: float
    energy: float
    generator: np.random.Generator
    speakers: SpeakerMix = ()
    """Empty for a model with a single speaker; only models with several obey it."""


@dataclass(frozen=True)
class WaveRequest:
    """One utterance for a vocoder: the arguments of `Vocoder` without a batch, mel [n_mels, T] and f0 [T] in Hz."""

    mel: Floats
    generator: np.random.Generator
    f0: Floats | None = None
    streams: int = 1


@dataclass(frozen=True)
class SpeechRequest:
    """One utterance for an end-to-end network.

    `speakers` is empty for a network with a single one; a scale that is None is the voice's own.
    """

    ids: Sequence[int]
    speed: float
    generator: np.random.Generator
    speakers: SpeakerMix = ()
    noise_scale: float | None = None
    noise_w: float | None = None


@dataclass(frozen=True)
class SpokenWave:
    """durations [symbols] in frames, integers; `chunks` are the samples of all frames, computed as they are taken."""

    durations: npt.NDArray[np.int64]
    chunks: Iterator[Floats]


class SpeechModel(ABC):
    """What every network that speaks has, whatever it turns into what."""

    runtime: ClassVar[str]
    """What computes it, one of `tts.voice.load.RUNTIMES`."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """The number formats in which it can compute, of `tts.voice.load.PRECISIONS`."""
        return ("float32",)

    def wait(self) -> None:  # noqa: B027  (most are ready at once)
        """Block until the network is ready, where it loads in the background; raises TtsError where it cannot."""


class AcousticModel(SpeechModel):
    """Symbol ids → mel spectrogram with durations."""

    @property
    @abstractmethod
    def controls(self) -> frozenset[str]:
        """Which of speed, pitch and energy the model obeys."""

    @abstractmethod
    def speak(
        self, ids: Sequence[int], *, speed: float, pitch: float, energy: float, generator: np.random.Generator
    ) -> SpokenMel:
        """The symbols of one utterance → its mel; a model that samples draws its random numbers from `generator`.

        `speed` above 1 is faster, `pitch` in semitones up, `energy` a factor on loudness as the model understands it.
        """

    def speak_all(self, requests: Sequence[MelRequest]) -> list[SpokenMel]:
        """The same for several utterances, together where that is faster; each result is that of `speak`."""
        return [
            self.speak(each.ids, speed=each.speed, pitch=each.pitch, energy=each.energy, generator=each.generator)
            for each in requests
        ]


class Vocoder(SpeechModel):
    """Mel spectrogram → samples."""

    @property
    @abstractmethod
    def mel(self) -> MelSettings:
        """The settings of the mels that it expects."""

    @property
    def foldable(self) -> bool:
        """Whether it can generate several segments of one utterance in parallel (`streams` above 1)."""
        return False

    @abstractmethod
    def __call__(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None, streams: int = 1
    ) -> Floats:
        """mel [B, n_mels, T] → samples [B, T * hop_length] in -1 to 1, at the pitch `f0` [B, T] in Hz.

        Without `f0` the pitch is that of the mel. Only a foldable vocoder accepts `streams` above 1.
        """

    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Floats]:
        """The samples [T * hop_length] of several utterances, together where that is faster; each as on its own."""
        return [
            self(each.mel[None], each.generator, None if each.f0 is None else each.f0[None], each.streams)[0]
            for each in requests
        ]

    def segments(self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None) -> Iterator[Floats]:
        """The samples of `__call__` in consecutive segments, where that makes the first available sooner."""
        yield self(mel, generator, f0)

    def hum(self) -> Floats | None:
        """The bias sound [1, n] that a denoiser subtracts (`tts.models.denoiser`); None: it has none of its own."""
        return None


class EndToEnd(SpeechModel):
    """Symbol ids → samples with durations, in one network."""

    max_symbols: int | None = None
    """The most ids that one request may have; longer sentences are spoken in parts."""

    @property
    @abstractmethod
    def sample_rate(self) -> int:
        """Of its samples, in Hz."""

    @property
    @abstractmethod
    def hop_length(self) -> int:
        """Samples per frame, the unit of its durations."""

    @property
    @abstractmethod
    def controls(self) -> frozenset[str]:
        """Which of the options speed, noise_scale and noise_w the network obeys."""

    @property
    def can_blend(self) -> bool:
        """Whether several speakers can speak as one."""
        return False

    @abstractmethod
    def speak(self, request: SpeechRequest) -> SpokenWave:
        """The symbols of one utterance → its durations, and its samples [sum of durations * hop_length] in chunks."""


def similar_lengths(lengths: Sequence[int], max_size: int) -> list[list[int]]:
    """Indices into `lengths` in groups of at most `max_size` that go well into one batch.

    Groups hold similar lengths, the longest first within and among them, and are as equal in size as possible.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    n_groups = -(-len(order) // max_size)
    ends = [len(order) * i // n_groups for i in range(n_groups + 1)] if order else [0]
    return [order[start:end] for start, end in pairwise(ends)]
