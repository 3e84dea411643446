"""Products of a matrix and a few vectors, where reading the matrix is what takes the time.

The matrix lies in panels of 32 outputs, a panel's weights in the order in which they are read: so the sums of a panel
stay in the processor's registers, and memory is read from end to end. A sum runs over the inputs in their order,
whatever the number of vectors; so a vector's result is to the bit the same alone and beside others.

int8 weights meet vectors in 16 bits, whose products are added up in 32 bits without an error: see `Vectors`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from tts.kernels.cpu import panel_code
from tts.kernels.cpu.bfloat16 import to_bfloat16
from tts.kernels.cpu.panel_code import WIDTH

Floats = npt.NDArray[np.float32]

add_panel: Any = panel_code.add_panel

MOST_INT8, MOST_INT16, MOST_INT32 = 127, 32767, 2**31 - 1
# Inputs that several rows are multiplied by in turn: their weights, 16 KB in float32, stay in the first cache.
CHUNK = 128
# A panel is asked for this many bytes before it is used: the processor's own guess comes too late for narrow weights.
AHEAD = 8192


class Panels(NamedTuple):
    """A matrix [outputs, inputs] in panels; outputs beyond the last are zero.

    values float32 or bfloat16's bits [panels, inputs, 32], or int8 [panels, inputs / 2, 32, 2] with pairs of inputs
    side by side; scales [panels * 32]: what int8 is to be multiplied by.
    """

    values: npt.NDArray[Any]
    scales: Floats


class Vectors(NamedTuple):
    """Vectors [turns, rows, n] to multiply: as they are, and for int8 weights as whole numbers of steps.

    ints int16, steps [rows] the size of one; at most `most_steps` of n, so that no sum of n products overflows.
    """

    values: Floats
    ints: npt.NDArray[np.int16]
    steps: Floats


def packed(matrix: Floats, precision: str = "float32") -> Panels:
    """`precision` is "float32", "bfloat16" (half the bytes) or "int8" (a quarter, with a scale an output)."""
    n_out, n_in = matrix.shape
    n_panels = -(-n_out // WIDTH)
    padded = np.zeros((n_panels * WIDTH, n_in + n_in % 2), np.float32)
    padded[:n_out, :n_in] = matrix
    scales = np.abs(padded).max(axis=1) / np.float32(MOST_INT8)
    if precision == "int8":
        padded = np.rint(padded / np.where(scales == 0, np.float32(1), scales)[:, None])
    panels = np.ascontiguousarray(padded.reshape(n_panels, WIDTH, -1).transpose(0, 2, 1))
    if precision == "float32":
        return Panels(panels, scales)
    if precision == "bfloat16":
        return Panels(to_bfloat16(panels), scales)
    pairs = panels.reshape(n_panels, -1, 2, WIDTH).transpose(0, 1, 3, 2)
    return Panels(np.ascontiguousarray(pairs, np.int8), scales)


def empty_vectors(n_rows: int, n: int, n_turns: int = 1) -> Vectors:
    """Zeros, with room for a pair at the end."""
    shape = n_turns, n_rows, n + n % 2
    return Vectors(np.zeros(shape, np.float32), np.zeros(shape, np.int16), np.zeros(n_rows, np.float32))


@njit(nogil=True, cache=True, inline="always")
def most_steps(n: int) -> int:
    return min(MOST_INT16, MOST_INT32 // (MOST_INT8 * n))


@njit(nogil=True, cache=True)
def add_products(sums: Floats, n_rows: int, x: Vectors, x_at: int, x_stride: int, panels: Panels, panel: int) -> None:
    """The first rows of sums [rows, 32] += x [rows, n] @ the panel's [n, 32]; row r begins at x_at + r * x_stride."""
    add_products_of(sums, n_rows, x, x_at, x_stride, panels, panel, 0, panels.values.size // panels.scales.size)


@njit(nogil=True, cache=True)
def add_products_of(
    sums: Floats,
    n_rows: int,
    x: Vectors,
    x_at: int,
    x_stride: int,
    panels: Panels,
    panel: int,
    first_input: int,
    n: int,
) -> None:
    """The same with n of the panel's inputs only, for which x_at is the first."""
    begin = panel * (panels.values.size // len(panels.values)) + first_input * WIDTH
    # A sum of whole numbers is one sum: it becomes a float32 but once.
    chunk = n if n_rows == 1 or panels.values.ndim == 4 else CHUNK
    for first in range(0, n, chunk):
        count = min(chunk, n - first)
        at, w_at = x_at + first, begin + first * WIDTH
        row = 0
        while row + 4 <= n_rows:
            place = at + row * x_stride
            add_panel(sums, row, 0, x, place, x_stride, panels, panel, w_at, WIDTH, count, 4, 2, AHEAD)
            add_panel(sums, row, 16, x, place, x_stride, panels, panel, w_at, WIDTH, count, 4, 2, AHEAD)
            row += 4
        if row + 2 <= n_rows:
            place = at + row * x_stride
            add_panel(sums, row, 0, x, place, x_stride, panels, panel, w_at, WIDTH, count, 2, 4, AHEAD)
            row += 2
        if row < n_rows:
            place = at + row * x_stride
            add_panel(sums, row, 0, x, place, x_stride, panels, panel, w_at, WIDTH, count, 1, 4, AHEAD)


@njit(nogil=True, cache=True)
def add_mixture(sums: Floats, row: int, x: Vectors, x_at: int, table: Panels, w_at: int, stride: int, n: int) -> None:
    """sums [row] += Σ_k x[x_at + k] times the 32 numbers at w_at + k * stride of a table in float32."""
    add_panel(sums, row, 0, x, x_at, 0, table, 0, w_at, stride, n, 1, 4, 0)
