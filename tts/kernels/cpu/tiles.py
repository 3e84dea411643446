"""Products of a few rows with packed weights, whose sums stay in registers until they are done.

Numba's own loops would read and write every sum once for each input. Here LLVM is handed the sums of a tile as vectors
of eight, which it keeps in registers while it walks over the inputs. A sum is added up in the order of its inputs
whatever the tile, so that a row comes out the same to the last bit alone or beside others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from tts.kernels.cpu.bfloat16 import to_bfloat16

Floats = npt.NDArray[np.float32]

# Outputs come in whole groups; as many as a panel holds are kept in registers for one row.
GROUP, PANEL = 16, 64
# How many inputs ahead bfloat16 weights are asked for: their sums wait for memory more than those of float32 do.
AHEAD = 16

# Lambert's continued fraction for tanh(x) / x, eleven levels, in x², the highest power first.
TANH_ABOVE = (1.0, 2145.0, 675675.0, 64324260.0, 1964187225.0, 13749310575.0)
TANH_BELOW = (66.0, 45045.0, 7567560.0, 413513100.0, 6547290750.0, 13749310575.0)

_FLOATS = ir.VectorType(ir.FloatType(), 8)
_WORDS = ir.VectorType(ir.IntType(32), 8)


def padded(n_outputs: int) -> int:
    """The next whole number of groups."""
    return -(-n_outputs // GROUP) * GROUP


def packed(*matrices: Floats, precision: str = "float32") -> npt.NDArray[Any]:
    """Matrices [inputs, whole groups of outputs] → the panels of each in a row, a panel [inputs, its outputs].

    "bfloat16" keeps the bits of two weights, eight outputs apart, in a word, so that one load gives two vectors.
    """
    panels = [m[:, start : start + PANEL].reshape(-1) for m in matrices for start in range(0, m.shape[1], PANEL)]
    flat = np.concatenate([np.zeros(0, np.float32), *panels])
    if precision == "float32":
        return flat
    pairs = to_bfloat16(flat).reshape(len(flat) // GROUP, 2, GROUP // 2).swapaxes(1, 2)
    return np.ascontiguousarray(pairs).reshape(-1)


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
    """outputs [rows, n_outputs] += inputs [rows, n_inputs] @ a `packed` matrix.

    All three are flat arrays; of each the place of the first number is told, and how far one row is from the next.
    """
    for column in range(0, n_outputs, PANEL):
        width = min(PANEL, n_outputs - column)
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
    """The same for groups of outputs whose weights of one input follow those of the one before by `weight_step`."""
    fours = n_rows - n_rows % 4
    for row in range(0, fours, 4):
        x, y = first_input + row * input_step, first_output + row * output_step
        for q in range(0, n_outputs, GROUP):
            _four_rows(
                outputs, y + q, output_step, inputs, x, input_step, n_inputs, weights, first_weight + q, weight_step
            )
    for row in range(fours, n_rows):
        x, y = first_input + row * input_step, first_output + row * output_step
        if n_outputs == PANEL:
            _one_row(outputs, y, 0, inputs, x, 0, n_inputs, weights, first_weight, weight_step)
        else:
            for q in range(0, n_outputs, GROUP):
                _one_group(outputs, y + q, 0, inputs, x, 0, n_inputs, weights, first_weight + q, weight_step)


def _tile(n_rows: int, n_vectors: int) -> Any:
    """In compiled code: outputs [n_rows, 8 n_vectors] += inputs [n_rows, n] @ weights [n, 8 n_vectors]."""

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
        place = types.intp
        signature = types.void(outputs, place, place, inputs, place, place, place, weights, place, place)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            y, x, w = (_place(context, builder, signature, arguments, i) for i in (0, 3, 7))
            name = f"tts.tile.{n_rows}.{n_vectors}.{signature.args[7].dtype}"
            narrow = signature.args[7].dtype == types.uint16
            steps = [arguments[i] for i in (2, 5, 9, 6)]

            def write(build: Any, given: list[Any]) -> None:
                _Tile(build, n_rows, n_vectors, narrow)(*given)

            _call(builder, name, [y, x, w, *steps], write)
            return context.get_dummy_value()

        return signature, generate

    return tile


@intrinsic
def gate(
    typing_context: Any, outputs: Any, first_output: Any, inputs: Any, first_signal: Any, first_gate: Any, n: Any
) -> Any:
    """In compiled code: outputs [n] = tanh(signals) * (tanh(gates) + 1), n a whole number of eights.

    Of halved gates that is twice tanh times sigmoid.
    """
    place = types.intp
    signature = types.void(outputs, place, inputs, place, place, place)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        y, x = (_place(context, builder, signature, arguments, i) for i in (0, 2))
        other = builder.gep(_data(context, builder, signature, arguments, 2), [arguments[4]])
        _call(builder, "tts.gate", [y, x, other, arguments[5]], _write_gate)
        return context.get_dummy_value()

    return signature, generate


def _eights(name: str, write: Callable[..., Any]) -> Any:
    """In compiled code: outputs [n] = what `write` makes of them and inputs [n], n a whole number of eights."""

    @intrinsic
    def each(typing_context: Any, outputs: Any, first_output: Any, inputs: Any, first_input: Any, n: Any) -> Any:
        signature = types.void(outputs, types.intp, inputs, types.intp, types.intp)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            y, x = (_place(context, builder, signature, arguments, i) for i in (0, 2))
            _call(builder, name, [y, x, arguments[4]], lambda build, given: _write_eights(build, given, write))
            return context.get_dummy_value()

        return signature, generate

    return each


def _write_eights(build: Any, given: list[Any], write: Callable[..., Any]) -> None:
    y, x, n = given
    with cgutils.for_range(build, build.udiv(n, _int(8))) as loop:
        at = build.mul(loop.index, _int(8))
        output, source = (_vector(build, build.gep(place, [at]), 0) for place in (y, x))
        result = write(build, build.load(output, align=4), build.load(source, align=4))
        build.store(result, output, align=4)


def _data(context: Any, builder: Any, signature: Any, arguments: Any, i: int) -> Any:
    return context.make_array(signature.args[i])(context, builder, arguments[i]).data


def _place(context: Any, builder: Any, signature: Any, arguments: Any, i: int) -> Any:
    """Where an array's number is whose index is the argument after it."""
    return builder.gep(_data(context, builder, signature, arguments, i), [arguments[i + 1]])


