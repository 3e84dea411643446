"""`tts voices pack`: one voice, or the runs of a training, made into a file or a folder to install elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import print_json, tell
from tts.voice.store import find_installed

if TYPE_CHECKING:
    from tts.voice.manifest import VoiceManifest

_HEAD = "What the voice says of itself"


def _about(help: str) -> Any:
    return typer.Option(metavar="TEXT", help=help, rich_help_panel=_HEAD)


def pack(
    voices: Annotated[
        list[str], typer.Argument(metavar="DIR|NAME…", help="A voice; or several, runs of a training, to be made one.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE|DIR", help="Ends in .tar or .tar.gz, or is a folder.")
    ],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it.", rich_help_panel=_HEAD)] = None,
    description: Annotated[str | None, _about("What it sounds like, in a sentence.")] = None,
    language: Annotated[str | None, _about("Of what it speaks: en-us.")] = None,
    licence: Annotated[str | None, _about("Of its weights: CC0-1.0.")] = None,
    provenance: Annotated[str | None, _about("What it was made from, by whom.")] = None,
    version: Annotated[str | None, _about("Its version.")] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="DIR|NAME", help="Say all of that as this voice does.", rich_help_panel=_HEAD),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Pack a voice into one file, which `tts voices install FILE` takes elsewhere.

    The acoustic models and vocoders of several folders become one voice. The first of each is its default.
    """
    from tts.voice.manifest import HEAD
    from tts.voice.package import pack_voice

    sources = [find_installed(voice) for voice in voices]
    like = find_installed(head) if head is not None else None
    said = {key: getattr(like, key) for key in HEAD} if like else {}
    flagged = dict(zip(HEAD, (name, description, language, licence, provenance, version), strict=True))
    said |= {key: value for key, value in flagged.items() if value is not None}
    _report(pack_voice(sources, output, said, tell), output, json=json)


def _report(voice: VoiceManifest, output: Path, *, json: bool) -> None:
    size, sha256 = _measured(output)
    if json:
        print_json(
            {
                "voice": voice.name,
                "file": str(output),
                "size": size,
                "sha256": sha256,
                "acoustics": list(voice.acoustics),
                "vocoders": list(voice.vocoders),
            }
        )
        return
    networks = ", ".join([*voice.acoustics, *voice.vocoders])
    digest = f", sha256 {sha256}" if sha256 else ""
    tell(f"packed {voice.name} ({networks}) into {output} ({size / 1e6:.1f} MB{digest})")


def _measured(output: Path) -> tuple[int, str | None]:
    """Bytes, and the hash of a file; a folder has none."""
    from tts.voice.install import measure
    from tts.voice.manifest import load_manifest

    if output.is_dir():
        return load_manifest(output).size, None
    packed = measure(output)
    return packed.size, packed.sha256
