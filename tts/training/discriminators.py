"""Discriminators for adversarial training: of log magnitude spectrograms, and HiFi-GAN's of waveforms.

Those of spectrograms follow the multi-resolution discriminator of UnivNet (Jang et al. 2021, arXiv 2106.07889, section
2.3), about twenty times smaller: few channels where the picture is large, so that a CPU can train with them.

Those of waveforms are HiFi-GAN's (Kong, Kim & Bae 2020, arXiv 2010.05646, section 2.3 and appendix A.2). Multi-period:
the wave folded into rows of a prime period p, so that a column holds every p-th sample. Multi-scale (from MelGAN, Kumar
et al. 2019, arXiv 1910.06711): the wave itself, and averaged down to a half and a quarter of its rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

SLOPE = 0.1
# Approximate mean and standard deviation of the log magnitudes of speech.
LOG_MEAN, LOG_DEVIATION = -2.5, 2.5
PERIODS = (2, 3, 5, 7, 11)
N_SCALES = 3
# The published width of each layer; a smaller `channels` divides them all.
FULL_CHANNELS = 1024
PERIOD_CHANNELS = (32, 128, 512, 1024, 1024)
SCALE_CHANNELS = (128, 128, 256, 512, 1024, 1024, 1024)
SCALE_KERNELS = (15, 41, 41, 41, 41, 41, 5)
SCALE_STRIDES = (1, 2, 2, 4, 4, 1, 1)
SCALE_GROUPS = (1, 4, 16, 16, 16, 16, 1)

Norm = Callable[..., Any]


class SpectrogramDiscriminator(nn.Module):
    """magnitude [B, bins, frames] → scores [B, 1, frames', bins'] and the features of each layer.

    It judges the lowest bins, a share `band` of them. With `standardised` it first scales log magnitudes to about zero
    mean and unit variance, from which it learns several times as fast.
    """

    def __init__(
        self, channels: Sequence[int] = (8, 16, 32, 64, 64), band: float = 1.0, standardised: bool = False
    ) -> None:
        super().__init__()
        self.band, self.standardised = band, standardised
        strides = ((1, 2), (1, 4), (2, 2), (2, 2), (1, 1))
        inputs = (1, *channels[:-1])
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(n_in, n_out, (3, 5), stride, padding=(1, 2)))
            for n_in, n_out, stride in zip(inputs, channels, strides, strict=True)
        )
        self.score = weight_norm(nn.Conv2d(channels[-1], 1, 3, padding=1))

    def forward(self, magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = magnitude[:, : int(magnitude.shape[1] * self.band)].log().transpose(1, 2).unsqueeze(1)
        if self.standardised:
            x = (x - LOG_MEAN) / LOG_DEVIATION
        scores, features = _scores_and_features(x, self.layers, self.score)
        return scores, features[:-1]


class MultiResolutionDiscriminator(nn.Module):
    """One discriminator per resolution of the spectrograms of `tts.training.losses.magnitudes`.

    `bands` has the share of the bins that each judges. `chosen` are the resolutions to judge: a random few in each step
    cost a fraction of all.
    """

    def __init__(self, bands: Sequence[float], standardised: bool = False) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(
            SpectrogramDiscriminator(band=band, standardised=standardised) for band in bands
        )

    def forward(self, spectrograms: Sequence[Tensor], chosen: Sequence[int]) -> tuple[list[Tensor], list[list[Tensor]]]:
        results = [self.discriminators[i](spectrograms[i]) for i in chosen]
        return [score for score, _ in results], [features for _, features in results]


class WaveDiscriminator(nn.Module):
    """All periods and scales: wave [B, n] → the scores of each and the features of each one's layers.

    `channels` is the width of the widest layers, 1024 as published or a smaller power of 2 from 32 on.
    """

    def __init__(self, channels: int = FULL_CHANNELS) -> None:
        super().__init__()
        self.periods = nn.ModuleList(PeriodDiscriminator(period, channels) for period in PERIODS)
        # The first scale is bounded by spectral norm, as in the paper.
        norms: list[Norm] = [spectral_norm, *[weight_norm] * (N_SCALES - 1)]
        self.scales = nn.ModuleList(ScaleDiscriminator(norm, channels) for norm in norms)

    @property
    def n_features(self) -> int:
        """The number of feature maps, over which the paper sums the feature matching loss."""
        return sum(len(each.layers) + 1 for each in (*self.periods, *self.scales))

    def forward(self, wave: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        results = [period(wave) for period in self.periods]
        x = wave[:, None]
        for i, scale in enumerate(self.scales):
            x = nn.functional.avg_pool1d(x, 4, 2, padding=2) if i else x
            results.append(scale(x))
        return [score for score, _ in results], [features for _, features in results]


class PeriodDiscriminator(nn.Module):
    """wave [B, n] → scores [B, 1, rows, period] and the features of each layer; columns do not mix."""

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
        return _scores_and_features(padded.reshape(len(wave), 1, -1, self.period), self.layers, self.score)


class ScaleDiscriminator(nn.Module):
    """wave [B, 1, n] → scores [B, 1, n'] and the features of each layer."""

    def __init__(self, norm: Norm, channels: int = FULL_CHANNELS) -> None:
        super().__init__()
        widths = _widths(SCALE_CHANNELS, channels)
        # Narrow layers have fewer groups, each of at least four inputs.
        groups = [min(g, max(1, width // 4)) for g, width in zip(SCALE_GROUPS, (1, *widths[:-1]), strict=True)]
        shapes = zip((1, *widths[:-1]), widths, SCALE_KERNELS, SCALE_STRIDES, groups, strict=True)
        self.layers = nn.ModuleList(
            norm(nn.Conv1d(n_in, n_out, size, stride, padding=size // 2, groups=group))
            for n_in, n_out, size, stride, group in shapes
        )
        self.score = norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        return _scores_and_features(wave, self.layers, self.score)


def _scores_and_features(x: Tensor, layers: nn.ModuleList, score: nn.Module) -> tuple[Tensor, list[Tensor]]:
    """Return the scores and the features; the scores are matched as features too, as in the authors' code."""
    features = []
    for layer in layers:
        x = nn.functional.leaky_relu(layer(x), SLOPE)
        features.append(x)
    scores: Tensor = score(x)
    return scores, [*features, scores]


def _widths(published: Sequence[int], channels: int) -> list[int]:
    return [max(1, width * channels // FULL_CHANNELS) for width in published]
