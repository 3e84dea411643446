"""What the trainers of WaveGlow and WaveNet share: they may hear the pulses of the pitch, and may have a teacher."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from tts.errors import UsageError
from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.source_filter import Guide
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.training.corpora import Stretches
from tts.training.data import PreparedCorpus, Segments
from tts.training.loop import Trainer, on_device
from tts.training.losses import pitch_loss
from tts.training.samples import Samples
from tts.training.schedule import Schedule
from tts.training.teaching import Lesson, load_teacher, recorded, take_over, taught
from tts.training.vocoder import copy_synthesis_samples

VALIDATION_BATCHES = 4
PulsedNetwork = WaveGlow | LappedWaveGlow | WaveNet
PulsedDimensions = WaveGlowDimensions | LappedWaveGlowDimensions | WaveNetDimensions


@dataclass(frozen=True)
class PulsedSettings:
    """What is learned, and the sizes of a batch.

    Which `mels` are heard (of several files one is drawn for every batch); `teacher`, a voice by its name or folder
    whose source-filter vocoder speaks what is learned, or none: then the recordings are. `dither` is the deviation of
    the noise under the speech. `pitch_weight` is that of the pitch that the network hears in the mel, where it learns
    that: a teacher's pitch is taken over as it is.
    """

    mels: str | tuple[str, ...] = "mels.npy"
    teacher: str = ""
    batch_size: int = 8
    segment_frames: int = 40
    dither: float = 0.0
    pitch_weight: float = 2.0


class PulsedTrainer(Trainer[Segments]):
    """Trains `Network`; a subclass names it and says what its speech is worth."""

    kind = "vocoder"
    Network: type[WaveGlow] | type[LappedWaveGlow] | type[WaveNet]
    network: PulsedNetwork
    settings: PulsedSettings
    margin_frames = 0
    """How many more frames are drawn at each side of `segment_frames`."""
    sample_frames = 400
    """The most frames of a clip that is spoken to be heard."""

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: PulsedDimensions,
        settings: PulsedSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = self.Network(corpus.mel, dimensions)  # type: ignore[arg-type]
        self.begin(network, corpus.mean_mel())
        self.settings, self.teacher = settings, None
        if settings.teacher:
            self.teacher = load_teacher(settings.teacher, corpus.mel).to(fabric.device)
            if network.excitation is not None:
                take_over(network.excitation, self.teacher)
        elif isinstance(network.excitation, Guide):
            raise UsageError("A network with a guide needs a teacher: --set settings.teacher=VOICE.")
        super().__init__(corpus, network, nn.Identity(), schedule, run, fabric)
        n_frames = settings.segment_frames + 2 * self.margin_frames
        self.stretches = Stretches(corpus, settings.mels, settings.batch_size, n_frames)

    def begin(self, network: PulsedNetwork, mean_mel: Tensor) -> None:
        """Change what a new network starts from; `mean_mel` [n_mels] is the corpus' mean frame."""

    @abstractmethod
    def lesson_losses(self, lesson: Lesson, pulses: Tensor | None) -> dict[str, Tensor]:
        """The losses of a lesson of which `pulses` are heard, by name, with `total`, but not that of the pitch."""

    def batch(self, random: np.random.Generator) -> Segments:
        return self.stretches.draw(random)

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        losses = self._speech_and_pitch(batch)
        if "pitch" in losses:
            losses["total"] = losses["total"] + self.settings.pitch_weight * losses["pitch"]
        return losses

    def bound_gradient(self, network: nn.Module) -> Tensor:
        """Those of speech and of the pitch each for themselves: they share no weights, and one is often much longer."""
        pitch = [] if self.network.excitation is None else list(self.network.excitation.parameters())
        members = set(pitch)
        others = [parameter for parameter in network.parameters() if parameter not in members]
        norms = [nn.utils.clip_grad_norm_(each, self.schedule.max_gradient) for each in (pitch, others)]
        whole: Tensor = torch.stack([norm.to(self.fabric.device) for norm in norms]).norm()
        return whole

    def lesson(self, segments: Segments) -> Lesson:
        """The segments as they should sound: as the teacher speaks them, or as they are."""
        if self.teacher is not None:
            return taught(segments, self.teacher)
        if self.network.excitation is not None:
            return recorded(segments, self.corpus.mel.sample_rate)
        return Lesson(segments, segments.f0.new_zeros(len(segments.f0), 1))

    def validate(self) -> dict[str, float]:
        """The mean losses on fixed stretches of the validation clips: first `total`, here without that of the pitch."""
        found = [self._speech_and_pitch(batch) for batch in self._held_out()]
        names = sorted(found[0], key=lambda name: name != "total") if found else []
        return {f"validation_{name}": sum(float(each[name]) for each in found) / len(found) for name in names}

    def samples(self) -> Samples:
        return copy_synthesis_samples(self.network, self.stretches.corpora[-1], self.sample_frames)

    def _speech_and_pitch(self, batch: Segments) -> dict[str, Tensor]:
        """The losses of the batch's lesson, and of the pitch where it is learned, which `total` does not count yet."""
        excitation = self.network.excitation
        # What is to be learned, and the phase, are not made in low precision.
        with torch.autocast(self.fabric.device.type, enabled=False):
            lesson = self.lesson(batch)
            pulses = lesson.pulses(excitation)
        losses = self.lesson_losses(lesson, pulses)
        if excitation is not None and self.teacher is None:
            losses["pitch"] = pitch_loss(excitation.pitch.octaves(batch.mel), batch.f0, batch.voiced)
        return losses

    def _held_out(self) -> Iterator[Segments]:
        clips = self.corpus.split("val")
        # Clips that are all shorter than a batch's segments are still something to validate with.
        n_frames = min([self.stretches.n_frames, max((item.n_frames for item in clips), default=0) - 1])
        if n_frames <= 2 * self.margin_frames:
            return
        long = [item for item in clips if item.n_frames > n_frames]
        for i in range(VALIDATION_BATCHES):
            segments = self.stretches.corpora[-1].segments(
                long, self.settings.batch_size, n_frames, np.random.default_rng(i)
            )
            yield on_device(segments, self.fabric.device)
