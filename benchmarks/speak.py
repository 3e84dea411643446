"""What speaking costs: real-time factor after loading, a whole cold process beside `import torch`, peak memory.

    python benchmarks/speak.py [--voice heart] [--repeats 7]

Cold processes of both kinds alternate, so that a noisy machine disturbs both; medians are printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEN_SECONDS = (
    "The morning ferry leaves the harbor at half past seven, and by the time it reaches the far side of the bay "
    "the sun has usually burned through the fog that lies on the water in the early autumn."
)


def process(command: list[str]) -> tuple[float, float]:
    """Seconds of wall time and peak memory in MB of a whole process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def warm(voice_name: str, repeats: int) -> dict[str, float]:
    """Real-time factor of a sentence of about ten seconds, and the first call's, which warms up."""
    from tts import load_voice

    voice = load_voice(voice_name)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        audio = voice.say(TEN_SECONDS)
        times.append((time.perf_counter() - start) / audio.seconds)
    return {"seconds": audio.seconds, "first_rtf": times[0], "rtf": statistics.median(times[1:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--voice", default="heart")
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    tts, torch = [], []
    with tempfile.TemporaryDirectory() as folder:
        wav = str(Path(folder) / "hello.wav")
        for _ in range(args.repeats):
            torch.append(process([sys.executable, "-c", "import torch"]))
            tts.append(process([sys.executable, "-m", "tts", "say", "Hello world.", "--voice", args.voice, "-o", wav]))
    tts_seconds, torch_seconds = (statistics.median(seconds for seconds, _ in runs) for runs in (tts, torch))
    result = warm(args.voice, args.repeats) | {
        "hello_seconds": tts_seconds,
        "import_torch_seconds": torch_seconds,
        "hello_over_import_torch": tts_seconds / torch_seconds,
        "hello_peak_mb": statistics.median(memory for _, memory in tts),
    }
    print(json.dumps({key: round(value, 3) for key, value in result.items()}, indent=1))


if __name__ == "__main__":
    main()
