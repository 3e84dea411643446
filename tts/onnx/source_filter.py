"""The source-filter vocoder (`tts.models.source_filter`) on ONNX Runtime: its graph, and the vocoder that runs it.

The graph is the network, with all that has weights; the pulses, the noise and the Fourier transforms are NumPy. Running
needs neither PyTorch nor the package onnx; building the graph needs both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from tts.audio.mel import Spectrum, numpy_inverse_stft, numpy_stft
from tts.audio.mel_settings import MelSettings
from tts.models.base import Floats, Vocoder
from tts.onnx.graph_builder import GraphBuilder
from tts.onnx.session import Session

if TYPE_CHECKING:
    from tts.models.source_filter import SourceFilterDimensions

# The first segment of a long utterance is a second, so that it is ready soon; each one after it may be so many times as
# long, because a second of speech is computed in a small part of a second.
FIRST_FRAMES, GROWTH = 96, 8
# An utterance is computed in one part up to here, since each part computes some frames of its neighbours again; longer
# ones in several, since each frame needs 50 KB.
MAX_FRAMES = 2048
# The reach of the pitch network to each side, in frames, and that of the Fourier transforms, with room to spare.
PITCH_REACH, TRANSFORM_REACH = 11, 5

N_PITCH_BLOCKS = 3

Real = TypeVar("Real", np.float32, np.float64)


class OnnxSourceFilter(Vocoder):
    """`session` runs the graph of `source_filter_graph`, whose backbone has `n_blocks` blocks of `kernel_size`.

    Segments are computed one after the other, each with as many more frames at its sides as the network reaches: the
    speech is that of one part, but for the last digits of the pitch (heart's samples differ by 1e-6).
    """

    runtime = "onnx"

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
        return np.concatenate([*self._parts(mel, generator, f0, equal_parts(mel.shape[2]))], axis=1)

    def segments(self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None) -> Iterator[Floats]:
        return self._parts(mel, generator, f0, growing_parts(mel.shape[2]))

    def _parts(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None, parts: Iterable[range]
    ) -> Iterator[Floats]:
        """The samples of each part, a range of frames, one after the other."""
        batch, _, n_frames = mel.shape
        hop = self._mel.hop_length
        noise = generator.standard_normal((batch, n_frames * hop), dtype=np.float32)
        # A pitch of 0 Hz: the graph predicts it from the mel.
        pitch = np.zeros((batch, n_frames), np.float32) if f0 is None else f0
        # The phase of the pulses, in cycles, at the end of the part before.
        end_phases = [0.0] * batch

        for frames in parts:
            first, last = max(0, frames.start - self._reach), frames.stop + self._reach
            inner = slice((frames.start - first) * hop, (frames.stop - first) * hop)
            samples = []
            for row in range(batch):
                pulse_gain, noise_gain, angle, part_f0, *envelope = self._session.run(
                    mel=np.ascontiguousarray(mel[row, :, first:last]), told_f0=pitch[row, first:last]
                )
                pulse_filter = np.empty(angle.shape, np.complex64)
                np.multiply(pulse_gain, np.cos(angle), out=pulse_filter.real)
                np.multiply(pulse_gain, np.sin(angle), out=pulse_filter.imag)

                phase, f0_samples = cycles(part_f0, hop, self._mel.sample_rate)
                if inner.start:
                    phase += end_phases[row] - phase[inner.start - 1]
                end_phases[row] = float(phase[inner.stop - 1])

                pulses = harmonics(phase, f0_samples, self._mel.sample_rate)
                part_noise = noise[row, first * hop : last * hop]
                # The graph of a network without `envelope_steps` has no such output.
                if envelope:
                    of_pulses, of_noise = np.split(envelope[0], 2, axis=1)
                    pulses, part_noise = pulses * sample_gains(of_pulses, hop), part_noise * sample_gains(of_noise, hop)

                spectrum = self._spectrum(pulses)
                spectrum *= pulse_filter
                spectrum += noise_gain * self._spectrum(part_noise)
                samples.append(numpy_inverse_stft(spectrum, self._mel.n_fft, hop, len(part_f0) * hop)[inner])
            yield np.stack(samples)

    def _spectrum(self, source: Floats) -> Spectrum:
        """[T * hop_length] → [T + 1, n_bins]; a sinusoid of amplitude 1 becomes a peak of about 1."""
        spectrum = numpy_stft(source, self._mel.n_fft, self._mel.hop_length)
        spectrum *= np.float32(4 / self._mel.n_fft)
        return spectrum


def equal_parts(n_frames: int) -> Iterator[range]:
    """All frames, in equal parts of at most `MAX_FRAMES`."""
    n_parts = -(-n_frames // MAX_FRAMES)
    return (range(n_frames * i // n_parts, n_frames * (i + 1) // n_parts) for i in range(n_parts))


def growing_parts(n_frames: int) -> Iterator[range]:
    """All frames, in parts that grow; the last also has the frames that would be too few for another."""
    start, size = 0, FIRST_FRAMES
    while n_frames - start > 2 * size:
        yield range(start, start + size)
        start, size = start + size, GROWTH * size
    yield range(start, n_frames)


# The pulses and gains of `tts.models.source_filter` in NumPy; tests compare them.


def pulse_train(f0: Floats, hop_length: int, sample_rate: int) -> Floats:
    """F0 in Hz [T] → all harmonics below half the sample rate, in phase and of amplitude 1: [T * hop_length]."""
    phase, f0_samples = cycles(f0, hop_length, sample_rate)
    return harmonics(phase, f0_samples, sample_rate)


def harmonics(phase: npt.NDArray[np.float64], f0_samples: npt.NDArray[np.float64], sample_rate: int) -> Floats:
    """The results of `cycles` → all harmonics below half the sample rate."""
    return dirichlet_kernel(phase, np.floor(0.5 * sample_rate / f0_samples).astype(np.float32))


def cycles(f0: Floats, hop_length: int, sample_rate: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """F0 in Hz [T] → the phase in cycles and the pitch in Hz of every sample, each [T * hop_length]."""
    f0_samples = interpolate(np.append(f0, f0[-1:]).astype(np.float64), hop_length)
    return np.cumsum(f0_samples / sample_rate), f0_samples


def sample_gains(log_gains: Floats, hop_length: int) -> Floats:
    """Log gains at equal steps of each frame [T + 1, n_steps] → the gain of each sample, [T * hop_length]."""
    points = np.append(log_gains[:-1].ravel(), log_gains[-1, :1])
    gains: Floats = np.exp(interpolate(points, hop_length // log_gains.shape[1]))
    return gains


def interpolate(values: npt.NDArray[Real], n_steps: int) -> npt.NDArray[Real]:
    """Values [n + 1] → `n_steps` of the straight line from each to the next, [n * n_steps]."""
    steps = np.arange(n_steps, dtype=values.dtype) / values.dtype.type(n_steps)
    lines: npt.NDArray[Real] = (values[:-1, None] * (1 - steps) + values[1:, None] * steps).ravel()
    return lines


def dirichlet_kernel(phase: npt.NDArray[np.float64], n_harmonics: Floats) -> Floats:
    """Phase in cycles → the sum of cos(2 π k phase) for k = 1 … n_harmonics, in closed form."""
    half_phase = (np.pi * (phase - np.floor(phase))).astype(np.float32)
    denominator = np.sin(half_phase)
    at_pulse = np.abs(denominator) < 1e-4
    denominator[at_pulse] = 1
    kernel: Floats = np.sin((2 * n_harmonics + 1) * half_phase) / denominator
    kernel -= 1
    kernel *= 0.5
    kernel[at_pulse] = n_harmonics[at_pulse]
    return kernel


def source_filter_graph(
    mel: MelSettings, d: SourceFilterDimensions, weight_shapes: Mapping[str, Sequence[int]]
) -> bytes:
    """The graph: mel [n_mels, T], told_f0 [T] in Hz (0: predict it from the mel) → the gain and the phase of the pulses
    and the gain of the noise, each [T + 1, n_bins], and f0 [T] in Hz; in a network with `envelope_steps` also the log
    gains of pulses, then of noise, within each frame [T + 1, 2 * envelope_steps].
    """
    from tts.models.source_filter import F0_CENTRE_HZ, MAX_ENVELOPE, mel_to_bins

    g = GraphBuilder("source_filter", weight_shapes)
    # Exported graphs have these names.
    mel_input = g.input("mel", np.float32, [mel.n_mels, "frames"])
    f0_input = g.input("told_f0", np.float32, ["frames"])
    frames = g.op("Transpose", mel_input, perm=[1, 0])

    # `PitchFromMel`: frames [T, n_mels] → F0 in Hz [T], where the input is 0.
    given = g.op("Greater", f0_input, g.constant(0))
    x = _convnext_stack(g, "pitch", N_PITCH_BLOCKS, frames)
    octaves = g.op("Squeeze", g.linear("pitch.out", x), g.constant([1], np.int64))
    octaves = g.op("Clip", octaves, g.constant(-2), g.constant(2))
    predicted = g.op("Mul", g.op("Pow", g.constant(2), octaves), g.constant(F0_CENTRE_HZ))
    f0 = g.op("Where", given, f0_input, predicted)

    octaves = g.op("Log", g.op("Div", f0, g.constant(F0_CENTRE_HZ)))
    octaves = g.op("Div", octaves, g.constant(np.log(2)))
    features = g.op("Concat", frames, g.op("Unsqueeze", octaves, g.constant([1], np.int64)), axis=1)
    # One more frame, because the inverse transform is centred: T frames give (T - 1) hops.
    last = g.op("Slice", features, g.constant([-1], np.int64), g.constant([2**31], np.int64))
    features = g.op("Concat", features, last, axis=0)

    # `ConvNeXtBackbone`, then gains relative to the mel's envelope.
    x = g.layer_norm("backbone.final_norm", _convnext_stack(g, "backbone", d.n_blocks, features))
    corrections = g.ops("Split", 3, g.linear("head", x), axis=1, num_outputs=3)
    mels = g.op("Slice", features, g.constant([0], np.int64), g.constant([mel.n_mels], np.int64),
                g.constant([1], np.int64))  # fmt: skip
    envelope = g.op("MatMul", mels, g.sparse("spread", mel_to_bins(mel).numpy().T))
    n_bins = mel.n_fft // 2 + 1
    for name, correction in zip(("pulse_gain", "noise_gain"), corrections, strict=False):
        gain = g.op("Exp", g.op("Min", g.op("Add", envelope, correction), g.constant(6)))
        g.output(name, gain, np.float32, ["frames_and_one", n_bins])
    g.output("phase", corrections[2], np.float32, ["frames_and_one", n_bins])
    g.output("f0", f0, np.float32, ["frames"])
    if d.envelope_steps:
        bounded = g.op("Tanh", g.op("Div", g.linear("envelope", x), g.constant(MAX_ENVELOPE)))
        log_gains = g.op("Mul", bounded, g.constant(MAX_ENVELOPE))
        g.output("envelope", log_gains, np.float32, ["frames_and_one", 2 * d.envelope_steps])
    return g.model()


def _convnext_stack(g: GraphBuilder, name: str, n_blocks: int, features: str) -> str:
    """Convolution, norm and ConvNeXt blocks: features [T, n_inputs] → [T, channels]."""
    x = g.layer_norm(f"{name}.norm", g.time_first(g.conv(f"{name}.embed", g.channels_first(features))))
    for i in range(n_blocks):
        x = g.convnext_block(f"{name}.blocks.{i}", x)
    return x
