"""The source-filter vocoder (`source_filter.py`) without PyTorch: its network on ONNX Runtime, the rest in NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tts.audio.mel import Spectrum, numpy_inverse_stft, numpy_stft
from tts.audio.mel_settings import MelSettings
from tts.models.onnx_session import Session
from tts.models.pulses import cycles, harmonics
from tts.models.stages import Floats, VocoderStage

# The first stretch of a long utterance is a second, so that it is heard soon; each one after it may be so many times as
# long, because a second of speech takes a small part of a second.
FIRST_FRAMES, GROWTH = 96, 8
# A whole utterance is spoken in one part up to here, since a part hears some frames of its neighbours once more; beyond
# it in several, since each frame takes 50 KB.
MOST_FRAMES = 2048
# How far the network that hears the pitch looks to each side, in frames, and the Fourier transforms with room to spare.
PITCH_REACH, TRANSFORM_REACH = 11, 5


class OnnxSourceFilter(VocoderStage):
    """`session` runs the graph of `source_filter_graph`, whose backbone has such blocks.

    What is to be heard soon is spoken in stretches, each from as many more frames at its sides as the network hears:
    the speech is the same as in one go, but for the last digits of the pitch (heart's samples differ by 1e-6).
    """

    engine = "onnx"

    def __init__(self, mel: MelSettings, session: Session, n_blocks: int = 6, kernel_size: int = 7) -> None:
        self._mel = mel
        self._session = session
        self._reach = PITCH_REACH + (n_blocks + 1) * (kernel_size // 2) + TRANSFORM_REACH

    @property
    def mel(self) -> MelSettings:
        return self._mel

    def wait(self) -> None:
        self._session.wait()

    def __call__(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None, streams: int = 1
    ) -> Floats:
        return np.concatenate([*self._parts(mel, generator, f0, whole_frames(mel.shape[2]))], axis=1)

    def stretches(self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None) -> Iterator[Floats]:
        return self._parts(mel, generator, f0, stretch_frames(mel.shape[2]))

    def _parts(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None, parts: Iterable[range]
    ) -> Iterator[Floats]:
        """The samples of some frames after the other."""
        batch, _, n_frames = mel.shape
        noise = generator.standard_normal((batch, n_frames * self._mel.hop_length), dtype=np.float32)
        # No pitch is 0 Hz: the graph then hears it in the mel.
        told = np.zeros((batch, n_frames), np.float32) if f0 is None else f0
        utterances = [_Utterance(*each) for each in zip(mel, told, noise, strict=True)]
        for frames in parts:
            yield np.stack([self._speak(utterance, frames) for utterance in utterances])

    def _speak(self, utterance: _Utterance, frames: range) -> Floats:
        """The samples of these frames, which follow those that were spoken before."""
        hop = self._mel.hop_length
        first = max(0, frames.start - self._reach)
        heard = slice(first, frames.stop + self._reach)
        pulse_gain, noise_gain, phase, f0 = self._session.run(
            mel=np.ascontiguousarray(utterance.mel[:, heard]), told_f0=utterance.told_f0[heard]
        )
        pulse_filter = np.empty(phase.shape, np.complex64)
        np.multiply(pulse_gain, np.cos(phase), out=pulse_filter.real)
        np.multiply(pulse_gain, np.sin(phase), out=pulse_filter.imag)
        inner = slice((frames.start - first) * hop, (frames.stop - first) * hop)
        spectrum = self._spectrum(utterance.pulses(f0, inner, self._mel))
        spectrum *= pulse_filter
        spectrum += noise_gain * self._spectrum(utterance.noise[first * hop : heard.stop * hop])
        return numpy_inverse_stft(spectrum, self._mel.n_fft, hop, len(f0) * hop)[inner]

    def _spectrum(self, source: Floats) -> Spectrum:
        """[T * hop_length] → [T + 1, n_bins]; a sinusoid of amplitude 1 becomes a peak of about 1."""
        spectrum = numpy_stft(source, self._mel.n_fft, self._mel.hop_length)
        spectrum *= np.float32(4 / self._mel.n_fft)
        return spectrum


@dataclass
class _Utterance:
    """mel [n_mels, T], told_f0 [T] in Hz or 0, noise [T * hop_length], and the phase in cycles that is reached."""

    mel: Floats
    told_f0: Floats
    noise: Floats
    phase: float = 0.0

    def pulses(self, f0: Floats, inner: slice, mel: MelSettings) -> Floats:
        """The pulses around the samples `inner`, where they go on from those before; f0 [frames] in Hz."""
        phase, f0_samples = cycles(f0, mel.hop_length, mel.sample_rate)
        if inner.start:
            phase += self.phase - phase[inner.start - 1]
        self.phase = float(phase[inner.stop - 1])
        return harmonics(phase, f0_samples, mel.sample_rate)


def whole_frames(n_frames: int) -> Iterator[range]:
    """All frames, in equal parts where they are many."""
    n_parts = -(-n_frames // MOST_FRAMES)
    return (range(n_frames * i // n_parts, n_frames * (i + 1) // n_parts) for i in range(n_parts))


def stretch_frames(n_frames: int) -> Iterator[range]:
    """The frames of each stretch, the last of which takes what would be too little for another."""
    start, size = 0, FIRST_FRAMES
    while n_frames - start > 2 * size:
        yield range(start, start + size)
        start, size = start + size, GROWTH * size
    yield range(start, n_frames)
