"""A vocoder that speaks well teaches another: what it makes of the corpus' mels is learned instead of the recordings.

A recording's phases are its own; a teacher's follow from the mel, the pitch and a first phase that can be told. For a
network that hears the same pulses its speech is nearly certain, and is learned in a small part of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.models.source_filter import Excitation, Guide, SourceFilter
from tts.training.data import Segments
from tts.training.phase import phase_offset
from tts.voice.load import load_vocoder
from tts.voice.store import find_installed


@dataclass
class Lesson:
    """A batch of segments as they should sound, and the phase in cycles of their pulses.

    `initial_phase` is [B, 1] where a teacher spoke, [B, T * hop_length] where a recording's was found, as
    `tts.models.source_filter.cycles` takes it.
    """

    segments: Segments
    initial_phase: Tensor

    def pulses(self, excitation: Excitation | Guide | None) -> Tensor | None:
        """What a network with this excitation hears of the segments' own pitch, [B, channels, n]; or nothing."""
        if excitation is None:
            return None
        with torch.no_grad():
            pulses: Tensor = excitation(self.segments.mel, self.segments.f0, self.initial_phase)
        return pulses


@torch.no_grad()
def taught(segments: Segments, teacher: SourceFilter) -> Lesson:
    """The same segments, spoken by the teacher at the recordings' pitch from a random phase on."""
    # Drawn on the CPU, the same for every device.
    initial_phase = torch.rand(len(segments.f0), 1).to(segments.f0.device)
    wave = teacher(segments.mel, f0=segments.f0, initial_phase=initial_phase)
    return Lesson(replace(segments, wave=wave.clamp(-1, 1)), initial_phase)


def take_over(excitation: Excitation | Guide, teacher: SourceFilter) -> None:
    """What drives the pupil is the teacher's, and stays as it is.

    Raises:
        UsageError: the pupil's guide is of another size than the teacher.
    """
    try:
        if isinstance(excitation, Guide):
            excitation.source.load_state_dict(teacher.state_dict())
        else:
            excitation.pitch.load_state_dict(teacher.pitch.state_dict())
    except RuntimeError:
        raise UsageError("The teacher cannot guide: it is of another size than the recipe's options.guide_*.") from None
    excitation.requires_grad_(False)


def recorded(segments: Segments, sample_rate: int) -> Lesson:
    """The segments as they are, with the phase at which they were spoken."""
    return Lesson(segments, phase_offset(segments.wave, segments.f0, segments.voiced, sample_rate))


def load_teacher(name_or_folder: str, mel: MelSettings) -> SourceFilter:
    """The source-filter vocoder of a voice, a run or a package of vocoders; it is to hear `mel`.

    Raises:
        UsageError: there is none, or it hears another mel.
        TtsError: it is broken.
    """
    manifest = find_installed(name_or_folder)
    names = [name for name, component in manifest.vocoders.items() if component.network == "source_filter"]
    if not names:
        raise UsageError(f"{manifest.name} cannot teach: it has no vocoder of the kind source_filter.")
    teacher = load_vocoder(manifest, names[0], torch.device("cpu"))
    if teacher.mel != mel:
        raise UsageError(f"{manifest.name} cannot teach: it hears another mel than the data set was prepared with.")
    assert isinstance(teacher, SourceFilter)
    return teacher
