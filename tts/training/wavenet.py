"""Train a WaveNet, each sample predicted from the true ones before it.

python -m tts.training.wavenet PREPARED -o RUN --steps 20000 --teacher VOICE
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tts.models.source_filter import SourceFilter
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.training.data import PreparedCorpus
from tts.training.loop import Schedule, Trainer
from tts.training.teaching import Lesson, taught
from tts.training.waveglow import load_teacher

SMALL = WaveNetDimensions(
    output="gaussian",
    n_outputs=2,
    n_layers=20,
    n_stacks=2,
    kernel_size=2,
    residual_channels=64,
    gate_channels=128,
    skip_channels=64,
    log_scale_min=-9.0,
    pulses=True,
)


@dataclass(frozen=True)
class WaveNetSettings:
    batch_size: int = 2
    segment_frames: int = 32
    dither: float = 1e-4


class WaveNetTrainer(Trainer[Lesson]):
    network: WaveNet

    def __init__(
        self,
        corpora: Sequence[PreparedCorpus],
        settings: WaveNetSettings,
        schedule: Schedule,
        teacher: SourceFilter,
        run: Path,
        dimensions: WaveNetDimensions = SMALL,
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = WaveNet(teacher.mel, dimensions)
        assert network.excitation is not None
        network.excitation.pitch.load_state_dict(teacher.pitch.state_dict())
        network.excitation.requires_grad_(False)
        super().__init__(network, nn.Identity(), schedule, run, decay=0.999)
        self.corpora, self.settings, self.teacher = corpora, settings, teacher.requires_grad_(False).eval()
        self.items = corpora[0].split("train")

    def network_options(self) -> tuple[str, dict[str, Any]]:
        return "wavenet", asdict(self.network.dimensions)

    def batch(self, random: np.random.Generator) -> Lesson:
        s = self.settings
        corpus = self.corpora[int(random.integers(len(self.corpora)))]
        n_frames = s.segment_frames + 2 * self.network.dimensions.context_frames
        return taught(corpus.segments(self.items, s.batch_size, n_frames, random), self.teacher)

    def losses(self, batch: Lesson, adversarial: bool) -> dict[str, Tensor]:
        net, segments = self.network, batch.segments
        d = net.dimensions
        assert net.excitation is not None
        with torch.no_grad():
            pulses = net.excitation(segments.mel, segments.f0, batch.initial_phase)
        margin = d.context_frames * net.mel.hop_length
        wave = segments.wave * d.gain
        wave = torch.cat([wave[:, :1], wave[:, 1:] - d.preemphasis * wave[:, :-1]], dim=1)
        wave = wave + self.settings.dither * torch.randn_like(wave)
        samples = wave[:, margin:-margin]
        loss = net.loss(samples, segments.mel, pulses[:, :, margin:-margin])
        return {"total": loss.mean()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--teacher", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    corpora = [PreparedCorpus(args.prepared, name) for name in ("mels.npy", "mels-acoustic.npy")]
    schedule = Schedule(args.steps, args.learning_rate, 10**9, warmup_steps=200, betas=(0.9, 0.98), max_gradient=5.0)
    trainer = WaveNetTrainer(corpora, WaveNetSettings(), schedule, load_teacher(args.teacher), args.out)
    trainer.restore(args.out / "state.pt")
    trainer.train()


if __name__ == "__main__":
    main()
