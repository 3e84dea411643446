"""A vocoder that speaks well teaches another: what it makes of the corpus' mels is learned instead of the recordings.

A recording's phases are its own; a teacher's follow from the mel, the pitch and a first phase that can be told. For a
network that hears the same pulses its speech is nearly certain, and is learned in a small part of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tts.models.source_filter import SourceFilter
from tts.training.data import Segments


@dataclass
class Lesson:
    """A batch of segments as the teacher speaks them, and the phase in cycles [B, 1] at which it began."""

    segments: Segments
    initial_phase: Tensor


@torch.no_grad()
def taught(segments: Segments, teacher: SourceFilter) -> Lesson:
    """The same segments, spoken by the teacher at the recordings' pitch from a random phase on."""
    initial_phase = torch.rand(len(segments.f0), 1)
    wave = teacher(segments.mel, f0=segments.f0, initial_phase=initial_phase)
    return Lesson(replace(segments, wave=wave.clamp(-1, 1)), initial_phase)
