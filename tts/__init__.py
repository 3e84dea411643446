"""Speech from text: a frontend, an acoustic model and a swappable vocoder.

>>> from tts import SynthesisOptions, load_voice
>>> audio = load_voice("heart").say("Hello world.", SynthesisOptions(speed=1.1))
>>> audio.sample_rate
22050

The logger "tts" says what happens: `logging.basicConfig()`, then `logging.getLogger("tts").setLevel(logging.DEBUG)`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tts.dependencies import forbid_usage_data

if TYPE_CHECKING:
    from tts.audio.audio import Audio
    from tts.errors import TtsError, UsageError
    from tts.options import SynthesisOptions
    from tts.synthesis.many import Utterance
    from tts.synthesis.sentences import Script
    from tts.synthesis.timing import Mark, TimedBookmark, TimedWord
    from tts.synthesis.voice import Piece, Voice, load_voice

__all__ = [
    "Audio",
    "Mark",
    "Piece",
    "Script",
    "SynthesisOptions",
    "TimedBookmark",
    "TimedWord",
    "TtsError",
    "UsageError",
    "Utterance",
    "Voice",
    "load_voice",
]
__version__ = "0.1.0"

# Here, because these packages read it when they are imported, and everything that imports them imports this first.
forbid_usage_data()

# Imported at first use, so that `import tts` (and `tts --help`) does not import torch.
_MODULES = {
    "Audio": "tts.audio.audio",
    "Mark": "tts.synthesis.timing",
    "Piece": "tts.synthesis.voice",
    "Script": "tts.synthesis.sentences",
    "SynthesisOptions": "tts.options",
    "TimedBookmark": "tts.synthesis.timing",
    "TimedWord": "tts.synthesis.timing",
    "TtsError": "tts.errors",
    "UsageError": "tts.errors",
    "Utterance": "tts.synthesis.many",
    "Voice": "tts.synthesis.voice",
    "load_voice": "tts.synthesis.voice",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'tts' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
