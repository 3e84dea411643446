"""How fast text becomes phonemes, and what a cold start costs: python benchmarks/text.py [SENTENCES] [--rounds N].

SENTENCES has one a line; without it, 2,000 short ones are made. One core; the first time that a sentence is read, no
cache helps but that of the phrases that recur.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from short_lines import short_lines

from tts.text.espeak import EspeakFrontend
from tts.text.normalize import normalize
from tts.text.passage import Passage

COLD = "from tts.text.espeak import EspeakFrontend; EspeakFrontend().phonemize('Hello there, Dr. Lee.')"
N_SENTENCES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    sentences = asked.sentences.read_text().splitlines() if asked.sentences else short_lines(N_SENTENCES)
    characters = statistics.mean(map(len, sentences))
    print(f"{len(sentences)} sentences of {characters:.0f} characters; sentences a second on one core, of each round")
    frontend = EspeakFrontend()
    frontend.phonemize("a")
    tell("normalizing", [rate(sentences, normalize)])
    tell("normalizing and phonemizing", [rate(sentences, frontend.phonemize)])
    tell("the same, phonemes cached", [rate(sentences, frontend.phonemize) for _ in range(asked.rounds)])
    tell("with the words that they belong to", [rate(sentences, lambda each: frontend.read(Passage(each)))])
    bare, cold = cold_starts(asked.rounds)
    print(f"cold start: {1000 * (cold - bare):.0f} ms above the bare interpreter ({1000 * bare:.0f} ms)")


def rate(sentences: list[str], work) -> float:
    started = time.perf_counter()
    for sentence in sentences:
        work(sentence)
    return len(sentences) / (time.perf_counter() - started)


def cold_starts(rounds: int) -> tuple[float, float]:
    """Seconds of the bare interpreter and of one that phonemizes a sentence: medians, taken in turns."""
    times: dict[str, list[float]] = {"pass": [], COLD: []}
    for code in list(times) * rounds:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times[code].append(time.perf_counter() - started)
    return statistics.median(times["pass"]), statistics.median(times[COLD])


def tell(what: str, rates: list[float]) -> None:
    print(f"{what}: {', '.join(f'{each:,.0f}' for each in rates)}")


if __name__ == "__main__":
    main()
