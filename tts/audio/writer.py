"""Audio files, written piece by piece: a text of any length goes to disk in bounded memory, and atomically.

WAV and raw samples are written without any library; soundfile is imported for the compressed formats only, and soxr
only where the sample rate changes.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from tts.audio.audio import Audio, IntSamples, to_int16
from tts.errors import TtsError, UsageError
from tts.files import atomic_write, is_special
from tts.interrupts import deferred, remove_at_end

STANDARD_OUTPUT = "-"
RATE_LIMITS = (8000, 192000)

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# libsndfile's Vorbis encoder keeps all samples of a call on the stack: too many in a single call crash it.
_BLOCK = 1 << 16
# The sizes in a WAV that is still being written to a pipe: "until the end", as other programs write it.
_UNKNOWN_SIZE = 0xFFFFFFFF
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass(frozen=True)
class AudioFormat:
    """A file format: its name on the command line, suffixes, names in libsndfile, and the only rates it can have."""

    name: str
    suffixes: tuple[str, ...]
    container: str
    subtype: str
    rates: tuple[int, ...] | None = None


FORMATS = {
    kind.name: kind
    for kind in (
        AudioFormat("wav", (".wav", ".wave"), "WAV", "PCM_16"),
        AudioFormat("flac", (".flac",), "FLAC", "PCM_16"),
        AudioFormat("ogg", (".ogg", ".oga"), "OGG", "VORBIS"),
        # Opus is stored in Ogg files too, so .ogg does not contradict it.
        AudioFormat("opus", (".opus", ".ogg", ".oga"), "OGG", "OPUS", _OPUS_RATES),
        AudioFormat("mp3", (".mp3",), "MP3", "MPEG_LAYER_III", _MP3_RATES),
        AudioFormat("raw", (".raw", ".pcm"), "RAW", "PCM_16"),
    )
}


def format_of(path: str | Path, name: str | None = None) -> AudioFormat:
    """The format of an output by `name`, or else by the suffix of `path`; `-` without a name is WAV.

    Raises:
        UsageError: the name or suffix is unknown, or they contradict each other.
    """
    known = ", ".join(FORMATS)
    if name is not None and name.lower() not in FORMATS:
        raise UsageError(f"There is no audio format {name!r}; there are: {known}.")
    chosen = FORMATS[name.lower()] if name is not None else None
    if str(path) == STANDARD_OUTPUT or is_special(Path(path)):
        return chosen or FORMATS["wav"]
    suffix = Path(path).suffix.lower()
    by_suffix = next((kind for kind in FORMATS.values() if suffix in kind.suffixes), None)
    if chosen is not None:
        if by_suffix is not None and suffix not in chosen.suffixes:
            raise UsageError(f"{str(path)!r} ends in {suffix}, but --format says {chosen.name}: make them agree.")
        return chosen
    if by_suffix is None:
        ending = f"the suffix {suffix}" if suffix else "no suffix"
        raise UsageError(f"{str(path)!r} has {ending}, which is no audio format; name one with --format: {known}.")
    return by_suffix


def output_rate(kind: AudioFormat, source: int, requested: int | None = None) -> int:
    """The sample rate to write: `requested`, else the source's, or the next higher one that the format supports.

    Raises:
        UsageError: the format does not support the requested rate.
    """
    low, high = RATE_LIMITS
    if requested is not None and not low <= requested <= high:
        raise UsageError(f"sample-rate must lie between {low} and {high} Hz, not {requested}.")
    if kind.rates is None:
        return requested or source
    if requested is None:
        return next((rate for rate in kind.rates if rate >= source), kind.rates[-1])
    if requested not in kind.rates:
        rates = ", ".join(map(str, kind.rates))
        raise UsageError(f"{kind.name} files cannot have {requested} Hz; they can have {rates}.")
    return requested


class Resampler:
    """Changes the sample rate of a stream of pieces; the result does not depend on how the stream is cut."""

    def __init__(self, source: int, target: int) -> None:
        self._stream: Any = None
        if source != target:
            import soxr

            self._stream = soxr.ResampleStream(source, target, 1, dtype="float32", quality="HQ")

    def __call__(self, samples: npt.NDArray[np.float32], *, last: bool = False) -> npt.NDArray[np.float32]:
        """samples [n] → [m]; with `last` also the samples still held in the filter."""
        if self._stream is None:
            return samples
        resampled: npt.NDArray[np.float32] = self._stream.resample_chunk(samples.astype(np.float32), last=last)
        return resampled


class AudioWriter:
    """Writes pieces of audio to one file, or to standard output for `-`; a context manager.

    The file appears, atomically, when the block ends without an exception. To standard output, WAV and raw samples are
    written piece by piece (WAV with sizes that mean "unknown", corrected at the end where the output is a file), the
    compressed formats when they are complete. A `durable` file survives a power failure from then on.

    Raises:
        TtsError: the file cannot be written, or there was no audio.
    """

    def __init__(
        self, destination: str | Path, kind: AudioFormat, sample_rate: int | None = None, *, durable: bool = False
    ) -> None:
        self.kind = kind
        self._durable = durable
        self._destination = destination
        self._requested_rate = sample_rate
        self._source_rate = 0
        self._resources = ExitStack()
        self._sink: _Sink | None = None

    def __enter__(self) -> AudioWriter:
        return self

    def write(self, audio: Audio) -> None:
        if self._sink is None:
            self._source_rate = audio.sample_rate
            rate = output_rate(self.kind, self._source_rate, self._requested_rate)
            self._resampler = Resampler(self._source_rate, rate)
            self._sink = self._open_sink(rate)
        if audio.sample_rate != self._source_rate:
            raise ValueError(f"a file of {self._source_rate} Hz was given a piece of {audio.sample_rate} Hz")
        self._put(self._resampler(audio.samples))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            try:
                if self._sink is None:
                    raise TtsError("There is no audio to write.")
                self._put(self._resampler(np.zeros(0, np.float32), last=True))
                self._sink.finish()
            except BaseException as failure:
                # Without the exception, atomic_write would rename the incomplete file.
                self._resources.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._resources.__exit__(kind, error, traceback)

    def _put(self, samples: npt.NDArray[np.float32]) -> None:
        assert self._sink is not None
        for start in range(0, len(samples), _BLOCK):
            self._sink.put(to_int16(samples[start : start + _BLOCK]))

    def _open_sink(self, sample_rate: int) -> _Sink:
        stream: BinaryIO | None = None
        if str(self._destination) == STANDARD_OUTPUT:
            stream = sys.stdout.buffer
        elif is_special(Path(self._destination)):
            stream = self._resources.enter_context(open(self._destination, "wb"))  # noqa: SIM115  # closed by the stack

        if self.kind.name in ("wav", "raw"):
            if stream is None:
                path = self._resources.enter_context(atomic_write(self._destination, durable=self._durable))
                stream = self._resources.enter_context(open(path, "wb"))  # noqa: SIM115  # closed by the stack
            return _WavSink(stream, sample_rate) if self.kind.name == "wav" else _RawSink(stream)

        if stream is None:
            path = self._resources.enter_context(atomic_write(self._destination, durable=self._durable))
        else:
            folder = Path(tempfile.gettempdir()) / f"tts-{os.urandom(8).hex()}"
            self._resources.enter_context(remove_at_end(folder))
            folder.mkdir(mode=0o700)
            path = folder / "audio"
        sink = _SoundfileSink(path, self.kind, sample_rate, copy_to=stream)
        self._resources.callback(sink.close)
        return sink


class _Sink(Protocol):
    def put(self, samples: IntSamples) -> None: ...

    def finish(self) -> None: ...


class _RawSink:
    """Little-endian 16-bit samples without a header."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def put(self, samples: IntSamples) -> None:
        self._stream.write(samples.astype("<i2").tobytes())
        self._stream.flush()

    def finish(self) -> None:
        self._stream.flush()


