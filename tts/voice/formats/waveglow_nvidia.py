"""WaveGlow as NVIDIA/waveglow and NVIDIA's DeepLearningExamples save it, and as older code of theirs did."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.waveglow import WaveGlowDimensions
from tts.voice.formats.converted import Converted
from tts.voice.formats.weights import ForeignWeights

# The transposed convolution's stride cannot be read from its weights; the published code has this number in it.
HOP_LENGTH = 256
# What NVIDIA's configurations call the fields of `MelSettings`.
_MEL_NAMES = {
    "sample_rate": "sampling_rate",
    "n_fft": "filter_length",
    "hop_length": "hop_length",
    "f_min": "mel_fmin",
    "f_max": "mel_fmax",
}


def matches(weights: ForeignWeights, extras: dict[str, Any]) -> bool:
    return "WN.0.start.weight" in weights and "convinv.0.conv.weight" in weights


def convert(weights: ForeignWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None) -> Converted:
    """All sizes are read from the weights; `hyperparameters` (a config.json) may say more of the mel.

    Raises:
        TtsError: the weights are not those of a WaveGlow, or not all of them.
    """
    dimensions = _dimensions(weights)
    n_mels = weights.shape("upsample.weight")[0]
    converted = {f"upsample.stretch.{name}": weights.take(f"upsample.{name}") for name in ("weight", "bias")}
    for k in range(dimensions.n_flows):
        converted |= {f"flows.{k}.{name}": tensor for name, tensor in _flow(weights, k, dimensions.n_layers).items()}
    weights.drop(r"convinv\.\d+\.W_inverse")
    return Converted(
        "NVIDIA WaveGlow", "vocoder", "waveglow", asdict(dimensions), converted, _mel(n_mels, hyperparameters),
        dropped=weights.finish(),
    )  # fmt: skip


def _dimensions(weights: ForeignWeights) -> WaveGlowDimensions:
    channels = [weights.shape(f"convinv.{k}.conv.weight")[0] for k in range(weights.count(r"convinv\.(\d+)\."))]
    every, size = _early_outputs(channels)
    width, _, kernel_size = weights.shape("WN.0.in_layers.0.weight")
    dimensions = WaveGlowDimensions(
        n_flows=len(channels),
        n_group=channels[0],
        n_early_every=every,
        n_early_size=size,
        n_layers=weights.count(r"WN\.0\.in_layers\.(\d+)\."),
        channels=width // 2,
        kernel_size=kernel_size,
        upsample_kernel_size=weights.shape("upsample.weight")[2],
    )
    if dimensions.flow_channels() != channels:
        raise TtsError(f"The checkpoint's flows have {channels} channels, which no WaveGlow has.")
    return dimensions


def _early_outputs(channels: list[int]) -> tuple[int, int]:
    """(n_early_every, n_early_size), from how the number of channels falls; where it never does, there is none."""
    for k, (before, after) in enumerate(pairwise(channels)):
        if after != before:
            return k + 1, before - after
    return len(channels), 0


def _flow(weights: ForeignWeights, k: int, n_layers: int) -> dict[str, Tensor]:
    flow = {"mix.weight": weights.take(f"convinv.{k}.conv.weight")}
    conditions = _conditions(weights, k, n_layers)
    for part in ("weight", "bias"):
        flow |= {f"transform.{end}.{part}": weights.take(f"WN.{k}.{end}.{part}") for end in ("start", "end")}
        for i in range(n_layers):
            flow[f"transform.layers.{i}.dilated.{part}"] = weights.take(f"WN.{k}.in_layers.{i}.{part}")
            flow[f"transform.layers.{i}.out.{part}"] = weights.take(f"WN.{k}.res_skip_layers.{i}.{part}")
            flow[f"transform.layers.{i}.condition.{part}"] = conditions[part][i]
    return flow


def _conditions(weights: ForeignWeights, k: int, n_layers: int) -> dict[str, list[Tensor]]:
    """What lets the mel into each layer: newer code holds one convolution for all layers, older code one a layer."""
    if f"WN.{k}.cond_layer.weight" in weights:
        whole = {part: weights.take(f"WN.{k}.cond_layer.{part}") for part in ("weight", "bias")}
        return {part: [t.clone() for t in torch.chunk(tensor, n_layers)] for part, tensor in whole.items()}
    layers = range(n_layers)
    return {part: [weights.take(f"WN.{k}.cond_layers.{i}.{part}") for i in layers] for part in ("weight", "bias")}


def _mel(n_mels: int, hyperparameters: dict[str, Any] | None) -> dict[str, Any]:
    told = hyperparameters or {}
    told = told | told.get("data_config", {})
    settings = {field.name: field.default for field in fields(MelSettings) if field.name in _MEL_NAMES}
    return settings | {ours: told[name] for ours, name in _MEL_NAMES.items() if name in told} | {"n_mels": n_mels}
