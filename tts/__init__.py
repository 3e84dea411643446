"""Speech from text: a frontend, an acoustic model and a swappable vocoder.

>>> from tts import SynthesisOptions, load_voice
>>> audio = load_voice("heart").say("Hello world.", SynthesisOptions(speed=1.1))
>>> audio.sample_rate
22050
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts.audio.audio import Audio
    from tts.synthesis.options import SynthesisOptions
    from tts.synthesis.pipeline import Voice, load_voice

__all__ = ["Audio", "SynthesisOptions", "Voice", "load_voice"]
__version__ = "0.1.0"

# Resolved at first use, so that `import tts` (and `tts --help`) does not import torch.
_HOMES = {
    "Audio": "tts.audio.audio",
    "SynthesisOptions": "tts.synthesis.options",
    "Voice": "tts.synthesis.pipeline",
    "load_voice": "tts.synthesis.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tts' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
