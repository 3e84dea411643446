"""Tacotron 2's prenet and its dropout, which is on even when speaking: without it the attention fails."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tts.models.draws import uniform

# Masks are drawn for this many frames at a time: one draw a frame would cost more than the frame.
BLOCK_FRAMES = 64


class Dropout:
    """Dropout whose masks come from one generator a row, drawn on the CPU: the same on every device, in every batch.

    Without generators it is torch's own, from the global generator.
    """

    def __init__(self, p: float, generators: list[np.random.Generator] | None, device: torch.device) -> None:
        self.p = p
        self._generators = generators
        self._device = device
        self._masks: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor:
        """x [B, C] of one frame's layer, the layers of a frame in turn and all of one width."""
        if self._generators is None or self.p == 0:
            return functional.dropout(x, self.p, training=True)
        if not self._masks:
            self._masks = self._draw(x.shape[1])
        return x * self._masks.pop()

    def _draw(self, channels: int) -> list[Tensor]:
        shape = (BLOCK_FRAMES, channels)
        rows = [uniform(shape, generator) for generator in self._generators or []]
        kept = (torch.stack(rows, dim=1) >= self.p).float() / (1 - self.p)
        return list(kept.to(self._device).unbind(0))[::-1]


class Prenet(nn.Module):
    """Linear layers with ReLU and dropout (section 2.2): x [..., n_mels] → [..., channels]."""

    def __init__(self, n_mels: int, channels: int, n_layers: int, p: float = 0.5) -> None:
        super().__init__()
        self.p = p
        widths = (n_mels, *[channels] * n_layers)
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out, bias=False) for n_in, n_out in pairwise(widths))

    def forward(self, x: Tensor, dropout: Dropout | None = None) -> Tensor:
        """Without `dropout`, torch's own."""
        for layer in self.layers:
            x = torch.relu(layer(x))
            x = functional.dropout(x, self.p, training=True) if dropout is None else dropout(x)
        return x
