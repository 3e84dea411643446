"""Audio files, written piece by piece: a text of any length goes to disk in bounded memory and appears whole.

Everything here passes through `to_int16`, the one 16-bit scale of the project. WAV and raw are written without any
library; soundfile is loaded for the compressed formats only, and soxr only where the sample rate changes.
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

from tts.audio.atomic import is_special, replacing
from tts.audio.waveform import Audio
from tts.errors import TtsError, UsageError

# A full-scale sample of 1.0 is 32768, so that 16-bit files read by others come back as the same floats.
INT16_SCALE = 32768
STANDARD_OUTPUT = "-"
RATE_LIMITS = (8000, 192000)

_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# libsndfile's Vorbis encoder keeps a whole write on the stack: a long one in a single call crashes it.
_BLOCK = 1 << 16
# In a WAV that is still being written to a pipe: "until the end", as other programs write it.
_UNKNOWN_SIZE = 0xFFFFFFFF
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")

IntSamples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class AudioFormat:
    """A kind of file: its name on the command line, suffixes, what libsndfile calls it, the only rates it can have."""

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
        # Opus lives in Ogg files too, so .ogg does not contradict it.
        AudioFormat("opus", (".opus", ".ogg", ".oga"), "OGG", "OPUS", _OPUS_RATES),
        AudioFormat("mp3", (".mp3",), "MP3", "MPEG_LAYER_III", _MP3_RATES),
        AudioFormat("raw", (".raw", ".pcm"), "RAW", "PCM_16"),
    )
}


def to_int16(samples: npt.NDArray[np.float32]) -> IntSamples:
    """float32 [n] → int16 [n]: times 32768, rounded half to even, clipped to -32768 … 32767.

    Raises:
        TtsError: a sample is not a finite number.
    """
    if not np.isfinite(samples).all():
        raise TtsError("The audio holds samples that are not numbers; the voice's files may be damaged.")
    scaled = np.rint(samples * np.float32(INT16_SCALE))
    clipped: IntSamples = np.clip(scaled, -INT16_SCALE, INT16_SCALE - 1).astype(np.int16)
    return clipped


def format_of(path: str | Path, name: str | None = None) -> AudioFormat:
    """The format of an output by `name`, or else by the suffix of `path`; `-` alone is WAV.

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


def output_rate(kind: AudioFormat, source: int, wanted: int | None = None) -> int:
    """The sample rate to write: `wanted`, or the source's, or for a format bound to few rates the next one up.

    Raises:
        UsageError: the format cannot have the wanted rate.
    """
    low, high = RATE_LIMITS
    if wanted is not None and not low <= wanted <= high:
        raise UsageError(f"sample-rate must lie between {low} and {high} Hz, not {wanted}.")
    if kind.rates is None:
        return wanted or source
    if wanted is None:
        return next((rate for rate in kind.rates if rate >= source), kind.rates[-1])
    if wanted not in kind.rates:
        rates = ", ".join(map(str, kind.rates))
        raise UsageError(f"{kind.name} files cannot have {wanted} Hz; they can have {rates}.")
    return wanted


class Resampler:
    """Changes the sample rate of a stream of pieces, with the same samples however the stream is cut."""

    def __init__(self, source: int, target: int) -> None:
        self._stream: Any = None
        if source != target:
            import soxr

            self._stream = soxr.ResampleStream(source, target, 1, dtype="float32", quality="HQ")

    def __call__(self, samples: npt.NDArray[np.float32], *, last: bool = False) -> npt.NDArray[np.float32]:
        """samples [n] → [m]; `last` gives what is still held back too."""
        if self._stream is None:
            return samples
        resampled: npt.NDArray[np.float32] = self._stream.resample_chunk(samples.astype(np.float32), last=last)
        return resampled


class AudioWriter:
    """Writes pieces of audio to one file, or to standard output for `-`; a context manager.

    The file appears when the block ends well. On standard output WAV and raw go out piece by piece (WAV with the sizes
    "unknown", filled in at the end where the output is a file); the compressed formats when they are complete.
    A `durable` file outlasts a power cut from then on.

    Raises:
        TtsError: the file cannot be written, or no audio came.
    """

    def __init__(
        self, destination: str | Path, kind: AudioFormat, sample_rate: int | None = None, *, durable: bool = False
    ) -> None:
        self.kind = kind
        self._durable = durable
        self._destination = destination
        self._wanted_rate = sample_rate
        self._source_rate = 0
        self._resources = ExitStack()
        self._sink: _Sink | None = None

    def __enter__(self) -> AudioWriter:
        return self

    def write(self, audio: Audio) -> None:
        if self._sink is None:
            self._open(audio.sample_rate)
        if audio.sample_rate != self._source_rate:
            raise ValueError(f"a file of {self._source_rate} Hz was given a piece of {audio.sample_rate} Hz")
        self._put(self._resampler(audio.samples))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._finish()
            except BaseException as failure:
                # The temporary file must hear of it, or it would be renamed.
                self._resources.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._resources.__exit__(kind, error, traceback)

    def _open(self, source_rate: int) -> None:
        rate = output_rate(self.kind, source_rate, self._wanted_rate)
        self._source_rate = source_rate
        self._resampler = Resampler(source_rate, rate)
        self._sink = _open_sink(self._destination, self.kind, rate, self._resources, self._durable)

    def _finish(self) -> None:
        if self._sink is None:
            raise TtsError("There is no audio to write.")
        self._put(self._resampler(np.zeros(0, np.float32), last=True))
        self._sink.finish()

    def _put(self, samples: npt.NDArray[np.float32]) -> None:
        assert self._sink is not None
        for start in range(0, len(samples), _BLOCK):
            self._sink.put(to_int16(samples[start : start + _BLOCK]))