def _call(builder: Any, name: str, arguments: list[Any], write: Callable[[Any, list[Any]], None]) -> None:
    """Call a function that `write` writes, once in a module: to copy it to every call would take long to compile."""
    kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.add("noinline")
        build = ir.IRBuilder(function.append_basic_block())
        write(build, list(function.args))
        build.ret_void()
    builder.call(function, arguments)


class _Tile:
    """Writes a tile's LLVM code."""

    def __init__(self, builder: Any, n_rows: int, n_vectors: int, narrow: bool) -> None:
        self.builder, self.n_rows, self.n_vectors, self.narrow = builder, n_rows, n_vectors, narrow

    def __call__(
        self, y: Any, x: Any, w: Any, output_step: Any, input_step: Any, weight_step: Any, n_inputs: Any
    ) -> None:
        build = self.builder
        places = [
            _vector(build, build.gep(y, [build.mul(output_step, _int(row))]), 8 * vector)
            for row in range(self.n_rows)
            for vector in range(self.n_vectors)
        ]
        sums = [build.alloca(_FLOATS) for _ in places]
        for place, total in zip(places, sums, strict=True):
            build.store(build.load(place, align=4), total)
        with cgutils.for_range(build, n_inputs) as loop:
            weights = self._weights(build.gep(w, [build.mul(loop.index, weight_step)]))
            for row in range(self.n_rows):
                at = build.add(build.mul(input_step, _int(row)), loop.index)
                value = _everywhere(build, build.load(build.gep(x, [at])))
                for vector, weight in enumerate(weights):
                    total = sums[row * self.n_vectors + vector]
                    # May be one instruction, but in no other order.
                    product = build.fmul(value, weight, flags=("contract",))
                    build.store(build.fadd(build.load(total), product, flags=("contract",)), total)
        for place, total in zip(places, sums, strict=True):
            build.store(build.load(total), place, align=4)

    def _weights(self, place: Any) -> list[Any]:
        build, n = self.builder, self.n_vectors
        if not self.narrow:
            return [build.load(_vector(build, place, 8 * i), align=4) for i in range(n)]
        self._fetch(build.gep(place, [_int(AHEAD * 8 * n)]))
        words = [build.load(_vector(build, place, 8 * i, _WORDS), align=2) for i in range(0, n, 2)]
        low = [build.shl(word, ir.Constant(_WORDS, [16] * 8)) for word in words]
        high = [build.and_(word, ir.Constant(_WORDS, [0xFFFF0000] * 8)) for word in words]
        return [build.bitcast(half, _FLOATS) for pair in zip(low, high, strict=True) for half in pair]

    def _fetch(self, place: Any) -> None:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        fetch = self.builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        options = [ir.Constant(flag, value) for value in (0, 3, 1)]
        for line in range(0, 8 * self.n_vectors, 32):
            self.builder.call(fetch, [self.builder.bitcast(self.builder.gep(place, [_int(line)]), byte), *options])


