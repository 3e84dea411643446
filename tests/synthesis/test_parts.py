"""A text that arrives in parts has the samples of the whole text."""

from __future__ import annotations

import numpy as np
import pytest

from tts import load_voice
from tts.errors import TtsError, UsageError
from tts.options import SynthesisOptions
from tts.text.incremental import IncrementalText, Part

TEXT = "Hello world. This is the second! [pause 0.3s] Is it?\n\nA paragraph, with 3 words. 😀\n\nThe end."


def spoken(voice, pieces, options=None):
    text = IncrementalText(voice.manifest.language)
    parts = [part for piece in pieces for part in text.add(piece)] + text.flush()
    return [piece for piece in voice.stream_parts(parts, options) if piece is not None]


@pytest.mark.parametrize("options", [SynthesisOptions(), SynthesisOptions(seed=5, vocoder="waveglow", volume=-3)])
def test_parts_have_the_samples_of_the_whole(random_voice, options):
    voice = load_voice(str(random_voice))
    whole = list(voice.stream(TEXT, options))
    parts = spoken(voice, list(TEXT), options)
    assert [piece.text for piece in parts if piece.text] == [piece.text for piece in whole if piece.text]
    np.testing.assert_array_equal(
        np.concatenate([piece.audio.samples for piece in parts]),
        np.concatenate([piece.audio.samples for piece in whole]),
    )


def test_a_part_with_nothing_to_speak_is_skipped_and_its_boundary_stays(pulse_voice):
    voice = load_voice(str(pulse_voice))
    parts = [Part("One.", ""), Part("…", "paragraph"), Part("Two.", "sentence")]
    first, *rest = [piece for piece in voice.stream_parts(parts) if piece is not None and piece.text]
    assert first.text == "One."
    assert [piece.opens for piece in rest] == ["paragraph"]


def test_nothing_is_yielded_where_nothing_has_arrived(pulse_voice):
    voice = load_voice(str(pulse_voice))
    pieces = list(voice.stream_parts([None, Part("One.", ""), None]))
    assert [piece is None for piece in pieces] == [True, False, True]


def test_what_cannot_be_spoken_is_refused(pulse_voice):
    voice = load_voice(str(pulse_voice))
    with pytest.raises(TtsError, match="nothing to speak"):
        list(voice.stream_parts([Part("…", "")]))
    with pytest.raises(UsageError, match="loudness"):
        list(voice.stream_parts([Part("One.", "")], SynthesisOptions(loudness=-20.0)))
