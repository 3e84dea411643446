"""`tts voices`: the voices on this machine, and those of the catalog."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import confirm, download_bar, print_json, print_table, report, warn
from tts.config import config_file, load_settings, write_setting
from tts.errors import TtsError, UsageError
from tts.options import OPTIONS
from tts.voice.catalog import CatalogEntry, Checkpoint, PublishedVoice, catalog, find_entry, pairing
from tts.voice.load import network_title
from tts.voice.manifest import Speaker, VoiceManifest, load_manifest, verify_files
from tts.voice.store import DEFAULT_VOICE, find_installed, find_voice, suggestion, voice_folders

app = typer.Typer(help="The voices on this machine, and those that can be installed.", no_args_is_help=True)

_VOICE_VARIABLE = OPTIONS["voice"].variable or ""
_DESCRIPTION = "Description of the voice"


def _complete_catalog(incomplete: str) -> list[str]:
    return [name for name in catalog() if name.startswith(incomplete)]


def _about(help: str) -> Any:
    return typer.Option(metavar="TEXT", help=help, rich_help_panel=_DESCRIPTION)


VoiceName = Annotated[
    str,
    typer.Argument(
        metavar="NAME|DIR", help="Name of a voice, or the folder of one.", autocompletion=flags.complete_voice
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="NAME|URL|FILE",
        help="A name from `tts voices list --available`, a web address, or a file or folder on this machine.",
        autocompletion=_complete_catalog,
    ),
]


@app.command("list")
def list_voices(
    available: Annotated[
        bool, typer.Option("--available", help="List the voices that can be installed by name.")
    ] = False,
    language: Annotated[str, typer.Option(metavar="L", help="Only voices of this language: en, or en-us.")] = "",
    license: Annotated[str, typer.Option(metavar="L", help="Only licences with this in their name.")] = "",
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="With --available: only voice, vocoder or acoustic model.")
    ] = None,
    quality: Annotated[
        str | None, typer.Option(metavar="Q", help="With --available: only this quality: x_low, low, medium, high, ….")
    ] = None,
    max_size: Annotated[
        float | None, typer.Option(metavar="MB", help="With --available: only downloads of at most this size.")
    ] = None,
    json: flags.Json = False,
) -> None:
    """List the installed voices, or with --available those of the catalog."""
    if not available and (kind, quality, max_size) != (None, None, None):
        raise UsageError("--kind, --quality and --max-size are for the catalog: add --available.")

    def is_wanted(voice_language: str, licence: str) -> bool:
        """en means all of en-us, en-gb, …; empty means any."""
        wanted, spoken = language.lower().replace("_", "-"), voice_language.lower()
        is_language = not wanted or spoken == wanted or spoken.startswith(f"{wanted}-")
        return is_language and license.lower() in licence.lower()

    if available:
        installed = voice_folders()
        entries = [
            entry
            for entry in catalog().values()
            if is_wanted(entry.language, entry.licences)
            and kind in (None, entry.kind)
            and quality in (None, entry.quality)
            and (max_size is None or (entry.size is not None and entry.size <= max_size * 1e6))
        ]
        if json:
            print_json([_entry_document(entry, installed=entry.name in installed) for entry in entries])
        elif entries:
            columns = (
                "name",
                "kind",
                "language",
                "licence",
                "size",
                "speakers",
                "goes with",
                "installed",
                "description",
            )
            rows = [
                (
                    entry.name,
                    entry.kind,
                    entry.language or "-",
                    entry.licences,
                    "?" if entry.size is None else _size_text(entry.size),
                    str(entry.n_speakers) if entry.kind == "voice" else "-",
                    pairing(entry),
                    "yes" if entry.name in installed else "no",
                    entry.description,
                )
                for entry in entries
            ]
            print_table(columns, rows)
        else:
            warn("no voice of the catalog matches")
        return

    voices = []
    for folder in voice_folders().values():
        try:
            voices.append(load_manifest(folder))
        except TtsError as error:
            # A broken voice does not hide the others.
            warn(str(error))
    voices = [voice for voice in voices if is_wanted(voice.language, voice.licence)]
    if json:
        print_json([_summary(voice) for voice in voices])
    elif voices:
        voice_rows = [
            (
                v.name,
                v.language,
                v.licence,
                f"{v.sample_rate} Hz",
                _networks(v),
                str(len(v.speakers) or 1) if v.speaks else "-",
                v.description,
            )
            for v in voices
        ]
        print_table(("name", "language", "licence", "rate", "networks", "speakers", "description"), voice_rows)
    else:
        warn("no installed voice matches" if language or license else "no voice is installed")


@app.command()
def install(
    source: Source,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Name of the voice on this machine.")] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="Required SHA-256 hash of the file.")
    ] = None,
    hyperparameters: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Hyperparameters of a WaveNet or HiFi-GAN checkpoint.",
            show_default="the JSON file beside it",
        ),
    ] = None,
    mirror: flags.Mirror = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace a voice of that name; accept a file that changed on its server."),
    ] = False,
    yes: flags.Yes = False,
    offline: flags.Offline = False,
    quiet: flags.Quiet = False,
    json: flags.Json = False,
) -> None:
    """Install a voice or a vocoder: from the catalog, from a web address, or from a file."""
    from tts.voice.install import InstallRequest, Tools, existing, fetch_card, plan_installation
    from tts.voice.install import install as install_voice

    tools = Tools(report, lambda title: download_bar(title, quiet=quiet))
    plan = plan_installation(InstallRequest(source, name, sha256, hyperparameters, mirror or None, force, offline))
    if plan.needs_network and (force or existing(plan) is None):
        if plan.entry is None:
            report(f"{plan.name}: {plan.url} (size and licence unknown: see where it comes from)")
        else:
            report(f"{plan.entry.name}: {plan.entry.description}")
            for checkpoint in plan.entry.checkpoints:
                report(f"  {checkpoint.name}: {_source_text(checkpoint)}")
            if plan.entry.published is not None:
                _report_published(plan.entry.published, fetch_card(plan, tools))
        refusal = f"Installing {plan.name} downloads the files above under their terms: agree with --yes."
        if not confirm("Download and install it under these terms?", yes=yes, refusal=refusal):
            report("nothing was installed")
            raise typer.Exit(1)

    try:
        outcome = install_voice(plan, tools)
    except KeyboardInterrupt:
        if plan.needs_network:
            report(
                "interrupted: nothing was installed; the download is kept, and the same command continues it from there"
            )
        raise
    manifest = outcome.manifest
    if json:
        print_json(
            {
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
        )
    elif not outcome.changed:
        report(f"{manifest.name} is installed already, in {manifest.folder}; --force installs it again")
    elif not quiet:
        flag = f"--voice {manifest.name}" if manifest.speaks else f"--vocoder {manifest.name}"
        report(f'installed {manifest.name} in {manifest.folder}; try: tts say {flag} "Hello world."')


@app.command()
def update(mirror: flags.Mirror = None, offline: flags.Offline = False, quiet: flags.Quiet = False) -> None:
    """Fetch the newest list of Piper's voices, so that new ones can be installed by name."""
    from tts.voice.install import Tools, update_piper_list

    if offline:
        raise TtsError("The list is on the network, which --offline (TTS_OFFLINE) forbids.")
    count, new = update_piper_list(Tools(report, lambda title: download_bar(title, quiet=quiet)), mirror or None)
    report(f"Piper has {count} voices" + (f"; new: {', '.join(new)}" if new else ", none of them new"))


