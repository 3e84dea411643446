"""The Triton programs of WaveNet and WaveGlow.

WaveNet's loop over samples is one program, which runs on the GPU for all of them. A program computes STREAMS streams at
once, the rows that a tensor core multiplies, and loops over the samples itself: nothing is launched per sample. Weights
are read through the L2 cache, in tiles; the layers' past inputs are in rings in global memory.

What the threads of a program store for one another they load behind a barrier, one at the start of each layer and two
in the head. A ring has an entry for the current sample beside all that its taps read, so that nothing is overwritten in
the step that reads it.

Of WaveGlow there are the operations between its convolutions, each one pass over the memory that bounds it.

All have run in Triton's interpreter on the CPU, and tests compile WaveNet's for a GPU; none has run on a GPU yet.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

SQRT_HALF = tl.constexpr(0.7071067811865476)
# Groups of samples that one of WaveGlow's programs computes.
GROUPS_PER_PROGRAM = 1024


@triton.jit
def generate_samples(
    first: tl.tensor,  # [n_inputs, R], R residual channels
    first_bias: tl.tensor,  # [R]
    taps: tl.tensor,  # [L, n_taps * R, 2 * H], the oldest tap first; H channels of the signal, then H of its gate
    gate_bias: tl.tensor,  # [L, 2 * H]
    sample_weights: tl.tensor,  # [L, SAMPLE_CHANNELS, 2 * H]
    residual: tl.tensor,  # [L, H, R], and its bias [L, R]: scaled by sqrt(1/2) as the input will be
    residual_bias: tl.tensor,
    skip: tl.tensor,  # [L, H, S]: scaled by all later factors, so that skips are only added
    skip_bias: tl.tensor,  # [S]: that of all layers together
    hidden: tl.tensor,  # [S, S]
    hidden_bias: tl.tensor,  # [S]
    last: tl.tensor,  # [S, n_parts * C], C classes or components
    last_bias: tl.tensor,  # [n_parts * C]: -inf for the logits of padding
    dilations: tl.tensor,  # [L]
    starts: tl.tensor,  # [L]: the row of `rings` where a layer's ring begins
    rings: tl.tensor,  # [rows, streams, R]
    skips: tl.tensor,  # [streams, S] to add up in; so is the next
    heads: tl.tensor,
    previous_samples: tl.tensor,  # [streams]
    frame_parts: tl.tensor,  # [n_frames, n_streams, L, 2 * H]: what frames add to the gates
    nearest_frames: tl.tensor,  # [n_steps]: the first of the NEIGHBOURS frames that a step depends on
    nearness: tl.tensor,  # [n_steps, n_streams, NEIGHBOURS]: how much of each
    sample_channels: tl.tensor,  # [n_steps, n_streams, SAMPLE_CHANNELS]
    noise: tl.tensor,  # [n_steps, n_streams, NOISE_COLUMNS]
    samples: tl.tensor,  # [n_steps, n_streams], the result
    n_steps: tl.tensor,
    first_step: tl.tensor,
    n_streams: tl.tensor,
    n_layers: tl.tensor,
    least_log_scale: tl.tensor,
    N_COMPONENTS: tl.constexpr,
    N_TAPS: tl.constexpr,
    R: tl.constexpr,
    H: tl.constexpr,
    S: tl.constexpr,
    C: tl.constexpr,
    CLASSES: tl.constexpr,
    NEIGHBOURS: tl.constexpr,
    SAMPLE_CHANNELS: tl.constexpr,
    NOISE_COLUMNS: tl.constexpr,
    BLOCK_K: tl.constexpr,
    BLOCK_N: tl.constexpr,
    STREAMS: tl.constexpr,
) -> None:
    """Samples `first_step` to `first_step + n_steps` of every stream; `rings` and `previous_samples` move on.

    R, H, S and C are powers of two, 16 or more, padded with zeros; H channels are signal, H are gates.
    Products are those of the weights' number format, summed in float32.
    """
    rows = tl.program_id(0) * STREAMS + tl.arange(0, STREAMS)
    n_rows = tl.num_programs(0) * STREAMS
    real = rows < n_streams
    previous = tl.load(previous_samples + rows)
    for step in range(n_steps):
        now = first_step + step
        x = _first_layer(previous, first, first_bias, R, CLASSES)
        index = tl.load(starts) + now % ((N_TAPS - 1) * tl.load(dilations) + 1)
        tl.store(_block(rings + index.to(tl.int64) * (n_rows * R), rows, R, 0, R), x)
        tl.store(_block(skips, rows, S, 0, S), _nothing(rows, S) + tl.load(skip_bias + tl.arange(0, S))[None, :])
        frame = tl.load(nearest_frames + step).to(tl.int64)
        for layer in range(n_layers):
            tl.debug_barrier()
            sources = (gate_bias, sample_weights, frame_parts, nearness, sample_channels)
            signal, gate = _conditioning(
                sources, step, layer, frame, rows, real, n_streams, n_layers, H, NEIGHBOURS, SAMPLE_CHANNELS
            )
            ring, dilation = rings + tl.load(starts + layer).to(tl.int64) * (n_rows * R), tl.load(dilations + layer)
            size = (N_TAPS - 1) * dilation + 1
            for k in range(0, N_TAPS * R, BLOCK_K):
                index = (now + size - (N_TAPS - 1 - k // R) * dilation) % size
                past = _block(ring + index.to(tl.int64) * (n_rows * R), rows, R, k % R, BLOCK_K)
                weight = _block(taps, layer * (N_TAPS * R) + k + tl.arange(0, BLOCK_K), 2 * H, 0, H)
                signal = _plus_product(signal, tl.load(past), tl.load(weight))
                gate = _plus_product(gate, tl.load(past), tl.load(weight + H))
            # tanh(x) = 2 sigmoid(2 x) - 1
            gated = (2 / (1 + tl.exp(-2 * signal)) - 1) / (1 + tl.exp(-gate))
            inputs = layer * H + tl.arange(0, H)
            for n in range(0, S, BLOCK_N):
                total = _block(skips, rows, S, n, BLOCK_N)
                tl.store(total, _plus_product(tl.load(total), gated, tl.load(_block(skip, inputs, S, n, BLOCK_N))))
            if layer + 1 < n_layers:
                here = ring + (now % size).to(tl.int64) * (n_rows * R)
                next_size = (N_TAPS - 1) * tl.load(dilations + layer + 1) + 1
                there = rings + (tl.load(starts + layer + 1) + now % next_size).to(tl.int64) * (n_rows * R)
                for n in range(0, R, BLOCK_N):
                    shift = tl.load(residual_bias + layer * R + n + tl.arange(0, BLOCK_N))[None, :]
                    y = tl.load(_block(here, rows, R, n, BLOCK_N)) * SQRT_HALF + shift
                    y = _plus_product(y, gated, tl.load(_block(residual, inputs, R, n, BLOCK_N)))
                    tl.store(_block(there, rows, R, n, BLOCK_N), y)
        _head(skips, heads, hidden, hidden_bias, rows, S, BLOCK_N)
        noise_row = noise + (step * n_streams + rows) * NOISE_COLUMNS
        if CLASSES:
            previous = _sample_class(heads, last, last_bias, noise_row, rows, real, N_COMPONENTS, S, C, BLOCK_K)
        else:
            previous = _sample_mixture(
                heads, last, last_bias, noise_row, rows, real, least_log_scale, NOISE_COLUMNS, S, C, BLOCK_K
            )
        tl.store(samples + step * n_streams + rows, previous, mask=real)
    tl.store(previous_samples + rows, previous)


@triton.jit
def _block(matrix: tl.tensor, rows: tl.tensor, width: tl.tensor, column: tl.tensor, COLUMNS: tl.constexpr) -> tl.tensor:
    """Pointers to the columns from `column` on in `rows` of a matrix that is `width` wide."""
    return matrix + rows[:, None] * width + (column + tl.arange(0, COLUMNS))[None, :]


@triton.jit
def _nothing(rows: tl.tensor, COLUMNS: tl.constexpr) -> tl.tensor:
    return tl.zeros([rows.shape[0], COLUMNS], tl.float32)


@triton.jit
def _plus_product(total: tl.tensor, x: tl.tensor, weight: tl.tensor) -> tl.tensor:
    return tl.dot(x.to(weight.dtype), weight, total, input_precision="ieee")


@triton.jit
def _first_layer(
    previous: tl.tensor, first: tl.tensor, bias: tl.tensor, R: tl.constexpr, CLASSES: tl.constexpr
) -> tl.tensor:
    """A row of the weights for a class, a multiple of the only row for a sample."""
    if CLASSES:
        x = tl.load(_block(first, previous.to(tl.int32), R, 0, R)).to(tl.float32)
    else:
        x = previous[:, None] * tl.load(first + tl.arange(0, R))[None, :].to(tl.float32)
    return x + tl.load(bias + tl.arange(0, R))[None, :]


@triton.jit
def _conditioning(
    sources: tl.tuple,
    step: tl.tensor,
    layer: tl.tensor,
    frame: tl.tensor,
    rows: tl.tensor,
    real: tl.tensor,
    n_streams: tl.tensor,
    n_layers: tl.tensor,
    H: tl.constexpr,
    NEIGHBOURS: tl.constexpr,
    SAMPLE_CHANNELS: tl.constexpr,
) -> tl.tuple:
    """The initial sums of a layer's signal and gate: biases, and what near frames and channels add."""
    gate_bias, sample_weights, frame_parts, nearness, sample_channels = sources
    h = tl.arange(0, H)
    bias = gate_bias + layer * (2 * H) + h[None, :]
    signal, gate = _nothing(rows, H) + tl.load(bias), _nothing(rows, H) + tl.load(bias + H)
    row = step * n_streams + rows
    for neighbour in tl.static_range(NEIGHBOURS):
        near = tl.load(nearness + row * NEIGHBOURS + neighbour, mask=real, other=0.0)[:, None]
        part = frame_parts + ((frame + neighbour) * (n_streams * n_layers) + layer) * (2 * H)
        part = _block(part, rows * n_layers, 2 * H, 0, H)
        signal += near * tl.load(part, mask=real[:, None], other=0.0)
        gate += near * tl.load(part + H, mask=real[:, None], other=0.0)
    for channel in tl.static_range(SAMPLE_CHANNELS):
        value = tl.load(sample_channels + row * SAMPLE_CHANNELS + channel, mask=real, other=0.0)[:, None]
        weight = sample_weights + (layer * SAMPLE_CHANNELS + channel) * (2 * H) + h[None, :]
        signal += value * tl.load(weight)
        gate += value * tl.load(weight + H)
    return signal, gate


