import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.ssml_say_as import KINDS, LETTERED, say_as

SPOKEN = {
    "characters": {
        "abc": "A-B C",
        "A1": "A-one",
        "B2B": "B two B",
        "hello 5": "H E L L O, five",
        "é@x.y": "É at X dot Y",
        "→": "rightwards arrow",
        "\x01": None,
    },
    "cardinal": {
        "123": "one hundred and twenty-three",
        "-5": "minus five",
        "1,234": "one thousand two hundred and thirty-four",
        "007": "seven",
        "3.14": "three point one four",
        "IV": "four",
        "٤٢": "forty-two",
        "12e3": None,
        "five": None,
        "": None,
    },
    "number": {"3/4": "three quarters", "+7": "plus seven"},
    "ordinal": {"1": "first", "21st": "twenty-first", "VI": "sixth", ",": None},
    "digits": {"007": "zero zero seven", "12-34": "one two three four", "1a": None, "-": None},
    "fraction": {
        "3/4": "three quarters",
        "2+1/2": "two and a half",
        "3½": "three and a half",
        "-2/3": "minus two thirds",
        "1": None,
    },
    "telephone": {
        "(555) 010-0199": "five five five, zero one zero, zero one nine nine",
        "+1 800 555 0199 x12": "plus one, eight hundred, five five five, zero one nine nine, extension one two",
        "1-800-FLOWERS": "one, eight hundred, FLOWERS",
        "hello": None,
    },
    "time": {
        "2:30pm": "two thirty PM",
        "2 a.m.": "two A-M",
        "14:05": "fourteen oh five",
        "1430": "fourteen thirty",
        "12:00": "twelve o'clock",
        "0:00": "midnight",
        "12:05:01": "twelve oh five and one second",
        "1'21\"": "one minute twenty-one seconds",
        "2h 5m": "two hours five minutes",
        "25:00": None,
        "13pm": None,
        "": None,
    },
    "currency": {
        "$3.50": "three dollars and fifty cents",
        "USD 3": "three US dollars",
        "1 gbp": "one pound",
        "-€0.01": "minus one cent",
        "€10.5": "ten point five euros",
        "$1,234": "one thousand two hundred and thirty-four dollars",
        "ten": None,
        "H\u212a$ 5": None,  # a sign for Kelvin
    },
    "unit": {
        "10 ft": "ten feet",
        "1/2inch": "one half inch",
        "60 km/h": "sixty kilometers per hour",
        "1 kg": "one kilogram",
        "-20°C": "minus twenty degrees Celsius",
        "3 widgets": "three widgets",
        "5 !!": None,
    },
    "address": {
        "1428 Elm St., Dallas, TX 75201": "fourteen twenty-eight Elm Street, Dallas, Texas seven five two zero one",
        "15th CT NE": "Fifteenth Court Northeast",
        "#12 St. Mary's Rd": "number twelve Saint Mary's Road",
        "": None,
    },
    "bleep": {"darn": "beep"},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "cases"), SPOKEN.items())
def test_kinds(kind: str, cases: dict[str, str | None]) -> None:
    assert {written: say_as(written, kind) for written in cases} == cases


@pytest.mark.parametrize(
    ("written", "form", "spoken"),
    [
        ("09/10/1960", "mdy", "September tenth, nineteen sixty"),
        ("10.9.1960", "dd-mm-yyyy", "the tenth of September, nineteen sixty"),
        ("1960-09-10", "ymd", "September tenth, nineteen sixty"),
        ("19600910", "yyyymmdd", "September tenth, nineteen sixty"),
        ("20200102", "", "January second, twenty twenty"),
        ("????0922", "yyyymmdd", "September twenty-second"),
        ("September 10, 1960", "", "September tenth, nineteen sixty"),
        ("10 Sept. 1960", "mdy", "the tenth of September, nineteen sixty"),
        ("the 3rd of May", "", "the third of May"),
        ("9/10", "md", "September tenth"),
        ("9/10", "dm", "the ninth of October"),
        ("5/2020", "", "May twenty twenty"),
        ("2012", "y", "twenty twelve"),
        ("12", "m", "December"),
        ("3", "d", "third"),
        ("7/4/05", "", "July fourth, oh five"),
        ("25/12/1999", "", "the twenty-fifth of December, nineteen ninety-nine"),
        ("13/1/2020", "mdy", None),
        ("hello", "mdy", None),
        ("1-2-3-4", "mdy", None),
        ("1/2/2003", "qrs", None),
        ("", "mdy", None),
    ],
)
def test_dates(written: str, form: str, spoken: str | None) -> None:
    assert say_as(written, "date", form) == spoken


def test_a_language_may_have_its_own_order_of_dates() -> None:
    assert say_as("9/10/2020", "date", "", "en-GB") == "the ninth of October, twenty twenty"


@pytest.mark.parametrize(
    ("kind", "written", "spoken"), [("characters", "Ab 1-", "A b 1 -"), ("telephone", "+49 30-12", "+ 4 9 3 0 1 2")]
)
def test_other_languages_get_characters(kind: str, written: str, spoken: str) -> None:
    assert say_as(written, kind, "", "de") == spoken


@given(st.text(max_size=30) | st.text("0123456789/.:-+$€ maphst'\"½٣²", max_size=14), st.sampled_from(sorted(KINDS)),
       st.sampled_from(["", "mdy", "ymd", "y", "d", "x"]))  # fmt: skip
def test_any_text_is_words_or_none(written: str, kind: str, form: str) -> None:
    spoken = say_as(written, kind, form)
    assert spoken is None or spoken.strip()
    if kind not in {"characters", "spell-out", "verbatim", "address"} and spoken:
        assert not any(c.isdigit() and c.isascii() for c in spoken)
    if kind in LETTERED:
        say_as(written, kind, form, "fr-FR")
