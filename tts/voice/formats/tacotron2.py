"""Tacotron 2 as NVIDIA and TorchAudio save it: the same network, whose keys differ in how layers are wrapped.

NVIDIA's layout is also that of its NGC catalogue and of SpeechBrain. The checkpoints do not say which alphabet they
read; the number of symbols does.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.text.public_symbols import NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS, TORCHAUDIO_PHONES
from tts.voice.formats.converted import Converted
from tts.voice.formats.weights import ForeignWeights
from tts.voice.manifest import FrontendSpec

# NVIDIA wraps each linear layer and each convolution in a module of its own; TorchAudio has them bare.
_WRAPPERS = re.compile(r"\.(linear_layer|conv)(?=\.(weight|bias)$)")

# Their name for a layer (wrappers taken off) → ours.
_LAYERS = {
    "embedding": "embedding",
    "encoder.lstm": "encoder.lstm",
    "decoder.attention_rnn": "decoder.attention_rnn",
    "decoder.attention_layer.query_layer": "decoder.attention.query",
    "decoder.attention_layer.memory_layer": "decoder.attention.memory",
    "decoder.attention_layer.v": "decoder.attention.energy",
    "decoder.attention_layer.location_layer.location_conv": "decoder.attention.location_filters",
    "decoder.attention_layer.location_layer.location_dense": "decoder.attention.location",
    "decoder.decoder_rnn": "decoder.decoder_rnn",
    "decoder.linear_projection": "decoder.to_frame",
    "decoder.gate_layer": "decoder.to_stop",
}

# Each known alphabet by its size. NVIDIA's holds phonemes too, but its published voices read letters.
_ALPHABETS = {
    len(NVIDIA_SYMBOLS): FrontendSpec("characters", NVIDIA_SYMBOLS),
    len(TORCHAUDIO_CHARACTERS): FrontendSpec("characters", TORCHAUDIO_CHARACTERS),
    len(TORCHAUDIO_PHONES): FrontendSpec("arpabet", TORCHAUDIO_PHONES),
}


def matches(weights: ForeignWeights, extras: dict[str, Any]) -> bool:
    """Whether the keys are those of a Tacotron 2."""
    return "decoder.attention_rnn.weight_ih" in weights and "embedding.weight" in weights


def convert(weights: ForeignWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None) -> Converted:
    """The whole network; all its sizes are in the shapes of its weights.

    Raises:
        TtsError: weights are missing or left over, or the alphabet is not a known one.
    """
    layout = "NVIDIA" if "decoder.gate_layer.linear_layer.weight" in weights else "TorchAudio"
    # How many batches a batch norm has seen; nobody reads it.
    weights.drop(r".*\.num_batches_tracked")
    converted = _renamed(weights)
    options = _options(converted)
    return Converted(
        layout=f"{layout} Tacotron 2",
        role="acoustic",
        network="tacotron2",
        options=options,
        weights=converted,
        mel=asdict(MelSettings(n_mels=options["n_mels"])),
        frontend=_frontend(options["n_symbols"]),
        dropped=weights.finish(),
    )


def _renamed(weights: ForeignWeights) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    for theirs, ours in _LAYERS.items():
        renamed |= _layer(weights, theirs, ours)
    for i in range(weights.count(r"decoder\.prenet\.layers\.(\d+)\.")):
        renamed |= _layer(weights, f"decoder.prenet.layers.{i}", f"decoder.prenet.layers.{i}")
    for room in ("encoder", "postnet"):
        for i in range(weights.count(rf"{room}\.convolutions\.(\d+)\.")):
            renamed |= _layer(weights, f"{room}.convolutions.{i}.0", f"{room}.layers.{i}.convolution")
            renamed |= _layer(weights, f"{room}.convolutions.{i}.1", f"{room}.layers.{i}.norm")
    return renamed


def _layer(weights: ForeignWeights, theirs: str, ours: str) -> dict[str, Tensor]:
    found = weights.take_all(f"{theirs}.")
    return {f"{ours}{_WRAPPERS.sub('', f'.{name}')}": tensor for name, tensor in found.items()}


def _options(weights: dict[str, Tensor]) -> dict[str, Any]:
    def size(name: str, axis: int) -> int:
        if name not in weights or weights[name].ndim <= axis:
            raise TtsError(f"The checkpoint has no {name} of the right shape: it is of another layout.")
        return int(weights[name].shape[axis])

    return {
        "n_symbols": size("embedding.weight", 0),
        "n_mels": size("decoder.to_frame.weight", 0),
        "embedding_channels": size("embedding.weight", 1),
        "encoder_channels": size("decoder.attention.memory.weight", 1),
        "encoder_kernel_size": size("encoder.layers.0.convolution.weight", 2),
        "n_encoder_convolutions": _count(weights, "encoder.layers"),
        "attention_rnn_channels": size("decoder.attention_rnn.weight_hh", 1),
        "decoder_rnn_channels": size("decoder.decoder_rnn.weight_hh", 1),
        "prenet_channels": size("decoder.prenet.layers.0.weight", 0),
        "n_prenet_layers": _count(weights, "decoder.prenet.layers"),
        "attention_channels": size("decoder.attention.query.weight", 0),
        "location_filters": size("decoder.attention.location_filters.weight", 0),
        "location_kernel_size": size("decoder.attention.location_filters.weight", 2),
        "postnet_channels": size("postnet.layers.0.convolution.weight", 0),
        "postnet_kernel_size": size("postnet.layers.0.convolution.weight", 2),
        "n_postnet_convolutions": _count(weights, "postnet.layers"),
    }


def _count(weights: dict[str, Tensor], prefix: str) -> int:
    return len({name[len(prefix) + 1 :].split(".")[0] for name in weights if name.startswith(f"{prefix}.")})


def _frontend(n_symbols: int) -> FrontendSpec | None:
    """How text becomes the ids of an alphabet of this size; None where the size is not that of a known one."""
    return _ALPHABETS.get(n_symbols)
