"""PyTorch networks that speak, and how they meet the contract of `tts.models.base`.

A network is an `nn.Module` over tensors: an `AcousticNetwork` or a `VocoderNetwork`. `TorchAcoustic` and `TorchVocoder`
make an acoustic model and a vocoder of it: arrays become tensors on the network's device, and its results arrays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.models.base import AcousticModel, Floats, MelRequest, SpeakerMix, SpokenMel, Vocoder, WaveRequest


class TorchNetwork(nn.Module):
    """A network with a choice of number formats for its weights when it speaks; it always trains in float32."""

    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    """The formats in which it can speak, of `tts.voice.load.PRECISIONS`."""
    precision = "float32"

    @property
    def device(self) -> torch.device:
        """The device of its weights; the CPU where it has none."""
        numbers = next(chain(self.parameters(), self.buffers()), None)
        return torch.device("cpu") if numbers is None else numbers.device

    def set_precision(self, name: str) -> None:
        """Speak in this format from now on.

        Raises:
            UsageError: the network does not support it.
        """
        if name not in self.precisions:
            raise UsageError(f"This network speaks in {' or '.join(self.precisions)}, not in {name}.")
        self.precision = name


@dataclass(frozen=True)
class MelResult:
    """A `SpokenMel` in tensors."""

    mel: Tensor
    durations: Tensor
    f0: Tensor | None = None
    failure: str | None = None


class AcousticNetwork(TorchNetwork, ABC):
    """`AcousticModel` in tensors."""

    controls: ClassVar[frozenset[str]] = frozenset({"speed"})
    # Not given a value here: an attribute of the class would hide the module.
    speaker_embed: nn.Embedding | None
    """A vector per speaker, added to every position of the encoded text; None for a single speaker."""

    @abstractmethod
    def speak(
        self,
        ids: Tensor,
        *,
        speed: float = 1.0,
        pitch: float = 0.0,
        energy: float = 1.0,
        generator: np.random.Generator | None = None,
    ) -> MelResult:
        """ids [symbols] → what `AcousticModel.speak` returns."""

    def speak_all(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        return [
            self.speak(
                torch.tensor(each.ids, device=self.device),
                speed=each.speed,
                pitch=each.pitch,
                energy=each.energy,
                generator=each.generator,
            )
            for each in requests
        ]


def speaker_embedding(n_speakers: int, channels: int) -> nn.Embedding | None:
    """The embedding of several speakers; its vectors are small at first, so that all begin with much the same voice."""
    if n_speakers == 1:
        return None
    embedding = nn.Embedding(n_speakers, channels)
    nn.init.normal_(embedding.weight, std=0.02)
    return embedding


def mix_weights(mixes: Sequence[SpeakerMix], n_speakers: int, device: torch.device) -> Tensor | None:
    """The weight of each speaker in each mix [B, n_speakers], 1 for the first in an empty mix; None: there is only one.

    Weights of one row add up to 1.
    """
    if n_speakers == 1:
        return None
    weights = torch.zeros(len(mixes), n_speakers)
    for row, mix in zip(weights, mixes, strict=True):
        for index, weight in mix or ((0, 1.0),):
            row[index] += weight
    return weights.to(device)


class VocoderNetwork(TorchNetwork, ABC):
    """`Vocoder` in tensors, for mels of the settings `mel`."""

    foldable: ClassVar[bool] = False
    """Whether `forward` accepts `streams`, the number of segments of an utterance generated in parallel."""

    def __init__(self, mel: MelSettings) -> None:
        super().__init__()
        self.mel = mel

    @abstractmethod
    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        """mel [B, n_mels, T] → samples [B, T * hop_length]; f0 [B, T] in Hz. Arguments are those of `Vocoder`.

        A vocoder that has the pitch from the mel only ignores `f0`.
        """

    def speak(self, request: WaveRequest) -> Tensor:
        """The samples [T * hop_length] of one utterance."""
        mel = torch.tensor(request.mel, device=self.device)[None]
        f0 = None if request.f0 is None else torch.tensor(request.f0, device=self.device)[None]
        streams = {"streams": request.streams} if request.streams > 1 else {}
        samples: Tensor = self(mel, request.generator, f0, **streams)
        return samples[0]

    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Tensor]:
        return [self.speak(each) for each in requests]

    def hum(self, n_frames: int = 88) -> Tensor | None:
        """What the network returns, [1, n], for a mel of zeros and no noise; None: it has no such sound of its own.

        A log mel of zeros is loud, but it is what the published denoiser measures.
        """
        return None


class TorchAcoustic(AcousticModel):
    runtime = "torch"

    def __init__(self, model: AcousticNetwork) -> None:
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
        return [
            SpokenMel(
                result.mel.cpu().numpy(),
                result.durations.cpu().numpy(),
                None if result.f0 is None else result.f0.cpu().numpy(),
                result.failure,
            )
            for result in self._model.speak_all(requests)
        ]


class TorchVocoder(Vocoder):
    runtime = "torch"

    def __init__(self, vocoder: VocoderNetwork) -> None:
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
        pitch = None if f0 is None else torch.tensor(f0, device=device)
        several = {"streams": streams} if streams > 1 else {}
        samples: Floats = self._vocoder(torch.tensor(mel, device=device), generator, pitch, **several).cpu().numpy()
        return samples

    @torch.inference_mode()
    def speak_all(self, requests: Sequence[WaveRequest]) -> list[Floats]:
        return [samples.cpu().numpy() for samples in self._vocoder.speak_all(requests)]

    def hum(self) -> Floats | None:
        sound = self._vocoder.hum()
        return None if sound is None else sound.float().cpu().numpy()


# Random numbers come from NumPy on the CPU, so that every runtime and every device uses the same; without a generator,
# as in training, they come from PyTorch's own.


def standard_normal(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """Standard normal numbers in float32, on the CPU."""
    if generator is None:
        return torch.randn(shape)
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32))


def uniform(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """Uniform numbers in [0, 1) in float32, on the CPU."""
    if generator is None:
        return torch.rand(shape)
    return torch.from_numpy(generator.random(shape, dtype=np.float32))


def uniform_double(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """Uniform numbers in [0, 1) in float64, on the CPU."""
    if generator is None:
        return torch.rand(shape, dtype=torch.float64)
    return torch.from_numpy(generator.random(shape))


def length_mask(lengths: Tensor, size: int | None = None) -> Tensor:
    """lengths [B] → mask [B, size], True at the first `lengths[i]` positions of row i; `size` None: the longest."""
    size = int(lengths.max()) if size is None else size
    return torch.arange(size, device=lengths.device) < lengths[:, None]
