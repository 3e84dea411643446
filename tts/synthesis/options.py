"""Everything a caller can ask of one utterance, in one object that travels whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

from tts.errors import UsageError

TextInput = Literal["text", "phonemes", "ssml"]

# Inclusive limits of the numeric options; beyond them speech turns into noise or the request was a slip.
LIMITS: dict[str, tuple[float, float]] = {
    "speed": (0.25, 4.0),
    "pitch": (-12.0, 12.0),
    "energy": (0.25, 4.0),
    "volume": (-60.0, 30.0),
    "loudness": (-60.0, 0.0),
    "sentence_silence": (0.0, 30.0),
    "paragraph_silence": (0.0, 30.0),
    "clause_silence": (0.0, 30.0),
    "denoise": (0.0, 1.0),
    "streams": (1, 64),
    "seed": (0, 2**63 - 1),
}


@dataclass(frozen=True)
class SynthesisOptions:
    """How to speak one text.

    Raises:
        UsageError: a value is outside `LIMITS` or not a number.
    """

    vocoder: str | None = None
    """A vocoder of the voice by name, or the folder of one; None is the voice's default."""
    acoustic: str | None = None
    """An acoustic model of the voice by name; None is the voice's default."""
    speed: float = 1.0
    """Above 1 is faster."""
    pitch: float = 0.0
    """Semitones up."""
    energy: float = 1.0
    """Vocal effort, a factor; 1 is as recorded."""
    seed: int = 0
    """Of all random draws; the same seed gives the same samples."""
    sentence_silence: float = 0.2
    """Seconds between sentences."""
    paragraph_silence: float = 0.6
    """Seconds between paragraphs, in place of those between sentences."""
    clause_silence: float = 0.0
    """Seconds at the comma, semicolon, colon or dash between clauses, beyond the pause that the voice makes itself."""
    denoise: float = 0.0
    """How much of the vocoder's own hum is taken off, 1 is all; for vocoders that have one (WaveGlow, HiFi-GAN)."""
    streams: int = 1
    """How many stretches of a sentence are spoken at a time, by a vocoder that can (WaveNet): faster, with seams."""
    volume: float = 0.0
    """Gain in dB."""
    loudness: float | None = None
    """Integrated loudness to bring each text to, in LUFS (ITU-R BS.1770); None leaves it."""
    input: TextInput = "text"
    """What the text is: as written, with markup; phonemes of the voice's alphabet; or SSML."""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UsageError(f"{name.replace('_', '-')} must lie between {low:g} and {high:g}, not {value:g}.")
        if self.input not in get_args(TextInput):
            raise UsageError(f"input must be one of {', '.join(get_args(TextInput))}, not {self.input!r}.")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))
