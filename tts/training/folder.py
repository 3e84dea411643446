"""The folder of a run, which is the folder of a voice too.

recipe.toml     the recipe, whole, and what it is trained on
last.pt         where training goes on
best.pt         the state of the best validation
voice.toml, acoustic.safetensors or vocoder.safetensors
                the best averaged weights, in half precision, as any voice
log.jsonl, tensorboard/
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tomli_w
from safetensors.torch import save_file
from torch import Tensor

from tts.errors import TtsError, UsageError
from tts.files import atomic_write, write_text
from tts.training.data import PreparedCorpus
from tts.training.loop import Trainer
from tts.training.recipe import Recipe, Table, parse_table
from tts.voice.folder import GRIFFIN_LIM
from tts.voice.manifest import Component, FrontendSpec, VoiceManifest, file_sha256, mel_table, write_manifest
from tts.voice.store import voice_name_from

RECIPE_FILE, LAST, BEST = "recipe.toml", "last.pt", "best.pt"


def check_run(run: Path, recipe: Recipe, corpus: PreparedCorpus) -> None:
    """A run may go on in its folder: its recipe and data must be the same, but for the number of steps.

    Raises:
        UsageError: the folder belongs to a run of another recipe or other data, or is no run.
    """
    if (run / RECIPE_FILE).exists():
        check_same(parse_table(run / RECIPE_FILE), _told(recipe, corpus), f"{run} is the run")
    elif run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise UsageError(f"{run} is there already and is no run: name another folder with -o.")


def claim_run(run: Path, recipe: Recipe, corpus: PreparedCorpus) -> None:
    """Make the folder, and write what the run is into it.

    Raises:
        TtsError: it cannot be made.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtsError(f"The folder {run} cannot be made: {error.strerror}.") from error
    write_text(run / RECIPE_FILE, tomli_w.dumps(_told(recipe, corpus)))


def read_recipe(run: Path) -> Table:
    """What a run says of itself.

    Raises:
        UsageError: it is no run.
    """
    if not (run / RECIPE_FILE).is_file():
        raise UsageError(f"{run} is not a run: it has no {RECIPE_FILE}.")
    return parse_table(run / RECIPE_FILE)


def check_same(old: Table, new: Table, whose: str) -> None:
    """Refuse another recipe or other data, naming what differs; more or fewer steps are no difference.

    Raises:
        UsageError: they differ.
    """
    before, after = _flat(old), _flat(new)
    for ignored in ("recipe", "description", "schedule.steps"):
        before.pop(ignored, None)
        after.pop(ignored, None)
    changed = [
        f"{key} was {_shown(before, key)} and would be {_shown(after, key)}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    if changed:
        raise UsageError(
            f"{whose} of another recipe: {', '.join(changed)}; leave that as it was, or begin another run."
        )


def write_voice(trainer: Trainer[Any], recipe_name: str, run: Path, weights: dict[str, Tensor]) -> None:
    """Write the weights in half precision, and the manifest that makes the folder a voice.

    An aligner is no part of a voice: its run has states only.
    """
    if trainer.kind == "align":
        return
    path = run / f"{trainer.kind}.safetensors"
    half = {name: _half(tensor) for name, tensor in weights.items()}
    with atomic_write(path) as part:
        save_file(half, part)
        # safetensors writes files that only their owner may read; a voice is for everybody.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        component = Component(trainer.network_name, path.name, file_sha256(part), trainer.component_options())
    write_manifest(_manifest(trainer, recipe_name, run, component))


def _manifest(trainer: Trainer[Any], recipe_name: str, run: Path, component: Component) -> VoiceManifest:
    dataset = trainer.corpus.dataset
    speaks = trainer.kind == "acoustic"
    called = trainer.voice_name or trainer.network_name
    vocoders = {GRIFFIN_LIM: Component(GRIFFIN_LIM)} if speaks else {called: component}
    return VoiceManifest(
        name=voice_name_from(run.resolve().name),
        description=f"{recipe_name}, trained on {dataset.name}.",
        language=dataset.language,
        licence=dataset.licence,
        provenance=dataset.provenance,
        version="1",
        sample_rate=dataset.mel.sample_rate,
        mel=mel_table(dataset.mel),
        frontend=FrontendSpec(dataset.frontend, dataset.symbols) if speaks else None,
        acoustics={called: component} if speaks else {},
        default_acoustic=called if speaks else "",
        vocoders=vocoders,
        default_vocoder=next(iter(vocoders)),
        folder=run,
    )


def _half(tensor: Tensor) -> Tensor:
    return (tensor.half() if tensor.is_floating_point() else tensor).cpu().contiguous()


def _told(recipe: Recipe, corpus: PreparedCorpus) -> Table:
    data = {"name": corpus.dataset.name, "n_items": len(corpus.items), "n_frames": len(corpus.mels)}
    return {"recipe": recipe.name, **recipe.table, "data": data}


def _flat(table: Table, before: str = "") -> Table:
    flat: Table = {}
    for key, value in table.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def _shown(table: Table, key: str) -> str:
    return repr(table[key]) if key in table else "the default"
