"""Packing voices into one file or folder, merging several into one voice, and unpacking without trusting an archive.

From a tar (plain, gzip or xz) or a zip only plain files come out that have the names a voice's files have; nothing is
linked, executed or written elsewhere. Bytes are counted as they are unpacked, whatever the headers say. Packing gives
the same bytes from the same files.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from tts.audio.mel_settings import conversion_problem, same_mel
from tts.errors import TtsError, UsageError
from tts.files import atomic_write, check_destination, folder_beside
from tts.voice.folder import GRIFFIN_LIM, check_voice, check_voice_folder, copy_voice, publish_voice, rename_files
from tts.voice.manifest import (
    MANIFEST_FILE,
    Component,
    VoiceManifest,
    load_manifest,
    mel_settings,
    mel_table,
    verify_files,
    write_manifest,
)
from tts.voice.store import check_voice_name, is_plain_name, is_voice_file, is_voice_text, voice_name_from

PACKED_SUFFIXES = (".tar", ".tar.gz")
# A name that ends so means a file, and not a folder.
_OTHER_SUFFIXES = (".zip", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".safetensors", ".toml")
_BLOCK_BYTES = 1 << 18
# What tarfile may read between two files: headers, padding and what it reads ahead.
_HEADER_BYTES = 1 << 20
_XZ_MEMORY = 128 << 20


# Packing.


def pack_voice(
    sources: Sequence[VoiceManifest], destination: Path, head: Mapping[str, str], report: Callable[[str], None]
) -> VoiceManifest:
    """Pack `sources` as one voice into a .tar or .tar.gz, or as a folder; only what manifests name is packed.

    A single source with an empty `head` is packed as it is; else see `merge`. Several sources get the destination's
    name unless `head` has one. Returns the manifest of what was packed.

    Raises:
        UsageError: the sources do not fit each other, or the destination is neither a tar nor a folder.
        TtsError: a source is damaged, or nothing can be written there.
    """
    is_tar = destination.name.endswith(PACKED_SUFFIXES)
    if is_tar:
        check_destination(destination)
    elif destination.name.lower().endswith(_OTHER_SUFFIXES):
        raise UsageError(
            f"A packed voice is a tar or a folder: let the name end in .tar or .tar.gz, or in no suffix, "
            f"not {destination.name!r}."
        )
    else:
        check_voice_folder(destination)

    unchanged = len(sources) == 1 and not head
    if unchanged and is_tar:
        pack(sources[0].folder, destination)
        return sources[0]
    with folder_beside(destination) as folder:
        if unchanged:
            _check_intact(sources[0])
            copy_voice(sources[0].folder, folder)
        else:
            stem = destination.resolve().name.removesuffix(".gz").removesuffix(".tar")
            default = {"name": voice_name_from(stem)} if len(sources) > 1 else {}
            merge(sources, {**default, **head}, folder, report)
        packed = load_manifest(folder)
        if is_tar:
            pack(folder, destination)
        else:
            publish_voice(folder, destination)
    return packed


def pack(folder: Path, destination: Path) -> Path:
    """Pack a voice whose files are intact into a .tar or .tar.gz: the same bytes from the same files.

    Raises:
        UsageError: `destination` has another suffix.
        TtsError: the folder is no voice, one of its files is damaged, or nothing can be written there.
    """
    if not destination.name.endswith(PACKED_SUFFIXES):
        raise UsageError(f"A packed voice is a tar: let the name end in .tar or .tar.gz, not {destination.name!r}.")
    manifest = load_manifest(folder)
    _check_intact(manifest)
    top = manifest.name if is_plain_name(manifest.name) else "voice"
    names = {MANIFEST_FILE, *manifest.files}
    names |= {path.name for path in folder.iterdir() if path.is_file() and is_voice_text(path.name)}
    with atomic_write(destination) as path, path.open("wb") as file:
        out: AbstractContextManager[Any] = nullcontext(file)
        if destination.name.endswith(".gz"):
            # Without a name and a time in it, gzip's header is always the same.
            out = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
        with out as stream, tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(names):
                member = tarfile.TarInfo(f"{top}/{name}")
                member.size, member.mode = (folder / name).stat().st_size, 0o644
                with (folder / name).open("rb") as content:
                    tar.addfile(member, content)
    return destination


def _check_intact(manifest: VoiceManifest) -> None:
    if problems := verify_files(manifest):
        raise TtsError(f"{manifest.name} cannot be packed: {problems[0]}")


# Merging.


@dataclass(frozen=True)
class _Network:
    """A network of one of the sources, and its name there."""

    source: VoiceManifest
    name: str
    component: Component


def merge(
    sources: Sequence[VoiceManifest], head: Mapping[str, str], folder: Path, report: Callable[[str], None]
) -> VoiceManifest:
    """Merge all acoustic models and vocoders of the sources into one voice in `folder`, which is empty; load it once.

    Acoustic models must share their symbols, speakers and mel; a vocoder may have another mel that can be converted to.
    The voice is described as the first source that speaks, except for what `head` says (keys of `manifest.HEAD`). If
    no source speaks, the result is a package of vocoders. `report` is called for vocoders that need a conversion.

    Raises:
        UsageError: they do not fit each other, two networks have one name, or a voice cannot have this name.
        TtsError: a file of theirs is missing or damaged, or does not hold what it should.
    """
    speaking = [source for source in sources if source.speaks]
    base = (speaking or list(sources))[0]
    for source in sources:
        _check_intact(source)
    for source in speaking[1:]:
        both = f"{base.folder} and {source.folder}"
        if base.frontend != source.frontend:
            raise UsageError(f"{both} have different symbols: their acoustic models cannot be in one voice.")
        if base.speakers != source.speakers:
            raise UsageError(f"{both} have different speakers: their acoustic models cannot be in one voice.")
        if not same_mel(mel_settings(base), mel_settings(source)):
            raise UsageError(f"{both} have different mels: their acoustic models cannot be in one voice.")

    acoustics = _distinct("acoustic models", [_Network(s, *item) for s in speaking for item in s.acoustics.items()])
    every = [_Network(source, *item) for source in sources for item in source.vocoders.items()]
    trained = [network for network in every if network.component.network != GRIFFIN_LIM]
    # Griffin-Lim has no weights: one is enough, that of a source that speaks if there is one.
    weightless = [network for network in every if network.component.network == GRIFFIN_LIM]
    weightless = sorted(weightless, key=lambda network: not network.source.speaks)[:1]
    vocoders = _distinct("vocoders", [*trained, *weightless])
    default_vocoder = sources[0].default_vocoder
    if trained:
        first = trained[0].source
        own = [network.name for network in trained if network.source is first]
        default_vocoder = first.default_vocoder if first.default_vocoder in own else own[0]
    check_voice_name(head.get("name", base.name))

    used: set[str] = set()
    described: dict[str, Any] = dict(head)
    merged = replace(
        base,
        **described,
        acoustics={name: _copied(network, base, folder, used) for name, network in acoustics.items()},
        vocoders={
            name: _with_mel(_copied(network, base, folder, used), network, base, report)
            for name, network in vocoders.items()
        },
        default_vocoder=default_vocoder,
        folder=folder,
    )
    for source in sources:
        for path in sorted(source.folder.iterdir()):
            if not path.is_file() or not is_voice_text(path.name):
                continue
            target = folder / path.name
            if target.exists() and target.read_bytes() != path.read_bytes():
                raise UsageError(f"The sources have different files {path.name}: rename one of them.")
            shutil.copyfile(path, target)
    write_manifest(merged)
    merged = load_manifest(folder)
    check_voice(merged)
    return merged


def _distinct(kind: str, networks: Sequence[_Network]) -> dict[str, _Network]:
    found: dict[str, _Network] = {}
    for network in networks:
        first = found.setdefault(network.name, network)
        if first is not network:
            raise UsageError(
                f"{first.source.folder} and {network.source.folder} both have {kind} called {network.name}, and names "
                f"in a voice are unique: leave one out, or change its name in its voice.toml."
            )
    return found


def _copied(network: _Network, base: VoiceManifest, folder: Path, used: set[str]) -> Component:
    """The component with its files copied into `folder` under the network's name, and with its origin in the note."""
    source, component = network.source, network.component
    new_names: dict[str, str] = {}
    for file, digest in component.files.items():
        suffix = Path(file).suffix
        name = f"{network.name}{suffix}"
        if name.lower() in used:
            # An acoustic model and a vocoder may share a name; some systems do not distinguish A from a.
            name = f"{network.name}-{digest[:12]}{suffix}"
        if not is_voice_file(name):
            raise UsageError(f"{source.folder} has a network called {network.name!r}, which cannot name a file.")
        used.add(name.lower())
        shutil.copyfile(source.folder / file, folder / name)
        new_names[file] = name
    component = rename_files(component, new_names)
    same_origin = (source.provenance, source.licence) == (base.provenance, base.licence)
    if component.note or component.file is None or same_origin:
        return component
    provenance = " ".join(source.provenance.split()).rstrip(".")
    return replace(component, note=f"From {source.name}: {provenance}; licence: {source.licence}.")


