"""What WaveGlow's layers hear, from the mel's frames at once instead of from samples: with a quarter of the products.

A frame's samples are linear in the frame and the three before it; so are its groups, each in its own way, a phase.
A layer's matrix for a phase [4, n_mels, 2 C] is the product of what the published network does in two steps. Over
frames it is a filter of four taps, of which four outputs take seven products (Toom and Cook, as in Lavin & Gray 2015).
These matrices are many times the network's own, so they are kept in bfloat16 and made float32 as they are used.
"""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.nn.functional import pad

from tts.kernels.cpu.bfloat16 import Bits, widened
from tts.kernels.cpu.winograd import Floats
from tts.kernels.cpu.workers import Scratch, Workers

if TYPE_CHECKING:
    from tts.kernels.waveglow import LayerWeights, Stretch

TAPS, OUTPUTS, PRODUCTS = 4, 4, 7
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5)


class Transforms(NamedTuple):
    """Of F(4, 4) with POINTS and infinity: inputs [7, 7] (B^T), taps [7, 4] (G), outputs [4, 7] (A^T)."""

    inputs: Tensor
    taps: Floats
    outputs: Floats


def transforms() -> Transforms:
    inputs, taps = np.zeros((PRODUCTS, PRODUCTS)), np.zeros((PRODUCTS, TAPS))
    outputs = np.zeros((OUTPUTS, PRODUCTS))
    for k, point in enumerate(POINTS):
        others = [other for other in POINTS if other != point]
        inputs[k, : PRODUCTS - 1] = np.poly(others)[::-1]
        taps[k] = point ** np.arange(TAPS) / np.prod([point - other for other in others])
        outputs[:, k] = point ** np.arange(OUTPUTS)
    inputs[-1] = np.poly(POINTS)[::-1]
    taps[-1, -1] = outputs[-1, -1] = 1
    return Transforms(torch.from_numpy(inputs).float(), taps.astype(np.float32), outputs.astype(np.float32))


def can_hear_frames(stretch: Stretch, n_group: int) -> bool:
    """Whether a sample hears four frames at most, and a frame is whole groups."""
    return stretch.weight.shape[2] <= TAPS * stretch.hop_length and stretch.hop_length % n_group == 0


class ByFrame:
    """What makes layers' matrices."""

    def __init__(self, stretch: Stretch, n_group: int) -> None:
        n_mels, hop_length = len(stretch.weight), stretch.hop_length
        self.n_phases = hop_length // n_group
        kernel = pad(stretch.weight, (0, TAPS * hop_length - stretch.weight.shape[2]))
        # [in, out, taps, phases, n_group], where tap 0 is the newest frame; what is wanted has the oldest first.
        parts = kernel.view(n_mels, n_mels, TAPS, self.n_phases, n_group)
        self.stretch_by_phase = parts.permute(3, 2, 0, 1, 4).flip(1).reshape(-1, n_mels * n_group)
        self.group_bias = stretch.bias.double().repeat_interleave(n_group)

    def matrices(self, layer: LayerWeights) -> Bits:
        """[phases, 4, n_mels, 2 C] in bfloat16."""
        matrices = (self.stretch_by_phase @ layer.condition[:, :, 0].T).bfloat16().view(torch.uint16)
        bits: Bits = matrices.view(self.n_phases, TAPS, -1, matrices.shape[1]).numpy()
        return bits

    def bias(self, layer: LayerWeights) -> Tensor:
        """What the transposed convolution's bias adds [2 C]."""
        return layer.condition[:, :, 0].double() @ self.group_bias


class FrameCondition:
    """A mel [n_mels, T] made what a layer hears, all of a layer at once; a Condition of `tts.kernels.cpu.waveglow`."""

    def __init__(self, mel: Tensor, n_phases: int, workers: Workers) -> None:
        n_frames = mel.shape[1]
        self.n_phases, self.workers, self.own = n_phases, workers, local()
        self.n_tiles = -(-n_frames // OUTPUTS)
        self.transforms = transforms()
        padded = pad(mel, (TAPS - 1, self.n_tiles * OUTPUTS - n_frames))
        frames = padded.unfold(1, PRODUCTS, OUTPUTS).permute(2, 1, 0)
        self.tiles = torch.tensordot(self.transforms.inputs, frames, dims=1).contiguous()
        self.by_frame = torch.empty(self.n_tiles * OUTPUTS, n_phases, 2 * workers.n_channels)
        self.by_group = self.by_frame.view(-1, 2 * workers.n_channels)

    def begin(self, weights: Bits) -> None:
        self.workers.each_of(lambda phase: self._listen(weights[phase], phase), self.n_phases)

    def heard(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        return self.by_group[begin:stop]

    def _listen(self, matrix: Bits, phase: int) -> None:
        taps, products = self._scratch(*matrix.shape[1:])
        widen_taps(matrix, self.transforms.taps, taps.numpy())
        torch.bmm(self.tiles, taps, out=products)
        combine(products.numpy(), self.transforms.outputs, self.by_frame.numpy(), phase)

    def _scratch(self, n_mels: int, width: int) -> tuple[Tensor, Tensor]:
        """A thread's own memory: new memory has to be fetched page by page, which takes as long as the products."""
        if not hasattr(self.own, "scratch"):
            self.own.scratch = torch.empty(PRODUCTS, n_mels, width), torch.empty(PRODUCTS, self.n_tiles, width)
        scratch: tuple[Tensor, Tensor] = self.own.scratch
        return scratch


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
def combine(products: Floats, transform: Floats, heard: Floats, phase: int) -> None:
    """products [7, n, m], transform [4, 7] → heard [4 n, phases, m] of one phase."""
    m = products.shape[2]
    for i in range(products.shape[1]):
        for k in range(4):
            a = transform[k]
            for c in range(m):
                near = a[0] * products[0, i, c] + a[1] * products[1, i, c] + a[2] * products[2, i, c]
                far = a[3] * products[3, i, c] + a[4] * products[4, i, c] + a[5] * products[5, i, c]
                heard[4 * i + k, phase, c] = near + far + a[6] * products[6, i, c]
