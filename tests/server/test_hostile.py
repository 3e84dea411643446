"""Hostile and careless clients: no internal error, no hang, nothing that grows, and the others are served as before.

TTS_HOSTILE=1000 makes that many requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from pathlib import Path

import pytest

from tests.server.conftest import end_server, start_server

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")

N_REQUESTS = int(os.environ.get("TTS_HOSTILE", "30"))
JSON = {"content-type": "application/json"}
WORDS = "This is a sentence of a careless client. "


def process_ids(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def held(pid: int) -> tuple[int, int, int]:
    """Open files and threads, and resident megabytes, of a process and its children."""
    files = threads = memory = 0
    for each in process_ids(pid):
        files += len(os.listdir(f"/proc/{each}/fd"))
        threads += len(os.listdir(f"/proc/{each}/task"))
        memory += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    return files, threads, memory


def bodies(chance: random.Random) -> list[bytes]:
    """Bodies of requests that cannot be right, or should not be sent."""
    text = WORDS * chance.randint(1, 20)
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><speak>&b;</speak>'
    nested = "<speak>" + "<prosody rate='1.1'>" * 3000 + "a" + "</prosody>" * 3000 + "</speak>"
    documents: list[object] = [
        {"input": "a" * 1_500_000},
        {"input": text, "speed": chance.choice(["x", None, [], {}, -1, 1e300, True])},
        {"input": chance.choice([None, 3, [], {}, ["a"], True])},
        {"input": "".join(map(chr, range(32))) + "\u202e\ufffe\U000e0001" * 20},
        {"input": "\ud800" + text[:40]},
        {"input": text[:80], **{f"field{i}": i for i in range(2000)}},
        {"input": bomb, "input_type": "ssml"},
        {"input": nested, "input_type": "ssml"},
        {"input": "<speak>" * 50_000, "input_type": "ssml"},
        {"input": "!" * 50_000},
        {"input": "1" * 400},
        {"input": "\u0301" * 2_000},
        {"input": text, "voice": chance.choice(["../../etc/passwd", "\0", "a" * 10_000, "", {"id": {}}, []])},
        {"input": text, "seed": chance.choice([-1, 2**70, 0.5, "1"])},
        {"input": text, "sample_rate": chance.choice([0, -1, 10**9, "x"])},
        {"input": text, "vocoder": chance.choice(["/", "..", "/proc/self/environ", "\0"])},
        {"input": "<speak><voice name='../../tmp'>a</voice><audio src='/etc/passwd'/></speak>", "input_type": "ssml"},
    ]
    made = [json.dumps(each).encode() for each in documents]
    return [*made, b"\xff" * 1000, b'{"input": "' + b"\xc3\x28" * 50 + b'"}', b"[" * 50_000, b"{" * 50_000, b"\0" * 100]


class Client:
    """One hostile connection; it records the statuses that it sees."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.port, self.chance = port, chance
        self.statuses: list[int] = []

    async def __call__(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            kind = self.chance.choice(
                ["complete", "complete", "cut", "leave", "leave", "slow", "huge", "garbage", "header"]
            )
            await getattr(self, f"_{kind}")(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _head(self, n_bytes: int) -> bytes:
        path = self.chance.choice(["/v1/audio/speech", "/v1/audio/captioned", "/v1/documents?name=a.epub"])
        return (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {n_bytes}\r\nConnection: close\r\n\r\n"
        ).encode()

    async def _status(self, reader: asyncio.StreamReader) -> None:
        line = await asyncio.wait_for(reader.readline(), 60)
        if line:
            self.statuses.append(int(line.split()[1]))

    async def _complete(self, reader, writer) -> None:
        body = self.chance.choice(bodies(self.chance))
        writer.write(self._head(len(body)) + body)
        await self._status(reader)
        # It leaves before the end of what is long.
        await asyncio.wait_for(reader.read(100_000), 60)

    async def _cut(self, reader, writer) -> None:
        body = self.chance.choice(bodies(self.chance))
        writer.write(self._head(len(body)) + body[: len(body) // 2])
        await writer.drain()

    async def _leave(self, reader, writer) -> None:
        """A right request, whose client goes away at some moment."""
        body = json.dumps({"input": WORDS * 40}).encode()
        writer.write(self._head(len(body)) + body)
        await asyncio.sleep(self.chance.uniform(0, 0.4))

    async def _slow(self, reader, writer) -> None:
        body = json.dumps({"input": WORDS}).encode()
        for byte in (self._head(len(body)) + body)[:60]:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.005)

    async def _huge(self, reader, writer) -> None:
        writer.write(self._head(10_000_000) + b'{"input": "')
        await self._status(reader)

    async def _garbage(self, reader, writer) -> None:
        writer.write(self.chance.randbytes(2000) + b"\r\n\r\n")
        await self._status(reader)

    async def _header(self, reader, writer) -> None:
        writer.write(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 100_000)
        await self._status(reader)


async def hostile_requests(port: int, seed: int) -> list[int]:
    chance = random.Random(seed)
    clients = [Client(port, random.Random(chance.random())) for _ in range(N_REQUESTS)]
    gate = asyncio.Semaphore(16)

    async def run(client: Client) -> None:
        async with gate:
            await client()

    await asyncio.gather(*map(run, clients))
    return [status for client in clients for status in client.statuses]


def test_hostile_clients_harm_nobody(tmp_path):
    running = start_server(tmp_path, "--workers", 1)
    try:
        port = int(running.url.rpartition(":")[2])
        with running.client() as client:
            body = {"input": WORDS, "response_format": "pcm"}
            expected = client.post("/v1/audio/speech", json=body).content
            # The longest sentence decides how much memory the networks keep.
            for each in bodies(random.Random(0)):
                with client.stream("POST", "/v1/audio/speech", content=each, headers=JSON) as response:
                    next(response.iter_raw(), None)
            asyncio.run(hostile_requests(port, 1))
            settle(running, client)
            before = held(running.process.pid)

            statuses = asyncio.run(hostile_requests(port, 2))
            assert len(statuses) > N_REQUESTS / 4
            assert not [status for status in statuses if status >= 500]
            settle(running, client)
            after = held(running.process.pid)
            assert client.post("/v1/audio/speech", json=body).content == expected
        assert after[0] <= before[0] + 2, "files stay open"
        # Those of the pool that reads manifests and documents are started one by one.
        assert after[1] <= before[1] + 8, "threads stay"
        assert after[2] <= before[2] * 1.2 + 20, "memory grows"
    finally:
        messages = end_server(running)
    assert "Traceback" not in messages


def settle(running, client) -> None:
    """Wait until the server has nothing left to do."""
    for _ in range(100):
        active = next(
            line for line in client.get("/metrics").text.splitlines() if line.startswith("tts_active_requests ")
        )
        if float(active.split()[1]) == 0:
            break
        time.sleep(0.2)
    else:
        raise AssertionError("a request that nobody waits for goes on")
    time.sleep(0.5)
