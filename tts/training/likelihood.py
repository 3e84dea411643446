"""Train vocoders by likelihood: WaveGlow (also with spectral losses) and WaveNet.

Both can be conditioned on pulses of the pitch, and can learn from a teacher in place of the recordings
(`tts.training.targets`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.errors import UsageError
from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.source_filter import Guide, SourceFilter
from tts.models.waveglow import Encoding, WaveGlow, WaveGlowDimensions
from tts.models.wavenet import ResidualLayer, WaveNet, WaveNetDimensions
from tts.training.data import Segments
from tts.training.losses import magnitudes, mel_loss, pitch_loss, spectral_loss, waveglow_loss
from tts.training.targets import VocoderTarget, adopt_excitation, load_teacher, recording_target, teacher_target
from tts.training.trainer import on_device
from tts.training.vocoder import FFT_SIZES, VocoderTrainer

VALIDATION_BATCHES = 4


@dataclass(frozen=True)
class LikelihoodSettings:
    """Targets and batch sizes."""

    mels: str | tuple[str, ...] = "mels.npy"
    """The files of mels, of which one is sampled for each batch."""
    teacher: str = ""
    """A voice, by name or folder, whose source-filter vocoder generates the targets; empty for the recordings."""
    batch_size: int = 8
    segment_frames: int = 40
    dither: float = 0.0
    """Standard deviation of noise added to the wave; WaveNet's is added after pre-emphasis and gain."""
    pitch_weight: float = 2.0
    """Of the loss of the pitch predicted from the mel; with a teacher its predictor is copied instead."""


class LikelihoodTrainer(VocoderTrainer):
    """What the trainers of WaveGlow and WaveNet share."""

    Settings = LikelihoodSettings
    network: WaveGlow | LappedWaveGlow | WaveNet
    settings: LikelihoodSettings
    teacher: SourceFilter | None

    def build_network(self) -> nn.Module:
        network = super().build_network()
        assert isinstance(network, WaveGlow | LappedWaveGlow | WaveNet)
        self.initialise(network)
        self.teacher = None
        if self.settings.teacher:
            self.teacher = load_teacher(self.settings.teacher, self.corpus.mel).to(self.fabric.device)
            if network.excitation is not None:
                adopt_excitation(network.excitation, self.teacher)
        elif isinstance(network.excitation, Guide):
            raise UsageError("A network with a guide needs a teacher: --set settings.teacher=VOICE.")
        return network

    def initialise(self, network: nn.Module) -> None:
        """Change the initial weights of a new network."""

    @abstractmethod
    def target_losses(self, target: VocoderTarget, pulses: Tensor | None) -> dict[str, Tensor]:
        """Return the losses of a target by name, with `total`, but without that of the pitch."""

    def target(self, segments: Segments) -> VocoderTarget:
        """Return what is to be learned: the teacher's output, or the recordings."""
        if self.teacher is not None:
            return teacher_target(segments, self.teacher)
        if self.network.excitation is not None:
            return recording_target(segments, self.corpus.mel.sample_rate)
        return VocoderTarget(segments, segments.f0.new_zeros(len(segments.f0), 1))

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        losses = self._target_and_pitch_losses(batch)
        if "pitch" in losses:
            losses["total"] = losses["total"] + self.settings.pitch_weight * losses["pitch"]
        return losses

    def _target_and_pitch_losses(self, batch: Segments) -> dict[str, Tensor]:
        """Return the losses of the batch's target, and of the pitch if it is learned; `total` is without the latter."""
        excitation = self.network.excitation
        # In float32 always: targets and phases need the precision.
        with torch.autocast(self.fabric.device.type, enabled=False):
            target = self.target(batch)
            pulses = target.pulses(excitation)
        losses = self.target_losses(target, pulses)
        if excitation is not None and self.teacher is None:
            losses["pitch"] = pitch_loss(excitation.pitch.octaves(batch.mel), batch.f0, batch.voiced)
        return losses

    def bound_gradient(self, network: nn.Module) -> Tensor:
        """Bound the gradients of the pitch predictor and of the rest separately.

        They share no weights, and one is often much larger than the other.
        """
        pitch = [] if self.network.excitation is None else list(self.network.excitation.parameters())
        members = set(pitch)
        others = [parameter for parameter in network.parameters() if parameter not in members]
        norms = [nn.utils.clip_grad_norm_(each, self.schedule.max_gradient) for each in (pitch, others)]
        total: Tensor = torch.stack([norm.to(self.fabric.device) for norm in norms]).norm()
        return total

    def validate(self) -> dict[str, float]:
        """Return the mean losses of fixed segments of validation clips: first `total`, without that of the pitch."""
        # Validation clips may all be shorter than the segments of training.
        clips = self.corpus.split("val")
        n_frames = min(self.sampler.n_frames, max((item.n_frames for item in clips), default=0) - 1)
        if n_frames <= 2 * self.margin_frames:
            return {}
        long = [item for item in clips if item.n_frames > n_frames]
        found = []
        for seed in range(VALIDATION_BATCHES):
            random = np.random.default_rng(seed)
            batch = self.sampler.corpora[-1].segments(long, self.settings.batch_size, n_frames, random)
            found.append(self._target_and_pitch_losses(on_device(batch, self.fabric.device)))
        names = sorted(found[0], key=lambda name: name != "total")
        return {f"validation_{name}": sum(float(each[name]) for each in found) / len(found) for name in names}


