"""The settings of a batch: how its utterances are computed, and what the lines of its file do not set themselves.

This module is light: the command line reads its defaults for `--help`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tts.options import SynthesisOptions
from tts.voice.store import DEFAULT_VOICE


@dataclass(frozen=True)
class WorkerSetup:
    """How all utterances of a run are computed: arguments of `load_voice`."""

    device: str = "auto"
    runtime: str | None = None
    """The runtime: auto, torch or onnx; None is the value of TTS_RUNTIME."""
    precision: str = "float32"
    lexicon: Path | None = None
    system_espeak: bool = False


@dataclass(frozen=True)
class BatchDefaults:
    """The settings of the command line for all entries; the settings of a line override them."""

    voice: str = DEFAULT_VOICE
    options: SynthesisOptions = field(default_factory=SynthesisOptions)
    format: str = "wav"
    sample_rate: int | None = None
    naming: str = "id"
    timings: str | None = None
    """The format of the timings files; None: there are none."""


@dataclass(frozen=True)
class RunSettings:
    """How the work is divided, and whether existing files are kept."""

    batch_size: int = 8
    resume: bool = True
    fail_fast: bool = False


@dataclass(frozen=True)
class BatchRequest:
    """What to make of a sentences file; `output` is a path or an address, `manifest` None the default."""

    output: str
    manifest: Path | None
    layout: str
    setup: WorkerSetup
    defaults: BatchDefaults
    settings: RunSettings
