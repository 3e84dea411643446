"""From a voice's manifest to stages that speak, and which engine computes each of them."""

from __future__ import annotations

from tts.errors import UsageError
from tts.models.base import AcousticModel, Vocoder
from tts.voice.computing import Computing, has_onnx_runtime
from tts.voice.manifest import Component, VoiceManifest, mel_settings


def load_acoustic_stage(manifest: VoiceManifest, name: str, computing: Computing) -> AcousticModel:
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

    from tts.models.torch_network import TorchAcoustic
    from tts.voice.networks import load_acoustic_model

    model = load_acoustic_model(manifest, torch.device(computing.device), name)
    if computing.precision in model.precisions:
        model.set_precision(computing.precision)
    return TorchAcoustic(model)


def load_vocoder_stage(manifest: VoiceManifest, name: str, computing: Computing) -> Vocoder:
    """One of the manifest's vocoders, by its name there; raises like `load_acoustic_stage`."""
    component = manifest.vocoders[name]
    if _by_onnx_runtime(f"vocoder {name}", component, computing):
        from tts.voice.onnx_networks import load_onnx_vocoder

        return load_onnx_vocoder(manifest, component, mel_settings(manifest, component))
    import torch

    from tts.models.torch_network import TorchVocoder
    from tts.voice.networks import load_vocoder

    vocoder = load_vocoder(manifest, name, torch.device(computing.device))
    if computing.precision in vocoder.precisions:
        vocoder.set_precision(computing.precision)
    return TorchVocoder(vocoder)


def _by_onnx_runtime(who: str, component: Component, computing: Computing) -> bool:
    if computing.engine == "torch":
        return False
    if component.graph is None and computing.engine == "onnx":
        raise UsageError(f"The {who} has no graph for ONNX Runtime: leave --engine out.")
    fits = computing.device == "cpu" and computing.precision == "float32"
    return component.graph is not None and fits and has_onnx_runtime()
