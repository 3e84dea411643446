"""Which encoding a text has that is not UTF-8: the one that is named with --encoding, or what its bytes look like."""

from __future__ import annotations

import codecs
import re

from tts.errors import UsageError

# What is looked at; enough for a guess, and a character is cut at its end at most.
_SAMPLE = 1 << 16
_MULTIBYTE = ("shift_jis", "euc-jp", "gbk", "euc-kr", "big5")
_KANA = re.compile("[\u3041-\u30fe]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u4e00-\u9fff]")
_CYRILLIC = re.compile("[\u0410-\u044f\u0401\u0451]")


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding of text ("Windows-1252" is "cp1252").

    Raises:
        UsageError: there is no such encoding.
    """
    try:
        known = codecs.lookup(name.strip()).name
        "".encode(known)
    except (LookupError, UnicodeError, ValueError):
        raise UsageError(
            f"There is no encoding {name!r}; common ones are windows-1252, shift_jis, gbk, euc-kr, big5, utf-16-le."
        ) from None
    return known


def decode_as(content: bytes, encoding: str, name: str) -> str:
    """Decode a text in the encoding that was named, without its byte order mark.

    Raises:
        UsageError: there is no such encoding, or the text is not in it.
    """
    try:
        return content.decode(known_encoding(encoding)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        hint = likely_encoding(content)
        other = f"; it looks like {hint}" if hint and known_encoding(hint) != known_encoding(encoding) else ""
        raise UsageError(f"{name} is no text in {encoding}: byte {error.start} cannot be read{other}.") from error


def how_to_name(content: bytes) -> str:
    """Say how to name the encoding of bytes that are no UTF-8, with what they look like."""
    likely = likely_encoding(content)
    if likely:
        return f"it looks like {likely}, so try --encoding {likely}"
    return "or name its encoding with --encoding"


def likely_encoding(content: bytes) -> str | None:
    """Guess the encoding of bytes that are no UTF-8; None where nothing fits well.

    Zero bytes show UTF-16. Encodings of East Asia are recognised by the share of their commonest characters,
    Windows-1251 by runs of Cyrillic letters, Windows-1252 by accented letters between plain ones.
    """
    sample = content[:_SAMPLE]
    n_zero = sample.count(0)
    if n_zero:
        # Latin text has a zero in every second byte; a few zeros among others are no text.
        odd, even = sample[1::2].count(0), sample[0::2].count(0)
        if max(odd, even) * 10 > len(sample) // 2 * 4 and min(odd, even) * 20 <= len(sample):
            return "utf-16-le" if odd > even else "utf-16-be"
        return None
    n_high = sum(byte >= 0x80 for byte in sample)
    if not n_high:
        return None

    best, best_score = None, 0.5
    for encoding in _MULTIBYTE:
        score = _score(sample, encoding)
        if score > best_score:
            best, best_score = encoding, score
    if best:
        return best
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        western = None
    cyrillic = sample.decode("cp1251", errors="replace")
    if len(_CYRILLIC.findall(cyrillic)) > 0.8 * n_high and re.search("[\u0410-\u044f]{4}", cyrillic):
        return "windows-1251"
    if western is not None and 3 * n_high < len(sample) + 3:
        return "windows-1252"
    return None


def _score(sample: bytes, encoding: str) -> float:
    """The share of the characters beyond ASCII that are the commonest of an encoding, 0 if a byte does not fit."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    beyond = [character for character in text if character > "\x7f"]
    if len(beyond) < 2:
        return 0.0
    japanese, korean, chinese = (len(found.findall(text)) for found in (_KANA, _HANGUL, _HAN))
    if encoding in ("shift_jis", "euc-jp"):
        share = (japanese + 0.5 * chinese) / len(beyond)
        return 0.0 if not japanese else max(share, 0.99) if japanese > 0.3 * len(beyond) else share
    if encoding == "euc-kr":
        return korean / len(beyond)
    # The rows of the commoner characters, by the first byte of the pair.
    first = {"gbk": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}[encoding]
    leads = (character.encode(encoding)[0] for character in beyond if _HAN.match(character))
    common = sum(lead in first for lead in leads)
    return 0.95 * common / len(beyond)
