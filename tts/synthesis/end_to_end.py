"""Speech by one network from symbols to samples.

What the two stages do with frames of a mel is done with samples here: words with their own speed are joined from the
sentence spoken at each, with a short crossfade, and silence is inserted between clauses. Such sentences are complete
before they are heard; all others come in chunks as the network makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

import numpy as np
import numpy.typing as npt

from tts.models.base import EndToEnd, Floats, SpeakerMix, SpeechModel, SpeechRequest, SpokenWave
from tts.options import SynthesisOptions
from tts.synthesis.prosody import CLAUSE_MARKS, adjusted, clause_marks, symbol_prosody
from tts.synthesis.sentences import Sentence
from tts.synthesis.stages import SpokenSentence, Stages
from tts.text.symbols import Encoded

# Where two takes of a sentence meet.
CROSSFADE_SECONDS = 0.005
# The most silence at the markers where two parts of a sentence meet; a comma before them has its own.
SEAM_SECONDS = 0.1
# Samples below this part of a sentence's loudest are silence.
SILENT = 0.01
# Silence is inserted at the quietest moment of a pause, found with a window of this length.
QUIET_SECONDS = 0.02


@dataclass(frozen=True)
class EndToEndStages(Stages):
    """One network, for one speaker or a blend of several."""

    network: EndToEnd
    speakers: SpeakerMix = ()

    @property
    def networks(self) -> tuple[SpeechModel, ...]:
        return (self.network,)

    @property
    def sample_rate(self) -> int:
        return self.network.sample_rate

    @property
    def controls(self) -> frozenset[str]:
        return self.network.controls

    def speak(self, sentence: Sentence, options: SynthesisOptions) -> SpokenSentence:
        encoded = sentence.encoded
        parts = in_parts(encoded, self.network.max_symbols)
        symbols = [symbol for part in parts for symbol in part.symbols]
        places = [place for part in parts for place in part.offsets]
        by_symbol = [adjusted(options, each, self.controls) for each in symbol_prosody(sentence, places)]
        takes = {each: self._take(sentence, parts, each) for each in dict.fromkeys(by_symbol)}
        wave = takes[by_symbol[0]]
        if len(takes) > 1:
            complete = {each: (take.durations, np.concatenate(list(take.chunks))) for each, take in takes.items()}
            runs = [(complete[each], len(list(run))) for each, run in groupby(by_symbol)]
            wave = spliced(runs, self.network.hop_length, round(CROSSFADE_SECONDS * self.sample_rate))
        if options.clause_silence:
            wave = self._with_pauses(wave, clause_marks(symbols), options.clause_silence)
        return SpokenSentence(
            symbols=symbols,
            places=places,
            durations=wave.durations,
            hop_length=self.network.hop_length,
            sample_rate=self.sample_rate,
            chunks=wave.chunks,
        )

    def _take(self, sentence: Sentence, parts: Sequence[Encoded], options: SynthesisOptions) -> SpokenWave:
        """The sentence in one manner, all of its parts from the same random numbers."""
        generator = sentence.generator(options.seed)
        waves = [
            self.network.speak(
                SpeechRequest(part.ids, options.speed, generator, self.speakers, options.noise_scale, options.noise_w)
            )
            for part in parts
        ]
        if len(waves) == 1:
            return waves[0]
        ends = [[not symbol for symbol in (part.symbols[0], part.symbols[-1])] for part in parts]
        return joined(waves, ends, self.network.hop_length, SEAM_SECONDS * self.sample_rate / self.network.hop_length)

    def _with_pauses(self, wave: SpokenWave, symbols: Sequence[int], seconds: float) -> SpokenWave:
        """Insert silence at the quietest moment of each given symbol and the space after it."""
        n_frames = round(seconds * self.sample_rate / self.network.hop_length)
        if not symbols or not n_frames:
            return wave
        samples = np.concatenate(list(wave.chunks))
        bounds = np.concatenate([[0], np.cumsum(wave.durations)]) * self.network.hop_length
        cuts = [
            quietest(samples, int(bounds[symbol]), int(bounds[symbol + 2]), round(QUIET_SECONDS * self.sample_rate))
            for symbol in symbols
        ]
        durations = wave.durations.copy()
        durations[list(symbols)] += n_frames
        silence = np.zeros(n_frames * self.network.hop_length, np.float32)
        pieces = np.split(samples, cuts)
        return SpokenWave(durations, iter([np.concatenate([pieces[0], *chain(*([silence, p] for p in pieces[1:]))])]))


def in_parts(encoded: Encoded, max_symbols: int | None) -> list[Encoded]:
    """A sentence in parts of at most `max_symbols` ids, markers included: cut behind a clause, or else at a space.

    The markers at the ends of the sentence are at the ends of each part.
    """
    ids, symbols, dropped, offsets = encoded
    if max_symbols is None or len(ids) <= max_symbols:
        return [encoded]
    first = next(i for i, symbol in enumerate(symbols) if symbol)
    last = next(i for i in range(len(symbols), 0, -1) if symbols[i - 1])
    room = max_symbols - first - (len(ids) - last)
    parts, start = [], first
    while start < last:
        end = min(start + room, last)
        if end < last:
            spaces = [i for i in range(start + 1, end) if symbols[i].isspace()]
            # In the second half, so that parts are not short.
            clauses = [i for i in spaces if symbols[i - 1] in CLAUSE_MARKS and 2 * (i - start) > room]
            end = (clauses or spaces or [end - 1])[-1] + 1
        inside = slice(start, end)
        parts.append(
            Encoded(
                [*ids[:first], *ids[inside], *ids[last:]],
                [*symbols[:first], *symbols[inside], *symbols[last:]],
                dropped,
                [*offsets[:first], *offsets[inside], *offsets[last:]],
            )
        )
        start = end
    return parts


def joined(
    waves: Sequence[SpokenWave], has_markers: Sequence[Sequence[bool]], hop_length: int, max_frames: float
) -> SpokenWave:
    """The parts of a sentence as one wave, with at most `max_frames` of silence at the markers where two parts meet.

    `has_markers` says of each part whether its first and its last symbol is a marker. What is cut out lies between
    silence and silence.
    """
    durations = [wave.durations.copy() for wave in waves]
    samples = [np.concatenate(list(wave.chunks)) for wave in waves]
    most = int(max_frames / 2)
    level = SILENT * max((float(np.abs(each).max()) for each in samples if len(each)), default=0.0)
    for i, (starts, ends) in enumerate(has_markers):
        frames = np.abs(samples[i]).reshape(-1, hop_length).max(axis=1) < level
        for symbol, quiet in ((0, frames), (-1, frames[::-1])):
            if (starts and i > 0) if symbol == 0 else (ends and i < len(waves) - 1):
                n_silent = int(np.argmin(quiet)) if not quiet.all() else len(quiet)
                n_cut = max(0, min(n_silent - most, int(durations[i][symbol])))
                durations[i][symbol] -= n_cut
                n = n_cut * hop_length
                samples[i] = samples[i][n:] if symbol == 0 else samples[i][: len(samples[i]) - n]
    return SpokenWave(np.concatenate(durations), iter(samples))


def spliced(
    runs: Sequence[tuple[tuple[npt.NDArray[np.int64], Floats], int]], hop_length: int, n_fade: int
) -> SpokenWave:
    """From takes (durations, samples) of the same symbols: so many symbols of each, one after the other.

    At each join, one take fades into the next over `n_fade` samples.
    """
    all_durations: list[npt.NDArray[np.int64]] = []
    symbol = 0
    for (durations, _), n_symbols in runs:
        all_durations.append(durations[symbol : symbol + n_symbols])
        symbol += n_symbols
    joined = np.concatenate(all_durations)
    n_samples = int(joined.sum()) * hop_length
    mixed, weights = np.zeros(n_samples), np.zeros(n_samples)
    symbol = position = 0
    for index, ((durations, samples), n_symbols) in enumerate(runs):
        bounds = np.concatenate([[0], np.cumsum(durations)]) * hop_length
        start, end = int(bounds[symbol]), int(bounds[symbol + n_symbols])
        low = start if index == 0 else max(start - n_fade // 2, 0, start - position)
        high = end if index == len(runs) - 1 else min(end + n_fade // 2, len(samples), n_samples - position + start)
        times = np.arange(low, high) + 0.5
        weight = np.ones(high - low)
        if index > 0:
            weight *= np.clip((times - start) / n_fade + 0.5, 0, 1)
        if index < len(runs) - 1:
            weight *= np.clip((end - times) / n_fade + 0.5, 0, 1)
        where = slice(position + low - start, position + high - start)
        mixed[where] += weight * samples[low:high]
        weights[where] += weight
        symbol += n_symbols
        position += end - start
    return SpokenWave(joined, iter([(mixed / np.maximum(weights, 1e-9)).astype(np.float32)]))


def quietest(samples: Floats, start: int, end: int, n_window: int) -> int:
    """The sample in [start, end) around which the power over `n_window` samples is least; `start` if it is empty."""
    if end - start <= n_window:
        return (start + end) // 2
    power = np.concatenate([[0.0], np.cumsum(np.square(samples[start:end], dtype=np.float64))])
    sums = power[n_window:] - power[:-n_window]
    return start + int(sums.argmin()) + n_window // 2
