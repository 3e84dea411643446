"""The voices on this machine: those inside the package and those in the user's folder."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, load_manifest

DEFAULT_VOICE = "heart"


def voices_folder() -> Path:
    """Where the user's voices live: TTS_VOICES_DIR, or the platform's data folder of `utter`."""
    if folder := os.environ.get("TTS_VOICES_DIR"):
        return Path(folder).expanduser()
    # The folder is `utter`, not `tts`: another program with the same command name owns that one.
    import platformdirs

    return Path(platformdirs.user_data_dir("utter", appauthor=False)) / "voices"


def embedded_folder() -> Path:
    """Where the voices that ship lie: inside the installed package, or at the top of a source tree."""
    inside = Path(__file__).parent / "embedded"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "voices"


def voice_folders() -> dict[str, Path]:
    """Voice name → folder; a user's voice goes before an embedded one of the same name."""
    found: dict[str, Path] = {}
    for parent in (embedded_folder(), voices_folder()):
        if parent.is_dir():
            found |= {f.name: f for f in sorted(parent.iterdir()) if (f / MANIFEST_FILE).is_file()}
    return dict(sorted(found.items()))


def installed_voices() -> list[VoiceManifest]:
    return [load_manifest(folder) for folder in voice_folders().values()]


def find_voice(name_or_folder: str) -> VoiceManifest:
    """A voice by its name, or by the path of a folder that holds one.

    Raises:
        UsageError: there is no such voice, or it is a vocoder.
        TtsError: its manifest is broken.
    """
    found = _find(name_or_folder)
    if found is None:
        voices = [voice.name for voice in _readable(voice_folders().values()) if voice.speaks]
        raise _unknown(f"There is no voice {name_or_folder!r}", name_or_folder, voices)
    if not found.speaks:
        raise UsageError(f"{found.name} is a vocoder: say --voice NAME --vocoder {found.name}.")
    return found


def find_installed(name_or_folder: str, also_known: Iterable[str] = ()) -> VoiceManifest:
    """The same, where a vocoder will do; a refusal names what is near among `also_known` too."""
    found = _find(name_or_folder)
    if found is None:
        raise _unknown(f"There is no voice {name_or_folder!r}", name_or_folder, [*voice_folders(), *also_known])
    return found


def find_vocoder(voice: VoiceManifest, name: str) -> tuple[VoiceManifest, str]:
    """Where a vocoder for `voice` lies: the voice's own by that name, an installed one, or else that in a folder.

    Returns the manifest that holds it and its name there; of a folder with several, the default.

    Raises:
        UsageError: neither the voice nor this machine has it.
        TtsError: its manifest is broken.
    """
    if name in voice.vocoders:
        return voice, name
    folders = voice_folders()
    if name in folders and not (alone := load_manifest(folders[name])).speaks:
        return alone, alone.default_vocoder
    path = Path(name).expanduser()
    if os.sep in name or (path / MANIFEST_FILE).is_file():
        lent = load_manifest(path)
        return lent, lent.default_vocoder
    others = [found.name for found in _readable(folders.values()) if not found.speaks]
    raise _unknown(f"The voice {voice.name} has no vocoder {name!r}", name, [*voice.vocoders, *others])


def check_acoustic(voice: VoiceManifest, name: str) -> None:
    """Refuse an acoustic model that `voice` does not have; unlike a vocoder, it cannot be borrowed.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in voice.acoustics:
        refusal = f"The voice {voice.name} has no acoustic model {name!r}"
        raise UsageError(f"{refusal}; {suggestion(name, voice.acoustics)}")


def _find(name_or_folder: str) -> VoiceManifest | None:
    folders = voice_folders()
    if name_or_folder in folders:
        return load_manifest(folders[name_or_folder])
    path = Path(name_or_folder).expanduser()
    return load_manifest(path) if path.is_dir() or os.sep in name_or_folder else None


def _unknown(refusal: str, name: str, known: Iterable[str]) -> UsageError:
    """What is not here may be in the catalog; else there are near names."""
    from tts.voice.catalog import catalog

    if name in catalog():
        return UsageError(f"{refusal} on this machine: get it by tts voices install {name}.")
    return UsageError(f"{refusal}; {suggestion(name, known)}")


def _readable(folders: Iterable[Path]) -> Iterator[VoiceManifest]:
    for folder in folders:
        with suppress(TtsError):
            yield load_manifest(folder)


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a refusal: the nearest known names, or all of them."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, n=3):
        return f"did you mean {' or '.join(near)}?"
    return f"there are: {', '.join(names)}." if names else "none is installed."
