"""Hostile text through all of `tts.text`: what is lost, refused or slow.

    python benchmarks/hostile_text.py [--lines 10000] [--seed 0] [--language en-us] [--no-long] [--json]

Three quarters of the lines are text with inline markup, a quarter claims to be SSML; of each it is checked that every
letter, digit and symbol is in a word with phonemes or named in a warning. Then come lines of a million characters, of
which the first 200 sentences are read (all of them with --all): the time until the first, and the slowest of them.
An error other than a refusal ends the run and shows the line.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.text.hostile import hostile_lines, read_line, ssml_lines, unread_characters
from tts.text.frontend import EspeakFrontend
from tts.text.markup import read_markup
from tts.text.passage import Passage
from tts.text.ssml import read_ssml

LONG = 1_000_000
UNITS = [
    "a ", "a", ".", "a.b.c.", "\n", '"', "“", ". ", "Mr. ", "- ", "漢", "😀", "\u0301", "\u200d", "1", "1 ", "$1 ",
    "1/", "a\n", "[", "[[a", "[a](/", "[pause ", "<", "&", "@a.", "x-", "I ", "A. ", "ก", "ᏣᎳᎩ-नमस्ते ", "e\u0301\u0302",
    "\u202e",
    "A word, and one more; then 3 kg of it at 5 p.m. ",
]  # fmt: skip


def main() -> None:
    faulthandler.enable()
    arguments = _arguments()
    frontend = EspeakFrontend(arguments.language)
    frontend.read(Passage("Hello."))
    n_ssml = arguments.lines // 4
    report = {
        "text": _trial(hostile_lines(arguments.seed, arguments.lines - n_ssml), read_markup, frontend),
        "ssml": _trial(ssml_lines(arguments.seed, n_ssml), read_ssml, frontend),
    }
    if not arguments.no_long:
        report["long"] = {repr(unit): _long(unit, frontend, everything=arguments.all) for unit in UNITS}
    if arguments.json:
        print(json.dumps(report))
        return
    for name, found in report.items():
        print(name)
        for key, value in found.items():
            print(f"  {key:32} {value}")


def _trial(
    lines: Iterator[tuple[str, str]], read: Callable[[str], Passage], frontend: EspeakFrontend
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    slowest: tuple[float, str, int, str] = (0.0, "", 0, "")
    silent: list[tuple[str, str, str]] = []
    for kind, line in lines:
        try:
            outcome = read_line(line, read, frontend)
        except Exception:
            print(f"{kind}: {line!r}", file=sys.stderr)
            raise
        counts.update(lines=1, segments=outcome.n_segments, refused=outcome.refused, characters=len(line))
        slowest = max(slowest, (round(outcome.seconds, 3), kind, len(line), repr(line[:40])))
        if outcome.silent:
            silent.append((kind, "".join(sorted(outcome.silent)), line[:200]))
    unread = {"lost without a warning": len(silent), "which": silent[:10]}
    return {**counts, "slowest (s, kind, characters)": slowest, **unread}


def _long(unit: str, frontend: EspeakFrontend, *, everything: bool) -> str:
    text = unit * (LONG // len(unit))
    started = last = time.perf_counter()
    passage = read_markup(text)
    first = slowest = 0.0
    n = 0
    for segment, reading in islice(frontend.read_sentences(passage), None if everything else 200):
        assert not unread_characters(passage.text[segment.start : segment.end], reading)
        now = time.perf_counter()
        first = first or now - started
        slowest, last, n = max(slowest, now - last if n else 0.0), now, n + 1
    seconds = time.perf_counter() - started
    return f"first {first:6.3f} s  slowest of the others {slowest:6.3f} s  {n} in {seconds:7.3f} s"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", default="en-us")
    parser.add_argument("--no-long", action="store_true", help="omit the lines of a million characters")
    parser.add_argument("--all", "--whole", action="store_true", help="read all sentences of those lines")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
