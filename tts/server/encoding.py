"""Samples → bytes of an audio format, piece by piece, so that a client hears the first while the rest is computed.

WAV and raw samples need no library. The compressed formats are PyAV's (FFmpeg's encoders in a Python package);
libsndfile, which writes the files of the command line, needs to go back in the file for some of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tts.audio.audio import Audio, IntSamples, to_int16
from tts.audio.writer import RATE_LIMITS, Resampler, wav_header
from tts.errors import UsageError
from tts.options import nearest

_OPENAI_PCM_RATE = 24000


@dataclass(frozen=True)
class StreamFormat:
    """A format: its media type and file suffix, FFmpeg's names of container and encoder, and the only rates it has.

    `default_rate` None is the voice's rate, or the next higher one that the format has.
    """

    name: str
    media_type: str
    suffix: str
    container: str = ""
    codec: str = ""
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    rates: tuple[int, ...] | None = None
    default_rate: int | None = None


_MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

FORMATS = {
    each.name: each
    for each in (
        # The header at the start of an MP3 that tells its length would need the length.
        StreamFormat(
            "mp3",
            "audio/mpeg",
            ".mp3",
            "mp3",
            "libmp3lame",
            96_000,
            {"write_xing": "0", "id3v2_version": "0"},
            _MPEG_RATES,
        ),
        StreamFormat("opus", "audio/ogg", ".opus", "ogg", "libopus", 48_000, rates=(8000, 12000, 16000, 24000, 48000)),
        StreamFormat("aac", "audio/aac", ".aac", "adts", "aac", 80_000, rates=_MPEG_RATES),
        StreamFormat("flac", "audio/flac", ".flac", "flac", "flac"),
        StreamFormat("wav", "audio/wav", ".wav"),
        StreamFormat("pcm", "audio/pcm", ".pcm", default_rate=_OPENAI_PCM_RATE),
    )
}


def stream_format(name: str, sample_rate: int | None) -> StreamFormat:
    """The format of this name.

    Raises:
        UsageError: there is no such format, or it does not have this sample rate.
    """
    if name not in FORMATS:
        hint = nearest(name, FORMATS) or f"; there are: {', '.join(FORMATS)}."
        raise UsageError(f"There is no audio format {name!r}{hint}")
    kind = FORMATS[name]
    low, high = RATE_LIMITS
    if sample_rate is not None and kind.rates is not None and sample_rate not in kind.rates:
        raise UsageError(f"{name} cannot have {sample_rate} Hz; it can have {', '.join(map(str, kind.rates))}.")
    if sample_rate is not None and not low <= sample_rate <= high:
        raise UsageError(f"sample_rate must lie between {low} and {high} Hz, not {sample_rate}.")
    return kind


class Encoder:
    """Encodes one stream. `sample_rate` is that of its output."""

    def __init__(self, kind: StreamFormat, voice_rate: int, sample_rate: int | None = None) -> None:
        requested = sample_rate or kind.default_rate or voice_rate
        if kind.rates is not None:
            requested = next((rate for rate in kind.rates if rate >= requested), kind.rates[-1])
        self.kind, self.sample_rate = kind, requested
        self._resample = Resampler(voice_rate, requested)
        self._has_header = kind.name != "wav"
        self._target = _Target()
        self._container: Any = None
        if kind.container:
            import av

            self._container = av.open(
                self._target,
                "w",
                format=kind.container,
                # Without bitexact, Ogg streams have a random serial number: equal speech gives equal bytes.
                options={"flush_packets": "1", "fflags": "+bitexact", **kind.options},
            )
            self._stream = self._container.add_stream(kind.codec, rate=requested)
            self._stream.layout = "mono"
            if kind.bit_rate is not None:
                self._stream.bit_rate = kind.bit_rate

    def encode(self, audio: Audio) -> bytes:
        return self._bytes(to_int16(self._resample(audio.samples)))

    def finish(self) -> bytes:
        """What is left, at the end of the stream."""
        rest = self._bytes(to_int16(self._resample(np.zeros(0, np.float32), last=True)))
        if self._container is None:
            return rest
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return rest + self._target.take()

    def _bytes(self, samples: IntSamples) -> bytes:
        if self._container is None:
            header = b"" if self._has_header else wav_header(self.sample_rate, None)
            self._has_header = True
            return header + samples.astype("<i2").tobytes()
        if len(samples):
            import av

            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate = self.sample_rate
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        return self._target.take()


class _Target:
    """The file that FFmpeg writes to: it cannot seek, as a network connection cannot."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
