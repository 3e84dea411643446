"""Kokoro's phoneme inventory: the ids of its symbols, and how the IPA of espeak-ng is written in it.

The inventory writes English diphthongs as capitals (A I O Q W Y), affricates as one letter, and the flap as T.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

from tts.text.language_codes import is_english
from tts.text.reading import Reading, ReadWord

PAD_ID = 0
"""The id at both ends of a sentence."""

# Runs of symbols with consecutive ids, as in the configuration of the published model (`vocab` in config.json of
# hexgrad/Kokoro-82M, Apache-2.0).
_RUNS = {
    1: ";:,.!?", 9: '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI', 31: "O", 33: "Q", 35: "ST", 39: "W", 41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ", 75: "βɔɕç", 80: "ɖðʤə", 85: "ɚɛɜ", 90: "ɟ", 92: "ɡ", 99: "ɥ", 101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø", 118: "ɸθœ", 123: "ɹ", 125: "ɾɻ", 128: "ʁɽʂʃʈʧ", 135: "ʊʋ", 138: "ʌɣɤ", 142: "χʎ", 147: "ʒʔ",
    156: "ˈˌː", 162: "ʰ", 164: "ʲ", 169: "↓", 171: "→↗↘", 177: "ᵻ",
}  # fmt: skip
KOKORO_IDS = {symbol: start + i for start, symbols in _RUNS.items() for i, symbol in enumerate(symbols)}
"""The id of each of the 114 symbols."""
MARKS = frozenset(';:,.!?—…"()“” ˈˌː↓→↗↘')
"""Those without a sound of their own."""

# Patterns of espeak-ng's IPA, and what Kokoro writes instead; the first that matches applies.
_EVERYWHERE = {
    r'(?<![^\s(])"(?=\S)': "“", '"': "”",
    "aɪ": "I", "aʊ": "W", "eɪ": "A", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ", "g": "ɡ",
}  # fmt: skip
_ENGLISH = {
    # "a" and "an" keep their vowel; "the" before a vowel ends like "happy".
    r"(?<!\S)ɐ(?=n?(?!\S))": "ɐ", r"(?<=(?<!\S)ð)ɪ(?!\S)": "i",
    # A syllabic l, unless a vowel follows.
    r"əl(?![ˈˌjaeiouæɐɑɔəɚɛɜɪʊʌᵻ])": "ᵊl",
    "ɐ": "ə", "r": "ɹ", "ɹɹ": "ɹ", "x": "k", "ʔ": "t",
}  # fmt: skip
_AMERICAN = {
    # "radio", "serious".
    "ɪ(?=[ˈˌ]?[əɐɑeoæʌ])": "i",
    # "certain", "mountain", "prison", "moment".
    r"ᵻ(?![dzs]|st)": "ə", "ʔn": "tᵊn", "(?<=[szʒ])ən": "ᵊn", "(?<=m)ən(?=t)": "ᵊn",
    "oʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɚɹ": "əɹ", "ɚ": "əɹ", "oː": "ɔ", "o": "ɔ", "ɾ": "T", "ː": "",
}  # fmt: skip
_BRITISH = {
    # "station", "garden"; "every".
    "(?<=[ʃʒszdt])ən": "ᵊn", r'ɪ(?=[\s;:,.!?")]|\Z)': "i",
    "əʊ": "Q", "eə": "ɛː", "iə": "ɪə", "æ": "a", "ɚ": "ə", "ɾ": "t", "ᵻ": "ɪ",
}  # fmt: skip


class _Rules:
    def __init__(self, *tables: dict[str, str]) -> None:
        table = {pattern: written for each in tables for pattern, written in each.items()}
        self._pattern = re.compile("|".join(f"({pattern})" for pattern in table))
        self._written = list(table.values())

    def __call__(self, ipa: str) -> list[str]:
        """Return what each character of IPA becomes; of several that become one, the first has it."""
        symbols = list(ipa)
        for found in self._pattern.finditer(ipa):
            assert found.lastindex is not None
            start, end = found.span()
            symbols[start:end] = [self._written[found.lastindex - 1], *[""] * (end - start - 1)]
        return symbols


_AMERICAN_RULES = _Rules(_AMERICAN, _ENGLISH, _EVERYWHERE)
_BRITISH_RULES = _Rules(_BRITISH, _ENGLISH, _EVERYWHERE)
_OTHER_RULES = _Rules({"oʊ": "O", "dz": "ʣ", "ts": "ʦ", "-": ""}, _EVERYWHERE)


def in_kokoro_symbols(text: str, reading: Reading, language: str) -> Reading:
    """Return the reading of a text in IPA in Kokoro's inventory, its words separated as they are written.

    espeak-ng writes some words together ("of the"), which Kokoro has only seen apart.
    """
    ipa = list(reading.phonemes)
    for one, following in pairwise(reading.words):
        joined = one.last == following.first and one.first < one.last < following.last
        if joined and any(map(str.isspace, text[one.end : following.start])):
            ipa[one.last] = f" {ipa[one.last]}"
    apart = [0, *accumulate(map(len, ipa))]

    if is_english(language):
        rules = _AMERICAN_RULES if language.lower() in ("en", "en-us") else _BRITISH_RULES
    else:
        rules = _OTHER_RULES
    symbols = rules("".join(ipa))
    written = [0, *accumulate(map(len, symbols))]
    words = []
    for word in reading.words:
        first, last = apart[word.first], apart[word.last]
        if first < last and "".join(ipa)[first] == " ":
            first += 1
        words.append(ReadWord(word.start, word.end, written[first], written[last]))
    return Reading("".join(symbols), tuple(words), reading.warnings)
