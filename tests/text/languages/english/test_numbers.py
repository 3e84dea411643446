import pytest

from tts.text.languages.english import numbers


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (99, "ninety-nine"),
        (100, "one hundred"),
        (105, "one hundred and five"),
        (1064, "one thousand and sixty-four"),
        (9593, "nine thousand five hundred and ninety-three"),
        (8090, "eight thousand and ninety"),
        (123_000, "one hundred twenty-three thousand"),
        (1_000_001, "one million one"),
        (-7, "minus seven"),
        (10**30, "one nonillion"),
        (10**33, "one decillion"),
        (10**36, " ".join(["one"] + ["zero"] * 36)),
    ],
)
def test_cardinal(value: int, spoken: str) -> None:
    assert numbers.cardinal(value) == spoken


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (1, "first"),
        (12, "twelfth"),
        (20, "twentieth"),
        (21, "twenty-first"),
        (100, "one hundredth"),
        (123, "one hundred twenty-third"),
        (1000, "one thousandth"),
    ],
)
def test_ordinal(value: int, spoken: str) -> None:
    assert numbers.ordinal(value) == spoken


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (1999, "nineteen ninety-nine"),
        (1905, "nineteen oh five"),
        (1900, "nineteen hundred"),
        (2000, "two thousand"),
        (2006, "two thousand six"),
        (2012, "twenty twelve"),
        (1066, "ten sixty-six"),
        (79, "seventy-nine"),
    ],
)
def test_year(value: int, spoken: str) -> None:
    assert numbers.year(value) == spoken


def test_decades_fractions_and_pairs() -> None:
    assert numbers.decade(1980) == "nineteen eighties"
    assert numbers.decade(10) == "tens"
    assert numbers.fraction(3, 4) == "three quarters"
    assert numbers.fraction(5, 1) == "five over one"
    assert numbers.mixed_fraction(2, 1, 8) == "two and an eighth"
    assert [numbers.paired(n) for n in ("708", "1428", "300", "2000")] == [
        "seven oh eight",
        "fourteen twenty-eight",
        "three hundred",
        "two thousand",
    ]
    assert numbers.integer("9" * 5000) == " ".join(["nine"] * 5000)
