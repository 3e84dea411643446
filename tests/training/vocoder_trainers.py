"""Trainers of tiny vocoders of every kind."""

from dataclasses import replace

from lightning_fabric import Fabric

from tts.models.hifigan import HiFiGANDimensions
from tts.models.lapped_waveglow import LappedWaveGlowDimensions
from tts.models.source_filter import SourceFilterDimensions
from tts.models.waveglow import WaveGlowDimensions
from tts.models.wavenet import WaveNetDimensions
from tts.training.data import PreparedCorpus
from tts.training.likelihood import (
    LappedWaveGlowTrainer,
    LikelihoodSettings,
    WaveGlowSettings,
    WaveGlowTrainer,
    WaveNetTrainer,
)
from tts.training.recipe import Schedule
from tts.training.vocoder import HiFiGANSettings, HiFiGANTrainer, SourceFilterTrainer, SpectralSettings

WAVEGLOW = WaveGlowDimensions(n_flows=2, n_early_every=1, n_layers=1, channels=8, upsample_kernel_size=512)
GROUPS = WaveGlowDimensions(n_flows=2, n_group=128, n_early_every=2, n_layers=1, channels=8, condition_channels=16)
LAPPED = LappedWaveGlowDimensions(16, 32, 1, 2, 1, 8, 8)
WAVENET = WaveNetDimensions(
    n_outputs=6, n_layers=4, n_stacks=2, residual_channels=8, gate_channels=8, skip_channels=8, log_scale_min=-7.0
)
HIFIGAN = HiFiGANDimensions(16, (8, 8, 4), (16, 16, 8), (3,), ((1, 2),), two_convolutions=False)
SIZES = {"batch_size": 2, "segment_frames": 10}
SPECTRAL = {"likelihood_weight": 0.1, "spectral_weight": 1.0, "mel_weight": 5.0, "dither": 1e-3}
BOTH = {"likelihood_weight": 1.0, "spectral_weight": 0.5, "mel_weight": 2.5, "dither": 3e-4}
ALIGNED = {
    "aligned_pulses": True,
    "predicted_pitch": 0.3,
    "critics_per_step": 3,
    "critic_bands": (0.5, 0.5, 0.5, 1.0),
    "standard_critics": True,
    "relative_features": True,
}
KINDS = {
    "waveglow": (WaveGlowTrainer, WAVEGLOW, WaveGlowSettings(**SIZES, dither=1e-3)),
    "waveglow groups": (WaveGlowTrainer, GROUPS, WaveGlowSettings(**SIZES, **SPECTRAL)),
    "lapped waveglow": (LappedWaveGlowTrainer, LAPPED, WaveGlowSettings(**SIZES, **BOTH)),
    "wavenet logistics": (WaveNetTrainer, WAVENET, LikelihoodSettings(**SIZES)),
    "wavenet mulaw": (
        WaveNetTrainer,
        replace(WAVENET, output="mulaw", n_outputs=32, preemphasis=0.0, gain=1.0),
        LikelihoodSettings(**SIZES),
    ),
    "wavenet gaussian": (
        WaveNetTrainer,
        replace(WAVENET, output="gaussian", n_outputs=2, pulses=True),
        LikelihoodSettings(**SIZES, dither=1e-4),
    ),
    "source filter aligned": (
        SourceFilterTrainer,
        SourceFilterDimensions(16, 32, 1, envelope_steps=4),
        SpectralSettings(**SIZES, **ALIGNED),
    ),
    "hifigan": (HiFiGANTrainer, HIFIGAN, HiFiGANSettings(**SIZES, critic_channels=32)),
}


def vocoder_trainer(corpus, run, kind, precision="32-true", schedule=None, **settings):
    cls, dimensions, own = KINDS[kind]
    schedule = schedule or Schedule(100, 3e-3, adversarial_from=10**9, warmup_steps=1, max_gradient=10.0)
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    return cls(PreparedCorpus(corpus), dimensions, replace(own, **settings), schedule, run, fabric)
