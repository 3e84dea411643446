"""WaveNet's loop over samples as one Triton program, which stays on the GPU for all of them.

A program speaks STREAMS streams at once, because that is how many rows a tensor core multiplies, and goes through the
samples itself: nothing is launched for each. Weights are read through the L2 cache, in tiles; the layers' past inputs
lie in rings in global memory.

What the threads of a program store for one another they load behind a barrier, one at the start of each layer and two
in the head. A ring has a place for now beside all that its taps look back on, so that nothing is overwritten in the
step that reads it.

It has run in Triton's interpreter on the CPU, and is compiled for sm_80 and sm_90 by the tests; it has not run on a GPU.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl

SQRT_HALF = tl.constexpr(0.7071067811865476)


@triton.jit
def generate_samples(
    first: Any,  # [n_inputs, R], R residual channels
    first_bias: Any,  # [R]
    taps: Any,  # [L, n_taps * R, 2 * H], the oldest tap first; H channels of the signal, then H of its gate
    residual: Any,  # [L, H, R], and its bias [L, R]: scaled by sqrt(1/2) as the input will be
    residual_bias: Any,
    skip: Any,  # [L, H, S]: scaled by all that will still come, so that skips are just added
    skip_bias: Any,  # [S]: that of all layers together
    hidden: Any,  # [S, S]
    hidden_bias: Any,  # [S]
    last: Any,  # [S, n_parts * C], C classes or components
    last_bias: Any,  # [n_parts * C]: -inf for the logit of what is only there to fill up
    dilations: Any,  # [L]
    starts: Any,  # [L]: the row of `rings` where a layer's ring begins
    rings: Any,  # [rows, streams, R]
    skips: Any,  # [streams, S] to add in, as the next
    heads: Any,
    previous_samples: Any,  # [streams]
    conditions: Any,  # [n_frames, n_streams, L, 2 * N_HALF]
    nearest_frames: Any,  # [n_steps]: the first of the NEIGHBOURS frames that a step hears
    nearness: Any,  # [n_steps, NEIGHBOURS]: how much of each
    noise: Any,  # [n_steps, n_streams, NOISE_COLUMNS]
    samples: Any,  # [n_steps, n_streams], the result
    n_steps: Any,
    first_step: Any,
    n_streams: Any,
    n_layers: Any,
    least_log_scale: Any,
    N_HALF: tl.constexpr,  # noqa: N803
    N_COMPONENTS: tl.constexpr,  # noqa: N803
    N_TAPS: tl.constexpr,  # noqa: N803
    R: tl.constexpr,  # noqa: N803
    H: tl.constexpr,  # noqa: N803
    S: tl.constexpr,  # noqa: N803
    C: tl.constexpr,  # noqa: N803
    CLASSES: tl.constexpr,  # noqa: N803
    NEIGHBOURS: tl.constexpr,  # noqa: N803
    NOISE_COLUMNS: tl.constexpr,  # noqa: N803
    BLOCK_K: tl.constexpr,  # noqa: N803
    BLOCK_N: tl.constexpr,  # noqa: N803
    STREAMS: tl.constexpr,  # noqa: N803
) -> None:
    """Samples `first_step` to `first_step + n_steps` of every stream; `rings` and `previous_samples` move on.

    R, H, S and C are powers of two, 16 or more, and what fills them up is zero. Products are those of the weights'
    number format, summed in float32.
    """
    rows = tl.program_id(0) * STREAMS + tl.arange(0, STREAMS)
    n_rows = tl.num_programs(0) * STREAMS
    real = rows < n_streams
    previous = tl.load(previous_samples + rows)
    for step in range(n_steps):
        now = first_step + step
        x = _first_layer(previous, first, first_bias, R, CLASSES)
        place = tl.load(starts) + now % ((N_TAPS - 1) * tl.load(dilations) + 1)
        tl.store(_block(rings + place.to(tl.int64) * (n_rows * R), rows, R, 0, R), x)
        bias = tl.load(skip_bias + tl.arange(0, S))[None, :]
        tl.store(_block(skips, rows, S, 0, S), tl.zeros([STREAMS, S], tl.float32) + bias)
        frame = tl.load(nearest_frames + step).to(tl.int64)
        for layer in range(n_layers):
            tl.debug_barrier()
            signal = tl.zeros([STREAMS, H], tl.float32)
            gate = tl.zeros([STREAMS, H], tl.float32)
            known = real[:, None] & (tl.arange(0, H) < N_HALF)[None, :]
            for neighbour in tl.static_range(NEIGHBOURS):
                near = tl.load(nearness + step * NEIGHBOURS + neighbour)
                heard = conditions + ((frame + neighbour) * (n_streams * n_layers) + layer) * (2 * N_HALF)
                heard = _block(heard, rows * n_layers, 2 * N_HALF, 0, H)
                signal += near * tl.load(heard, mask=known, other=0.0)
                gate += near * tl.load(heard + N_HALF, mask=known, other=0.0)
            start, dilation = tl.load(starts + layer), tl.load(dilations + layer)
            size = (N_TAPS - 1) * dilation + 1
            for k in range(0, N_TAPS * R, BLOCK_K):
                place = start + (now + size - (N_TAPS - 1 - k // R) * dilation) % size
                past = _block(rings + place.to(tl.int64) * (n_rows * R), rows, R, k % R, BLOCK_K)
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
                here = rings + (start + now % size).to(tl.int64) * (n_rows * R)
                next_size = (N_TAPS - 1) * tl.load(dilations + layer + 1) + 1
                there = rings + (tl.load(starts + layer + 1) + now % next_size).to(tl.int64) * (n_rows * R)
                for n in range(0, R, BLOCK_N):
                    bias = tl.load(residual_bias + layer * R + n + tl.arange(0, BLOCK_N))[None, :]
                    x = tl.load(_block(here, rows, R, n, BLOCK_N)) * SQRT_HALF + bias
                    x = _plus_product(x, gated, tl.load(_block(residual, inputs, R, n, BLOCK_N)))
                    tl.store(_block(there, rows, R, n, BLOCK_N), x)
        _head(skips, heads, hidden, hidden_bias, rows, S, BLOCK_N)
        drawn = noise + (step * n_streams + rows) * NOISE_COLUMNS
        if CLASSES:
            previous = _class(heads, last, last_bias, drawn, rows, real, N_COMPONENTS, S, C, BLOCK_K)
        else:
            previous = _of_mixture(
                heads, last, last_bias, drawn, rows, real, least_log_scale, NOISE_COLUMNS, S, C, BLOCK_K
            )
        tl.store(samples + step * n_streams + rows, previous, mask=real)
    tl.store(previous_samples + rows, previous)


@triton.jit
def _block(matrix: Any, rows: Any, width: Any, column: Any, COLUMNS: tl.constexpr) -> Any:  # noqa: N803
    """Pointers to `rows` of a matrix that is `width` wide, to the columns from `column` on."""
    return matrix + rows[:, None] * width + (column + tl.arange(0, COLUMNS))[None, :]


@triton.jit
def _plus_product(total: Any, x: Any, weight: Any) -> Any:
    return tl.dot(x.to(weight.dtype), weight, total, input_precision="ieee")


@triton.jit
def _first_layer(previous: Any, first: Any, bias: Any, R: tl.constexpr, CLASSES: tl.constexpr) -> Any:  # noqa: N803
    """A row of the weights for a class, a multiple of the only row for a sample."""
    if CLASSES:
        x = tl.load(_block(first, previous.to(tl.int32), R, 0, R)).to(tl.float32)
    else:
        x = previous[:, None] * tl.load(first + tl.arange(0, R))[None, :].to(tl.float32)
    return x + tl.load(bias + tl.arange(0, R))[None, :]


@triton.jit
def _head(
    skips: Any, heads: Any, hidden: Any, bias: Any, rows: Any, S: tl.constexpr, BLOCK_N: tl.constexpr  # noqa: N803
) -> None:
    """The hidden layer between the sum of the skips and the parameters."""
    tl.debug_barrier()
    heard = tl.maximum(tl.load(_block(skips, rows, S, 0, S)), 0.0)
    for n in range(0, S, BLOCK_N):
        total = tl.load(bias + n + tl.arange(0, BLOCK_N))[None, :] + tl.zeros([rows.shape[0], BLOCK_N], tl.float32)
        total = _plus_product(total, heard, tl.load(_block(hidden, tl.arange(0, S), S, n, BLOCK_N)))
        tl.store(_block(heads, rows, S, n, BLOCK_N), tl.maximum(total, 0.0))
    tl.debug_barrier()


@triton.jit
def _class(
    heads: Any,
    last: Any,
    bias: Any,
    drawn: Any,
    rows: Any,
    real: Any,
    N_COMPONENTS: tl.constexpr,  # noqa: N803
    S: tl.constexpr,  # noqa: N803
    C: tl.constexpr,  # noqa: N803
    BLOCK_K: tl.constexpr,  # noqa: N803
) -> Any:
    """The inverse of the cumulative distribution: how many of its values do not exceed the uniform number."""
    logits = tl.load(bias + tl.arange(0, C))[None, :] + tl.zeros([rows.shape[0], C], tl.float32)
    for k in range(0, S, BLOCK_K):
        weight = tl.load(_block(last, k + tl.arange(0, BLOCK_K), C, 0, C))
        logits = _plus_product(logits, tl.load(_block(heads, rows, S, k, BLOCK_K)), weight)
    cumulative = tl.cumsum(tl.exp(logits - tl.max(logits, 1)[:, None]).to(tl.float64), 1)
    uniform = tl.load(drawn, mask=real, other=0.0) * tl.max(cumulative, 1)
    passed = tl.sum((cumulative <= uniform[:, None]).to(tl.int32), 1)
    return tl.minimum(passed, N_COMPONENTS - 1).to(tl.float32)


@triton.jit
def _of_mixture(
    heads: Any,
    last: Any,
    bias: Any,
    drawn: Any,
    rows: Any,
    real: Any,
    least_log_scale: Any,
    NOISE_COLUMNS: tl.constexpr,  # noqa: N803
    S: tl.constexpr,  # noqa: N803
    C: tl.constexpr,  # noqa: N803
    BLOCK_K: tl.constexpr,  # noqa: N803
) -> Any:
    """A component by its Gumbel draws, then the place in it, which is the noise's last column."""
    c = tl.arange(0, C)
    nothing = tl.zeros([rows.shape[0], C], tl.float32)
    logits = tl.load(bias + c)[None, :] + nothing
    means = tl.load(bias + C + c)[None, :] + nothing
    log_scales = tl.load(bias + 2 * C + c)[None, :] + nothing
    for k in range(0, S, BLOCK_K):
        heard = tl.load(_block(heads, rows, S, k, BLOCK_K))
        weight = _block(last, k + tl.arange(0, BLOCK_K), 3 * C, 0, C)
        logits = _plus_product(logits, heard, tl.load(weight))
        means = _plus_product(means, heard, tl.load(weight + C))
        log_scales = _plus_product(log_scales, heard, tl.load(weight + 2 * C))
    known = real[:, None] & (c < NOISE_COLUMNS - 1)[None, :]
    logits += tl.load(drawn[:, None] + c[None, :], mask=known, other=0.0)
    chosen = c[None, :] == tl.argmax(logits, 1)[:, None]
    mean = tl.sum(tl.where(chosen, means, 0.0), 1)
    log_scale = tl.maximum(tl.sum(tl.where(chosen, log_scales, 0.0), 1), least_log_scale)
    sample = mean + tl.exp(log_scale) * tl.load(drawn + NOISE_COLUMNS - 1, mask=real, other=0.0)
    return tl.minimum(tl.maximum(sample, -1.0), 1.0)
