"""A small WaveGlow for the CPU: the flow of Prenger et al. 2018 (arXiv 1811.00002) over frames of a lapped transform.

WaveGlow divides speech into groups of eight samples, and is slow because a second has so many of them. Here a group is
a frame of the MDCT (Princen & Bradley 1986), which is as long as the mel's hop, orthonormal, and overlaps its
neighbours, so that large groups (as in SqueezeWave, Zhai et al. 2020, arXiv 2001.05685) leave no seams. Before the
flows comes a conditional affine layer like the injector of SRFlow (Lugmayr et al. 2020, arXiv 2006.14200, section
3.3): it subtracts each coefficient's mean, predicted from the mel as the pulses of the pitch through a filter, and
divides by its deviation. The flows model the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.models.source_filter import F0_CENTRE_HZ, Excitation, mel_to_bins
from tts.models.torch_network import VocoderNetwork, standard_normal
from tts.models.vocos import ConvNeXtBackbone, VocosDimensions
from tts.models.waveglow import Encoding, Flow, WaveGlowDimensions

# Log gains of means and deviations before training, relative to the mel's own envelope, measured on speech.
INITIAL_LOG_GAIN, INITIAL_LOG_DEVIATION = -0.5, 0.0
# The least log deviation of a coefficient, -70 dB: silence in a mel still has noise in it.
LOG_FLOOR = math.log(3e-4)


@dataclass(frozen=True)
class LappedWaveGlowDimensions:
    """`channels`, `hidden`, `n_blocks` are sizes of the network over the mel; the rest of the flows, as in WaveGlow."""

    channels: int = 192
    hidden: int = 576
    n_blocks: int = 5
    n_flows: int = 4
    n_layers: int = 3
    flow_channels: int = 96
    condition_channels: int = 96
    sigma: float = 0.8


class LappedWaveGlow(VocoderNetwork):
    spread: Tensor

    def __init__(self, mel: MelSettings, dimensions: LappedWaveGlowDimensions) -> None:
        super().__init__(mel)
        d = self.dimensions = dimensions
        n = mel.hop_length
        self.transform = LappedTransform(n)
        self.excitation = Excitation(mel)
        self.backbone = ConvNeXtBackbone(mel.n_mels + 1, VocosDimensions(d.channels, d.hidden, d.n_blocks))
        self.injector = nn.Linear(d.channels, 3 * n)
        self.condition = nn.Linear(d.channels, d.condition_channels)
        sizes = WaveGlowDimensions(n_layers=d.n_layers, channels=d.flow_channels)
        self.flows = nn.ModuleList(Flow(n, d.condition_channels, sizes) for _ in range(d.n_flows))

        # Means and deviations begin near the mel's envelope, and the flows separate even coefficients from odd ones.
        nn.init.normal_(self.injector.weight, std=0.01)
        nn.init.zeros_(self.injector.bias)
        order = torch.arange(n)
        by_turns = torch.cat([order[1::2], order[::2]])
        for k in range(d.n_flows):
            # Once sorted, the halves only swap.
            mixing = torch.eye(n)[by_turns if k == 0 else order.roll(n // 2)]
            self._flow(k).mix.weight.data.copy_(mixing[:, :, None])

        # The coefficients lie halfway between the mel's Fourier bins.
        bins = mel_to_bins(mel)[(torch.arange(n) * 2 + 1) * mel.n_fft // (4 * n)]
        self.register_buffer("spread", bins, persistent=False)

    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        noise = self.noise(len(mel), mel.shape[2], generator)
        f0 = self.excitation.pitch(mel) if f0 is None else f0
        wave = self.infer(mel, [z.to(mel) for z in noise], self.dimensions.sigma, f0, self.excitation(mel, f0))
        return wave.clamp(-1, 1)

    def noise(self, batch: int, n_frames: int, generator: np.random.Generator | None = None) -> list[Tensor]:
        """Standard normal noise [batch, hop_length, n_frames], on the CPU: the same for every device."""
        return [standard_normal((batch, self.mel.hop_length, n_frames), generator)]

    def infer(self, mel: Tensor, noise: Sequence[Tensor], sigma: float, f0: Tensor, pulses: Tensor) -> Tensor:
        """mel [B, n_mels, T], f0 [B, T] in Hz, `pulses` of `excitation` → waveform [B, T * hop_length]."""
        mean, log_deviation, condition = self._predict(mel, f0, pulses)
        x = sigma * noise[0]
        for k in reversed(range(len(self.flows))):
            x = self._flow(k).inverse(x, condition)
        return self.transform.inverse(x * torch.exp(log_deviation) + mean)

    def encode(self, mel: Tensor, audio: Tensor, f0: Tensor, pulses: Tensor) -> Encoding:
        """audio [B, T * hop_length] and arguments of `infer` → noise; the transform itself has determinant 1."""
        mean, log_deviation, condition = self._predict(mel, f0, pulses)
        x = (self.transform(audio) - mean) * torch.exp(-log_deviation)
        log_s, log_det = [-log_deviation], []
        for k in range(len(self.flows)):
            x, log_s_k, log_det_k = self._flow(k)(x, condition)
            log_s.append(log_s_k)
            log_det.append(log_det_k)
        return Encoding(x, log_s, log_det)

    def _predict(self, mel: Tensor, f0: Tensor, pulses: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From the mel: mean and log deviation [B, hop_length, T], and the condition of the flows [B, channels, T]."""
        features = torch.cat([mel, torch.log2(f0 / F0_CENTRE_HZ)[:, None]], dim=1)
        hidden = self.backbone(features)
        gain, phase, log_deviation = self.injector(hidden).transpose(1, 2).chunk(3, dim=1)
        envelope = self.spread @ mel
        filtered = torch.exp((envelope + gain + INITIAL_LOG_GAIN).clamp(max=6.0))
        cosine, sine = self.transform(pulses[:, 0]), self.transform.quadrature(pulses[:, 0])
        mean = filtered * (torch.cos(phase) * cosine + torch.sin(phase) * sine)
        log_deviation = (envelope + log_deviation + INITIAL_LOG_DEVIATION).clamp(max=6.0)
        floor = log_deviation.new_tensor(LOG_FLOOR)
        return mean, torch.logaddexp(log_deviation, floor), self.condition(hidden).transpose(1, 2)

    def _flow(self, k: int) -> Flow:
        flow = self.flows[k]
        assert isinstance(flow, Flow)
        return flow


