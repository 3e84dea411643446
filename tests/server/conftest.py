"""A real server, `tts serve` in a process of its own, for all tests of this folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi", reason="the server is an extra")

ROOT = Path(__file__).parents[2]


@dataclass
class RunningServer:
    """A server in another process."""

    url: str
    process: subprocess.Popen[str]

    def client(self, **named) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **named)


def start_server(folder: Path, *arguments: object, voices: Path | None = None) -> RunningServer:
    """Start `tts serve` at a free port, and wait until it answers."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    if voices is not None:
        environment["TTS_VOICES_DIR"] = str(voices)
    process = subprocess.Popen(
        [sys.executable, "-m", "tts", "serve", "--port", "0", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"listening at (http://\S+)", line):
            return RunningServer(found[1], process)
    raise AssertionError("".join(lines))


def end_server(server: RunningServer) -> str:
    """End it as a service manager does; returns what else it wrote to standard error."""
    server.process.terminate()
    _, messages = server.process.communicate(timeout=60)
    return messages


@pytest.fixture(scope="session")
def server(tmp_path_factory, voices_folder) -> Iterator[RunningServer]:
    """A server with the embedded voice and the two tiny ones."""
    running = start_server(tmp_path_factory.mktemp("server"), "--workers", "1", voices=voices_folder)
    yield running
    end_server(running)


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    with server.client() as found:
        yield found
