"""Files that `torch.save` wrote, in both of its formats, read as plain data: nothing that they name is imported or run.

The operations of a pickle are decoded by the standard library's `pickletools`, which runs nothing, and carried out here
on plain values. A class or function is only its name (`Global`); an object of it is a `Record` of what the pickle says
about it. Tensors are built by this module's own functions, which check what a file says against its bytes.

`torch.load` is not used, not even with `weights_only=True`: it refuses complete modules, and it trusts sizes before it
looks for the bytes, so that a small file could make it allocate gigabytes of memory.
"""

from __future__ import annotations

import io
import math
import pickletools
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from tts.errors import TtsError

_ZIP_START = b"PK\x03\x04"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
# The pickle holds names and shapes, and for complete modules their source text; the numbers are stored beside it.
_MAX_PICKLE_BYTES = 16 * 2**20
# A published checkpoint with its optimizer needs some hundred thousand operations.
_MAX_OPERATIONS = 2_000_000
_MAX_INT_BITS = 256
_MAX_KEY_LENGTH = 16
_MAX_DIMENSIONS = 32
# No real tensor has more elements, whatever its strides: the largest layer of the known models has 2**23.
_MAX_ELEMENTS = 2**31

_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_PUSHED_AS_READ = _NUMBERS | _TEXTS | _BYTES
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_CONTAINERS: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_TUPLE_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
# Operations that do the same as another.
_ALIASES = {"BINPUT": "PUT", "LONG_BINPUT": "PUT", "BINGET": "GET", "LONG_BINGET": "GET", "NEWOBJ": "REDUCE"}

_STORAGE_MODULES = frozenset({"torch", "torch.cuda", "torch.storage"})
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
_DTYPES = {str(dtype): dtype for dtype in _STORAGE_TYPES.values()}


class MalformedError(ValueError):
    """Why a file cannot be read, as the end of a sentence."""

    def __init__(self, reason: str = "it is damaged") -> None:
        super().__init__(reason)


@dataclass(frozen=True)
class Global:
    """The name of a class or function, which is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """What a pickle says about an object: its class or factory, the arguments, and the state and items put into it."""

    made_by: Global
    args: tuple[Any, ...]
    state: Any = None
    items: list[Any] = field(default_factory=list)


def read_pickle(path: Path) -> Any:
    """Return what `torch.save` was given, with tensors on the CPU; objects of classes become inert `Record`s.

    Raises:
        TtsError: the file is damaged, lies about its contents, or is not a torch file.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(len(_ZIP_START)) == _ZIP_START
            file.seek(0)
            return _read_zip(file) if zipped else _read_legacy(file)
    except MalformedError as error:
        raise TtsError(f"{path} cannot be read as a checkpoint: {error}.") from error
    except (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError, struct.error) as error:
        raise TtsError(f"{path} cannot be read as a checkpoint: it is damaged or cut short.") from error
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error


# The two file formats.


