"""The files of a run's folder, which is a voice's folder too.

recipe.toml     the complete recipe, and the data set that it is trained on
last.pt         the state from which the run resumes
best.pt         the state with the best validation figure
voice.toml, acoustic.safetensors or vocoder.safetensors
                the best averaged weights in half precision, as in any voice
log.jsonl       losses and validation figures
tensorboard/    the same, with audio and pictures
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tomli_w
import torch
from safetensors.torch import save_file
from torch import Tensor

from tts.dependencies import prepare_matplotlib
from tts.errors import TtsError, UsageError
from tts.files import atomic_write, write_text
from tts.training.data import PreparedCorpus, read_rows
from tts.training.recipe import Table, TrainingRecipe, parse_table
from tts.training.trainer import Samples, Trainer
from tts.voice.folder import GRIFFIN_LIM
from tts.voice.manifest import Component, FrontendSpec, VoiceManifest, file_sha256, mel_table, write_manifest
from tts.voice.store import voice_name_from

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

RECIPE_FILE, LAST, BEST = "recipe.toml", "last.pt", "best.pt"
State = dict[str, Any]
STATE_FORMAT = 1
# Packed tensors are scaled to this largest magnitude, the second highest power of two in half precision.
_HALF_TOP = 2.0**14
_HALF_LEAST = 2.0**-24
# Smaller tensors, such as counters and learned scalars, are not packed.
_LEAST_PACKED = 64


# The recipe


def check_run(run: Path, recipe: TrainingRecipe, corpus: PreparedCorpus) -> None:
    """Check that the folder is new, or holds a run of the same recipe and data; the number of steps may differ.

    Raises:
        UsageError: the folder holds a run of another recipe or other data, or something else.
    """
    if (run / RECIPE_FILE).exists():
        check_same(parse_table(run / RECIPE_FILE), _run_table(recipe, corpus), f"{run} is the run")
    elif run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise UsageError(f"{run} exists and is not a run: name another folder with -o.")


def claim_run(run: Path, recipe: TrainingRecipe, corpus: PreparedCorpus) -> None:
    """Create the run's folder and write its recipe.toml.

    Raises:
        TtsError: the folder cannot be created.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtsError(f"The folder {run} cannot be created: {error.strerror}.") from error
    write_text(run / RECIPE_FILE, tomli_w.dumps(_run_table(recipe, corpus)))


def read_recipe(run: Path) -> Table:
    """Read recipe.toml of a run.

    Raises:
        UsageError: the folder is not a run.
    """
    if not (run / RECIPE_FILE).is_file():
        raise UsageError(f"{run} is not a run: it has no {RECIPE_FILE}.")
    return parse_table(run / RECIPE_FILE)


def _run_table(recipe: TrainingRecipe, corpus: PreparedCorpus) -> Table:
    data: Table = {"name": corpus.dataset.name, "n_items": len(corpus.items), "n_frames": len(corpus.mels)}
    if corpus.n_speakers > 1:
        data["speakers"] = [speaker.name for speaker in corpus.dataset.speakers]
    return {"recipe": recipe.name, **recipe.table, "data": data}


