"""WaveGlow (Prenger, Valle & Catanzaro 2018, arXiv 1811.00002): a normalising flow between speech and Gaussian noise.

One network learns both directions: audio → noise, whose likelihood is the training loss, and noise → audio, which
speaks. Each flow is an invertible 1x1 convolution and an affine coupling whose scale and shift come from a network
like WaveNet, conditioned on the mel spectrogram. Equation numbers are the paper's.

Weight norm is left out: it matters for training only, and is folded into the weights here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.kernels import waveglow as kernel
from tts.kernels.execution import WeightCache
from tts.models.source_filter import Excitation
from tts.models.torch_network import VocoderNetwork, standard_normal
from tts.models.vocos import ConvNeXtBlock


@dataclass(frozen=True)
class WaveGlowDimensions:
    """The defaults are those of the published network; `sigma` is the deviation of the noise it speaks from.

    `condition_channels` 0: the condition of each group of samples is the mel, upsampled to sample rate by a transposed
    convolution, as published. More: it is so many channels at the rate of the groups, computed from the mel and the
    pulses of its pitch (`tts.models.source_filter.Excitation`), which lets groups be large and the network small
    (SqueezeWave, Zhai et al. 2020, arXiv 2001.05685).
    """

    n_flows: int = 12
    n_group: int = 8
    n_early_every: int = 4
    n_early_size: int = 2
    n_layers: int = 8
    channels: int = 512
    kernel_size: int = 3
    upsample_kernel_size: int = 1024
    sigma: float = 0.6
    condition_channels: int = 0

    def flow_channels(self) -> list[int]:
        """How many of the `n_group` channels each flow has: those of earlier outputs have left by then."""
        return [self.n_group - self.n_early_size * (k // self.n_early_every) for k in range(self.n_flows)]

    def is_early_output(self, flow: int) -> bool:
        """Whether `n_early_size` channels leave before this flow (section 2.3)."""
        return flow > 0 and flow % self.n_early_every == 0


class Encoding(NamedTuple):
    """Audio as noise z [B, n_group, G], and of each flow log s [B, channels // 2, G] and log |det W| over B and G.

    G = samples // n_group.
    """

    z: Tensor
    log_s: list[Tensor]
    log_det: list[Tensor]


class WaveGlow(VocoderNetwork):
    """Raises TtsError where a frame of the mel is not a multiple of the groups that are conditioned on it."""

    precisions = ("float32", "bfloat16")

    def __init__(self, mel: MelSettings, dimensions: WaveGlowDimensions) -> None:
        super().__init__(mel)
        d = self.dimensions = dimensions
        self.upsample = GroupCondition(mel, d) if d.condition_channels else SampleCondition(mel, d)
        self.excitation = Excitation(mel) if d.condition_channels else None
        self.flows = nn.ModuleList(Flow(channels, self.upsample.n_channels, d) for channels in d.flow_channels())
        self._cache = WeightCache()

    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        noise = self.noise(mel.shape[0], mel.shape[2], generator)
        pulses = self.excitation(mel, f0) if self.excitation else None
        return self.infer(mel, [z.to(mel) for z in noise], self.dimensions.sigma, pulses).clamp(-1, 1)

    def infer(self, mel: Tensor, noise: Sequence[Tensor], sigma: float, pulses: Tensor | None = None) -> Tensor:
        """mel [B, n_mels, T] and standard normal noise in the shapes of `noise` → waveform [B, T * hop_length].

        The flows run backwards (equation 2); channels that left early come back, in front of the others.
        `pulses` [B, 3, T * hop_length] are those of `excitation`.
        """
        if not (self.training or torch.is_grad_enabled()):
            # The kernel computes the published network's condition itself: it is linear, and large at group rate.
            condition = mel if isinstance(self.upsample, SampleCondition) else self._condition(mel, pulses)
            prepared: kernel.Prepared = self._cache.get(
                lambda: kernel.Prepared(kernel_weights(self), self.precision), list(self.parameters()), self.precision
            )
            return kernel.infer(prepared, condition, noise, sigma)
        d = self.dimensions
        parts = iter(noise)
        condition = self._condition(mel, pulses)
        x = sigma * next(parts)
        for k in reversed(range(d.n_flows)):
            x = self.flow(k).inverse(x, condition)
            if d.is_early_output(k):
                x = torch.cat([sigma * next(parts), x], dim=1)
        return x.transpose(1, 2).flatten(1)

    def stream(
        self,
        mel: Tensor,
        noise: Sequence[Tensor],
        sigma: float,
        chunk_frames: int,
        context: tuple[int, int] | None = None,
        pulses: Tensor | None = None,
    ) -> Iterator[Tensor]:
        """The result of `infer` in chunks [B, chunk_frames * hop_length], the last perhaps shorter.

        `context` is how many frames before and after a chunk are computed with it; by default `reach`, with which the
        chunks are those of `infer`.
        """
        n_frames, hop_length = mel.shape[2], self.mel.hop_length
        before, after = self.reach() if context is None else context
        for start in range(0, n_frames, chunk_frames):
            first, last = max(0, start - before), min(start + chunk_frames + after, n_frames)
            groups = slice(first * hop_length // self.dimensions.n_group, last * hop_length // self.dimensions.n_group)
            near_pulses = None if pulses is None else pulses[:, :, first * hop_length : last * hop_length]
            wave = self.infer(mel[:, :, first:last], [z[:, :, groups] for z in noise], sigma, near_pulses)
            chunk = wave[:, (start - first) * hop_length :]
            yield chunk[:, : chunk_frames * hop_length]

    def reach(self) -> tuple[int, int]:
        """How many frames before and after a sample influence it."""
        d = self.dimensions
        groups = d.n_flows * (d.kernel_size - 1) // 2 * (2**d.n_layers - 1)
        before, after = self.upsample.reach(self.mel)
        frames = -(-groups * d.n_group // self.mel.hop_length)
        return frames + before, frames + after

    def noise(self, batch: int, n_frames: int, generator: np.random.Generator | None = None) -> list[Tensor]:
        """Standard normal noise in the order in which `infer` uses it; on the CPU, the same for every device.

        The first is for the channels that stay to the end, then one for each early output, the latest first.
        """
        d = self.dimensions
        early = sum(d.is_early_output(k) for k in range(d.n_flows))
        channels = [d.n_group - early * d.n_early_size, *[d.n_early_size] * early]
        groups = n_frames * self.mel.hop_length // d.n_group
        return [standard_normal((batch, c, groups), generator) for c in channels]

    def encode(self, mel: Tensor, audio: Tensor, pulses: Tensor | None = None) -> Encoding:
        """audio [B, n] and its mel [B, n_mels, T] → noise (equation 4).

        n is at most T * hop_length and divisible by n_group.
        """
        d = self.dimensions
        condition = self.upsample(mel, audio.shape[1], pulses)
        x = audio.reshape(len(audio), -1, d.n_group).transpose(1, 2)
        early, log_s, log_det = [], [], []
        for k, flow in enumerate(self.flows):
            if d.is_early_output(k):
                early.append(x[:, : d.n_early_size])
                x = x[:, d.n_early_size :]
            x, log_s_k, log_det_k = flow(x, condition)
            log_s.append(log_s_k)
            log_det.append(log_det_k)
        return Encoding(torch.cat([*early, x], dim=1), log_s, log_det)

    def log_likelihood(self, mel: Tensor, audio: Tensor, sigma: float = 1.0, pulses: Tensor | None = None) -> Tensor:
        """log p(audio | mel) [B] in nats, as in `encode` (equations 3 and 12, with the Gaussian's constant)."""
        z, log_s, log_det = self.encode(mel, audio, pulses)
        constant = 0.5 * audio.shape[1] * math.log(2 * math.pi * sigma**2)
        gaussian = -z.square().sum((1, 2)) / (2 * sigma**2) - constant
        return gaussian + torch.stack([s.sum((1, 2)) for s in log_s]).sum(0) + torch.stack(log_det).sum() / len(audio)

    @torch.inference_mode()
    def hum(self, n_frames: int = 88) -> Tensor:
        weight = self.flow(0).mix.weight
        zeros = weight.new_zeros(1, self.mel.n_mels, n_frames)
        # The noise is multiplied by 0; a generator of its own leaves PyTorch's global one as it is.
        noise = self.noise(1, n_frames, np.random.default_rng(0))
        return self.infer(zeros, [z.to(weight) for z in noise], sigma=0.0)

    def flow(self, k: int) -> Flow:
        flow = self.flows[k]
        assert isinstance(flow, Flow)
        return flow

    def _condition(self, mel: Tensor, pulses: Tensor | None) -> Tensor:
        condition: Tensor = self.upsample(mel, mel.shape[2] * self.mel.hop_length, pulses)
        return condition


class SampleCondition(nn.Module):
    """The condition of each group of samples, as published: the mel at sample rate, for all samples of the group."""

    def __init__(self, mel: MelSettings, dimensions: WaveGlowDimensions) -> None:
        super().__init__()
        self.n_group = dimensions.n_group
        self.n_channels = mel.n_mels * self.n_group
        kernel_size = dimensions.upsample_kernel_size
        self.stretch = nn.ConvTranspose1d(mel.n_mels, mel.n_mels, kernel_size, stride=mel.hop_length)

    def reach(self, mel: MelSettings) -> tuple[int, int]:
        """How many frames before and after a group influence its condition."""
        return (self.stretch.kernel_size[0] - 1) // mel.hop_length, 0

    def forward(self, mel: Tensor, n_samples: int, pulses: Tensor | None = None) -> Tensor:
        """mel [B, n_mels, T] → [B, n_mels * n_group, n_samples // n_group].

        The output of the transposed convolution is cut after the last frame, at the right end only.
        """
        upsampled = self.stretch(mel)[:, :, :n_samples]
        groups: Tensor = upsampled.reshape(*upsampled.shape[:2], -1, self.n_group)
        return groups.transpose(2, 3).flatten(1, 2)


class GroupCondition(nn.Module):
    """The condition of large groups: a few channels made of mel and pulses, at the rate of the groups."""

    def __init__(self, mel: MelSettings, dimensions: WaveGlowDimensions) -> None:
        super().__init__()
        self.n_group, self.n_channels = dimensions.n_group, dimensions.condition_channels
        groups_per_frame, rest = divmod(mel.hop_length, self.n_group)
        if rest:
            raise TtsError(f"The WaveGlow's groups of {self.n_group} samples do not make {mel.hop_length} samples.")
        self.from_mel = nn.Conv1d(mel.n_mels, groups_per_frame * self.n_channels, 5, padding=2)
        self.from_pulses = nn.Conv1d(Excitation.n_channels * self.n_group, self.n_channels, 3, padding=1)
        self.blocks = nn.ModuleList(ConvNeXtBlock(self.n_channels, 2 * self.n_channels) for _ in range(2))

    def reach(self, mel: MelSettings) -> tuple[int, int]:
        """How many frames before and after a group influence its condition, through all blocks."""
        groups = len(self.blocks) * 3 + 1
        frames = -(-groups * self.n_group // mel.hop_length) + 2
        return frames, frames

    def forward(self, mel: Tensor, n_samples: int, pulses: Tensor | None = None) -> Tensor:
        """mel [B, n_mels, T], pulses [B, 3, T * hop_length] (None: silence) → [B, n_channels, n_samples // n_group]."""
        # A frame's channels are those of its groups, one after the other.
        groups: Tensor = self.from_mel(mel)
        x = groups.reshape(len(mel), -1, self.n_channels, mel.shape[2]).permute(0, 2, 3, 1).flatten(2)
        if pulses is not None:
            x = x + self.from_pulses(pulses.reshape(*pulses.shape[:2], -1, self.n_group).transpose(2, 3).flatten(1, 2))
        x = x.transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return x.transpose(1, 2)[:, :, : n_samples // self.n_group]


class Flow(nn.Module):
    """One step: mix the channels, then scale and shift half of them by a function of the other half and the mel."""

    def __init__(self, channels: int, condition_channels: int, dimensions: WaveGlowDimensions) -> None:
        super().__init__()
        self.n_first = channels // 2
        self.mix = InvertibleConv(channels)
        self.transform = CouplingNetwork(self.n_first, channels - self.n_first, condition_channels, dimensions)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [B, channels, G] → (towards noise, log s, log |det W| over the batch)."""
        x, log_det = self.mix(x)
        first, second = x[:, : self.n_first], x[:, self.n_first :]
        shift, log_s = self.transform(first, condition)
        # Equations 5 to 8; the Jacobian's log determinant is the sum of log s (equation 9).
        return torch.cat([first, torch.exp(log_s) * second + shift], dim=1), log_s, log_det

    def inverse(self, x: Tensor, condition: Tensor) -> Tensor:
        first, second = x[:, : self.n_first], x[:, self.n_first :]
        shift, log_s = self.transform(first, condition)
        mixed = torch.cat([first, (second - shift) * torch.exp(-log_s)], dim=1)
        return self.mix.inverse(mixed)


class InvertibleConv(nn.Module):
    """A 1x1 convolution with a square matrix (section 2.2), which starts as a random rotation.

    The inverse is computed when first needed, and again whenever the weight may have changed: after loading, after a
    move to another device or type, and after a change between training and evaluation. In training it is not cached.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
        # A determinant of +1 to begin with.
        rotation[:, 0] *= torch.linalg.det(rotation).sign()
        self.weight = nn.Parameter(rotation[:, :, None].contiguous())
        self._inverse: Tensor | None = None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, channels, G] → (W x (equation 10), B G log |det W| (equation 11))."""
        precise = torch.promote_types(self.weight.dtype, torch.float32)
        log_det = x.shape[0] * x.shape[2] * torch.linalg.slogdet(self.weight[:, :, 0].to(precise))[1]
        return nn.functional.conv1d(x, self.weight), log_det

    def inverse(self, x: Tensor) -> Tensor:
        inverse = self._inverse
        if inverse is None:
            inverse = self.inverted()[:, :, None]
            if not self.training:
                self._inverse = inverse.detach()
        return nn.functional.conv1d(x, inverse)

    def inverted(self) -> Tensor:
        # In float64, so that an ill-conditioned matrix costs no digits.
        inverse: Tensor = torch.linalg.inv(self.weight[:, :, 0].double()).to(self.weight.dtype)
        return inverse

    def train(self, mode: bool = True) -> InvertibleConv:
        self._inverse = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> InvertibleConv:
        self._inverse = None
        moved: InvertibleConv = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return moved

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        self._inverse = None
        super()._load_from_state_dict(*args, **kwargs)


class CouplingNetwork(nn.Module):
    """WN of equation 6: dilated convolutions with gates, residuals and skips, not causal (section 2.1)."""

    def __init__(self, n_in: int, n_out: int, condition_channels: int, dimensions: WaveGlowDimensions) -> None:
        super().__init__()
        d = dimensions
        self.start = nn.Conv1d(n_in, d.channels, 1)
        self.layers = nn.ModuleList(
            GatedLayer(d.channels, condition_channels, d.kernel_size, 2**i, is_last=i == d.n_layers - 1)
            for i in range(d.n_layers)
        )
        self.end = nn.Conv1d(d.channels, 2 * n_out, 1)
        # Zeros make every coupling the identity to begin with, which keeps the first steps of training stable.
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(torch.as_tensor(self.end.bias))

    def gated_layers(self) -> Iterator[GatedLayer]:
        for layer in self.layers:
            assert isinstance(layer, GatedLayer)
            yield layer

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, n_in, G] → (shift, log s), each [B, n_out, G]."""
        x = self.start(x)
        skips: Tensor | None = None
        for layer in self.layers:
            x, skip = layer(x, condition)
            skips = skip if skips is None else skips + skip
        shift, log_s = self.end(skips).chunk(2, dim=1)
        return shift, log_s


class GatedLayer(nn.Module):
    """x [B, channels, G] → (x plus the residual, the skip); the last layer has a skip only."""

    def __init__(self, channels: int, condition_channels: int, kernel_size: int, dilation: int, is_last: bool) -> None:
        super().__init__()
        self.is_last = is_last
        padding = dilation * (kernel_size - 1) // 2
        self.dilated = nn.Conv1d(channels, 2 * channels, kernel_size, dilation=dilation, padding=padding)
        self.condition = nn.Conv1d(condition_channels, 2 * channels, 1)
        self.out = nn.Conv1d(channels, channels if is_last else 2 * channels, 1)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        signal, gate = (self.dilated(x) + self.condition(condition)).chunk(2, dim=1)
        out = self.out(torch.tanh(signal) * torch.sigmoid(gate))
        if self.is_last:
            return x, out
        residual, skip = out.chunk(2, dim=1)
        return x + residual, skip


def kernel_weights(network: WaveGlow) -> kernel.WaveGlowWeights:
    """The weights as the kernel expects them: the network's own tensors, and inverses of the 1x1 convolutions."""

    def tensors(convolution: nn.Conv1d | nn.ConvTranspose1d) -> tuple[Tensor, Tensor]:
        assert convolution.bias is not None
        return convolution.weight.detach(), convolution.bias.detach()

    stretch = None
    if isinstance(network.upsample, SampleCondition):
        stretch = kernel.Upsampling(*tensors(network.upsample.stretch), network.mel.hop_length)
    flows = []
    for k in range(network.dimensions.n_flows):
        flow, transform = network.flow(k), network.flow(k).transform
        layers = tuple(
            kernel.LayerWeights(*tensors(layer.dilated), *tensors(layer.condition), *tensors(layer.out))
            for layer in transform.gated_layers()
        )
        unmix = flow.mix.inverted().detach()
        flows.append(kernel.FlowWeights(unmix, *tensors(transform.start), layers, *tensors(transform.end)))
    d = network.dimensions
    return kernel.WaveGlowWeights(tuple(flows), stretch, d.n_group, d.n_early_every)
