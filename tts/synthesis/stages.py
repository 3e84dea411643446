"""The networks that speak a sentence, whatever their number: `two_stage` and `end_to_end` implement `Stages`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tts.models.base import Floats, SpeechModel
from tts.options import SynthesisOptions
from tts.synthesis.sentences import Sentence
from tts.voice.load import RUNTIMES


@dataclass(frozen=True)
class SpokenSentence:
    """A sentence as it is spoken, without the silence before it.

    `symbols` ("" for a marker), their `places` in the phonemes (-1 for a marker) and `durations` [symbols] in frames of
    `hop_length` samples belong together. `chunks` are the samples, computed as they are taken. `mel` [n_mels, T] is
    None for an end-to-end network.
    """

    symbols: list[str]
    places: list[int]
    durations: npt.NDArray[np.int64]
    hop_length: int
    sample_rate: int
    chunks: Iterator[Floats]
    warnings: tuple[str, ...] = ()
    mel: Floats | None = None

    @property
    def seconds(self) -> float:
        return int(self.durations.sum()) * self.hop_length / self.sample_rate

    def resampled(self, sample_rate: int) -> SpokenSentence:
        """The same with its samples in one chunk at another rate in Hz; times in seconds stay as they are."""
        if sample_rate == self.sample_rate:
            return self
        return replace(self, chunks=self._resampled_chunk(sample_rate))

    def _resampled_chunk(self, sample_rate: int) -> Iterator[Floats]:
        import soxr

        samples = np.concatenate(list(self.chunks))
        yield np.asarray(soxr.resample(samples, self.sample_rate, sample_rate), np.float32)


class Stages(ABC):
    """All networks that one text needs, with what is fixed for the text: the speaker, say."""

    @property
    @abstractmethod
    def networks(self) -> tuple[SpeechModel, ...]:
        """The networks, in the order in which they are used."""

    @property
    @abstractmethod
    def sample_rate(self) -> int:
        """Of the samples, in Hz."""

    @property
    @abstractmethod
    def controls(self) -> frozenset[str]:
        """Which of the options speed, pitch, energy, noise_scale and noise_w have an effect."""

    @property
    def runtimes(self) -> str:
        """What computes the networks, in words."""
        return " and ".join(dict.fromkeys(RUNTIMES[network.runtime] for network in self.networks))

    def wait(self) -> None:
        """Wait until all networks can speak immediately."""
        for network in self.networks:
            network.wait()

    def warnings(self, index: int) -> tuple[str, ...]:
        """What a listener should know about the sentence of this index, whatever it says."""
        return ()

    @abstractmethod
    def speak(self, sentence: Sentence, options: SynthesisOptions) -> SpokenSentence:
        """Speak one sentence, from fresh random numbers, in chunks where that makes the first available sooner."""

    def speak_all(self, tasks: Sequence[tuple[Sentence, SynthesisOptions]]) -> list[SpokenSentence]:
        """Speak several sentences, together where that is faster; each has the samples that it has on its own."""
        return [self.speak(sentence, options) for sentence, options in tasks]
