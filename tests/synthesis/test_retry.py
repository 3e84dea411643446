import numpy as np
import pytest

from tts.models.base import AcousticModel, SpokenMel
from tts.options import SynthesisOptions
from tts.synthesis.retry import MAX_ATTEMPTS, halves, speak_with_retries
from tts.text.symbols import Encoded


class Scripted(AcousticModel):
    """Gives two frames a symbol, all of the symbol's id, and fails by a function of the ids and the attempt."""

    controls = frozenset({"speed"})

    def __init__(self, failure):
        self.failure, self.calls = failure, []

    def speak(self, ids, *, speed, pitch, energy, generator):
        self.calls.append(list(ids))
        failure = self.failure(list(ids), len(self.calls))
        durations = np.full(len(ids), 2)
        return SpokenMel(np.repeat(np.float32(ids), 2)[None], durations, failure=failure)


def encoded(text):
    return Encoded([1, *map(ord, text), 2], ["", *text, ""], (), [-1, *range(len(text)), -1])


def speak(model, text):
    return speak_with_retries(model, encoded(text), SynthesisOptions(), np.random.default_rng(0))


def test_what_does_not_fail_is_spoken_once():
    model = Scripted(lambda ids, attempt: None)
    spoken = speak(model, "hello world")
    assert len(model.calls) == 1
    assert spoken.warnings == ()
    assert spoken.symbols == ["", *"hello world", ""]
    assert spoken.places == [-1, *range(11), -1]


def test_a_failure_is_retried_with_a_warning():
    model = Scripted(lambda ids, attempt: "it stopped before the end" if attempt == 1 else None)
    spoken = speak(model, "hello world")
    assert len(model.calls) == 2
    assert spoken.warnings == ("in 'hello world' it stopped before the end (once); the next attempt was good",)


def test_what_keeps_failing_is_spoken_in_parts():
    text = "the first half, and the second half"
    model = Scripted(lambda ids, attempt: "it got lost" if len(ids) > 30 else None)
    spoken = speak(model, text)
    first, second = "the first half,", "and the second half"
    assert model.calls[MAX_ATTEMPTS:] == [encoded(first).ids, encoded(second).ids]
    assert "".join(spoken.symbols) == text
    assert [place for place in spoken.places if place >= 0] == [i for i in range(len(text)) if i != len(first)]
    assert spoken.result.mel[0].tolist() == [id for half in (first, second) for id in encoded(half).ids for _ in "12"]
    assert int(spoken.result.durations.sum()) == spoken.result.mel.shape[1]
    assert len(spoken.result.durations) == len(spoken.symbols)
    assert spoken.warnings == (f"in {text!r} it got lost (3 times), so it was spoken in two parts",)


def test_what_keeps_failing_is_spoken_with_a_warning():
    model = Scripted(lambda ids, attempt: "it got lost")
    spoken = speak(model, "supercalifragilistic")
    assert len(model.calls) == MAX_ATTEMPTS
    assert spoken.result.mel.shape[1] == 2 * len(encoded("supercalifragilistic").ids)
    assert spoken.warnings == ("in 'supercalifragilistic' it got lost (3 times): listen to it, it may be wrong or cut",)


def test_halving_ends():
    model = Scripted(lambda ids, attempt: "it got lost")
    spoken = speak(model, "one two three four " * 30)
    assert len(model.calls) == MAX_ATTEMPTS * (1 + 2 + 4 + 8)
    assert "".join(spoken.symbols) == "one two three four " * 30


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("one two three four five six", "one two three"),
        # A clause near the middle goes before the space nearest to it, one at the edge does not.
        ("one two three, four five six seven eight", "one two three,"),
        ("it is, one two three four five six seven eight nine", "it is, one two three four"),
    ],
)
def test_cuts_near_the_middle(text, first):
    one, other = halves(encoded(text))
    assert "".join(one.symbols) == first
    assert "".join(other.symbols) == text[len(first) + 1 :]
    assert (one.ids[0], one.ids[-1], other.ids[0], other.ids[-1]) == (1, 2, 1, 2)


@pytest.mark.parametrize("text", ["", "hello", "hello you", "unbreakableunbreakableunbreakable"])
def test_leaves_whole_what_is_short_or_has_no_space(text):
    assert halves(encoded(text)) is None
