"""Which names voices and their files may have, so that none reaches out of its folder or breaks on some system."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tts.errors import UsageError
from tts.voice.manifest import MANIFEST_FILE

NETWORK_SUFFIXES = (".safetensors", ".onnx")
_LONGEST = 100
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What Windows takes for a device, with any suffix; to it, ¹ ² ³ are digits.
_DEVICES = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(port + digit for port in ("com", "lpt") for digit in "0123456789¹²³"),
}
_TEXTS = re.compile(r"(readme|licen[cs]e|notice|copying)([-_][A-Za-z0-9_-]+)?(\.(md|txt))?", re.IGNORECASE)


def is_plain_name(name: str) -> bool:
    """Letters, digits, - _ and . only, none of them a path, a hidden file or a device."""
    return (
        len(name) <= _LONGEST and _PLAIN.fullmatch(name) is not None and not name.endswith(".") and not is_device(name)
    )


def is_device(name: str) -> bool:
    """Whether Windows takes a file of this name for a device."""
    return name.split(".")[0].rstrip().lower() in _DEVICES


def check_voice_name(name: str) -> str:
    """The name itself.

    Raises:
        UsageError: no voice can be called so.
    """
    if not is_plain_name(name):
        raise UsageError(
            f"No voice can be called {name!r}: a name is letters, digits, - _ and ., begins with a letter or digit "
            f"and has at most {_LONGEST} of them."
        )
    return name


def voice_name_from(stem: str) -> str:
    """The nearest thing to a file's name that a voice can be called."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:_LONGEST]
    return name if is_plain_name(name) else f"voice-{name}"[:_LONGEST].rstrip("-.")


def file_name_in(url: str, nameless: str = "file") -> str:
    """The last part of an address's path, or `nameless`."""
    return PurePosixPath(unquote(urlsplit(url).path)).name or nameless


def is_voice_file(name: str) -> bool:
    """Whether a file of this name belongs into a voice: the manifest, weights, a graph, or a text about them."""
    if not is_plain_name(name):
        return False
    return name == MANIFEST_FILE or name.endswith(NETWORK_SUFFIXES) or _TEXTS.fullmatch(name) is not None


def is_text_about_it(name: str) -> bool:
    """Whether this is a README, a licence or the like."""
    return is_voice_file(name) and name != MANIFEST_FILE and not name.endswith(NETWORK_SUFFIXES)
