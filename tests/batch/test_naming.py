""" """

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.batch.fakes import Claims
from tts.batch.naming import LONGEST_STEM, FileNames, folded, is_safe
from tts.errors import UsageError


def stems(*ids, suffix=".wav"):
    names = FileNames("id", Claims())
    return [names.stem(id, "Hello.", line, suffix) for line, id in enumerate(ids, 1)]


def tail(id, length=8):
    return hashlib.sha256(id.encode()).hexdigest()[:length]


@pytest.mark.parametrize(
    "id", ["intro", "a b", "LJ001-0001", "v1.2", "Übung 3", "第一", "_x", "000017", "it's (1) & more"]
)
def test_a_safe_id_is_the_name(id):
    assert stems(id) == [id]


@pytest.mark.parametrize(
    ("id", "form"),
    [
        ("chapter 1/intro", "chapter 1_intro"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("Really?", "Really_"),
        ("so...", "so"),
        ("CON", "_CON"),
        ("con.first", "_con.first"),
        ("COM¹", "_COM¹"),
        ("a\u202eb", "ab"),
        ("a\xa0b", "a_b"),
        ("u\u0308ber", "über"),
        ("...", ""),
    ],
)
def test_an_unsafe_id_becomes_something_like_it_and_a_hash(id, form):
    assert stems(id) == [f"{form}-{tail(id)}" if form else tail(id)]


def test_names_that_are_one_file_on_some_system_are_told_apart():
    assert stems("Intro", "intro", "INTRO", "other") == [
        "Intro",
        f"intro-{tail('intro')}",
        f"INTRO-{tail('INTRO')}",
        "other",
    ]
    assert folded("ÜBUNG") == folded("übung") == folded("u\u0308bung")
    assert folded("Straße") == folded("STRASSE")


def test_an_audio_suffix_that_the_file_has_anyway_is_not_doubled():
    assert stems("intro.wav", "more.WAV", "old.mp3", ".wav") == ["intro", "more", "old.mp3", f"wav-{tail('.wav')}"]
    assert stems("intro", "intro.wav") == ["intro", f"intro-{tail('intro.wav')}"]


def test_a_hash_that_is_taken_grows():
    first, hashed = stems("Intro", "intro")
    assert stems("Intro", hashed, "intro") == [first, hashed, f"intro-{tail('intro', 16)}"]


def test_long_ids_are_cut_where_a_character_ends():
    for id in ("x" * 500, "é" * 500, "語" * 500, "x" * 109 + "é" * 10):
        (stem,) = stems(id)
        assert is_safe(stem)
        assert LONGEST_STEM - 14 <= len(stem.encode()) <= LONGEST_STEM


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Don't stop: it's 5 o'clock!", "dont-stop-its-5-oclock-000007"),
        ("It was the best of times, it was the worst of times.", "it-was-the-best-of-times-it-was-the-worst-of-000007"),
        ("…?!", "000007"),
        ("x" * 100, "000007"),
        ("Ça va\n\tbien\u202e", "ça-va-bien-000007"),
        ("con", "con-000007"),
    ],
)
def test_a_name_may_be_the_texts_first_words(text, stem):
    assert FileNames("text", Claims()).stem("intro", text, 7, ".wav") == stem


def test_a_name_may_be_the_lines_number():
    names = FileNames("number", Claims())
    assert [names.stem("intro", "Hello.", line, ".wav") for line in (7, 1234567)] == ["000007", "1234567"]


def test_an_unknown_naming_is_refused():
    with pytest.raises(UsageError, match="There is no naming 'numbers'; did you mean number"):
        FileNames("numbers", Claims())


SAME = [
    "a",
    "A",
    "ä",
    "Ä",
    "a\u0308",
    "ı",
    "I",
    "i",
    "İ",
    "ß",
    "ss",
    "ſ",
    "K",
    "k",
    "Å",
    "Å",
    ".",
    " ",
    "-",
    "/",
    "\u200d",
    ".wav",
]
IDS = st.one_of(st.text(), st.lists(st.sampled_from(SAME), min_size=1, max_size=4).map("".join))


@settings(deadline=None)
@given(st.lists(IDS.filter(bool), unique=True), st.sampled_from(["id", "text", "number"]))
@example(["\ud800", "\udc00", "con.", "aux.\xa0"], "id")
def test_no_two_ids_share_a_file_and_every_name_is_safe(ids, naming):
    names = FileNames(naming, Claims())
    given = [names.stem(id, id, line, ".wav") for line, id in enumerate(ids, 1)]
    assert all(is_safe(stem) for stem in given)
    for form in (str.casefold, str.lower, str.upper, folded):
        for composition in ("NFC", "NFD"):
            assert len({unicodedata.normalize(composition, form(stem)) for stem in given}) == len(ids)
