"""From a voice's manifest to stages that speak, and which engine computes each of them."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass

from tts.errors import UsageError
from tts.models.stages import PRECISIONS, AcousticStage, VocoderStage
from tts.voice.devices import choose_device
from tts.voice.manifest import Component, VoiceManifest, mel_settings

ENGINE_VARIABLE = "TTS_ENGINE"
ENGINES = {"torch": "PyTorch", "onnx": "ONNX Runtime"}


@dataclass(frozen=True)
class Computing:
    """How the networks of a voice compute: `device` is "cpu" or "cuda:N", `engine` "auto" or of ENGINES.

    `precision` is that of the weights, for networks that have it.
    """

    device: str = "cpu"
    engine: str = "auto"
    precision: str = "float32"


def choose_computing(device: str = "auto", engine: str | None = None, precision: str = "float32") -> Computing:
    """What is asked for, on a device that is here; `engine` None is that of TTS_ENGINE, or else "auto".

    Raises:
        UsageError: there is no such device, engine or precision, or they exclude each other.
    """
    engine = engine or os.environ.get(ENGINE_VARIABLE) or "auto"
    check_computing(engine, precision)
    if engine != "onnx":
        return Computing(choose_device(device), engine, precision)
    if device not in ("auto", "cpu"):
        raise UsageError(f"ONNX Runtime computes on the CPU here, not on {device}: leave --device or --engine out.")
    if precision != "float32":
        raise UsageError(
            f"ONNX Runtime computes in float32 here, not in {precision}: leave --precision or --engine out."
        )
    if not has_onnx_runtime():
        raise UsageError("ONNX Runtime is not installed: pip install onnxruntime, or leave --engine out.")
    return Computing("cpu", engine, precision)


def check_computing(engine: str, precision: str) -> None:
    """Raise UsageError where no voice has such an engine or precision."""
    if engine not in ("auto", *ENGINES):
        raise UsageError(f"There is no engine {engine!r}; say auto, {' or '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; say {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")


def load_acoustic_stage(manifest: VoiceManifest, name: str, computing: Computing) -> AcousticStage:
    """One of the voice's acoustic models, by its name there.

    Raises:
        TtsError: its file is missing or damaged, or does not hold this network.
        UsageError: the engine asked for cannot compute it.
    """
    component = manifest.acoustics[name]
    if _by_onnx_runtime(f"acoustic model {name}", component, computing):
        from tts.voice.onnx_networks import load_onnx_acoustic

        return load_onnx_acoustic(manifest, component)
    import torch

    from tts.models.torch_stages import TorchAcoustic
    from tts.voice.networks import load_acoustic_model

    model = load_acoustic_model(manifest, torch.device(computing.device), name)
    if computing.precision in model.precisions:
        model.set_precision(computing.precision)
    return TorchAcoustic(model)


def load_vocoder_stage(manifest: VoiceManifest, name: str, computing: Computing) -> VocoderStage:
    """One of the manifest's vocoders, by its name there; raises like `load_acoustic_stage`."""
    component = manifest.vocoders[name]
    if _by_onnx_runtime(f"vocoder {name}", component, computing):
        from tts.voice.onnx_networks import load_onnx_vocoder

        return load_onnx_vocoder(manifest, component, mel_settings(manifest, component))
    import torch

    from tts.models.torch_stages import TorchVocoder
    from tts.voice.networks import load_vocoder

    vocoder = load_vocoder(manifest, name, torch.device(computing.device))
    if computing.precision in vocoder.precisions:
        vocoder.set_precision(computing.precision)
    return TorchVocoder(vocoder)


def has_onnx_runtime() -> bool:
    """Whether it is installed; it is imported by those alone who speak with it."""
    return importlib.util.find_spec("onnxruntime") is not None


def _by_onnx_runtime(who: str, component: Component, computing: Computing) -> bool:
    if computing.engine == "torch":
        return False
    if component.graph is None and computing.engine == "onnx":
        raise UsageError(f"The {who} has no graph for ONNX Runtime: leave --engine out.")
    fits = computing.device == "cpu" and computing.precision == "float32"
    return component.graph is not None and fits and has_onnx_runtime()