class LappedTransform(nn.Module):
    """The orthonormal MDCT of hop n with a sine window, the signal taken as a circle: [B, G n] ⇄ [B, n, G].

    Frame g spans samples g n - n / 2 to g n + 3 n / 2. A circle makes as many coefficients as samples, without edges.
    """

    cosines: Tensor
    sines: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n
        t, k = torch.arange(2 * n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
        window = torch.sin(math.pi * (t + 0.5) / (2 * n)) * math.sqrt(2 / n)
        angle = math.pi / n * (t + 0.5 + n / 2) * (k + 0.5)
        self.register_buffer("cosines", (window * torch.cos(angle)).float(), persistent=False)
        self.register_buffer("sines", (window * torch.sin(angle)).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (self._frames(x) @ self.cosines).transpose(1, 2)

    def quadrature(self, x: Tensor) -> Tensor:
        """The same frames with sines (the MDST): the coefficients of x a quarter of a period later."""
        return (self._frames(x) @ self.sines).transpose(1, 2)

    def inverse(self, coefficients: Tensor) -> Tensor:
        frames = coefficients.transpose(1, 2) @ self.cosines.T
        n_frames = frames.shape[1]
        first, second = frames[..., : self.n], frames[..., self.n :]
        circle = (first + second.roll(1, dims=1)).reshape(len(frames), n_frames * self.n)
        return circle.roll(-(self.n // 2), dims=1)

    def _frames(self, x: Tensor) -> Tensor:
        halves = x.roll(self.n // 2, dims=1).reshape(len(x), -1, self.n)
        return torch.cat([halves, halves.roll(-1, dims=1)], dim=2)