def _with_mel(component: Component, network: _Network, base: VoiceManifest, report: Callable[[str], None]) -> Component:
    """The vocoder in a voice that has the mel of `base`, with its own mel if that is another."""
    produced, expected = mel_settings(base), mel_settings(network.source, network.component)
    if problem := conversion_problem(produced, expected):
        raise UsageError(f"The vocoder {network.name} of {network.source.folder} does not fit: {problem}.")
    if not same_mel(produced, expected):
        report(f"{network.name} expects another mel than this voice has: it will be converted")
    return replace(component, mel={} if produced == expected else mel_table(expected))


# Unpacking.


@dataclass(frozen=True)
class Bounds:
    """Limits of unpacking. Weights hardly compress: what grows beyond `growth` times is no voice."""

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
    """Whether a file is a tar or a zip of files; a zip in which PyTorch stores tensors is not."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK"):
        with _readable(path), zipfile.ZipFile(path) as archive:
            return not any(PurePosixPath(name).name == "data.pkl" for name in archive.namelist())
    return head.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00")) or head[257:262] == b"ustar"


def check_torch_file(path: Path) -> None:
    """Raise TtsError for a checkpoint that is a zip bomb (PyTorch does not compress its own), or is truncated."""
    if not zipfile.is_zipfile(path):
        return
    with _readable(path), zipfile.ZipFile(path) as archive:
        total = sum(info.file_size for info in archive.infolist())
    if total > 2 * path.stat().st_size + Bounds().always_allowed:
        raise TtsError(f"{path.name} is refused: it would unpack to {total / 1e9:.1f} GB, far more than its size.")


def unpack(path: Path, folder: Path, bounds: Bounds | None = None) -> None:
    """Unpack the voice in an archive into `folder`, which exists and is empty.

    Raises:
        TtsError: it is damaged, holds anything but a voice, or is too large. Nothing outside `folder` was written.
    """
    extractor = _Extractor(path, folder, bounds or Bounds())
    with _readable(path):
        if zipfile.is_zipfile(path):
            _unpack_zip(path, extractor)
        else:
            _unpack_tar(path, extractor)
    if not (folder / MANIFEST_FILE).is_file():
        raise TtsError(f"{path.name} is not a packed voice: it holds no {MANIFEST_FILE}.")


class _Extractor:
    """Writes the files of one archive into a folder: their names are checked and their bytes counted."""

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
        """Count one more member, of any kind."""
        self._members += 1
        if self._members > self._bounds.members:
            raise self.refusal(f"it holds more than {self._bounds.members} files")

    def extract(self, name: str, content: _Source) -> None:
        """Write one member into the folder: a voice's file at the top or in the only folder of the archive."""
        path = PurePosixPath(name)
        if "\\" in name or ":" in name or path.is_absolute() or ".." in path.parts:
            raise self.refusal(f"{name!r} in it would be written outside of the voice's folder")
        self._tops.add(path.parent)
        if len(path.parts) > 2 or len(self._tops) > 1:
            raise self.refusal(f"{name!r} in it is not beside the other files")
        if not is_voice_file(path.name):
            raise self.refusal(f"it holds {name!r}, which is no file of a voice")
        if path.name.lower() in self._names:
            raise self.refusal(f"it holds {path.name!r} twice")
        self._names.add(path.name.lower())

        n_bytes, allowed = 0, self.allowance
        with (self._folder / path.name).open("xb") as file:
            while block := content.read(_BLOCK_BYTES):
                n_bytes += len(block)
                if n_bytes > allowed:
                    raise self.refusal("more comes out of it than any voice holds")
                file.write(block)
        self._left -= n_bytes

    def refusal(self, reason: str) -> TtsError:
        return TtsError(f"{self._archive.name} is refused: {reason}.")


