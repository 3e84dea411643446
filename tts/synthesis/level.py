"""How loud an utterance is."""

from __future__ import annotations

import math

from tts.audio.audio import Audio, integrated_loudness
from tts.synthesis.options import SynthesisOptions


def gain_for(whole: Audio, options: SynthesisOptions) -> float:
    """The gain in dB that brings an utterance to the volume and loudness asked for."""
    if options.loudness is None:
        return options.volume
    measured = integrated_loudness(whole)
    # Silence has no loudness and stays what it is.
    return options.volume + (options.loudness - measured if math.isfinite(measured) else 0.0)
