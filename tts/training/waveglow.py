"""Train a WaveGlow: the likelihood of speech, and the spectrum of what it speaks.

python -m tts.training.waveglow PREPARED -o RUN --steps 20000 --teacher VOICE
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
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.training.data import PreparedCorpus
from tts.training.loop import Schedule, Trainer
from tts.training.losses import magnitudes, mel_loss, spectral_loss, waveglow_loss
from tts.training.teaching import Lesson, taught
from tts.training.vocoder import FFT_SIZES
from tts.voice.manifest import load_manifest
from tts.voice.networks import load_vocoder

SMALL = WaveGlowDimensions(
    n_flows=6, n_group=128, n_early_every=6, n_layers=3, channels=128, condition_channels=128, sigma=0.6
)


@dataclass(frozen=True)
class WaveGlowSettings:
    batch_size: int = 8
    segment_frames: int = 40
    # Noise under the speech, or the likelihood of what is certain would grow without bound.
    dither: float = 1e-3
    likelihood_weight: float = 0.1
    spectral_weight: float = 1.0
    mel_weight: float = 5.0


class WaveGlowTrainer(Trainer[Lesson]):
    network: WaveGlow

    def __init__(
        self,
        corpora: Sequence[PreparedCorpus],
        settings: WaveGlowSettings,
        schedule: Schedule,
        teacher: SourceFilter,
        run: Path,
        dimensions: WaveGlowDimensions = SMALL,
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = WaveGlow(teacher.mel, dimensions)
        assert network.excitation is not None
        network.excitation.pitch.load_state_dict(teacher.pitch.state_dict())
        network.excitation.requires_grad_(False)
        super().__init__(network, nn.Identity(), schedule, run, decay=0.999)
        self.corpora, self.settings, self.teacher = corpora, settings, teacher.requires_grad_(False).eval()
        self.items = corpora[0].split("train")

    def network_options(self) -> tuple[str, dict[str, Any]]:
        return "waveglow", asdict(self.network.dimensions)

    def batch(self, random: np.random.Generator) -> Lesson:
        corpus = self.corpora[int(random.integers(len(self.corpora)))]
        return taught(
            corpus.segments(self.items, self.settings.batch_size, self.settings.segment_frames, random), self.teacher
        )

    def losses(self, batch: Lesson, adversarial: bool) -> dict[str, Tensor]:
        s, net, segments = self.settings, self.network, batch.segments
        assert net.excitation is not None
        with torch.no_grad():
            pulses = net.excitation(segments.mel, segments.f0, batch.initial_phase)
        dithered = segments.wave + s.dither * torch.randn_like(segments.wave)
        losses = {"likelihood": waveglow_loss(net.encode(segments.mel, dithered, pulses))}
        noise = net.noise(len(segments.wave), segments.mel.shape[2], None)
        made = net.infer(segments.mel, noise, net.dimensions.sigma, pulses)
        losses["spectral"] = spectral_loss(magnitudes(made, FFT_SIZES), magnitudes(segments.wave, FFT_SIZES))
        losses["mel"] = mel_loss(made, segments.wave, net.mel)
        total = s.likelihood_weight * losses["likelihood"] + s.spectral_weight * losses["spectral"]
        return losses | {"total": total + s.mel_weight * losses["mel"]}


def load_teacher(voice: Path) -> SourceFilter:
    """The voice's source-filter vocoder."""
    teacher = load_vocoder(load_manifest(voice), "source_filter", torch.device("cpu"))
    assert isinstance(teacher, SourceFilter)
    return teacher


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--likelihood-weight", type=float, default=0.1)
    parser.add_argument("--spectral-weight", type=float, default=1.0)
    parser.add_argument("--teacher", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    corpora = [PreparedCorpus(args.prepared, name) for name in ("mels.npy", "mels-acoustic.npy")]
    schedule = Schedule(args.steps, args.learning_rate, 10**9, warmup_steps=200, betas=(0.8, 0.95), max_gradient=10.0)
    settings = WaveGlowSettings(
        likelihood_weight=args.likelihood_weight,
        spectral_weight=args.spectral_weight,
        mel_weight=5 * args.spectral_weight,
    )
    trainer = WaveGlowTrainer(corpora, settings, schedule, load_teacher(args.teacher), args.out)
    trainer.restore(args.out / "state.pt")
    trainer.train()


if __name__ == "__main__":
    main()
