"""An output folder that does what a file's name tells it, inside whatever process has been given it."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.batch.folder import FolderFullError, OutputFolder
from tts.errors import TtsError


@dataclass(frozen=True)
class ToldFolder(OutputFolder):
    """Plain files in `path`; `die-once`, `die`, `full` and `refused` in a name are obeyed instead of writing."""

    path: Path

    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        marker = self.path / f"{name}.died"
        if "die" in name and not ("once" in name and marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "full" in name:
            raise FolderFullError("The disk is full.")
        if "refused" in name:
            raise TtsError(f"{name} is refused.")
        with AudioWriter(self.path / name, format_of(name), sample_rate) as writer:
            writer.write(audio)
        if "environment" in name:
            (self.path / f"{name}.json").write_text(json.dumps(dict(os.environ)), encoding="utf-8")
        return (self.path / name).stat().st_size

    def size(self, name: str) -> int | None:
        file = self.path / name
        return file.stat().st_size if file.exists() else None

    def sweep(self) -> None:
        """Nothing is left behind in a test."""
