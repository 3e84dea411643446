"""What the two stages of synthesis promise, whatever computes them: NumPy arrays in and out, and no need of PyTorch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tts.audio.mel_settings import MelSettings

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SpokenMel:
    """mel [n_mels, T], log magnitudes; durations [symbols] whole frames that add up to T; f0 [T] in Hz or None.

    `failure` says, as the end of a sentence, why the mel should not be trusted ("it never stopped"); None: nothing
    looks wrong.
    """

    mel: Floats
    durations: npt.NDArray[np.int64]
    f0: Floats | None = None
    failure: str | None = None


@dataclass(frozen=True)
class MelRequest:
    """One utterance for an acoustic model: its symbols, and how to speak them as `AcousticStage.speak` has it."""

    ids: Sequence[int]
    speed: float
    pitch: float
    energy: float
    generator: np.random.Generator


@dataclass(frozen=True)
class WaveRequest:
    """One utterance for a vocoder, as `VocoderStage` has it but without a batch: mel [n_mels, T], f0 [T] in Hz."""

    mel: Floats
    generator: np.random.Generator
    f0: Floats | None = None
    streams: int = 1


class Stage(ABC):
    engine: ClassVar[str]
    """What computes it, of `tts.voice.computing.ENGINES`."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """The number formats that its network can speak in, of `tts.voice.computing.PRECISIONS`."""
        return ("float32",)

    def wait(self) -> None:  # noqa: B027  (most are ready at once)
        """Until it can speak at once, where it gets ready in the background; raises TtsError where it cannot."""


class AcousticStage(Stage):
    @property
    @abstractmethod
    def controls(self) -> frozenset[str]:
        """Which of speed, pitch and energy it obeys."""

    @abstractmethod
    def speak(
        self, ids: Sequence[int], *, speed: float, pitch: float, energy: float, generator: np.random.Generator
    ) -> SpokenMel:
        """The symbols of one utterance → its mel; random draws, where there are any, come from `generator`.

        `speed` above 1 is faster, `pitch` in semitones up, `energy` a factor on loudness as the model understands it.
        """

    def speak_all(self, requests: Sequence[MelRequest]) -> list[SpokenMel]:
        """The same for several utterances, each as it is alone; together where that is faster."""
        return [
            self.speak(each.ids, speed=each.speed, pitch=each.pitch, energy=each.energy, generator=each.generator)
            for each in requests
        ]


class VocoderStage(Stage):
    @property
    @abstractmethod
    def mel(self) -> MelSettings:
        """The mel that it hears."""

    @property
    def foldable(self) -> bool:
        """Whether it can speak several stretches of one utterance at a time, as `streams` asks."""
        return False

    @abstractmethod
    def __call__(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None, streams: int = 1
    ) -> Floats:
        """mel [B, n_mels, T] → samples [B, T * hop_length] in -1 to 1; `f0` [B, T] in Hz is the pitch to sound at.

        `streams` above 1 is for what is foldable.
        """

    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Floats]:
        """The samples [T * hop_length] of several utterances, each as it is alone; together where that is faster."""
        return [
            self(each.mel[None], each.generator, None if each.f0 is None else each.f0[None], each.streams)[0]
            for each in requests
        ]

    def stretches(self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None) -> Iterator[Floats]:
        """The same samples, one stretch after the other where that lets the first be heard sooner."""
        yield self(mel, generator, f0)

    def hum(self) -> Floats | None:
        """What it sounds like, [1, n], where nothing is asked for; None: it has no such sound of its own."""
        return None
