"""The voices on this machine: those inside the package and those in the user's folder, and how voices may be named."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tts.config import voices_folder
from tts.errors import TtsError, UsageError
from tts.options import VoiceOptions
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, embedded_folder, load_manifest

DEFAULT_VOICE = VoiceOptions.voice
NETWORK_SUFFIXES = (".safetensors", ".onnx")
_MAX_NAME_LENGTH = 100
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Names of devices on Windows, with any suffix; it regards ¹ ² ³ as digits.
_DEVICES = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(port + digit for port in ("com", "lpt") for digit in "0123456789¹²³"),
}
_TEXTS = re.compile(r"(readme|licen[cs]e|notice|copying|model_card)([-_][A-Za-z0-9_-]+)?(\.(md|txt))?", re.IGNORECASE)


def voice_folders() -> dict[str, Path]:
    """Voice name → folder; a user's voice hides an embedded one of the same name."""
    found: dict[str, Path] = {}
    for parent in (embedded_folder(), voices_folder()):
        # A folder that does not exist or cannot be read, as in a home that is a file or another user's, has no voices.
        names = sorted(os.listdir(parent)) if os.access(parent, os.R_OK | os.X_OK) and os.path.isdir(parent) else []
        found |= {name: parent / name for name in names if os.path.isfile(parent / name / MANIFEST_FILE)}
    return dict(sorted(found.items()))


def installed_voices() -> list[VoiceManifest]:
    return [load_manifest(folder) for folder in voice_folders().values()]


def find_voice(name_or_folder: str, *, by_folder: bool = True) -> VoiceManifest:
    """A voice by its name, or, unless `by_folder` is false, by the path of a folder that holds one.

    Raises:
        UsageError: there is no such voice, or it is a vocoder.
        TtsError: its manifest is broken.
    """
    found = _find(name_or_folder) if by_folder or name_or_folder in voice_folders() else None
    if found is None:
        voices = [voice.name for voice in _readable(voice_folders().values()) if voice.speaks]
        raise _unknown(f"There is no voice {name_or_folder!r}", name_or_folder, voices)
    if not found.speaks:
        raise UsageError(f"{found.name} is a vocoder: use --voice NAME --vocoder {found.name}.")
    return found


def find_installed(name_or_folder: str, also_known: Iterable[str] = ()) -> VoiceManifest:
    """A voice or a vocoder package by name or folder; the error suggests similar names, of `also_known` too."""
    found = _find(name_or_folder)
    if found is None:
        raise _unknown(f"There is no voice {name_or_folder!r}", name_or_folder, [*voice_folders(), *also_known])
    return found


def find_vocoder(voice: VoiceManifest, name: str) -> tuple[VoiceManifest, str]:
    """Find a vocoder for `voice`: the voice's own of that name, an installed one, or the one in a folder.

    Returns the manifest that holds it and its name there; of a folder with several, the default.

    Raises:
        UsageError: neither the voice nor this machine has it.
        TtsError: its manifest is broken.
    """
    if name in voice.vocoders:
        return voice, name
    folders = voice_folders()
    if name in folders and not (package := load_manifest(folders[name])).speaks:
        return package, package.default_vocoder
    path = Path(name).expanduser()
    if os.sep in name or (path / MANIFEST_FILE).is_file():
        lender = load_manifest(path)
        return lender, lender.default_vocoder
    others = [found.name for found in _readable(folders.values()) if not found.speaks]
    raise _unknown(f"The voice {voice.name} has no vocoder {name!r}", name, [*voice.vocoders, *others])


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the most similar known names, or all of them."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, n=3):
        return f"did you mean {' or '.join(near)}?"
    return f"there are: {', '.join(names)}." if names else "none is installed."


def _find(name_or_folder: str) -> VoiceManifest | None:
    folders = voice_folders()
    if name_or_folder in folders:
        return load_manifest(folders[name_or_folder])
    path = Path(name_or_folder).expanduser()
    return load_manifest(path) if path.is_dir() or os.sep in name_or_folder else None


def _unknown(problem: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not on this machine: it may be in the catalog, or similar to another."""
    from tts.voice.catalog import catalog

    if name in catalog():
        return UsageError(f"{problem} on this machine: get it by tts voices install {name}.")
    return UsageError(f"{problem}; {suggestion(name, known)}")


def _readable(folders: Iterable[Path]) -> Iterator[VoiceManifest]:
    for folder in folders:
        with suppress(TtsError):
            yield load_manifest(folder)


# Names of voices and of their files: none may lead out of its folder or fail on some system.


def is_plain_name(name: str) -> bool:
    """Letters, digits, - _ and . only; not a path, a hidden file or a device."""
    is_plain = len(name) <= _MAX_NAME_LENGTH and _PLAIN.fullmatch(name) is not None
    return is_plain and not name.endswith(".") and not is_device(name)


def is_device(name: str) -> bool:
    """Whether a file of this name is a device on Windows."""
    return name.split(".")[0].rstrip().lower() in _DEVICES


def check_voice_name(name: str) -> str:
    """Return the name; raise UsageError if a voice cannot have it."""
    if not is_plain_name(name):
        raise UsageError(
            f"No voice can be called {name!r}: a name is letters, digits, - _ and ., begins with a letter or digit "
            f"and has at most {_MAX_NAME_LENGTH} of them."
        )
    return name


def voice_name_from(stem: str) -> str:
    """The name for a voice that is most similar to a file's name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:_MAX_NAME_LENGTH]
    return name if is_plain_name(name) else f"voice-{name}"[:_MAX_NAME_LENGTH].rstrip("-.")


def file_name_in(url: str, nameless: str = "file") -> str:
    """The last part of a URL's path, or `nameless`."""
    from urllib.parse import unquote, urlsplit

    return PurePosixPath(unquote(urlsplit(url).path)).name or nameless


def is_voice_file(name: str) -> bool:
    """Whether a voice can have a file of this name: the manifest, weights, a graph, or a text like a licence."""
    if not is_plain_name(name):
        return False
    return name == MANIFEST_FILE or name.endswith(NETWORK_SUFFIXES) or _TEXTS.fullmatch(name) is not None


def is_voice_text(name: str) -> bool:
    """Whether this is a README, a licence or the like."""
    return is_voice_file(name) and name != MANIFEST_FILE and not name.endswith(NETWORK_SUFFIXES)
