"""By what is known of the reference's behaviour; the sequences that it really gave are compared by hand."""

from __future__ import annotations

import pytest

from tests.parity.cleaners import (
    english_cleaners,
    nvidia_ids,
    nvidia_text,
    torchaudio_character_ids,
    torchaudio_phone_ids,
)
from tts.text.symbols import NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS, TORCHAUDIO_PHONES


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("The Rev. and Mrs. Ito", "the reverend and misess ito"),
        ("First St.", "first saint"),
        ("1,234,567", "one million, two hundred thirty-four thousand, five hundred sixty-seven"),
        ("in 1984, 1700, 2000, 2007 and 2010", "in nineteen eighty-four, seventeen hundred, two thousand, "
         "two thousand seven and twenty ten"),
        ("1905", "nineteen oh five"),
        ("$1.01, $2 and $0.50", "one dollar, one cent, two dollars and fifty cents"),
        ("$1.2.3", "one point two.three dollars"),
        ("£7", "psseven"),
        ("2.25", "two point twenty-five"),
        ("the 42nd", "the forty-second"),
        ("Çà  et\n\tlà", "ca et la"),
    ],
)  # fmt: skip
def test_english_cleaners(text, cleaned):
    assert english_cleaners(text) == cleaned


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("Say {T UW1} me", "say {T UW1} me"),
        ("{T}{UW1}", "{T UW1}"),
        ("50% ~ off_", "fifty  off_"),
        ("{T} one\ntwo", "{T} one"),
        ("one\n{T}", "one t"),
        ("{T QQ}", "{T}"),
        ("", ""),
    ],
)
def test_nvidia_ids_and_back(text, back):
    assert nvidia_text(nvidia_ids(text, NVIDIA_SYMBOLS), NVIDIA_SYMBOLS) == back


def test_ids_are_positions():
    assert nvidia_ids("A z{ZH}.", NVIDIA_SYMBOLS) == [38, 11, 63, 147, 7]
    assert torchaudio_character_ids("Az, 5é!", TORCHAUDIO_CHARACTERS) == [12, 37, 6, 11, 2]
    assert torchaudio_phone_ids(["AA", " ", "ZH", "QQ", "."], TORCHAUDIO_PHONES) == [12, 11, 95, 7]
