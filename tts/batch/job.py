"""What travels between the reader of a sentences file, its workers and the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tts.synthesis.options import SynthesisOptions


@dataclass(frozen=True)
class Setup:
    """How all utterances of a run are computed; what `load_voice` takes by name."""

    device: str = "auto"
    runtime: str | None = None
    """What computes, auto, torch or onnx; None: as TTS_ENGINE says."""
    precision: str = "float32"
    lexicon: Path | None = None
    system_espeak: bool = False


@dataclass(frozen=True)
class Job:
    """One utterance to be made: everything that its samples depend on beside the `Setup`."""

    id: str
    line: int
    """Where it stands in the sentences file, from 1 on."""
    file: str
    """The name of its audio file in the output folder; the suffix is the format."""
    text: str
    voice: str
    """A name, or the path of a folder."""
    options: SynthesisOptions
    sample_rate: int | None
    """Of the file, in Hz; None: the voice's, or the next that the format can have."""
    key: str
    """Tells whether a file that was made earlier is this utterance (`tts.batch.key`)."""


@dataclass(frozen=True)
class Row:
    """What became of one utterance: a line of the manifest."""

    id: str
    line: int
    key: str = ""
    file: str | None = None
    """Its name in the output folder; None: none was made."""
    size: int = 0
    """Of the file, in bytes."""
    seconds: float = 0.0
    """Of audio."""
    rtf: float = 0.0
    """Seconds of one core's or GPU's work for a second of audio, its share of a batch's."""
    warnings: tuple[str, ...] = ()
    error: str | None = None
    """Why there is no file, in one sentence."""
