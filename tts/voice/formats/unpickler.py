"""A pickle as plain data: nothing that it names is imported, and nothing that it asks for is called.

The operations are decoded by the standard library's `pickletools`, which runs nothing, and carried out here on plain
values. A class or function is only its name (`Global`); an object of it is a `Record` of what the pickle says about it.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

# A published checkpoint with its optimizer takes some hundred thousand operations.
_MOST_OPERATIONS = 2_000_000
_MOST_INT_BITS = 256
_MOST_KEY_LENGTH = 16

_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_PUSHED_AS_READ = _NUMBERS | _TEXTS | _BYTES
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_CONTAINERS: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_TUPLE_SIZES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class MalformedError(ValueError):
    """Why a file is not read, as the end of a sentence."""


@dataclass(frozen=True)
class Global:
    """The name of a class or function, which is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Record:
    """What a pickle says about an object: what makes it, from what arguments, and the state and items put into it."""

    made_by: Global
    args: tuple[Any, ...]
    state: Any = None
    items: list[Any] = field(default_factory=list)


def unpickle(
    file: BinaryIO,
    persistent: Callable[[Any], Any],
    makers: Mapping[Global, Callable[..., Any]] | None = None,
) -> Any:
    """Read one pickle from where `file` stands, which then stands behind it.

    `file` must be bytes in memory: a lying length then reads no more than there is. `persistent` gives what a
    persistent id stands for; `makers` are our own functions that are called in place of what the pickle names.

    Raises:
        MalformedError: this is no pickle, too large a one, or it asks for what no checkpoint needs.
    """
    machine = _Machine(persistent, makers or {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old string escapes, which are not the reader's business
            for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
                if count > _MOST_OPERATIONS:
                    raise MalformedError("it is too large")
                machine.run(operation.name, argument)
            return machine.result()
    except MalformedError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError, RuntimeError) as error:
        raise MalformedError("it is damaged or cut short") from error


class _Machine:
    """The stack, the marks in it and the memo that the operations of a pickle work on."""

    def __init__(self, persistent: Callable[[Any], Any], makers: Mapping[Global, Callable[..., Any]]) -> None:
        self._persistent = persistent
        self._makers = makers
        self._stack: list[Any] = []
        self._below_marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        if len(self._stack) != 1 or self._below_marks:
            raise MalformedError("it is damaged")
        return self._stack[0]

    def run(self, name: str, argument: Any) -> None:
        if name in _PUSHED_AS_READ:
            self._stack.append(_sane(argument))
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _CONTAINERS:
            self._stack.append(_CONTAINERS[name]())
        elif name in _TUPLE_SIZES:
            self._stack.append(tuple(self._pop_many(_TUPLE_SIZES[name])))
        elif handler := getattr(self, f"_{name.lower()}", None):
            handler(*(() if argument is None else (argument,)))
        else:
            raise MalformedError(f"its pickle uses {name}, which no checkpoint needs")

    def _pop_many(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise MalformedError("it is damaged")
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _pop_to_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._below_marks.pop()
        return items

    # Operations that only move things.

    def _proto(self, version: int) -> None:
        if version > 5:
            raise MalformedError(f"its pickle has the unknown version {version}")

    def _frame(self, length: int) -> None:
        """The length of what follows, which helps only those who read from a stream."""

    def _stop(self) -> None:
        """The reading ends here."""

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

    _binput = _long_binput = _put
    _binget = _long_binget = _get

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
            raise MalformedError("it is damaged")

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
            raise MalformedError("it is damaged")

    def _additems(self) -> None:
        items, target = self._pop_to_mark(), self._stack[-1]
        if not isinstance(target, set):
            raise MalformedError("it is damaged")
        target.update(map(key, items))

    # Names and objects.

    def _global(self, path: str) -> None:
        module, _, name = path.partition(" ")
        self._stack.append(Global(module, name))

    def _stack_global(self) -> None:
        module, name = self._pop_many(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise MalformedError("it is damaged")
        self._stack.append(Global(module, name))

    def _reduce(self) -> None:
        self._make(*self._pop_many(2))

    _newobj = _reduce

    def _newobj_ex(self) -> None:
        made_by, args, keywords = self._pop_many(3)
        self._make(made_by, (*args, keywords))

    def _inst(self, path: str) -> None:
        args = self._pop_to_mark()
        self._global(path)
        self._make(self._stack.pop(), tuple(args))

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
        elif not isinstance(target, dict):  # an OrderedDict's attributes, such as _metadata, are not kept
            raise MalformedError("it is damaged")

    def _binpersid(self) -> None:
        self._stack.append(self._persistent(self._stack.pop()))


def pairs_to_dict(pairs: Any) -> dict[Any, Any]:
    """A dict of (key, value) pairs whose keys are harmless."""
    return {key(name): value for name, value in pairs}


def key(value: Any) -> Any:
    """The value, if it can be a key: hashing a deep or huge one would take the whole process down."""
    if _simple(value) or (isinstance(value, tuple) and len(value) <= _MOST_KEY_LENGTH and all(map(_simple, value))):
        return value
    raise MalformedError("it has keys that no checkpoint needs")


def _simple(value: Any) -> bool:
    if isinstance(value, int):
        return value.bit_length() < 64
    return value is None or isinstance(value, (str, bytes, float, Global, Record))


def _sane(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > _MOST_INT_BITS:
        raise MalformedError("it holds a number that no checkpoint needs")
    return value
