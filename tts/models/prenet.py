"""Tacotron 2's prenet and its dropout, which is on even when speaking: without it the attention fails."""

from __future__ import annotations

from collections.abc import Sequence
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

    def factors(self, n_frames: int, n_layers: int, channels: int, running: Sequence[bool]) -> Tensor:
        """What the outputs of the next frames' layers are multiplied by: [n_frames, n_layers, batch, channels].

        A row that is not `running` has ended, and draws no more: what it drew is what it would have drawn alone.
        """
        shape = (n_frames, n_layers, len(running), channels)
        if self._generators is None or self.p == 0:
            return functional.dropout(torch.ones(shape, device=self._device), self.p, training=True)
        while len(self._masks) < n_frames * n_layers:
            self._masks = self._draw(channels, running) + self._masks
        return torch.stack([self._masks.pop() for _ in range(n_frames * n_layers)]).reshape(shape)

    def _draw(self, channels: int, running: Sequence[bool]) -> list[Tensor]:
        shape = (BLOCK_FRAMES, channels)
        generators = zip(self._generators or [], running, strict=True)
        rows = [uniform(shape, generator) if goes_on else torch.zeros(shape) for generator, goes_on in generators]
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
