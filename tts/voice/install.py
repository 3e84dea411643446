"""Installing a voice: fetch, convert, check, and only then put it where voices are found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.errors import TtsError, UsageError
from tts.voice.archives import check_torch_file, holds_archive, unpack
from tts.voice.catalog import UNKNOWN, Checkpoint, Recipe, known_file
from tts.voice.fetch import Fetched, Fetcher, ProgressBar
from tts.voice.landing import Workplace, alone, land, staged, workplace
from tts.voice.manifest import VoiceManifest, load_manifest, verify_files, write_manifest
from tts.voice.names import file_name_in
from tts.voice.packing import copy_voice
from tts.voice.plan import Plan, catalog_mark, existing
from tts.voice.store import voice_folders

if TYPE_CHECKING:
    from tts.audio.mel_settings import MelSettings
    from tts.voice.assembly import Assembly, Head
    from tts.voice.formats.converted import Converted


def _convert(path: Path, hyperparameters: Path | None = None) -> Converted:
    from tts.voice.formats import convert

    return convert(path, hyperparameters)


def _conversion_problem(source: MelSettings, target: MelSettings) -> str | None:
    from tts.audio.mel_settings import conversion_problem

    return conversion_problem(source, target)


@dataclass(frozen=True)
class Tools:
    """What installing works with; tests put their own in place.

    `tell` gets lines for the person, `bar` makes a progress bar for a file's name.
    """

    tell: Callable[[str], None]
    bar: ProgressBar = field(default=lambda title: nullcontext(lambda done, total: None))
    convert: Callable[[Path, Path | None], Converted] = _convert
    conversion_problem: Callable[[MelSettings, MelSettings], str | None] = _conversion_problem
    place: Workplace = field(default_factory=workplace)
    download_options: dict[str, Any] = field(default_factory=dict)
    wait_seconds: float = 600.0


@dataclass(frozen=True)
class Outcome:
    """What is installed now; `changed` is False where it was before."""

    manifest: VoiceManifest
    files: tuple[Fetched, ...]
    changed: bool = True


def install(plan: Plan, tools: Tools) -> Outcome:
    """Install what was planned.

    Raises:
        UsageError: another voice has its name.
        TtsError: something cannot be had, is not what it should be, or does not fit; nothing has changed then.
    """
    with alone(tools.place, tools.tell, tools.wait_seconds):
        if not plan.request.force and (found := _already_there(plan)):
            return Outcome(found, (), changed=False)
        fetcher = Fetcher(plan.request, tools.place, tools.tell, tools.bar, tools.download_options)
        with staged(tools.place, plan.name) as folder:
            _make(plan, folder, fetcher, tools)
            land(folder, tools.place.voices / plan.name)
        fetcher.record_and_clear()
    return Outcome(load_manifest(tools.place.voices / plan.name), tuple(fetcher.fetched))


def _already_there(plan: Plan) -> VoiceManifest | None:
    found = existing(plan)
    if found == "same":
        manifest = load_manifest(voice_folders()[plan.name])
        # The same, but damaged: installing is how to mend it.
        return None if verify_files(manifest) else manifest
    if found == "other":
        raise UsageError(
            f"There is a voice {plan.name} already: --force replaces it, --as NAME installs under another name."
        )
    return None


def _make(plan: Plan, folder: Path, fetcher: Fetcher, tools: Tools) -> None:
    """Fill `folder` with a checked voice."""
    from tts.voice.assembly import Assembly, check_voice

    assembly = Assembly(folder, tools.conversion_problem, tools.tell)
    if plan.recipe is not None:
        check_voice(_from_recipe(plan, plan.recipe, assembly, fetcher, tools))
        return
    file = _only_file(plan, fetcher)
    if file.path.is_dir() or holds_archive(file.path):
        check_voice(_from_packed(file, folder, plan.name))
    else:
        check_voice(_from_checkpoint(plan, file, assembly, fetcher, tools))


def _only_file(plan: Plan, fetcher: Fetcher) -> Fetched:
    if plan.url is not None:
        return fetcher.fetch(plan.url, sha256=plan.request.sha256)
    assert plan.path is not None
    return fetcher.take(plan.path)


def _from_recipe(plan: Plan, recipe: Recipe, assembly: Assembly, fetcher: Fetcher, tools: Tools) -> VoiceManifest:
    words = {"acoustic": recipe.acoustic, **recipe.vocoders} if recipe.acoustic else recipe.vocoders
    for word, checkpoint in words.items():
        assert checkpoint is not None
        file = fetcher.fetch(checkpoint.url, checkpoint, plan.request.sha256)
        url = checkpoint.hyperparameters_url
        hyperparameters = fetcher.fetch(url).path if url else plan.request.hyperparameters
        converted = _converted(file, hyperparameters, fetcher, tools)
        if converted.role != checkpoint.role:
            raise TtsError(f"{checkpoint.url} holds {converted.layout}, not the {checkpoint.role} it should.")
        assembly.add(plan.name if recipe.kind == "vocoder" else word, converted, _note(file, checkpoint))
    addresses = "; ".join(file.address for file in fetcher.fetched)
    head = _head(plan, recipe.description, recipe.language or "und", catalog_mark(recipe) + addresses)
    return assembly.finish(head, plan.name if recipe.kind == "vocoder" else recipe.default_vocoder)


def _from_checkpoint(plan: Plan, file: Fetched, assembly: Assembly, fetcher: Fetcher, tools: Tools) -> VoiceManifest:
    known = known_file(sha256=file.sha256)
    converted = _converted(file, plan.request.hyperparameters, fetcher, tools)
    assembly.add(plan.name, converted, _note(file, known))
    description = (
        known.description
        if known
        else f"{converted.layout} from {file_name_in(plan.url) if plan.url else file.path.name}."
    )
    # Every layout that can be recognised so far is of English.
    head = _head(replace(plan, known=known), description, "en-us", f"Installed from {file.address}.")
    return assembly.finish(head, plan.name if converted.role == "vocoder" else "")


def _from_packed(source: Fetched, folder: Path, name: str) -> VoiceManifest:
    if source.path.is_dir():
        copy_voice(source.path, folder)
    else:
        unpack(source.path, folder)
    manifest = load_manifest(folder)
    if manifest.name != name:
        manifest = replace(manifest, name=name)
        write_manifest(manifest)
    return manifest


def _converted(file: Fetched, hyperparameters: Path | None, fetcher: Fetcher, tools: Tools) -> Converted:
    try:
        check_torch_file(file.path)
        return tools.convert(file.path, hyperparameters)
    except TtsError:
        # What cannot be read once cannot be read the next time: fetch it anew then.
        fetcher.reject(file)
        raise


def _head(plan: Plan, description: str, language: str, provenance: str) -> Head:
    from tts.voice.assembly import Head

    return Head(plan.name, description, language, plan.licence, provenance)


def _note(file: Fetched, known: Checkpoint | None) -> str:
    licence = known.licence_in_words if known else UNKNOWN
    return f"From {file.address}, sha256 {file.sha256}; licence: {licence}."
