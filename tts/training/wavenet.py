"""Train WaveNet: the likelihood of each sample, given the true ones before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from tts.models.wavenet import WaveNet, WaveNetDimensions
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

    def begin(self, network: PulsedNetwork) -> None:
        """Where the voice's pulses are heard, speech is nearly certain from the beginning."""
        assert isinstance(network, WaveNet)
        d = network.dimensions
        if d.pulses and d.output != "mulaw":
            # Speech is small beside the mel and the pulses, and most of what says how it goes on.
            network.first.weight.data.mul_(8)
            n_kinds = 3 if d.output == "logistics" else 2
            assert network.out.bias is not None
            # The last of the kinds of outputs are log scales.
            network.out.bias.data[-(d.n_outputs // n_kinds) :] = -4.0

    def lesson_losses(self, lesson: Lesson, pulses: Tensor | None) -> dict[str, Tensor]:
        """The negative log likelihood in nats a sample."""
        net, wave = self.network, lesson.segments.wave
        # The upsampling hears the mels around the samples that are learned.
        margin = self.margin_frames * net.mel.hop_length
        inner = slice(margin, wave.shape[1] - margin)
        samples = net.known(wave, self.settings.dither * torch.randn_like(wave))[:, inner]
        heard = None if pulses is None else pulses[:, :, inner]
        likelihood = net.loss(samples, lesson.segments.mel, heard).mean()
        return {"likelihood": likelihood, "total": likelihood}