class _WavSink(_RawSink):
    """The same after a WAV header, whose sizes are corrected at the end where the stream can be overwritten."""

    def __init__(self, stream: BinaryIO, sample_rate: int) -> None:
        super().__init__(stream)
        self._sample_rate = sample_rate
        self._start = stream.tell() if _can_overwrite(stream) else None
        self._size = 0
        stream.write(wav_header(sample_rate, None))

    def put(self, samples: IntSamples) -> None:
        super().put(samples)
        self._size += 2 * len(samples)

    def finish(self) -> None:
        if self._start is not None:
            self._stream.seek(self._start)
            self._stream.write(wav_header(self._sample_rate, self._size))
            self._stream.seek(0, os.SEEK_END)
        super().finish()


def _can_overwrite(stream: BinaryIO) -> bool:
    """Whether bytes already written can be replaced: only in a regular file that is not in append mode."""
    try:
        descriptor = stream.fileno()
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        if os.name == "nt":
            return stream.seekable()
        import fcntl

        return not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND
    except (OSError, ValueError):
        return False


def wav_header(sample_rate: int, size: int | None) -> bytes:
    """The 44 bytes before 16-bit mono samples of `size` bytes; None, or 4 GiB and more, means "until the end"."""
    data = _UNKNOWN_SIZE if size is None else min(size, _UNKNOWN_SIZE)
    riff = min(data + _WAV_HEADER.size - 8, _UNKNOWN_SIZE)
    return _WAV_HEADER.pack(
        b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16, b"data", data
    )


