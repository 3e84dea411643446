import numpy as np
import pytest

from tts.models.base import AcousticModel, SpokenMel
from tts.synthesis.manners import changes_pitch, frame_gains, louder, symbol_manners, takes_in_manners, unheeded
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.sentence import Mannered, Sentence
from tts.synthesis.steady import speak_all_steadily
from tts.text.passage import NEUTRAL, Prosody
from tts.text.reading import Reading
from tts.text.symbols import Encoded

ALL = frozenset({"speed", "pitch", "energy"})


class Counting(AcousticModel):
    """Two frames a symbol at usual speed, which hold the pitch and energy asked for and the symbol's number."""

    controls = ALL

    def speak(self, ids, *, speed, pitch, energy, generator):
        durations = np.full(len(ids), round(2 / speed))
        numbers = np.repeat(np.arange(len(ids), dtype=np.float32), durations)
        mel = np.stack([numbers, np.full_like(numbers, pitch), np.full_like(numbers, energy)])
        return SpokenMel(mel, durations, np.full_like(numbers, 100 + pitch))


def sentence(phonemes, *manners):
    places = [-1, *range(len(phonemes)), -1]
    encoded = Encoded(list(range(len(places))), ["", *phonemes, ""], (), places)
    return Sentence(phonemes, Reading(phonemes), encoded, 0, manners=manners)


def spoken(made, options=None, controls=ALL):
    options = options or SynthesisOptions()
    taken = takes_in_manners(made, options, controls, made.draws(0))
    return speak_all_steadily(Counting(), [taken])[0]


def test_each_word_is_taken_from_the_sentence_in_its_manner():
    made = sentence("a b", Mannered(Prosody(speed=2.0, pitch=3.0, energy=1.5), 2, 3))
    result = spoken(made, SynthesisOptions(pitch=1.0)).result
    assert result.durations.tolist() == [2, 2, 2, 1, 1]
    # The end marker is said as the last sound is.
    assert result.mel.tolist() == [[0, 0, 1, 1, 2, 2, 3, 4], [1] * 6 + [4, 4], [1] * 6 + [1.5, 1.5]]
    assert result.f0.tolist() == [101] * 6 + [104, 104]


def test_a_sentence_in_one_manner_is_spoken_once():
    made = sentence("ab", Mannered(Prosody(pitch=3.0), 0, 2))
    assert spoken(made).result.mel[1].tolist() == [3] * 8
    assert spoken(sentence("ab")).result.mel[1].tolist() == [0] * 8


def test_what_the_voice_cannot_is_told_and_left():
    made = sentence("a b", Mannered(Prosody(speed=2.0, pitch=3.0), 2, 3))
    result = spoken(made, controls={"speed"}).result
    assert result.durations.tolist() == [2, 2, 2, 1, 1]
    assert not result.mel[1].any()
    assert unheeded(made, {"speed"}) == ("the text changes the pitch, over which this voice has no control",)
    assert unheeded(made, ALL) == ()


def test_limits_hold():
    made = sentence("a", Mannered(Prosody(pitch=10.0), 0, 1))
    assert spoken(made, SynthesisOptions(pitch=8.0)).result.mel[1].max() == 12


def test_a_vocoder_is_told_of_any_other_pitch():
    high = sentence("a b", Mannered(Prosody(pitch=1.0), 0, 1))
    assert changes_pitch(high, SynthesisOptions())
    assert changes_pitch(sentence("a"), SynthesisOptions(pitch=1.0))
    assert not changes_pitch(sentence("a", Mannered(Prosody(volume=1.0), 0, 1)), SynthesisOptions())


def test_symbols_without_a_place_are_said_as_their_neighbours():
    loud = Prosody(volume=6.0)
    assert symbol_manners(sentence("ab", Mannered(loud, 0, 1)), [-1, 0, -1, 1, -1]) == [
        *(loud, loud, loud, NEUTRAL, NEUTRAL)
    ]
    assert symbol_manners(sentence(""), [-1]) == [NEUTRAL]


def test_loudness_is_a_gain_on_the_samples_of_words():
    made = sentence("ab", Mannered(Prosody(volume=20.0), 1, 2))
    gains = frame_gains(made, [0, 1], np.array([2, 2]))
    assert gains.tolist() == [1, 1, 10, 10]
    ones = np.ones(8, np.float32)
    whole = louder(ones, 0, gains, 2)
    assert whole.tolist() == pytest.approx([1, 1, 1, 3.25, 7.75, 10, 10, 10])
    np.testing.assert_array_equal(np.concatenate([louder(ones[:3], 0, gains, 2), louder(ones[3:], 3, gains, 2)]), whole)
    assert frame_gains(sentence("a"), [0], np.array([2])) is None
    assert louder(ones, 0, None, 2) is ones
