"""A light vocoder guides a heavy one: its harmonics are the first guess of what an autoregressive network says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.models.excitation import MelEnvelope, PitchFromMel, driving
from tts.models.source_filter import SourceFilter
from tts.models.vocos import VocosDimensions


class Guide(nn.Module):
    """What `Excitation` gives, and a fourth channel: the harmonics of a source-filter vocoder, white, `level` times.

    A small network then need not learn how a vocal tract filters pulses, and has the rest to say.
    """

    n_channels = 4

    def __init__(self, mel: MelSettings, dimensions: VocosDimensions, level: float) -> None:
        super().__init__()
        self.source, self.envelope, self.level = SourceFilter(mel, dimensions), MelEnvelope(mel), level

    @property
    def pitch(self) -> PitchFromMel:
        return self.source.pitch

    def forward(self, mel: Tensor, f0: Tensor | None = None, initial_phase: Tensor | None = None) -> Tensor:
        """Arguments as `Excitation` has them → [B, 4, T * hop_length]."""
        f0 = self.pitch(mel) if f0 is None else f0
        white = self.envelope(self.source.harmonics(mel, f0, initial_phase), mel, undo=True)
        return torch.cat([driving(f0, self.source.mel, initial_phase), self.level * white[:, None]], dim=1)