class _WatchedFile(io.FileIO):
    """A file for libsndfile that keeps the operating system's error.

    libsndfile does not report why a write failed, and for Opus not even that it failed.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        try:
            # A nearly full disk first accepts a part; writing the rest then raises the error.
            while self.failure is None and len(rest):
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.failure = error
        return len(data) - len(rest)

    def check(self) -> None:
        if self.failure is not None:
            raise self.failure


class _SoundfileSink:
    """A compressed file at `path`, written by libsndfile; copied to `copy_to` when it is complete."""

    def __init__(self, path: Path, kind: AudioFormat, sample_rate: int, copy_to: BinaryIO | None = None) -> None:
        import soundfile

        self._path, self._kind, self._copy_to = path, kind, copy_to
        self._target = _WatchedFile(path, "w+")
        try:
            with self._library_call():
                self._file = soundfile.SoundFile(self._target, "w", sample_rate, 1, kind.subtype, format=kind.container)
        except BaseException:
            self._target.close()
            raise

    def put(self, samples: IntSamples) -> None:
        with self._library_call():
            self._file.write(samples)

    def finish(self) -> None:
        with self._library_call():
            self._file.close()
        self._target.close()
        if self._kind.container == "OGG":
            fix_ogg_serial(self._path)
        if self._copy_to is not None:
            with open(self._path, "rb") as file:
                shutil.copyfileobj(file, self._copy_to)
            self._copy_to.flush()

    def close(self) -> None:
        """Close a file that was not finished; does nothing to a finished one."""
        with suppress(TtsError, OSError), self._library_call():
            self._file.close()
        self._target.close()

    @contextmanager
    def _library_call(self) -> Iterator[None]:
        """A call of libsndfile, which calls back to write. Its errors are the operating system's where there is one."""
        import soundfile

        try:
            with deferred():
                yield
        except Exception as error:
            self._target.check()
            if not isinstance(error, soundfile.LibsndfileError):
                raise
            raise TtsError(f"A {self._kind.name} file cannot be written here: {error.error_string}") from error
        self._target.check()


# Ogg's checksum is the common CRC-32 with the bits of every byte, and of the result, in reverse order.
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def fix_ogg_serial(path: Path) -> None:
    """Set the stream number of all pages of an Ogg file to 0.

    libsndfile writes a random one, but equal speech must give equal files. Layout and checksum: RFC 3533, section 6.
    """
    with open(path, "r+b") as file:
        while head := file.read(27):
            start = file.tell() - len(head)
            if len(head) < 27 or head[:4] != b"OggS":
                raise TtsError(f"{path} is not a complete Ogg file.")
            lacing = file.read(head[26])
            body = lacing + file.read(sum(lacing))
            # Bytes 14 to 17 are the stream number, 22 to 25 the checksum, which counts as 0 in its own calculation.
            checksum = ogg_checksum(head[:14] + bytes(4) + head[18:22] + bytes(4) + head[26:] + body)
            file.seek(start + 14)
            file.write(bytes(4) + head[18:22] + checksum)
            file.seek(start + 27 + len(body))


def ogg_checksum(page: bytes) -> bytes:
    raw = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{raw:032b}"[::-1], 2).to_bytes(4, "little")
