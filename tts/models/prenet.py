"""Tacotron 2's prenet and its dropout, which is on even when speaking: without it the attention fails."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

# Masks are drawn for this many frames at a time: one draw a frame would cost more than the frame.
BLOCK_FRAMES = 64


class Dropout:
    """Dropout whose masks come from one generator a row, drawn on the CPU: the same on every device, in every batch.

    Without generators it is torch's own, from the global generator.
    """

    def __init__(self, p: float, generators: list[torch.Generator] | None, device: torch.device) -> None:
        self.p = p
        self._generators = generators
        self._device = device
        self._masks: list[Tensor] = []

    def factors(self, n_frames: int, n_layers: int, batch: int, channels: int) -> Tensor:
        """What the outputs of the next frames' layers are multiplied by: [n_frames, n_layers, batch, channels]."""
        shape = (n_frames, n_layers, batch, channels)
        if self._generators is None or self.p == 0:
            return functional.dropout(torch.ones(shape, device=self._device), self.p, training=True)
        while len(self._masks) < n_frames * n_layers:
            self._masks = self._draw(channels) + self._masks
        return torch.stack([self._masks.pop() for _ in range(n_frames * n_layers)]).reshape(shape)

    def _draw(self, channels: int) -> list[Tensor]:
        shape = (BLOCK_FRAMES, channels)
        rows = [torch.rand(shape, generator=generator) for generator in self._generators or []]
        kept = (torch.stack(rows, dim=1) >= self.p).float() / (1 - self.p)
        return list(kept.to(self._device).unbind(0))[::-1]


class Prenet(nn.Module):
    """Linear layers with ReLU and dropout (section 2.2): x [..., n_mels] → [..., channels]."""

    def __init__(self, n_mels: int, channels: int, n_layers: int, p: float = 0.5) -> None:
        super().__init__()
        self.p = p
        widths = (n_mels, *[channels] * n_layers)
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out, bias=False) for n_in, n_out in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.dropout(torch.relu(layer(x)), self.p, training=True)
        return x
