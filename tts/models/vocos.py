"""Vocos (Siuzdak 2023, arXiv 2306.00814): a network at frame rate whose last layer is an inverse Fourier transform.

Deviations: a smaller network, and no discriminators of its own here (see `tts.training`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel import inverse_stft
from tts.audio.mel_settings import MelSettings
from tts.models.torch_network import VocoderNetwork


class ConvNeXtBlock(nn.Module):
    """ConvNeXt in one dimension (Liu et al. 2022, arXiv 2201.03545, figure 4): x [B, T, channels] → the same shape.

    A depthwise convolution over time, then a pointwise network of `hidden` units, added to the input through a learned
    scale per channel. Time comes before channels because the two pointwise layers do most of the work.
    """

    def __init__(self, channels: int, hidden: int, kernel_size: int = 7, initial_scale: float = 0.2) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.contract = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), initial_scale))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask [B, T, 1], True where data is real: values in the padding never reach real frames."""
        if mask is not None:
            x = x * mask
        y = self.norm(self.depthwise(x.transpose(1, 2)).transpose(1, 2))
        y = self.contract(nn.functional.gelu(self.expand(y)))
        scaled: Tensor = x + self.scale * y
        return scaled


@dataclass(frozen=True)
class VocosDimensions:
    channels: int = 256
    hidden: int = 768
    n_blocks: int = 6
    kernel_size: int = 7


class ConvNeXtBackbone(nn.Module):
    """features [B, n_inputs, T] → [B, T, channels] by a stack of ConvNeXt blocks."""

    def __init__(self, n_inputs: int, dimensions: VocosDimensions) -> None:
        super().__init__()
        d = dimensions
        self.embed = nn.Conv1d(n_inputs, d.channels, d.kernel_size, padding=d.kernel_size // 2)
        self.norm = nn.LayerNorm(d.channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(d.channels, d.hidden, d.kernel_size) for _ in range(d.n_blocks))
        self.final_norm = nn.LayerNorm(d.channels)

    def forward(self, features: Tensor) -> Tensor:
        x = self.norm(self.embed(features).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.final_norm(x)
        return out


class Vocos(VocoderNetwork):
    """Predicts magnitude and phase of every bin of every frame at once and transforms them to samples (section 3.2)."""

    def __init__(self, mel: MelSettings, dimensions: VocosDimensions) -> None:
        super().__init__(mel)
        self.dimensions = dimensions
        self.backbone = ConvNeXtBackbone(mel.n_mels, dimensions)
        self.head = nn.Linear(dimensions.channels, mel.n_fft + 2)

    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        n_frames = mel.shape[2]
        # One more frame, because the inverse transform is centred: T frames give (T - 1) hops.
        features = torch.cat([mel, mel[:, :, -1:]], dim=2)
        # In float32 also where the network computes in less: complex numbers have no lower precision.
        log_magnitude, phase = self.head(self.backbone(features)).float().transpose(1, 2).chunk(2, dim=1)
        magnitude = torch.exp(log_magnitude).clamp(max=1e2)
        return inverse_stft(
            torch.polar(magnitude, phase), self.mel.n_fft, self.mel.hop_length, n_frames * self.mel.hop_length
        )