@app.command()
def remove(name: VoiceName, yes: flags.Yes = False) -> None:
    """Remove an installed voice. The voices of the package itself cannot be removed."""
    from tts.voice.install import install_paths, installation_lock, remove_voice

    if name not in voice_folders():
        raise UsageError(f"There is no voice {name!r}; {suggestion(name, voice_folders())}")
    place = install_paths()
    folder = place.voices / name
    refusal = f"Removing {name} deletes its files: say --yes."
    if folder.exists() and not confirm(f"Remove {folder}?", yes=yes, refusal=refusal):
        report("nothing was removed")
        raise typer.Exit(1)
    with installation_lock(place, report):
        folder = remove_voice(name, place)
    report(f"removed {folder}")
    if load_settings(config_file()).get("voice") == name and name not in voice_folders():
        warn(f"{name} is still the default in {config_file()}: choose another one with tts voices default NAME")


@app.command()
def default(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|DIR]", help="The voice to use by default.", autocompletion=flags.complete_voice),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Choose the default voice; without NAME, print it."""
    path = config_file()
    if name is not None:
        find_voice(name)
        chosen = name if name in voice_folders() else str(Path(name).expanduser().resolve())
        write_setting(path, "voice", chosen)
        if os.environ.get(_VOICE_VARIABLE, chosen) != chosen:
            warn(f"{_VOICE_VARIABLE} is set to {os.environ[_VOICE_VARIABLE]}, which has priority over {path}")

    if voice := os.environ.get(_VOICE_VARIABLE):
        source = _VOICE_VARIABLE
    elif voice := load_settings(path).get("voice"):
        source = str(path)
    else:
        voice, source = DEFAULT_VOICE, "the package"
    if json:
        print_json({"voice": voice, "from": source})
    elif name is None:
        print(voice)
    else:
        report(f"{chosen} is the default voice now, in {path}")


