"""Listeners that are networks: a recogniser (Whisper) for intelligibility, a predictor of opinion scores.

Both come with the extra [eval] and run on the CPU. Nothing is downloaded: Whisper's model is a folder on this machine,
DistillMOS brings its weights in its package.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tts.audio.files import Resampler
from tts.audio.waveform import Audio
from tts.errors import TtsError
from tts.evaluation.words import WordErrors, word_errors

RATE = 16000
"""Hz, of what both hear."""
_BEAM = 5


@dataclass(frozen=True)
class Impression:
    """What listeners make of an utterance; None where there is no such listener."""

    heard: str | None = None
    word_errors: WordErrors | None = None
    mos: float | None = None


class Listeners:
    """Those asked for and installed: a Whisper model's folder or None, and whether opinions are predicted."""

    def __init__(self, whisper: Path | None, language: str, *, mos: bool) -> None:
        self._language = language.partition("-")[0]
        self._whisper = _load_whisper(whisper) if whisper is not None else None
        self._mos = _load_distillmos() if mos else None

    def listen(self, audio: Audio, text: str) -> Impression:
        """What is heard where `text` was to be said."""
        if self._whisper is None and self._mos is None:
            return Impression()
        samples = Resampler(audio.sample_rate, RATE)(audio.samples, last=True)
        heard = None if self._whisper is None else self._transcribe(samples)
        errors = None if heard is None else word_errors(text, heard)
        return Impression(heard, errors, None if self._mos is None else self._opinion(samples))

    def _transcribe(self, samples: npt.NDArray[np.float32]) -> str:
        assert self._whisper is not None
        segments, _ = self._whisper.transcribe(
            samples, language=self._language, beam_size=_BEAM, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)

    @torch.inference_mode()
    def _opinion(self, samples: npt.NDArray[np.float32]) -> float:
        assert self._mos is not None
        return float(self._mos(torch.from_numpy(samples)[None]))


def _load_whisper(folder: Path) -> Any:
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=torch.get_num_threads())
    except (RuntimeError, ValueError, OSError) as error:
        detail = " ".join(str(error).split())
        raise TtsError(f"The Whisper model in {folder} cannot be loaded ({detail[:300]}).") from error


def _load_distillmos() -> Any:
    with _torchaudio_left_out(), redirect_stdout(io.StringIO()):  # it prints where its weights lie
        import distillmos

        return distillmos.ConvTransformerSQAModel().eval().requires_grad_(False)


@contextmanager
def _torchaudio_left_out() -> Iterator[None]:
    """Let a package import torchaudio without loading it.

    DistillMOS imports it for its own command line only, and its wheels do not load beside a CPU torch.
    """
    if "torchaudio" in sys.modules:
        yield
        return
    sys.modules["torchaudio"] = ModuleType("torchaudio")
    try:
        yield
    finally:
        del sys.modules["torchaudio"]
