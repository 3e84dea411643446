"""How a voice gets into the user's folder and out of it: by one installer at a time, whole or not at all.

A new voice is made in a hidden folder beside its place and renamed into it. Where there is one already, the new weights
are put beside the old under names of their own, then the manifest is replaced in one step, then the old weights go: a
process killed at any moment leaves the old voice or the new one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.files import sync
from tts.voice.manifest import MANIFEST_FILE, Component, file_problem, load_manifest, write_manifest
from tts.voice.names import is_voice_file
from tts.voice.store import embedded_folder, voice_folders, voices_folder

_HASH_IN_NAME = re.compile(r"-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Workplace:
    """Where installing happens: `voices` take the result, `downloads` what comes, `records` the hashes seen."""

    voices: Path
    downloads: Path
    records: Path

    @property
    def staging(self) -> Path:
        # Inside, so that a rename is enough; it has no manifest and is no voice.
        return self.voices / ".staging"


def workplace() -> Workplace:
    """The user's; where TTS_VOICES_DIR names the folder, what else is needed is hidden in it."""
    voices = voices_folder()
    if os.environ.get("TTS_VOICES_DIR"):
        return Workplace(voices, voices / ".downloads", voices / ".recorded.json")
    return Workplace(voices, voices.parent / "downloads", voices.parent / "recorded.json")


@contextmanager
def alone(place: Workplace, tell: Callable[[str], None], wait_seconds: float = 600.0) -> Iterator[None]:
    """Hold the folder of voices against other installers, and clear away what a killed one left.

    Raises:
        TtsError: another one holds it for longer than `wait_seconds`, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        place.voices.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.voices / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell("another installation is running; waiting for its end")
            lock.acquire(timeout=wait_seconds, poll_interval=0.1)
    except Timeout:
        raise TtsError("Another installation is still running: run the command again when it has ended.") from None
    except OSError as error:
        raise TtsError(f"The folder of voices {place.voices} cannot be written: {error.strerror}.") from error
    try:
        shutil.rmtree(place.staging, ignore_errors=True)
        yield
    finally:
        lock.release()


@contextmanager
def staged(place: Workplace, name: str) -> Iterator[Path]:
    """An empty folder in which to make the voice `name`; gone at the end, unless it has landed."""
    folder = place.staging / name
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(place.staging, ignore_errors=True)


def land(folder: Path, target: Path) -> None:
    """Make the finished voice in `folder` the one at `target`.

    Raises:
        TtsError: something that is no folder stands there.
    """
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes files that only their owner may read
        sync(path)
    sync(folder)
    if target.is_dir():
        _land_on(folder, target)
    elif target.exists():
        raise TtsError(f"{target} stands where the voice should go: remove it first.")
    else:
        os.rename(folder, target)
    sync(target.parent)


def take_away(name: str, place: Workplace) -> Path:
    """Remove an installed voice; gives the folder that it was in. Call it inside `alone`.

    Raises:
        UsageError: the voice ships with the package.
    """
    target = place.voices / name
    if name not in voice_folders() or not (target / MANIFEST_FILE).is_file():
        raise UsageError(f"{name} ships with this package, in {embedded_folder()}, and cannot be removed.")
    if target.is_symlink():
        target.unlink()
        return target
    place.staging.mkdir(parents=True, exist_ok=True)
    # First out of sight in one step: a voice is there or not.
    os.rename(target, place.staging / name)
    shutil.rmtree(place.staging)
    return target


def _land_on(folder: Path, target: Path) -> None:
    manifest = load_manifest(folder)
    landing = {name: _free_name(name, digest, target) for name, digest in manifest.files.items()}
    acoustics, vocoders = (
        {name: _renamed(part, landing) for name, part in parts.items()}
        for parts in (manifest.acoustics, manifest.vocoders)
    )
    if any(old != new for old, new in landing.items()):
        sync(write_manifest(replace(manifest, acoustics=acoustics, vocoders=vocoders)))
    for old, new in landing.items():
        os.replace(folder / old, target / new)
    sync(target)
    # From this step on it is the new voice.
    os.replace(folder / MANIFEST_FILE, target / MANIFEST_FILE)
    texts = [path.name for path in folder.iterdir() if is_voice_file(path.name)]
    for name in texts:
        os.replace(folder / name, target / name)
    _remove_others(target, {MANIFEST_FILE, *landing.values(), *texts})


def _free_name(name: str, sha256: str, target: Path) -> str:
    """The file's name, or one made from its hash where the old voice has another file of that name."""
    if not (target / name).exists() or file_problem(target, name, sha256) is None:
        return name
    stem, suffix = Path(name).stem, Path(name).suffix
    return f"{_HASH_IN_NAME.sub('', stem)}-{sha256[:12]}{suffix}"


def _renamed(component: Component, names: dict[str, str]) -> Component:
    file, graph = (names[name] if name is not None else None for name in (component.file, component.graph))
    return replace(component, file=file, graph=graph)


def _remove_others(folder: Path, keep: set[str]) -> None:
    for path in folder.iterdir():
        if is_voice_file(path.name) and path.name not in keep:
            path.unlink()
