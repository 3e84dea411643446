"""`tts voices`: the voices on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from tts.cli import flags, voices_catalog, voices_export, voices_install, voices_pack
from tts.cli.console import print_json, print_table, warn
from tts.errors import TtsError
from tts.voice.manifest import VoiceManifest, load_manifest, verify_files
from tts.voice.store import find_installed, voice_folders

app = typer.Typer(help="The voices on this machine, and those that can be installed.", no_args_is_help=True)

OptionalName = Annotated[
    str | None,
    typer.Argument(metavar="NAME|DIR", help="One voice; without it, all of them."),
]


@app.command("list")
def list_voices(
    available: Annotated[bool, typer.Option("--available", help="Those that can be installed by name.")] = False,
    language: Annotated[str, typer.Option(metavar="L", help="Only this language: en, or en-us.")] = "",
    license: Annotated[str, typer.Option(metavar="L", help="Only licences with this in their name.")] = "",
    json: flags.Json = False,
) -> None:
    """List the installed voices, or with --available those of the catalog."""
    if available:
        voices_catalog.list_available(language, license, json=json)
        return
    chosen = [
        v
        for v in _readable_voices()
        if voices_catalog.is_language(v.language, language) and license.lower() in v.licence.lower()
    ]
    if json:
        print_json([_summary(voice) for voice in chosen])
        return
    rows = [
        (
            v.name,
            v.language,
            v.licence,
            f"{v.sample_rate} Hz",
            ", ".join(v.acoustics) or "-",
            ", ".join(v.vocoders),
            v.description,
        )
        for v in chosen
    ]
    if rows:
        print_table(("name", "language", "licence", "rate", "acoustic models", "vocoders", "description"), rows)
    else:
        warn("no voice is installed" if not (language or license) else "no installed voice is like that")


app.command("install")(voices_install.install)
app.command("remove")(voices_install.remove)
app.command("default")(voices_install.default)
app.command("pack")(voices_pack.pack)
app.command("export")(voices_export.export)


@app.command()
def info(
    name: Annotated[str, typer.Argument(metavar="NAME|DIR", help="A voice, or a folder with one.")],
    json: flags.Json = False,
) -> None:
    """Show what a voice is, where it comes from and what it is made of."""
    if name not in voice_folders() and voices_catalog.show_available(name, json=json):
        return
    voice = find_installed(name, also_known=voices_catalog.names())
    if json:
        print_json(_details(voice))
        return
    fields = {
        "name": voice.name,
        "description": voice.description,
        "language": voice.language,
        "licence": voice.licence,
        "provenance": voice.provenance,
        "version": voice.version,
        "sample rate": f"{voice.sample_rate} Hz",
        "acoustic models": _choices(voice.acoustics, voice.default_acoustic) or "none: vocoders for other voices",
        "vocoders": _choices(voice.vocoders, voice.default_vocoder),
        "size": f"{voice.size / 1e6:.1f} MB",
        "folder": str(voice.folder),
    }
    print_table(("", ""), list(fields.items()))


@app.command()
def verify(name: OptionalName = None, json: flags.Json = False) -> None:
    """Check the files of voices against their checksums; the exit code is 1 when one is wrong."""
    found = {each: voice_problems(each) for each in ([name] if name is not None else voice_folders())}
    if json:
        print_json([{"voice": voice, "ok": not problems, "problems": problems} for voice, problems in found.items()])
    else:
        rows = [(voice, "; ".join(problems) or "ok") for voice, problems in found.items()]
        print_table(("voice", "files"), rows)
    if any(found.values()):
        raise typer.Exit(1)


def voice_problems(name: str) -> list[str]:
    """What is wrong with a voice, a sentence each; an unknown name is an error of the caller."""
    folders = voice_folders()
    if name not in folders:
        return verify_files(find_installed(name))
    try:
        return verify_files(load_manifest(folders[name]))
    except TtsError as error:
        return [str(error)]


def _readable_voices() -> list[VoiceManifest]:
    """All voices that can be read; a broken one is told of and does not hide the others."""
    readable = []
    for folder in voice_folders().values():
        try:
            readable.append(load_manifest(folder))
        except TtsError as error:
            warn(str(error))
    return readable


def _choices(names: Iterable[str], default: str) -> str:
    return ", ".join(f"{name} (default)" if name == default else name for name in names)


def _summary(voice: VoiceManifest) -> dict[str, Any]:
    return {
        "name": voice.name,
        "description": voice.description,
        "language": voice.language,
        "licence": voice.licence,
        "version": voice.version,
        "sample_rate": voice.sample_rate,
        "acoustics": list(voice.acoustics),
        "default_acoustic": voice.default_acoustic or None,
        "vocoders": list(voice.vocoders),
        "default_vocoder": voice.default_vocoder,
        "folder": str(voice.folder),
    }


def _details(voice: VoiceManifest) -> dict[str, Any]:
    components = {f"acoustic {name}": part for name, part in voice.acoustics.items()}
    components |= {f"vocoder {name}": part for name, part in voice.vocoders.items()}
    return {
        **_summary(voice),
        "provenance": voice.provenance,
        "mel": voice.mel,
        "size": voice.size,
        "components": {
            role: {
                "network": part.network,
                "file": part.file,
                "sha256": part.sha256,
                "graph": part.graph,
                "options": part.options,
            }
            for role, part in components.items()
        },
    }
