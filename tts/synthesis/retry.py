"""Speak with a model whose attention can fail: retry, then speak in parts, and report what happened.

A network that samples its dropout anew (Tacotron 2) mostly succeeds at the second attempt. A long sentence that keeps
failing is spoken in halves, because public Tacotrons fail with length more than anything else.

Each sentence is a generator of requests, of which one may depend on the result of the last. So several sentences are
spoken together, one request of each at a time, and each makes the same requests with the same random numbers as it does
on its own.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tts.models.base import AcousticModel, MelRequest, SpeakerMix, SpokenMel
from tts.options import SynthesisOptions
from tts.text.symbols import Encoded

MAX_ATTEMPTS = 3
MAX_HALVINGS = 3
# A shorter part is spoken worse on its own than in its sentence.
MIN_SYMBOLS = 8
CLAUSE_MARKS = frozenset(",;:.!?")
MAX_EXCERPT = 40


@dataclass(frozen=True)
class SentenceMel:
    """A sentence's mel, what each of its symbols stands for ("" for a marker), and what went wrong, if anything.

    `places` are the indices of the symbols in the phonemes, as in `Encoded`.
    """

    result: SpokenMel
    symbols: list[str]
    places: list[int]
    warnings: tuple[str, ...] = ()


Attempts = Generator[MelRequest, SpokenMel, SentenceMel]
"""A sentence in progress: it requests mels, one after the other, and returns the one to use."""


def speak_with_retries(
    model: AcousticModel, encoded: Encoded, options: SynthesisOptions, generator: np.random.Generator
) -> SentenceMel:
    """Speak one sentence. The last mel is returned with a warning if none is good."""
    return speak_all_with_retries(model, [attempts(encoded, options, generator)])[0]


def speak_all_with_retries(
    model: AcousticModel, sentences: Sequence[Attempts], speakers: SpeakerMix = ()
) -> list[SentenceMel]:
    """Speak several sentences, each as `speak_with_retries` does; those that failed are retried together."""
    done: dict[int, SentenceMel] = {}
    requests = {index: next(sentence) for index, sentence in enumerate(sentences)}
    while requests:
        results = model.speak_all([replace(each, speakers=speakers) for each in requests.values()])
        for index, result in zip(list(requests), results, strict=True):
            try:
                requests[index] = sentences[index].send(result)
            except StopIteration as end:
                del requests[index]
                done[index] = end.value
    return [done[index] for index in range(len(sentences))]


def attempts(
    encoded: Encoded, options: SynthesisOptions, generator: np.random.Generator, n_halvings: int = 0
) -> Attempts:
    """A sentence, or a part of one after `n_halvings`."""
    failures: list[str] = []
    for _ in range(MAX_ATTEMPTS):
        result = yield MelRequest(encoded.ids, options.speed, options.pitch, options.energy, generator)
        if result.failure is None:
            warnings = (f"{_failures_text(encoded, failures)}; the next attempt was good",) if failures else ()
            return SentenceMel(result, encoded.symbols, encoded.offsets, warnings)
        failures.append(result.failure)

    parts = halves(encoded) if n_halvings < MAX_HALVINGS else None
    if parts is None:
        warning = f"{_failures_text(encoded, failures)}: listen to it, it may be wrong or cut"
        return SentenceMel(result, encoded.symbols, encoded.offsets, (warning,))

    one = yield from attempts(parts[0], options, generator, n_halvings + 1)
    other = yield from attempts(parts[1], options, generator, n_halvings + 1)
    # The space between the halves has no frames.
    joined = replace(
        one.result,
        mel=np.concatenate([one.result.mel, other.result.mel], axis=1),
        durations=np.concatenate([one.result.durations, np.zeros(1, np.int64), other.result.durations]),
        f0=None
        if one.result.f0 is None or other.result.f0 is None
        else np.concatenate([one.result.f0, other.result.f0]),
        failure=None,
    )
    warning = f"{_failures_text(encoded, failures)}, so it was spoken in two parts"
    return SentenceMel(
        joined,
        [*one.symbols, " ", *other.symbols],
        [*one.places, -1, *other.places],
        (warning, *one.warnings, *other.warnings),
    )


def halves(encoded: Encoded) -> tuple[Encoded, Encoded] | None:
    """A sentence split at a space, near its middle and after a clause if possible; None: too short, or no space.

    The space is left out; markers at the ends of the sentence are at the ends of both halves.
    """
    ids, symbols, _, places = encoded
    first = next((i for i, symbol in enumerate(symbols) if symbol), 0)
    last = next((i for i in range(len(symbols), 0, -1) if symbols[i - 1]), 0)
    middle, quarter = (first + last) / 2, (last - first) / 4
    spaces = [
        i
        for i in range(first + MIN_SYMBOLS, last - MIN_SYMBOLS)
        if symbols[i].isspace() and abs(i - middle) <= 2 * quarter
    ]
    clauses = [i for i in spaces if symbols[i - 1] in CLAUSE_MARKS and abs(i - middle) <= quarter]
    if not spaces:
        return None
    cut = min(clauses or spaces, key=lambda i: abs(i - middle))
    return tuple(  # type: ignore[return-value]  # two of them
        Encoded(
            [*ids[:first], *ids[start:end], *ids[last:]],
            [*symbols[:first], *symbols[start:end], *symbols[last:]],
            (),
            [*places[:first], *places[start:end], *places[last:]],
        )
        for start, end in ((first, cut), (cut + 1, last))
    )


def _failures_text(encoded: Encoded, failures: list[str]) -> str:
    text = "".join(encoded.symbols)
    excerpt = text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1]}…"
    count = "once" if len(failures) == 1 else f"{len(failures)} times"
    return f"in {excerpt!r} {' and '.join(dict.fromkeys(failures))} ({count})"
