"""WaveNet's loop over samples, compiled by Numba for one core: what `tts.models.wavenet_steps` does, without its calls.

A sample of a small WaveNet is half a million products, some ten microseconds of work, but a few hundred PyTorch calls,
which take a hundred times that. Here a sample is one pass over packed weights. Equal to the PyTorch loop up to the
order of sums.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MULAW, LOGISTICS, GAUSSIAN = 0, 1, 2
SQRT_HALF = np.float32(math.sqrt(0.5))


class PackedWeights(NamedTuple):
    """A WaveNet's weights as the loop reads them, inputs before outputs; R, G, S residual, gate and skip channels.

    first [n_inputs, R], first_bias [R]; a layer: taps [L, n_taps * R, G] with the oldest first, dilations [L],
    out [L, G / 2, R + S], out_bias [L, R + S]; hidden [S, S], hidden_bias [S], last [S, n_outputs], last_bias.
    """

    first: Floats
    first_bias: Floats
    taps: Floats
    dilations: Integers
    out: Floats
    out_bias: Floats
    hidden: Floats
    hidden_bias: Floats
    last: Floats
    last_bias: Floats


class Drawing(NamedTuple):
    """How samples are drawn, and how skips are scaled: after each layer if `running`, by `skip_scale` at the end."""

    kind: int
    least_log_scale: float
    running: bool
    skip_scale: float


class Memory(NamedTuple):
    """One stream's past: the layers' inputs as rings in a row [rows, R], where each begins and where it stands now."""

    rings: Floats
    starts: Integers
    places: Integers
    previous: Doubles


def empty_memory(weights: PackedWeights, first_input: float) -> Memory:
    n_layers, n_channels = len(weights.dilations), weights.first.shape[1]
    sizes = weights.dilations * (weights.taps.shape[1] // n_channels - 1)
    starts = np.concatenate([[0], np.cumsum(np.maximum(sizes, 1))])
    rings = np.zeros((int(starts[-1]), n_channels), np.float32)
    return Memory(rings, starts, np.zeros(n_layers, np.int64), np.array([first_input], np.float64))


@njit(fastmath=True, nogil=True, cache=True)
def run(weights: PackedWeights, drawing: Drawing, memory: Memory, conditions: Floats, noise: Doubles) -> Doubles:
    """conditions [n, L, G] and noise [n, numbers of the distribution] → the next n samples; `memory` moves on."""
    n_steps, n_layers, n_gates = conditions.shape
    n_residual, n_skip = weights.first.shape[1], weights.hidden.shape[0]
    n_taps = weights.taps.shape[1] // n_residual
    half = n_gates // 2
    x = np.empty(n_residual, np.float32)
    gates = np.empty(n_gates, np.float32)
    both = np.empty(n_residual + n_skip, np.float32)
    skips = np.empty(n_skip, np.float32)
    hidden = np.empty(n_skip, np.float32)
    parameters = np.empty(len(weights.last_bias), np.float32)
    samples = np.empty(n_steps, np.float64)
    for t in range(n_steps):
        _begin(x, weights, memory.previous[0], drawing.kind)
        skips[:] = 0
        for layer in range(n_layers):
            gates[:] = conditions[t, layer]
            start, size = memory.starts[layer], memory.starts[layer + 1] - memory.starts[layer]
            place, taps = memory.places[layer], weights.taps[layer]
            for tap in range(n_taps - 1):
                back = (n_taps - 1 - tap) * weights.dilations[layer]
                row = start + (place - back) % size
                _add_product(gates, memory.rings[row], taps[tap * n_residual : (tap + 1) * n_residual])
            _add_product(gates, x, taps[(n_taps - 1) * n_residual :])
            memory.rings[start + place] = x
            memory.places[layer] = (place + 1) % size
            for i in range(half):
                gates[i] = _tanh(gates[i]) * _sigmoid(gates[half + i])
            both[:] = weights.out_bias[layer]
            _add_product(both, gates[:half], weights.out[layer])
            for i in range(n_residual):
                x[i] = (x[i] + both[i]) * SQRT_HALF
            scale = SQRT_HALF if drawing.running and layer > 0 else np.float32(1)
            for i in range(n_skip):
                skips[i] = (skips[i] + both[n_residual + i]) * scale
        for i in range(n_skip):
            skips[i] = max(skips[i] * np.float32(drawing.skip_scale), np.float32(0))
        hidden[:] = weights.hidden_bias
        _add_product(hidden, skips, weights.hidden)
        for i in range(n_skip):
            hidden[i] = max(hidden[i], np.float32(0))
        parameters[:] = weights.last_bias
        _add_product(parameters, hidden, weights.last)
        samples[t] = _drawn(parameters, noise[t], drawing)
        memory.previous[0] = samples[t]
    return samples


@njit(fastmath=True, nogil=True, inline="always")
def _begin(x: Floats, weights: PackedWeights, previous: float, kind: int) -> None:
    """The first layer: a row of the weights for a class, a multiple of the only row for a sample."""
    row, factor = (int(previous), np.float32(1)) if kind == MULAW else (0, np.float32(previous))
    for i in range(len(x)):
        x[i] = weights.first[row, i] * factor + weights.first_bias[i]


@njit(fastmath=True, nogil=True, inline="always")
def _add_product(y: Floats, x: Floats, weight: Floats) -> None:
    """y [m] += x [n] @ weight [n, m]; four rows at once, so that y is read and written a quarter as often."""
    n = len(x) - len(x) % 4
    for i in range(0, n, 4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        for j in range(len(y)):
            y[j] += a * weight[i, j] + b * weight[i + 1, j] + c * weight[i + 2, j] + d * weight[i + 3, j]
    for i in range(n, len(x)):
        for j in range(len(y)):
            y[j] += x[i] * weight[i, j]


@njit(fastmath=True, nogil=True, inline="always")
def _tanh(x: np.float32) -> Any:
    """Lambert's continued fraction for tanh, eleven levels: to 5e-7, held beyond ±7.35.

    Products and one division, so that the compiler makes vectors of it.
    """
    x = min(max(x, np.float32(-7.35)), np.float32(7.35))
    s = x * x
    above = np.float32(64324260) + s * (np.float32(675675) + s * (np.float32(2145) + s))
    above = np.float32(13749310575) + s * (np.float32(1964187225) + s * above)
    below = np.float32(413513100) + s * (np.float32(7567560) + s * (np.float32(45045) + s * np.float32(66)))
    below = np.float32(13749310575) + s * (np.float32(6547290750) + s * below)
    return x * above / below


@njit(fastmath=True, nogil=True, inline="always")
def _sigmoid(x: np.float32) -> Any:
    return np.float32(0.5) * _tanh(np.float32(0.5) * x) + np.float32(0.5)


@njit(nogil=True)
def _drawn(parameters: Floats, noise: Doubles, drawing: Drawing) -> Any:
    """See `tts.models.distributions`; noise is what `drawing_noise` makes of its random numbers."""
    if drawing.kind == MULAW:
        return _drawn_class(parameters, noise[0])
    if drawing.kind == GAUSSIAN:
        mean, log_scale = parameters[0], parameters[1]
    else:
        n, best = len(parameters) // 3, 0
        for k in range(1, n):
            if parameters[k] + noise[k] > parameters[best] + noise[best]:
                best = k
        mean, log_scale = parameters[n + best], parameters[2 * n + best]
    sample = mean + math.exp(max(log_scale, drawing.least_log_scale)) * noise[-1]
    return min(max(sample, -1.0), 1.0)


@njit(nogil=True)
def _drawn_class(logits: Floats, uniform: float) -> float:
    most = logits.max()
    weights = np.exp(logits.astype(np.float64) - most)
    remaining = uniform * weights.sum()
    for k in range(len(weights) - 1):
        remaining -= weights[k]
        if remaining < 0:
            return float(k)
    return float(len(weights) - 1)
