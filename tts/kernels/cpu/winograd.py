"""Winograd's convolutions up to their matrix products, and the gate behind them, for WaveGlow; compiled by Numba.

F(4, 3) along time, for a dilated convolution of three taps: four outputs a dilation apart need six products instead of
twelve (Winograd 1980; Lavin & Gray 2015, arXiv 1509.09308, section 4.1, with points 0, ±1, ±2 and infinity). Six such
inputs and four such outputs are a tile. Tile i of a layer of dilation d has outputs at b, b + d, b + 2 d and b + 3 d
with b = 4 d (i // d) + i % d, so d successive tiles fill a block of 4 d steps. F(4, 4) over frames, for a filter of
four taps: four outputs need seven products. The products themselves are matrix products between the functions here.

Division is NumPy's (`error_model`): Python's checks for a zero at every step, and such loops are not vectorized.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tts.kernels.cpu.matrices import Bits, Floats, widened

OUTPUTS, PRODUCTS = 4, 6
# G of the transform of the taps; rows are the points.
TAPS_TRANSFORM = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)


def tiles_in(n_steps: int, dilation: int) -> int:
    """The number of tiles of the steps of complete blocks and one incomplete block."""
    blocks, rest = divmod(n_steps, OUTPUTS * dilation)
    return blocks * dilation + min(rest, dilation)


@njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
def spread(x: Floats, outside: Floats, dilation: int, first_tile: int, tiles: Floats) -> None:
    """x [T, C], and `outside` [C] before and behind it, → tiles [6, n, C]: B^T of the paper, n tiles from the first."""
    n_steps, n_channels = x.shape
    for i in range(tiles.shape[1]):
        tile = first_tile + i
        b = tile // dilation * OUTPUTS * dilation + tile % dilation
        row0 = x[b - dilation] if b >= dilation else outside
        row1 = x[b] if b < n_steps else outside
        row2 = x[b + dilation] if b + dilation < n_steps else outside
        row3 = x[b + 2 * dilation] if b + 2 * dilation < n_steps else outside
        row4 = x[b + 3 * dilation] if b + 3 * dilation < n_steps else outside
        row5 = x[b + 4 * dilation] if b + 4 * dilation < n_steps else outside
        for c in range(n_channels):
            x1, x2, x3, x4 = row1[c], row2[c], row3[c], row4[c]
            tiles[0, i, c] = np.float32(4) * row0[c] - np.float32(5) * x2 + x4
            even, odd = x4 - np.float32(4) * x2, x3 - np.float32(4) * x1
            tiles[1, i, c] = even + odd
            tiles[2, i, c] = even - odd
            even, odd = x4 - x2, np.float32(2) * (x3 - x1)
            tiles[3, i, c] = even + odd
            tiles[4, i, c] = even - odd
            tiles[5, i, c] = np.float32(4) * x1 - np.float32(5) * x3 + row5[c]


@njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
def gather_gated(products: Floats, added: Floats, bias: Floats, dilation: int, gated: Floats) -> None:
    """products [6, n, 2 C] of tiles from the beginning of a block → gated [steps, C].

    A^T of the paper; `added` [steps, 2 C] and `bias` [2 C] are added before the gate.
    """
    n_steps, n_channels = gated.shape
    sums = np.empty((OUTPUTS, 2 * n_channels), np.float32)
    for i in range(products.shape[1]):
        b = i // dilation * OUTPUTS * dilation + i % dilation
        for c in range(2 * n_channels):
            even, odd = products[1, i, c] + products[2, i, c], products[1, i, c] - products[2, i, c]
            far_even, far_odd = products[3, i, c] + products[4, i, c], products[3, i, c] - products[4, i, c]
            sums[0, c] = products[0, i, c] + even + far_even + bias[c]
            sums[1, c] = odd + np.float32(2) * far_odd + bias[c]
            sums[2, c] = even + np.float32(4) * far_even + bias[c]
            sums[3, c] = odd + np.float32(8) * far_odd + products[5, i, c] + bias[c]
        for k in range(OUTPUTS):
            step = b + k * dilation
            if step < n_steps:
                for c in range(n_channels):
                    signal, gate = sums[k, c] + added[step, c], sums[k, n_channels + c] + added[step, n_channels + c]
                    gated[step, c] = _gated(signal, gate)


@njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
def gate_all(gates: Floats, bias: Floats, gated: Floats) -> None:
    """gates [steps, 2 C], bias [2 C] → gated [steps, C]."""
    n_steps, n_channels = gated.shape
    for step in range(n_steps):
        for c in range(n_channels):
            gated[step, c] = _gated(gates[step, c] + bias[c], gates[step, n_channels + c] + bias[n_channels + c])


@njit(fastmath=True, nogil=True, error_model="numpy", inline="always")
def _gated(signal: np.float32, gate: np.float32) -> Any:
    """tanh(signal) * sigmoid(gate) with one division: to 1e-6, both constant where tanh is 1 in seven digits.

    Lambert's continued fraction for tanh, eleven levels; a sigmoid is half a tanh.
    """
    x = min(max(signal, np.float32(-7.35)), np.float32(7.35))
    y = min(max(np.float32(0.5) * gate, np.float32(-7.35)), np.float32(7.35))
    below_x, below_y = _below(x * x), _below(y * y)
    both = x * _above(x * x) * (y * _above(y * y) + below_y) * np.float32(0.5)
    return both / (below_x * below_y)


@njit(fastmath=True, nogil=True, error_model="numpy", inline="always")
def _above(s: np.float32) -> Any:
    sums = np.float32(64324260) + s * (np.float32(675675) + s * (np.float32(2145) + s))
    return np.float32(13749310575) + s * (np.float32(1964187225) + s * sums)


@njit(fastmath=True, nogil=True, error_model="numpy", inline="always")
def _below(s: np.float32) -> Any:
    sums = np.float32(413513100) + s * (np.float32(7567560) + s * (np.float32(45045) + s * np.float32(66)))
    return np.float32(13749310575) + s * (np.float32(6547290750) + s * sums)


FRAME_TAPS, FRAME_OUTPUTS, FRAME_PRODUCTS = 4, 4, 7
FRAME_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5)


class Transforms(NamedTuple):
    """Of F(4, 4) with FRAME_POINTS and infinity: inputs [7, 7] (B^T), taps [7, 4] (G), outputs [4, 7] (A^T)."""

    inputs: Floats
    taps: Floats
    outputs: Floats


def frame_transforms() -> Transforms:
    inputs, taps = np.zeros((FRAME_PRODUCTS, FRAME_PRODUCTS)), np.zeros((FRAME_PRODUCTS, FRAME_TAPS))
    outputs = np.zeros((FRAME_OUTPUTS, FRAME_PRODUCTS))
    for k, point in enumerate(FRAME_POINTS):
        others = [other for other in FRAME_POINTS if other != point]
        inputs[k, : FRAME_PRODUCTS - 1] = np.poly(others)[::-1]
        taps[k] = point ** np.arange(FRAME_TAPS) / np.prod([point - other for other in others])
        outputs[:, k] = point ** np.arange(FRAME_OUTPUTS)
    inputs[-1] = np.poly(FRAME_POINTS)[::-1]
    taps[-1, -1] = outputs[-1, -1] = 1
    return Transforms(*(matrix.astype(np.float32) for matrix in (inputs, taps, outputs)))


@njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
def widen_taps(matrix: Bits, transform: Floats, taps: Floats) -> None:
    """matrix [4, n, m] in bfloat16, transform [7, 4] → taps [7, n, m]."""
    n, m = matrix.shape[1:]
    rows = np.empty((4, m), np.float32)
    for i in range(n):
        for tap in range(4):
            for c in range(m):
                rows[tap, c] = widened(matrix[tap, i, c])  # type: ignore[call-arg]
        for k in range(len(transform)):
            g0, g1, g2, g3 = transform[k, 0], transform[k, 1], transform[k, 2], transform[k, 3]
            for c in range(m):
                taps[k, i, c] = g0 * rows[0, c] + g1 * rows[1, c] + g2 * rows[2, c] + g3 * rows[3, c]


@njit(fastmath=True, nogil=True, error_model="numpy", cache=True)
def combine(products: Floats, transform: Floats, gates: Floats, phase: int) -> None:
    """products [7, n, m], transform [4, 7] → gates [4 n, phases, m] of one phase."""
    m = products.shape[2]
    for i in range(products.shape[1]):
        for k in range(4):
            a = transform[k]
            for c in range(m):
                near = a[0] * products[0, i, c] + a[1] * products[1, i, c] + a[2] * products[2, i, c]
                far = a[3] * products[3, i, c] + a[4] * products[4, i, c] + a[5] * products[5, i, c]
                gates[4 * i + k, phase, c] = near + far + a[6] * products[6, i, c]
