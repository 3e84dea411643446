"""Weights kept in bfloat16, the upper half of a float32, and widened as they are read: half the bytes to fetch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Bits = npt.NDArray[np.uint16]


def to_bfloat16(values: npt.NDArray[np.float32]) -> Bits:
    """The nearest bfloat16 of each finite number, as its bits; of two equally near the even one."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded: Bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return rounded


@intrinsic
def widened(typing_context: Any, bits: Any) -> Any:
    """In compiled code: a bfloat16's bits → float32. LLVM makes vectors of it where the loop around allows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = builder.zext(arguments[0], ir.IntType(32))
        return builder.bitcast(builder.shl(word, ir.Constant(ir.IntType(32), 16)), ir.FloatType())

    return types.float32(types.uint16), generate
