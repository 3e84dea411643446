"""`tts batch` on many short lines, beside `Voice.say` in a loop and beside one `tts say` process a line; its memory.

    python benchmarks/batch.py [--lines 2000] [--rounds 3] [--json]
    python benchmarks/batch.py --engine ray --jobs 2

Each round times, one after the other, the whole file through `tts batch`, some of its lines in a loop inside this
process (a voice loaded once, every line written as `tts say` writes it), and a few lines by a process each. Lines for
the last two are spread evenly over all lengths. Factors are medians over rounds, with the lowest and the highest.
`tts batch` is timed as a whole process, its start included, and from the first file to the last; the loop without its
start. The memory is that of all processes of `tts batch` together. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import soundfile
from process_tree import memory_mb, process_tree
from short_lines import short_lines

from tts import Voice, load_voice
from tts.audio.audio import INT16_SCALE
from tts.audio.writer import AudioWriter, format_of
from tts.benchmark.measuring import Spread

TTS = (sys.executable, "-m", "tts")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
POLL_SECONDS = 0.05
# A look takes some 20 ms of one core.
MEMORY_EVERY_SECONDS = 2.0
# The memory is told at every so many lines, and held against that at the first of them.
MEMORY_STEP = 200
MILLION = 1_000_000


@dataclass(frozen=True)
class Watched:
    """A run of `tts batch` as seen from outside: when its files landed, and what it held meanwhile."""

    lines: int
    seconds: float
    """Of the whole process."""
    first_after: float
    """When the manifest had its first rows, and how many those were."""
    first_rows: int
    last_after: float
    audio_seconds: float
    memory: tuple[tuple[int, float], ...]
    """(lines done, MB), many times."""
    processes: int

    @property
    def rate(self) -> float:
        """Lines a second, the start and the end of the process included."""
        return self.lines / self.seconds

    @property
    def steady_rate(self) -> float:
        """Lines a second from the first file to the last."""
        return (self.lines - self.first_rows) / (self.last_after - self.first_after)

    def memory_steps(self) -> dict[int, float]:
        """Lines done → MB, at every `MEMORY_STEP` lines."""
        steps = range(MEMORY_STEP, self.lines + 1, MEMORY_STEP)
        return {step: min(self.memory, key=lambda sample: abs(sample[0] - step))[1] for step in steps}

    def memory_deviation(self) -> float:
        """How far any sample from line 200 on lies from that at line 200, as a part of it."""
        start = self.memory_steps()[MEMORY_STEP]
        return max(abs(held / start - 1) for done, held in self.memory if done >= MEMORY_STEP)


@dataclass(frozen=True)
class Round:
    """One turn of all three ways."""

    batch: Watched
    loop_rate: float
    process_rate: float
    apart: int
    """How far the files of the batch and those of the loop lie apart where they do most, in 16-bit steps."""


def watch(command: Sequence[str], manifest: Path, n_lines: int) -> Watched:
    """Run a batch to its end, with an eye on its manifest and its memory.

    Raises:
        SystemExit: it failed.
    """
    started = time.perf_counter()
    run = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    memory: list[tuple[int, float]] = []
    first, last = (0.0, 0), 0.0
    processes, done, memory_at = 1, 0, 0.0
    while run.poll() is None:
        after, rows = time.perf_counter() - started, rows_in(manifest)
        if rows > done:
            first, last, done = first if done else (after, rows), after, rows
        # Behind the last line nothing is left to hold.
        if after >= memory_at and rows < n_lines:
            tree = process_tree(run.pid)
            memory.append((rows, memory_mb(tree)))
            processes, memory_at = max(processes, len(tree)), after + MEMORY_EVERY_SECONDS
        time.sleep(POLL_SECONDS)
    seconds = time.perf_counter() - started
    if run.returncode or done != n_lines:
        raise SystemExit(f"{shlex.join(command)} ended with {run.returncode} after {done} of {n_lines} lines.")
    audio = sum(row["seconds"] for row in rows_of(manifest))
    return Watched(n_lines, seconds, *first, last, audio, tuple(memory), processes)


def rows_in(manifest: Path) -> int:
    try:
        return manifest.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def rows_of(manifest: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]


def spread_over_lengths(lines: Sequence[str], n: int, offset: int) -> list[int]:
    """The places of `n` lines of all lengths; with every offset others, as far as there are."""
    by_length = sorted(range(len(lines)), key=lambda i: (len(lines[i]), i))
    step = max(1, len(lines) // n)
    return by_length[offset % step :: step][:n]


def loop_rate(voice: Voice, texts: Sequence[str], folder: Path) -> float:
    """Lines a second, one after the other; files are named by their place from 0 on."""
    started = time.perf_counter()
    for number, text in enumerate(texts):
        audio = voice.say(text)
        path = folder / f"{number}.wav"
        with AudioWriter(path, format_of(path), None) as writer:
            writer.write(audio)
    return len(texts) / (time.perf_counter() - started)


def process_rate(voice: str, texts: Sequence[str], folder: Path) -> float:
    """Lines a second, a whole process for each."""
    started = time.perf_counter()
    for text in texts:
        command = [*TTS, "say", text, "--voice", voice, "--quiet", "-o", str(folder / "process.wav")]
        subprocess.run(command, env=ENVIRONMENT, check=True)
    return len(texts) / (time.perf_counter() - started)


def steps_apart(first: Path, second: Path) -> int:
    """How far two files of the same length lie apart where they do most, in 16-bit steps; else full scale."""
    one, other = (soundfile.read(path, dtype="int16")[0].astype(int) for path in (first, second))
    return int(abs(one - other).max()) if one.shape == other.shape else 2 * INT16_SCALE


def measure(args: argparse.Namespace, lines: Sequence[str], on_round: int, voice: Voice) -> Round:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        out = folder / "out"
        command = [*TTS, "batch", str(folder / "lines.txt"), "-o", str(out), "--voice", args.voice, "--quiet"]
        watched = watch([*command, *batch_flags(args)], out / "manifest.jsonl", len(lines))
        chosen = spread_over_lengths(lines, args.loop_lines, on_round)
        looped = loop_rate(voice, [lines[i] for i in chosen], folder)
        few = [lines[i] for i in spread_over_lengths(lines, args.processes, on_round)]
        alone = process_rate(args.voice, few, folder)
        files = {row["line"]: out / row["file"] for row in rows_of(out / "manifest.jsonl")}
        apart = max(steps_apart(files[i + 1], folder / f"{number}.wav") for number, i in enumerate(chosen))
    return Round(watched, looped, alone, apart)


def batch_flags(args: argparse.Namespace) -> list[str]:
    asked = {"--engine": args.engine, "--jobs": args.jobs, "--batch-size": args.batch_size, "--device": args.device}
    return [str(part) for flag, value in asked.items() if value is not None for part in (flag, value)]


def document(rounds: Sequence[Round], lines: Sequence[str]) -> dict[str, Any]:
    """Everything that is told, as JSON has it."""
    rate = Spread.of([each.batch.rate for each in rounds])
    steady = Spread.of([each.batch.steady_rate for each in rounds])
    audio = rounds[0].batch.audio_seconds / len(lines)
    hours = MILLION / steady.median / 3600
    last = rounds[-1].batch
    spreads = {
        "batch_lines_per_second": rate,
        "batch_steady_lines_per_second": steady,
        "loop_lines_per_second": Spread.of([each.loop_rate for each in rounds]),
        "process_lines_per_second": Spread.of([each.process_rate for each in rounds]),
        "batch_over_loop": Spread.of([each.batch.rate / each.loop_rate for each in rounds]),
        "batch_steady_over_loop": Spread.of([each.batch.steady_rate / each.loop_rate for each in rounds]),
        "batch_over_processes": Spread.of([each.batch.rate / each.process_rate for each in rounds]),
    }
    return {
        "lines": len(lines),
        "characters_per_line": sum(map(len, lines)) / len(lines),
        "audio_seconds_per_line": audio,
        "cores": len(os.sched_getaffinity(0)),
        "rounds": len(rounds),
        **{name: asdict(spread) for name, spread in spreads.items()},
        "batch_seconds": [each.batch.seconds for each in rounds],
        "batch_audio_seconds_per_second": steady.median * audio,
        "first_files_after_seconds": [each.batch.first_after for each in rounds],
        "largest_difference_16_bit_steps": max(each.apart for each in rounds),
        "processes": last.processes,
        "memory_mb": last.memory_steps(),
        "memory_deviation": max(each.batch.memory_deviation() for each in rounds),
        "million_lines_hours": hours,
        "million_lines_core_hours": hours * len(os.sched_getaffinity(0)),
        "million_lines_audio_hours": MILLION * audio / 3600,
    }


def print_document(told: dict[str, Any]) -> None:
    def spread(name: str) -> str:
        return "{median:.2f} ({low:.2f} to {high:.2f})".format(**told[name])

    print(f"{told['lines']} lines of {told['characters_per_line']:.0f} characters, {told['rounds']} rounds")
    print("lines a second")
    for title, name in (
        ("tts batch, whole process", "batch_lines_per_second"),
        ("tts batch, first file to last", "batch_steady_lines_per_second"),
        ("Voice.say in a loop", "loop_lines_per_second"),
        ("one tts say process a line", "process_lines_per_second"),
    ):
        print(f"  {title:32}{spread(name)}")
    print("times faster")
    for title, name in (
        ("whole process / loop", "batch_over_loop"),
        ("first file to last / loop", "batch_steady_over_loop"),
        ("whole process / processes", "batch_over_processes"),
    ):
        print(f"  {title:32}{spread(name)}")
    print(f"audio a second                    {told['batch_audio_seconds_per_second']:.1f} s")
    print(f"largest difference from the loop  {told['largest_difference_16_bit_steps']} steps of 16 bits")
    held = ", ".join(f"{line}: {mb:.0f}" for line, mb in told["memory_mb"].items())
    print(f"MB of {told['processes']} processes at line          {held}")
    print(f"furthest from that at line {MEMORY_STEP}    {told['memory_deviation']:.1%}")
    print(
        f"a million such lines, {told['million_lines_audio_hours']:.0f} hours of audio, take "
        f"{told['million_lines_hours']:.1f} hours here: {told['million_lines_core_hours']:.1f} core-hours"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop-lines", type=int, default=400, help="a round")
    parser.add_argument("--processes", type=int, default=5, help="lines spoken by a process each, a round")
    parser.add_argument("--voice", default="heart")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--engine", choices=("local", "ray"))
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    lines = short_lines(args.lines)
    voice = load_voice(args.voice, device=args.device)
    voice.say(lines[0])
    told = document([measure(args, lines, number, voice) for number in range(args.rounds)], lines)
    if args.json:
        print(json.dumps(told, indent=1))
    else:
        print_document(told)


if __name__ == "__main__":
    main()
