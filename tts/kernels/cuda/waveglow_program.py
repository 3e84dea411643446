"""What stands between WaveGlow's convolutions, each in one pass over the memory, which is what it takes time for.

Both programs have run in Triton's interpreter on the CPU; they have not run on a GPU yet.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

# Groups that a program computes.
BLOCK = 1024


def gate(heard: Tensor, told: Tensor, gated: Tensor, layer: int) -> None:
    """See `tts.kernels.cuda.waveglow.gate`."""
    batch, n_channels, n_groups = heard.shape
    n_layers = told.shape[1] // n_channels
    grid = (triton.cdiv(n_groups, BLOCK), n_channels // 2, batch)
    gate_program[grid](heard.contiguous(), told, gated, layer, n_layers, n_groups, BLOCK)


def add(x: Tensor, residual: Tensor, beyond: Tensor) -> None:
    """See `tts.kernels.cuda.waveglow.add`."""
    batch, n_channels, n_groups = x.shape
    grid = (triton.cdiv(n_groups, BLOCK), n_channels, batch)
    add_program[grid](x, residual.contiguous(), beyond, n_groups, BLOCK)


@triton.jit
def gate_program(
    heard: tl.tensor,  # [B, 2 * C, G]
    told: tl.tensor,  # [B, n_layers * 2 * C, G]
    gated: tl.tensor,  # [B, n_layers * C, G], the result in the channels of this layer
    layer: tl.tensor,
    n_layers: tl.tensor,
    n_groups: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    groups = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    n_channels, channel = tl.num_programs(1), tl.program_id(1)
    row = tl.program_id(2).to(tl.int64)
    real = groups < n_groups
    half = n_channels.to(tl.int64) * n_groups
    heard += (row * (2 * n_channels) + channel) * n_groups + groups
    told += ((row * n_layers + layer) * (2 * n_channels) + channel) * n_groups + groups
    signal = tl.load(heard, mask=real).to(tl.float32) + tl.load(told, mask=real).to(tl.float32)
    gate = tl.load(heard + half, mask=real).to(tl.float32) + tl.load(told + half, mask=real).to(tl.float32)
    # tanh(x) = 2 sigmoid(2 x) - 1
    y = (2 / (1 + tl.exp(-2 * signal)) - 1) / (1 + tl.exp(-gate))
    gated += ((row * n_layers + layer) * n_channels + channel) * n_groups + groups
    tl.store(gated, y.to(gated.dtype.element_ty), mask=real)


@triton.jit
def add_program(
    x: tl.tensor,  # [B, C, G], where the result lies
    residual: tl.tensor,  # [B, C, G]
    beyond: tl.tensor,  # [G]
    n_groups: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    groups = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    real = groups < n_groups
    place = (tl.program_id(2).to(tl.int64) * tl.num_programs(1) + tl.program_id(1)) * n_groups + groups
    total = tl.load(x + place, mask=real).to(tl.float32) + tl.load(residual + place, mask=real).to(tl.float32)
    is_beyond = tl.load(beyond + groups, mask=real, other=1) != 0
    tl.store(x + place, tl.where(is_beyond, 0.0, total).to(x.dtype.element_ty), mask=real)
