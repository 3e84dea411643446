"""Sums of money as words."""

import re

from tts.text.english.numbers import cardinal, decimal, integer
from tts.text.english.unit_table import CURRENCIES, MAGNITUDES, PER, UNITS
from tts.text.patterns import Pattern, one_of
from tts.text.spoken import SpokenText

_SYMBOLS = one_of(symbol for symbol in CURRENCIES if not symbol.isalpha())
_CODES = one_of(symbol for symbol in CURRENCIES if symbol.isalpha())
_SIGNS = "".join(symbol for symbol in CURRENCIES if len(symbol) == 1)
_AMOUNT = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?|\.[0-9]+"
_WORDS = "thousand|million|billion|trillion"
_SUFFIXES = "k|K|m|M|mm|MM|mn|mil|b|B|bn|Bn|BN|bil|tn|tril|t|T"
_MAGNITUDE = rf"(?: ?(?P<magnitude{{0}}>{_WORDS}|{_SUFFIXES})(?![\w'&]))?"
_PRICE = Pattern(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.])(?P<minus>-)?(?P<symbol>{_SYMBOLS}|(?:{_CODES})\.? ?) ?(?P<sign>-)?"
    rf"(?P<amount>{_AMOUNT})(?![0-9])"
    + _MAGNITUDE.format("")
    + rf"(?: ?[-–—] ?(?P<symbol2>{_SYMBOLS})?(?P<amount2>{_AMOUNT})(?![0-9-]){_MAGNITUDE.format('2')})?"
    r"(?:/(?P<per>[A-Za-z]+)\b)?"
)
_AFTER = Pattern(
    rf"(?<![\w.,$])(?P<amount>{_AMOUNT})"
    + _MAGNITUDE.format("")
    + rf" ?(?P<symbol>(?:{_CODES})(?!\w)|[{_SIGNS}](?![\w{_SIGNS}]))(?:/(?P<per>[A-Za-z]+)\b)?"
)
_CENTS = Pattern(r"(?<![\w.])([0-9]{1,3}) ?¢", needs="¢")
_MODIFIES = Pattern(r"[ -](?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|off)\b)[a-z]")
_LONE = Pattern(f"[¢{_SIGNS}]", needs=f"¢{_SIGNS}")


def speak_money(text: SpokenText) -> SpokenText:
    """Replace sums: "$3.50" is "three dollars fifty cents", "€10 million" "ten million euros"; lone signs too."""
    text = text.sub(_PRICE, _price)
    text = text.sub(_AFTER, _after)
    text = text.sub(_CENTS, lambda found: cardinal(int(found[1])) + (" cent" if found[1] == "1" else " cents"))
    return text.sub(_LONE, lambda found: f" {CURRENCIES[found.group()][0] if found.group() != '¢' else 'cent'} ")


def _price(found: re.Match[str]) -> str:
    symbol = found["symbol"].rstrip(". ")
    magnitude, magnitude2 = found["magnitude"], found["magnitude2"]
    # "a $5 bill": before a noun the unit does not take its plural.
    adjective = bool(found["article"] and not found["amount2"] and _MODIFIES.match(found.string, found.end()))
    if found["amount2"]:
        shared = None if found["symbol2"] else symbol
        first = _sum(found["amount"], magnitude, symbol) if not shared else _bare(found["amount"], magnitude)
        spoken = f"{first} to {_sum(found['amount2'], magnitude2, found['symbol2'] or symbol)}"
    else:
        spoken = _sum(found["amount"], magnitude, symbol, adjective=adjective)
    minus = "minus " if found["minus"] or found["sign"] else ""
    return f"{found['article'] or ''}{minus}{spoken}{_per(found['per'])}"


def _after(found: re.Match[str]) -> str:
    return _sum(found["amount"], found["magnitude"], found["symbol"]) + _per(found["per"])


def _per(written: str | None) -> str:
    if not written:
        return ""
    return " per " + (PER.get(written) or (UNITS[written][0] if written in UNITS else written))


def _bare(amount: str, magnitude: str | None) -> str:
    spoken = decimal(amount) if "." in amount else _whole(amount)
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
    spoken = f"{_whole(whole)} {one if whole == '1' else many}" if whole else ""
    small = int(hundredths or 0)
    if not small:
        return spoken or f"zero {many}"
    coins = f"{cardinal(small)} {cent if small == 1 else cents}"
    return f"{spoken} {coins}" if whole.strip("0") else coins


def _whole(amount: str) -> str:
    """Speak whole units as a number however many they are."""
    plain = amount.replace(",", "")
    return cardinal(int(plain)) if len(plain) < 34 and not plain.startswith("00") else integer(plain)