def check_same(old: Table, new: Table, whose: str) -> None:
    """Check that two recipes agree, except for their names, descriptions and numbers of steps.

    `whose` begins the error message, for example "runs/a is the run".

    Raises:
        UsageError: they differ; the message names the keys.
    """
    before, after = _flattened(old), _flattened(new)
    for ignored in ("recipe", "description", "schedule.steps"):
        before.pop(ignored, None)
        after.pop(ignored, None)
    values = [{key: repr(value) for key, value in table.items()} for table in (before, after)]
    changed = [
        f"{key} was {values[0].get(key, 'the default')} and would be {values[1].get(key, 'the default')}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    if changed:
        raise UsageError(f"{whose} of another recipe: {', '.join(changed)}; keep these values, or start a new run.")


def _flattened(table: Table, prefix: str = "") -> Table:
    flat: Table = {}
    for key, value in table.items():
        flat |= _flattened(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


# States


def save_state(path: Path, state: State) -> None:
    """Write a state atomically, and flush it to the disk before it replaces the old one."""
    with atomic_write(path) as part:
        torch.save({"format": STATE_FORMAT, **state}, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())


def load_state(path: Path) -> State:
    """Read an exact or a compact state, on the CPU.

    Raises:
        TtsError: the file cannot be read, or is not a state.
    """
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
        if state.get("format") != STATE_FORMAT:
            raise TtsError(f"{path} is not a training state that this version knows.")
    except (OSError, RuntimeError, EOFError, AttributeError, pickle.UnpicklingError) as error:
        raise TtsError(f"{path} is not a training state, or is damaged.") from error
    unpacked: State = _map_leaves(state, _unpack)
    return unpacked


def compact(state: State) -> State:
    """Return the state with all tensors scaled and in half precision: half the size, but not bit-exact to resume."""
    packed: State = _map_leaves(state, _pack)
    return packed


def _map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """Apply `change` to every leaf and every packed tensor of nested dicts and lists."""
    if isinstance(value, dict) and "half" not in value:
        return {key: _map_leaves(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_map_leaves(each, change) for each in value]
    return change(value)


def _pack(tensor: Any) -> Any:
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point() or tensor.numel() < _LEAST_PACKED:
        return tensor
    # Second moments are squares, with twice the dynamic range of gradients: their roots are stored. Other tensors
    # without negative numbers are stored so too, which does no harm.
    rooted = bool((tensor >= 0).all())
    values = tensor.double().sqrt() if rooted else tensor.double()
    scale = float(values.abs().max()) / _HALF_TOP or 1.0
    half = (values / scale).half()
    if rooted:
        # A second moment that became 0 would make the optimizer divide by 0.
        half = torch.where((tensor > 0) & (half == 0), torch.tensor(_HALF_LEAST, dtype=half.dtype), half)
    return {"half": half, "scale": scale, "rooted": rooted}


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    values = value["half"].double() * value["scale"]
    return (values.square() if value["rooted"] else values).float()


# The voice


def write_voice(trainer: Trainer[Any], recipe_name: str, run: Path, weights: dict[str, Tensor]) -> None:
    """Write the weights in half precision, and the manifest that makes the run's folder a voice.

    An aligner is no part of a voice: nothing is written for it.
    """
    if trainer.kind == "align":
        return
    path = run / f"{trainer.kind}.safetensors"
    half = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in weights.items()
    }
    with atomic_write(path) as part:
        save_file(half, part)
        # safetensors gives files the permissions of temporary files; a voice has those of ordinary files.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        component = Component(trainer.network_name, path.name, file_sha256(part), trainer.component_options())

    dataset = trainer.corpus.dataset
    is_acoustic = trainer.kind == "acoustic"
    name = trainer.voice_name or trainer.network_name
    vocoders = {GRIFFIN_LIM: Component(GRIFFIN_LIM)} if is_acoustic else {name: component}
    manifest = VoiceManifest(
        name=voice_name_from(run.resolve().name),
        description=f"{recipe_name}, trained on {dataset.name}.",
        language=dataset.language,
        licence=dataset.licence,
        provenance=dataset.provenance,
        version="1",
        sample_rate=dataset.mel.sample_rate,
        mel=mel_table(dataset.mel),
        frontend=FrontendSpec(dataset.frontend, dataset.symbols) if is_acoustic else None,
        acoustics={name: component} if is_acoustic else {},
        default_acoustic=name if is_acoustic else "",
        vocoders=vocoders,
        default_vocoder=next(iter(vocoders)),
        folder=run,
        speakers=dataset.speakers if is_acoustic and trainer.corpus.n_speakers > 1 else (),
    )
    write_manifest(manifest)


# Logs


class Records:
    """Context manager that writes log.jsonl and TensorBoard's files, from `step` on.

    Lines of later steps, which an earlier process wrote before it was stopped, are removed.
    """

    def __init__(self, run: Path, step: int) -> None:
        self._path = run / "log.jsonl"
        self._folder = run / "tensorboard"
        self._start = step
        self._board: SummaryWriter | None = None

    def __enter__(self) -> Records:
        # Imported here, because the import needs a second.
        from torch.utils.tensorboard import SummaryWriter

        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            write_text(self._path, "".join(line for line in lines if _step_of(line) <= self._start))
        # TensorBoard counts steps from a writer's first one: what follows replaces what was there.
        self._board = SummaryWriter(str(self._folder), purge_step=self._start + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._board is not None
        self._board.close()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Write one line {"step", …} to log.jsonl and a point of each curve to TensorBoard."""
        assert self._board is not None
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, **values}) + "\n")
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def samples(self, step: int, samples: Samples) -> None:
        """Write audio and pictures to TensorBoard."""
        assert self._board is not None
        for name, wave in samples.audio.items():
            self._board.add_audio(name, wave, step, samples.sample_rate)
        for name, mel in samples.mels.items():
            self._board.add_image(f"mel: {name}", picture(mel), step, dataformats="HWC")
        for name, alignment in samples.alignments.items():
            self._board.add_image(f"alignment: {name}", picture(alignment.T), step, dataformats="HWC")
        self._board.flush()


def read_log(run: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's log.jsonl."""
    return read_rows(run / "log.jsonl")


def picture(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """values [rows, columns] → colours [rows, columns, 3] from dark to bright, with the first row at the bottom."""
    prepare_matplotlib()
    from matplotlib import colormaps

    low, high = float(values.min()), float(values.max())
    shares = (values[::-1] - low) / max(high - low, 1e-9)
    colours: npt.NDArray[np.uint8] = colormaps["magma"](shares, bytes=True)[..., :3]
    return colours


def _step_of(line: str) -> float:
    """Return the step of a line of log.jsonl; infinity for a line that an interruption cut off."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
