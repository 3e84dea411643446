"""Several texts at a time: the networks speak the sentences of all of them together, and each as on its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tts.audio.audio import Audio, apply_gain, integrated_loudness
from tts.errors import TtsError
from tts.kernels.execution import one_compute_thread
from tts.models.base import Floats, SpokenMel
from tts.options import SynthesisOptions
from tts.synthesis.prosody import (
    attempts_with_prosody,
    final_mel,
    frame_gains,
    unsupported_prosody,
    wave_request,
    with_gain,
)
from tts.synthesis.retry import SentenceMel, speak_all_with_retries
from tts.synthesis.sentences import Script, Sentence
from tts.synthesis.stages import Stages

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Utterance:
    """A text that was spoken, and its warnings, each once."""

    audio: Audio
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Task:
    """A sentence of one of the scripts."""

    sentence: Sentence
    options: SynthesisOptions
    stages: Stages
    generator: np.random.Generator


_Mel = tuple[SentenceMel, SpokenMel]
"""A sentence's mel as the acoustic model spoke it, and the one that becomes sound."""


def speak_all(
    scripts: Sequence[Script], stages_for: Callable[[SynthesisOptions, str | None], Stages]
) -> list[Utterance | TtsError]:
    """Speak all scripts, in their order. A script that cannot be spoken has its error instead; the others are spoken.

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
            return list(_spoken([(scripts[index], ready[index]) for index in indices]))
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


def _spoken(scripts: Sequence[tuple[Script, Sequence[Stages]]]) -> Iterator[Utterance]:
    """Speak scripts whose sentences have these stages, from fresh random numbers."""
    tasks_by_script = [
        [
            _Task(sentence, script.options, each, sentence.generator(script.options.seed))
            for sentence, each in zip(script.sentences, stages, strict=True)
        ]
        for script, stages in scripts
    ]
    tasks = [task for tasks in tasks_by_script for task in tasks if not task.sentence.is_silent]
    mels = _by_group(tasks, lambda task: task.stages.acoustic, _mels)
    waves = _by_group(list(zip(tasks, mels, strict=True)), lambda pair: pair[0].stages.vocoder, _waves)
    spoken = zip(mels, waves, strict=True)

    for (script, _), tasks in zip(scripts, tasks_by_script, strict=True):
        parts: list[Floats] = []
        warnings: list[str] = []
        for task in tasks:
            sentence, vocoder = task.sentence, task.stages.vocoder
            parts.append(np.zeros(sentence.n_silent(vocoder.mel.sample_rate), np.float32))
            warnings += [*vocoder.warnings(sentence.index), *sentence.warnings]
            if not sentence.is_silent:
                (result, mel), samples = next(spoken)
                gains = frame_gains(sentence, result.places, mel.durations)
                parts.append(with_gain(samples, 0, gains, vocoder.mel.hop_length))
                warnings += [*unsupported_prosody(sentence, task.stages.acoustic.controls), *result.warnings]
        audio = Audio(np.concatenate(parts), vocoder.mel.sample_rate)
        yield Utterance(apply_gain(audio, gain_for(audio, script.options)), tuple(dict.fromkeys(warnings)))


def _mels(tasks: Sequence[_Task]) -> list[_Mel]:
    """Speak sentences with the same acoustic model."""
    model = tasks[0].stages.acoustic
    sentences = [attempts_with_prosody(task.sentence, task.options, model.controls, task.generator) for task in tasks]
    return [
        (spoken, final_mel(spoken, task.stages.vocoder.mel, task.options.clause_silence, task.sentence.cut))
        for task, spoken in zip(tasks, speak_all_with_retries(model, sentences), strict=True)
    ]


def _waves(mels: Sequence[tuple[_Task, _Mel]]) -> list[Floats]:
    """The samples of sentences with the same vocoder."""
    vocoder = mels[0][0].stages.vocoder
    requests = [wave_request(task.sentence, mel, task.options, task.generator) for task, (_, mel) in mels]
    return vocoder.speak_all(requests, [task.options.denoise for task, _ in mels])


def _by_group(
    items: Sequence[Item], key: Callable[[Item], Hashable], work: Callable[[Sequence[Item]], Sequence[Result]]
) -> list[Result]:
    """The results of `work`, in the order of the items; it receives all items of one key at a time."""
    groups: dict[Hashable, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(key(item), []).append(index)
    results: dict[int, Result] = {}
    for indices in groups.values():
        results |= zip(indices, work([items[index] for index in indices]), strict=True)
    return [results[index] for index in range(len(items))]
