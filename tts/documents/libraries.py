"""Libraries that read some formats, imported when such a file comes."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from tts.errors import TtsError

NEEDED = {".pdf": "pypdf", ".md": "markdown-it-py"}
"""By suffix, the library that its files need, as it is installed."""
_MODULES = {"pypdf": "pypdf", "markdown-it-py": "markdown_it"}


def library_for(suffix: str) -> ModuleType:
    """The module that reads files of this suffix.

    Raises:
        TtsError: it is not installed.
    """
    name = NEEDED[suffix]
    try:
        return importlib.import_module(_MODULES[name])
    except ImportError as error:
        raise TtsError(f"Reading {suffix} needs {name}: install it with pip install 'utter-tts[documents]'.") from error


def is_there(suffix: str) -> bool:
    """Whether the library for a suffix is installed."""
    return importlib.util.find_spec(_MODULES[NEEDED[suffix]]) is not None
