"""FastSpeech 2 (`fastspeech2.py`) on ONNX Runtime, without PyTorch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tts.models.onnx_session import Session
from tts.models.stages import AcousticStage, SpokenMel


class OnnxFastSpeech2(AcousticStage):
    """`session` runs the graph of `fastspeech2_graph`, in which the controls are."""

    engine = "onnx"

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def controls(self) -> frozenset[str]:
        return frozenset({"speed", "pitch", "energy"})

    def wait(self) -> None:
        self._session.wait()

    def speak(
        self, ids: Sequence[int], *, speed: float, pitch: float, energy: float, generator: np.random.Generator
    ) -> SpokenMel:
        mel, durations, f0 = self._session.run(
            ids=np.array(ids, np.int64),
            speed=np.array(speed, np.float32),
            octaves=np.array(pitch / 12, np.float32),
            log_energy=np.array(math.log(energy), np.float32),
        )
        return SpokenMel(mel, durations, f0)
