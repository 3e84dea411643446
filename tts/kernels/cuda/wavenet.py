"""WaveNet's loop over samples on a GPU: `tts.kernels.wavenet.generate` by the Triton program of `wavenet_program`.

Written and tested without a GPU: the program has run in Triton's interpreter only. Triton comes with PyTorch's builds
for CUDA.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tts.kernels.cuda.wavenet_program import generate_samples
from tts.kernels.cuda.wavenet_weights import ProgramWeights, program_weights

if TYPE_CHECKING:
    from tts.kernels.wavenet import Conditions, Generated, Weights

# The rows that a tensor core multiplies at once: so many streams share a program.
STREAMS = 16
N_WARPS = 8
FORMATS = {"float32": torch.float32}
# Numbers that frames add to the gates, computed at once: a gigabyte of them at most.
MOST_PARTS = 2**28
# More frames at once would not make the products faster.
MOST_FRAMES = 1024


@torch.inference_mode()
def generate(
    weights: Weights, conditions: Conditions, noise: Tensor, told: None = None, precision: str = "float32"
) -> Generated:
    """See `tts.kernels.wavenet.generate`, but for `told`, which is for checks and left to the reference.

    Other precisions than float32 keep the weights in bfloat16.
    """
    from tts.kernels.wavenet import Generated

    program = _program(weights, conditions, precision)
    memory = empty_memory(program, len(noise), weights.silence)
    made = []
    done = 0
    for heard in _heard(program, conditions):
        part = noise[:, done : done + len(heard.frames)].transpose(0, 1)
        made.append(run(program, memory, heard, part, done))
        done += len(part)
    samples = torch.cat(made).T
    return Generated(samples.long() if program.classes else samples.to(weights.first.dtype), None)


@dataclass(frozen=True)
class Memory:
    """The past of the streams: rings, sums and the last samples, for whole programs of STREAMS."""

    dilations: Tensor
    starts: Tensor
    rings: Tensor
    skips: Tensor
    heads: Tensor
    previous: Tensor


def empty_memory(program: ProgramWeights, n_streams: int, first_input: float) -> Memory:
    n_rows = math.ceil(n_streams / STREAMS) * STREAMS
    device = program.frame_weights.device
    # A ring has a place for now, and for all that the taps look back on.
    sizes = torch.tensor([(program.n_taps - 1) * d + 1 for d in program.dilations])
    return Memory(
        dilations=torch.tensor(program.dilations, dtype=torch.int32, device=device),
        starts=(sizes.cumsum(0) - sizes).int().to(device),
        rings=torch.zeros(int(sizes.sum()), n_rows, program.residual_width, device=device),
        skips=torch.zeros(n_rows, program.skip_width, device=device),
        heads=torch.zeros(n_rows, program.skip_width, device=device),
        previous=torch.full((n_rows,), first_input, device=device),
    )


@dataclass(frozen=True)
class Heard:
    """What some steps hear: parts [n_frames, B, L * 2 * half_width] of the gates; the step t those of the frames from
    frames[t] on, times nearness[t]; and channels [n, B, k] as they are. frames [n], nearness [n, B, width]."""

    parts: Tensor
    frames: Tensor
    nearness: Tensor
    channels: Tensor


def run(program: ProgramWeights, memory: Memory, heard: Heard, noise: Tensor, first_step: int) -> Tensor:
    """noise [n, B, k] as in `generate` → the next n samples [n, B]; the memory moves on, after `first_step` before."""
    n_steps, n_streams, noise_columns = noise.shape
    samples = torch.empty(n_steps, n_streams, device=noise.device)
    tensors = (
        *program.tensors,
        *(memory.dilations, memory.starts, memory.rings, memory.skips, memory.heads, memory.previous),
        *(heard.parts.contiguous(), heard.frames.int(), heard.nearness.contiguous(), heard.channels.contiguous()),
        *(noise.double().contiguous(), samples),
    )
    counts = (n_steps, first_step, n_streams, len(program.dilations), program.least_log_scale)
    widths = (program.residual_width, program.half_width, program.skip_width, program.component_width)
    sizes = (program.n_components, program.n_taps, *widths, program.classes)
    columns = (heard.nearness.shape[2], heard.channels.shape[2], noise_columns)
    grid = (len(memory.previous) // STREAMS,)
    # Triton launches on the current device, wherever the tensors lie.
    with torch.cuda.device(samples.device) if samples.is_cuda else nullcontext():
        generate_samples[grid](*tensors, *counts, *sizes, *columns, *program.blocks, STREAMS, num_warps=N_WARPS)
    return samples


def _program(weights: Weights, conditions: Conditions, precision: str) -> ProgramWeights:
    """Made once for each number format and kind of conditions."""
    dtype = FORMATS.get(precision, torch.bfloat16)
    n_projected = conditions.frames.shape[1] or conditions.samples.shape[1]
    name = f"cuda {dtype} {n_projected}"
    if name not in weights.packs:
        weights.packs[name] = program_weights(weights, dtype, n_projected)
    made: ProgramWeights = weights.packs[name]
    return made


def _heard(program: ProgramWeights, conditions: Conditions) -> Iterator[Heard]:
    """The conditions of a few frames after the other: frames are projected, then heard in between by the program.

    Without frames all channels are projected, a step of the loop each.
    """
    n_at_once = min(MOST_FRAMES, max(1, MOST_PARTS // (len(conditions.samples) * len(program.frame_weights))))
    if not conditions.frames.shape[1]:
        for channels in torch.split(conditions.samples.float().permute(2, 0, 1), n_at_once):
            parts = torch.nn.functional.linear(channels, program.frame_weights)
            steps = torch.arange(len(parts), device=parts.device)
            yield Heard(parts, steps, parts.new_ones(*parts.shape[:2], 1), channels[:, :, :0])
        return
    around = conditions.spread.shape[2] // 2
    # Frames beyond the ends are nothing.
    frames = torch.nn.functional.pad(conditions.frames.float(), (around, around)).permute(2, 0, 1)
    for first in range(0, conditions.frames.shape[2], n_at_once):
        yield _around(program, conditions, frames[first : first + n_at_once + 2 * around], first)


def _around(program: ProgramWeights, conditions: Conditions, frames: Tensor, first: int) -> Heard:
    """What the steps of some frames hear; frames [n, B, channels] have those before `first` and behind as well."""
    hop, width = conditions.hop_length, conditions.spread.shape[2]
    parts = torch.nn.functional.linear(frames, program.frame_weights)
    start, end = first * hop, (first + len(frames) - 2 * (width // 2)) * hop
    centre = torch.arange(start, end, device=frames.device) // hop
    places = (centre[:, None] + torch.arange(width, device=frames.device) - width // 2) % width
    spread = conditions.spread[:, start:end].float().expand(frames.shape[1], -1, -1)
    nearness = spread.gather(2, places.expand(len(spread), -1, -1)).transpose(0, 1)
    channels = conditions.samples[:, :, start:end].float().permute(2, 0, 1)
    return Heard(parts, centre - first, nearness, channels)
