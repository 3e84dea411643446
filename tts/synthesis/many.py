"""Several texts at a time: the networks speak the sentences of all of them together, and each as on its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tts.audio.audio import Audio, apply_gain, integrated_loudness
from tts.errors import TtsError
from tts.kernels.execution import one_compute_thread
from tts.models.base import Floats
from tts.options import SynthesisOptions
from tts.synthesis.prosody import frame_gains, unsupported_prosody, with_gain
from tts.synthesis.sentences import Script, Sentence
from tts.synthesis.stages import SpokenSentence, Stages
from tts.synthesis.timing import (
    SentenceTimes,
    TimedBookmark,
    TimedSentence,
    Timeline,
    symbol_marks,
    timed_bookmarks,
    timed_words,
)


@dataclass(frozen=True)
class Utterance:
    """A text that was spoken, its warnings, each once, and when each of its sentences and bookmarks is spoken."""

    audio: Audio
    warnings: tuple[str, ...]
    sentences: tuple[TimedSentence, ...] = ()
    bookmarks: tuple[TimedBookmark, ...] = ()


def speak_all(
    scripts: Sequence[Script], sample_rate: int, stages_for: Callable[[SynthesisOptions, str | None], Stages]
) -> list[Utterance | TtsError]:
    """Speak all scripts, in their order. A script that cannot be spoken has its error instead; the others are spoken.

    All audio has the `sample_rate`, in Hz: stages of another rate are resampled.

    `stages_for` returns the stages for options and a voice by its name, or raises TtsError.
    """
    results: dict[int, Utterance | TtsError] = {}
    ready: dict[int, list[Stages]] = {}
    for index, script in enumerate(scripts):
        try:
            ready[index] = [stages_for(script.options, sentence.voice) for sentence in script.sentences]
        except TtsError as error:
            results[index] = error

    def speak(indices: Sequence[int]) -> list[Utterance | TtsError]:
        """Speak together; if that fails, in halves, until only the failing script is left."""
        try:
            return list(_spoken([(scripts[index], ready[index]) for index in indices], sample_rate))
        except TtsError as error:
            if len(indices) == 1:
                return [error]
        middle = len(indices) // 2
        return [*speak(indices[:middle]), *speak(indices[middle:])]

    with one_compute_thread():
        results |= zip(ready, speak(list(ready)), strict=True)
    return [results[index] for index in range(len(scripts))]


def gain_for(audio: Audio, options: SynthesisOptions) -> float:
    """The gain in dB that brings an utterance to the volume and loudness of the options."""
    if options.loudness is None:
        return options.volume
    measured = integrated_loudness(audio)
    # Silence has no loudness and is left unchanged.
    return options.volume + (options.loudness - measured if math.isfinite(measured) else 0.0)


def _spoken(scripts: Sequence[tuple[Script, Sequence[Stages]]], sample_rate: int) -> Iterator[Utterance]:
    """Speak scripts whose sentences have these stages: all sentences that share their stages together."""
    tasks = [
        (stages, sentence, script.options)
        for script, each in scripts
        for sentence, stages in zip(script.sentences, each, strict=True)
        if not sentence.is_silent
    ]
    groups: dict[Stages, list[int]] = {}
    for index, (stages, _, _) in enumerate(tasks):
        groups.setdefault(stages, []).append(index)
    spoken: dict[int, SpokenSentence] = {}
    for stages, indices in groups.items():
        spoken |= zip(indices, stages.speak_all([tasks[index][1:] for index in indices]), strict=True)
    in_order = (spoken[index] for index in range(len(tasks)))

    for script, each in scripts:
        parts: list[Floats] = []
        warnings: list[str] = []
        timeline = Timeline(sample_rate)
        for sentence, stages in zip(script.sentences, each, strict=True):
            own = [np.zeros(sentence.n_silent(sample_rate), np.float32)]
            warnings += [*stages.warnings(sentence.index), *sentence.warnings]
            result = None if sentence.is_silent else next(in_order)
            timeline.add(sentence.text, sentence.phonemes, sentence_times(sentence, result, sample_rate))
            if result is not None:
                own += samples_with_gain(sentence, result, sample_rate)
                warnings += [*unsupported_prosody(sentence, stages.controls), *result.warnings]
            timeline.add_audio(sum(map(len, own)))
            parts += own
        audio = Audio(np.concatenate(parts), sample_rate)
        yield Utterance(
            apply_gain(audio, gain_for(audio, script.options)),
            tuple(dict.fromkeys(warnings)),
            tuple(timeline.sentences),
            tuple(timeline.bookmarks),
        )


def sentence_times(sentence: Sentence, spoken: SpokenSentence | None, sample_rate: int) -> SentenceTimes:
    """When the parts of a sentence are spoken, behind the silence before it; `spoken` is None if it is only silence."""
    silence = sentence.n_silent(sample_rate) / sample_rate
    if spoken is None:
        return SentenceTimes((), (), timed_bookmarks(sentence.bookmarks, (), (), silence), silence)
    frame_seconds = spoken.hop_length / spoken.sample_rate
    marks = symbol_marks(spoken.symbols, spoken.places, spoken.durations.tolist(), silence, frame_seconds)
    words = timed_words(sentence.text, sentence.reading.words, marks)
    seconds = silence + spoken.seconds
    bookmarks = timed_bookmarks(sentence.bookmarks, sentence.reading.words, words, seconds)
    return SentenceTimes(marks, words, bookmarks, seconds)


def samples_with_gain(sentence: Sentence, spoken: SpokenSentence, sample_rate: int) -> Iterator[Floats]:
    """The samples of a sentence at this rate in Hz, in chunks, its words as loud as the text says."""
    gains = frame_gains(sentence, spoken.places, spoken.durations)
    frame_length = spoken.hop_length * sample_rate / spoken.sample_rate
    start = 0
    for chunk in spoken.resampled(sample_rate).chunks:
        yield with_gain(chunk, start, gains, frame_length)
        start += len(chunk)
