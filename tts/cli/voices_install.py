"""`tts voices install | remove | default`: what changes the voices on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import confirm, download_bar, print_json, tell, warn
from tts.cli.settings import config_file, load_settings, write_setting
from tts.errors import UsageError
from tts.voice.store import DEFAULT_VOICE, find_voice, suggestion, voice_folders

if TYPE_CHECKING:
    from tts.voice.install import Outcome, Plan

_VOICE_VARIABLE = "TTS_VOICE"


def _complete_catalog(incomplete: str) -> list[str]:
    from tts.voice.catalog import catalog

    return [name for name in catalog() if name.startswith(incomplete)]


def _complete_installed(incomplete: str) -> list[str]:
    return [name for name in voice_folders() if name.startswith(incomplete)]


Source = Annotated[
    str,
    typer.Argument(
        metavar="NAME|URL|FILE",
        help="A name of `tts voices list --available`, an address, or a file or folder here.",
        autocompletion=_complete_catalog,
    ),
]
InstalledName = Annotated[
    str, typer.Argument(metavar="NAME", help="An installed voice.", autocompletion=_complete_installed)
]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="What to call it here.")]
Sha256 = Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="What the file's SHA-256 must be.")]
Hyperparameters = Annotated[
    Path | None,
    typer.Option(metavar="FILE.json", help="Of a WaveNet or HiFi-GAN checkpoint, where they are not beside it."),
]
Mirror = Annotated[
    str | None,
    typer.Option(metavar="URL", envvar="TTS_MIRROR", help="Fetch from URL/HOST/PATH in place of https://HOST/PATH."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a voice of that name; accept a file that changed on its server.")
]


def install(
    source: Source,
    name: As = None,
    sha256: Sha256 = None,
    hyperparameters: Hyperparameters = None,
    mirror: Mirror = None,
    force: Force = False,
    yes: flags.Yes = False,
    offline: flags.Network = False,
    quiet: flags.Quiet = False,
    json: flags.Json = False,
) -> None:
    """Install a voice or a vocoder: from the catalog, from an address, or from a file."""
    from tts.voice.install import InstallRequest, existing, plan_installation

    request = InstallRequest(source, name, sha256, hyperparameters, mirror or None, force, offline)
    plan = plan_installation(request)
    if plan.needs_network and (force or existing(plan) is None):
        _show(plan)
        refusal = f"Installing {plan.name} fetches the files above on their terms: agree with --yes."
        if not confirm("Fetch and install it on these terms?", yes=yes, refusal=refusal):
            tell("nothing was installed")
            raise typer.Exit(1)
    _report(_install(plan, quiet=quiet), json=json, quiet=quiet)


def remove(name: InstalledName, yes: flags.Yes = False) -> None:
    """Remove an installed voice; those that ship with the package stay."""
    from tts.voice.install import install_paths, installation_lock, remove_voice

    if name not in voice_folders():
        raise UsageError(f"There is no voice {name!r}; {suggestion(name, voice_folders())}")
    place = install_paths()
    if (place.voices / name).exists() and not confirm(
        f"Remove {place.voices / name}?", yes=yes, refusal=f"Removing {name} deletes its files: say --yes."
    ):
        tell("nothing was removed")
        raise typer.Exit(1)
    with installation_lock(place, tell):
        folder = remove_voice(name, place)
    tell(f"removed {folder}")
    if load_settings(config_file()).get("voice") == name and name not in voice_folders():
        warn(f"{name} is still the default in {config_file()}: choose another with tts voices default NAME")


def default(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|DIR]", help="The voice to speak with.", autocompletion=_complete_installed),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Choose the voice that speaks when none is named; without NAME, say which one does."""
    path = config_file()
    if name is not None:
        find_voice(name)
        chosen = name if name in voice_folders() else str(Path(name).expanduser().resolve())
        write_setting(path, "voice", chosen)
        if os.environ.get(_VOICE_VARIABLE, chosen) != chosen:
            warn(f"{_VOICE_VARIABLE} is set to {os.environ[_VOICE_VARIABLE]}, which goes before {path}")
    voice, reason = _current_default(path)
    if json:
        print_json({"voice": voice, "from": reason})
    elif name is None:
        print(voice)
    else:
        tell(f"{chosen} is the default voice now, in {path}")


def _install(plan: Plan, *, quiet: bool) -> Outcome:
    from tts.voice.install import Tools
    from tts.voice.install import install as install_voice

    try:
        return install_voice(plan, Tools(tell, lambda title: download_bar(title, quiet=quiet)))
    except KeyboardInterrupt:
        if plan.needs_network:
            tell("interrupted: nothing was installed; what has come is kept, the same command goes on from there")
        raise


def _show(plan: Plan) -> None:
    """Say what will be fetched, from where and on what terms."""
    from tts.cli.voices_catalog import description_of

    if plan.recipe is None:
        tell(f"{plan.name}: {plan.url} (size and licence unknown: see where it comes from)")
        return
    tell(f"{plan.recipe.name}: {plan.recipe.description}")
    for checkpoint in plan.recipe.checkpoints:
        tell(f"  {checkpoint.name}: {description_of(checkpoint)}")


def _report(outcome: Outcome, *, json: bool, quiet: bool) -> None:
    manifest = outcome.manifest
    if json:
        print_json(_summary(outcome))
    elif not outcome.changed:
        tell(f"{manifest.name} is installed already, in {manifest.folder}; --force installs it again")
    elif not quiet:
        how = f"--voice {manifest.name}" if manifest.speaks else f"--vocoder {manifest.name}"
        tell(f'installed {manifest.name} in {manifest.folder}; try: tts say {how} "Hello world."')


def _summary(outcome: Outcome) -> dict[str, Any]:
    manifest = outcome.manifest
    return {
        "name": manifest.name,
        "kind": "voice" if manifest.speaks else "vocoder",
        "changed": outcome.changed,
        "folder": str(manifest.folder),
        "licence": manifest.licence,
        "acoustics": list(manifest.acoustics),
        "vocoders": list(manifest.vocoders),
        "files": [
            {"address": file.address, "sha256": file.sha256 or None, "size": file.size or None}
            for file in outcome.files
        ],
    }


def _current_default(path: Path) -> tuple[str, str]:
    """The voice that speaks, and what says so."""
    if voice := os.environ.get(_VOICE_VARIABLE):
        return voice, _VOICE_VARIABLE
    if voice := load_settings(path).get("voice"):
        return voice, str(path)
    return DEFAULT_VOICE, "the package"