def _unpack_zip(path: Path, extractor: _Extractor) -> None:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            extractor.count()
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir():
                continue
            if kind not in (0, stat.S_IFREG) or info.flag_bits & 0x1:
                raise extractor.refusal(f"{info.filename!r} in it is not a plain file")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise extractor.refusal(f"{info.filename!r} in it has an unusual compression")
            with archive.open(info) as content:
                extractor.extract(info.filename, content)


def _unpack_tar(path: Path, extractor: _Extractor) -> None:
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        source: _Source = file
        if head.startswith(b"\x1f\x8b"):
            source = gzip.GzipFile(fileobj=file)
        elif head == b"\xfd7zXZ\x00":
            source = _Xz(file)
        limited = _LimitedReader(source, extractor)
        limited.allow(_HEADER_BYTES)
        # A stream: each byte is unpacked once, in order, and counted.
        stream: Any = limited  # tarfile needs only its `read`
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            while True:
                limited.allow(_HEADER_BYTES)
                if (member := archive.next()) is None:
                    return
                extractor.count()
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise extractor.refusal(f"{member.name!r} in it is not a plain file")
                limited.allow(extractor.allowance + _HEADER_BYTES)
                content = archive.extractfile(member)
                assert content is not None
                extractor.extract(member.name, content)


class _LimitedReader:
    """A stream of which only so many bytes may be read until more are allowed: a header can claim any size."""

    def __init__(self, source: _Source, extractor: _Extractor) -> None:
        self._source, self._extractor, self._left = source, extractor, 0

    def allow(self, n_bytes: int) -> None:
        self._left = n_bytes

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise self._extractor.refusal("more comes out of it than any voice holds")
        return data


class _Xz:
    """An xz stream with a limit on the decoder's memory, which lzma.LZMAFile does not have."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decoder = file, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int = -1, /) -> bytes:
        while not self._decoder.eof:
            packed = self._file.read(_BLOCK_BYTES) if self._decoder.needs_input else b""
            data = self._decoder.decompress(packed, size)
            if data:
                return data
            if not packed and self._decoder.needs_input:
                raise EOFError("the xz stream ends early")
        return b""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Report any error in reading a damaged archive as one sentence."""
    damaged: tuple[Any, ...] = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
    try:
        yield
    except (*damaged, EOFError, gzip.BadGzipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise TtsError(f"{path.name} is damaged: {' '.join(str(error).split()) or type(error).__name__}.") from error