@triton.jit
def _head(
    skips: tl.tensor,
    heads: tl.tensor,
    hidden: tl.tensor,
    bias: tl.tensor,
    rows: tl.tensor,
    S: tl.constexpr,
    BLOCK_N: tl.constexpr,
) -> None:
    """The hidden layer between the sum of the skips and the parameters."""
    tl.debug_barrier()
    x = tl.maximum(tl.load(_block(skips, rows, S, 0, S)), 0.0)
    for n in range(0, S, BLOCK_N):
        total = _nothing(rows, BLOCK_N) + tl.load(bias + n + tl.arange(0, BLOCK_N))[None, :]
        total = _plus_product(total, x, tl.load(_block(hidden, tl.arange(0, S), S, n, BLOCK_N)))
        tl.store(_block(heads, rows, S, n, BLOCK_N), tl.maximum(total, 0.0))
    tl.debug_barrier()


@triton.jit
def _sample_class(
    heads: tl.tensor,
    last: tl.tensor,
    bias: tl.tensor,
    noise_row: tl.tensor,
    rows: tl.tensor,
    real: tl.tensor,
    N_COMPONENTS: tl.constexpr,
    S: tl.constexpr,
    C: tl.constexpr,
    BLOCK_K: tl.constexpr,
) -> tl.tensor:
    """The inverse of the cumulative distribution: how many of its values do not exceed the uniform number.

    For a negative number it is the likeliest class.
    """
    logits = _nothing(rows, C) + tl.load(bias + tl.arange(0, C))[None, :]
    for k in range(0, S, BLOCK_K):
        weight = tl.load(_block(last, k + tl.arange(0, BLOCK_K), C, 0, C))
        logits = _plus_product(logits, tl.load(_block(heads, rows, S, k, BLOCK_K)), weight)
    cumulative = tl.cumsum(tl.exp(logits - tl.max(logits, 1)[:, None]).to(tl.float64), 1)
    uniform = tl.load(noise_row, mask=real, other=0.0)
    passed = tl.sum((cumulative <= (uniform * tl.max(cumulative, 1))[:, None]).to(tl.int32), 1)
    found = tl.minimum(passed, N_COMPONENTS - 1)
    return tl.where(uniform < 0, tl.argmax(logits, 1), found).to(tl.float32)


