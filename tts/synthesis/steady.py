"""Speaking with a model whose attention can fail: try again, then in parts, and say what happened.

A network that draws its dropout anew (Tacotron 2) mostly gets right at the second try what it failed at first. A long
sentence that keeps failing is spoken in halves, as public Tacotrons fail with length before all.

Each sentence is a line of questions, of which one may depend on the answer to the last: so several sentences are spoken
together, a question of each at a time, and each asks and draws what it does alone.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tts.models.base import AcousticModel, MelRequest, SpokenMel
from tts.synthesis.options import SynthesisOptions
from tts.text.symbols import Encoded

TAKES = 3
# A part shorter than this is spoken worse by itself than in its sentence.
LEAST_SYMBOLS = 8
MOST_HALVINGS = 3
CLAUSE_MARKS = frozenset(",;:.!?")
EXCERPT_LENGTH = 40


@dataclass(frozen=True)
class Spoken:
    """A sentence's mel, what each of its symbols stands for ("" for a marker), and what went wrong, if anything.

    `places` are those of the symbols in the phonemes, as `Encoded` has them.
    """

    result: SpokenMel
    symbols: list[str]
    places: list[int]
    warnings: tuple[str, ...] = ()


Takes = Generator[MelRequest, SpokenMel, Spoken]
"""A sentence being spoken: asks for mels, one after the other, until it is done."""


def speak_steadily(
    model: AcousticModel, encoded: Encoded, options: SynthesisOptions, generator: np.random.Generator
) -> Spoken:
    """Speak one sentence; what cannot be spoken well after all is spoken all the same, and told of."""
    return speak_all_steadily(model, [takes(encoded, options, generator)])[0]


def speak_all_steadily(model: AcousticModel, sentences: Sequence[Takes]) -> list[Spoken]:
    """Speak several, each as `speak_steadily` does; those that failed are spoken again together."""
    done: dict[int, Spoken] = {}
    asking = {place: next(sentence) for place, sentence in enumerate(sentences)}
    while asking:
        answers = model.speak_all(list(asking.values()))
        for place, answer in zip(list(asking), answers, strict=True):
            try:
                asking[place] = sentences[place].send(answer)
            except StopIteration as end:
                del asking[place]
                done[place] = end.value
    return [done[place] for place in range(len(sentences))]


def takes(encoded: Encoded, options: SynthesisOptions, generator: np.random.Generator, halvings: int = 0) -> Takes:
    """A sentence, or a part of one that has been halved so often."""
    failures: list[str] = []
    for _ in range(TAKES):
        result = yield MelRequest(encoded.ids, options.speed, options.pitch, options.energy, generator)
        if result.failure is None:
            return Spoken(result, encoded.symbols, encoded.offsets, _retried(encoded, failures))
        failures.append(result.failure)
    parts = halves(encoded) if halvings < MOST_HALVINGS else None
    if parts is None:
        doubt = f"{_told(encoded, failures)}: listen to it, it may be wrong or cut"
        return Spoken(result, encoded.symbols, encoded.offsets, (doubt,))
    spoken = []
    for part in parts:
        spoken.append((yield from takes(part, options, generator, halvings + 1)))
    return _joined(spoken, f"{_told(encoded, failures)}, so it was spoken in two parts")


def halves(encoded: Encoded) -> tuple[Encoded, Encoded] | None:
    """A sentence in two at a blank, near its middle and after a clause if there is one; None: too short, or no blank.

    The blank is left out; markers at the ends of the sentence are at the ends of both halves.
    """
    ids, symbols, _, places = encoded
    first = next((i for i, symbol in enumerate(symbols) if symbol), 0)
    last = next((i for i in range(len(symbols), 0, -1) if symbols[i - 1]), 0)
    middle, quarter = (first + last) / 2, (last - first) / 4
    blanks = [
        i
        for i in range(first + LEAST_SYMBOLS, last - LEAST_SYMBOLS)
        if symbols[i].isspace() and abs(i - middle) <= 2 * quarter
    ]
    clauses = [i for i in blanks if symbols[i - 1] in CLAUSE_MARKS and abs(i - middle) <= quarter]
    if not blanks:
        return None
    cut = min(clauses or blanks, key=lambda i: abs(i - middle))
    return tuple(  # type: ignore[return-value]  # two of them
        Encoded(
            [*ids[:first], *ids[start:end], *ids[last:]],
            [*symbols[:first], *symbols[start:end], *symbols[last:]],
            (),
            [*places[:first], *places[start:end], *places[last:]],
        )
        for start, end in ((first, cut), (cut + 1, last))
    )


def _joined(spoken: list[Spoken], warning: str) -> Spoken:
    """Two halves as one; the blank between them takes no time."""
    one, other = spoken
    no_frames = np.zeros(1, np.int64)
    f0 = [half.result.f0 for half in spoken if half.result.f0 is not None]
    result = replace(
        one.result,
        mel=np.concatenate([one.result.mel, other.result.mel], axis=1),
        durations=np.concatenate([one.result.durations, no_frames, other.result.durations]),
        f0=np.concatenate(f0) if len(f0) == len(spoken) else None,
        failure=None,
    )
    symbols, places = [*one.symbols, " ", *other.symbols], [*one.places, -1, *other.places]
    return Spoken(result, symbols, places, (warning, *one.warnings, *other.warnings))


def _retried(encoded: Encoded, failures: list[str]) -> tuple[str, ...]:
    return (f"{_told(encoded, failures)}; the next take was good",) if failures else ()


def _told(encoded: Encoded, failures: list[str]) -> str:
    text = "".join(encoded.symbols)
    excerpt = text if len(text) <= EXCERPT_LENGTH else f"{text[: EXCERPT_LENGTH - 1]}…"
    takes = "once" if len(failures) == 1 else f"{len(failures)} times"
    return f"in {excerpt!r} {' and '.join(dict.fromkeys(failures))} ({takes})"
