"""Tacotron 2 as NVIDIA and TorchAudio save it: the same network, whose keys differ in how layers are wrapped.

NVIDIA's layout is also that of its NGC catalogue and of SpeechBrain. The checkpoints do not say which symbols they were
trained with; the number of symbols identifies the set.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.text.symbols import NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS, TORCHAUDIO_PHONES
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork
from tts.voice.manifest import FrontendSpec

# NVIDIA wraps each linear layer and each convolution in a module of its own; TorchAudio does not.
_WRAPPERS = re.compile(r"\.(linear_layer|conv)(?=\.(weight|bias)$)")

# Their name of a layer (without wrappers) → ours.
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

# Each known symbol set by its size. NVIDIA's holds phonemes too, but its published voices read letters.
_FRONTENDS = {
    len(NVIDIA_SYMBOLS): FrontendSpec("characters", NVIDIA_SYMBOLS),
    len(TORCHAUDIO_CHARACTERS): FrontendSpec("characters", TORCHAUDIO_CHARACTERS),
    len(TORCHAUDIO_PHONES): FrontendSpec("arpabet", TORCHAUDIO_PHONES),
}


def matches(weights: CheckpointWeights, extras: dict[str, Any]) -> bool:
    """Whether the keys are those of a Tacotron 2."""
    return "decoder.attention_rnn.weight_ih" in weights and "embedding.weight" in weights


def convert(
    weights: CheckpointWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
) -> ConvertedNetwork:
    """Convert the network; all its sizes are in the shapes of its weights.

    The frontend is None if the number of symbols is not that of a known set.

    Raises:
        TtsError: weights are missing or left over.
    """
    layout = "NVIDIA" if "decoder.gate_layer.linear_layer.weight" in weights else "TorchAudio"
    # The number of batches that a batch norm has seen is not needed.
    weights.drop(r".*\.num_batches_tracked")
    layers = dict(_LAYERS)
    for i in range(weights.count(r"decoder\.prenet\.layers\.(\d+)\.")):
        layers[f"decoder.prenet.layers.{i}"] = f"decoder.prenet.layers.{i}"
    for part in ("encoder", "postnet"):
        for i in range(weights.count(rf"{part}\.convolutions\.(\d+)\.")):
            layers[f"{part}.convolutions.{i}.0"] = f"{part}.layers.{i}.convolution"
            layers[f"{part}.convolutions.{i}.1"] = f"{part}.layers.{i}.norm"
    converted: dict[str, Tensor] = {}
    for theirs, ours in layers.items():
        for name, tensor in weights.take_all(f"{theirs}.").items():
            converted[f"{ours}{_WRAPPERS.sub('', f'.{name}')}"] = tensor

    def size(name: str, axis: int) -> int:
        if name not in converted or converted[name].ndim <= axis:
            raise TtsError(f"The checkpoint has no {name} of the right shape: it is of another layout.")
        return int(converted[name].shape[axis])

    def count(prefix: str) -> int:
        return len({name[len(prefix) + 1 :].split(".")[0] for name in converted if name.startswith(f"{prefix}.")})

    n_symbols, n_mels = size("embedding.weight", 0), size("decoder.to_frame.weight", 0)
    options = {
        "n_symbols": n_symbols,
        "n_mels": n_mels,
        "embedding_channels": size("embedding.weight", 1),
        "encoder_channels": size("decoder.attention.memory.weight", 1),
        "encoder_kernel_size": size("encoder.layers.0.convolution.weight", 2),
        "n_encoder_convolutions": count("encoder.layers"),
        "attention_rnn_channels": size("decoder.attention_rnn.weight_hh", 1),
        "decoder_rnn_channels": size("decoder.decoder_rnn.weight_hh", 1),
        "prenet_channels": size("decoder.prenet.layers.0.weight", 0),
        "n_prenet_layers": count("decoder.prenet.layers"),
        "attention_channels": size("decoder.attention.query.weight", 0),
        "location_filters": size("decoder.attention.location_filters.weight", 0),
        "location_kernel_size": size("decoder.attention.location_filters.weight", 2),
        "postnet_channels": size("postnet.layers.0.convolution.weight", 0),
        "postnet_kernel_size": size("postnet.layers.0.convolution.weight", 2),
        "n_postnet_convolutions": count("postnet.layers"),
    }
    return ConvertedNetwork(
        layout=f"{layout} Tacotron 2",
        role="acoustic",
        network="tacotron2",
        options=options,
        weights=converted,
        mel=asdict(MelSettings(n_mels=n_mels)),
        frontend=_FRONTENDS.get(n_symbols),
        dropped=weights.finish(),
    )
