"""Voices packed into one file: unpacked without trusting anything in it, packed the same way every time.

From a tar (plain, gzip or xz) or a zip only plain files come out that have the names a voice's files have; nothing is
linked, executed or written elsewhere. Sizes are counted as bytes come, whatever the headers say.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from tts.errors import TtsError, UsageError
from tts.files import atomic_write
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, load_manifest, verify_files
from tts.voice.names import is_plain_name, is_text_about_it, is_voice_file

PACKED_SUFFIXES = (".tar", ".tar.gz")
_BLOCK = 1 << 18
# What tarfile may read on its own between two files: headers, padding and what it reads ahead.
_HEADER_BYTES = 1 << 20
_XZ_MEMORY = 128 << 20


@dataclass(frozen=True)
class Bounds:
    """How much may come out of an archive. Weights hardly shrink, so what grows beyond `growth` times is no voice."""

    members: int = 64
    file_bytes: int = 4 << 30
    total_bytes: int = 8 << 30
    growth: int = 20
    always_allowed: int = 64 << 20

    def total(self, archive_bytes: int) -> int:
        return min(self.total_bytes, self.always_allowed + self.growth * archive_bytes)


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def holds_archive(path: Path) -> bool:
    """Whether a file is a tar or a zip of files; a zip in which PyTorch keeps tensors is not."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK"):
        return not _is_torch_file(path)
    return head.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00")) or head[257:262] == b"ustar"


def check_torch_file(path: Path) -> None:
    """Refuse a checkpoint that is a zip which grows beyond all measure; PyTorch's own are not compressed.

    Raises:
        TtsError: it is one, or is cut short.
    """
    if not zipfile.is_zipfile(path):
        return
    with _readable(path), zipfile.ZipFile(path) as archive:
        total = sum(info.file_size for info in archive.infolist())
    if total > 2 * path.stat().st_size + Bounds().always_allowed:
        raise TtsError(f"{path.name} is refused: it would unpack to {total / 1e9:.1f} GB, far more than its size.")


def unpack(path: Path, folder: Path, bounds: Bounds | None = None) -> None:
    """Unpack the voice in an archive into `folder`, which is there and empty.

    Raises:
        TtsError: it is damaged, holds anything but a voice, or is too large. Nothing outside `folder` was touched.
    """
    bounds = bounds or Bounds()
    taker = _Taker(path, folder, bounds)
    with _readable(path):
        if zipfile.is_zipfile(path):
            _unpack_zip(path, taker)
        else:
            _unpack_tar(path, taker, bounds)
    if not (folder / MANIFEST_FILE).is_file():
        raise TtsError(f"{path.name} is not a packed voice: it holds no {MANIFEST_FILE}.")


