"""The optional extras of utter-tts: the packages that each brings, and what to say if one is needed and missing."""

from __future__ import annotations

from importlib.util import find_spec

from tts.errors import TtsError

EXTRAS: dict[str, dict[str, str]] = {
    "torch": {"torch": "PyTorch", "numba": "Numba"},
    "train": {"lightning_fabric": "Lightning Fabric", "tensorboard": "TensorBoard"},
    "eval": {"faster_whisper": "faster-whisper", "distillmos": "DistillMOS"},
    "export": {"onnx": "onnx", "onnxruntime": "ONNX Runtime"},
    "documents": {"pypdf": "pypdf", "markdown_it": "markdown-it-py"},
    "cluster": {"ray": "Ray", "fsspec": "fsspec"},
    "server": {
        "fastapi": "FastAPI",
        "uvicorn": "Uvicorn",
        "websockets": "websockets",
        "av": "PyAV",
        "prometheus_client": "prometheus-client",
        "wyoming": "wyoming",
        "mcp": "mcp",
    },
    "plot": {"matplotlib": "Matplotlib"},
}
"""For each extra, the modules that it brings and what their packages are called."""


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not imported."""
    return find_spec(module) is not None


def missing(extra: str, what: str, *modules: str) -> str | None:
    """A sentence that says which package `what` needs and how to install it; None if nothing is missing.

    `what` is the subject of the sentence ("WaveGlow"). `modules` are those of the extra that it needs; default: all.
    """
    for module in modules or EXTRAS[extra]:
        if not is_installed(module):
            package = EXTRAS[extra][module]
            return f"{what} needs {package}, which is not installed: pip install 'utter-tts[{extra}]'."
    return None


def require(extra: str, what: str, *modules: str) -> None:
    """Raise TtsError with the sentence of `missing` if a package is missing. Call it before any other work."""
    if problem := missing(extra, what, *modules):
        raise TtsError(problem)