@triton.jit
def _sample_mixture(
    heads: tl.tensor,
    last: tl.tensor,
    bias: tl.tensor,
    noise_row: tl.tensor,
    rows: tl.tensor,
    real: tl.tensor,
    least_log_scale: tl.tensor,
    NOISE_COLUMNS: tl.constexpr,
    S: tl.constexpr,
    C: tl.constexpr,
    BLOCK_K: tl.constexpr,
) -> tl.tensor:
    """A component by Gumbel noise, then the distance from its mean in scales, which is the noise's last column."""
    c = tl.arange(0, C)
    logits = _nothing(rows, C) + tl.load(bias + c)[None, :]
    means = _nothing(rows, C) + tl.load(bias + C + c)[None, :]
    log_scales = _nothing(rows, C) + tl.load(bias + 2 * C + c)[None, :]
    for k in range(0, S, BLOCK_K):
        x = tl.load(_block(heads, rows, S, k, BLOCK_K))
        weight = _block(last, k + tl.arange(0, BLOCK_K), 3 * C, 0, C)
        logits = _plus_product(logits, x, tl.load(weight))
        means = _plus_product(means, x, tl.load(weight + C))
        log_scales = _plus_product(log_scales, x, tl.load(weight + 2 * C))
    known = real[:, None] & (c < NOISE_COLUMNS - 1)[None, :]
    logits += tl.load(noise_row[:, None] + c[None, :], mask=known, other=0.0).to(tl.float32)
    chosen = c[None, :] == tl.argmax(logits, 1)[:, None]
    mean = tl.sum(tl.where(chosen, means, 0.0), 1)
    log_scale = tl.maximum(tl.sum(tl.where(chosen, log_scales, 0.0), 1), least_log_scale)
    deviation = tl.load(noise_row + NOISE_COLUMNS - 1, mask=real, other=0.0).to(tl.float32)
    sample = mean + tl.exp(log_scale) * deviation
    return tl.minimum(tl.maximum(sample, -1.0), 1.0)


