"""HiFi-GAN's discriminators of waveforms (Kong, Kim & Bae 2020, arXiv 2010.05646, section 2.3 and appendix A.2).

Multi-period: the wave folded into rows of a prime period, so that a column holds every p-th sample. Multi-scale (from
MelGAN, Kumar et al. 2019, arXiv 1910.06711): the wave as it is, and averaged down to a half and a quarter of its rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

SLOPE = 0.1
PERIODS = (2, 3, 5, 7, 11)
N_SCALES = 3
# The published widths, layer by layer; a smaller `channels` divides them all.
FULL_CHANNELS = 1024
PERIOD_CHANNELS = (32, 128, 512, 1024, 1024)
SCALE_CHANNELS = (128, 128, 256, 512, 1024, 1024, 1024)
SCALE_KERNELS = (15, 41, 41, 41, 41, 41, 5)
SCALE_STRIDES = (1, 2, 2, 4, 4, 1, 1)
SCALE_GROUPS = (1, 4, 16, 16, 16, 16, 1)

Norm = Callable[..., Any]


class WaveDiscriminator(nn.Module):
    """All periods and scales: wave [B, n] → the scores of each and the features of each one's layers.

    `channels` is the width of the widest layers, 1024 as published or a smaller power of 2 from 32 on.
    """

    def __init__(self, channels: int = FULL_CHANNELS) -> None:
        super().__init__()
        self.periods = nn.ModuleList(PeriodDiscriminator(period, channels) for period in PERIODS)
        # The first is kept in bounds by spectral norm, as in the paper.
        norms: list[Norm] = [spectral_norm, *[weight_norm] * (N_SCALES - 1)]
        self.scales = nn.ModuleList(ScaleDiscriminator(norm, channels) for norm in norms)

    def forward(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        results = [period(wave) for period in self.periods]
        x = wave[:, None]
        for i, scale in enumerate(self.scales):
            x = nn.functional.avg_pool1d(x, 4, 2, padding=2) if i else x
            results.append(scale(x))
        return [score for score, _ in results], [features for _, features in results]


class PeriodDiscriminator(nn.Module):
    """wave [B, n] → scores [B, 1, rows, period] and the features of each layer; rows never see other columns."""

    def __init__(self, period: int, channels: int = FULL_CHANNELS) -> None:
        super().__init__()
        self.period = period
        widths = _widths(PERIOD_CHANNELS, channels)
        strides = (3, 3, 3, 3, 1)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(n_in, n_out, (5, 1), (stride, 1), padding=(2, 0)))
            for n_in, n_out, stride in zip((1, *widths[:-1]), widths, strides, strict=True)
        )
        self.score = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        missing = -wave.shape[1] % self.period
        padded = nn.functional.pad(wave[:, None], (0, missing), mode="reflect")
        return _judged(padded.reshape(len(wave), 1, -1, self.period), self.layers, self.score)


class ScaleDiscriminator(nn.Module):
    """wave [B, 1, n] → scores [B, 1, n'] and the features of each layer."""

    def __init__(self, norm: Norm, channels: int = FULL_CHANNELS) -> None:
        super().__init__()
        widths = _widths(SCALE_CHANNELS, channels)
        # Narrow layers have fewer groups, of four inputs each at the least.
        groups = [min(g, max(1, width // 4)) for g, width in zip(SCALE_GROUPS, (1, *widths[:-1]), strict=True)]
        shapes = zip((1, *widths[:-1]), widths, SCALE_KERNELS, SCALE_STRIDES, groups, strict=True)
        self.layers = nn.ModuleList(
            norm(nn.Conv1d(n_in, n_out, size, stride, padding=size // 2, groups=group))
            for n_in, n_out, size, stride, group in shapes
        )
        self.score = norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        return _judged(wave, self.layers, self.score)


def _judged(x: Tensor, layers: nn.ModuleList, score: nn.Module) -> tuple[Tensor, list[Tensor]]:
    """The score too is a feature that is matched, as in the authors' code."""
    features = []
    for layer in layers:
        x = nn.functional.leaky_relu(layer(x), SLOPE)
        features.append(x)
    scores: Tensor = score(x)
    return scores, [*features, scores]


def _widths(published: Sequence[int], channels: int) -> list[int]:
    return [max(1, width * channels // FULL_CHANNELS) for width in published]