def _write_gate(build: Any, given: list[Any]) -> None:
    y, x, other, n = given
    with cgutils.for_range(build, build.udiv(n, _int(8))) as loop:
        at = build.mul(loop.index, _int(8))
        signal, gate = (build.load(_vector(build, build.gep(place, [at]), 0), align=4) for place in (x, other))
        (above, below), (over, under) = _tanh(build, signal), _tanh(build, gate)
        result = build.fdiv(build.fmul(above, build.fadd(under, over)), build.fmul(below, under))
        build.store(result, _vector(build, build.gep(y, [at]), 0), align=4)


def _tanh(build: Any, x: Any) -> tuple[Any, Any]:
    """Lambert's continued fraction, eleven levels, as a fraction: to 5e-7, held beyond ±7.35."""
    for limit, beyond in ((7.35, ">"), (-7.35, "<")):
        edge = ir.Constant(_FLOATS, [limit] * 8)
        x = build.select(build.fcmp_ordered(beyond, x, edge), edge, x)
    square = build.fmul(x, x)
    return build.fmul(x, _polynomial(build, square, TANH_ABOVE)), _polynomial(build, square, TANH_BELOW)


def _polynomial(build: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    total = ir.Constant(_FLOATS, [coefficients[0]] * 8)
    for coefficient in coefficients[1:]:
        product = build.fmul(total, x, flags=("contract",))
        total = build.fadd(product, ir.Constant(_FLOATS, [coefficient] * 8), flags=("contract",))
    return total


def _vector(build: Any, place: Any, offset: int, kind: Any = _FLOATS) -> Any:
    return build.bitcast(build.gep(place, [_int(offset)]), kind.as_pointer())


def _everywhere(build: Any, value: Any) -> Any:
    nothing = ir.Constant(_FLOATS, ir.Undefined)
    first = build.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return build.shuffle_vector(first, nothing, ir.Constant(_WORDS, [0] * 8))


def _zeros() -> Any:
    return ir.Constant(_FLOATS, [0.0] * 8)


def _int(value: int) -> Any:
    return ir.Constant(ir.IntType(64), value)


_one_group, _one_row, _four_rows = _tile(1, GROUP // 8), _tile(1, PANEL // 8), _tile(4, GROUP // 8)
add = _eights("tts.add", lambda build, y, x: build.fadd(y, x))
put = _eights("tts.put", lambda build, y, x: x)
put_positive = _eights(
    "tts.positive", lambda build, y, x: build.select(build.fcmp_ordered(">", x, _zeros()), x, _zeros())
)
