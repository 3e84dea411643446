"""Train WaveNet: the likelihood of each sample, given the true ones before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from tts.models.wavenet import ResidualLayer, WaveNet, WaveNetDimensions
from tts.training.data import PreparedCorpus
from tts.training.pulsed import PulsedNetwork, PulsedSettings, PulsedTrainer
from tts.training.schedule import Schedule
from tts.training.teaching import Lesson


@dataclass(frozen=True)
class WaveNetSettings(PulsedSettings):
    """`dither` is under the wave that the network knows: pre-emphasised, and as loud as its gain says."""


class WaveNetTrainer(PulsedTrainer):
    network_name = "wavenet"
    Network = WaveNet
    Dimensions = WaveNetDimensions
    Settings = WaveNetSettings
    network: WaveNet
    # A sample after the other takes a CPU some seconds for so many.
    sample_frames = 40

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: WaveNetDimensions,
        settings: WaveNetSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        self.margin_frames = dimensions.context_frames
        super().__init__(corpus, dimensions, settings, schedule, run, fabric)

    def begin(self, network: PulsedNetwork, mean_mel: Tensor) -> None:
        assert isinstance(network, WaveNet)
        start(network, mean_mel)

    def lesson_losses(self, lesson: Lesson, pulses: Tensor | None) -> dict[str, Tensor]:
        """The negative log likelihood in nats a sample."""
        net, wave = self.network, lesson.segments.wave
        # The upsampling hears the mels around the samples that are learned.
        margin = self.margin_frames * net.mel.hop_length
        inner = slice(margin, wave.shape[1] - margin)
        samples = net.known(wave, lesson.segments.mel, self.settings.dither * torch.randn_like(wave))[:, inner]
        heard = None if pulses is None else pulses[:, :, inner]
        likelihood = net.loss(samples, lesson.segments.mel, heard).mean()
        return {"likelihood": likelihood, "total": likelihood}


def start(network: WaveNet, mean_mel: Tensor) -> None:
    """Random weights that keep the size of what passes through, and a mel that is heard as it is, around its mean.

    With PyTorch's own start the residuals fade over twenty layers, the mel arrives through random filters, and its
    mean, far from zero, closes the gates for good.
    """
    d = network.dimensions
    for conv in network.upsample.convs:
        nn.init.constant_(weight_of(conv), 1 / weight_of(conv)[0, 0].numel())
    if not network.upsample.transposed:
        kept = torch.eye(len(mean_mel))
        nn.init.zeros_(weight_of(network.upsample.context))
        weight_of(network.upsample.context)[:, :, d.context_frames] = kept
    for layer in network.layers:
        assert isinstance(layer, ResidualLayer)
        for product in (layer.dilated, layer.residual, layer.skip):
            nn.init.kaiming_normal_(weight_of(product), nonlinearity="relu")
        _hear(layer.condition, mean_mel)
    nn.init.kaiming_normal_(weight_of(network.hidden), nonlinearity="relu")
    if d.output != "mulaw":
        _expect_speech(network)


def _hear(condition: nn.Module, mean_mel: Tensor) -> None:
    """Mels at first half as loud as the samples; what drives the voice louder than one of many mels."""
    weight = weight_of(condition)
    nn.init.normal_(weight, std=0.5 * len(mean_mel) ** -0.5)
    nn.init.normal_(weight[:, len(mean_mel) :], std=0.5)
    condition.get_parameter("bias").data.copy_(-weight[:, : len(mean_mel), 0] @ mean_mel)


def _expect_speech(network: WaveNet) -> None:
    """Samples are some tenths or hundredths, and wide of the mark by less."""
    d = network.dimensions
    nn.init.normal_(weight_of(network.first), std=8.0)
    n_kinds = 3 if d.output == "logistics" else 2
    # The last of the kinds of outputs are log scales.
    network.out.get_parameter("bias").data[-(d.n_outputs // n_kinds) :] = -4.0


def weight_of(conv: nn.Module) -> Tensor:
    return conv.get_parameter("weight").data
