"""The source-filter vocoder (`source_filter.py`) without PyTorch: its network on ONNX Runtime, the rest in NumPy."""

from __future__ import annotations

import numpy as np

from tts.audio.mel_settings import MelSettings
from tts.audio.spectra import Spectrum, inverse_stft, stft
from tts.models.onnx_session import Session
from tts.models.pulses import pulse_train
from tts.models.stages import Floats, VocoderStage


class OnnxSourceFilter(VocoderStage):
    """`session` runs the graph of `source_filter_graph`."""

    engine = "onnx"

    def __init__(self, mel: MelSettings, session: Session) -> None:
        self._mel = mel
        self._session = session

    @property
    def mel(self) -> MelSettings:
        return self._mel

    def __call__(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None, streams: int = 1
    ) -> Floats:
        n_samples = mel.shape[2] * self._mel.hop_length
        noise = generator.standard_normal((len(mel), n_samples), dtype=np.float32)
        # No pitch is 0 Hz: the graph then hears it in the mel.
        told = np.zeros((len(mel), mel.shape[2]), np.float32) if f0 is None else f0
        return np.stack([self._speak(*each) for each in zip(mel, told, noise, strict=True)])

    def _speak(self, mel: Floats, told_f0: Floats, noise: Floats) -> Floats:
        pulse_gain, noise_gain, phase, f0 = self._session.run(mel=mel, told_f0=told_f0)
        pulse_filter = np.empty(phase.shape, np.complex64)
        np.multiply(pulse_gain, np.cos(phase), out=pulse_filter.real)
        np.multiply(pulse_gain, np.sin(phase), out=pulse_filter.imag)
        spectrum = self._spectrum(pulse_train(f0, self._mel.hop_length, self._mel.sample_rate))
        spectrum *= pulse_filter
        spectrum += noise_gain * self._spectrum(noise)
        return inverse_stft(spectrum, self._mel.n_fft, self._mel.hop_length, len(noise))

    def _spectrum(self, source: Floats) -> Spectrum:
        """[T * hop_length] → [T + 1, n_bins]; a sinusoid of amplitude 1 becomes a peak of about 1."""
        spectrum = stft(source, self._mel.n_fft, self._mel.hop_length)
        spectrum *= np.float32(4 / self._mel.n_fft)
        return spectrum
