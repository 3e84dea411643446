"""Words that are said in another prosody than the rest of their sentence: higher, slower, louder.

The whole sentence is spoken once in each prosody, and each word's frames are taken from its own: so it keeps its place
in the melody of the sentence. Loudness is a gain on what is heard.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tts.models.base import Floats, SpokenMel
from tts.synthesis.options import LIMITS, SynthesisOptions
from tts.synthesis.sentence import Sentence
from tts.synthesis.steady import Spoken, Takes, takes
from tts.text.passage import NEUTRAL, Prosody

_UNLIKE = "the attention said words otherwise in one prosody than in another, so all are said in one"


def takes_in_manners(
    sentence: Sentence, options: SynthesisOptions, controls: Collection[str], generator: np.random.Generator
) -> Takes:
    """A sentence being spoken, each of its words in its prosody, as far as a model with such controls obeys."""
    by_symbol = symbol_manners(sentence, sentence.encoded.offsets)
    asked = [_told(options, prosody, controls) for prosody in by_symbol]
    spoken: dict[SynthesisOptions, Spoken] = {}
    for each in dict.fromkeys(asked):
        # Each in the same words of chance: the first from where the vocoder's go on.
        draws = sentence.draws(options.seed) if spoken else generator
        spoken[each] = yield from takes(sentence.encoded, each, draws)
    first = next(iter(spoken.values()))
    if len(spoken) == 1:
        return first
    warnings = tuple(dict.fromkeys(warning for each in spoken.values() for warning in each.warnings))
    if any(each.symbols != sentence.encoded.symbols for each in spoken.values()):
        return replace(first, warnings=(*warnings, _UNLIKE))
    mel = _spliced([(spoken[each].result, len(list(run))) for each, run in groupby(asked)])
    return replace(first, result=mel, warnings=warnings)


def unheeded(sentence: Sentence, controls: Collection[str]) -> tuple[str, ...]:
    """What the text asks of the prosody of words and this voice has no control over, in a warning each."""
    missing = [
        name
        for name in ("pitch", "energy")
        if name not in controls
        and any(getattr(each.prosody, name) != getattr(NEUTRAL, name) for each in sentence.manners)
    ]
    return tuple(f"the text changes the {name}, over which this voice has no control" for name in missing)


def changes_pitch(sentence: Sentence, options: SynthesisOptions) -> bool:
    """Tell whether anything is said at another pitch than the voice's own, which a vocoder must be told."""
    return bool(options.pitch) or any(each.prosody.pitch for each in sentence.manners)


def louder(samples: Floats, start: int, gains: Floats | None, hop_length: int) -> Floats:
    """Samples from the sample `start` of a sentence on, with its frames' gains [T], straight lines between frames."""
    if gains is None:
        return samples
    places = (np.arange(start, start + len(samples)) + 0.5) / hop_length - 0.5
    return (samples * np.interp(places, np.arange(len(gains)), gains)).astype(np.float32)


def frame_gains(sentence: Sentence, places: Sequence[int], durations: npt.NDArray[np.int64]) -> Floats | None:
    """The gain of each frame [T], a factor, of symbols with these places and durations; None: they stay as they are."""
    decibels = [prosody.volume for prosody in symbol_manners(sentence, places)]
    if not any(decibels):
        return None
    return np.repeat(10 ** (np.array(decibels, np.float32) / 20), durations)


def symbol_manners(sentence: Sentence, places: Sequence[int]) -> list[Prosody]:
    """The prosody of each symbol by its place in the phonemes; one without a place is said as the one before."""
    found: list[Prosody] = []
    for place in places:
        inside = (each.prosody for each in sentence.manners if each.first <= place < each.last)
        found.append(next(inside, NEUTRAL) if place >= 0 or not found else found[-1])
    if len(places) > 1 and places[0] < 0:
        found[0] = found[1]
    return found


def _told(options: SynthesisOptions, prosody: Prosody, controls: Collection[str]) -> SynthesisOptions:
    """The options of words in a prosody of their own."""
    if prosody == NEUTRAL:
        return options
    speed = _clamped("speed", options.speed * prosody.speed)
    pitch = _clamped("pitch", options.pitch + prosody.pitch) if "pitch" in controls else options.pitch
    energy = _clamped("energy", options.energy * prosody.energy) if "energy" in controls else options.energy
    return replace(options, speed=speed, pitch=pitch, energy=energy)


def _clamped(name: str, value: float) -> float:
    low, high = LIMITS[name]
    return min(max(value, low), high)


def _spliced(parts: Sequence[tuple[SpokenMel, int]]) -> SpokenMel:
    """One after the other so many symbols of each mel, which are all of the same symbols."""
    mels, durations, f0 = [], [], []
    symbol = 0
    for mel, n_symbols in parts:
        bounds = np.concatenate([[0], np.cumsum(mel.durations)])
        start, end = bounds[symbol], bounds[symbol + n_symbols]
        mels.append(mel.mel[:, start:end])
        durations.append(mel.durations[symbol : symbol + n_symbols])
        if mel.f0 is not None:
            f0.append(mel.f0[start:end])
        symbol += n_symbols
    whole_f0 = np.concatenate(f0) if len(f0) == len(parts) else None
    return SpokenMel(np.concatenate(mels, axis=1), np.concatenate(durations), whole_f0)
