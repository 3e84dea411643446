"""Several texts at a time: the networks speak the sentences of all of them together, and each as it is alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tts.audio.effects import apply_gain
from tts.audio.waveform import Audio
from tts.errors import TtsError
from tts.kernels.threads import one_compute_thread
from tts.models.stages import Floats, WaveRequest
from tts.synthesis.level import gain_for
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.sentence import Script, Sentence, heard, wave_request
from tts.synthesis.steady import Spoken, speak_all_steadily, takes

if TYPE_CHECKING:
    from tts.synthesis.pipeline import Stages

Thing = TypeVar("Thing")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Utterance:
    """A text that was spoken, and what its listener should know, told once each."""

    audio: Audio
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    """A sentence among those of all scripts."""

    sentence: Sentence
    options: SynthesisOptions
    stages: Stages
    generator: np.random.Generator


def speak_all(
    scripts: Sequence[Script], stages_for: Callable[[SynthesisOptions], Stages]
) -> list[Utterance | TtsError]:
    """Speak them all, in their order; where one cannot be spoken, the error says why, and the others are.

    `stages_for` gives the stages that options ask for, or raises TtsError.
    """
    made: dict[int, Utterance | TtsError] = {}
    ready: list[tuple[Script, Stages]] = []
    for place, script in enumerate(scripts):
        try:
            ready.append((script, stages_for(script.options)))
        except TtsError as error:
            made[place] = error
    with one_compute_thread():
        spoken = iter(_spoken_or_parted(ready))
    return [made[place] if place in made else next(spoken) for place in range(len(scripts))]


def _spoken_or_parted(ready: Sequence[tuple[Script, Stages]]) -> list[Utterance | TtsError]:
    """All of them together; where that fails in halves, until the one that it fails for is alone."""
    try:
        return [*_spoken(ready)]
    except TtsError as error:
        if len(ready) == 1:
            return [error]
    middle = len(ready) // 2
    return [*_spoken_or_parted(ready[:middle]), *_spoken_or_parted(ready[middle:])]


def _spoken(ready: Sequence[tuple[Script, Stages]]) -> Iterator[Utterance]:
    lines = [
        _Line(sentence, script.options, stages, sentence.draws(script.options.seed))
        for script, stages in ready
        for sentence in script.sentences
    ]
    mels = _by(lambda line: line.stages.acoustic, lines, _mels)
    requests = [
        wave_request(heard(spoken, line.stages.vocoder.mel), line.options, line.generator)
        for line, spoken in zip(lines, mels, strict=True)
    ]
    waves = _by(lambda asked: asked[0].stages.vocoder, list(zip(lines, requests, strict=True)), _waves)
    made = zip(lines, mels, waves, strict=True)
    for script, _ in ready:
        yield _utterance(script.options, [next(made) for _ in script.sentences])


def _mels(lines: Sequence[_Line]) -> list[Spoken]:
    sentences = [takes(line.sentence.encoded, line.options, line.generator) for line in lines]
    return speak_all_steadily(lines[0].stages.acoustic, sentences)


def _waves(asked: Sequence[tuple[_Line, WaveRequest]]) -> list[Floats]:
    vocoder = asked[0][0].stages.vocoder
    return vocoder.speak_all([request for _, request in asked], [line.options.denoise for line, _ in asked])


def _utterance(options: SynthesisOptions, made: Sequence[tuple[_Line, Spoken, Floats]]) -> Utterance:
    parts: list[Floats] = []
    warnings: list[str] = []
    for line, spoken, samples in made:
        rate = line.stages.vocoder.mel.sample_rate
        parts += [np.zeros(line.sentence.n_silent(options, rate), np.float32), samples]
        index = line.sentence.index
        warnings += [*line.stages.vocoder.warnings(index), *line.sentence.warnings, *spoken.warnings]
    audio = Audio(np.concatenate(parts), rate)
    return Utterance(apply_gain(audio, gain_for(audio, options)), tuple(dict.fromkeys(warnings)))


def _by(
    key: Callable[[Thing], Hashable], things: Sequence[Thing], work: Callable[[Sequence[Thing]], Sequence[Result]]
) -> list[Result]:
    """What `work` makes of the things, in their order, given all those of one key at a time."""
    groups: dict[Hashable, list[int]] = {}
    for place, thing in enumerate(things):
        groups.setdefault(key(thing), []).append(place)
    made: dict[int, Result] = {}
    for places in groups.values():
        made |= zip(places, work([things[place] for place in places]), strict=True)
    return [made[place] for place in range(len(things))]
