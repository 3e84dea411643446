"""Discriminators that judge log magnitude spectrograms at several resolutions.

After the multi-resolution spectrogram discriminator of UnivNet (Jang et al. 2021, arXiv 2106.07889, section 2.3), made
some twenty times lighter: few channels where the picture is large, so that adversarial training is possible on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

SLOPE = 0.1


class SpectrogramDiscriminator(nn.Module):
    """magnitude [B, bins, frames] → scores [B, 1, frames', bins'] and the features of each layer."""

    def __init__(self, channels: Sequence[int] = (8, 16, 32, 64, 64)) -> None:
        super().__init__()
        strides = ((1, 2), (1, 4), (2, 2), (2, 2), (1, 1))
        inputs = (1, *channels[:-1])
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(n_in, n_out, (3, 5), stride, padding=(1, 2)))
            for n_in, n_out, stride in zip(inputs, channels, strides, strict=True)
        )
        self.score = weight_norm(nn.Conv2d(channels[-1], 1, 3, padding=1))

    def forward(self, magnitude: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = magnitude.log().transpose(1, 2).unsqueeze(1)
        features = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.score(x), features


class MultiResolutionDiscriminator(nn.Module):
    """One discriminator a resolution, over the spectrograms of `tts.training.losses.magnitudes`.

    `chosen` are the resolutions to look at: judging a random few each step costs a part of judging by all.
    """

    def __init__(self, n_resolutions: int) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(SpectrogramDiscriminator() for _ in range(n_resolutions))

    def forward(self, spectrograms: Sequence[Tensor], chosen: Sequence[int]) -> tuple[list[Tensor], list[list[Tensor]]]:
        results = [self.discriminators[i](spectrograms[i]) for i in chosen]
        return [score for score, _ in results], [features for _, features in results]
