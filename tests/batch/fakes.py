"""Who has which id and file name, in memory.

Jobs for tests.

An output folder that does what a file's name tells it, inside whatever process has been given it.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.batch.folders import FolderFullError, OutputFolder
from tts.batch.jobs import BatchJob
from tts.errors import TtsError
from tts.options import SynthesisOptions


class Claims:
    def __init__(self):
        self.files, self.ids = {}, {}

    def claim_file(self, stem, line):
        if stem in self.files:
            return False
        self.files[stem] = line
        return True

    def claim_id(self, id, line):
        if id in self.ids:
            return self.ids[id]
        self.ids[id] = line
        return None


def job(line, text="Hello.", *, voice="pulse", **options):
    name = f"{line:03}"
    return BatchJob(name, line, f"{name}.wav", text, voice, SynthesisOptions(**options), None, f"key {line}")


@dataclass(frozen=True)
class ScriptedFolder(OutputFolder):
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

    def write_text(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, "utf-8")

    def size(self, name: str) -> int | None:
        file = self.path / name
        return file.stat().st_size if file.exists() else None

    def sweep(self) -> None:
        """Nothing is left behind in a test."""
