"""Several texts at a time: the networks speak the sentences of all of them together, and each as it is alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tts.audio.audio import Audio, apply_gain
from tts.errors import TtsError
from tts.kernels.execution import one_compute_thread
from tts.models.base import Floats, SpokenMel, WaveRequest
from tts.synthesis.level import gain_for
from tts.synthesis.manners import changes_pitch, frame_gains, louder, takes_in_manners, unheeded
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.sentence import Script, Sentence, heard, wave_request
from tts.synthesis.steady import Spoken, speak_all_steadily

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


_Ready = tuple[Script, list[_Line]]
_Heard = tuple[Spoken, SpokenMel]


def speak_all(
    scripts: Sequence[Script], stages_for: Callable[[SynthesisOptions, str | None], Stages]
) -> list[Utterance | TtsError]:
    """Speak them all, in their order; where one cannot be spoken, the error says why, and the others are.

    `stages_for` gives the stages that options ask for, of another voice by its name, or raises TtsError.
    """
    made: dict[int, Utterance | TtsError] = {}
    ready: list[_Ready] = []
    for place, script in enumerate(scripts):
        try:
            ready.append((script, [_line(sentence, script.options, stages_for) for sentence in script.sentences]))
        except TtsError as error:
            made[place] = error
    with one_compute_thread():
        spoken = iter(_spoken_or_parted(ready))
    return [made[place] if place in made else next(spoken) for place in range(len(scripts))]


def _line(
    sentence: Sentence, options: SynthesisOptions, stages_for: Callable[[SynthesisOptions, str | None], Stages]
) -> _Line:
    return _Line(sentence, options, stages_for(options, sentence.voice), sentence.draws(options.seed))


def _spoken_or_parted(ready: Sequence[_Ready]) -> list[Utterance | TtsError]:
    """All of them together; where that fails in halves, until the one that it fails for is alone."""
    try:
        # Each time from the same random numbers.
        return [*_spoken([(script, [_afresh(line, script) for line in lines]) for script, lines in ready])]
    except TtsError as error:
        if len(ready) == 1:
            return [error]
    middle = len(ready) // 2
    return [*_spoken_or_parted(ready[:middle]), *_spoken_or_parted(ready[middle:])]


def _afresh(line: _Line, script: Script) -> _Line:
    return replace(line, generator=line.sentence.draws(script.options.seed))


def _spoken(ready: Sequence[_Ready]) -> Iterator[Utterance]:
    lines = [line for _, lines in ready for line in lines if not line.sentence.is_silent]
    mels = _by(lambda line: line.stages.acoustic, lines, _mels)
    requests = [_request(line, mel) for line, (_, mel) in zip(lines, mels, strict=True)]
    waves = _by(lambda asked: asked[0].stages.vocoder, list(zip(lines, requests, strict=True)), _waves)
    made = zip(mels, waves, strict=True)
    for script, spoken_lines in ready:
        yield _utterance(script.options, spoken_lines, made)


def _mels(lines: Sequence[_Line]) -> list[_Heard]:
    """Each sentence as it is spoken, and what of it is heard."""
    model = lines[0].stages.acoustic
    asked = [takes_in_manners(line.sentence, line.options, model.controls, line.generator) for line in lines]
    return [
        (spoken, heard(spoken, line.stages.vocoder.mel, line.options.clause_silence, line.sentence.cut))
        for line, spoken in zip(lines, speak_all_steadily(model, asked), strict=True)
    ]


def _request(line: _Line, mel: SpokenMel) -> WaveRequest:
    shifted = changes_pitch(line.sentence, line.options)
    return wave_request(mel, line.generator, shifted=shifted, streams=line.options.streams)


def _waves(asked: Sequence[tuple[_Line, WaveRequest]]) -> list[Floats]:
    vocoder = asked[0][0].stages.vocoder
    return vocoder.speak_all([request for _, request in asked], [line.options.denoise for line, _ in asked])


def _utterance(options: SynthesisOptions, lines: Sequence[_Line], made: Iterator[tuple[_Heard, Floats]]) -> Utterance:
    parts: list[Floats] = []
    warnings: list[str] = []
    for line in lines:
        sentence, vocoder = line.sentence, line.stages.vocoder
        parts.append(np.zeros(sentence.n_silent(vocoder.mel.sample_rate), np.float32))
        warnings += [*vocoder.warnings(sentence.index), *sentence.warnings]
        if not sentence.is_silent:
            (spoken, mel), samples = next(made)
            gains = frame_gains(sentence, spoken.places, mel.durations)
            parts.append(louder(samples, 0, gains, vocoder.mel.hop_length))
            warnings += [*unheeded(sentence, line.stages.acoustic.controls), *spoken.warnings]
    audio = Audio(np.concatenate(parts), vocoder.mel.sample_rate)
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
