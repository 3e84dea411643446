"""A WaveNet's weights as its compiled loop reads them: in panels, with every factor folded in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from tts.kernels.cpu.tiles import Floats, packed, padded

if TYPE_CHECKING:
    from tts.kernels.wavenet import Weights

Integers = npt.NDArray[np.int64]
Panels = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]

MULAW, LOGISTICS, GAUSSIAN = 0, 1, 2
KINDS = {"mulaw": MULAW, "logistics": LOGISTICS, "gaussian": GAUSSIAN}
# A tap is applied to so many samples at once, where it lies that far back.
BLOCK = 8
# Signals and gates change places every so many outputs, so that a panel has both of the same.
HALF_PANEL = 32


class Sizes(NamedTuple):
    """n_residual, n_gated and n_skip count inputs that are there; outputs are whole groups: n_gates, n_outputs, and
    n_state, of which the first n_ring are x, the others skips.
    """

    kind: int
    n_layers: int
    n_residual: int
    n_gated: int
    n_skip: int
    n_gates: int
    n_ring: int
    n_state: int
    n_outputs: int


class Packed(NamedTuple):
    """Flat, one layer after the other: `near`, the taps of the current sample, then residuals and skips together;
    `far`, those of the `lags` [layers, taps] before, the oldest first, each applied to `blocks` [layers, taps] samples
    at once; `sample_weights`. `frame_weights` are one matrix for all layers. `head`: hidden, then last.

    A layer's ring has `ring_starts` [layers + 1] rows before it. Instead of multiplying x by sqrt(1/2) after each
    layer, x grows by sqrt(2), and what hears it has smaller weights.
    """

    sizes: Sizes
    least_log_scale: float
    lags: Integers
    blocks: Integers
    ring_starts: Integers
    first: Floats
    first_bias: Floats
    near: Panels
    far: Panels
    frame_weights: Panels
    sample_weights: Panels
    gate_bias: Floats
    out_bias: Floats
    head: Panels
    hidden_bias: Floats
    last_bias: Floats


def pack(weights: Weights, precision: str, n_frame_channels: int) -> Packed:
    """`n_frame_channels` of the conditions are given as frames, the rest at sample rate."""
    layers = [_fold(weights, index) for index in range(len(weights.layers))]
    dilations = np.array([layer.dilation for layer in weights.layers])
    n_past = len(layers[0].taps) - 1
    lags = dilations[:, None] * np.arange(n_past, 0, -1)
    sizes = -(-dilations * n_past // BLOCK) * BLOCK

    def each(matrices: Callable[[_Folded], Sequence[Floats]]) -> Panels:
        return packed(*(matrix for layer in layers for matrix in matrices(layer)), precision=precision)

    return Packed(
        sizes=Sizes(
            kind=KINDS[weights.kind],
            n_layers=len(layers),
            n_residual=len(weights.first),
            n_gated=weights.layers[0].residual.shape[1],
            n_skip=len(weights.hidden),
            n_gates=len(layers[0].gate_bias),
            n_ring=padded(len(weights.first)),
            n_state=len(layers[0].out_bias),
            n_outputs=padded(len(weights.last)),
        ),
        # In the kernel no scale is below e^-87, where float32 ends.
        least_log_scale=max(weights.least_log_scale, -87.0),
        lags=lags,
        blocks=np.gcd(lags, BLOCK),
        ring_starts=np.concatenate([[0], np.cumsum(sizes)]),
        first=_wide(_matrix(weights.first)),
        first_bias=_wide(_numbers(weights.first_bias)),
        near=each(lambda layer: [layer.taps[-1], layer.out]),
        far=each(lambda layer: layer.taps[:-1]),
        frame_weights=packed(
            np.concatenate([layer.condition[:n_frame_channels] for layer in layers], axis=1), precision=precision
        ),
        sample_weights=each(lambda layer: [layer.condition[n_frame_channels:]]),
        gate_bias=np.concatenate([layer.gate_bias for layer in layers]),
        out_bias=np.concatenate([layer.out_bias for layer in layers]),
        head=packed(_wide(_matrix(weights.hidden)), _wide(_matrix(weights.last)), precision=precision),
        hidden_bias=_wide(_numbers(weights.hidden_bias)),
        last_bias=_wide(_numbers(weights.last_bias)),
    )


class _Folded(NamedTuple):
    """taps, each [residual, gates]; condition [channels, gates]; out [gated, residual + skip]; padded outputs."""

    taps: list[Floats]
    condition: Floats
    gate_bias: Floats
    out: Floats
    out_bias: Floats


def _fold(weights: Weights, index: int) -> _Folded:
    layer = weights.layers[index]
    grown, half = 2 ** (index / 2), math.sqrt(0.5)
    n_layers = len(weights.layers)
    skip_scale = half ** (n_layers - max(index, 1)) if weights.running_skips else math.sqrt(1 / n_layers)
    # What is heard of x shrinks as x grows; what is added to it grows with it, and is half because gates are double.
    taps = _numbers(layer.dilated).transpose(2, 1, 0) / grown
    outs = (layer.residual, layer.residual_bias, grown), (layer.skip, layer.skip_bias, skip_scale)
    return _Folded(
        taps=[_gates(tap) for tap in taps],
        condition=_gates(_matrix(layer.condition)),
        gate_bias=_gates(_numbers(layer.dilated_bias) + _numbers(layer.condition_bias)),
        out=np.concatenate([_wide(_matrix(matrix) * (scale / 2)) for matrix, _, scale in outs], axis=1),
        out_bias=np.concatenate([_wide(_numbers(bias) * scale) for _, bias, scale in outs]).astype(np.float32),
    )


def _gates(outputs: npt.NDArray[np.floating]) -> Floats:
    """[…, 2 n], signals before gates → both in turn; gates halved, because a sigmoid is a tanh of half its argument."""
    signals, gates = np.split(outputs, 2, axis=-1)
    signals, gates = _wide(signals), _wide(gates / 2)
    places = range(0, signals.shape[-1], HALF_PANEL)
    parts = [half[..., place : place + HALF_PANEL] for place in places for half in (signals, gates)]
    return np.concatenate(parts, axis=-1)


def _wide(outputs: npt.NDArray[np.floating]) -> Floats:
    """Zeros after the last output, to whole groups."""
    n = outputs.shape[-1]
    zeros = np.zeros((*outputs.shape[:-1], padded(n) - n))
    return np.concatenate([outputs, zeros], axis=-1).astype(np.float32)


def _matrix(convolution: Tensor) -> Doubles:
    """[outputs, inputs, 1] → [inputs, outputs]."""
    return _numbers(convolution[:, :, 0].T)


def _numbers(tensor: Tensor) -> Doubles:
    numbers: Doubles = tensor.detach().double().numpy()
    return numbers
