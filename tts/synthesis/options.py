"""Moved to `tts.options`."""

from tts.options import LIMITS, SynthesisOptions, TextInput

__all__ = ["LIMITS", "SynthesisOptions", "TextInput"]
