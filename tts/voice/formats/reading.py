"""From a checkpoint file to its named tensors, wherever its makers put them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from tts.errors import TtsError
from tts.voice.formats.pickles import read_pickle
from tts.voice.formats.recognise import checkpoint_kind
from tts.voice.formats.safe_tensors import read_safetensors
from tts.voice.formats.unpickler import Record

# Where training scripts put a network's state, in the order in which they are looked for.
_STATE_KEYS = ("state_dict", "model_state_dict", "generator", "model", "model_g", "net", "network", "weights", "params")
_MOST_LEVELS = 6
_MOST_MODULES = 100_000
_MOST_PLAIN_VALUES = 100_000
# Tensors may share numbers (views, tied weights), but not so that a small file fills the memory once they are copied.
_LEAST_BUDGET = 2 * 2**30
_MOST_GROWTH = 4


@dataclass(frozen=True)
class ForeignCheckpoint:
    """A network's tensors by name, and the plain values that lay beside them (configuration, iteration, …)."""

    weights: dict[str, Tensor]
    extras: dict[str, Any] = field(default_factory=dict)


def read_checkpoint(path: Path) -> ForeignCheckpoint:
    """Read a `torch.save` or safetensors file and find the network's state in it; nothing in the file is run.

    The state may lie a few levels deep, or be a whole pickled module; a `module.` before all names goes.

    Raises:
        TtsError: the file is no checkpoint (the sentence says what it is), is damaged, or holds no network.
    """
    if checkpoint_kind(path) == "safetensors":
        weights, texts = read_safetensors(path)
        found = ForeignCheckpoint(weights, dict(texts))
    else:
        found = _find(read_pickle(path), _MOST_LEVELS) or ForeignCheckpoint({})
    if not found.weights:
        raise TtsError(f"{path} holds no network: there is no state_dict in it.")
    n_bytes = sum(tensor.numel() * max(4, tensor.itemsize) for tensor in found.weights.values())
    if n_bytes > max(_LEAST_BUDGET, _MOST_GROWTH * path.stat().st_size):
        raise TtsError(f"{path} cannot be read as a checkpoint: its tensors are far larger than the file.")
    return ForeignCheckpoint(_without_wrapper(found.weights), found.extras)


def _find(value: Any, levels: int) -> ForeignCheckpoint | None:
    """The state in a value: the value itself is one, or it holds one under a known key, or under its only key."""
    if isinstance(value, Record):
        return _module_state(value)
    if not isinstance(value, dict) or not levels:
        return None
    known = [key for key in _STATE_KEYS if isinstance(value.get(key), (dict, Record))]
    records = [key for key, part in value.items() if isinstance(part, Record)]
    others = records or (list(value) if len(value) == 1 else [])
    for key in [*known, *others]:
        if found := _find(value[key], levels - 1):
            beside = {name: part for name, part in value.items() if name != key}
            return ForeignCheckpoint(found.weights, {**_plain_values(beside), **found.extras})
    weights = {name: part for name, part in value.items() if isinstance(name, str) and isinstance(part, Tensor)}
    return ForeignCheckpoint(weights, _plain_values(value)) if weights else None


def _module_state(module: Record) -> ForeignCheckpoint | None:
    """What `state_dict` would give of a pickled module, and its own plain attributes."""
    if not _is_module(module):
        return None
    module = _unwrapped(module)
    weights = dict(_module_tensors(module))
    attributes = {name: value for name, value in module.state.items() if not str(name).startswith("_")}
    return ForeignCheckpoint(weights, _plain_values(attributes)) if weights else None


def _unwrapped(module: Record) -> Record:
    """What data-parallel training wraps, or the module itself."""
    children = _mapping(module.state.get("_modules"))
    wrapped = children.get("module")
    if len(children) > 1 or not isinstance(wrapped, Record) or not _is_module(wrapped):
        return module
    return module if any(_own_tensors("", module.state)) else wrapped


def _is_module(value: Any) -> bool:
    return isinstance(value, Record) and isinstance(value.state, dict) and "_modules" in value.state


def _module_tensors(root: Record) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of all parameters and persistent buffers, walking `_modules`."""
    waiting: list[tuple[str, Record, tuple[int, ...]]] = [("", root, ())]
    for _ in range(_MOST_MODULES):
        if not waiting:
            return
        prefix, module, above = waiting.pop()
        yield from _own_tensors(prefix, module.state)
        inside = (*above, id(module))
        children = _mapping(module.state.get("_modules"))
        for name, child in reversed(children.items()):
            if id(child) in inside or len(inside) > 64:
                raise TtsError("The checkpoint's modules contain themselves.")
            if _is_module(child):
                waiting.append((f"{prefix}{name}.", child, inside))
    raise TtsError("The checkpoint has more modules than any network.")


def _own_tensors(prefix: str, state: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    passing = state.get("_non_persistent_buffers_set")
    skipped = set(map(str, passing)) if isinstance(passing, (set, frozenset, list, tuple)) else set()
    for kind in ("_parameters", "_buffers"):
        for name, tensor in _mapping(state.get(kind)).items():
            if isinstance(tensor, Tensor) and not (kind == "_buffers" and name in skipped):
                yield f"{prefix}{name}", tensor


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _without_wrapper(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names without the `module.` that data-parallel training puts before all of them."""
    if all(name.startswith("module.") for name in weights):
        return {name[len("module.") :]: tensor for name, tensor in weights.items()}
    return weights


def _plain_values(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Those values that are nothing but numbers, texts, and lists and dicts of such."""
    budget = _Budget(_MOST_PLAIN_VALUES)
    return {name: value for name, value in values.items() if isinstance(name, str) and budget.is_plain(value, 8)}


class _Budget:
    """How many more values may be looked at: a few that contain each other could be walked for ever."""

    def __init__(self, left: int) -> None:
        self._left = left

    def is_plain(self, value: Any, levels: int) -> bool:
        self._left -= 1
        if value is None or isinstance(value, (bool, int, float, str)):
            return True
        if self._left < 0 or not levels:
            return False
        if isinstance(value, dict):
            value = [*value, *value.values()]
        return isinstance(value, (list, tuple)) and all(self.is_plain(part, levels - 1) for part in value)