class _Sink(Protocol):
    def put(self, samples: IntSamples) -> None: ...

    def finish(self) -> None: ...


class _RawSink:
    """Little-endian 16-bit samples, nothing else."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def put(self, samples: IntSamples) -> None:
        self._stream.write(samples.astype("<i2").tobytes())
        self._stream.flush()

    def finish(self) -> None:
        self._stream.flush()


class _WavSink(_RawSink):
    """The same behind a WAV header, whose sizes are filled in at the end where the stream can be rewound."""

    def __init__(self, stream: BinaryIO, sample_rate: int) -> None:
        super().__init__(stream)
        self._sample_rate = sample_rate
        self._start = stream.tell() if _rewindable(stream) else None
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


class _WatchedFile(io.FileIO):
    """A file for libsndfile, which never says why it cannot write, and of Opus not even that; this keeps the reason."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        try:
            # On a disk that is nearly full, a part is written first; the rest then tells.
            while self.failure is None and len(rest):
                rest = rest[super().write(rest) :]
        except OSError as error:
            self.failure = error
        return len(data) - len(rest)

    def check(self) -> None:
        if self.failure is not None:
            raise self.failure


class _SoundfileSink:
    """A compressed file at `path`, by libsndfile; copied to `copy_to` when it is complete."""

    def __init__(self, path: Path, kind: AudioFormat, sample_rate: int, copy_to: BinaryIO | None = None) -> None:
        import soundfile

        self._path, self._kind, self._copy_to = path, kind, copy_to
        self._target = _WatchedFile(path, "w+")
        try:
            with self._reasons():
                self._file = soundfile.SoundFile(self._target, "w", sample_rate, 1, kind.subtype, format=kind.container)
        except BaseException:
            self._target.close()
            raise

    def put(self, samples: IntSamples) -> None:
        with self._reasons():
            self._file.write(samples)

    def finish(self) -> None:
        with self._reasons():
            self._file.close()
        self._target.close()
        if self._kind.container == "OGG":
            fix_ogg_serial(self._path)
        if self._copy_to is not None:
            with open(self._path, "rb") as file:
                shutil.copyfileobj(file, self._copy_to)
            self._copy_to.flush()

    def close(self) -> None:
        """Let go of a file that was not finished; nothing when it was."""
        with suppress(TtsError, OSError), self._reasons():
            self._file.close()
        self._target.close()

    @contextmanager
    def _reasons(self) -> Iterator[None]:
        """Raise what libsndfile says, or better what the system said to it."""
        import soundfile

        try:
            yield
        except Exception as error:
            self._target.check()
            if not isinstance(error, soundfile.LibsndfileError):
                raise
            raise TtsError(f"A {self._kind.name} file cannot be written here: {error.error_string}") from error
        self._target.check()


def _open_sink(
    destination: str | Path, kind: AudioFormat, sample_rate: int, resources: ExitStack, durable: bool
) -> _Sink:
    if str(destination) == STANDARD_OUTPUT:
        stream = sys.stdout.buffer
    elif is_special(Path(destination)):
        stream = resources.enter_context(open(destination, "wb"))  # noqa: SIM115  # the stack closes it
    else:
        path = resources.enter_context(replacing(destination, durable=durable))
        if kind.name in ("wav", "raw"):
            return _stream_sink(resources.enter_context(open(path, "wb")), kind, sample_rate)
        sink = _SoundfileSink(path, kind, sample_rate)
        resources.callback(sink.close)
        return sink
    if kind.name in ("wav", "raw"):
        return _stream_sink(stream, kind, sample_rate)
    folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="tts-"))
    sink = _SoundfileSink(Path(folder) / "audio", kind, sample_rate, copy_to=stream)
    resources.callback(sink.close)
    return sink


def _stream_sink(stream: BinaryIO, kind: AudioFormat, sample_rate: int) -> _Sink:
    return _WavSink(stream, sample_rate) if kind.name == "wav" else _RawSink(stream)


def _rewindable(stream: BinaryIO) -> bool:
    """Whether what was written can be written over: a plain file that is not in append mode."""
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
    """The 44 bytes before 16-bit mono samples of `size` bytes; None, or 4 GiB and more, reads "until the end"."""
    data = _UNKNOWN_SIZE if size is None else min(size, _UNKNOWN_SIZE)
    riff = min(data + _WAV_HEADER.size - 8, _UNKNOWN_SIZE)
    return _WAV_HEADER.pack(
        b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16, b"data", data
    )


# Ogg's checksum is the common CRC-32 with the bits of every byte, and of the result, the other way round.
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def fix_ogg_serial(path: Path) -> None:
    """Give the pages of an Ogg file the stream number 0: libsndfile draws one, and equal speech gives equal files.

    Layout and checksum: RFC 3533, section 6.
    """
    with open(path, "r+b") as file:
        while head := file.read(27):
            start = file.tell() - len(head)
            if len(head) < 27 or head[:4] != b"OggS":
                raise TtsError(f"{path} is not a whole Ogg file.")
            lacing = file.read(head[26])
            body = lacing + file.read(sum(lacing))
            # Bytes 14 to 17 are the stream number, 22 to 25 the checksum, which counts as 0 in its own calculation.
            checksum = _ogg_checksum(head[:14] + bytes(4) + head[18:22] + bytes(4) + head[26:] + body)
            file.seek(start + 14)
            file.write(bytes(4) + head[18:22] + checksum)
            file.seek(start + 27 + len(body))


def _ogg_checksum(page: bytes) -> bytes:
    raw = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{raw:032b}"[::-1], 2).to_bytes(4, "little")
