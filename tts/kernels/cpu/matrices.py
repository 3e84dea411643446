"""Products of packed matrices with a few vectors, whose time is that of reading the matrix; compiled by Numba.

A matrix is packed in panels of neighbouring outputs, each panel [inputs, outputs] in the order in which it is read.
Numba's own loops would load and store every sum once per input. Here LLVM receives the sums of a tile, some rows and
some outputs, as vectors of eight that it keeps in registers while it walks over the inputs. A sum is accumulated in the
order of its inputs whatever the tile, so a row's result is equal in every bit by itself and beside other rows.

Weights are float32, bfloat16 (the upper half of a float32: half the bytes to read) or int8. int8 weights are multiplied
by vectors of 16 bits and accumulated in 32 bits without rounding, see `Vectors`. Vectors of eight are LLVM's own, so
the same code compiles for any processor; only the products of int8 use an x86 instruction by name where the target has
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils, config
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint16]

LANES = 8
# Outputs of flat matrices are padded to groups; a panel of them is held in registers for one row.
GROUP, WIDE_PANEL = 16, 64
# Outputs of a panel of `Panels`.
PANEL = 32
MOST_INT8, MOST_INT16, MOST_INT32 = 127, 32767, 2**31 - 1
# Inputs that several rows are multiplied by in turn: their weights, 16 KB in float32, stay in the first-level cache.
CHUNK = 128
# Weights of `Panels` are prefetched this many bytes ahead: the processor's own prefetch is too late for narrow weights.
PANELS_AHEAD = 8192
# Flat bfloat16 weights are prefetched this many inputs ahead; float32 weights gain nothing from it.
FLAT_INPUTS_AHEAD = 16
CACHE_LINE = 64

# Lambert's continued fraction for tanh(x) / x, eleven levels, in x², the highest power first.
TANH_NUMERATOR = (1.0, 2145.0, 675675.0, 64324260.0, 1964187225.0, 13749310575.0)
TANH_DENOMINATOR = (66.0, 45045.0, 7567560.0, 413513100.0, 6547290750.0, 13749310575.0)

_BYTE, _SHORT, _INT, _LONG, _FLOAT = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()
_FLOATS, _INTS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)
_PAIRS_OF_BYTES, _PAIRS_OF_SHORTS = ir.VectorType(_BYTE, 2 * LANES), ir.VectorType(_SHORT, 2 * LANES)
# A product is rounded together with the sum where the processor can do so, for every number of rows alike.
_FUSED = ("contract",)


# Packing


def padded(n_outputs: int) -> int:
    """The number of outputs padded to complete groups."""
    return -(-n_outputs // GROUP) * GROUP


def to_bfloat16(values: Floats) -> Bits:
    """The bits of the nearest bfloat16 of each finite number; a tie rounds to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded: Bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


