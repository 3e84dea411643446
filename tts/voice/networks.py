"""From a voice's manifest to its networks, with their weights checked and in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import safetensors
import safetensors.torch
import torch
from torch import nn

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.griffinlim import GriffinLim
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.source_filter import SourceFilter
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.models.torch_network import AcousticNetwork, VocoderNetwork
from tts.models.vocos import Vocos, VocosDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.voice.manifest import Component, VoiceManifest, component_problem, mel_settings

Options = dict[str, Any]
Builder = TypeVar("Builder")
Network = TypeVar("Network", bound=nn.Module)

ACOUSTIC_MODELS: dict[str, Callable[[Options], AcousticNetwork]] = {
    "fastspeech2": lambda options: FastSpeech2(FastSpeech2Dimensions(**options)),
    "tacotron2": lambda options: Tacotron2(Tacotron2Dimensions(**options)),
}
VOCODERS: dict[str, Callable[[MelSettings, Options], VocoderNetwork]] = {
    "griffinlim": lambda mel, options: GriffinLim(mel, **options),
    "vocos": lambda mel, options: Vocos(mel, VocosDimensions(**options)),
    "source_filter": lambda mel, options: SourceFilter(mel, VocosDimensions(**options)),
    "hifigan": lambda mel, options: HiFiGAN(mel, HiFiGANDimensions(**options)),
    "wavenet": lambda mel, options: WaveNet(mel, WaveNetDimensions(**options)),
    "lapped_waveglow": lambda mel, options: LappedWaveGlow(mel, LappedWaveGlowDimensions(**options)),
    "waveglow": lambda mel, options: WaveGlow(mel, WaveGlowDimensions(**options)),
}


def load_acoustic_model(manifest: VoiceManifest, device: torch.device, name: str | None = None) -> AcousticNetwork:
    """One of the voice's acoustic models by its name there, else the default, in float32 and ready to speak.

    Raises:
        TtsError: its file is missing or damaged, or does not hold this network.
    """
    if not manifest.speaks:
        raise TtsError(f"{manifest.name} is a vocoder and has no acoustic model.")
    component = manifest.acoustics[name or manifest.default_acoustic]
    build = _known(ACOUSTIC_MODELS, component, manifest)
    network = _with_weights(lambda: build(component.options), component, manifest)
    return network.to(device)


def load_vocoder(manifest: VoiceManifest, name: str, device: torch.device) -> VocoderNetwork:
    """One of the manifest's vocoders, by its name there; raises like `load_acoustic_model`."""
    component = manifest.vocoders[name]
    build = _known(VOCODERS, component, manifest)
    mel = mel_settings(manifest, component)
    network = _with_weights(lambda: build(mel, component.options), component, manifest)
    return network.to(device)


def _known(networks: dict[str, Builder], component: Component, manifest: VoiceManifest) -> Builder:
    if component.network not in networks:
        raise TtsError(
            f"The voice {manifest.name} needs the network {component.network!r}, which this version does not have; "
            f"it has {', '.join(sorted(networks))}."
        )
    return networks[component.network]


def _with_weights(build: Callable[[], Network], component: Component, manifest: VoiceManifest) -> Network:
    if problem := component_problem(manifest.folder, component):
        raise TtsError(f"The voice {manifest.name} cannot be used: {problem}")
    try:
        network = build()
    except TypeError as error:
        who = f"The voice {manifest.name}"
        raise TtsError(f"{who} has options its {component.network} does not know: {error}.") from None
    if component.file is not None:
        _fill(network, component, manifest)
    return network.eval().requires_grad_(False)


def _fill(network: nn.Module, component: Component, manifest: VoiceManifest) -> None:
    assert component.file is not None
    try:
        weights = safetensors.torch.load_file(manifest.folder / component.file)
        # Half precision is for the file's size only: networks compute in float32.
        network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except (safetensors.SafetensorError, RuntimeError) as error:
        detail = " ".join(str(error).split())
        raise TtsError(
            f"The voice {manifest.name} cannot be used: {component.file} does not hold the weights of its "
            f"{component.network} ({detail[:300]})."
        ) from None