@app.command()
def pack(
    voices: Annotated[
        list[str],
        typer.Argument(metavar="DIR|NAME…", help="A voice, or several training runs that become one voice."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE|DIR", help="File that ends in .tar or .tar.gz, or a folder."),
    ],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the voice.", rich_help_panel=_DESCRIPTION)
    ] = None,
    description: Annotated[str | None, _about("One sentence about its sound.")] = None,
    language: Annotated[str | None, _about("Its language: en-us.")] = None,
    licence: Annotated[str | None, _about("Licence of its weights: CC0-1.0.")] = None,
    provenance: Annotated[str | None, _about("What it was made from, and by whom.")] = None,
    version: Annotated[str | None, _about("Its version.")] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="DIR|NAME", help="Copy the description from this voice.", rich_help_panel=_DESCRIPTION),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Pack a voice into one file, to be installed on another machine with `tts voices install FILE`.

    The acoustic models and vocoders of several folders become one voice. The first of each is its default.
    """
    from tts.voice.install import measure
    from tts.voice.manifest import HEAD
    from tts.voice.package import pack_voice

    sources = [find_installed(voice) for voice in voices]
    model = find_installed(head) if head is not None else None
    about = {key: getattr(model, key) for key in HEAD} if model else {}
    flagged = dict(zip(HEAD, (name, description, language, licence, provenance, version), strict=True))
    about |= {key: value for key, value in flagged.items() if value is not None}
    voice = pack_voice(sources, output, about, report)

    # A folder has no hash.
    sha256 = None
    if output.is_dir():
        size = load_manifest(output).size
    else:
        packed = measure(output)
        size, sha256 = packed.size, packed.sha256
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
    digest = f", sha256 {sha256}" if sha256 else ""
    report(f"packed {voice.name} ({_networks(voice)}) into {output} ({size / 1e6:.1f} MB{digest})")


@app.command()
def export(
    name: VoiceName,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write a copy of the voice to this folder.",
            show_default="its own folder is changed",
        ),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Add graphs for ONNX Runtime to a voice, with which it starts faster than with PyTorch.

    Each graph is compared with PyTorch first. Networks for which there is no graph are left as they are.
    """
    from tts.voice.export import export_graphs

    voice = find_installed(name)
    exported = export_graphs(voice, output or voice.folder, report)
    graphs = {name: part.graph for name, part in {**exported.acoustics, **exported.vocoders}.items() if part.graph}
    sizes = {graph: (exported.folder / graph).stat().st_size for graph in graphs.values()}
    if json:
        print_json({"voice": exported.name, "folder": str(exported.folder), "graphs": graphs, "sizes": sizes})
        return
    listed = ", ".join(f"{name} ({sizes[graph] / 1e3:.0f} kB)" for name, graph in graphs.items())
    report(f"{exported.name} in {exported.folder} has graphs of {listed}")


@app.command()
def info(name: VoiceName, json: flags.Json = False) -> None:
    """Show the description, origin and networks of a voice."""
    entry = find_entry(name) if name not in voice_folders() else None
    if entry is not None:
        if json:
            print_json(_entry_document(entry, installed=False))
            return
        fields = {
            "name": entry.name,
            "installed": f"no; tts voices install {entry.name}",
            "kind": entry.kind,
            "description": entry.description,
            "language": entry.language or "any",
            "sample rate": f"{entry.sample_rate} Hz",
            "goes with": pairing(entry),
            "size": _size_text(entry.size),
        }
        fields |= {checkpoint.name: _source_text(checkpoint) for checkpoint in entry.checkpoints}
        if entry.published is not None:
            fields |= {"licence": f"{entry.licences}; {entry.published.page}", "speakers": str(entry.n_speakers)}
            fields |= {file.name: f"{file.url} ({_size_text(file.download_size)})" for file in entry.published.files}
        print_table(("", ""), list(fields.items()))
        return

    voice = find_installed(name, also_known=catalog())
    if json:
        components = {f"acoustic {name}": part for name, part in voice.acoustics.items()}
        components |= {"end_to_end": voice.end_to_end} if voice.end_to_end else {}
        components |= {f"vocoder {name}": part for name, part in voice.vocoders.items()}
        print_json(
            {
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
        )
        return
    fields = {
        "name": voice.name,
        "description": voice.description,
        "language": voice.language,
        "licence": voice.licence,
        "provenance": voice.provenance,
        "version": voice.version,
        "sample rate": f"{voice.sample_rate} Hz",
        **_network_fields(voice),
        **({"speakers": ", ".join(map(_speaker_text, voice.speakers))} if voice.speakers else {}),
        **({"default speaker": voice.default_speaker or voice.speakers[0].name} if voice.speakers else {}),
        "size": f"{voice.size / 1e6:.1f} MB",
        "folder": str(voice.folder),
    }
    print_table(("", ""), list(fields.items()))


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(metavar="NAME|DIR", help="One voice. Without it, all of them.")] = None,
    json: flags.Json = False,
) -> None:
    """Compare the files of voices with their checksums. The exit code is 1 if one is wrong."""
    found = {each: voice_problems(each) for each in ([name] if name is not None else voice_folders())}
    if json:
        print_json([{"voice": voice, "ok": not problems, "problems": problems} for voice, problems in found.items()])
    else:
        rows = [(voice, "; ".join(problems) or "ok") for voice, problems in found.items()]
        print_table(("voice", "files"), rows)
    if any(found.values()):
        raise typer.Exit(1)


