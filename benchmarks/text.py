"""The speed of text to phonemes, and the cost of a cold start: python benchmarks/text.py [SENTENCES] [--rounds N].

SENTENCES is a file with one sentence per line; without it, 2,000 short ones are generated. One core. When a sentence is
read for the first time, only recurring phrases are cached.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from short_lines import short_lines

from tts.text.frontend import EspeakFrontend
from tts.text.normalize import normalize
from tts.text.passage import Passage

COLD = "from tts.text.frontend import EspeakFrontend; EspeakFrontend().phonemize('Hello there, Dr. Lee.')"
N_SENTENCES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sentences = arguments.sentences.read_text().splitlines() if arguments.sentences else short_lines(N_SENTENCES)
    characters = statistics.mean(map(len, sentences))
    print(f"{len(sentences)} sentences of {characters:.0f} characters; sentences a second on one core, of each round")
    frontend = EspeakFrontend()
    frontend.phonemize("a")
    report("normalizing", [rate(sentences, normalize)])
    report("normalizing and phonemizing", [rate(sentences, frontend.phonemize)])
    report("the same, phonemes cached", [rate(sentences, frontend.phonemize) for _ in range(arguments.rounds)])
    report("with the words that phonemes belong to", [rate(sentences, lambda each: frontend.read(Passage(each)))])
    bare, cold = cold_starts(arguments.rounds)
    print(f"cold start: {1000 * (cold - bare):.0f} ms above the bare interpreter ({1000 * bare:.0f} ms)")


def rate(sentences: list[str], work) -> float:
    started = time.perf_counter()
    for sentence in sentences:
        work(sentence)
    return len(sentences) / (time.perf_counter() - started)


def cold_starts(rounds: int) -> tuple[float, float]:
    """Return the seconds of the bare interpreter and of one that phonemizes a sentence: medians, measured in turns."""
    times: dict[str, list[float]] = {"pass": [], COLD: []}
    for code in list(times) * rounds:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times[code].append(time.perf_counter() - started)
    return statistics.median(times["pass"]), statistics.median(times[COLD])


def report(what: str, rates: list[float]) -> None:
    print(f"{what}: {', '.join(f'{each:,.0f}' for each in rates)}")


if __name__ == "__main__":
    main()