def gate(convolved: Tensor, conditions: Tensor, gated: Tensor, layer: int) -> None:
    """See `tts.kernels.cuda.waveglow.gate`."""
    batch, n_channels, n_groups = convolved.shape
    n_layers = conditions.shape[1] // n_channels
    grid = (triton.cdiv(n_groups, GROUPS_PER_PROGRAM), n_channels // 2, batch)
    gate_program[grid](convolved.contiguous(), conditions, gated, layer, n_layers, n_groups, GROUPS_PER_PROGRAM)


def add(x: Tensor, residual: Tensor, beyond: Tensor) -> None:
    """See `tts.kernels.cuda.waveglow.add`."""
    batch, n_channels, n_groups = x.shape
    grid = (triton.cdiv(n_groups, GROUPS_PER_PROGRAM), n_channels, batch)
    add_program[grid](x, residual.contiguous(), beyond, n_groups, GROUPS_PER_PROGRAM)


@triton.jit
def gate_program(
    convolved: tl.tensor,  # [B, 2 * C, G]
    conditions: tl.tensor,  # [B, n_layers * 2 * C, G]
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
    convolved += (row * (2 * n_channels) + channel) * n_groups + groups
    conditions += ((row * n_layers + layer) * (2 * n_channels) + channel) * n_groups + groups
    signal = tl.load(convolved, mask=real).to(tl.float32) + tl.load(conditions, mask=real).to(tl.float32)
    gate = tl.load(convolved + half, mask=real).to(tl.float32) + tl.load(conditions + half, mask=real).to(tl.float32)
    # tanh(x) = 2 sigmoid(2 x) - 1
    y = (2 / (1 + tl.exp(-2 * signal)) - 1) / (1 + tl.exp(-gate))
    gated += ((row * n_layers + layer) * n_channels + channel) * n_groups + groups
    tl.store(gated, y.to(gated.dtype.element_ty), mask=real)


@triton.jit
def add_program(
    x: tl.tensor,  # [B, C, G], overwritten by the result
    residual: tl.tensor,  # [B, C, G]
    beyond: tl.tensor,  # [G]
    n_groups: tl.tensor,
    BLOCK: tl.constexpr,
) -> None:
    groups = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    real = groups < n_groups
    index = (tl.program_id(2).to(tl.int64) * tl.num_programs(1) + tl.program_id(1)) * n_groups + groups
    total = tl.load(x + index, mask=real).to(tl.float32) + tl.load(residual + index, mask=real).to(tl.float32)
    is_beyond = tl.load(beyond + groups, mask=real, other=1) != 0
    tl.store(x + index, tl.where(is_beyond, 0.0, total).to(x.dtype.element_ty), mask=real)
