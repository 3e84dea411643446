"""HiFi-GAN's generator (Kong, Kim & Bae 2020, arXiv 2010.05646): transposed convolutions up to the sample rate.

After each upsampling, several residual blocks of different widths and dilations receive the same input, and their
outputs are averaged (multi-receptive field fusion, section 2.2). Weight norm is folded into the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.torch_network import VocoderNetwork

SLOPE = 0.1
# The last activation is PyTorch's default in the authors' code, and so in all that was trained with it.
LAST_SLOPE = 0.01
OUTER_KERNEL_SIZE = 7
PaddingMode = Literal["zeros", "reflect"]


@dataclass(frozen=True)
class HiFiGANDimensions:
    """The defaults are those of V1 (table 5); `two_convolutions` is the paper's ResBlock 1, without it ResBlock 2.

    `padding_mode` is what convolutions read beyond the edges: "zeros" as the authors, "reflect" as SpeechBrain;
    `edge_frames` is how often the first and the last frame are repeated in the input; their samples are cut off.
    """

    channels: int = 512
    upsample_rates: tuple[int, ...] = (8, 8, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16, 4, 4)
    block_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    block_dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    two_convolutions: bool = True
    padding_mode: PaddingMode = "zeros"
    edge_frames: int = 0


class HiFiGAN(VocoderNetwork):
    """Raises TtsError where the product of the upsampling rates is not the mel's hop."""

    def __init__(self, mel: MelSettings, dimensions: HiFiGANDimensions) -> None:
        super().__init__(mel)
        d = self.dimensions = dimensions
        if math.prod(d.upsample_rates) != mel.hop_length:
            raise TtsError(f"The HiFi-GAN's upsampling rates {d.upsample_rates} do not make {mel.hop_length} samples.")
        pad, mode = OUTER_KERNEL_SIZE // 2, d.padding_mode
        self.before = nn.Conv1d(mel.n_mels, d.channels, OUTER_KERNEL_SIZE, padding=pad, padding_mode=mode)
        self.stages = nn.ModuleList(Stage(d, i) for i in range(len(d.upsample_rates)))
        n_last = d.channels // 2 ** len(d.upsample_rates)
        self.after = nn.Conv1d(n_last, 1, OUTER_KERNEL_SIZE, padding=pad, padding_mode=mode)

    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        edge = self.dimensions.edge_frames
        x = self.before(nn.functional.pad(mel, (edge, edge), mode="replicate") if edge else mel)
        for stage in self.stages:
            x = stage(nn.functional.leaky_relu(x, SLOPE))
        samples = torch.tanh(self.after(nn.functional.leaky_relu(x, LAST_SLOPE)))[:, 0]
        start = edge * self.mel.hop_length
        return samples[:, start : start + mel.shape[2] * self.mel.hop_length]

    @torch.inference_mode()
    def hum(self, n_frames: int = 88) -> Tensor:
        silence: Tensor = self(self.before.weight.new_zeros(1, self.mel.n_mels, n_frames))
        return silence


class Stage(nn.Module):
    """One upsampling: x [B, channels, T] → [B, channels // 2, T * rate]."""

    def __init__(self, dimensions: HiFiGANDimensions, index: int) -> None:
        super().__init__()
        d = dimensions
        n_in, n_out = d.channels // 2**index, d.channels // 2 ** (index + 1)
        rate, kernel_size = d.upsample_rates[index], d.upsample_kernel_sizes[index]
        self.up = nn.ConvTranspose1d(n_in, n_out, kernel_size, stride=rate, padding=(kernel_size - rate) // 2)
        self.blocks = nn.ModuleList(
            ResidualBlock(n_out, size, dilations, d.two_convolutions, d.padding_mode)
            for size, dilations in zip(d.block_kernel_sizes, d.block_dilations, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(x)
        total = self.blocks[0](x)
        for block in self.blocks[1:]:
            total = total + block(x)
        mean: Tensor = total / len(self.blocks)
        return mean


class ResidualBlock(nn.Module):
    """A chain of dilated convolutions, each added to its input; ResBlock 1 puts an undilated one after each."""

    def __init__(
        self,
        channels: int,
        kernel_size: int,
        dilations: Sequence[int],
        two_convolutions: bool,
        padding_mode: PaddingMode,
    ) -> None:
        super().__init__()

        def conv(dilation: int) -> nn.Conv1d:
            padding = dilation * (kernel_size - 1) // 2
            return nn.Conv1d(
                channels, channels, kernel_size, dilation=dilation, padding=padding, padding_mode=padding_mode
            )

        self.dilated = nn.ModuleList(conv(dilation) for dilation in dilations)
        self.plain = nn.ModuleList(conv(1) for _ in dilations if two_convolutions)

    def forward(self, x: Tensor) -> Tensor:
        for i, dilated in enumerate(self.dilated):
            y = dilated(nn.functional.leaky_relu(x, SLOPE))
            if len(self.plain):
                y = self.plain[i](nn.functional.leaky_relu(y, SLOPE))
            x = x + y
        return x
