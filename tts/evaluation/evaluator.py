"""Held-out items of a prepared folder through a voice: copy synthesis and full synthesis, measured and listened to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from tts.audio.mel import mel_spectrogram
from tts.audio.waveform import Audio
from tts.errors import UsageError
from tts.evaluation.comparison import (
    Comparison,
    TimedSymbol,
    compare_durations,
    compare_in_time,
    compare_warped,
)
from tts.evaluation.listening import Listeners
from tts.evaluation.rendering import Rendering, plain_mel, rendering_of
from tts.evaluation.report import Setup
from tts.evaluation.scores import Scored, ScoredItem, Scores, System
from tts.kernels.threads import one_compute_thread
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.pipeline import Piece, Voice
from tts.synthesis.sentence import random_draws, sentence_seed
from tts.training.data import Item, PreparedCorpus

# Long enough for the first call's one-time work, after which the times count.
_WARM_UP_FRAMES = 32


@dataclass(frozen=True)
class Utterance:
    """One system's speech for one item: f0_in_time [T] at the recording's frames; warnings of the voice."""

    scored: Scored
    audio: Audio
    rendering: Rendering
    f0_in_time: npt.NDArray[np.float32]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluatedItem:
    """The recording first, then copies, then full synthesis."""

    id: str
    text: str
    utterances: tuple[Utterance, ...]

    @property
    def scored(self) -> ScoredItem:
        return ScoredItem(self.id, self.text, tuple(utterance.scored for utterance in self.utterances))

    @property
    def warnings(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(warning for utterance in self.utterances for warning in utterance.warnings))


class Evaluator:
    """Puts items through `voice` with each of `options`, which differ in their vocoder.

    Raises:
        UsageError: the recordings have another sample rate than the voice, or the voice cannot do what is asked.
    """

    def __init__(
        self, corpus: PreparedCorpus, voice: Voice, options: Sequence[SynthesisOptions], listeners: Listeners
    ) -> None:
        rate, spoken = corpus.mel.sample_rate, voice.manifest.sample_rate
        if rate != spoken:
            raise UsageError(
                f"{corpus.folder} holds recordings of {rate} Hz, and the voice {voice.manifest.name} speaks at "
                f"{spoken} Hz: prepare the data set at that rate."
            )
        self._corpus, self._voice, self._listeners = corpus, voice, listeners
        self._options = {_vocoder_name(voice, asked): asked for asked in options}
        self._mel = plain_mel(rate, corpus.mel.hop_length)
        self._warm_up()

    @property
    def frame_seconds(self) -> float:
        return self._mel.hop_length / self._mel.sample_rate

    def setup(self, split: str) -> Setup:
        """What a report says of this evaluation."""
        asked, manifest = next(iter(self._options.values())), self._voice.manifest
        return Setup(
            prepared=str(self._corpus.folder),
            dataset=self._corpus.dataset.name,
            split=split,
            voice=manifest.name,
            acoustic=asked.acoustic or manifest.default_acoustic,
            device=self._voice.device,
            seed=asked.seed,
        )

    def evaluate(self, item: Item) -> EvaluatedItem:
        samples = self._corpus.wave(item.frames).numpy()
        recording = rendering_of(samples, self._mel)
        nothing = Comparison(Scores(), recording.f0)
        original = Audio(samples, self._mel.sample_rate)
        utterances = [self._utterance(System("recording"), item, original, recording, nothing)]
        utterances += [self._copy(name, item, samples, recording) for name in self._options]
        utterances += [self._full(name, item, recording) for name in self._options]
        return EvaluatedItem(item.id, item.text, tuple(utterances))

    def _copy(self, vocoder: str, item: Item, samples: npt.NDArray[np.float32], recording: Rendering) -> Utterance:
        """The recording's mel through the vocoder."""
        started = time.perf_counter()
        mel = self._heard_mel(samples, vocoder, item.n_frames)
        copied = self._vocoded(vocoder, mel, sentence_seed(self._options[vocoder].seed, 0, item.id))
        audio = Audio(copied, self._mel.sample_rate)
        seconds = time.perf_counter() - started
        rendering = rendering_of(copied, self._mel)
        comparison = compare_in_time(recording, rendering)
        scores = replace(comparison.scores, rtf=seconds / audio.seconds)
        return self._utterance(System("copy", vocoder), item, audio, rendering, replace(comparison, scores=scores))

    def _full(self, vocoder: str, item: Item, recording: Rendering) -> Utterance:
        """The item's text through the whole voice."""
        started = time.perf_counter()
        pieces = list(self._voice.stream(item.text, self._options[vocoder]))
        seconds = time.perf_counter() - started
        audio = Audio(np.concatenate([piece.audio.samples for piece in pieces]), self._mel.sample_rate)
        rendering = rendering_of(audio.samples, self._mel)
        comparison = compare_warped(recording, rendering)
        scores = replace(
            comparison.scores,
            rtf=seconds / audio.seconds,
            duration_ms=compare_durations(self._recorded_symbols(item), spoken_symbols(pieces)),
        )
        warnings = tuple(dict.fromkeys(warning for piece in pieces for warning in piece.warnings))
        comparison = replace(comparison, scores=scores)
        return self._utterance(System("full", vocoder), item, audio, rendering, comparison, warnings)

    def _utterance(
        self,
        system: System,
        item: Item,
        audio: Audio,
        rendering: Rendering,
        comparison: Comparison,
        warnings: tuple[str, ...] = (),
    ) -> Utterance:
        impression = self._listeners.listen(audio, item.text)
        errors = impression.word_errors
        scores = replace(comparison.scores, wer=errors.rate if errors else None, mos=impression.mos)
        scored = Scored(system, scores, errors, impression.heard)
        return Utterance(scored, audio, rendering, comparison.f0_in_time, warnings)

    def _recorded_symbols(self, item: Item) -> list[TimedSymbol]:
        """The item's phonemes as long as they are in the recording; none where nobody knows. Its edges are silence."""
        if item.durations is None:
            return []
        durations = zip(item.phonemes, item.durations[1:-1], strict=True)
        return [TimedSymbol(symbol, frames * self.frame_seconds) for symbol, frames in durations]

    def _heard_mel(self, samples: npt.NDArray[np.float32], vocoder: str, n_frames: int) -> npt.NDArray[np.float32]:
        """The recording as the voice's mel, [1, n_mels, T]."""
        mel = self._voice.vocoder(vocoder).mel
        heard: npt.NDArray[np.float32] = mel_spectrogram(torch.from_numpy(samples)[None], mel)[..., :n_frames].numpy()
        return heard

    def _vocoded(self, vocoder: str, mel: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float32]:
        with one_compute_thread():
            samples: npt.NDArray[np.float32] = self._voice.vocoder(vocoder)(mel, random_draws(seed))[0]
        return samples

    def _warm_up(self) -> None:
        """Load the vocoders, so that loading them is not the first item's time."""
        silence = np.zeros(_WARM_UP_FRAMES * self._mel.hop_length, np.float32)
        for vocoder, options in self._options.items():
            self._voice.prepare(options)
            self._vocoded(vocoder, self._heard_mel(silence, vocoder, _WARM_UP_FRAMES), 0)


def spoken_symbols(pieces: Sequence[Piece]) -> list[TimedSymbol]:
    """The symbols of all sentences, one after the other."""
    return [TimedSymbol(mark.symbol, mark.end - mark.start) for piece in pieces for mark in piece.marks]


def _vocoder_name(voice: Voice, options: SynthesisOptions) -> str:
    return options.vocoder or voice.manifest.default_vocoder
