"""Rules for money and measures: a number, and the noun that its sign stands for."""

from __future__ import annotations

import re

from tts.text.foreign.figures import MINUS, START
from tts.text.foreign.language import Language, Noun, Rule
from tts.text.foreign.numbers import counted, split

# Units that are no word of any language here: read also where the number is words already.
_SURE = ("km/h", "km²", "kWh", "km", "kg", "cm", "mm", "MHz", "GHz", "kHz", "°C", "°F")
_EMPTY_HUNDREDTHS = r"(?:,[-–—]{1,2})?"


def money(language: Language) -> Rule:
    """Prices, the sign before or behind: "3,50 €", "$5", "2,5 Mio. €"."""
    signs = "|".join(_sign(sign) for sign in sorted(language.money, key=len, reverse=True))
    magnitude = "|".join(re.escape(word) for word in sorted(language.magnitudes, key=len, reverse=True)) or "(?!)"
    amount = rf"(?P<number>{language.number}){_EMPTY_HUNDREDTHS}(?:\s?(?P<magnitude>{magnitude})(?!\w))?"
    # "F1" is no price, but "CHF 20" is.
    leading = "|".join(
        re.escape(sign) + (r"\s" if sign[-1].isalpha() else "")
        for sign in language.money
        if len(sign) > 1 or not sign.isalpha()
    )
    before = re.compile(rf"{MINUS}(?<!\w)(?<![0-9]\s)(?P<sign>{leading})\s?{amount}(?!\w|[.,][0-9])")
    behind = re.compile(rf"{MINUS}{START}{amount}\s?(?P<sign>{signs})(?!\w)")

    def spoken(found: re.Match[str]) -> str:
        words = _price(language, found["sign"].strip(), found["number"], found["magnitude"])
        return f"{language.minus} {words}" if found["minus"] else words

    return lambda text: text.sub(before, spoken).sub(behind, spoken)


def measures(language: Language) -> Rule:
    """Quantities with a unit, percent too: "5 km", "20 °C", "3,5 %"."""
    units = "|".join(_unit(unit) for unit in sorted(language.units, key=len, reverse=True))
    pattern = re.compile(rf"{MINUS}{START}(?P<number>{language.number})\s?(?P<unit>{units})(?![\w²³])")

    def spoken(found: re.Match[str]) -> str:
        words = counted(language, found["number"], _noun(language, found["unit"]))
        return f"{language.minus} {words}" if found["minus"] else words

    return lambda text: text.sub(pattern, spoken)


def bare_units(language: Language) -> Rule:
    """Units behind a number in words: "zehn km"."""
    units = "|".join(re.escape(unit) for unit in _SURE if unit in language.units) or "(?!)"
    pattern = re.compile(rf"(?<=[^\W\d_]\s)(?:{units})(?![\w/²³])")
    return lambda text: text.sub(pattern, lambda found: language.units[found.group()].many)


def magnitudes(language: Language) -> Rule:
    """ "3 Mio.", where no money follows."""
    if not language.magnitudes:
        return lambda text: text
    words = "|".join(re.escape(word) for word in sorted(language.magnitudes, key=len, reverse=True))
    pattern = re.compile(rf"{START}(?P<number>{language.number})\s?(?P<magnitude>{words})(?!\w)")

    def spoken(found: re.Match[str]) -> str:
        return counted(language, found["number"], language.magnitudes[found["magnitude"]])

    return lambda text: text.sub(pattern, spoken)


def _price(language: Language, sign: str, written: str, magnitude: str | None) -> str:
    currency = language.money[sign]
    if magnitude:
        million = language.magnitudes[magnitude]
        joined = language.of(currency.main.many) if million.gender != "-" else f" {currency.main.many}"
        return counted(language, written, million) + joined
    whole, fraction, _ = split(language, written)
    if len(fraction) != 2:
        return counted(language, written, currency.main)
    if not int(whole) and int(fraction):
        return counted(language, str(int(fraction)), currency.hundredth)
    main = counted(language, whole, currency.main)
    return language.price(main, int(fraction), currency.hundredth) if int(fraction) else main


def _noun(language: Language, unit: str) -> Noun:
    return language.units.get(unit) or language.units[unit.replace("2", "²").replace("3", "³")]


def _sign(sign: str) -> str:
    return re.escape(sign) + (r"(?![^\W\d_])" if sign[-1].isalpha() else "")


def _unit(unit: str) -> str:
    return re.escape(unit).replace("²", "[²2]").replace("³", "[³3]")