def voice_problems(name: str) -> list[str]:
    """The problems of a voice, one sentence each.

    Raises:
        UsageError: there is no such voice.
    """
    folders = voice_folders()
    if name not in folders:
        return verify_files(find_installed(name))
    try:
        return verify_files(load_manifest(folders[name]))
    except TtsError as error:
        return [str(error)]


def _networks(voice: VoiceManifest) -> str:
    end_to_end = [] if voice.end_to_end is None else [voice.end_to_end.network]
    return ", ".join([*end_to_end, *voice.acoustics, *voice.vocoders])


def _network_fields(voice: VoiceManifest) -> dict[str, str]:
    """The rows of `tts voices info` about networks."""
    if voice.end_to_end is not None:
        return {"network": f"{network_title(voice.end_to_end.network)}, from text to samples"}
    return {
        "acoustic models": _choices(voice.acoustics, voice.default_acoustic) or "none: vocoders for other voices",
        "vocoders": _choices(voice.vocoders, voice.default_vocoder),
    }


def _speaker_text(speaker: Speaker) -> str:
    """A speaker with the language and sex as far as they are known: "bf_emma (en-gb, female)"."""
    known = ", ".join(filter(None, (speaker.language, speaker.sex)))
    return f"{speaker.name} ({known})" if known else speaker.name


def _choices(names: Iterable[str], default: str) -> str:
    return ", ".join(f"{name} (default)" if name == default else name for name in names)


def _report_published(voice: PublishedVoice, card: str | None) -> None:
    """The files, and the terms in their makers' words, before anything is installed."""
    for file in voice.files:
        report(f"  {file.name}: {file.url} ({_size_text(file.download_size)})")
    if voice.licence_note or card is None:
        report(f"  licence: {voice.licence_in_words}; {voice.page}")
    for line in (card or "").splitlines():
        report(f"  | {line}".rstrip())


def _source_text(checkpoint: Checkpoint) -> str:
    """The address, size and licence of a file."""
    terms = f"licence {checkpoint.licence_in_words}"
    return f"{checkpoint.url} ({_size_text(checkpoint.download_size)}; {terms}; {checkpoint.page})"


def _size_text(n_bytes: int | None) -> str:
    return "size not published" if n_bytes is None else f"{n_bytes / 1e6:.0f} MB"


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
        "default_vocoder": voice.default_vocoder or None,
        "end_to_end": voice.end_to_end.network if voice.end_to_end else None,
        "speakers": [vars(speaker) for speaker in voice.speakers],
        "default_speaker": (voice.default_speaker or voice.speakers[0].name) if voice.speakers else None,
        "folder": str(voice.folder),
    }


def _entry_document(entry: CatalogEntry, *, installed: bool) -> dict[str, Any]:
    """An entry of the catalog."""
    return {
        "name": entry.name,
        "kind": entry.kind,
        "description": entry.description,
        "language": entry.language or None,
        "licence": entry.licences,
        "sample_rate": entry.sample_rate,
        "size": entry.size,
        "quality": entry.quality or None,
        "speakers": entry.n_speakers,
        "goes_with": pairing(entry),
        "vocoders": {word: checkpoint.name for word, checkpoint in entry.vocoders.items()},
        "default_vocoder": entry.default_vocoder or None,
        "installed": installed,
        "files": [
            {
                "name": checkpoint.name,
                "role": checkpoint.role,
                "url": checkpoint.url,
                "hyperparameters_url": checkpoint.hyperparameters_url,
                "page": checkpoint.page,
                "size": checkpoint.download_size,
                "sha256": checkpoint.sha256,
                "licence": checkpoint.licence,
                "licence_note": checkpoint.licence_note,
                "mel": checkpoint.mel,
            }
            for checkpoint in entry.checkpoints
        ]
        + [
            {"name": file.name, "url": file.url, "size": file.download_size, "md5": file.md5, "sha256": file.sha256}
            for file in (entry.published.files if entry.published else ())
        ],
    }
