"""The tensors of a foreign checkpoint, taken out one by one, so that none is forgotten and none made up."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from tts.errors import TtsError

# Weight norm as torch saved it until 1.12, and as its parametrization has since.
_WEIGHT_NORM_PAIRS = (
    (".weight_g", ".weight_v"),
    (".parametrizations.weight.original0", ".parametrizations.weight.original1"),
)


class ForeignWeights:
    """Named tensors in float32 with weight norm folded.

    Every tensor must be taken or dropped before `finish`, which is how a checkpoint of another shape is found out.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._left = fold_weight_norm({name: _plain(tensor) for name, tensor in tensors.items()})
        self._dropped: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that will be taken later; raises like `take`."""
        self._require(name)
        return tuple(self._left[name].shape)

    def take(self, name: str) -> Tensor:
        """A tensor, which is then gone.

        Raises:
            TtsError: there is none of this name (any more).
        """
        self._require(name)
        return self._left.pop(name)

    def take_all(self, prefix: str) -> dict[str, Tensor]:
        """All tensors whose names begin so, by the rest of their names; raises when there are none."""
        names = [name for name in self._left if name.startswith(prefix)]
        if not names:
            self._require(prefix)
        return {name[len(prefix) :]: self._left.pop(name) for name in names}

    def drop(self, pattern: str) -> None:
        """Leave out on purpose every tensor whose whole name matches the regular expression."""
        names = [name for name in self._left if re.fullmatch(pattern, name)]
        for name in names:
            del self._left[name]
        self._dropped += names

    def count(self, pattern: str) -> int:
        """How many modules there are: one more than the largest number that the pattern's group finds, or 0."""
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


def fold_weight_norm(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each pair g, v by w = g v / ||v|| (Salimans & Kingma 2016, arXiv 1602.07868, eq. 2).

    The norm is taken over the axes along which g has one entry.
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


def _plain(tensor: Tensor) -> Tensor:
    """Contiguous memory of its own: a checkpoint may hold views, and half precision is for size only."""
    return (
        tensor.detach()
        .to("cpu", torch.float32 if tensor.is_floating_point() else tensor.dtype)
        .clone(memory_format=torch.contiguous_format)
    )
