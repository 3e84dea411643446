"""WaveNet (van den Oord et al. 2016, arXiv 1609.03499) as a vocoder, after r9y9/wavenet_vocoder.

Each sample is predicted from those before it and from the mel spectrogram. Deviations: residuals are scaled by
sqrt(1/2) so that their variance stays, a small network of its own upsamples the mel, and the output is one of three
distributions (`SampleDistribution`). Weight norm is folded into the weights.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.audio import inverse_mulaw_codes, inverse_preemphasis, mulaw_codes
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.kernels import wavenet as loop
from tts.kernels.execution import WeightCache
from tts.kernels.wavenet import Kind as Kind
from tts.kernels.wavenet_reference import sample_from
from tts.models.base import WaveRequest, similar_lengths
from tts.models.source_filter import Excitation, Guide, MelEnvelope, SourceFilterDimensions
from tts.models.torch_network import VocoderNetwork, standard_normal, uniform, uniform_double

# Utterances generated together; each needs memory for all of its random numbers.
MAX_ROWS = 16
# Frames in which a stream fades into the next.
FADE_FRAMES = 1
# Uniform numbers stay so far from 0 and 1, where their logarithms are infinite.
EDGE = 1e-5


class SampleDistribution(ABC):
    """The distribution of the next sample: its likelihood, and how to sample from it.

    Parameters are [..., n_outputs]; samples are class numbers (int64) for mu-law, and else floats in -1 to 1. Random
    numbers are an argument, one set per time step, so that any runtime can repeat a sample.
    """

    kind: ClassVar[Kind]
    sampling_log_scale_min: float = -math.inf

    @abstractmethod
    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        """parameters [..., n_outputs] and samples [...] → negative log likelihood [...] in nats."""

    @abstractmethod
    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        """The random numbers that `sample` needs for every step, each [n_steps, B, ...], on the CPU."""

    def cooled(self, numbers: tuple[Tensor, ...], temperature: float) -> tuple[Tensor, ...]:
        """The numbers that make the deviation of samples `temperature` times as large: below 1 there is less noise.

        Raises:
            TtsError: samples of this kind have no deviation.
        """
        if temperature == 1:
            return numbers
        raise TtsError("Only logistics and Gaussians have a temperature: leave it at 1 for mu-law.")

    @abstractmethod
    def noise(self, numbers: Sequence[Tensor]) -> Tensor:
        """The noise [..., k] in float64 by which `tts.kernels.wavenet.generate` samples, from the numbers."""

    @abstractmethod
    def stillness(self, n_steps: int, batch: int) -> Tensor:
        """The noise [batch, n_steps, k] with which samples are the centre of the likeliest class or component."""

    def sample(self, parameters: Tensor, numbers: Sequence[Tensor]) -> Tensor:
        """parameters [B, n_outputs] and one step's numbers [B, ...] → samples [B]."""
        return sample_from(self.kind, parameters, self.noise(numbers), self.sampling_log_scale_min)

    def likeliest(self, parameters: Tensor) -> Tensor:
        """The centre of the likeliest class or component: [B, n_outputs] → [B]."""
        still = self.stillness(1, len(parameters))[:, 0].to(parameters.device)
        return sample_from(self.kind, parameters, still, self.sampling_log_scale_min)


@dataclass(frozen=True)
class MulawClasses(SampleDistribution):
    """A class of mu-law (van den Oord et al. 2016, section 2.2); the outputs are one logit per class."""

    kind: ClassVar[Kind] = "mulaw"
    n_outputs: int = 256

    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        return -torch.log_softmax(parameters, -1).gather(-1, samples[..., None])[..., 0]

    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        return (uniform_double((n_steps, batch), generator),)

    def noise(self, numbers: Sequence[Tensor]) -> Tensor:
        return numbers[0].double()[..., None]

    def stillness(self, n_steps: int, batch: int) -> Tensor:
        return torch.full((batch, n_steps, 1), -1.0, dtype=torch.float64)


