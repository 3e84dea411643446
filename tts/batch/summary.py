"""What became of a run as a whole."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from tts.batch.job import Row

# Of the failures so many are kept; the manifest has them all.
MOST_FAILURES = 100


@dataclass
class Summary:
    """Counts of utterances; `seconds` is of the audio that this run made."""

    folder: str
    manifest: str
    done: int = 0
    skipped: int = 0
    failed: int = 0
    warned: int = 0
    seconds: float = 0.0
    failures: list[Row] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    first_made: float | None = None
    """When the first utterance ended; until then workers start, which says nothing of how long the rest takes."""

    @property
    def seen(self) -> int:
        return self.made + self.skipped

    @property
    def wall_seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    @property
    def made(self) -> int:
        """What was not skipped."""
        return self.done + self.failed

    @property
    def making_seconds(self) -> float:
        """Since the first utterance ended; never quite nothing."""
        return max(1e-3, time.monotonic() - (self.first_made or math.inf))

    def skip(self) -> None:
        self.skipped += 1

    def add(self, row: Row) -> None:
        self.warned += bool(row.warnings)
        if row.error is None:
            self.done += 1
            self.first_made = self.first_made or time.monotonic()
            self.seconds += row.seconds
            return
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(row)

    def document(self) -> dict[str, Any]:
        wall_seconds = self.wall_seconds
        return {
            "folder": self.folder,
            "manifest": self.manifest,
            "done": self.done,
            "skipped": self.skipped,
            "failed": self.failed,
            "warned": self.warned,
            "seconds": round(self.seconds, 3),
            "wall_seconds": round(wall_seconds, 3),
            "speed": round(self.seconds / max(wall_seconds, 1e-9), 3),
            "failures": [{"id": row.id, "line": row.line, "error": row.error} for row in self.failures],
        }
