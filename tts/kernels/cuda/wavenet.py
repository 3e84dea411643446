"""WaveNet's loop over samples on a GPU: `tts.kernels.wavenet.generate` by the Triton program of `triton_program`.

The weights are padded to powers of two, with all constant factors folded in. Written and tested without a GPU: the
program has run in Triton's interpreter only. Triton is part of PyTorch's builds for CUDA.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from tts.kernels.cuda.triton_program import generate_samples
from tts.kernels.wavenet_reference import Conditions, Generated, Weights

# The least side of a matrix that a tensor core multiplies.
LEAST_SIDE = 16
# Bytes of a tile of weights, so that the few tiles in flight fit into the shared memory of a small GPU, too.
TILE_BYTES = 16384
# The rows that a tensor core multiplies at once: as many streams share a program.
STREAMS = 16
N_WARPS = 8
FORMATS = {"float32": torch.float32}
# Numbers that frames add to the gates and that are computed at once: a gigabyte at most.
MOST_PARTS = 2**28
# More frames at once would not make the products faster.
MOST_FRAMES = 1024


@torch.inference_mode()
def generate(
    weights: Weights, conditions: Conditions, noise: Tensor, forced: None = None, precision: str = "float32"
) -> Generated:
    """See `tts.kernels.wavenet.generate`, but without `forced` samples, which only the reference supports on a GPU.

    For other precisions than float32 the weights are bfloat16.
    """
    dtype = FORMATS.get(precision, torch.bfloat16)
    n_projected = conditions.frames.shape[1] or conditions.samples.shape[1]
    key = f"cuda {dtype} {n_projected}"
    if key not in weights.packed:
        weights.packed[key] = program_weights(weights, dtype, n_projected)
    program: ProgramWeights = weights.packed[key]

    state = initial_state(program, len(noise), weights.silence)
    pieces: list[Tensor] = []
    done = 0
    for inputs in _inputs(program, conditions):
        part = noise[:, done : done + len(inputs.frames)].transpose(0, 1)
        pieces.append(run(program, state, inputs, part, done))
        done += len(part)
    samples = torch.cat(pieces).T
    return Generated(samples.long() if program.classes else samples.to(weights.first.dtype), None)


@dataclass(frozen=True)
class LoopState:
    """The past of the streams: rings, sums and the last samples, for complete programs of STREAMS."""

    dilations: Tensor
    starts: Tensor
    rings: Tensor
    skips: Tensor
    heads: Tensor
    previous: Tensor


def initial_state(program: ProgramWeights, n_streams: int, first_input: float) -> LoopState:
    n_rows = math.ceil(n_streams / STREAMS) * STREAMS
    device = program.frame_weights.device
    # A ring has an entry for the current sample, and for all that the taps read before it.
    sizes = torch.tensor([(program.n_taps - 1) * d + 1 for d in program.dilations])
    return LoopState(
        dilations=torch.tensor(program.dilations, dtype=torch.int32, device=device),
        starts=(sizes.cumsum(0) - sizes).int().to(device),
        rings=torch.zeros(int(sizes.sum()), n_rows, program.residual_width, device=device),
        skips=torch.zeros(n_rows, program.skip_width, device=device),
        heads=torch.zeros(n_rows, program.skip_width, device=device),
        previous=torch.full((n_rows,), first_input, device=device),
    )


@dataclass(frozen=True)
class StepInputs:
    """The conditioning of some steps.

    parts [n_frames, B, L * 2 * half_width]: what frames add to the gates. Step t adds those of the frames from
    frames[t] on, times nearness[t]. frames [n], nearness [n, B, width]; channels [n, B, k] at sample rate.
    """

    parts: Tensor
    frames: Tensor
    nearness: Tensor
    channels: Tensor


def run(program: ProgramWeights, state: LoopState, inputs: StepInputs, noise: Tensor, first_step: int) -> Tensor:
    """noise [n, B, k] as in `generate` → the n samples [n, B] from `first_step` on; `state` moves on."""
    n_steps, n_streams, noise_columns = noise.shape
    samples = torch.empty(n_steps, n_streams, device=noise.device)
    tensors = (
        *program.tensors,
        *(state.dilations, state.starts, state.rings, state.skips, state.heads, state.previous),
        *(inputs.parts.contiguous(), inputs.frames.int(), inputs.nearness.contiguous(), inputs.channels.contiguous()),
        *(noise.double().contiguous(), samples),
    )
    counts = (n_steps, first_step, n_streams, len(program.dilations), program.least_log_scale)
    widths = (program.residual_width, program.half_width, program.skip_width, program.component_width)
    sizes = (program.n_components, program.n_taps, *widths, program.classes)
    columns = (inputs.nearness.shape[2], inputs.channels.shape[2], noise_columns)
    grid = (len(state.previous) // STREAMS,)
    # Triton launches on the current device, wherever the tensors are.
    with torch.cuda.device(samples.device) if samples.is_cuda else nullcontext():
        generate_samples[grid](*tensors, *counts, *sizes, *columns, *program.blocks, STREAMS, num_warps=N_WARPS)
    return samples


def _inputs(program: ProgramWeights, conditions: Conditions) -> Iterator[StepInputs]:
    """The conditioning, a few frames at a time: frames are projected here, and mixed by the program.

    Without frames all channels are projected, one result per step of the loop.
    """
    n_at_once = min(MOST_FRAMES, max(1, MOST_PARTS // (len(conditions.samples) * len(program.frame_weights))))
    if not conditions.frames.shape[1]:
        for channels in torch.split(conditions.samples.float().permute(2, 0, 1), n_at_once):
            parts = linear(channels, program.frame_weights)
            steps = torch.arange(len(parts), device=parts.device)
            yield StepInputs(parts, steps, parts.new_ones(*parts.shape[:2], 1), channels[:, :, :0])
        return
    hop, width = conditions.hop_length, conditions.spread.shape[2]
    half = width // 2
    # Frames beyond the ends are zero.
    all_frames = pad(conditions.frames.float(), (half, half)).permute(2, 0, 1)
    for first in range(0, conditions.frames.shape[2], n_at_once):
        # With those before and behind that its steps depend on.
        frames = all_frames[first : first + n_at_once + 2 * half]
        start, end = first * hop, (first + len(frames) - 2 * half) * hop
        centre = torch.arange(start, end, device=frames.device) // hop
        indices = (centre[:, None] + torch.arange(width, device=frames.device) - half) % width
        spread = conditions.spread[:, start:end].float().expand(frames.shape[1], -1, -1)
        nearness = spread.gather(2, indices.expand(len(spread), -1, -1)).transpose(0, 1)
        channels = conditions.samples[:, :, start:end].float().permute(2, 0, 1)
        yield StepInputs(linear(frames, program.frame_weights), centre - first, nearness, channels)


@dataclass(frozen=True)
class ProgramWeights:
    """`tensors` are the first arguments of `triton_program.generate_samples`, in this order.

    Biases are float32, the other numbers of the requested format. `frame_weights` [L * 2 * half_width, channels] are
    for the part of the conditioning that is projected beforehand. `n_components` are the classes, or the logits of a
    mixture.
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
    """`n_projected` of the conditioning's channels are given as parts of the gates, the rest at sample rate."""
    layers = weights.layers
    # The powers of two that residual channels, half the gates and skips are padded to.
    r, h, s = (
        max(LEAST_SIDE, 1 << (n - 1).bit_length())
        for n in (len(weights.first), layers[0].residual.shape[1], len(weights.hidden))
    )

    def halves(gates: Tensor) -> Tensor:
        """gates [2 n, ...] → [2 h, ...], signal and gate padded each."""
        return _padded(gates.unflatten(0, (2, -1)), 2, h, *gates.shape[1:]).flatten(0, 1)  # type: ignore[no-untyped-call]

    # Taps [L, n_taps * r, 2 * h].
    dilated = [halves(layer.dilated).permute(2, 1, 0) for layer in layers]
    taps = torch.stack([_padded(each, len(each), r, 2 * h).flatten(0, 1) for each in dilated])
    conditions = torch.stack([halves(layer.condition[:, :, 0]) for layer in layers])
    gate_bias = torch.stack([halves(layer.dilated_bias + layer.condition_bias) for layer in layers])

    # Residuals [L, h, r] and [L, r], scaled like the input that they are added to.
    residual = torch.stack([_padded(layer.residual[:, :, 0].T, h, r) for layer in layers]) * math.sqrt(0.5)
    residual_bias = torch.stack([_padded(layer.residual_bias, r) for layer in layers]) * math.sqrt(0.5)

    # Skips [L, h, s], and the bias [s] of all layers together.
    scales = skip_scales(len(layers), running=weights.running_skips).to(weights.first)
    skip = torch.stack([_padded(layer.skip[:, :, 0].T, h, s) for layer in layers]) * scales[:, None, None]
    skip_bias = (torch.stack([_padded(layer.skip_bias, s) for layer in layers]) * scales[:, None]).sum(0)

    # The last layer as [s, parts, components]: a Gaussian is a mixture of one component, whose logit is zero.
    last, last_bias = weights.last[:, :, 0].T, weights.last_bias
    n_parts = 1 if weights.kind == "mulaw" else 3
    if weights.kind == "gaussian":
        last, last_bias = pad(last, (1, 0)), pad(last_bias, (1, 0))
    last, last_bias = last.reshape(len(last), n_parts, -1), last_bias.reshape(n_parts, -1)
    n_components = last.shape[2]
    c = max(LEAST_SIDE, 1 << (n_components - 1).bit_length())
    padded_bias = _padded(last_bias, n_parts, c).float()
    # So that no component that is only padding is chosen.
    padded_bias[0, n_components:] = -torch.inf

    tensors = (
        _padded(weights.first[:, :, 0].T, weights.first.shape[1], r).to(dtype),
        _padded(weights.first_bias, r).float(),
        taps.to(dtype),
        gate_bias.float(),
        conditions[:, :, n_projected:].transpose(1, 2).contiguous().float(),
        residual.to(dtype),
        residual_bias.float(),
        skip.to(dtype),
        skip_bias.float(),
        _padded(weights.hidden[:, :, 0].T, s, s).to(dtype),
        _padded(weights.hidden_bias, s).float(),
        _padded(last, s, n_parts, c).to(dtype),
        padded_bias,
    )
    return ProgramWeights(
        tensors,
        frame_weights=conditions[:, :, :n_projected].flatten(0, 1).float(),
        dilations=tuple(layer.dilation for layer in layers),
        n_taps=layers[0].dilated.shape[2],
        n_components=n_components,
        residual_width=r,
        half_width=h,
        skip_width=s,
        component_width=c,
        classes=weights.kind == "mulaw",
        least_log_scale=max(weights.least_log_scale, -87.0),
    )


def skip_scales(n_layers: int, *, running: bool) -> Tensor:
    """The total factor of each layer's skip [n_layers]: sqrt(1/2) after each addition, or one factor for all."""
    if not running:
        return torch.full((n_layers,), n_layers**-0.5)
    # The first layer's skip is added to nothing, and passes the additions of all others.
    additions = n_layers - torch.arange(n_layers).clamp(min=1)
    return torch.full((n_layers,), math.sqrt(0.5)) ** additions


def _padded(tensor: Tensor, *shape: int) -> Tensor:
    """Zeros of this shape with the tensor in the first corner."""
    padded = tensor.new_zeros(shape)
    padded[tuple(slice(n) for n in tensor.shape)] = tensor
    return padded