@dataclass(frozen=True)
class LogisticMixture(SampleDistribution):
    """A discretised mixture of logistics (Salimans et al. 2017, arXiv 1701.05517, section 2.1).

    The outputs are logits, means and log scales of the components, as many of each. Samples have `n_levels` levels;
    `log_scale_min` is the least log scale in the loss, `sampling_log_scale_min` the least in sampling.
    """

    kind: ClassVar[Kind] = "logistics"
    n_outputs: int = 30
    n_levels: int = 65536
    log_scale_min: float = -16.0
    sampling_log_scale_min: float = -math.inf

    def loss(self, parameters: Tensor, samples: Tensor) -> Tensor:
        """Equation 2; the first and the last of the levels have all of their tail."""
        logits, means, log_scales = parameters.chunk(3, -1)
        log_scales = log_scales.clamp(min=self.log_scale_min)
        centred = samples[..., None] - means
        inverse_scale = torch.exp(-log_scales)
        half = 1 / (self.n_levels - 1)
        upper, lower = inverse_scale * (centred + half), inverse_scale * (centred - half)
        inside = torch.sigmoid(upper) - torch.sigmoid(lower)
        # Where the mass is too small for float32, density times width.
        middle = inverse_scale * centred
        density = middle - log_scales - 2 * torch.nn.functional.softplus(middle) - math.log((self.n_levels - 1) / 2)
        log_inside = torch.where(inside > EDGE, inside.clamp(min=1e-12).log(), density)
        below, above = -torch.nn.functional.softplus(-upper), -torch.nn.functional.softplus(lower)
        edges = samples[..., None]
        log_components = torch.where(edges < -0.999, below, torch.where(edges > 0.999, above, log_inside))
        return -torch.logsumexp(log_components + torch.log_softmax(logits, -1), -1)

    def random_numbers(self, n_steps: int, batch: int, generator: np.random.Generator | None) -> tuple[Tensor, ...]:
        choice = uniform((n_steps, batch, self.n_outputs // 3), generator)
        quantile = uniform((n_steps, batch), generator)
        return choice * (1 - 2 * EDGE) + EDGE, quantile * (1 - 2 * EDGE) + EDGE

    def cooled(self, numbers: tuple[Tensor, ...], temperature: float) -> tuple[Tensor, ...]:
        choice, quantile = numbers
        return numbers if temperature == 1 else (choice, torch.sigmoid(temperature * torch.logit(quantile)))

    def noise(self, numbers: Sequence[Tensor]) -> Tensor:
        """The Gumbel-max trick chooses a component; then the inverse of the logistic's distribution (equation 1)."""
        choice, quantile = numbers
        deviations = torch.log(quantile) - torch.log(1 - quantile)
        return torch.cat([-torch.log(-torch.log(choice)), deviations[..., None]], dim=-1).double()

    def stillness(self, n_steps: int, batch: int) -> Tensor:
        return torch.zeros(batch, n_steps, self.n_outputs // 3 + 1, dtype=torch.float64)


@dataclass(frozen=True)
class Gaussian(SampleDistribution):
    """A Gaussian (Ping et al. 2018, arXiv 1807.07281); the outputs are mean and log standard deviation.

    `log_scale_min` and `sampling_log_scale_min` as in `LogisticMixture`.
    """

    kind: ClassVar[Kind] = "gaussian"
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

    def noise(self, numbers: Sequence[Tensor]) -> Tensor:
        return numbers[0].double()[..., None]

    def stillness(self, n_steps: int, batch: int) -> Tensor:
        return torch.zeros(batch, n_steps, 1, dtype=torch.float64)


@dataclass(frozen=True)
class WaveNetDimensions:
    """The defaults are those of the published mixture of logistics on LJ Speech (code of 2019).

    `context_frames` is how many more frames of mel the upsampling reads at each side. `upsampling` is "stretch"
    (repeat, then smooth; 2019) or "transposed" (transposed convolutions; 2018). `running_skips` scales the sum of the
    skips by sqrt(1/2) after each layer (2018) instead of once at the end. The network models `gain` times the sound,
    pre-emphasised by `preemphasis`. `pulses` adds the pulses of the mel's pitch to the conditions (`Excitation`), so
    that a small network need not remember the period. With `shaping` the network generates white sound, which is then
    filtered by the mel's envelope (`MelEnvelope`). `guide_blocks` adds the pulses and the harmonics of a source-filter
    vocoder of these dimensions (`guide_*`) to the conditions (`Guide`). In sampling, the deviation is `temperature`
    times the predicted.
    """

    output: Kind = "logistics"
    n_outputs: int = 30
    n_layers: int = 24
    n_stacks: int = 4
    kernel_size: int = 3
    residual_channels: int = 128
    gate_channels: int = 256
    skip_channels: int = 128
    context_frames: int = 2
    upsampling: Literal["stretch", "transposed"] = "stretch"
    upsample_scales: tuple[int, ...] = (4, 4, 4, 4)
    upsample_height: int = 1
    running_skips: bool = False
    n_levels: int = 65536
    log_scale_min: float = -16.0
    sampling_log_scale_min: float | None = None
    preemphasis: float = 0.85
    gain: float = 0.55
    pulses: bool = False
    shaping: bool = False
    guide_blocks: int = 0
    guide_channels: int = 256
    guide_hidden: int = 768
    guide_envelope_steps: int = 0
    temperature: float = 1.0

    def distribution(self) -> SampleDistribution:
        if self.output == "mulaw":
            return MulawClasses(self.n_outputs)
        least = -math.inf if self.sampling_log_scale_min is None else self.sampling_log_scale_min
        if self.output == "logistics":
            return LogisticMixture(self.n_outputs, self.n_levels, self.log_scale_min, least)
        return Gaussian(self.n_outputs, self.log_scale_min, least)

    def dilations(self) -> list[int]:
        """They double within a stack and start again with the next."""
        return [2 ** (i % (self.n_layers // self.n_stacks)) for i in range(self.n_layers)]


class WaveNet(VocoderNetwork):
    """Raises TtsError where the product of the upsampling scales is not the mel's hop."""

    precisions = ("float32", "bfloat16")
    foldable: ClassVar[bool] = True

    def __init__(self, mel: MelSettings, dimensions: WaveNetDimensions) -> None:
        super().__init__(mel)
        d = self.dimensions = dimensions
        if math.prod(d.upsample_scales) != mel.hop_length:
            raise TtsError(f"The WaveNet's upsampling {d.upsample_scales} does not make {mel.hop_length} samples.")
        self.distribution = d.distribution()
        self.upsample = Upsampling(mel.n_mels, d)
        self.excitation: Excitation | Guide | None = None
        if d.guide_blocks:
            sizes = SourceFilterDimensions(
                d.guide_channels, d.guide_hidden, d.guide_blocks, envelope_steps=d.guide_envelope_steps
            )
            # At the level of the network's samples; ten times, because they are small beside mels and pulses.
            self.excitation = Guide(mel, sizes, 10 * d.gain)
        elif d.pulses:
            self.excitation = Excitation(mel)
        self.envelope = MelEnvelope(mel) if d.shaping else None
        n_conditions = mel.n_mels + (self.excitation.n_channels if self.excitation else 0)
        n_inputs = d.n_outputs if d.output == "mulaw" else 1
        self.first = nn.Conv1d(n_inputs, d.residual_channels, 1)
        self.layers = nn.ModuleList(ResidualLayer(n_conditions, dilation, d) for dilation in d.dilations())
        self.hidden = nn.Conv1d(d.skip_channels, d.skip_channels, 1)
        self.out = nn.Conv1d(d.skip_channels, d.n_outputs, 1)
        self._cache = WeightCache()

    def forward(
        self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None, streams: int = 1
    ) -> Tensor:
        """`streams` as in `generate`."""
        numbers, padded, pulses = self._inputs(mel, generator, f0)
        samples = self.generate(padded, numbers, pulses, streams)
        return self.sound(samples, mel).clamp(-1, 1)

    @torch.inference_mode()
    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Tensor]:
        """Those of one stream in batches, which read the weights once; the steps around the loop run on their own."""
        results = {index: self.speak(each) for index, each in enumerate(requests) if each.streams > 1}
        single = [index for index in range(len(requests)) if index not in results]
        for group in similar_lengths([requests[index].mel.shape[1] for index in single], MAX_ROWS):
            indices = [single[i] for i in group]
            mels = [torch.tensor(requests[index].mel, device=self.device)[None] for index in indices]
            rows = []
            for index, mel in zip(indices, mels, strict=True):
                request = requests[index]
                f0 = None if request.f0 is None else torch.tensor(request.f0, device=self.device)[None]
                numbers, padded, pulses = self._inputs(mel, request.generator, f0)
                noise = self.distribution.noise(numbers).transpose(0, 1).to(mel.device)
                rows.append(loop.Utterance(loop_conditions(self, padded, pulses), noise))
            generated = loop.generate_all(self.loop_weights(), rows, self.precision)
            for index, mel, samples in zip(indices, mels, generated, strict=True):
                results[index] = self.sound(samples[None], mel).clamp(-1, 1)[0]
        return [results[index] for index in range(len(requests))]

    def _inputs(
        self, mel: Tensor, generator: np.random.Generator | None, f0: Tensor | None
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor | None]:
        """The arguments of `generate`: random numbers, the mel with its context, and pulses."""
        n_samples = mel.shape[2] * self.mel.hop_length
        numbers = self.distribution.random_numbers(n_samples, len(mel), generator)
        numbers = self.distribution.cooled(numbers, self.dimensions.temperature)
        context = self.dimensions.context_frames
        padded = nn.functional.pad(mel, (context, context), mode="replicate") if context else mel
        return numbers, padded, self.excitation(mel, f0) if self.excitation else None

    def predict(self, samples: Tensor, mel: Tensor, pulses: Tensor | None = None) -> Tensor:
        """All parameters at once, each from the true samples (teacher forcing).

        samples [B, n] (class numbers for mu-law), mel [B, n_mels, T + 2 * context_frames] with T * hop_length = n →
        [B, n_outputs, n], where those at t are of sample t + 1. `pulses` [B, 3 or 4, n] are those of `excitation`.
        """
        condition = self.condition(mel, pulses)
        x = self.first(self.encoded(samples))
        x, skips = self.layers[0](x, condition)
        for layer in self.layers[1:]:
            x, skip = layer(x, condition)
            skips = self.add_skip(skips, skip)
        out: Tensor = self.out(torch.relu(self.hidden(torch.relu(self.scale_skips(skips)))))
        return out

    def condition(self, mel: Tensor, pulses: Tensor | None) -> Tensor:
        """The condition of every layer beside the samples, as in `predict`, at sample rate: [B, channels, n].

        The excitation is known beforehand, so that of the next sample, which is to be predicted, is the condition.
        """
        upsampled: Tensor = self.upsample(mel)
        if pulses is None:
            return upsampled
        return torch.cat([upsampled, pulses.roll(-1, dims=2)], dim=1)

    def loss(self, samples: Tensor, mel: Tensor, pulses: Tensor | None = None) -> Tensor:
        """Negative log likelihood [B, n - 1] in nats of each sample but the first (the paper's equation 1)."""
        # In float32, also where the layers are not: samples need more digits.
        predicted = self.predict(samples, mel, pulses).transpose(1, 2)[:, :-1].float()
        return self.distribution.loss(predicted, samples[:, 1:])

    @torch.inference_mode()
    def generate(
        self, mel: Tensor, numbers: Sequence[Tensor] | None, pulses: Tensor | None = None, streams: int = 1
    ) -> Tensor:
        """mel as in `predict` → samples [B, T * hop_length] in the network's scale, one after the other.

        `numbers` are the distribution's random numbers, each [steps, B, ...]; None: the likeliest sample each time.
        `streams` above 1 cuts an utterance into at most so many overlapping streams, which are generated at the same
        time: the same voice, but not the same samples.
        """
        conditions = loop_conditions(self, mel, pulses)
        n_frames = mel.shape[2] - 2 * self.dimensions.context_frames
        n_steps, weights = n_frames * self.mel.hop_length, self.loop_weights()
        still = self.distribution.stillness(n_steps, len(mel))
        noise = still if numbers is None else self.distribution.noise(numbers).transpose(0, 1)
        warm_up = math.ceil(weights.receptive_field / self.mel.hop_length) + conditions.spread.shape[2] // 2
        folded = folds(n_frames, self.mel.hop_length, streams, warm_up)
        if folded is None:
            return loop.generate(weights, conditions, noise.to(mel.device), precision=self.precision).samples
        noise = folded.cut(noise).to(mel.device)
        joined = loop.generate(weights, folded.conditions(conditions), noise, precision=self.precision).samples
        return folded.join(joined).to(joined.dtype)

    def loop_weights(self) -> loop.Weights:
        """The network's own tensors as the kernel expects them; cached, with its packs, until they change."""

        def tensors(convolution: nn.Conv1d) -> tuple[Tensor, Tensor]:
            assert convolution.bias is not None
            return convolution.weight, convolution.bias

        def make() -> loop.Weights:
            layers = []
            for layer in self.layers:
                assert isinstance(layer, ResidualLayer)
                parts = layer.dilated, layer.condition, layer.residual, layer.skip
                layers.append(loop.Layer(layer.dilated.dilation[0], *(t for part in parts for t in tensors(part))))
            return loop.Weights(
                self.dimensions.output,
                self.dimensions.running_skips,
                self.distribution.sampling_log_scale_min,
                *tensors(self.first),
                tuple(layers),
                *tensors(self.hidden),
                *tensors(self.out),
            )

        weights: loop.Weights = self._cache.get(make, list(self.parameters()))
        return weights

    def known(self, wave: Tensor, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """wave [B, n] in -1 to 1, after silence → samples in the network's scale; `sound` is the inverse.

        mel [B, n_mels, T] is that of the wave, T * hop_length = n; `noise` [B, n] is added after gain and pre-emphasis.
        """
        d = self.dimensions
        if self.envelope is not None:
            wave = self.envelope(wave, mel, undo=True)
        before = nn.functional.pad(wave, (1, 0))[:, :-1]
        emphasised = d.gain * (wave - d.preemphasis * before)
        samples = (emphasised if noise is None else emphasised + noise).clamp(-1, 1)
        return mulaw_codes(samples, d.n_outputs - 1) if d.output == "mulaw" else samples

    def sound(self, samples: Tensor, mel: Tensor) -> Tensor:
        """Generated samples → waveform: undoes mu-law, pre-emphasis and gain, and applies the mel's envelope."""
        d = self.dimensions
        wave = inverse_mulaw_codes(samples, d.n_outputs - 1) if d.output == "mulaw" else samples
        if d.preemphasis:
            undone = inverse_preemphasis(wave.cpu().numpy(), d.preemphasis)
            wave = torch.from_numpy(undone).to(wave.device)
        wave = wave / d.gain
        return wave if self.envelope is None else self.envelope(wave, mel)

    def encoded(self, samples: Tensor) -> Tensor:
        """samples [B, n] → the input of the first layer [B, n_inputs, n]."""
        if self.dimensions.output == "mulaw":
            one_hot = nn.functional.one_hot(samples, self.dimensions.n_outputs)
            return one_hot.transpose(1, 2).to(self.first.weight.dtype)
        return samples[:, None]

    def add_skip(self, skips: Tensor, skip: Tensor) -> Tensor:
        total = skips + skip
        return total * math.sqrt(0.5) if self.dimensions.running_skips else total

    def scale_skips(self, skips: Tensor) -> Tensor:
        return skips if self.dimensions.running_skips else skips * math.sqrt(1 / self.dimensions.n_layers)


@torch.inference_mode()
def loop_conditions(network: WaveNet, mel: Tensor, pulses: Tensor | None) -> loop.Conditions:
    """`WaveNet.condition`, but with the mel at frame rate where the upsampling only spreads frames over time."""
    if network.upsample.only_spreads:
        frames = network.upsample.context(mel)
        spread = network.upsample.spread(frames.shape[2])
        samples = frames.new_zeros(len(frames), 0, spread.shape[1]) if pulses is None else pulses.roll(-1, dims=2)
        return loop.Conditions(frames, spread, samples, network.mel.hop_length)
    samples = network.condition(mel, pulses)
    no_frames, no_spread = samples.new_zeros(len(samples), 0, 0), samples.new_zeros(1, samples.shape[2], 0)
    return loop.Conditions(no_frames, no_spread, samples, network.mel.hop_length)


class ResidualLayer(nn.Module):
    """Equation 2 with the mel added inside both functions (section 2.5): x [B, residual, n] → (x, skip)."""

    def __init__(self, n_conditions: int, dilation: int, dimensions: WaveNetDimensions) -> None:
        super().__init__()
        d = dimensions
        self.past = (d.kernel_size - 1) * dilation
        self.dilated = nn.Conv1d(d.residual_channels, d.gate_channels, d.kernel_size, dilation=dilation)
        self.condition = nn.Conv1d(n_conditions, d.gate_channels, 1)
        self.residual = nn.Conv1d(d.gate_channels // 2, d.residual_channels, 1)
        self.skip = nn.Conv1d(d.gate_channels // 2, d.skip_channels, 1)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        y = self.dilated(nn.functional.pad(x, (self.past, 0))) + self.condition(condition)
        signal, gate = y.chunk(2, dim=1)
        gated = torch.tanh(signal) * torch.sigmoid(gate)
        return (x + self.residual(gated)) * math.sqrt(0.5), self.skip(gated)


class Upsampling(nn.Module):
    """mel [B, n_mels, T + 2 * context_frames] → [B, n_mels, T * hop_length]; kernels may span a few mels too."""

    def __init__(self, n_mels: int, dimensions: WaveNetDimensions) -> None:
        super().__init__()
        d = dimensions
        self.transposed = d.upsampling == "transposed"
        self.scales = tuple(d.upsample_scales)
        self.only_spreads = not self.transposed and d.upsample_height == 1
        """Whether, after the context, every mel is spread over time in the same linear way."""
        pad = d.upsample_height // 2
        if self.transposed:
            self.context: nn.Module = nn.Identity()
            self.convs = nn.ModuleList(
                nn.ConvTranspose2d(1, 1, (d.upsample_height, s), stride=(1, s), padding=(pad, 0)) for s in self.scales
            )
        else:
            self.context = nn.Conv1d(n_mels, n_mels, 2 * d.context_frames + 1, bias=False)
            self.convs = nn.ModuleList(
                nn.Conv2d(1, 1, (d.upsample_height, 2 * s + 1), padding=(pad, s), bias=False) for s in self.scales
            )

    def spread(self, n_frames: int) -> Tensor:
        """[1, n_frames * hop_length, width]: the factors of the frames around each sample, as in `Conditions`."""
        weight = next(self.convs.parameters())
        steps = torch.tensor(self.scales).cumprod(0)
        width = 2 * math.ceil((torch.tensor(self.scales) / steps).sum()) + 1
        # Frames so far apart that no sample depends on two of them.
        combs = torch.eye(width, device=weight.device, dtype=weight.dtype).repeat(1, n_frames // width + 1)
        return self._upsample(combs[:, None, None, :n_frames])[:, 0, 0].T[None]

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self._upsample(self.context(mel)[:, None])[:, 0]
        return out

    def _upsample(self, x: Tensor) -> Tensor:
        for scale, conv in zip(self.scales, self.convs, strict=True):
            x = torch.relu(conv(x)) if self.transposed else conv(x.repeat_interleave(scale, dim=3))
        return x


@dataclass(frozen=True)
class Folds:
    """One utterance as overlapping streams, which an autoregressive network can generate at the same time.

    Folding is WaveRNN's (in the public code of fatchord). Here a stream starts so early that wherever it is used, its
    receptive field holds only samples with their true conditions. Neighbours also have the same random numbers, and
    mostly the same samples where one fades into the other.

    Each stream has `window` frames from its frame in `starts`, and is used from its frame in `firsts` on.
    """

    n_frames: int
    hop_length: int
    window: int
    starts: tuple[int, ...]
    firsts: tuple[int, ...]

    def conditions(self, uncut: loop.Conditions) -> loop.Conditions:
        """[B, …] → [B * streams, …]: all streams of the first item, then those of the next."""
        parts = [uncut.cut(start, self.window) for start in self.starts]
        batch = len(uncut.samples)

        def streams(tensors: list[Tensor]) -> Tensor:
            return torch.stack([tensor.expand(batch, -1, -1) for tensor in tensors], 1).flatten(0, 1)

        frames, spread = streams([part.frames for part in parts]), streams([part.spread for part in parts])
        return loop.Conditions(frames, spread, streams([part.samples for part in parts]), self.hop_length)

    def cut(self, uncut: Tensor) -> Tensor:
        """[B, n, …] → [B * streams, window * hop_length, …]."""
        hop = self.hop_length
        parts = [uncut[:, start * hop : (start + self.window) * hop] for start in self.starts]
        return torch.stack(parts, 1).flatten(0, 1)

    def join(self, streams: Tensor) -> Tensor:
        """[B * streams, window * hop_length] → [B, n]; classes are rounded where two streams are mixed."""
        hop = self.hop_length
        rows = streams.double().view(-1, len(self.starts), streams.shape[1])
        joined = rows.new_zeros(len(rows), self.n_frames * hop)
        rise = (torch.arange(FADE_FRAMES * hop, dtype=rows.dtype) + 0.5) / (FADE_FRAMES * hop)
        for i, (start, first) in enumerate(zip(self.starts, self.firsts, strict=True)):
            part = rows[:, i, (first - start) * hop :]
            samples = slice(first * hop, first * hop + part.shape[1])
            weight = torch.ones(part.shape[1], dtype=rows.dtype)
            if first:
                weight[: len(rise)] = rise
            joined[:, samples] = joined[:, samples] * (1 - weight) + part * weight
        return joined if streams.is_floating_point() else joined.round()


def folds(n_frames: int, hop_length: int, n_streams: int, warm_up: int) -> Folds | None:
    """At most `n_streams` streams with `warm_up` frames each before they are used; None: more than one would not pay.

    At least half of the frames of a stream are used.
    """
    n_streams = min(n_streams, n_frames // (2 * (warm_up + FADE_FRAMES)))
    if n_streams < 2:
        return None
    each = -(-n_frames // n_streams)
    window = warm_up + each + FADE_FRAMES
    firsts = tuple(range(0, n_frames, each))
    starts = tuple(min(max(0, first - warm_up), n_frames - window) for first in firsts)
    return Folds(n_frames, hop_length, window, starts, firsts)
