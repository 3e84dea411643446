"""`tts say -` fed one word each 100 ms: how long after its full stop the first sentence is heard.

python benchmarks/arriving.py [--repeat 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time

TEXT = "The train to the coast leaves at a quarter past nine. After that there is none until the evening."


def delay() -> float:
    """Seconds from the word with the first full stop to the first audio on standard output."""
    command = [sys.executable, "-m", "tts", "say", "-", "-o", "-", "--format", "raw"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    heard: list[float] = []
    out = process.stdout

    def listen() -> None:
        out.read(1)
        heard.append(time.perf_counter())
        out.read()

    listener = threading.Thread(target=listen)
    listener.start()
    # Whoever feeds it has started it long before.
    time.sleep(3)
    stopped = 0.0
    for word in TEXT.split():
        process.stdin.write(f"{word} ".encode())
        process.stdin.flush()
        if word.endswith(".") and not stopped:
            stopped = time.perf_counter()
        time.sleep(0.1)
    process.stdin.close()
    listener.join()
    process.wait()
    return heard[0] - stopped


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=10)
    delays = sorted(1000 * delay() for _ in range(parser.parse_args().repeat))
    print(
        f"first audio {statistics.median(delays):.0f} ms after the full stop ({delays[0]:.0f} to {delays[-1]:.0f} ms)"
    )


if __name__ == "__main__":
    main()
