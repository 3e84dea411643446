"""Held-out items of a prepared folder through a voice: copy synthesis and full synthesis, compared and listened to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from tts.audio.audio import Audio
from tts.audio.mel import mel_spectrogram
from tts.errors import UsageError
from tts.evaluation.comparison import (
    Comparison,
    SpeechFeatures,
    TimedSymbol,
    compare_durations,
    compare_in_time,
    compare_warped,
    plain_mel,
    speech_features,
)
from tts.evaluation.listening import Listeners
from tts.evaluation.scores import EvaluationSetup, ScoredItem, ScoredUtterance, Scores, System
from tts.kernels.execution import one_compute_thread
from tts.options import SynthesisOptions
from tts.synthesis.sentences import random_generator, sentence_seed
from tts.synthesis.voice import Voice
from tts.training.data import Item, PreparedCorpus

# Enough for the one-time work of a vocoder's first call, which must not count as the time of the first item.
_WARM_UP_FRAMES = 32


@dataclass(frozen=True)
class Utterance:
    """One system's speech for one item; aligned_f0 [T] at the recording's frames; warnings of the voice."""

    scored: ScoredUtterance
    audio: Audio
    features: SpeechFeatures
    aligned_f0: npt.NDArray[np.float32]
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
        """The distinct warnings."""
        return list(dict.fromkeys(warning for utterance in self.utterances for warning in utterance.warnings))


class Evaluator:
    """Evaluates items with `voice` and each of `options`, which differ in their vocoder.

    If the options name no speaker, a voice of several speakers speaks each item as the one who recorded it.

    A voice of one network from text to samples has no vocoder to be given the recordings' mels: only its speech of the
    texts is compared.

    Raises:
        UsageError: the recordings have another sample rate than the voice, or are of a speaker that it lacks, or the
            voice does not support the options.
    """

    def __init__(
        self, corpus: PreparedCorpus, voice: Voice, options: Sequence[SynthesisOptions], listeners: Listeners
    ) -> None:
        recorded_rate, manifest = corpus.mel.sample_rate, voice.manifest
        if recorded_rate != manifest.sample_rate:
            raise UsageError(
                f"{corpus.folder} holds recordings of {recorded_rate} Hz, and the voice {manifest.name} speaks at "
                f"{manifest.sample_rate} Hz: prepare the data set at that rate."
            )
        known = {speaker.name for speaker in manifest.speakers}
        self._speaks_as_recorded = len(known) > 1 and not voice.speaker and bool(corpus.dataset.speakers)
        unknown = [speaker.name for speaker in corpus.dataset.speakers if speaker.name not in known]
        if self._speaks_as_recorded and unknown and any(each.speaker is None for each in options):
            raise UsageError(
                f"{manifest.name} has no speaker {unknown[0]!r}, who speaks in {corpus.folder}: choose one of its "
                "speakers with --speaker."
            )
        self._corpus, self._voice, self._listeners = corpus, voice, listeners
        self._network = manifest.end_to_end.network if manifest.end_to_end else None
        self._options = {self._network or each.vocoder or manifest.default_vocoder: each for each in options}
        self._mel = plain_mel(recorded_rate, corpus.mel.hop_length)

        # Load and run the vocoders, so that this does not count as the time of the first item.
        silence = np.zeros(_WARM_UP_FRAMES * self._mel.hop_length, np.float32)
        for vocoder, each in self._options.items():
            voice.prepare(each)
            if self._network is None:
                self._copy_synthesis(vocoder, silence, _WARM_UP_FRAMES, 0)

    @property
    def frame_seconds(self) -> float:
        return self._mel.hop_length / self._mel.sample_rate

    def setup(self, split: str) -> EvaluationSetup:
        """The description of this evaluation for a report."""
        options, manifest = next(iter(self._options.values())), self._voice.manifest
        return EvaluationSetup(
            prepared=str(self._corpus.folder),
            dataset=self._corpus.dataset.name,
            split=split,
            voice=manifest.name,
            acoustic=self._network or options.acoustic or manifest.default_acoustic,
            device=self._voice.device,
            seed=options.seed,
        )

    def evaluate(self, item: Item) -> EvaluatedItem:
        samples = self._corpus.wave(item.frames).numpy()
        recording = speech_features(samples, self._mel)
        no_comparison = Comparison(Scores(), recording.f0)
        original = Audio(samples, self._mel.sample_rate)
        utterances = [self._utterance(System("recording"), item, original, recording, no_comparison)]

        for vocoder, options in self._options.items() if self._network is None else ():
            started = time.perf_counter()
            copied = self._copy_synthesis(vocoder, samples, item.n_frames, sentence_seed(options.seed, 0, item.id))
            audio = Audio(copied, self._mel.sample_rate)
            seconds = time.perf_counter() - started
            features = speech_features(copied, self._mel)
            comparison = compare_in_time(recording, features)
            scores = replace(comparison.scores, rtf=seconds / audio.seconds)
            comparison = replace(comparison, scores=scores)
            utterances.append(self._utterance(System("copy", vocoder), item, audio, features, comparison))

        for vocoder in self._options:
            utterances.append(self._full_synthesis(vocoder, item, recording))
        return EvaluatedItem(item.id, item.text, tuple(utterances))

    def _copy_synthesis(
        self, vocoder: str, samples: npt.NDArray[np.float32], n_frames: int, seed: int
    ) -> npt.NDArray[np.float32]:
        """The recording's mel, as the vocoder expects it, through the vocoder."""
        network = self._voice.vocoder(vocoder)
        mel = mel_spectrogram(torch.from_numpy(samples)[None], network.mel)[..., :n_frames].numpy()
        with one_compute_thread():
            copied: npt.NDArray[np.float32] = network(mel, random_generator(seed))[0]
        return copied

    def _full_synthesis(self, vocoder: str, item: Item, recording: SpeechFeatures) -> Utterance:
        """The item's text through the whole voice."""
        started = time.perf_counter()
        options = self._options[vocoder]
        if self._speaks_as_recorded and options.speaker is None:
            options = replace(options, speaker=item.speaker)
        pieces = list(self._voice.stream(item.text, options))
        seconds = time.perf_counter() - started
        audio = Audio(np.concatenate([piece.audio.samples for piece in pieces]), self._mel.sample_rate)

        # The edges of an item are silence; an item without durations has no symbols to compare.
        recorded = (
            [
                TimedSymbol(symbol, n_frames * self.frame_seconds)
                for symbol, n_frames in zip(item.phonemes, item.durations[1:-1], strict=True)
            ]
            if item.durations is not None
            else []
        )
        spoken = [TimedSymbol(mark.symbol, mark.end - mark.start) for piece in pieces for mark in piece.marks]
        features = speech_features(audio.samples, self._mel)
        comparison = compare_warped(recording, features)
        duration_ms = compare_durations(recorded, spoken)
        scores = replace(comparison.scores, rtf=seconds / audio.seconds, duration_ms=duration_ms)
        warnings = tuple(dict.fromkeys(warning for piece in pieces for warning in piece.warnings))
        comparison = replace(comparison, scores=scores)
        return self._utterance(System("full", vocoder), item, audio, features, comparison, warnings)

    def _utterance(
        self,
        system: System,
        item: Item,
        audio: Audio,
        features: SpeechFeatures,
        comparison: Comparison,
        warnings: tuple[str, ...] = (),
    ) -> Utterance:
        impression = self._listeners.listen(audio, item.text)
        errors = impression.word_errors
        scores = replace(comparison.scores, wer=errors.rate if errors else None, mos=impression.mos)
        scored = ScoredUtterance(system, scores, errors, impression.transcript)
        return Utterance(scored, audio, features, comparison.aligned_f0, warnings)
