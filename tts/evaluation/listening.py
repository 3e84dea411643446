"""Automatic listeners: a recogniser (Whisper) for intelligibility, and a predictor of opinion scores (DistillMOS).

Both come with the extra [eval] and run on the CPU. Nothing is downloaded: Whisper's model is a local folder, DistillMOS
has its weights in its package. Importing this module imports neither of them, nor PyTorch.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from tts.audio.audio import Audio
    from tts.evaluation.metrics import WordErrors

SAMPLE_RATE = 16000
"""Hz, of what both expect."""
_BEAM = 5
# The tokenizer is required too: faster-whisper would download a missing one.
_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


def can_recognise() -> bool:
    """Whether faster-whisper, of the extra [eval], is installed."""
    return find_spec("faster_whisper") is not None


def can_predict_opinions() -> bool:
    """Whether DistillMOS, of the extra [eval], is installed."""
    return find_spec("distillmos") is not None


def check_whisper(folder: Path) -> None:
    """Raise UsageError where `folder` is not a model for faster-whisper."""
    if missing := [name for name in _WHISPER_FILES if not (folder / name).is_file()]:
        raise UsageError(
            f"{folder} is not a Whisper model: it has no {' and no '.join(missing)}; "
            "name the folder of a model converted for faster-whisper."
        )


@dataclass(frozen=True)
class Impression:
    """What the listeners understood and predict of an utterance; None without such a listener."""

    transcript: str | None = None
    word_errors: WordErrors | None = None
    mos: float | None = None


class Listeners:
    """The listeners to use: `whisper`, the folder of a model or None, and `mos`, whether to predict opinion scores.

    Raises:
        TtsError: the Whisper model cannot be loaded.
    """

    def __init__(self, whisper: Path | None, language: str, *, mos: bool) -> None:
        self._language = language.partition("-")[0]
        self._whisper: Any = None
        if whisper is not None:
            import torch
            from faster_whisper import WhisperModel

            n_threads = torch.get_num_threads()
            try:
                self._whisper = WhisperModel(str(whisper), device="cpu", compute_type="int8", cpu_threads=n_threads)
            except (RuntimeError, ValueError, OSError) as error:
                detail = " ".join(str(error).split())
                raise TtsError(f"The Whisper model in {whisper} cannot be loaded ({detail[:300]}).") from error
        self._mos = _load_distillmos() if mos else None

    def listen(self, audio: Audio, text: str) -> Impression:
        """What is understood of speech that was to say `text`."""
        if self._whisper is None and self._mos is None:
            return Impression()

        import torch

        from tts.audio.writer import Resampler
        from tts.evaluation.metrics import word_errors

        samples = Resampler(audio.sample_rate, SAMPLE_RATE)(audio.samples, last=True)
        transcript = errors = mos = None
        if self._whisper is not None:
            segments, _ = self._whisper.transcribe(
                samples, language=self._language, beam_size=_BEAM, condition_on_previous_text=False
            )
            transcript = " ".join(segment.text.strip() for segment in segments)
            errors = word_errors(text, transcript)
        if self._mos is not None:
            with torch.inference_mode():
                mos = float(self._mos(torch.from_numpy(samples)[None]))
        return Impression(transcript, errors, mos)


def _load_distillmos() -> Any:
    # DistillMOS imports torchaudio, for its own command line only, and torchaudio's wheels do not load beside a CPU
    # torch: an empty module replaces it meanwhile.
    is_replaced = "torchaudio" not in sys.modules
    if is_replaced:
        sys.modules["torchaudio"] = ModuleType("torchaudio")
    try:
        with redirect_stdout(io.StringIO()):  # it prints the path of its weights
            import distillmos

            return distillmos.ConvTransformerSQAModel().eval().requires_grad_(False)
    finally:
        if is_replaced:
            del sys.modules["torchaudio"]
