"""Layers that several networks share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvNeXtBlock(nn.Module):
    """ConvNeXt in one dimension (Liu et al. 2022, arXiv 2201.03545, figure 4): x [B, T, channels] → the same shape.

    A depthwise convolution over time, then a pointwise network of `hidden` units, added to the input through a learned
    scale a channel. Time stands before channels because the two pointwise layers are where the work is.
    """

    def __init__(self, channels: int, hidden: int, kernel_size: int = 7, initial_scale: float = 0.2) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.contract = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), initial_scale))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask [B, T, 1], True where data is real: what lies in the padding never reaches real frames."""
        if mask is not None:
            x = x * mask
        y = self.norm(self.depthwise(x.transpose(1, 2)).transpose(1, 2))
        y = self.contract(nn.functional.gelu(self.expand(y)))
        scaled: Tensor = x + self.scale * y
        return scaled