def _read_zip(file: BinaryIO) -> Any:
    """torch 1.6 and later: a zip archive without compression, with one entry per storage."""
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        folders = [name.rpartition("/")[0] for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(folders) != 1:
            raise MalformedError("it is a zip archive; unpack it and name the checkpoint inside")
        folder = folders[0]
        if any(name.startswith(f"{folder}/code/") for name in entries):
            raise MalformedError("it is a TorchScript program; a checkpoint of its weights is needed")

        # No entry may unpack to more than its bytes in the file, nor all of them to more than the file.
        infos = archive.infolist()
        if any(info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size for info in infos):
            raise MalformedError("its contents are compressed, which torch never does")
        if sum(info.file_size for info in infos) > size or len(archive.namelist()) != len({*archive.namelist()}):
            raise MalformedError("its directory is wrong")
        if any(info.flag_bits & 1 for info in infos):
            raise MalformedError("it is encrypted")
        if f"{folder}/byteorder" in entries and archive.read(f"{folder}/byteorder") == b"big":
            raise MalformedError("it was written by a big-endian machine")
        if entries[f"{folder}/data.pkl"].file_size > _MAX_PICKLE_BYTES:
            raise MalformedError("its pickle is too large")

        def numbers(key: str, n_bytes: int) -> bytearray:
            info = entries.get(f"{folder}/data/{key}")
            if info is None or info.file_size != n_bytes:
                raise MalformedError("the data of a tensor is missing or has another size than stated")
            return bytearray(archive.read(info))

        pickled = io.BytesIO(archive.read(f"{folder}/data.pkl"))
        return unpickle(pickled, _Storages(size, numbers).of_persistent_id, MAKERS)


def _read_legacy(file: BinaryIO) -> Any:
    """torch before 1.6: a magic number, a version, the machine, the object and the keys of the storages, all pickles.

    Then, in the order of the keys, each storage as its length and its numbers.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    pickles = io.BytesIO(file.read(min(size, _MAX_PICKLE_BYTES)))
    if unpickle(pickles) != _LEGACY_MAGIC:
        raise MalformedError("it is a pickle that torch did not write")
    protocol, machine = unpickle(pickles), None
    if protocol == _LEGACY_PROTOCOL:
        machine = unpickle(pickles)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise MalformedError("it was written by an unknown version of torch or a big-endian machine")

    # The numbers come last, but tensors are views, which can be cut before the numbers are there.
    storages = _Storages(size, lambda key, n_bytes: bytearray(n_bytes))
    value = unpickle(pickles, storages.of_persistent_id, MAKERS)
    keys = unpickle(pickles)
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages.roots):
        raise MalformedError
    file.seek(pickles.tell())
    for key in keys:
        flat = storages.roots[str(key)]
        (length,) = struct.unpack("<q", file.read(8))
        if length != len(flat):
            raise MalformedError("the data of a tensor has another size than stated")
        view = flat.view(torch.uint8).numpy()
        if length and file.readinto(view) != length * flat.itemsize:  # type: ignore[attr-defined]
            raise MalformedError("it is cut short")
    return value


# The pickle inside.


def unpickle(
    file: BinaryIO,
    persistent: Callable[[Any], Any] | None = None,
    makers: Mapping[Global, Callable[..., Any]] | None = None,
) -> Any:
    """Read one pickle from the position of `file`, which is behind it afterwards.

    `file` must be bytes in memory: a wrong length then reads no more than there is. `persistent` maps a persistent id
    to its object (None: there may be none); `makers` are our own functions, called in place of what the pickle names.

    Raises:
        MalformedError: this is not a pickle, it is too large, or it needs what no checkpoint needs.
    """
    machine = _Machine(persistent, makers or {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old string escapes do not concern the reader
            for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
                if count > _MAX_OPERATIONS:
                    raise MalformedError("it is too large")
                machine.run(operation.name, argument)
            return machine.result()
    except MalformedError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError, RuntimeError) as error:
        raise MalformedError("it is damaged or cut short") from error


class _Machine:
    """The stack, the marks in it and the memo that the operations of a pickle work on."""

    def __init__(self, persistent: Callable[[Any], Any] | None, makers: Mapping[Global, Callable[..., Any]]) -> None:
        self._persistent = persistent
        self._makers = makers
        self._stack: list[Any] = []
        self._below_marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        if len(self._stack) != 1 or self._below_marks:
            raise MalformedError
        return self._stack[0]

    def run(self, name: str, argument: Any) -> None:
        if name in _PUSHED_AS_READ:
            if isinstance(argument, int) and argument.bit_length() > _MAX_INT_BITS:
                raise MalformedError("it holds a number that no checkpoint needs")
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _CONTAINERS:
            self._stack.append(_CONTAINERS[name]())
        elif name in _TUPLE_SIZES:
            self._stack.append(tuple(self._pop_many(_TUPLE_SIZES[name])))
        elif handler := getattr(self, f"_{_ALIASES.get(name, name).lower()}", None):
            handler(*(() if argument is None else (argument,)))
        else:
            raise MalformedError(f"its pickle uses {name}, which no checkpoint needs")

    def _pop_many(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise MalformedError
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _pop_to_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._below_marks.pop()
        return items

    # Operations that only move values.

    def _proto(self, version: int) -> None:
        if version > 5:
            raise MalformedError(f"its pickle has the unknown version {version}")

    def _frame(self, length: int) -> None:
        """The length of what follows, which matters only when reading from a stream."""

    def _stop(self) -> None:
        """The pickle ends here."""

    def _mark(self) -> None:
        self._below_marks.append(self._stack)
        self._stack = []

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_to_mark()

    def _pop_mark(self) -> None:
        self._pop_to_mark()

    def _dup(self) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    # Containers.

    def _tuple(self) -> None:
        items = self._pop_to_mark()
        self._stack.append(tuple(items))

    def _list(self) -> None:
        items = self._pop_to_mark()
        self._stack.append(items)

    def _dict(self) -> None:
        items = self._pop_to_mark()
        self._stack.append(pairs_to_dict(zip(items[::2], items[1::2], strict=True)))

    def _frozenset(self) -> None:
        items = self._pop_to_mark()
        self._stack.append(frozenset(map(key, items)))

    def _append(self) -> None:
        self._extend(self._pop_many(1))

    def _appends(self) -> None:
        self._extend(self._pop_to_mark())

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, Record):
            target.items.extend(items)
        elif isinstance(target, list):
            target.extend(items)
        else:
            raise MalformedError

    def _setitem(self) -> None:
        self._update(self._pop_many(2))

    def _setitems(self) -> None:
        self._update(self._pop_to_mark())

    def _update(self, items: list[Any]) -> None:
        target = self._stack[-1]
        pairs = zip(items[::2], items[1::2], strict=True)
        if isinstance(target, Record):
            target.items.extend(pairs)
        elif isinstance(target, dict):
            target.update(pairs_to_dict(pairs))
        else:
            raise MalformedError

    def _additems(self) -> None:
        items, target = self._pop_to_mark(), self._stack[-1]
        if not isinstance(target, set):
            raise MalformedError
        target.update(map(key, items))

    # Names and objects.

    def _global(self, path: str) -> None:
        module, _, name = path.partition(" ")
        self._stack.append(Global(module, name))

    def _stack_global(self) -> None:
        module, name = self._pop_many(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise MalformedError
        self._stack.append(Global(module, name))

    def _reduce(self) -> None:
        self._make(*self._pop_many(2))

    def _newobj_ex(self) -> None:
        made_by, args, keywords = self._pop_many(3)
        self._make(made_by, (*args, keywords))

    def _inst(self, path: str) -> None:
        module, _, name = path.partition(" ")
        self._make(Global(module, name), tuple(self._pop_to_mark()))

    def _obj(self) -> None:
        made_by, *args = self._pop_to_mark()
        self._make(made_by, tuple(args))

    def _make(self, made_by: Any, args: Any) -> None:
        if not isinstance(made_by, Global) or not isinstance(args, tuple):
            raise MalformedError("it calls something that has no name")
        maker = self._makers.get(made_by)
        self._stack.append(maker(*args) if maker else Record(made_by, args))

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Record):
            target.state = state
        elif not isinstance(target, dict):  # an OrderedDict's attributes, such as _metadata, are ignored
            raise MalformedError

    def _binpersid(self) -> None:
        if self._persistent is None:
            raise MalformedError
        self._stack.append(self._persistent(self._stack.pop()))


def pairs_to_dict(pairs: Any) -> dict[Any, Any]:
    """A dict of (key, value) pairs whose keys are harmless."""
    return {key(name): value for name, value in pairs}


def key(value: Any) -> Any:
    """The value, if it can be a key: hashing a deeply nested or huge one could crash the process."""
    if _simple(value) or (isinstance(value, tuple) and len(value) <= _MAX_KEY_LENGTH and all(map(_simple, value))):
        return value
    raise MalformedError("it has keys that no checkpoint needs")


def _simple(value: Any) -> bool:
    if isinstance(value, int):
        return value.bit_length() < 64
    return value is None or isinstance(value, (str, bytes, float, Global, Record))


# Tensors.


@dataclass(frozen=True)
class Storage:
    """Numbers that tensors are views of; `flat`: [n], on the CPU, wherever it was saved."""

    flat: Tensor


class _Storages:
    """The storages that persistent ids name, each created once; together they are no larger than the file."""

    def __init__(self, max_bytes: int, numbers: Callable[[str, int], bytearray]) -> None:
        self._bytes_left = max_bytes
        self._numbers = numbers
        self.roots: dict[str, Tensor] = {}

    def of_persistent_id(self, saved: Any) -> Any:
        """The object of an id: ("storage", type, key, device, length, view?) or ("module", class, file, source)."""
        if not isinstance(saved, tuple) or not saved:
            raise MalformedError
        if saved[0] == "module":
            return saved[1]
        tag, kind, key, _device, length, *view = saved
        if tag != "storage" or not isinstance(key, str):
            raise MalformedError
        known = isinstance(kind, Global) and kind.module in _STORAGE_MODULES
        dtype = _STORAGE_TYPES.get(kind.name) if known else None
        if dtype is None:
            raise MalformedError("it holds numbers of an unknown type")

        if key not in self.roots:
            self._bytes_left -= _count(length) * dtype.itemsize
            if self._bytes_left < 0:
                raise MalformedError("it says that it holds more than it does")
            data = self._numbers(key, length * dtype.itemsize)
            self.roots[key] = torch.frombuffer(data, dtype=dtype) if length else torch.empty(0, dtype=dtype)
        flat = self.roots[key]
        if flat.dtype != dtype or len(flat) != _count(length):
            raise MalformedError
        if not view or view[0] is None:
            return Storage(flat)
        _key, offset, n_view = view[0]
        start, end = _count(offset), _count(offset) + _count(n_view)
        if end > len(flat):
            raise MalformedError("a tensor in it is larger than its data")
        return Storage(flat[start:end])


def _count(value: Any) -> int:
    """A length or an offset: an integer of at least 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError
    return value


def _view(flat: Tensor, offset: Any, size: Any, stride: Any) -> Tensor:
    sizes, strides, start = [_count(n) for n in size], [_count(n) for n in stride], _count(offset)
    if len(sizes) != len(strides) or len(sizes) > _MAX_DIMENSIONS or math.prod(sizes) > _MAX_ELEMENTS:
        raise MalformedError("the shape of a tensor in it cannot be right")
    last = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    if 0 in sizes:
        return torch.empty(sizes, dtype=flat.dtype)
    if last >= len(flat):
        raise MalformedError("a tensor in it is larger than its data")
    return flat.as_strided(sizes, strides, start)


# What stands in for the functions that torch's pickles name.


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
    if not isinstance(storage, Storage):
        raise MalformedError
    return _view(storage.flat, offset, size, stride)


def _rebuild_typed_tensor(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    """From a storage of bytes, with the offset and strides in elements."""
    _requires_grad, _hooks, dtype, *_ = rest
    kind = _DTYPES.get(str(dtype)) if isinstance(dtype, Global) else None
    if not isinstance(storage, Storage) or kind is None or len(storage.flat) * storage.flat.itemsize % kind.itemsize:
        raise MalformedError("it holds numbers of an unknown type")
    return _view(storage.flat.view(kind), offset, size, stride)


def _parameter(data: Any, *_: Any) -> Tensor:
    """A parameter is its tensor; gradients, hooks and attributes are ignored."""
    if not isinstance(data, Tensor):
        raise MalformedError
    return data


def _rebuild_subclass(maker: Any, _type: Any, args: Any, *_: Any) -> Any:
    if maker not in MAKERS:
        raise MalformedError("it holds a tensor of an unknown type")
    return MAKERS[maker](*args)


def _dict(pairs: Any = (), *_: Any) -> dict[Any, Any]:
    return pairs_to_dict(pairs if isinstance(pairs, (list, tuple)) else ())


def _set(items: Any = ()) -> set[Any]:
    return set(map(key, items))


MAKERS: dict[Global, Callable[..., Any]] = {
    Global("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    Global("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    Global("torch._utils", "_rebuild_tensor_v3"): _rebuild_typed_tensor,
    Global("torch._utils", "_rebuild_parameter"): _parameter,
    Global("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    Global("torch._tensor", "_rebuild_from_type_v2"): _rebuild_subclass,
    Global("torch", "Size"): tuple,
    Global("collections", "OrderedDict"): _dict,
    Global("collections", "defaultdict"): _dict,
    Global("collections", "Counter"): _dict,
    Global("builtins", "set"): _set,
    Global("__builtin__", "set"): _set,
}
