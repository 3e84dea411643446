"""A voice as workloads: its stages one by one, and the whole as somebody hears it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tts.benchmark.measuring import Made, Workload
from tts.kernels.threads import one_compute_thread
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.steady import speak_steadily
from tts.text.frontend import Frontend, frontend_for
from tts.text.symbols import Encoded

if TYPE_CHECKING:
    from tts.synthesis.pipeline import Piece, Stages, Voice

Floats = npt.NDArray[np.float32]

SEED = 0
STAGES = ("frontend", "acoustic", "vocoder", "whole")


@dataclass(frozen=True)
class Speaker:
    """A voice with the networks that the options ask for, and the seconds until it could speak, imports and all."""

    voice: Voice
    options: SynthesisOptions
    load_seconds: float

    @property
    def acoustic(self) -> str:
        return self.options.acoustic or self.voice.manifest.default_acoustic

    @property
    def vocoder(self) -> str:
        return self.options.vocoder or self.voice.manifest.default_vocoder


@dataclass
class Script:
    """What a voice is to say, each line for itself; `pieces` are its sentences, which are the stages' inputs.

    `first_audio_seconds`: how long each line took until its first sentence could be heard, in every run.

    Raises:
        TtsError: a line has nothing to speak.
    """

    speaker: Speaker
    lines: Sequence[str]
    pieces: list[Piece] = field(init=False)
    first_audio_seconds: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        manifest = self.speaker.voice.manifest
        self.frame_seconds: float = manifest.mel["hop_length"] / manifest.sample_rate
        self.pieces = self._spoken()
        self.first_audio_seconds.clear()

    @property
    def seconds(self) -> float:
        """Of audio, without the silence between sentences."""
        return float(sum(piece.mel.shape[1] for piece in self.pieces) * self.frame_seconds)

    def workloads(self) -> list[Workload]:
        """The frontend, the acoustic model, the vocoder and the whole."""
        stages, frontend = self.speaker.voice.prepare(self.speaker.options), self._frontend()
        encoded = [frontend.encode(piece.phonemes) for piece in self.pieces]

        def read(seconds: float) -> Made:
            for line in self.lines:
                for sentence in frontend.sentences(line):
                    frontend.encode(frontend.phonemize(sentence))
            return Made(np.zeros(0, np.float32), self.seconds)

        def speak(seconds: float) -> Made:
            return self._speak(stages, encoded)

        def sound(seconds: float) -> Made:
            return self._sound(stages, max(1, round(seconds / self.frame_seconds)))

        def say(seconds: float) -> Made:
            self._spoken()
            return Made(np.zeros(0, np.float32), self.seconds)

        return [
            Workload("frontend", "frontend", read, None, self.seconds, scalable=False),
            Workload(self.speaker.acoustic, "acoustic", speak, speak, self.seconds, scalable=False),
            Workload(self.speaker.vocoder, "vocoder", sound, sound, self.seconds),
            Workload("whole", "whole", say, None, self.seconds, scalable=False),
        ]

    def _spoken(self) -> list[Piece]:
        pieces = []
        for line in self.lines:
            start = time.perf_counter()
            for index, piece in enumerate(self.speaker.voice.stream(line, self.speaker.options)):
                if index == 0:
                    self.first_audio_seconds.append(time.perf_counter() - start)
                pieces.append(piece)
        return pieces

    def _frontend(self) -> Frontend:
        manifest = self.speaker.voice.manifest
        assert manifest.frontend is not None
        return frontend_for(manifest.frontend.kind, manifest.language, manifest.frontend.symbols)

    @torch.inference_mode()
    @one_compute_thread()
    def _speak(self, stages: Stages, encoded: Sequence[Encoded]) -> Made:
        generator = _generator()
        mels = [
            speak_steadily(stages.acoustic, symbols, self.speaker.options, generator).result.mel.cpu().numpy()
            for symbols in encoded
        ]
        return Made(np.concatenate(mels, axis=1), sum(mel.shape[1] for mel in mels) * self.frame_seconds)

    @torch.inference_mode()
    @one_compute_thread()
    def _sound(self, stages: Stages, n_frames: int) -> Made:
        """The first `n_frames` of the script, sentence by sentence."""
        generator, samples = _generator(), []
        left = n_frames
        for piece in self.pieces:
            if left > 0:
                mel = torch.from_numpy(piece.mel[None, :, :left]).to(self.speaker.voice.device)
                samples.append(stages.vocoder(mel, generator)[0].cpu().numpy())
                left -= mel.shape[2]
        return Made(np.concatenate(samples), (n_frames - max(0, left)) * self.frame_seconds)


def load_speaker(name: str, options: SynthesisOptions, device: str, *, system_espeak: bool, start: float) -> Speaker:
    """The voice, loaded; `start` is when loading began, by `time.perf_counter`.

    Raises:
        UsageError, TtsError: like `load_voice` and `Voice.prepare`.
    """
    from tts.synthesis.pipeline import load_voice

    voice = load_voice(name, device=device, system_espeak=system_espeak)
    voice.prepare(options)
    return Speaker(voice, options, time.perf_counter() - start)


def _generator() -> torch.Generator:
    """What draws a run's random numbers: the same in every run."""
    return torch.Generator().manual_seed(SEED)
