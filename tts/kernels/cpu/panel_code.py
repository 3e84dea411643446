"""The inner loop of `tts.kernels.cpu.panels`, written for LLVM: Numba keeps no array in registers, and this must.

Vectors of eight are LLVM's own, so the same code does for any processor; only the products of int8 are asked for by
x86's name where the processor has it.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8
WIDTH = 32
CACHE_LINE = 64

_I8, _I16, _I32, _F32 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.FloatType()
_FLOATS, _INTS = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)
_BYTES, _SHORTS = ir.VectorType(_I8, 2 * LANES), ir.VectorType(_I16, 2 * LANES)
_WORDS = {types.int8: _I8, types.uint16: _I16, types.float32: _F32}
# A product is rounded with the sum that it goes to where the processor can do so, for every number of rows alike.
_FUSED = ("contract",)


@intrinsic(prefer_literal=True)
def add_panel(
    typing_context: Any,
    sums: Any,
    row: Any,
    column: Any,
    x: Any,
    x_at: Any,
    x_stride: Any,
    panels: Any,
    panel: Any,
    w_at: Any,
    w_stride: Any,
    n: Any,
    rows: Any,
    vectors: Any,
    ahead: Any,
) -> Any:
    """sums[row + r, column + j] += Σ_k x[r, k] w[k, column + j] over n inputs, for `rows` rows and 8 `vectors` columns.

    x, Vectors, from x_at on and panels, Panels, from w_at on; both count elements of the whole array. The last three
    are constants: the weights are fetched `ahead` bytes before they are used, if not 0.
    """
    is_int = panels.types[0].dtype == types.int8
    shape = rows.literal_value, vectors.literal_value, ahead.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, column, x_at, x_stride, panel, w_at, w_stride, n = (arguments[i] for i in (1, 2, 4, 5, 7, 8, 9, 10))
        code = _Code(context, builder, shape)
        values, ints, steps = (code.part(x, arguments[3], i) for i in range(3))
        weights, scales = (code.part(panels, arguments[6], i) for i in range(2))
        pair = 2 if is_int else 1
        code.word = _WORDS[panels.types[0].dtype]
        code.x = code.place(*(ints if is_int else values), x_at, _I16 if is_int else _F32)
        code.weights = code.place(*weights, builder.add(w_at, code.times(column, pair)), code.word)
        code.sums = code.place(sums, arguments[0], builder.add(code.times(row, WIDTH), column), _F32)
        code.x_stride, code.w_stride, code.n = x_stride, w_stride, n
        if is_int:
            code.steps = code.place(*steps, row, _F32)
            code.scales = code.place(*scales, builder.add(code.times(panel, WIDTH), column), _F32)
            code.add_ints()
        else:
            code.add_floats()
        return context.get_dummy_value()

    i = types.intp
    return types.none(sums, i, i, x, i, i, panels, i, i, i, i, rows, vectors, ahead), generate


class _Code:
    """Writes the loop: where its numbers begin, and how they are read."""

    word: Any
    x: Any
    weights: Any
    sums: Any
    steps: Any
    scales: Any
    x_stride: Any
    w_stride: Any
    n: Any

    def __init__(self, context: Any, builder: Any, shape: tuple[int, int, int]) -> None:
        self.context = context
        self.builder = builder
        self.n_rows, self.n_vectors, self.ahead = shape

    def add_floats(self) -> None:
        b = self.builder
        totals = self._totals(_FLOATS, self._load_sum)
        with cgutils.for_range(b, self.n) as loop:
            start = b.mul(loop.index, self.w_stride)
            self._fetch(start, self.n_vectors * LANES)
            weights = [self._weight(b.add(start, start.type(v * LANES))) for v in range(self.n_vectors)]
            for r, row in enumerate(totals):
                factor = self._splat(b.load(self._x_at(r, loop.index)))
                for weight, total in zip(weights, row, strict=True):
                    product = b.fmul(factor, weight, flags=_FUSED)
                    b.store(b.fadd(b.load(total), product, flags=_FUSED), total)
        for r, row in enumerate(totals):
            for v, total in enumerate(row):
                b.store(b.load(total), self._sum_at(r, v), align=4)

    def add_ints(self) -> None:
        b = self.builder
        totals = self._totals(_INTS, lambda r, v: ir.Constant(_INTS, [0] * LANES))
        with cgutils.for_range(b, b.sdiv(self.n, self.n.type(2))) as loop:
            # A pair of inputs' weights lie side by side, 32 pairs of them.
            start = self.times(b.mul(loop.index, self.w_stride), 2)
            self._fetch(start, 2 * self.n_vectors * LANES)
            weights = [self._pairs(b.add(start, start.type(2 * v * LANES))) for v in range(self.n_vectors)]
            for r, row in enumerate(totals):
                place = b.bitcast(self._x_at(r, self.times(loop.index, 2)), _I32.as_pointer())
                factor = b.bitcast(self._splat(b.load(place, align=2)), _SHORTS)
                for weight, total in zip(weights, row, strict=True):
                    b.store(b.add(b.load(total), self._products_of_pairs(weight, factor)), total)
        for r, row in enumerate(totals):
            step = self._splat(b.load(self._offset(self.steps, self.n.type(r))))
            for v, total in enumerate(row):
                scale = b.fmul(self._vector(self.scales, self.n.type(v * LANES), _FLOATS), step)
                product = b.fmul(b.sitofp(b.load(total), _FLOATS), scale, flags=_FUSED)
                b.store(b.fadd(self._load_sum(r, v), product, flags=_FUSED), self._sum_at(r, v), align=4)

    def part(self, kind: Any, value: Any, index: int) -> tuple[Any, Any]:
        """A NamedTuple's array, with its type."""
        return kind.types[index], self.builder.extract_value(value, index)

    def place(self, kind: Any, array: Any, index: Any, word: Any) -> Any:
        """A pointer to an element, counted through the whole array."""
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.bitcast(self._offset(data, index), word.as_pointer())

    def times(self, index: Any, factor: int) -> Any:
        return self.builder.mul(index, index.type(factor))

    def _offset(self, pointer: Any, index: Any) -> Any:
        return self.builder.gep(pointer, [index])

    def _vector(self, pointer: Any, index: Any, kind: Any) -> Any:
        place = self.builder.bitcast(self._offset(pointer, index), kind.as_pointer())
        return self.builder.load(place, align=1 if kind == _BYTES else 2 if kind.element == _I16 else 4)

    def _x_at(self, row: int, index: Any) -> Any:
        return self._offset(self.x, self.builder.add(self.times(self.x_stride, row), index))

    def _sum_at(self, row: int, vector: int) -> Any:
        place = self._offset(self.sums, self.n.type(row * WIDTH + vector * LANES))
        return self.builder.bitcast(place, _FLOATS.as_pointer())

    def _load_sum(self, row: int, vector: int) -> Any:
        return self.builder.load(self._sum_at(row, vector), align=4)

    def _totals(self, kind: Any, begin: Any) -> list[list[Any]]:
        """Variables that LLVM makes registers of, for each row and vector."""
        totals = []
        for r in range(self.n_rows):
            totals.append([cgutils.alloca_once(self.builder, kind) for _ in range(self.n_vectors)])  # type: ignore[no-untyped-call]
            for v, total in enumerate(totals[-1]):
                self.builder.store(begin(r, v), total)
        return totals

    def _weight(self, index: Any) -> Any:
        """Eight weights as float32; bfloat16 is its upper half."""
        if self.word == _F32:
            return self._vector(self.weights, index, _FLOATS)
        bits = self._vector(self.weights, index, ir.VectorType(_I16, LANES))
        high = self.builder.shl(self.builder.zext(bits, _INTS), ir.Constant(_INTS, [16] * LANES))
        return self.builder.bitcast(high, _FLOATS)

    def _pairs(self, index: Any) -> Any:
        """Eight pairs of weights in 16 bits."""
        return self.builder.sext(self._vector(self.weights, index, _BYTES), _SHORTS)

    def _products_of_pairs(self, a: Any, b: Any) -> Any:
        """a[2j] b[2j] + a[2j + 1] b[2j + 1] in 32 bits."""
        if _has_avx2():
            kind = ir.FunctionType(_INTS, [_SHORTS, _SHORTS])
            name = "llvm.x86.avx2.pmadd.wd"
            return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [a, b])  # type: ignore[no-untyped-call]
        wide = ir.VectorType(_I32, 2 * LANES)
        products = self.builder.mul(self.builder.sext(a, wide), self.builder.sext(b, wide))
        even, odd = (
            self.builder.shuffle_vector(products, products, ir.Constant(_INTS, list(range(i, 2 * LANES, 2))))
            for i in range(2)
        )
        return self.builder.add(even, odd)

    def _splat(self, value: Any) -> Any:
        nothing = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
        first = self.builder.insert_element(nothing, value, _I32(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(_INTS, [0] * LANES))

    def _fetch(self, start: Any, n_words: int) -> None:
        """Ask for the weights that lie `ahead`; beyond the end of an array that is no error."""
        if not self.ahead:
            return
        b, pointer, size = self.builder, _I8.as_pointer(), {_I8: 1, _I16: 2, _F32: 4}[self.word]
        kind = ir.FunctionType(ir.VoidType(), [pointer, _I32, _I32, _I32])
        fetch = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        for line in range(0, n_words * size, CACHE_LINE):
            place = self._offset(self.weights, b.add(start, start.type((self.ahead + line) // size)))
            # To be read, to be kept in every cache, as data.
            b.call(fetch, [b.bitcast(place, pointer), _I32(0), _I32(3), _I32(1)])


def _has_avx2() -> bool:
    return "x86" in llvm.get_process_triple() and bool(llvm.get_host_cpu_features().get("avx2", False))
