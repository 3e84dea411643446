from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tts.cli.app import command

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Tts:
    """The command line in a process of its own, which sees the tiny voices and none of the user's settings."""

    def __init__(self, voices: Path, folder: Path) -> None:
        self.folder = folder
        repository = Path(__file__).parents[2]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TTS_")},
            "PYTHONPATH": str(repository),
            "TTS_VOICES_DIR": str(voices),
            "TTS_VOICE": "pulse",
            "TTS_CONFIG": str(folder / "config.toml"),
            "COLUMNS": "100",
        }

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "tts", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=self.folder, env=self.environment | environment, timeout=120
        )


@pytest.fixture
def tts(voices_folder, tmp_path):
    return Tts(voices_folder, tmp_path)


class Here:
    """The command line of somebody who has no voice but the embedded one, in this process: torch is imported once."""

    def __init__(self, tts, folder, monkeypatch):
        self.folder, self.voices, self._monkeypatch = folder, folder / "voices", monkeypatch
        self.environment = {name: value for name, value in tts.environment.items() if name.upper() not in PROXIES}
        self.environment |= {"TTS_VOICES_DIR": str(self.voices), "TTS_VOICE": ""}

    def __call__(self, *arguments, **environment):
        out, error = io.StringIO(), io.StringIO()
        with self._monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(error):
            patch.chdir(self.folder)
            patch.setattr(os, "environ", {**self.environment, **environment})
            patch.setattr(sys, "stdin", io.StringIO())
            with pytest.raises(SystemExit) as ended:
                command().main(list(map(str, arguments)))
        return subprocess.CompletedProcess(
            arguments, ended.value.code, out.getvalue().encode(), error.getvalue().encode()
        )


@pytest.fixture
def fresh(tts, tmp_path, monkeypatch):
    return Here(tts, tmp_path, monkeypatch)


def in_process(tts, folder, monkeypatch):
    """What `tts` is, but in this process, and without standard input."""
    runner = Here(tts, folder, monkeypatch)
    runner.environment = dict(tts.environment)
    return runner


@pytest.fixture
def here(tts, tmp_path, monkeypatch):
    return in_process(tts, tmp_path, monkeypatch)


def error_message(done, code):
    """The one sentence of a failed command."""
    message = done.stderr.decode()
    assert done.returncode == code, message
    assert "Traceback" not in message
    assert done.stdout == b""
    return message.strip().splitlines()[-1]
