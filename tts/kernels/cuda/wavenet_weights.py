"""A WaveNet's weights as its Triton program reads them: filled up to powers of two, with every factor folded in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from tts.kernels.wavenet import Weights

# The least side of a matrix that a tensor core multiplies.
LEAST_SIDE = 16
# Bytes of a tile of weights, so that the few tiles in flight fit into the shared memory of a small GPU, too.
TILE_BYTES = 16384


@dataclass(frozen=True)
class ProgramWeights:
    """What each tensor is stands at `wavenet_program.generate_samples`, where they go in this order.

    Biases are float32, the other numbers of the wanted format. `frame_weights` [L * 2 * half_width, channels] is for
    the part of the conditions that is projected before. `n_components` are the classes, or the logits of a mixture.
    """

    tensors: tuple[Tensor, ...]
    frame_weights: Tensor
    dilations: tuple[int, ...]
    n_taps: int
    n_components: int
    residual_width: int
    half_width: int
    skip_width: int
    component_width: int
    classes: bool
    least_log_scale: float

    @property
    def blocks(self) -> tuple[int, int]:
        """How many inputs of the gates, and outputs of the others, are multiplied at once, both powers of two."""
        entries = TILE_BYTES // self.tensors[0].element_size()
        widest = min(self.residual_width, self.skip_width)
        inputs = min(widest, max(LEAST_SIDE, entries // max(self.half_width, self.component_width)))
        outputs = min(widest, max(LEAST_SIDE, entries // max(self.half_width, self.skip_width)))
        return inputs, outputs


def program_weights(weights: Weights, dtype: torch.dtype, n_projected: int) -> ProgramWeights:
    """`n_projected` of the conditions' channels are given as parts of the gates, the rest as they are."""
    r, h, s = (width(n) for n in (len(weights.first), weights.layers[0].residual.shape[1], len(weights.hidden)))
    last, last_bias = _parts(weights)
    c = width(last.shape[2])
    residual, residual_bias = _residuals(weights, h, r)
    skip, skip_bias = _skips(weights, h, s)
    conditions = torch.stack([_halves(layer.condition[:, :, 0], h) for layer in weights.layers])
    gate_bias = torch.stack([_halves(layer.dilated_bias + layer.condition_bias, h) for layer in weights.layers])
    tensors = (
        filled(weights.first[:, :, 0].T, weights.first.shape[1], r).to(dtype),
        filled(weights.first_bias, r).float(),
        _taps(weights, h, r).to(dtype),
        gate_bias.float(),
        conditions[:, :, n_projected:].transpose(1, 2).contiguous().float(),
        residual.to(dtype),
        residual_bias.float(),
        skip.to(dtype),
        skip_bias.float(),
        filled(weights.hidden[:, :, 0].T, s, s).to(dtype),
        filled(weights.hidden_bias, s).float(),
        filled(last, s, len(last_bias), c).to(dtype),
        _last_bias(last_bias, c),
    )
    return ProgramWeights(
        tensors,
        frame_weights=conditions[:, :, :n_projected].flatten(0, 1).float(),
        dilations=tuple(layer.dilation for layer in weights.layers),
        n_taps=weights.layers[0].dilated.shape[2],
        n_components=last.shape[2],
        residual_width=r,
        half_width=h,
        skip_width=s,
        component_width=c,
        classes=weights.kind == "mulaw",
        least_log_scale=max(weights.least_log_scale, -87.0),
    )


def skip_scales(n_layers: int, *, running: bool) -> Tensor:
    """What each layer's skip is multiplied by in all [n_layers]: sqrt(1/2) after each addition, or once for all."""
    if not running:
        return torch.full((n_layers,), n_layers**-0.5)
    # The first layer's skip is added to nothing, and goes through the additions of all others.
    additions = n_layers - torch.arange(n_layers).clamp(min=1)
    return torch.full((n_layers,), math.sqrt(0.5)) ** additions


def width(n: int) -> int:
    """The power of two that n is filled up to."""
    return max(LEAST_SIDE, 1 << (n - 1).bit_length())


def filled(tensor: Tensor, *shape: int) -> Tensor:
    """The same in the first corner of zeros."""
    whole = tensor.new_zeros(shape)
    whole[tuple(slice(n) for n in tensor.shape)] = tensor
    return whole


def _halves(gates: Tensor, h: int) -> Tensor:
    """gates [2 n, ...] → [2 h, ...], signal and gate filled up each."""
    return filled(gates.unflatten(0, (2, -1)), 2, h, *gates.shape[1:]).flatten(0, 1)  # type: ignore[no-untyped-call]


def _taps(weights: Weights, h: int, r: int) -> Tensor:
    """[L, n_taps * r, 2 * h]"""
    layers = [_halves(layer.dilated, h).permute(2, 1, 0) for layer in weights.layers]
    return torch.stack([filled(taps, len(taps), r, 2 * h).flatten(0, 1) for taps in layers])


def _residuals(weights: Weights, h: int, r: int) -> tuple[Tensor, Tensor]:
    """[L, h, r] and [L, r], scaled as the input is that they are added to."""
    weight = torch.stack([filled(layer.residual[:, :, 0].T, h, r) for layer in weights.layers])
    bias = torch.stack([filled(layer.residual_bias, r) for layer in weights.layers])
    return weight * math.sqrt(0.5), bias * math.sqrt(0.5)


def _skips(weights: Weights, h: int, s: int) -> tuple[Tensor, Tensor]:
    """[L, h, s], and the bias [s] of all layers together."""
    scales = skip_scales(len(weights.layers), running=weights.running_skips).to(weights.first)
    weight = torch.stack([filled(layer.skip[:, :, 0].T, h, s) for layer in weights.layers])
    bias = torch.stack([filled(layer.skip_bias, s) for layer in weights.layers])
    return weight * scales[:, None, None], (bias * scales[:, None]).sum(0)


def _parts(weights: Weights) -> tuple[Tensor, Tensor]:
    """The last layer as [S, parts, components] and its bias: a Gaussian is a mixture of one, whose logit is zero."""
    last, bias = weights.last[:, :, 0].T, weights.last_bias
    n_parts = 1 if weights.kind == "mulaw" else 3
    if weights.kind == "gaussian":
        last, bias = torch.nn.functional.pad(last, (1, 0)), torch.nn.functional.pad(bias, (1, 0))
    return last.reshape(len(last), n_parts, -1), bias.reshape(n_parts, -1)


def _last_bias(bias: Tensor, c: int) -> Tensor:
    """bias [parts, components] → [parts, c], where nothing chooses a component that only fills up."""
    whole = filled(bias, len(bias), c).float()
    whole[0, bias.shape[1] :] = -torch.inf
    return whole
