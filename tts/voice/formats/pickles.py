"""Files that `torch.save` wrote, of both its formats, read without running anything that they name.

`torch.load` is not used, not even with `weights_only=True`: it refuses whole modules, and it believes sizes before it
looks for the bytes, so that a small file could make it take gigabytes of memory.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from tts.errors import TtsError
from tts.voice.formats.tensors import MAKERS, Storage, count, storage_dtype
from tts.voice.formats.unpickler import MalformedError, unpickle

_ZIP_START = b"PK\x03\x04"
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
# The pickle holds names and shapes, and for whole modules their source text; the numbers lie beside it.
_MOST_PICKLE_BYTES = 16 * 2**20


def read_pickle(path: Path) -> Any:
    """What `torch.save` was given, with tensors on the CPU; objects of classes come as inert `Record`s.

    Raises:
        TtsError: the file is damaged, lies about its contents, or is no torch file.
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


def _read_zip(file: BinaryIO) -> Any:
    """torch 1.6 and later: a zip archive, nothing in it compressed, with one entry a storage."""
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        folder = _checkpoint_folder(list(entries))
        _check_entries(archive, size)
        if f"{folder}/byteorder" in entries and archive.read(f"{folder}/byteorder") == b"big":
            raise MalformedError("it was written by a big-endian machine")
        if entries[f"{folder}/data.pkl"].file_size > _MOST_PICKLE_BYTES:
            raise MalformedError("its pickle is too large")

        def numbers(key: str, n_bytes: int) -> bytearray:
            info = entries.get(f"{folder}/data/{key}")
            if info is None or info.file_size != n_bytes:
                raise MalformedError("a tensor's data is missing or of another size than it says")
            return bytearray(archive.read(info))

        pickled = io.BytesIO(archive.read(f"{folder}/data.pkl"))
        return unpickle(pickled, _Storages(size, numbers).of_persistent_id, MAKERS)


def _checkpoint_folder(names: list[str]) -> str:
    folders = [name.rpartition("/")[0] for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(folders) != 1:
        raise MalformedError("it is a zip archive; unpack it and name the checkpoint inside")
    if any(name.startswith(f"{folders[0]}/code/") for name in names):
        raise MalformedError("it is a TorchScript program; a checkpoint of its weights is needed")
    return folders[0]


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    """No entry may unpack to more than the bytes it takes up, nor all of them to more than the file."""
    entries = archive.infolist()
    if any(info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size for info in entries):
        raise MalformedError("its contents are compressed, which torch never does")
    if sum(info.file_size for info in entries) > size or len(archive.namelist()) != len({*archive.namelist()}):
        raise MalformedError("its directory is wrong")
    if any(info.flag_bits & 1 for info in entries):
        raise MalformedError("it is encrypted")


def _read_legacy(file: BinaryIO) -> Any:
    """torch before 1.6: a magic number, a version, the machine, the object and the storages' keys, each a pickle.

    Then, in the order of the keys, each storage as its length and its numbers.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    pickles = io.BytesIO(file.read(min(size, _MOST_PICKLE_BYTES)))
    if _plain(pickles) != _LEGACY_MAGIC:
        raise MalformedError("it is a pickle that torch did not write")
    if _plain(pickles) != _LEGACY_PROTOCOL or not _little_endian(_plain(pickles)):
        raise MalformedError("it was written by an unknown version of torch or a big-endian machine")
    # The numbers come last, but tensors are views that can be cut before them.
    storages = _Storages(size, lambda key, n_bytes: bytearray(n_bytes))
    value = unpickle(pickles, storages.of_persistent_id, MAKERS)
    keys = _plain(pickles)
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages.roots):
        raise MalformedError("it is damaged")
    file.seek(pickles.tell())
    for key in keys:
        _fill(storages.roots[str(key)], file)
    return value


def _plain(pickles: BinaryIO) -> Any:
    return unpickle(pickles, _no_persistent_ids)


def _no_persistent_ids(saved: Any) -> Any:
    raise MalformedError("it is damaged")


def _little_endian(machine: Any) -> bool:
    return isinstance(machine, dict) and machine.get("little_endian") is True


def _fill(flat: Tensor, file: BinaryIO) -> None:
    (length,) = struct.unpack("<q", file.read(8))
    if length != len(flat):
        raise MalformedError("a tensor's data is of another size than it says")
    if length and file.readinto(flat.view(torch.uint8).numpy()) != length * flat.itemsize:  # type: ignore[attr-defined]
        raise MalformedError("it is cut short")


class _Storages:
    """The storages that persistent ids name, each made once; together they are no larger than the file."""

    def __init__(self, most_bytes: int, numbers: Callable[[str, int], bytearray]) -> None:
        self._bytes_left = most_bytes
        self._numbers = numbers
        self.roots: dict[str, Tensor] = {}

    def of_persistent_id(self, saved: Any) -> Any:
        """What an id stands for: ("storage", type, key, device, length, view?) or ("module", class, file, source)."""
        if not isinstance(saved, tuple) or not saved:
            raise MalformedError("it is damaged")
        if saved[0] == "module":
            return saved[1]
        tag, storage_type, key, _device, length, *view = saved
        if tag != "storage" or not isinstance(key, str):
            raise MalformedError("it is damaged")
        flat = self._root(key, storage_dtype(storage_type), count(length))
        return Storage(_part(flat, *view[0][1:]) if view and view[0] is not None else flat)

    def _root(self, key: str, dtype: torch.dtype, length: int) -> Tensor:
        if key not in self.roots:
            self._bytes_left -= length * dtype.itemsize
            if self._bytes_left < 0:
                raise MalformedError("it says that it holds more than it does")
            data = self._numbers(key, length * dtype.itemsize)
            self.roots[key] = torch.frombuffer(data, dtype=dtype) if length else torch.empty(0, dtype=dtype)
        flat = self.roots[key]
        if flat.dtype != dtype or len(flat) != length:
            raise MalformedError("it is damaged")
        return flat


def _part(flat: Tensor, offset: Any, length: Any) -> Tensor:
    start, end = count(offset), count(offset) + count(length)
    if end > len(flat):
        raise MalformedError("a tensor in it is larger than its data")
    return flat[start:end]
