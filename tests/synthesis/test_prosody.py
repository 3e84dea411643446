import numpy as np
import pytest

from tts.audio.mel_settings import MelSettings
from tts.models.base import AcousticModel, SpokenMel
from tts.options import SynthesisOptions
from tts.synthesis.prosody import (
    attempts_with_prosody,
    final_mel,
    frame_gains,
    symbol_prosody,
    unsupported_prosody,
    wave_request,
    with_gain,
    with_pauses,
)
from tts.synthesis.retry import SentenceMel, speak_all_with_retries
from tts.synthesis.sentences import ProsodySpan, Sentence
from tts.text.passage import NEUTRAL, Prosody
from tts.text.reading import Reading
from tts.text.symbols import Encoded

ALL = frozenset({"speed", "pitch", "energy"})


class Counting(AcousticModel):
    """Two frames a symbol at usual speed, which hold the requested pitch and energy and the symbol's number."""

    controls = ALL

    def speak(self, ids, *, speed, pitch, energy, generator):
        durations = np.full(len(ids), round(2 / speed))
        numbers = np.repeat(np.arange(len(ids), dtype=np.float32), durations)
        mel = np.stack([numbers, np.full_like(numbers, pitch), np.full_like(numbers, energy)])
        return SpokenMel(mel, durations, np.full_like(numbers, 100 + pitch))


def sentence(phonemes, *spans):
    places = [-1, *range(len(phonemes)), -1]
    encoded = Encoded(list(range(len(places))), ["", *phonemes, ""], (), places)
    return Sentence(phonemes, Reading(phonemes), encoded, 0, prosody=spans)


def spoken(made, options=None, controls=ALL):
    options = options or SynthesisOptions()
    in_progress = attempts_with_prosody(made, options, controls, made.generator(0))
    return speak_all_with_retries(Counting(), [in_progress])[0]


def test_each_word_comes_from_the_sentence_with_its_prosody():
    made = sentence("a b", ProsodySpan(Prosody(speed=2.0, pitch=3.0, energy=1.5), 2, 3))
    result = spoken(made, SynthesisOptions(pitch=1.0)).result
    assert result.durations.tolist() == [2, 2, 2, 1, 1]
    # The end marker is said as the last sound is.
    assert result.mel.tolist() == [[0, 0, 1, 1, 2, 2, 3, 4], [1] * 6 + [4, 4], [1] * 6 + [1.5, 1.5]]
    assert result.f0.tolist() == [101] * 6 + [104, 104]


def test_a_sentence_with_one_prosody_is_spoken_once():
    made = sentence("ab", ProsodySpan(Prosody(pitch=3.0), 0, 2))
    assert spoken(made).result.mel[1].tolist() == [3] * 8
    assert spoken(sentence("ab")).result.mel[1].tolist() == [0] * 8


def test_what_the_voice_cannot_do_is_a_warning():
    made = sentence("a b", ProsodySpan(Prosody(speed=2.0, pitch=3.0), 2, 3))
    result = spoken(made, controls={"speed"}).result
    assert result.durations.tolist() == [2, 2, 2, 1, 1]
    assert not result.mel[1].any()
    assert unsupported_prosody(made, {"speed"}) == ("the text changes the pitch, over which this voice has no control",)
    assert unsupported_prosody(made, ALL) == ()


def test_limits_hold():
    made = sentence("a", ProsodySpan(Prosody(pitch=10.0), 0, 1))
    assert spoken(made, SynthesisOptions(pitch=8.0)).result.mel[1].max() == 12


def test_a_vocoder_receives_any_changed_pitch():
    mel = SpokenMel(np.zeros((2, 1), np.float32), np.array([1]), np.array([100], np.float32))

    def f0(made, options):
        return wave_request(made, mel, options, np.random.default_rng(0)).f0

    assert f0(sentence("a b", ProsodySpan(Prosody(pitch=1.0), 0, 1)), SynthesisOptions()) is mel.f0
    assert f0(sentence("a"), SynthesisOptions(pitch=1.0)) is mel.f0
    assert f0(sentence("a", ProsodySpan(Prosody(volume=1.0), 0, 1)), SynthesisOptions()) is None


