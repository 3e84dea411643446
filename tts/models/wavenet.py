"""WaveNet (van den Oord et al. 2016, arXiv 1609.03499) as a vocoder, in the line of r9y9/wavenet_vocoder.

Each sample is predicted from those before it and from the mel spectrogram. Beside the paper: residuals are scaled by
sqrt(1/2) so that their variance stays, the mel is brought to sample rate by a small network of its own, and the
output is one of three distributions (see `tts.models.distributions`). Weight norm is folded into the weights.
"""

from __future__ import annotations

import math
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
from tts.kernels.kept import Kept
from tts.models.distributions import Gaussian, Kind, LogisticMixture, MulawClasses, SampleDistribution
from tts.models.excitation import Excitation, MelEnvelope
from tts.models.folding import folds
from tts.models.guide import Guide
from tts.models.rows import alike
from tts.models.stages import WaveRequest
from tts.models.vocoder import Vocoder
from tts.models.vocos import VocosDimensions
from tts.models.wavenet_loop import conditions_of, weights_of

# So many utterances are spoken together; each takes memory for all of its random numbers.
MOST_ROWS = 16


@dataclass(frozen=True)
class WaveNetDimensions:
    """The defaults are those of the published mixture of logistics on LJ Speech (code of 2019).

    `context_frames` is how many more frames of mel the upsampling hears at each side. `upsampling` is "stretch"
    (repeat, then smooth; 2019) or "transposed" (transposed convolutions; 2018). `running_skips` scales the sum of the
    skips by sqrt(1/2) after each layer (2018) instead of once at the end. The wave that the network knows is
    `gain` times the sound, pre-emphasised by `preemphasis`. With `pulses` each sample also hears the pulses of the
    mel's pitch (`tts.models.excitation`), so that a small network need not keep the period in mind. With `shaping` the
    network speaks white sound, to which the mel's envelope is given afterwards. With `guide_blocks`, each sample hears
    the pulses and the harmonics of a source-filter vocoder of that size (`tts.models.guide`). When it speaks, the
    deviation of its draws is `temperature` times what it predicts.
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


class WaveNet(Vocoder):
    """Raises TtsError where the upsampling does not make the mel's hop."""

    precisions = ("float32", "bfloat16")
    foldable: ClassVar[bool] = True
    """It can speak an utterance as several streams."""

    def __init__(self, mel: MelSettings, dimensions: WaveNetDimensions) -> None:
        super().__init__(mel)
        d = self.dimensions = dimensions
        if math.prod(d.upsample_scales) != mel.hop_length:
            raise TtsError(f"The WaveNet's upsampling {d.upsample_scales} does not make {mel.hop_length} samples.")
        self.distribution = d.distribution()
        self.upsample = Upsampling(mel.n_mels, d)
        self.excitation = self._excitation(mel)
        self.envelope = MelEnvelope(mel) if d.shaping else None
        n_conditions = mel.n_mels + (self.excitation.n_channels if self.excitation else 0)
        n_inputs = d.n_outputs if d.output == "mulaw" else 1
        self.first = nn.Conv1d(n_inputs, d.residual_channels, 1)
        self.layers = nn.ModuleList(ResidualLayer(n_conditions, dilation, d) for dilation in d.dilations())
        self.hidden = nn.Conv1d(d.skip_channels, d.skip_channels, 1)
        self.out = nn.Conv1d(d.skip_channels, d.n_outputs, 1)
        self._kept = Kept()

    def forward(
        self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None, streams: int = 1
    ) -> Tensor:
        """`streams` as `generate` has them."""
        numbers, padded, pulses = self._given(mel, generator, f0)
        samples = self.generate(padded, numbers, pulses, streams)
        return self.sound(samples, mel).clamp(-1, 1)

    @torch.inference_mode()
    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Tensor]:
        """Those of one stream share the reading of the weights; what stands around the loop is made of one alone."""
        spoken = {place: self.speak(each) for place, each in enumerate(requests) if each.streams > 1}
        single = [place for place in range(len(requests)) if place not in spoken]
        for group in alike([requests[place].mel.shape[1] for place in single], MOST_ROWS):
            places = [single[i] for i in group]
            spoken |= zip(places, self._speak_together([requests[place] for place in places]), strict=True)
        return [spoken[place] for place in range(len(requests))]

    def _speak_together(self, requests: Sequence[WaveRequest]) -> list[Tensor]:
        mels = [torch.tensor(each.mel, device=self.device)[None] for each in requests]
        rows = [self._row(each, mel) for each, mel in zip(requests, mels, strict=True)]
        made = loop.generate_all(self.loop_weights(), rows, self.precision)
        return [self.sound(samples[None], mel).clamp(-1, 1)[0] for samples, mel in zip(made, mels, strict=True)]

    def _row(self, request: WaveRequest, mel: Tensor) -> loop.Row:
        f0 = None if request.f0 is None else torch.tensor(request.f0, device=self.device)[None]
        numbers, padded, pulses = self._given(mel, request.generator, f0)
        noise = self.distribution.noise(numbers).transpose(0, 1).to(mel.device)
        return loop.Row(conditions_of(self, padded, pulses), noise)

    def _given(
        self, mel: Tensor, generator: np.random.Generator | None, f0: Tensor | None
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor | None]:
        """What `generate` takes: the draws' numbers, the mel with its context, and pulses."""
        n_samples = mel.shape[2] * self.mel.hop_length
        drawn = self.distribution.random_numbers(n_samples, len(mel), generator)
        numbers = self.distribution.cooled(drawn, self.dimensions.temperature)
        context = self.dimensions.context_frames
        padded = nn.functional.pad(mel, (context, context), mode="replicate") if context else mel
        return numbers, padded, self.excitation(mel, f0) if self.excitation else None

    def _excitation(self, mel: MelSettings) -> Excitation | Guide | None:
        d = self.dimensions
        if d.guide_blocks:
            sizes = VocosDimensions(d.guide_channels, d.guide_hidden, d.guide_blocks)
            # As the network knows samples; ten times, because they are small beside mels and pulses.
            return Guide(mel, sizes, 10 * d.gain)
        return Excitation(mel) if d.pulses else None

    def predict(self, samples: Tensor, mel: Tensor, pulses: Tensor | None = None) -> Tensor:
        """All parameters at once, each from the true samples (teacher forcing).

        samples [B, n] (class numbers for mu-law), mel [B, n_mels, T + 2 * context_frames] with T * hop_length = n →
        [B, n_outputs, n], where those at t are of sample t + 1. `pulses` [B, 3 or 4, n] as `excitation` gives them.
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
        """What every layer hears beside the samples, as in `predict`, at sample rate: [B, channels, n].

        What drives the voice is known beforehand, so a sample hears that of the next, which it predicts.
        """
        upsampled: Tensor = self.upsample(mel)
        if pulses is None:
            return upsampled
        return torch.cat([upsampled, pulses.roll(-1, dims=2)], dim=1)

    def loss(self, samples: Tensor, mel: Tensor, pulses: Tensor | None = None) -> Tensor:
        """Negative log likelihood [B, n - 1] in nats of each sample but the first (the paper's equation 1)."""
        # In float32, also where the layers are not: a sample has more digits than they.
        predicted = self.predict(samples, mel, pulses).transpose(1, 2)[:, :-1].float()
        return self.distribution.loss(predicted, samples[:, 1:])

    @torch.inference_mode()
    def generate(
        self, mel: Tensor, numbers: Sequence[Tensor] | None, pulses: Tensor | None = None, streams: int = 1
    ) -> Tensor:
        """mel as in `predict` → samples [B, T * hop_length] as the network knows them, one after the other.

        `numbers` are the distribution's random numbers, each [steps, B, ...]; None takes the likeliest each time.
        With `streams`, an utterance is cut into at most so many that overlap and are spoken at the same time: the same
        voice, but not the same samples.
        """
        conditions = conditions_of(self, mel, pulses)
        n_frames = mel.shape[2] - 2 * self.dimensions.context_frames
        n_steps, weights = n_frames * self.mel.hop_length, self.loop_weights()
        still = self.distribution.stillness(n_steps, len(mel))
        noise = still if numbers is None else self.distribution.noise(numbers).transpose(0, 1)
        warm_up = math.ceil(weights.receptive_field / self.mel.hop_length) + conditions.spread.shape[2] // 2
        folded = folds(n_frames, self.mel.hop_length, streams, warm_up)
        if folded is None:
            return loop.generate(weights, conditions, noise.to(mel.device), precision=self.precision).samples
        noise = folded.cut(noise).to(mel.device)
        made = loop.generate(weights, folded.conditions(conditions), noise, precision=self.precision).samples
        return folded.join(made).to(made.dtype)

    def loop_weights(self) -> loop.Weights:
        """As the loop knows them, with what it has made of them; they are taken anew where they have changed."""
        weights: loop.Weights = self._kept.made(lambda: weights_of(self), list(self.parameters()))
        return weights

    def known(self, wave: Tensor, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """wave [B, n] in -1 to 1, which silence comes before → samples as the network knows them; `sound` undoes it.

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
        """What the network generated, as sound: mu-law, pre-emphasis and gain undone, the envelope of the mel given."""
        d = self.dimensions
        wave = inverse_mulaw_codes(samples, d.n_outputs - 1) if d.output == "mulaw" else samples
        if d.preemphasis:
            undone = inverse_preemphasis(wave.cpu().numpy(), d.preemphasis)
            wave = torch.from_numpy(undone).to(wave.device)
        wave = wave / d.gain
        return wave if self.envelope is None else self.envelope(wave, mel)

    def encoded(self, samples: Tensor) -> Tensor:
        """samples [B, n] → what the first layer sees [B, n_inputs, n]."""
        if self.dimensions.output == "mulaw":
            one_hot = nn.functional.one_hot(samples, self.dimensions.n_outputs)
            return one_hot.transpose(1, 2).to(self.first.weight.dtype)
        return samples[:, None]

    def add_skip(self, skips: Tensor, skip: Tensor) -> Tensor:
        total = skips + skip
        return total * math.sqrt(0.5) if self.dimensions.running_skips else total

    def scale_skips(self, skips: Tensor) -> Tensor:
        return skips if self.dimensions.running_skips else skips * math.sqrt(1 / self.dimensions.n_layers)


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
    """mel [B, n_mels, T + 2 * context_frames] → [B, n_mels, T * hop_length]; over time only, or a few mels high."""

    def __init__(self, n_mels: int, dimensions: WaveNetDimensions) -> None:
        super().__init__()
        d = dimensions
        self.transposed = d.upsampling == "transposed"
        self.scales = tuple(d.upsample_scales)
        self._only_spreads = not self.transposed and d.upsample_height == 1
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

    @property
    def spreads(self) -> bool:
        """Whether, after the context, all that is done is to spread every mel over time in the same way."""
        return self._only_spreads

    def spread(self, n_frames: int) -> Tensor:
        """[1, n_frames * hop_length, width]: what a sample hears of the frames around, as `Conditions` has it."""
        weight = next(self.convs.parameters())
        steps = torch.tensor(self.scales).cumprod(0)
        width = 2 * math.ceil((torch.tensor(self.scales) / steps).sum()) + 1
        # Frames so far apart that no sample hears two of them.
        combs = torch.eye(width, device=weight.device, dtype=weight.dtype).repeat(1, n_frames // width + 1)
        return self._stretched(combs[:, None, None, :n_frames])[:, 0, 0].T[None]

    def forward(self, mel: Tensor) -> Tensor:
        out: Tensor = self._stretched(self.context(mel)[:, None])[:, 0]
        return out

    def _stretched(self, x: Tensor) -> Tensor:
        for scale, conv in zip(self.scales, self.convs, strict=True):
            x = torch.relu(conv(x)) if self.transposed else conv(x.repeat_interleave(scale, dim=3))
        return x
