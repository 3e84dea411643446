"""Tensors out of a torch pickle, made by our own functions: what a file says of them is checked against its bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tts.voice.formats.unpickler import Global, MalformedError, key, pairs_to_dict

_STORAGE_TYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}
_STORAGE_MODULES = frozenset({"torch", "torch.cuda", "torch.storage"})
_DTYPES = {str(dtype): dtype for dtype in _STORAGE_TYPES.values()}
_MOST_DIMENSIONS = 32
# Beyond this a tensor is a lie, whatever its strides: the largest layer of the known models has 2**23 numbers.
_MOST_NUMBERS = 2**31


@dataclass(frozen=True)
class Storage:
    """A stretch of numbers that tensors are cut from; `flat`: [n], on the CPU wherever it was saved."""

    flat: Tensor


def storage_dtype(storage_type: Any) -> torch.dtype:
    """The numbers that a storage class holds, by its name.

    Raises:
        MalformedError: no checkpoint has such.
    """
    if isinstance(storage_type, Global) and storage_type.module in _STORAGE_MODULES:
        dtype = _STORAGE_TYPES.get(storage_type.name)
        if dtype is not None:
            return dtype
    raise MalformedError("it holds numbers of an unknown kind")


def count(value: Any) -> int:
    """A length or an offset.

    Raises:
        MalformedError: it is no whole number, or negative.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError("it is damaged")
    return value


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
    if not isinstance(storage, Storage):
        raise MalformedError("it is damaged")
    return _view(storage.flat, offset, size, stride)


def _rebuild_tensor_of(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    """From a storage of bytes, with the offset and strides in numbers."""
    _requires_grad, _hooks, dtype, *_ = rest
    kind = _DTYPES.get(str(dtype)) if isinstance(dtype, Global) else None
    if not isinstance(storage, Storage) or kind is None or len(storage.flat) * storage.flat.itemsize % kind.itemsize:
        raise MalformedError("it holds numbers of an unknown kind")
    return _view(storage.flat.view(kind), offset, size, stride)


def _view(flat: Tensor, offset: Any, size: Any, stride: Any) -> Tensor:
    sizes, strides, start = [count(n) for n in size], [count(n) for n in stride], count(offset)
    if len(sizes) != len(strides) or len(sizes) > _MOST_DIMENSIONS or math.prod(sizes) > _MOST_NUMBERS:
        raise MalformedError("the shape of a tensor in it cannot be right")
    last = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    if 0 in sizes:
        return torch.empty(sizes, dtype=flat.dtype)
    if last >= len(flat):
        raise MalformedError("a tensor in it is larger than its data")
    return flat.as_strided(sizes, strides, start)


def _first_tensor(data: Any, *_: Any) -> Tensor:
    """A parameter is its tensor; gradients, hooks and attributes stay behind."""
    if not isinstance(data, Tensor):
        raise MalformedError("it is damaged")
    return data


def _rebuild_subclass(maker: Any, _type: Any, args: Any, *_: Any) -> Any:
    if maker not in MAKERS:
        raise MalformedError("it holds a tensor of an unknown kind")
    return MAKERS[maker](*args)


def _dict(pairs: Any = (), *_: Any) -> dict[Any, Any]:
    return pairs_to_dict(pairs if isinstance(pairs, (list, tuple)) else ())


def _size(sizes: Any = ()) -> tuple[Any, ...]:
    return tuple(sizes)


def _set(items: Any = ()) -> set[Any]:
    return set(map(key, items))


MAKERS: dict[Global, Callable[..., Any]] = {
    Global("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    Global("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    Global("torch._utils", "_rebuild_tensor_v3"): _rebuild_tensor_of,
    Global("torch._utils", "_rebuild_parameter"): _first_tensor,
    Global("torch._utils", "_rebuild_parameter_with_state"): _first_tensor,
    Global("torch._tensor", "_rebuild_from_type_v2"): _rebuild_subclass,
    Global("torch", "Size"): _size,
    Global("collections", "OrderedDict"): _dict,
    Global("collections", "defaultdict"): _dict,
    Global("collections", "Counter"): _dict,
    Global("builtins", "set"): _set,
    Global("__builtin__", "set"): _set,
}
