"""The server under load: first audio, throughput beside `tts batch`, refusals and memory.

    python benchmarks/serving.py [--requests 500] [--clients 64] [--piper PORT]

It starts `tts serve` itself, with as many workers as `tts batch` uses: one per core. PORT is that of a running server
of Piper's (python -m piper.http_server -m VOICE.onnx), which then gets a part of the same texts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

TEN_SECONDS = (
    "The old harbour lies in the shade of the hills until noon. Then the light comes over the roofs, "
    "and the boats go out one after the other, as they have done for more than a hundred years."
)
SENTENCES = [
    "It rains.",
    "The train to the coast leaves at a quarter past nine.",
    "She put the letter back into the drawer and said nothing.",
    TEN_SECONDS,
    f"{TEN_SECONDS} Nobody in the town remembers how it began. {TEN_SECONDS}",
]


@dataclass
class Load:
    """What the clients of one run saw."""

    first: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    audio_seconds: float = 0.0
    megabytes: dict[int, float] = field(default_factory=dict)


async def ask(port: int, text: str, kind: str, load: Load) -> bool:
    """One request on a connection of its own, by the cheapest of clients; returns whether it was served.

    `kind` is a format, or "piper" for that program's server.
    """
    started = time.perf_counter()
    path, document = "/v1/audio/speech", {"input": text, "response_format": kind, "sample_rate": 22050}
    if kind == "piper":
        path, document = "/synthesize", {"text": text}
    body = json.dumps(document).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        status = int((await reader.readuntil(b"\r\n\r\n")).split(maxsplit=2)[1])
        load.statuses[status] += 1
        n_bytes = 0
        while data := await reader.read(1 << 20):
            if not n_bytes:
                load.first.append(time.perf_counter() - started)
            n_bytes += len(data)
        # The frames of chunks are some bytes more.
        load.audio_seconds += n_bytes / 44100 if status == 200 else 0
        return status == 200
    finally:
        writer.close()


async def first_audio(port: int, n_clients: int, n_requests: int, kind: str) -> Load:
    """Each client asks for the text of ten seconds again and again."""
    load = Load()

    async def client() -> None:
        for _ in range(n_requests // n_clients):
            await ask(port, TEN_SECONDS, kind, load)

    await asyncio.gather(*(client() for _ in range(n_clients)))
    return load


async def many(port: int, n_clients: int, texts: list[str], kind: str, pid: int | None = None) -> Load:
    """So many clients share the texts; one that is refused comes back after a while."""
    load, remaining, n_done = Load(), list(texts), 0

    async def client() -> None:
        nonlocal n_done
        while remaining:
            text = remaining.pop()
            while not await ask(port, text, kind, load):
                await asyncio.sleep(0.5)
            n_done += 1
            if n_done % 100 == 0 and pid is not None:
                load.megabytes[n_done] = resident(pid)

    await asyncio.gather(*(client() for _ in range(n_clients)))
    return load


def resident(pid: int) -> float:
    """Resident megabytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (pid, *children))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def batch_seconds(texts: list[str]) -> float:
    """The time of `tts batch` on the same texts, without its start."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.txt"
        seconds = []
        for n in (4, len(texts)):
            lines.write_text("\n".join(texts[:n]) + "\n")
            started = time.perf_counter()
            command = [sys.executable, "-m", "tts", "batch", lines, "-o", f"{folder}/{n}", "--naming", "number", "-q"]
            subprocess.run([*map(str, command), "--layout", "text"], check=True)
            seconds.append(time.perf_counter() - started)
    return seconds[1] - seconds[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--piper", type=int, metavar="PORT")
    parser.add_argument("--repeat", type=int, default=50, help="requests for the time of the first audio")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "tts", "serve", "--port", "0", "--queue", "48"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        port = next(int(found[1]) for line in process.stderr if (found := re.search(r"http://[^ ]*:(\d+) ", line)))
        for kind in ("pcm", "mp3"):
            alone = asyncio.run(first_audio(port, 1, arguments.repeat, kind))
            four = asyncio.run(first_audio(port, 4, arguments.repeat, kind))
            first, among = (1000 * statistics.median(load.first) for load in (alone, four))
            print(f"{kind}: first audio {first:.0f} ms, with 4 clients {among:.0f} ms ({among / first:.2f} times)")
        texts = [SENTENCES[i % len(SENTENCES)] for i in range(arguments.requests)]
        started = time.perf_counter()
        load = asyncio.run(many(port, arguments.clients, texts, "pcm", process.pid))
        seconds = time.perf_counter() - started
        print(
            f"{arguments.clients} clients: {load.audio_seconds:.0f} s of audio in {seconds:.1f} s; "
            f"statuses {dict(load.statuses)}"
        )
        per_second = load.audio_seconds / seconds
        print("megabytes after so many requests:", {n: round(size) for n, size in load.megabytes.items()})
    finally:
        process.terminate()
        process.wait()
    if arguments.piper:
        started = time.perf_counter()
        load = asyncio.run(many(arguments.piper, arguments.clients, texts[: len(texts) // 5], "piper"))
        piper = load.audio_seconds / (time.perf_counter() - started)
        print(
            f"Piper's server: {piper:.1f} s of audio per second; ours {per_second:.1f}, {per_second / piper:.1f} times"
        )
    batch = batch_seconds(texts)
    print(f"tts batch: {batch:.1f} s; throughput {batch / seconds:.2f} of it")


if __name__ == "__main__":
    main()