def pack(folder: Path, destination: Path) -> Path:
    """Pack a voice whose files are whole into a .tar or .tar.gz, the same bytes from the same files.

    Raises:
        UsageError: `destination` has another suffix.
        TtsError: the folder is no voice, one of its files is damaged, or nothing can be written there.
    """
    if not destination.name.endswith(PACKED_SUFFIXES):
        raise UsageError(f"A packed voice is a tar: let the name end in .tar or .tar.gz, not {destination.name!r}.")
    manifest = load_manifest(folder)
    check_whole(manifest)
    top = manifest.name if is_plain_name(manifest.name) else "voice"
    names = {MANIFEST_FILE, *manifest.files}
    names |= {path.name for path in folder.iterdir() if path.is_file() and is_text_about_it(path.name)}
    with (
        atomic_write(destination) as path,
        path.open("wb") as file,
        _packer(file, destination.name) as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(names):
            _add(tar, folder / name, f"{top}/{name}")
    return destination


def check_whole(manifest: VoiceManifest) -> None:
    """Refuse to pack a voice that is damaged.

    Raises:
        TtsError: it is.
    """
    if problems := verify_files(manifest):
        raise TtsError(f"{manifest.name} cannot be packed: {problems[0]}")


def _packer(file: IO[bytes], name: str) -> AbstractContextManager[Any]:
    # Without a name and a time in it, gzip's header is the same every time.
    return gzip.GzipFile("", "wb", fileobj=file, mtime=0) if name.endswith(".gz") else nullcontext(file)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = path.stat().st_size, 0o644
    with path.open("rb") as file:
        tar.addfile(member, file)


class _Taker:
    """Takes files out of one archive: their names are checked and their bytes counted."""

    def __init__(self, archive: Path, folder: Path, bounds: Bounds) -> None:
        self._archive, self._folder, self._bounds = archive, folder, bounds
        self._left = bounds.total(archive.stat().st_size)
        self._members = 0
        self._tops: set[PurePosixPath] = set()
        self._names: set[str] = set()

    @property
    def allowance(self) -> int:
        """The most bytes that the next file may have."""
        return min(self._left, self._bounds.file_bytes)

    def count(self) -> None:
        """One more member, whatever it is."""
        self._members += 1
        if self._members > self._bounds.members:
            raise self.refusal(f"it holds more than {self._bounds.members} files")

    def take(self, name: str, content: _Source) -> None:
        """Write one member's bytes into the folder."""
        target, allowed = self._folder / self._checked(name), self.allowance
        taken = 0
        with target.open("xb") as file:
            while block := content.read(_BLOCK):
                taken += len(block)
                if taken > allowed:
                    raise self.refusal("more comes out of it than any voice holds")
                file.write(block)
        self._left -= taken

    def refusal(self, reason: str) -> TtsError:
        return TtsError(f"{self._archive.name} is refused: {reason}.")

    def _checked(self, name: str) -> str:
        """A member's plain name: it lies at the top or in the one folder there is, and is one of a voice's files."""
        path = PurePosixPath(name)
        if "\\" in name or ":" in name or path.is_absolute() or ".." in path.parts:
            raise self.refusal(f"{name!r} in it would be written outside of the voice's folder")
        self._tops.add(path.parent)
        if len(path.parts) > 2 or len(self._tops) > 1:
            raise self.refusal(f"{name!r} in it does not lie beside the others")
        if not is_voice_file(path.name):
            raise self.refusal(f"it holds {name!r}, which is no file of a voice")
        if path.name.lower() in self._names:
            raise self.refusal(f"it holds {path.name!r} twice")
        self._names.add(path.name.lower())
        return path.name


def _unpack_zip(path: Path, taker: _Taker) -> None:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            taker.count()
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir():
                continue
            if kind not in (0, stat.S_IFREG) or info.flag_bits & 0x1:
                raise taker.refusal(f"{info.filename!r} in it is not a plain file")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise taker.refusal(f"{info.filename!r} in it is packed in an unusual way")
            with archive.open(info) as content:
                taker.take(info.filename, content)


def _unpack_tar(path: Path, taker: _Taker, bounds: Bounds) -> None:
    with path.open("rb") as file:
        rationed = _Rationed(_unpacked(file), taker)
        rationed.allow(_HEADER_BYTES)
        # A stream: each byte is unpacked once, in order, and counted.
        stream: Any = rationed  # tarfile needs no more of it than `read`
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while True:
                rationed.allow(_HEADER_BYTES)
                if (member := archive.next()) is None:
                    return
                taker.count()
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise taker.refusal(f"{member.name!r} in it is not a plain file")
                rationed.allow(taker.allowance + _HEADER_BYTES)
                content = archive.extractfile(member)
                assert content is not None
                taker.take(member.name, content)


class _Rationed:
    """A stream of which only so many bytes may be read until more are allowed: a header can claim any size."""

    def __init__(self, source: _Source, taker: _Taker) -> None:
        self._source, self._taker, self._left = source, taker, 0

    def allow(self, n_bytes: int) -> None:
        self._left = n_bytes

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise self._taker.refusal("more comes out of it than any voice holds")
        return data


def _unpacked(file: IO[bytes]) -> _Source:
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    return _Xz(file) if head == b"\xfd7zXZ\x00" else file


class _Xz:
    """An xz stream that cannot ask for more memory than a voice's archive needs (lzma.LZMAFile has no such bound)."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decoder = file, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        while not self._decoder.eof:
            packed = self._file.read(_BLOCK) if self._decoder.needs_input else b""
            data = self._decoder.decompress(packed, size)
            if data:
                return data
            if not packed and self._decoder.needs_input:
                raise EOFError("the xz stream ends early")
        return b""


def _is_torch_file(path: Path) -> bool:
    with _readable(path), zipfile.ZipFile(path) as archive:
        return any(PurePosixPath(name).name == "data.pkl" for name in archive.namelist())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell what reading a damaged archive raises as one sentence."""
    damaged: tuple[Any, ...] = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
    try:
        yield
    except (*damaged, EOFError, gzip.BadGzipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise TtsError(f"{path.name} is damaged: {' '.join(str(error).split()) or type(error).__name__}.") from error
