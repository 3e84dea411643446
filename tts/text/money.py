"""Sums of money as words."""

import re

from tts.text.numbers import cardinal, decimal, integer
from tts.text.spoken import SpokenText
from tts.text.unit_table import CURRENCIES, MAGNITUDES, PER, UNITS

_SYMBOLS = "|".join(re.escape(symbol) for symbol in sorted(CURRENCIES, key=len, reverse=True) if not symbol.isalpha())
_CODES = "|".join(symbol for symbol in CURRENCIES if symbol.isalpha())
_AMOUNT = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?|\.[0-9]+"
_WORDS = "thousand|million|billion|trillion"
_SUFFIXES = "k|K|m|M|mm|MM|mn|b|B|bn|Bn|BN|tn|T"
_MAGNITUDE = rf"(?: ?(?P<magnitude{{0}}>{_WORDS}|{_SUFFIXES})(?![\w'&]))?"
_PRICE = re.compile(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.])(?P<minus>-)?(?P<symbol>{_SYMBOLS}|(?:{_CODES}) ?) ?(?P<amount>{_AMOUNT})"
    r"(?![0-9])"
    + _MAGNITUDE.format("")
    + rf"(?: ?[-–—] ?(?P<symbol2>{_SYMBOLS})?(?P<amount2>{_AMOUNT})(?![0-9-]){_MAGNITUDE.format('2')})?"
    r"(?:/(?P<per>[A-Za-z]+)\b)?"
)
_CODE_AFTER = re.compile(rf"(?<![\w.])(?P<amount>{_AMOUNT}) ?(?P<symbol>{_CODES}|€|£|₽|₴)(?!\w)")
_CENTS = re.compile(r"(?<![\w.])([0-9]{1,3}) ?¢")
_MODIFIES = re.compile(r"[ -](?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|off)\b)[a-z]")
_LONE = {"$": " dollar ", "£": " pound ", "€": " euro ", "¥": " yen ", "¢": " cent ", "₹": " rupee "}


def speak_money(text: SpokenText) -> SpokenText:
    """Replace sums: "$3.50" is "three dollars and fifty cents", "€10 million" "ten million euros"."""
    text = text.sub(_PRICE, _price)
    text = text.sub(_CODE_AFTER, lambda found: _sum(found["amount"], None, found["symbol"]))
    text = text.sub(_CENTS, lambda found: cardinal(int(found[1])) + (" cent" if found[1] == "1" else " cents"))
    for symbol, spoken in _LONE.items():
        text = text.replace(symbol, spoken)
    return text


def _price(found: re.Match[str]) -> str:
    symbol = found["symbol"].strip()
    magnitude, magnitude2 = found["magnitude"], found["magnitude2"]
    # "a $5 bill": before a noun the unit does not take its plural.
    adjective = bool(found["article"] and not found["amount2"] and _MODIFIES.match(found.string, found.end()))
    if found["amount2"]:
        shared = None if found["symbol2"] else symbol
        first = _sum(found["amount"], magnitude, symbol) if not shared else _bare(found["amount"], magnitude)
        spoken = f"{first} to {_sum(found['amount2'], magnitude2, found['symbol2'] or symbol)}"
    else:
        spoken = _sum(found["amount"], magnitude, symbol, adjective=adjective)
    minus = "minus " if found["minus"] else ""
    return f"{found['article'] or ''}{minus}{spoken}{_per(found['per'])}"


def _per(written: str | None) -> str:
    if not written:
        return ""
    return " per " + (PER.get(written) or (UNITS[written][0] if written in UNITS else written))


def _bare(amount: str, magnitude: str | None) -> str:
    spoken = decimal(amount) if "." in amount else integer(amount)
    return f"{spoken} {MAGNITUDES[magnitude.lower()]}" if magnitude else spoken


def _sum(amount: str, magnitude: str | None, symbol: str, *, adjective: bool = False) -> str:
    one, many, cent, cents = CURRENCIES[symbol]
    if adjective:
        many, cents = one, cent
    whole, _, hundredths = amount.replace(",", "").partition(".")
    if len(hundredths) > 2:
        hundredths = hundredths[:2] + hundredths[2:].rstrip("0")
    if magnitude or len(hundredths) not in (0, 2):
        return f"{_bare(amount.rstrip('.'), magnitude)} {many}"
    spoken = (
        f"{integer(amount.split('.')[0])} {one if int(whole or 0) == 1 and len(whole) == 1 else many}" if whole else ""
    )
    small = int(hundredths or 0)
    if not small:
        return spoken or f"zero {many}"
    coins = f"{cardinal(small)} {cent if small == 1 else cents}"
    return f"{spoken} and {coins}" if whole.strip("0") else coins