def _interleaved_bfloat16(values: Floats) -> Bits:
    """bfloat16 of groups of 16 in the order 0 8 1 9 …, so that one load of 32-bit words gives two vectors of eight."""
    pairs = to_bfloat16(values).reshape(-1, 2, GROUP // 2).swapaxes(1, 2)
    return np.ascontiguousarray(pairs).reshape(values.shape)


def pack_flat(*matrices: Floats, precision: str = "float32") -> npt.NDArray[Any]:
    """Matrices [inputs, complete groups of outputs] → the panels of each, concatenated; a panel is [inputs, ≤ 64].

    `precision` is "float32" or "bfloat16".
    """
    panels = [
        m[:, start : start + WIDE_PANEL].reshape(-1) for m in matrices for start in range(0, m.shape[1], WIDE_PANEL)
    ]
    flat = np.concatenate([np.zeros(0, np.float32), *panels])
    return flat if precision == "float32" else _interleaved_bfloat16(flat)


class Panels(NamedTuple):
    """A matrix [outputs, inputs] in panels of 32 outputs; outputs beyond the last are zero.

    values: float32 or interleaved bfloat16 [panels, inputs, 32], or int8 [panels, inputs / 2, 32, 2] with pairs of
    inputs side by side; scales [panels * 32]: the factors of int8 weights.
    """

    values: npt.NDArray[Any]
    scales: Floats


class Vectors(NamedTuple):
    """Vectors [slots, rows, n] to multiply: as floats, and for int8 weights as integer multiples of a step.

    ints int16, steps [rows] the step of each row; ints are at most `most_steps` of n, so that no sum of n products
    overflows.
    """

    values: Floats
    ints: npt.NDArray[np.int16]
    steps: Floats


def pack(matrix: Floats, precision: str = "float32") -> Panels:
    """`precision` is "float32", "bfloat16" (half the bytes) or "int8" (a quarter, with a scale per output)."""
    n_out, n_in = matrix.shape
    n_panels = -(-n_out // PANEL)
    filled = np.zeros((n_panels * PANEL, n_in + n_in % 2), np.float32)
    filled[:n_out, :n_in] = matrix
    scales = np.abs(filled).max(axis=1) / np.float32(MOST_INT8)
    if precision == "int8":
        filled = np.rint(filled / np.where(scales == 0, np.float32(1), scales)[:, None])
    panels = np.ascontiguousarray(filled.reshape(n_panels, PANEL, -1).transpose(0, 2, 1))
    if precision == "float32":
        return Panels(panels, scales)
    if precision == "bfloat16":
        return Panels(_interleaved_bfloat16(panels), scales)
    pairs = panels.reshape(n_panels, -1, 2, PANEL).transpose(0, 1, 3, 2)
    return Panels(np.ascontiguousarray(pairs, np.int8), scales)


def empty_vectors(n_rows: int, n: int, n_slots: int = 1) -> Vectors:
    """Zeros, with room for a complete pair at the end."""
    shape = n_slots, n_rows, n + n % 2
    return Vectors(np.zeros(shape, np.float32), np.zeros(shape, np.int16), np.zeros(n_rows, np.float32))


@njit(nogil=True, cache=True, inline="always")
def most_steps(n: int) -> int:
    return min(MOST_INT16, MOST_INT32 // (MOST_INT8 * n))


# Products


@njit(nogil=True)
def add_product(
    outputs: Any,
    first_output: int,
    output_step: int,
    n_outputs: int,
    inputs: Any,
    first_input: int,
    input_step: int,
    n_inputs: int,
    n_rows: int,
    weights: Any,
    first_weight: int,
) -> None:
    """outputs [rows, n_outputs] += inputs [rows, n_inputs] @ a matrix of `pack_flat`.

    All three are flat arrays, each with the index of its first number and the distance from one row to the next.
    """
    for column in range(0, n_outputs, WIDE_PANEL):
        width = min(WIDE_PANEL, n_outputs - column)
        panel, y = first_weight + column * n_inputs, first_output + column
        add_panel(
            outputs, y, output_step, inputs, first_input, input_step, n_inputs, n_rows, weights, panel, width, width
        )


@njit(nogil=True)
def add_panel(
    outputs: Any,
    first_output: int,
    output_step: int,
    inputs: Any,
    first_input: int,
    input_step: int,
    n_inputs: int,
    n_rows: int,
    weights: Any,
    first_weight: int,
    weight_step: int,
    n_outputs: int,
) -> None:
    """The same for up to one panel of outputs, where the weights of successive inputs are `weight_step` apart."""
    fours = n_rows - n_rows % 4
    for q in range(0, n_outputs if fours else 0, GROUP):
        for row in range(0, fours, 4):
            x, y = first_input + row * input_step, first_output + row * output_step + q
            _four_rows(outputs, y, output_step, inputs, x, input_step, n_inputs, weights, first_weight + q, weight_step)
    for row in range(fours, n_rows):
        x, y = first_input + row * input_step, first_output + row * output_step
        if n_outputs == WIDE_PANEL:
            _one_row(outputs, y, 0, inputs, x, 0, n_inputs, weights, first_weight, weight_step)
        else:
            for q in range(0, n_outputs, GROUP):
                _one_group(outputs, y + q, 0, inputs, x, 0, n_inputs, weights, first_weight + q, weight_step)


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
    """The same for n of the panel's inputs only, the first of which is multiplied by x[x_at]."""
    begin = panel * (panels.values.size // len(panels.values)) + first_input * PANEL
    # A sum of integers is one sum: it is converted to float32 only once.
    chunk = n if n_rows == 1 or panels.values.ndim == 4 else CHUNK
    for first in range(0, n, chunk):
        count = min(chunk, n - first)
        at, w_at = x_at + first, begin + first * PANEL
        row = 0
        while row + 4 <= n_rows:
            start = at + row * x_stride
            _panel_4x2(sums, row, 0, x, start, x_stride, count, panels, panel, w_at, PANEL)
            _panel_4x2(sums, row, 16, x, start, x_stride, count, panels, panel, w_at, PANEL)
            row += 4
        if row + 2 <= n_rows:
            _panel_2x4(sums, row, 0, x, at + row * x_stride, x_stride, count, panels, panel, w_at, PANEL)
            row += 2
        if row < n_rows:
            _panel_1x4(sums, row, 0, x, at + row * x_stride, x_stride, count, panels, panel, w_at, PANEL)


@njit(nogil=True, cache=True)
def add_mixture(sums: Floats, row: int, x: Vectors, x_at: int, table: Panels, w_at: int, stride: int, n: int) -> None:
    """sums [row] += Σ_k x[x_at + k] times the 32 numbers at w_at + k * stride of a table in float32."""
    _mixture_1x4(sums, row, 0, x, x_at, 0, n, table, 0, w_at, stride)


# LLVM code. An intrinsic computes pointers and calls a function of the same module that a `_write_…` below writes.


def _flat_tile(n_rows: int, n_vectors: int) -> Any:
    """In compiled code: outputs [n_rows, 8 n_vectors] += inputs [n_rows, n] @ weights [n, 8 n_vectors], flat arrays."""

    @intrinsic
    def tile(
        typing_context: Any,
        outputs: Any,
        first_output: Any,
        output_step: Any,
        inputs: Any,
        first_input: Any,
        input_step: Any,
        n_inputs: Any,
        weights: Any,
        first_weight: Any,
        weight_step: Any,
    ) -> Any:
        i = types.intp
        signature = types.void(outputs, i, i, inputs, i, i, i, weights, i, i)
        is_narrow = weights.dtype == types.uint16
        ahead = FLAT_INPUTS_AHEAD * LANES * n_vectors * 2 if is_narrow else 0

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            y, x, w = (_pointer(context, builder, signature.args[k], arguments[k], arguments[k + 1]) for k in (0, 3, 7))
            steps = [arguments[k] for k in (2, 5, 9, 6)]
            _call_float_tile(builder, (n_rows, n_vectors, is_narrow, ahead), [y, x, w, *steps])
            return context.get_dummy_value()

        return signature, generate

    return tile


def _panel_tile(n_rows: int, n_vectors: int, ahead: int) -> Any:
    """In compiled code: sums[row + r, column + j] += Σ_k x[r, k] w[k, column + j], for n_rows r and 8 n_vectors j.

    x, Vectors, from x_at on and Panels from w_at on; both indices count elements of the complete array.
    """

    @intrinsic
    def tile(
        typing_context: Any,
        sums: Any,
        row: Any,
        column: Any,
        x: Any,
        x_at: Any,
        x_stride: Any,
        n: Any,
        panels: Any,
        panel: Any,
        w_at: Any,
        w_stride: Any,
    ) -> Any:
        i = types.intp
        word = panels.types[0].dtype

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, row, column, _, x_at, x_stride, n, _, panel, w_at, w_stride = arguments

            def part(kind: Any, value: Any, field: int, index: Any) -> Any:
                """A pointer to an element of a NamedTuple's array."""
                return _pointer(context, builder, kind.types[field], builder.extract_value(value, field), index)

            def at_column(index: Any, factor: int) -> Any:
                return builder.add(builder.mul(index, _long(factor)), column)

            y = _pointer(context, builder, sums, arguments[0], at_column(row, PANEL))
            if word != types.int8:
                inputs = part(x, arguments[3], 0, x_at)
                weights = part(panels, arguments[7], 0, builder.add(w_at, column))
                shape = n_rows, n_vectors, word == types.uint16, ahead
                _call_float_tile(builder, shape, [y, inputs, weights, _long(PANEL), x_stride, w_stride, n])
                return context.get_dummy_value()
            given = [
                y,
                part(x, arguments[3], 1, x_at),
                part(panels, arguments[7], 0, builder.add(w_at, builder.mul(column, _long(2)))),
                part(x, arguments[3], 2, row),
                part(panels, arguments[7], 1, at_column(panel, PANEL)),
                *(x_stride, w_stride, n),
            ]
            _call(
                builder,
                f"tts.int8.tile.{n_rows}.{n_vectors}",
                given,
                lambda build, args: _write_int8_tile(build, n_rows, n_vectors, ahead, *args),
            )
            return context.get_dummy_value()

        return types.none(sums, i, i, x, i, i, i, panels, i, i, i), generate

    return tile


def _eights(name: str, write: Callable[..., Any]) -> Any:
    """In compiled code: outputs [n] = what `write` makes of them and inputs [n], n a multiple of eight."""

    @intrinsic
    def each(typing_context: Any, outputs: Any, first_output: Any, inputs: Any, first_input: Any, n: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            y, x = (_pointer(context, builder, signature.args[k], arguments[k], arguments[k + 1]) for k in (0, 2))

            def write_loop(build: Any, given: list[Any]) -> None:
                y, x, n = given
                with cgutils.for_range(build, build.udiv(n, _long(LANES))) as loop:
                    at = build.mul(loop.index, _long(LANES))
                    output, source = (_vector(build, build.gep(start, [at])) for start in (y, x))
                    build.store(write(build, build.load(output, align=4), build.load(source, align=4)), output, align=4)

            _call(builder, name, [y, x, arguments[4]], write_loop)
            return context.get_dummy_value()

        return types.void(outputs, types.intp, inputs, types.intp, types.intp), generate

    return each


@intrinsic
def gate(
    typing_context: Any, outputs: Any, first_output: Any, inputs: Any, first_signal: Any, first_gate: Any, n: Any
) -> Any:
    """In compiled code: outputs [n] = tanh(signals) * (tanh(gates) + 1), n a multiple of eight.

    For halved gates that is twice tanh times sigmoid.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        y = _pointer(context, builder, outputs, arguments[0], arguments[1])
        x, other = (_pointer(context, builder, inputs, arguments[2], arguments[k]) for k in (3, 4))

        def write(build: Any, given: list[Any]) -> None:
            y, x, other, n = given
            with cgutils.for_range(build, build.udiv(n, _long(LANES))) as loop:
                at = build.mul(loop.index, _long(LANES))
                signal, gate = (build.load(_vector(build, build.gep(start, [at])), align=4) for start in (x, other))
                (above, below), (over, under) = _tanh(build, signal), _tanh(build, gate)
                result = build.fdiv(build.fmul(above, build.fadd(under, over)), build.fmul(below, under))
                build.store(result, _vector(build, build.gep(y, [at])), align=4)

        _call(builder, "tts.gate", [y, x, other, arguments[5]], write)
        return context.get_dummy_value()

    i = types.intp
    return types.void(outputs, i, inputs, i, i, i), generate


@intrinsic
def widened(typing_context: Any, bits: Any) -> Any:
    """In compiled code: a bfloat16's bits → float32; LLVM vectorizes it where the surrounding loop permits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = builder.zext(arguments[0], _INT)
        return builder.bitcast(builder.shl(word, ir.Constant(_INT, 16)), _FLOAT)

    return types.float32(types.uint16), generate


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """A pointer to the array's element with this index, counted through the complete array."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _call(builder: Any, name: str, arguments: list[Any], write: Callable[[Any, list[Any]], None]) -> None:
    """Call a function that `write` writes once per module: a copy for every call would be slow to compile."""
    kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.add("noinline")
        build = ir.IRBuilder(function.append_basic_block())
        write(build, list(function.args))
        build.ret_void()
    builder.call(function, arguments)


def _call_float_tile(builder: Any, shape: tuple[int, int, bool, int], arguments: list[Any]) -> None:
    """outputs += inputs @ weights; shape: rows, vectors, whether weights are bfloat16, bytes to prefetch ahead.

    arguments: the pointers to outputs, inputs and weights, the steps of each, and the number of inputs.
    """
    n_rows, n_vectors, is_narrow, ahead = shape

    def write(build: Any, given: list[Any]) -> None:
        y, x, w, output_step, input_step, weight_step, n_inputs = given
        outputs = [
            _vector(build, build.gep(y, [build.mul(output_step, _long(row))]), LANES * vector)
            for row in range(n_rows)
            for vector in range(n_vectors)
        ]
        sums = [build.alloca(_FLOATS) for _ in outputs]
        for output, total in zip(outputs, sums, strict=True):
            build.store(build.load(output, align=4), total)
        with cgutils.for_range(build, n_inputs) as loop:
            at = build.gep(w, [build.mul(loop.index, weight_step)])
            _prefetch(build, at, ahead, LANES * n_vectors, 2 if is_narrow else 4)
            weights = []
            for vector in range(0, n_vectors, 2 if is_narrow else 1):
                if is_narrow:
                    words = build.load(_vector(build, at, LANES * vector, _INTS), align=2)
                    low = build.shl(words, ir.Constant(_INTS, [16] * LANES))
                    high = build.and_(words, ir.Constant(_INTS, [0xFFFF0000] * LANES))
                    weights += [build.bitcast(half, _FLOATS) for half in (low, high)]
                else:
                    weights.append(build.load(_vector(build, at, LANES * vector), align=4))
            for row in range(n_rows):
                index = build.add(build.mul(input_step, _long(row)), loop.index)
                value = _splat(build, build.load(build.gep(x, [index])))
                for vector, weight in enumerate(weights):
                    total = sums[row * n_vectors + vector]
                    product = build.fmul(value, weight, flags=_FUSED)
                    build.store(build.fadd(build.load(total), product, flags=_FUSED), total)
        for output, total in zip(outputs, sums, strict=True):
            build.store(build.load(total), output, align=4)

    _call(builder, ".".join(["tts.tile", *map(str, map(int, shape))]), arguments, write)


def _write_int8_tile(
    build: Any,
    n_rows: int,
    n_vectors: int,
    ahead: int,
    y: Any,
    x: Any,
    w: Any,
    steps: Any,
    scales: Any,
    input_step: Any,
    weight_step: Any,
    n_inputs: Any,
) -> None:
    sums = [build.alloca(_INTS) for _ in range(n_rows * n_vectors)]
    for total in sums:
        build.store(ir.Constant(_INTS, [0] * LANES), total)
    with cgutils.for_range(build, build.sdiv(n_inputs, _long(2))) as loop:
        # The weights of a pair of inputs lie side by side, 32 pairs of them.
        pair = build.mul(loop.index, _long(2))
        at = build.gep(w, [build.mul(pair, weight_step)])
        _prefetch(build, at, ahead, 2 * LANES * n_vectors, 1)
        weights = []
        for vector in range(n_vectors):
            pairs = build.load(_vector(build, at, 2 * LANES * vector, _PAIRS_OF_BYTES), align=1)
            weights.append(build.sext(pairs, _PAIRS_OF_SHORTS))
        for row in range(n_rows):
            index = build.add(build.mul(input_step, _long(row)), pair)
            both = build.load(build.bitcast(build.gep(x, [index]), _INT.as_pointer()), align=2)
            factor = build.bitcast(_splat(build, both), _PAIRS_OF_SHORTS)
            for vector, weight in enumerate(weights):
                total = sums[row * n_vectors + vector]
                build.store(build.add(build.load(total), _products_of_pairs(build, weight, factor)), total)
    for row in range(n_rows):
        step = _splat(build, build.load(build.gep(steps, [_long(row)])))
        for vector in range(n_vectors):
            output = _vector(build, y, row * PANEL + LANES * vector)
            scale = build.fmul(build.load(_vector(build, scales, LANES * vector), align=4), step)
            total = build.sitofp(build.load(sums[row * n_vectors + vector]), _FLOATS)
            product = build.fmul(total, scale, flags=_FUSED)
            build.store(build.fadd(build.load(output, align=4), product, flags=_FUSED), output, align=4)


def _products_of_pairs(build: Any, a: Any, b: Any) -> Any:
    """a[2j] b[2j] + a[2j + 1] b[2j + 1] in 32 bits."""
    # What Numba compiles for, which need not be the processor that it runs on.
    features: str | None = config.CPU_FEATURES  # type: ignore[attr-defined]
    if features is None:
        features = get_host_cpu_features()  # type: ignore[no-untyped-call]
    if "x86" in llvm.get_process_triple() and "+avx2" in str(features).split(","):
        kind = ir.FunctionType(_INTS, [_PAIRS_OF_SHORTS, _PAIRS_OF_SHORTS])
        name = "llvm.x86.avx2.pmadd.wd"
        return build.call(cgutils.get_or_insert_function(build.module, kind, name), [a, b])  # type: ignore[no-untyped-call]
    wide = ir.VectorType(_INT, 2 * LANES)
    products = build.mul(build.sext(a, wide), build.sext(b, wide))
    even, odd = (
        build.shuffle_vector(products, products, ir.Constant(_INTS, list(range(i, 2 * LANES, 2)))) for i in range(2)
    )
    return build.add(even, odd)


def _tanh(build: Any, x: Any) -> tuple[Any, Any]:
    """Lambert's continued fraction, eleven levels, as a fraction: to 5e-7, constant beyond ±7.35."""
    for limit, beyond in ((7.35, ">"), (-7.35, "<")):
        edge = ir.Constant(_FLOATS, [limit] * LANES)
        x = build.select(build.fcmp_ordered(beyond, x, edge), edge, x)
    square = build.fmul(x, x)

    def polynomial(coefficients: tuple[float, ...]) -> Any:
        total = ir.Constant(_FLOATS, [coefficients[0]] * LANES)
        for coefficient in coefficients[1:]:
            product = build.fmul(total, square, flags=_FUSED)
            total = build.fadd(product, ir.Constant(_FLOATS, [coefficient] * LANES), flags=_FUSED)
        return total

    return build.fmul(x, polynomial(TANH_NUMERATOR)), polynomial(TANH_DENOMINATOR)


def _prefetch(build: Any, start: Any, ahead: int, n_words: int, word_bytes: int) -> None:
    """Prefetch the words `ahead` bytes beyond `start`; beyond the end of an array that is no error. 0: nothing."""
    if not ahead:
        return
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT, _INT, _INT])
    fetch = build.module.declare_intrinsic("llvm.prefetch", [_BYTE.as_pointer()], kind)
    # To be read, into every cache, as data.
    options = [ir.Constant(_INT, value) for value in (0, 3, 1)]
    for line in range(0, n_words * word_bytes, CACHE_LINE):
        address = build.gep(start, [_long((ahead + line) // word_bytes)])
        build.call(fetch, [build.bitcast(address, _BYTE.as_pointer()), *options])


def _vector(build: Any, start: Any, offset: int = 0, kind: Any = _FLOATS) -> Any:
    return build.bitcast(build.gep(start, [_long(offset)]), kind.as_pointer())


def _splat(build: Any, value: Any) -> Any:
    nothing = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    first = build.insert_element(nothing, value, ir.Constant(_INT, 0))
    return build.shuffle_vector(first, nothing, ir.Constant(_INTS, [0] * LANES))


def _long(value: int) -> Any:
    return ir.Constant(_LONG, value)


_one_group, _one_row = _flat_tile(1, GROUP // LANES), _flat_tile(1, WIDE_PANEL // LANES)
_four_rows = _flat_tile(4, GROUP // LANES)
_panel_4x2, _panel_2x4, _panel_1x4 = (_panel_tile(*shape, PANELS_AHEAD) for shape in ((4, 2), (2, 4), (1, 4)))
_mixture_1x4 = _panel_tile(1, 4, 0)
_ZEROS = ir.Constant(_FLOATS, [0.0] * LANES)
add = _eights("tts.add", lambda build, y, x: build.fadd(y, x))
put = _eights("tts.put", lambda build, y, x: x)
put_positive = _eights("tts.positive", lambda build, y, x: build.select(build.fcmp_ordered(">", x, _ZEROS), x, _ZEROS))
