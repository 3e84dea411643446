"""A WaveNet's weights and memory as the Triton program of `wavenet_program` reads them, and a run of it.

Written and tested without a GPU: see there. Triton comes with PyTorch's builds for CUDA.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from tts.kernels.cuda.wavenet_program import generate_samples

# The rows that a tensor core multiplies at once.
STREAMS = 16
# The least side of a matrix that it multiplies.
LEAST_SIDE = 16
# Bytes of a tile of weights; a few of them fit into the shared memory of a multiprocessor.
TILE_BYTES = 32768


class PlainWeights(NamedTuple):
    """A WaveNet's weights, inputs before outputs; R, G, S residual, gate and skip channels.

    first [n_inputs, R], first_bias [R]; a layer: taps [L, n_taps * R, G] with the oldest first, dilations [L],
    out [L, G / 2, R + S], out_bias [L, R + S]; hidden [S, S], hidden_bias [S], last [S, n_outputs], last_bias.
    """

    first: Tensor
    first_bias: Tensor
    taps: Tensor
    dilations: Tensor
    out: Tensor
    out_bias: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    last: Tensor
    last_bias: Tensor


@dataclass(frozen=True)
class ProgramWeights:
    """The same filled up to powers of two, with the scales of residuals and skips multiplied in; and its sizes.

    What each tensor is stands at `generate_samples`. Biases are float32, the other numbers of the wanted format.
    """

    tensors: tuple[Tensor, ...]
    dilations: tuple[int, ...]
    n_taps: int
    n_half: int
    n_components: int
    residual_width: int
    half_width: int
    skip_width: int
    component_width: int
    classes: bool
    least_log_scale: float


def program_weights(
    plain: PlainWeights, kind: str, *, running_skips: bool, least_log_scale: float, dtype: torch.dtype
) -> ProgramWeights:
    """`kind` is that of the distribution: "mulaw", "logistics" or "gaussian"; the rest as in `WaveNetDimensions`."""
    n_layers, n_half = plain.out.shape[:2]
    n_residual, n_skip, n_outputs = plain.first.shape[1], len(plain.hidden), plain.last.shape[1]
    n_taps = plain.taps.shape[1] // n_residual
    n_components = {"mulaw": n_outputs, "logistics": n_outputs // 3, "gaussian": 1}[kind]
    r, h, s, c = (_width(n) for n in (n_residual, n_half, n_skip, n_components))
    scales = skip_scales(n_layers, running=running_skips).to(plain.out)[:, None]
    taps = plain.taps.reshape(n_layers, n_taps, n_residual, 2, n_half)
    residual, skip = plain.out[..., :n_residual] * math.sqrt(0.5), plain.out[..., n_residual:] * scales[..., None]
    last, last_bias = _parts(plain, kind, n_components)
    tensors = (
        _filled(plain.first, len(plain.first), r).to(dtype),
        _filled(plain.first_bias, r).float(),
        _filled(taps, n_layers, n_taps, r, 2, h).to(dtype),
        _filled(residual, n_layers, h, r).to(dtype),
        _filled(plain.out_bias[:, :n_residual] * math.sqrt(0.5), n_layers, r).float(),
        _filled(skip, n_layers, h, s).to(dtype),
        _filled((plain.out_bias[:, n_residual:] * scales).sum(0), s).float(),
        _filled(plain.hidden, s, s).to(dtype),
        _filled(plain.hidden_bias, s).float(),
        _filled(last, s, len(last_bias), c).to(dtype),
        _last_bias(last_bias, c),
    )
    dilations = tuple(int(d) for d in plain.dilations)
    return ProgramWeights(
        tensors, dilations, n_taps, n_half, n_components, r, h, s, c, kind == "mulaw", least_log_scale
    )


def skip_scales(n_layers: int, *, running: bool) -> Tensor:
    """What each layer's skip is multiplied by in all [n_layers]: sqrt(1/2) after each addition, or once for all."""
    if not running:
        return torch.full((n_layers,), n_layers**-0.5)
    # The first layer's skip is added to nothing, and goes through the additions of all others.
    additions = n_layers - torch.arange(n_layers).clamp(min=1)
    return math.sqrt(0.5) ** additions


@dataclass(frozen=True)
class StreamsMemory:
    """The past of `n_streams` streams: rings, sums and the last samples, for whole programs of STREAMS."""

    n_streams: int
    starts: Tensor
    dilations: Tensor
    rings: Tensor
    skips: Tensor
    heads: Tensor
    previous: Tensor


