"""What every public layout works with: the tensors of a checkpoint, and the network that they are converted to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from tts.errors import TtsError
from tts.voice.manifest import FrontendSpec

# Weight norm as torch saved it until 1.12, and as its parametrization has since.
_WEIGHT_NORM_PAIRS = (
    (".weight_g", ".weight_v"),
    (".parametrizations.weight.original0", ".parametrizations.weight.original1"),
)


@dataclass(frozen=True)
class ConvertedNetwork:
    """A public checkpoint, converted to one of our networks.

    `weights` are exactly the state of the network named `network` (see `tts.voice.load`) built with `options`. `mel`
    holds the fields of `MelSettings` that the network produces or receives. An acoustic model comes with its
    `frontend`. `dropped` names the checkpoint's keys that are ignored on purpose.
    """

    layout: str
    role: Literal["acoustic", "vocoder"]
    network: str
    options: dict[str, Any]
    weights: dict[str, Tensor]
    mel: dict[str, Any]
    frontend: FrontendSpec | None = None
    dropped: tuple[str, ...] = ()


class CheckpointWeights:
    """Named tensors in float32 with weight norm folded.

    Every tensor must be taken or dropped before `finish`, so that a checkpoint of another layout is noticed.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        # Contiguous memory of its own: a checkpoint may hold views, and half precision only makes the file smaller.
        own = {
            name: tensor.detach()
            .to("cpu", torch.float32 if tensor.is_floating_point() else tensor.dtype)
            .clone(memory_format=torch.contiguous_format)
            for name, tensor in tensors.items()
        }
        self._left = fold_weight_norm(own)
        self._dropped: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that will be taken later; raises like `take`."""
        self._require(name)
        return tuple(self._left[name].shape)

    def take(self, name: str) -> Tensor:
        """Remove a tensor and return it.

        Raises:
            TtsError: there is none of this name (any more).
        """
        self._require(name)
        return self._left.pop(name)

    def take_all(self, prefix: str) -> dict[str, Tensor]:
        """Remove all tensors whose names begin with `prefix`; return them by the rest of their names.

        Raises:
            TtsError: there are none.
        """
        names = [name for name in self._left if name.startswith(prefix)]
        if not names:
            self._require(prefix)
        return {name[len(prefix) :]: self._left.pop(name) for name in names}

    def drop(self, pattern: str) -> None:
        """Ignore on purpose every tensor whose full name matches the regular expression."""
        names = [name for name in self._left if re.fullmatch(pattern, name)]
        for name in names:
            del self._left[name]
        self._dropped += names

    def count(self, pattern: str) -> int:
        """The number of modules: one more than the largest number that the pattern's group finds, or 0."""
        found = (re.match(pattern, name) for name in self._left)
        return max((int(match[1]) + 1 for match in found if match), default=0)

    def finish(self) -> tuple[str, ...]:
        """The names of what was dropped.

        Raises:
            TtsError: something was neither taken nor dropped.
        """
        if self._left:
            names = sorted(map(repr, self._left))
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise TtsError(
                f"The checkpoint holds weights that its layout does not have ({', '.join(names[:3])}{more}): "
                "it was made by another version of its code."
            )
        return tuple(self._dropped)

    def _require(self, name: str) -> None:
        if not any(key.startswith(name) for key in self._left) if name.endswith(".") else name not in self._left:
            raise TtsError(f"The checkpoint lacks the weights {name!r}: it is cut short or of another layout.")


class Layout(Protocol):
    """One public layout of checkpoints: a module (or object) that recognises and converts it."""

    def matches(self, weights: CheckpointWeights, extras: dict[str, Any]) -> bool:
        """Whether the names (and the values beside them) are this layout's; it removes nothing."""

    def convert(
        self, weights: CheckpointWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
    ) -> ConvertedNetwork:
        """Take every tensor or drop it on purpose.

        `hyperparameters` come from a JSON file beside the checkpoint; only some layouts need them.

        Raises:
            TtsError: a tensor is missing or left over, or the hyperparameters do not fit or are missing.
        """


def fold_weight_norm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each pair g, v by w = g v / ||v|| (Salimans & Kingma 2016, arXiv 1602.07868, eq. 2).

    The norm runs over the axes along which g has one entry.
    """
    folded = dict(tensors)
    for g_suffix, v_suffix in _WEIGHT_NORM_PAIRS:
        for g_name in [name for name in tensors if name.endswith(g_suffix)]:
            module = g_name[: -len(g_suffix)]
            if module + v_suffix not in tensors:
                raise TtsError(f"The checkpoint lacks the weights {module + v_suffix!r}: it is cut short.")
            g, v = folded.pop(g_name), folded.pop(module + v_suffix)
            axes = [axis for axis, size in enumerate(g.shape) if size == 1]
            folded[f"{module}.weight"] = v * (g / torch.linalg.vector_norm(v, dim=axes, keepdim=True))
    return folded
