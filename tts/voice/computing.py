"""How a voice's networks may be asked to compute: where, by which engine, in which number format."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass

from tts.errors import UsageError
from tts.voice.devices import choose_device

ENGINE_VARIABLE = "TTS_ENGINE"
ENGINES = {"torch": "PyTorch", "onnx": "ONNX Runtime"}
PRECISIONS = ("float32", "bfloat16", "int8")


@dataclass(frozen=True)
class Computing:
    """`device` is "cpu" or "cuda:N", `engine` "auto" or of ENGINES, `precision` that of the weights, of PRECISIONS."""

    device: str = "cpu"
    engine: str = "auto"
    precision: str = "float32"


def choose_computing(device: str = "auto", engine: str | None = None, precision: str = "float32") -> Computing:
    """What is asked for, on a device that is here; `engine` None is that of TTS_ENGINE, or else "auto".

    Raises:
        UsageError: there is no such device, engine or precision, or they exclude each other.
    """
    engine = engine_asked_for(engine)
    check_computing(engine, precision)
    if engine != "onnx":
        return Computing(choose_device(device), engine, precision)
    if device not in ("auto", "cpu"):
        raise UsageError(f"ONNX Runtime computes on the CPU here, not on {device}: leave --device or --engine out.")
    if precision != "float32":
        raise UsageError(f"ONNX Runtime computes in float32, not in {precision}: leave --precision or --engine out.")
    if not has_onnx_runtime():
        raise UsageError("ONNX Runtime is not installed: pip install onnxruntime, or leave --engine out.")
    return Computing("cpu", engine, precision)


def engine_asked_for(engine: str | None) -> str:
    """`engine`, or where it is None that of TTS_ENGINE, or else "auto"."""
    return engine or os.environ.get(ENGINE_VARIABLE) or "auto"


def check_computing(engine: str, precision: str) -> None:
    """Raise UsageError where no voice has such an engine or precision."""
    if engine not in ("auto", *ENGINES):
        raise UsageError(f"There is no engine {engine!r}; say auto, {' or '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; say {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")


def has_onnx_runtime() -> bool:
    """Whether it is installed; it is imported by those alone who speak with it."""
    return importlib.util.find_spec("onnxruntime") is not None