def empty_memory(weights: ProgramWeights, n_streams: int, first_input: float) -> StreamsMemory:
    n_rows = math.ceil(n_streams / STREAMS) * STREAMS
    device = weights.tensors[0].device
    sizes = torch.tensor([(weights.n_taps - 1) * d + 1 for d in weights.dilations])
    return StreamsMemory(
        n_streams,
        starts=(sizes.cumsum(0) - sizes).int().to(device),
        dilations=torch.tensor(weights.dilations, dtype=torch.int32, device=device),
        rings=torch.zeros(int(sizes.sum()), n_rows, weights.residual_width, device=device),
        skips=torch.zeros(n_rows, weights.skip_width, device=device),
        heads=torch.zeros(n_rows, weights.skip_width, device=device),
        previous=torch.full((n_rows,), first_input, device=device),
    )


@dataclass(frozen=True)
class Nearness:
    """Which frames of the conditions a step hears: those from `frames` [n_steps] on, `weights` [n_steps, k] of each."""

    frames: Tensor
    weights: Tensor


def run(
    weights: ProgramWeights,
    memory: StreamsMemory,
    conditions: Tensor,
    noise: Tensor,
    first_step: int = 0,
    nearness: Nearness | None = None,
) -> Tensor:
    """conditions [n, B, L, G] and noise [n, B, k] → the next n samples [n, B] of B streams.

    With `nearness`, conditions are those of frames, and steps hear them in between. Noise is one uniform float64 for
    classes; else float32, a Gumbel draw a component (but for a Gaussian), then one of the component's own distribution.
    `memory` moves on; `first_step` counts what it has heard before.
    """
    n_steps, n_streams = noise.shape[:2]
    nearness = nearness or _each_its_own(n_steps, noise.device)
    samples = torch.empty(n_steps, n_streams, device=noise.device)
    memory_tensors = (memory.dilations, memory.starts, memory.rings, memory.skips, memory.heads, memory.previous)
    asked = (conditions.contiguous(), nearness.frames, nearness.weights.contiguous(), noise.contiguous(), samples)
    counts = (n_steps, first_step, n_streams, len(weights.dilations), weights.least_log_scale)
    sizes = (weights.n_half, weights.n_components, weights.n_taps)
    widths = (weights.residual_width, weights.half_width, weights.skip_width, weights.component_width)
    how = (weights.classes, nearness.weights.shape[1], noise.shape[2], *blocks(weights), STREAMS)
    n_programs = len(memory.previous) // STREAMS
    generate_samples[(n_programs,)](
        *weights.tensors, *memory_tensors, *asked, *counts, *sizes, *widths, *how, num_warps=8
    )
    return samples


def blocks(weights: ProgramWeights) -> tuple[int, int]:
    """How many inputs of a gate's tile and outputs of the other tiles are multiplied at once, both powers of two."""
    entries = TILE_BYTES // weights.tensors[0].element_size()
    widest = min(weights.residual_width, weights.skip_width)
    inputs = min(widest, max(LEAST_SIDE, entries // max(weights.half_width, weights.component_width)))
    outputs = min(widest, max(LEAST_SIDE, entries // max(weights.half_width, weights.skip_width)))
    return inputs, outputs


def _each_its_own(n_steps: int, device: torch.device) -> Nearness:
    return Nearness(torch.arange(n_steps, dtype=torch.int32, device=device), torch.ones(n_steps, 1, device=device))


def _width(n: int) -> int:
    """The power of two that n is filled up to."""
    return max(LEAST_SIDE, 1 << (n - 1).bit_length())


def _filled(tensor: Tensor, *shape: int) -> Tensor:
    """The same in the first corner of zeros."""
    filled = tensor.new_zeros(shape)
    filled[tuple(slice(n) for n in tensor.shape)] = tensor
    return filled


def _parts(plain: PlainWeights, kind: str, n_components: int) -> tuple[Tensor, Tensor]:
    """The last layer as [S, parts, components] and its bias: a Gaussian is a mixture of one, whose logit is zero."""
    last, bias = plain.last, plain.last_bias
    if kind == "gaussian":
        last, bias = torch.nn.functional.pad(last, (1, 0)), torch.nn.functional.pad(bias, (1, 0))
    return last.reshape(len(last), -1, n_components), bias.reshape(-1, n_components)


def _last_bias(bias: Tensor, width: int) -> Tensor:
    """bias [parts, components] → [parts, width], where nothing chooses a component that only fills up."""
    filled = _filled(bias, len(bias), width).float()
    filled[0, bias.shape[1] :] = -torch.inf
    return filled
