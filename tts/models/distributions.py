"""What an autoregressive vocoder predicts of the next sample: its likelihood, and how to draw from it.

Three kinds: a class of mu-law (van den Oord et al. 2016, arXiv 1609.03499, section 2.2), a discretised mixture of
logistics (Salimans et al. 2017, arXiv 1701.05517, section 2.1), and a Gaussian (Ping et al. 2018, arXiv 1807.07281).
Random numbers come from outside, one set a time step, so that a draw can be repeated anywhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tts.errors import TtsError
from tts.models.draws import standard_normal, uniform, uniform_double

Kind = Literal["mulaw", "logistics", "gaussian"]
# Uniform numbers stay so far from 0 and 1, where their logarithms have no end.
EDGE = 1e-5


class SampleDistribution(ABC):
    """Parameters are [..., n_outputs]; samples are class numbers (int64) for mu-law, and else floats in -1 to 1."""

    @abstractmethod
    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        """parameters [..., n_outputs] and samples [...] → negative log likelihood [...] in nats."""

    @abstractmethod
    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        """What `sample` needs for every step, each [n_steps, B, ...], on the CPU."""

    def cooled(self, numbers: tuple[Tensor, ...], temperature: float) -> tuple[Tensor, ...]:
        """The numbers of draws whose deviation is `temperature` times as large: below 1 there is less noise.

        Raises:
            TtsError: draws of this kind have no deviation.
        """
        if temperature == 1:
            return numbers
        raise TtsError("Only logistics and Gaussians have a temperature: leave it at 1 for mu-law.")

    @abstractmethod
    def sample(self, parameters: Tensor, numbers: Sequence[Tensor]) -> Tensor:
        """parameters [B, n_outputs] and one step's numbers [B, ...] → samples [B]."""

    @abstractmethod
    def likeliest(self, parameters: Tensor) -> Tensor:
        """The centre of the likeliest class or component: [B, n_outputs] → [B]."""


@dataclass(frozen=True)
class MulawClasses(SampleDistribution):
    """One output a class: logits."""

    n_outputs: int = 256

    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        return -torch.log_softmax(parameters, -1).gather(-1, samples[..., None])[..., 0]

    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        return (uniform_double((n_steps, batch), generator),)

    def sample(self, parameters: Tensor, numbers: Sequence[Tensor]) -> Tensor:
        """The inverse of the cumulative distribution: how many of its values do not exceed the uniform number [B]."""
        (uniform,) = numbers
        cumulative = torch.softmax(parameters.double(), -1).cumsum(-1)
        found = torch.searchsorted(cumulative, uniform[:, None].contiguous(), right=True)[:, 0]
        return found.clamp(max=self.n_outputs - 1)

    def likeliest(self, parameters: Tensor) -> Tensor:
        return parameters.argmax(-1)


@dataclass(frozen=True)
class LogisticMixture(SampleDistribution):
    """Outputs: logits, means and log scales of the components, as many of each.

    `n_levels` is how finely samples are quantised, `log_scale_min` the least log scale that a loss counts with, and
    `sampling_log_scale_min` the least that samples are drawn with.
    """

    n_outputs: int = 30
    n_levels: int = 65536
    log_scale_min: float = -16.0
    sampling_log_scale_min: float = -math.inf

    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        """Equation 2; in the first and the last of the levels all of the tail is counted."""
        logits, means, log_scales = parameters.chunk(3, -1)
        log_scales = log_scales.clamp(min=self.log_scale_min)
        centred = samples[..., None] - means
        inverse_scale = torch.exp(-log_scales)
        half = 1 / (self.n_levels - 1)
        upper, lower = inverse_scale * (centred + half), inverse_scale * (centred - half)
        inside = torch.sigmoid(upper) - torch.sigmoid(lower)
        # Where so little is inside that float32 cannot tell, density times width.
        middle = inverse_scale * centred
        density = middle - log_scales - 2 * torch.nn.functional.softplus(middle) - math.log((self.n_levels - 1) / 2)
        log_inside = torch.where(inside > EDGE, inside.clamp(min=1e-12).log(), density)
        below, above = -torch.nn.functional.softplus(-upper), -torch.nn.functional.softplus(lower)
        edges = samples[..., None]
        log_components = torch.where(edges < -0.999, below, torch.where(edges > 0.999, above, log_inside))
        return -torch.logsumexp(log_components + torch.log_softmax(logits, -1), -1)

    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        choice = uniform((n_steps, batch, self.n_outputs // 3), generator)
        place = uniform((n_steps, batch), generator)
        return choice * (1 - 2 * EDGE) + EDGE, place * (1 - 2 * EDGE) + EDGE

    def cooled(self, numbers: tuple[Tensor, ...], temperature: float) -> tuple[Tensor, ...]:
        choice, place = numbers
        return numbers if temperature == 1 else (choice, torch.sigmoid(temperature * torch.logit(place)))

    def sample(self, parameters: Tensor, numbers: Sequence[Tensor]) -> Tensor:
        """A component by the Gumbel-max trick, then the inverse of the logistic's distribution (equation 1)."""
        choice, place = numbers
        logits, _, _ = parameters.chunk(3, -1)
        mean, log_scale = self._component(parameters, (logits - torch.log(-torch.log(choice))).argmax(-1))
        log_scale = log_scale.clamp(min=self.sampling_log_scale_min)
        return (mean + torch.exp(log_scale) * (torch.log(place) - torch.log(1 - place))).clamp(-1, 1)

    def likeliest(self, parameters: Tensor) -> Tensor:
        mean, _ = self._component(parameters, parameters.chunk(3, -1)[0].argmax(-1))
        return mean.clamp(-1, 1)

    def _component(self, parameters: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        _, means, log_scales = parameters.chunk(3, -1)
        return means.gather(-1, index[..., None])[..., 0], log_scales.gather(-1, index[..., None])[..., 0]


@dataclass(frozen=True)
class Gaussian(SampleDistribution):
    """Outputs: mean and log standard deviation. `log_scale_min` and `sampling_log_scale_min` as above."""

    n_outputs: int = 2
    log_scale_min: float = -16.0
    sampling_log_scale_min: float = -math.inf

    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        mean, log_scale = parameters[..., 0], parameters[..., 1].clamp(min=self.log_scale_min)
        scaled = (samples - mean) * torch.exp(-log_scale)
        return 0.5 * (math.log(2 * math.pi) + scaled.square()) + log_scale

    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        return (standard_normal((n_steps, batch), generator),)

    def cooled(self, numbers: tuple[Tensor, ...], temperature: float) -> tuple[Tensor, ...]:
        return (temperature * numbers[0],)

    def sample(self, parameters: Tensor, numbers: Sequence[Tensor]) -> Tensor:
        (normal,) = numbers
        log_scale = parameters[..., 1].clamp(min=self.sampling_log_scale_min)
        return (parameters[..., 0] + torch.exp(log_scale) * normal).clamp(-1, 1)

    def likeliest(self, parameters: Tensor) -> Tensor:
        return parameters[..., 0].clamp(-1, 1)
