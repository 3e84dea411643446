"""A voice as workloads: its stages one by one, and the whole as somebody hears it.

What the voice speaks with needs no PyTorch where ONNX Runtime computes. The plain path always does, and is loaded
only after the voice has spoken, so that the memory which the voice takes is its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.benchmark.asked import Asked
from tts.benchmark.measuring import Made, Workload
from tts.benchmark.memory import peak_mb
from tts.kernels.choice import reference_only
from tts.kernels.threads import one_compute_thread
from tts.synthesis.steady import speak_steadily
from tts.text.frontend import Frontend, frontend_for

if TYPE_CHECKING:
    from tts.synthesis.pipeline import Piece, Stages, Voice
    from tts.text.symbols import Encoded

Floats = npt.NDArray[np.float32]

SEED = 0
STAGES = ("frontend", "acoustic", "vocoder", "whole")


@dataclass(frozen=True)
class Speaker:
    """A voice with the networks that were asked for, and the seconds until it could speak, imports and all."""

    asked: Asked
    voice: Voice
    stages: Stages
    load_seconds: float

    @property
    def acoustic(self) -> str:
        return self.asked.options.acoustic or self.voice.manifest.default_acoustic

    @property
    def vocoder(self) -> str:
        return self.asked.options.vocoder or self.voice.manifest.default_vocoder

    def plain_stages(self) -> Stages:
        """The same networks by PyTorch in float32, as the references compute."""
        from tts.synthesis.pipeline import load_voice

        with reference_only():
            plain = load_voice(self.asked.voice, device=self.voice.computing.device, engine="torch")
            return plain.prepare(self.asked.options)


def load_speaker(asked: Asked, start: float) -> Speaker:
    """The voice, loaded; `start` is when loading began, by `time.perf_counter`.

    Raises:
        UsageError, TtsError: like `load_voice` and `Voice.prepare`.
    """
    from tts.synthesis.pipeline import load_voice

    voice = load_voice(
        asked.voice,
        device=asked.device,
        engine=asked.engine,
        precision=asked.precision,
        threads=asked.threads,
        system_espeak=asked.system_espeak,
    )
    stages = voice.prepare(asked.options)
    return Speaker(asked, voice, stages, time.perf_counter() - start)


@dataclass
class Script:
    """What a voice is to say, each line for itself; `pieces` are its sentences, which are the stages' inputs.

    `first_audio_seconds`: how long each line took until its first sentence could be heard, in every run but the first.
    `peak_mb`: the most memory that this process had held when all was said for the first time.

    Raises:
        TtsError: a line has nothing to speak.
    """

    speaker: Speaker
    lines: Sequence[str]
    first_audio_seconds: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        manifest = self.speaker.voice.manifest
        self.frame_seconds: float = manifest.mel["hop_length"] / manifest.sample_rate
        self.pieces = self._spoken()
        self.peak_mb = peak_mb()
        self.first_audio_seconds.clear()

    @property
    def seconds(self) -> float:
        """Of audio, without the silence between sentences."""
        return float(sum(piece.mel.shape[1] for piece in self.pieces) * self.frame_seconds)

    def warnings(self) -> list[str]:
        """What the voice warned of, each once."""
        return list(dict.fromkeys(warning for piece in self.pieces for warning in piece.warnings))

    def workloads(self) -> list[Workload]:
        """The frontend, the acoustic model, the vocoder and the whole."""
        fast, plain = self.speaker.stages, self.speaker.plain_stages()
        return [
            Workload("frontend", "frontend", self._read, None, self.seconds, scalable=False),
            Workload(
                self.speaker.acoustic,
                "acoustic",
                lambda seconds: self._speak(fast),
                lambda seconds: self._speak(plain),
                self.seconds,
                scalable=False,
            ),
            Workload(
                self.speaker.vocoder,
                "vocoder",
                lambda seconds: self._sound(fast, seconds),
                lambda seconds: self._sound(plain, seconds),
                self.seconds,
            ),
            Workload("whole", "whole", self._say, None, self.seconds, scalable=False),
        ]

    def _spoken(self) -> list[Piece]:
        pieces = []
        for line in self.lines:
            start = time.perf_counter()
            for index, piece in enumerate(self.speaker.voice.stream(line, self.speaker.asked.options)):
                if index == 0:
                    self.first_audio_seconds.append(time.perf_counter() - start)
                pieces.append(piece)
        return pieces

    def _say(self, seconds: float) -> Made:
        self._spoken()
        return Made(np.zeros(0, np.float32), self.seconds)

    @cached_property
    def _frontend(self) -> Frontend:
        manifest = self.speaker.voice.manifest
        assert manifest.frontend is not None
        kind, symbols = manifest.frontend.kind, manifest.frontend.symbols
        return frontend_for(kind, manifest.language, symbols, system_espeak=self.speaker.asked.system_espeak)

    @cached_property
    def _encoded(self) -> list[Encoded]:
        return [self._frontend.encode(piece.phonemes) for piece in self.pieces]

    def _read(self, seconds: float) -> Made:
        for line in self.lines:
            for sentence in self._frontend.sentences(line):
                self._frontend.encode(self._frontend.phonemize(sentence))
        return Made(np.zeros(0, np.float32), self.seconds)

    # The voice itself computes its stages so too.
    @one_compute_thread()
    def _speak(self, stages: Stages) -> Made:
        draws = np.random.default_rng(SEED)
        options = self.speaker.asked.options
        mels = [speak_steadily(stages.acoustic, symbols, options, draws).result.mel for symbols in self._encoded]
        return Made(np.concatenate(mels, axis=1), sum(mel.shape[1] for mel in mels) * self.frame_seconds)

    @one_compute_thread()
    def _sound(self, stages: Stages, seconds: float) -> Made:
        """The first `seconds` of the script, sentence by sentence."""
        left = n_frames = max(1, round(seconds / self.frame_seconds))
        draws, samples = np.random.default_rng(SEED), []
        for piece in self.pieces:
            if left > 0:
                mel = piece.mel[None, :, :left]
                samples.append(stages.vocoder(mel, draws)[0])
                left -= mel.shape[2]
        return Made(np.concatenate(samples), (n_frames - max(0, left)) * self.frame_seconds)
