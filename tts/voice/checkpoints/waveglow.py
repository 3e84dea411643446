"""WaveGlow as NVIDIA/waveglow and NVIDIA's DeepLearningExamples save it, and as older versions of that code did."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import pairwise
from typing import Any

import torch

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.waveglow import WaveGlowDimensions
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork

# The fields of `MelSettings` and their names in NVIDIA's configurations.
_MEL_NAMES = {
    "sample_rate": "sampling_rate",
    "n_fft": "filter_length",
    "hop_length": "hop_length",
    "f_min": "mel_fmin",
    "f_max": "mel_fmax",
}


def matches(weights: CheckpointWeights, extras: dict[str, Any]) -> bool:
    """Whether the keys are those of a WaveGlow."""
    return "WN.0.start.weight" in weights and "convinv.0.conv.weight" in weights


def convert(
    weights: CheckpointWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
) -> ConvertedNetwork:
    """Convert the network, with all sizes from its weights; `hyperparameters` (a config.json) may define the mel.

    Raises:
        TtsError: the weights are not those of a WaveGlow, or not all of them.
    """
    channels = [weights.shape(f"convinv.{k}.conv.weight")[0] for k in range(weights.count(r"convinv\.(\d+)\."))]
    # After how many flows the number of channels falls, and by how much; if it never falls, there are no early outputs.
    falls = [(k + 1, before - after) for k, (before, after) in enumerate(pairwise(channels)) if after != before]
    every, size = falls[0] if falls else (len(channels), 0)
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
    n_mels = weights.shape("upsample.weight")[0]

    converted = {f"upsample.stretch.{name}": weights.take(f"upsample.{name}") for name in ("weight", "bias")}
    for k in range(dimensions.n_flows):
        converted[f"flows.{k}.mix.weight"] = weights.take(f"convinv.{k}.conv.weight")
        # Newer code has one conditioning convolution for all layers, older code one per layer.
        is_joint = f"WN.{k}.cond_layer.weight" in weights
        for part in ("weight", "bias"):
            for end in ("start", "end"):
                converted[f"flows.{k}.transform.{end}.{part}"] = weights.take(f"WN.{k}.{end}.{part}")
            if is_joint:
                joint = weights.take(f"WN.{k}.cond_layer.{part}")
                conditions = [tensor.clone() for tensor in torch.chunk(joint, dimensions.n_layers)]
            else:
                conditions = [weights.take(f"WN.{k}.cond_layers.{i}.{part}") for i in range(dimensions.n_layers)]
            for i, condition in enumerate(conditions):
                layer = f"flows.{k}.transform.layers.{i}"
                converted[f"{layer}.dilated.{part}"] = weights.take(f"WN.{k}.in_layers.{i}.{part}")
                converted[f"{layer}.out.{part}"] = weights.take(f"WN.{k}.res_skip_layers.{i}.{part}")
                converted[f"{layer}.condition.{part}"] = condition
    weights.drop(r"convinv\.\d+\.W_inverse")

    config = hyperparameters or {}
    config = config | config.get("data_config", {})
    mel = {field.name: field.default for field in fields(MelSettings) if field.name in _MEL_NAMES}
    mel |= {ours: config[theirs] for ours, theirs in _MEL_NAMES.items() if theirs in config} | {"n_mels": n_mels}
    options = asdict(dimensions)
    return ConvertedNetwork("NVIDIA WaveGlow", "vocoder", "waveglow", options, converted, mel, dropped=weights.finish())
