import numpy as np

from tts.audio.mel_settings import MelSettings
from tts.models.base import SpokenMel
from tts.synthesis.sentence import heard, with_pauses
from tts.synthesis.steady import Spoken

SILENCE = -11.0


def spoken(symbols, durations, loudness, f0=None):
    mel = np.array([loudness, loudness], np.float32)
    result = SpokenMel(mel, np.array(durations), None if f0 is None else np.array(f0, np.float32))
    return Spoken(result, list(symbols), list(range(len(symbols))))


def test_a_pause_is_put_where_its_symbol_is_quietest():
    result = spoken("a,b", [2, 3, 1], [0, 0, -1, -5, -2, SILENCE], f0=[1, 2, 3, 4, 5, 6]).result
    longer = with_pauses(result, [1], 2)
    assert longer.durations.tolist() == [2, 5, 1]
    assert longer.mel[1].tolist() == [0, 0, -1, SILENCE, SILENCE, -5, -2, SILENCE]
    assert longer.f0.tolist() == [1, 2, 3, 0, 0, 4, 5, 6]


def test_several_pauses_stand_each_in_its_place():
    result = spoken("a,b;c", [1, 1, 1, 0, 1], [0, -3, -1, SILENCE]).result
    longer = with_pauses(result, [1, 3], 1)
    assert longer.durations.tolist() == [1, 2, 1, 1, 1]
    assert longer.mel[0].tolist() == [0, SILENCE, -3, -1, SILENCE, SILENCE]


def test_clauses_part_at_marks_with_a_blank_behind_them():
    """Ten frames a second; the last mark ends the sentence, and the second stands inside a word."""
    settings = MelSettings(sample_rate=1000, hop_length=100, n_fft=200, n_mels=2, f_max=500)
    sentence = spoken(["", *"a, b:c, ", ""], [1] * 10, [SILENCE, *[0] * 8, SILENCE])
    plain, parted = (heard(sentence, settings, clause_silence=seconds) for seconds in (0.0, 0.3))
    assert plain.mel.shape == (2, 10)
    assert parted.durations.tolist() == [1, 1, 4, 1, 1, 1, 1, 1, 1, 1]


def test_where_a_sentence_was_cut_its_ends_are_short():
    settings = MelSettings(sample_rate=10_000, hop_length=100, n_fft=200, n_mels=2, f_max=5000)
    sentence = spoken(["", "a", ""], [20, 2, 20], [SILENCE] * 20 + [0] * 2 + [SILENCE] * 20)
    whole, cut = (heard(sentence, settings, cut=ends) for ends in ((False, False), (False, True)))
    assert whole.durations.tolist() == [12, 2, 12]
    assert cut.durations.tolist() == [12, 2, 3]
    assert cut.mel.shape == (2, 17)
