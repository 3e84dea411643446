"""From a voice's manifest to stages that speak: which engine computes each."""

from __future__ import annotations

from tts.models.stages import AcousticStage, VocoderStage
from tts.voice.manifest import VoiceManifest


def load_acoustic_stage(manifest: VoiceManifest, name: str, device: str) -> AcousticStage:
    """One of the voice's acoustic models, by its name there.

    Raises:
        TtsError: its file is missing or damaged, or does not hold this network.
    """
    import torch

    from tts.models.torch_stages import TorchAcoustic
    from tts.voice.networks import load_acoustic_model

    return TorchAcoustic(load_acoustic_model(manifest, torch.device(device), name))


def load_vocoder_stage(manifest: VoiceManifest, name: str, device: str) -> VocoderStage:
    """One of the manifest's vocoders, by its name there; raises like `load_acoustic_stage`."""
    import torch

    from tts.models.torch_stages import TorchVocoder
    from tts.voice.networks import load_vocoder

    return TorchVocoder(load_vocoder(manifest, name, torch.device(device)))
