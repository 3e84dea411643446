"""One utterance after the other, until voices speak several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts.synthesis.options import SynthesisOptions

if TYPE_CHECKING:
    from tts.audio.waveform import Audio
    from tts.synthesis.pipeline import Voice


@dataclass
class Script:
    text: str
    options: SynthesisOptions


@dataclass
class Utterance:
    audio: Audio
    warnings: tuple[str, ...]


def read(voice: Voice, text: str, options: SynthesisOptions) -> Script:
    return Script(text, options)


def speak_all(voice: Voice, scripts: Sequence[Script]) -> list[Utterance]:
    import numpy as np

    from tts.audio.waveform import Audio

    made = []
    for script in scripts:
        pieces = list(voice.stream(script.text, script.options))
        samples = np.concatenate([piece.audio.samples for piece in pieces])
        warnings = tuple(dict.fromkeys(warning for piece in pieces for warning in piece.warnings))
        made.append(Utterance(Audio(samples, pieces[0].audio.sample_rate), warnings))
    return made
