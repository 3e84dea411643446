"""How the words and pauses of a sentence are spoken: prosody of single words, silence at clauses and at the ends.

For a word with its own speed, pitch or energy, the complete sentence is spoken once with each prosody, and each word's
frames come from its own: so the word keeps its position in the melody of the sentence. Volume is a gain on the samples.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.mel_settings import MelSettings
from tts.models.base import Floats, SpokenMel, WaveRequest
from tts.options import LIMITS, SynthesisOptions
from tts.synthesis.retry import Attempts, SentenceMel, attempts
from tts.synthesis.sentences import Sentence
from tts.text.passage import NEUTRAL, Prosody

# A recording starts and ends with silence of its own; this much of it stays at each end of a sentence. In the corpus of
# `heart`, the first sound is audible up to 0.1 s before the first symbol begins.
EDGE_SECONDS = 0.12
# The same where a sentence was cut although its author makes no pause.
CUT_SECONDS = 0.03
# What separates clauses, in phonemes.
CLAUSE_MARKS = frozenset(",;:")


def attempts_with_prosody(
    sentence: Sentence, options: SynthesisOptions, controls: Collection[str], generator: np.random.Generator
) -> Attempts:
    """A sentence in progress, each of its words with its prosody, as far as a model with such controls supports it."""
    by_symbol = [adjusted(options, each, controls) for each in symbol_prosody(sentence, sentence.encoded.offsets)]
    spoken: dict[SynthesisOptions, SentenceMel] = {}
    for each in dict.fromkeys(by_symbol):
        # Each with the same random numbers; the vocoder continues with those of the first.
        numbers = sentence.generator(options.seed) if spoken else generator
        spoken[each] = yield from attempts(sentence.encoded, each, numbers)

    first = next(iter(spoken.values()))
    if len(spoken) == 1:
        return first
    warnings = tuple(dict.fromkeys(warning for each in spoken.values() for warning in each.warnings))
    if any(each.symbols != sentence.encoded.symbols for each in spoken.values()):
        problem = "the attention failed, so all words of a sentence are spoken with the same prosody"
        return replace(first, warnings=(*warnings, problem))
    mel = _spliced([(spoken[each].result, len(list(run))) for each, run in groupby(by_symbol)])
    return replace(first, result=mel, warnings=warnings)


def unsupported_prosody(sentence: Sentence, controls: Collection[str]) -> tuple[str, ...]:
    """A warning for each property that the text changes and this voice cannot."""
    missing = [
        name
        for name in ("pitch", "energy")
        if name not in controls
        and any(getattr(each.prosody, name) != getattr(NEUTRAL, name) for each in sentence.prosody)
    ]
    return tuple(f"the text changes the {name}, over which this voice has no control" for name in missing)


def frame_gains(sentence: Sentence, places: Sequence[int], durations: npt.NDArray[np.int64]) -> Floats | None:
    """The gain of each frame [T], a factor, of symbols with these indices and durations; None: all are 1."""
    decibels = [prosody.volume for prosody in symbol_prosody(sentence, places)]
    if not any(decibels):
        return None
    return np.repeat(10 ** (np.array(decibels, np.float32) / 20), durations)


def with_gain(samples: Floats, start: int, gains: Floats | None, frame_length: float) -> Floats:
    """Samples from the sample `start` of a sentence on, with its frames' gains [T], interpolated between frames.

    `frame_length` is in samples.
    """
    if gains is None:
        return samples
    positions = (np.arange(start, start + len(samples)) + 0.5) / frame_length - 0.5
    louder: Floats = (samples * np.interp(positions, np.arange(len(gains)), gains)).astype(np.float32)
    return louder


def symbol_prosody(sentence: Sentence, places: Sequence[int]) -> list[Prosody]:
    """The prosody of each symbol by its index in the phonemes; one without an index has that of the previous one."""
    found: list[Prosody] = []
    for place in places:
        inside = (each.prosody for each in sentence.prosody if each.first <= place < each.last)
        found.append(next(inside, NEUTRAL) if place >= 0 or not found else found[-1])
    if len(places) > 1 and places[0] < 0:
        found[0] = found[1]
    return found


def final_mel(
    spoken: SentenceMel, mel: MelSettings, clause_silence: float = 0.0, cut: tuple[bool, bool] = (False, False)
) -> SpokenMel:
    """The mel that becomes sound: without overlong silence in the markers at both ends, with pauses at clauses.

    `clause_silence` seconds are inserted at every mark between two clauses; `cut` as in `Sentence`.
    """
    frames_per_second = mel.sample_rate / mel.hop_length
    result = spoken.result
    if n_frames := round(clause_silence * frames_per_second):
        result = with_pauses(result, clause_marks(spoken.symbols), n_frames)
    if not spoken.symbols[0] == spoken.symbols[-1] == "":
        return result
    first, last = (round((CUT_SECONDS if is_cut else EDGE_SECONDS) * frames_per_second) for is_cut in cut)
    return without_long_edges(result, first, last)


def clause_marks(symbols: Sequence[str]) -> list[int]:
    """The indices of the marks between two clauses: each has a space behind it, and something to say."""
    following = zip(symbols, symbols[1:], symbols[2:], strict=False)
    return [i for i, (mark, space, more) in enumerate(following) if mark in CLAUSE_MARKS and space.isspace() and more]


def with_pauses(result: SpokenMel, symbols: Sequence[int], n_frames: int) -> SpokenMel:
    """Insert `n_frames` of silence, copies of the quietest frame of all, at the quietest frame of each given symbol."""
    if not symbols:
        return result
    loudness = result.mel.mean(axis=0)
    bounds = np.concatenate([[0], np.cumsum(result.durations)])
    cuts = []
    for symbol in symbols:
        start, end = int(bounds[symbol]), int(bounds[symbol + 1])
        cuts.append(start + int(loudness[start:end].argmin()) if end > start else start)
    silence = np.repeat(result.mel[:, [loudness.argmin()]], n_frames * len(cuts), axis=1)
    where = np.repeat(cuts, n_frames)
    durations = result.durations.copy()
    durations[list(symbols)] += n_frames
    f0 = None if result.f0 is None else np.insert(result.f0, where, np.float32(0))
    return replace(result, mel=np.insert(result.mel, where, silence, axis=1), durations=durations, f0=f0)


def without_long_edges(result: SpokenMel, n_first: int, n_last: int) -> SpokenMel:
    """Shorten the first and the last symbol, which are silent markers, to at most so many frames."""
    durations = result.durations.copy()
    first, last = int(durations[0]), int(durations[-1])
    start, end = max(0, first - n_first), result.mel.shape[1] - max(0, last - n_last)
    durations[0], durations[-1] = min(first, n_first), min(last, n_last)
    f0 = None if result.f0 is None else result.f0[start:end]
    return replace(result, mel=result.mel[:, start:end], durations=durations, f0=f0)


def wave_request(
    sentence: Sentence, mel: SpokenMel, options: SynthesisOptions, generator: np.random.Generator
) -> WaveRequest:
    """The vocoder's request for a sentence with this final mel.

    A vocoder finds the pitch best in mels like those it was trained on; it needs F0 only where the pitch is changed.
    """
    is_shifted = bool(options.pitch) or any(each.prosody.pitch for each in sentence.prosody)
    return WaveRequest(mel.mel, generator, mel.f0 if is_shifted else None, options.streams)


def adjusted(options: SynthesisOptions, prosody: Prosody, controls: Collection[str]) -> SynthesisOptions:
    """The options of words with a prosody of their own."""
    if prosody == NEUTRAL:
        return options
    values: dict[str, Any] = {"speed": options.speed * prosody.speed}
    if "pitch" in controls:
        values["pitch"] = options.pitch + prosody.pitch
    if "energy" in controls:
        values["energy"] = options.energy * prosody.energy
    for name, value in values.items():
        low, high = LIMITS[name]
        values[name] = min(max(value, low), high)
    return replace(options, **values)


def _spliced(parts: Sequence[tuple[SpokenMel, int]]) -> SpokenMel:
    """From mels of the same symbols, one after the other: so many symbols from each."""
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
    joined_f0 = np.concatenate(f0) if len(f0) == len(parts) else None
    return SpokenMel(np.concatenate(mels, axis=1), np.concatenate(durations), joined_f0)
