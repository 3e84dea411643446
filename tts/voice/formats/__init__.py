"""Foreign checkpoints, in one place: recognised by their contents and turned into this project's terms.

Nothing in a checkpoint is ever run: see `pickles`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.voice.formats.converted import Converted
from tts.voice.formats.layouts import KNOWN, LAYOUTS, Layout
from tts.voice.formats.reading import ForeignCheckpoint, read_checkpoint
from tts.voice.formats.weights import ForeignWeights
from tts.voice.networks import ACOUSTIC_MODELS, VOCODERS

__all__ = ["Converted", "convert", "read_checkpoint"]

_MOST_JSON_BYTES = 2**20
# What r9y9 and jik876 call the hyperparameters of a run, in the folder of its checkpoints.
_MAKERS_NAMES = ("hparams.json", "config.json")


def convert(path: Path, hyperparameters: Path | None = None, *, layouts: Sequence[Layout] = LAYOUTS) -> Converted:
    """Read a checkpoint of any known layout and turn it into weights that fit one of our networks exactly.

    `hyperparameters` is the JSON file that some layouts need; without it one beside the checkpoint is taken: of its
    own name, or of the name that the layouts' makers give theirs.

    Raises:
        TtsError: a file cannot be read or is no checkpoint, its layout is not known, or it does not fit its network.
    """
    checkpoint = read_checkpoint(path)
    weights = ForeignWeights(checkpoint.weights)
    for layout in layouts:
        if layout.matches(weights, checkpoint.extras):
            converted = layout.convert(weights, checkpoint.extras, _hyperparameters(path, hyperparameters))
            _check_fit(converted)
            return converted
    raise TtsError(
        f"{path} is a checkpoint of no known layout (it holds {_first_names(checkpoint)}): known are {KNOWN}."
    )


def _first_names(checkpoint: ForeignCheckpoint) -> str:
    names = [name[:60] for name in checkpoint.weights]
    return ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _hyperparameters(checkpoint: Path, given: Path | None) -> dict[str, Any] | None:
    beside = [checkpoint.with_suffix(".json"), *(checkpoint.with_name(name) for name in _MAKERS_NAMES)]
    path = given or next((path for path in beside if path.is_file()), None)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_JSON_BYTES + 1)
        values = json.loads(text) if len(text) <= _MOST_JSON_BYTES else None
    except OSError as error:
        raise TtsError(f"The hyperparameters {path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise TtsError(f"The hyperparameters {path} are not JSON.") from error
    if not isinstance(values, dict):
        raise TtsError(f"The hyperparameters {path} must be one JSON object of names and values.")
    return values


def _check_fit(converted: Converted) -> None:
    """Load the weights into the network that they are for, as a voice will.

    Raises:
        TtsError: names or shapes differ.
    """
    try:
        # Without memory of its own, the network takes the very tensors: only names and shapes are compared.
        with torch.device("meta"):
            network = _build(converted)
        network.load_state_dict(converted.weights, assign=True)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise TtsError(f"The checkpoint looks like {converted.layout}, but does not fit it ({reason}).") from error


def _build(converted: Converted) -> nn.Module:
    if converted.role == "acoustic":
        return ACOUSTIC_MODELS[converted.network](converted.options)
    return VOCODERS[converted.network](MelSettings(**converted.mel), converted.options)
