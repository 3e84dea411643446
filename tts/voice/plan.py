"""What an installation would do, worked out before anything is fetched, so that it can be shown and refused."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.voice.catalog import UNKNOWN, Checkpoint, Recipe, catalog, known_file
from tts.voice.names import check_voice_name, file_name_in, voice_name_from
from tts.voice.store import suggestion, voice_folders

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SUFFIXES = (".tar", ".gz", ".tgz", ".xz", ".zip", ".pt", ".pth", ".ckpt", ".safetensors", ".bin")


@dataclass(frozen=True)
class Request:
    """What was asked for: `source` is a name of the catalog, a web address, or a file or folder on this machine.

    `name` is what the voice shall be called; `sha256` what the one file's hash must be; `hyperparameters` a JSON for
    checkpoints that need one; `force` replaces a voice and accepts a file that changed since it was recorded.
    """

    source: str
    name: str | None = None
    sha256: str | None = None
    hyperparameters: Path | None = None
    mirror: str | None = None
    force: bool = False
    offline: bool = False


@dataclass(frozen=True)
class Plan:
    """What will be done: one of `recipe`, `url` and `path` says from what.

    `known` is the catalog's entry for a single file, where it has one.
    """

    request: Request
    name: str
    recipe: Recipe | None = None
    url: str | None = None
    path: Path | None = None
    known: Checkpoint | None = field(default=None)

    @property
    def needs_network(self) -> bool:
        return self.path is None

    @property
    def licence(self) -> str:
        return self.recipe.licences if self.recipe else self.known.licence if self.known else UNKNOWN


def plan_installation(request: Request) -> Plan:
    """Find out what `request` means.

    Raises:
        UsageError: there is no such thing, or the request contradicts itself.
        TtsError: it needs the network, which is forbidden.
    """
    if request.sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", request.sha256):
        raise UsageError(f"--sha256 is 64 hexadecimal digits, not {request.sha256!r}.")
    if request.name is not None:
        check_voice_name(request.name)
    plan = _find(request)
    if request.offline and plan.needs_network:
        raise TtsError(f"{request.source} is on the network, which --offline (TTS_OFFLINE) forbids; a file works.")
    return plan


def existing(plan: Plan) -> str | None:
    """Whether something of the plan's name is installed: "same" when it is what the plan would make, else "other"."""
    folders = voice_folders()
    if plan.name not in folders:
        return None
    from tts.voice.manifest import load_manifest

    try:
        provenance = load_manifest(folders[plan.name]).provenance
    except TtsError:
        return "other"
    return "same" if plan.recipe and provenance.startswith(catalog_mark(plan.recipe)) else "other"


def catalog_mark(recipe: Recipe) -> str:
    """How the provenance of a voice from the catalog begins."""
    return f"The catalog's {recipe.name}: "


def _find(request: Request) -> Plan:
    source = request.source
    if _SCHEME.match(source):
        return _from_address(request)
    if source in catalog():
        return _from_recipe(request, catalog()[source])
    path = Path(source).expanduser()
    if path.exists():
        return _from_path(request, path)
    if os.sep in source or source.startswith(("~", ".")) or source.endswith(_SUFFIXES):
        raise UsageError(f"There is no file {source}.")
    raise UsageError(f"The catalog has no {source!r}; {suggestion(source, [*catalog(), *voice_folders()])}")


def _from_recipe(request: Request, recipe: Recipe) -> Plan:
    checkpoints = recipe.checkpoints
    if request.sha256 is not None:
        if len(checkpoints) > 1:
            raise UsageError(f"{recipe.name} is made of {len(checkpoints)} files: --sha256 is for one.")
        _check_agreement(request.sha256, checkpoints[0])
    return Plan(request, request.name or recipe.name, recipe=recipe)


def _from_address(request: Request) -> Plan:
    if not request.source.lower().startswith(("https://", "http://")):
        raise UsageError(f"{request.source} is not a web address: it must begin with https:// or http://.")
    known = known_file(url=request.source)
    if known is not None:
        return _from_recipe(request, catalog()[known.name])
    stem = _stem(file_name_in(request.source, nameless=""))
    return Plan(request, request.name or voice_name_from(stem), url=request.source)


def _from_path(request: Request, path: Path) -> Plan:
    return Plan(request, request.name or voice_name_from(_stem(path.resolve().name)), path=path)


def _check_agreement(sha256: str, known: Checkpoint) -> None:
    if known.sha256 is not None and known.sha256 != sha256.lower():
        raise UsageError(f"--sha256 is not the one that is published for {known.name} ({known.sha256}).")


def _stem(name: str) -> str:
    """A file's name without what says its format."""
    while name.lower().endswith(_SUFFIXES):
        name = name[: name.rindex(".")]
    return name