def test_symbols_without_an_index_have_the_prosody_of_their_neighbours():
    loud = Prosody(volume=6.0)
    assert symbol_prosody(sentence("ab", ProsodySpan(loud, 0, 1)), [-1, 0, -1, 1, -1]) == [
        *(loud, loud, loud, NEUTRAL, NEUTRAL)
    ]
    assert symbol_prosody(sentence(""), [-1]) == [NEUTRAL]


def test_loudness_is_a_gain_on_the_samples_of_words():
    made = sentence("ab", ProsodySpan(Prosody(volume=20.0), 1, 2))
    gains = frame_gains(made, [0, 1], np.array([2, 2]))
    assert gains.tolist() == [1, 1, 10, 10]
    ones = np.ones(8, np.float32)
    whole = with_gain(ones, 0, gains, 2)
    assert whole.tolist() == pytest.approx([1, 1, 1, 3.25, 7.75, 10, 10, 10])
    np.testing.assert_array_equal(
        np.concatenate([with_gain(ones[:3], 0, gains, 2), with_gain(ones[3:], 3, gains, 2)]), whole
    )
    assert frame_gains(sentence("a"), [0], np.array([2])) is None
    assert with_gain(ones, 0, None, 2) is ones


SILENCE = -11.0


def sentence_mel(symbols, durations, loudness, f0=None):
    mel = np.array([loudness, loudness], np.float32)
    result = SpokenMel(mel, np.array(durations), None if f0 is None else np.array(f0, np.float32))
    return SentenceMel(result, list(symbols), list(range(len(symbols))))


def test_a_pause_is_put_where_its_symbol_is_quietest():
    result = sentence_mel("a,b", [2, 3, 1], [0, 0, -1, -5, -2, SILENCE], f0=[1, 2, 3, 4, 5, 6]).result
    longer = with_pauses(result, [1], 2)
    assert longer.durations.tolist() == [2, 5, 1]
    assert longer.mel[1].tolist() == [0, 0, -1, SILENCE, SILENCE, -5, -2, SILENCE]
    assert longer.f0.tolist() == [1, 2, 3, 0, 0, 4, 5, 6]


def test_several_pauses_stand_each_in_its_place():
    result = sentence_mel("a,b;c", [1, 1, 1, 0, 1], [0, -3, -1, SILENCE]).result
    longer = with_pauses(result, [1, 3], 1)
    assert longer.durations.tolist() == [1, 2, 1, 1, 1]
    assert longer.mel[0].tolist() == [0, SILENCE, -3, -1, SILENCE, SILENCE]


def test_clauses_part_at_marks_with_a_space_behind_them():
    """Ten frames a second; the last mark ends the sentence, and the second stands inside a word."""
    settings = MelSettings(sample_rate=1000, hop_length=100, n_fft=200, n_mels=2, f_max=500)
    mel = sentence_mel(["", *"a, b:c, ", ""], [1] * 10, [SILENCE, *[0] * 8, SILENCE])
    plain, parted = (final_mel(mel, settings, clause_silence=seconds) for seconds in (0.0, 0.3))
    assert plain.mel.shape == (2, 10)
    assert parted.durations.tolist() == [1, 1, 4, 1, 1, 1, 1, 1, 1, 1]


def test_where_a_sentence_was_cut_its_ends_are_short():
    settings = MelSettings(sample_rate=10_000, hop_length=100, n_fft=200, n_mels=2, f_max=5000)
    mel = sentence_mel(["", "a", ""], [20, 2, 20], [SILENCE] * 20 + [0] * 2 + [SILENCE] * 20)
    whole, cut = (final_mel(mel, settings, cut=ends) for ends in ((False, False), (False, True)))
    assert whole.durations.tolist() == [12, 2, 12]
    assert cut.durations.tolist() == [12, 2, 3]
    assert cut.mel.shape == (2, 17)
