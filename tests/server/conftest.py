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


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tts", "serve", "--port", "0", *map(str, arguments)]


def _environment(voices: Path | None = None) -> dict[str, str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return environment | ({} if voices is None else {"TTS_VOICES_DIR": str(voices)})


def start_server(folder: Path, *arguments: object, voices: Path | None = None) -> RunningServer:
    """Start `tts serve` at a free port, and wait until it answers."""
    process = subprocess.Popen(
        _command(*arguments), cwd=folder, env=_environment(voices), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"listening at (http://\S+)", line):
            return RunningServer(found[1], process)
    process.communicate()
    raise AssertionError("".join(lines))


def refusal(folder: Path, *arguments: object) -> tuple[int, str]:
    """The exit code and the message of a server that does not start."""
    done = subprocess.run(
        _command(*arguments), cwd=folder, env=_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stderr


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
