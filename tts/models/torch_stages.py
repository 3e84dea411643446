"""PyTorch networks as stages of synthesis: arrays become tensors on their device, and what they give arrays again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.models.acoustic import AcousticModel, MelResult
from tts.models.stages import AcousticStage, Floats, MelRequest, SpokenMel, VocoderStage, WaveRequest
from tts.models.vocoder import Vocoder


class TorchAcoustic(AcousticStage):
    engine = "torch"

    def __init__(self, model: AcousticModel) -> None:
        self._model = model

    @property
    def controls(self) -> frozenset[str]:
        return self._model.controls

    @property
    def precisions(self) -> tuple[str, ...]:
        return self._model.precisions

    def speak(
        self, ids: Sequence[int], *, speed: float, pitch: float, energy: float, generator: np.random.Generator
    ) -> SpokenMel:
        return self.speak_all([MelRequest(ids, speed, pitch, energy, generator)])[0]

    @torch.inference_mode()
    def speak_all(self, requests: Sequence[MelRequest]) -> list[SpokenMel]:
        return [_in_arrays(made) for made in self._model.speak_all(requests)]


class TorchVocoder(VocoderStage):
    engine = "torch"

    def __init__(self, vocoder: Vocoder) -> None:
        self._vocoder = vocoder

    @property
    def mel(self) -> MelSettings:
        return self._vocoder.mel

    @property
    def precisions(self) -> tuple[str, ...]:
        return self._vocoder.precisions

    @property
    def foldable(self) -> bool:
        return self._vocoder.foldable

    @torch.inference_mode()
    def __call__(
        self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None, streams: int = 1
    ) -> Floats:
        device = self._vocoder.device
        heard, pitch = torch.tensor(mel, device=device), None if f0 is None else torch.tensor(f0, device=device)
        folded = {"streams": streams} if streams > 1 else {}
        samples: Tensor = self._vocoder(heard, generator, pitch, **folded)
        array: Floats = samples.cpu().numpy()
        return array

    @torch.inference_mode()
    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Floats]:
        return [samples.cpu().numpy() for samples in self._vocoder.speak_all(requests)]

    def hum(self) -> Floats | None:
        sound = self._vocoder.hum()
        return None if sound is None else sound.float().cpu().numpy()


def _in_arrays(made: MelResult) -> SpokenMel:
    f0 = None if made.f0 is None else made.f0.cpu().numpy()
    return SpokenMel(made.mel.cpu().numpy(), made.durations.cpu().numpy(), f0, made.failure)
