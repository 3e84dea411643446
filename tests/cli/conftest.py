from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


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
