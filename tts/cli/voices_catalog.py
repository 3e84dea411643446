"""What `tts voices list --available` and `tts voices info` show of voices that are not installed."""

from __future__ import annotations

from typing import Any

from tts.cli.console import print_json, print_table, warn
from tts.voice.catalog import CatalogEntry, Checkpoint, catalog, pairing
from tts.voice.store import voice_folders


def names() -> list[str]:
    return list(catalog())


def list_available(language: str, license: str, *, json: bool) -> None:
    """List the catalog's entries of a language and a licence (empty: any)."""
    installed = voice_folders()
    chosen = [
        recipe
        for recipe in catalog().values()
        if is_language(recipe.language, language) and license.lower() in recipe.licences.lower()
    ]
    if json:
        print_json([_details(recipe, installed=recipe.name in installed) for recipe in chosen])
    elif chosen:
        columns = ("name", "kind", "language", "licence", "size", "goes with", "installed", "description")
        print_table(columns, [_row(recipe, installed=recipe.name in installed) for recipe in chosen])
    else:
        warn("the catalog has no voice like that")


def show_available(name: str, *, json: bool) -> bool:
    """Show an entry of the catalog; False where there is none."""
    recipe = catalog().get(name)
    if recipe is None:
        return False
    if json:
        print_json(_details(recipe, installed=False))
        return True
    fields = {
        "name": recipe.name,
        "installed": f"no; tts voices install {recipe.name}",
        "kind": recipe.kind,
        "description": recipe.description,
        "language": recipe.language or "any",
        "sample rate": f"{recipe.sample_rate} Hz",
        "goes with": pairing(recipe),
        "size": size_in_words(recipe.size),
    }
    files = {checkpoint.name: description_of(checkpoint) for checkpoint in recipe.checkpoints}
    print_table(("", ""), list((fields | files).items()))
    return True


def is_language(spoken: str, wanted: str) -> bool:
    """Whether a voice's language is the one asked for: en means all of en-us, en-gb, …; empty means any."""
    wanted, spoken = wanted.lower().replace("_", "-"), spoken.lower()
    return not wanted or spoken == wanted or spoken.startswith(f"{wanted}-")


def description_of(checkpoint: Checkpoint) -> str:
    """Where a file comes from, how large it is and on what terms it is given."""
    size = size_in_words(checkpoint.download_size)
    terms = f"licence {checkpoint.licence_in_words}"
    return f"{checkpoint.url} ({size}; {terms}; {checkpoint.page})"


def size_in_words(n_bytes: int | None) -> str:
    return "size not published" if n_bytes is None else f"{n_bytes / 1e6:.0f} MB"


def _row(recipe: CatalogEntry, *, installed: bool) -> tuple[str, ...]:
    size = "?" if recipe.size is None else size_in_words(recipe.size)
    state = "yes" if installed else "no"
    languages = recipe.language or "-"
    return (recipe.name, recipe.kind, languages, recipe.licences, size, pairing(recipe), state, recipe.description)


def _details(recipe: CatalogEntry, *, installed: bool) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "kind": recipe.kind,
        "description": recipe.description,
        "language": recipe.language or None,
        "licence": recipe.licences,
        "sample_rate": recipe.sample_rate,
        "size": recipe.size,
        "goes_with": pairing(recipe),
        "vocoders": {word: checkpoint.name for word, checkpoint in recipe.vocoders.items()},
        "default_vocoder": recipe.default_vocoder or None,
        "installed": installed,
        "files": [_file(checkpoint) for checkpoint in recipe.checkpoints],
    }


def _file(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
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
