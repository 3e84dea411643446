"""What an evaluation can do only with packages that not everyone has, told without loading them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tts.errors import UsageError

# The tokenizer too: faster-whisper would fetch one that is missing.
_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


def can_draw() -> bool:
    """Whether matplotlib, of the extra [plot], is installed."""
    return find_spec("matplotlib") is not None


def can_recognise() -> bool:
    """Whether faster-whisper, of the extra [eval], is installed."""
    return find_spec("faster_whisper") is not None


def can_predict_opinions() -> bool:
    """Whether DistillMOS, of the extra [eval], is installed."""
    return find_spec("distillmos") is not None


def check_whisper(folder: Path) -> None:
    """Raise UsageError where `folder` is not a model for faster-whisper."""
    if lacking := [name for name in _WHISPER_FILES if not (folder / name).is_file()]:
        raise UsageError(
            f"{folder} is not a Whisper model: it has no {' and no '.join(lacking)}; "
            "name the folder of a model converted for faster-whisper."
        )