@dataclass(frozen=True)
class WaveGlowSettings(LikelihoodSettings):
    """The weights of the losses in the sum; the published loss is the likelihood only.

    The likelihood counts every sample, which may need all of a small network; spectral losses count what is audible.
    With a teacher `dither` must be above 0, or the likelihood of a deterministic target would grow without bound.
    """

    likelihood_weight: float = 1.0
    spectral_weight: float = 0.0
    mel_weight: float = 0.0


class FlowTrainer(LikelihoodTrainer):
    """Trains a flow; a subclass calls its network."""

    Settings = WaveGlowSettings
    network: WaveGlow | LappedWaveGlow
    settings: WaveGlowSettings

    @abstractmethod
    def encode(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        """Return the noise of `wave` [B, n], conditioned on the segments' mels and pitch."""

    @abstractmethod
    def generate(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        """Return the wave [B, n] generated from the segments' mels and noise."""

    def target_losses(self, target: VocoderTarget, pulses: Tensor | None) -> dict[str, Tensor]:
        s, segments = self.settings, target.segments
        dithered = segments.wave + s.dither * torch.randn_like(segments.wave)
        z, log_s, log_det = self.encode(segments, dithered, pulses)
        # In float32 even if the layers are not: the sums go over all samples.
        losses = {"likelihood": waveglow_loss(Encoding(z.float(), [each.float() for each in log_s], log_det))}
        total = s.likelihood_weight * losses["likelihood"]
        if s.spectral_weight or s.mel_weight:
            noise = [z.to(segments.mel) for z in self.network.noise(len(segments.mel), segments.mel.shape[2])]
            wave = self.generate(segments, noise, pulses).float()
            losses["spectral"] = spectral_loss(magnitudes(wave, FFT_SIZES), magnitudes(segments.wave, FFT_SIZES))
            losses["mel"] = mel_loss(wave, segments.wave, self.corpus.mel)
            total = total + s.spectral_weight * losses["spectral"] + s.mel_weight * losses["mel"]
        return losses | {"total": total}


class WaveGlowTrainer(FlowTrainer):
    network_name = "waveglow"
    Network = WaveGlow
    Dimensions = WaveGlowDimensions
    network: WaveGlow

    def encode(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        return self.network.encode(segments.mel, wave, pulses)

    def generate(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        return self.network.infer(segments.mel, noise, self.network.dimensions.sigma, pulses)


class LappedWaveGlowTrainer(FlowTrainer):
    network_name = "lapped_waveglow"
    voice_name = "waveglow"
    Network = LappedWaveGlow
    Dimensions = LappedWaveGlowDimensions
    network: LappedWaveGlow

    def encode(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        assert pulses is not None
        return self.network.encode(segments.mel, faded(wave, self.network.mel.hop_length // 2), segments.f0, pulses)

    def generate(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        assert pulses is not None
        return self.network.infer(segments.mel, noise, self.network.dimensions.sigma, segments.f0, pulses)


def faded(wave: Tensor, n: int) -> Tensor:
    """Return wave [B, samples] with its first and last `n` samples faded, because the transform joins the ends."""
    fade = torch.sin(0.5 * torch.pi * (torch.arange(n, device=wave.device) + 0.5) / n).square()
    ends = [wave[:, :n] * fade, wave[:, n:-n], wave[:, -n:] * fade.flip(0)]
    return torch.cat(ends, dim=1)


class WaveNetTrainer(LikelihoodTrainer):
    """Trains WaveNet by the likelihood of each sample, given the true ones before it."""

    network_name = "wavenet"
    Network = WaveNet
    Dimensions = WaveNetDimensions
    network: WaveNet
    # Sample by sample, a CPU needs some seconds for this length.
    sample_frames = 40

    @property
    def margin_frames(self) -> int:
        """The upsampling needs the mels around the samples that are learned."""
        frames: int = self.dimensions.context_frames
        return frames

    def initialise(self, network: nn.Module) -> None:
        assert isinstance(network, WaveNet)
        initialise_wavenet(network, self.corpus.mean_mel())

    def target_losses(self, target: VocoderTarget, pulses: Tensor | None) -> dict[str, Tensor]:
        """Return the negative log likelihood in nats per sample."""
        network, wave, mel = self.network, target.segments.wave, target.segments.mel
        margin = self.margin_frames * network.mel.hop_length
        inner = slice(margin, wave.shape[1] - margin)
        samples = network.known(wave, mel, self.settings.dither * torch.randn_like(wave))[:, inner]
        likelihood = network.loss(samples, mel, None if pulses is None else pulses[:, :, inner]).mean()
        return {"likelihood": likelihood, "total": likelihood}


def initialise_wavenet(network: WaveNet, mean_mel: Tensor) -> None:
    """Set random weights that keep the variance of activations, and pass the mel through, centred on its mean [n_mels].

    With PyTorch's defaults the residuals fade over twenty layers, the mel passes random filters, and its mean, far from
    zero, closes the gates for good.
    """
    d = network.dimensions
    for conv in network.upsample.convs:
        nn.init.constant_(weight_of(conv), 1 / weight_of(conv)[0, 0].numel())
    if not network.upsample.transposed:
        nn.init.zeros_(weight_of(network.upsample.context))
        weight_of(network.upsample.context)[:, :, d.context_frames] = torch.eye(len(mean_mel))
    for layer in network.layers:
        assert isinstance(layer, ResidualLayer)
        for product in (layer.dilated, layer.residual, layer.skip):
            nn.init.kaiming_normal_(weight_of(product), nonlinearity="relu")
        # The mel starts half as loud as the samples; the excitation's channels start louder than one of many mel bands.
        weight = weight_of(layer.condition)
        nn.init.normal_(weight, std=0.5 * len(mean_mel) ** -0.5)
        nn.init.normal_(weight[:, len(mean_mel) :], std=0.5)
        layer.condition.get_parameter("bias").data.copy_(-weight[:, : len(mean_mel), 0] @ mean_mel)
    nn.init.kaiming_normal_(weight_of(network.hidden), nonlinearity="relu")
    if d.output != "mulaw":
        # Samples are some tenths or hundredths, and the first predictions miss them by less.
        nn.init.normal_(weight_of(network.first), std=8.0)
        n_kinds = 3 if d.output == "logistics" else 2
        # The last kind of output is log scales.
        network.out.get_parameter("bias").data[-(d.n_outputs // n_kinds) :] = -4.0


def weight_of(conv: nn.Module) -> Tensor:
    return conv.get_parameter("weight").data
