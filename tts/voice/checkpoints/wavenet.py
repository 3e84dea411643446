"""WaveNet as r9y9/wavenet_vocoder saves it: today's layout (commit a35fff7), and that of May 2018 (commit 2092a64).

The newer one upsamples by repetition and smoothing, the older by transposed convolutions. The older one's mel is
different: of the library lws, in decibels scaled to 0 … 1. Which layers belong to which stack is in no weight, so the
JSON file of hyperparameters is needed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from tts.errors import TtsError
from tts.models.wavenet import Kind, WaveNetDimensions
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork

# A default in the code, not a hyperparameter.
PREEMPHASIS = 0.85
_NEEDED = ("layers", "stacks", "input_type", "sample_rate", "fft_size", "hop_size", "num_mels", "fmin", "fmax")


def matches(weights: CheckpointWeights, extras: dict[str, Any]) -> bool:
    """Whether the keys are those of a WaveNet."""
    return "first_conv.weight" in weights and "conv_layers.0.conv1x1_skip.weight" in weights


def convert(
    weights: CheckpointWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
) -> ConvertedNetwork:
    """Convert the network: sizes from the weights; stacks, kinds of input and output, and mel from `hyperparameters`.

    These may also hold `mel_mean` and `mel_deviation`, lists of one number per mel (scikit-learn's `mean_` and `scale_`
    of the training data), which the newer code saves in a separate file.

    Raises:
        TtsError: the hyperparameters are missing or of a network that this project does not support, or the weights
            are not those of such a WaveNet.
    """
    if hyperparameters is None:
        raise TtsError("A WaveNet of r9y9 needs its hyperparameters: name the .json file that came with it.")
    if missing := [name for name in _NEEDED if hyperparameters.get(name) is None]:
        raise TtsError(f"These are not a WaveNet's hyperparameters: they lack {', '.join(missing)}.")
    if (kind := hyperparameters["input_type"]) not in ("raw", "mulaw-quantize"):
        raise TtsError(f"A WaveNet with the input type {kind!r} is not supported; raw and mulaw-quantize are.")
    if "conv_layers.0.conv1x1g.weight" in weights:
        raise TtsError("This WaveNet has several speakers, which is not supported.")
    if (hyperparameters.get("upsample_params") or {}).get("upsample_activation", "none") != "none":
        raise TtsError("This WaveNet has activations in its upsampling, which is not supported.")

    transposed = "upsample_conv.0.weight" in weights
    # The upsampling steps; between them are layers without weights.
    prefix, first = ("upsample_conv", 0) if transposed else ("upsample_net.upsample.up_layers", 1)
    n_modules = weights.count(rf"{prefix.replace('.', '[.]')}\.(\d+)\.")
    steps = [f"{prefix}.{i}" for i in range(first, n_modules, 2)]
    if not steps:
        raise TtsError("This WaveNet repeats its frames instead of upsampling them, which is not supported.")
    dimensions = _dimensions(weights, hyperparameters, steps, transposed)
    mel = mel_settings(hyperparameters) | {"n_mels": weights.shape("conv_layers.0.conv1x1c.weight")[1]}

    converted: dict[str, Tensor] = {}
    if not transposed:
        converted["upsample.context.weight"] = weights.take("upsample_net.conv_in.weight")
    for i, name in enumerate(steps):
        converted[f"upsample.convs.{i}.weight"] = weights.take(f"{name}.weight")
        if transposed:
            converted[f"upsample.convs.{i}.bias"] = weights.take(f"{name}.bias")
    convolutions = {"first": "first_conv", "hidden": "last_conv_layers.1", "out": "last_conv_layers.3"}
    parts = {"dilated": "conv", "condition": "conv1x1c", "residual": "conv1x1_out", "skip": "conv1x1_skip"}
    for i in range(dimensions.n_layers):
        convolutions |= {f"layers.{i}.{ours}": f"conv_layers.{i}.{theirs}" for ours, theirs in parts.items()}
    for ours, theirs in convolutions.items():
        weight = weights.take(f"{theirs}.weight")
        # The newer code's conditioning has no bias, which is the same as a bias of zeros.
        bias = weights.take(f"{theirs}.bias") if f"{theirs}.bias" in weights else torch.zeros(len(weight))
        converted |= {f"{ours}.weight": weight, f"{ours}.bias": bias}

    layout = "r9y9 WaveNet of 2018" if transposed else "r9y9 WaveNet"
    options = {name: value for name, value in asdict(dimensions).items() if value is not None}
    options["upsample_scales"] = list(dimensions.upsample_scales)
    return ConvertedNetwork(layout, "vocoder", "wavenet", options, converted, mel, dropped=weights.finish())


def mel_settings(hyperparameters: dict[str, Any], normalised: bool = True) -> dict[str, Any]:
    """The fields of `MelSettings`; without `normalised`, as the newer code computes them before normalisation."""
    given = hyperparameters
    mel: dict[str, Any] = {
        "sample_rate": given["sample_rate"],
        "n_fft": given["fft_size"],
        "hop_length": given["hop_size"],
        "n_mels": given["num_mels"],
        "f_min": float(given["fmin"]),
        "f_max": float(given["fmax"]),
        "log": "10",
    }
    if "min_level_db" in given:
        # (20 log10(x) - ref - min) / -min, clipped to 0 … 1; lws frames begin where the hop they describe begins.
        low, reference = given["min_level_db"], given["ref_level_db"]
        mel |= {"floor": 10 ** (low / 20), "mean": [(reference + low) / 20], "deviation": [-low / 20]}
        return mel | {"limits": [0.0, 1.0], "window": "half_sine", "lead": given["fft_size"] // 2}
    mel["floor"] = 1e-10
    if not normalised:
        return mel
    if "mel_mean" in given and "mel_deviation" in given:
        return mel | {"mean": list(given["mel_mean"]), "deviation": list(given["mel_deviation"])}
    return mel | {"unknown_statistics": True}


def _dimensions(
    weights: CheckpointWeights, given: dict[str, Any], steps: list[str], transposed: bool
) -> WaveNetDimensions:
    gate, residual, kernel_size = weights.shape("conv_layers.0.conv.weight")
    n_outputs = weights.shape("last_conv_layers.3.weight")[0]
    n_layers = weights.count(r"conv_layers\.(\d+)\.")
    if n_layers != given["layers"] or n_layers % given["stacks"]:
        raise TtsError(f"The checkpoint has {n_layers} layers: the hyperparameters are of another WaveNet.")

    distribution = given.get("output_distribution", "Logistic")
    output: Kind
    if given["input_type"] == "mulaw-quantize":
        output = "mulaw"
    elif distribution == "Normal" and n_outputs == 2:
        output = "gaussian"
    elif distribution == "Logistic" and n_outputs % 3 == 0:
        output = "logistics"
    else:
        raise TtsError(f"A WaveNet with {n_outputs} outputs for the distribution {distribution!r} is not supported.")

    kernels = [weights.shape(f"{name}.weight")[2:] for name in steps]  # (height in mels, width in samples)
    min_log_scale = given.get("log_scale_min", WaveNetDimensions.log_scale_min)
    gain = given.get("global_gain_scale") or 1.0
    return WaveNetDimensions(
        output=output,
        n_outputs=n_outputs,
        n_layers=n_layers,
        n_stacks=given["stacks"],
        kernel_size=kernel_size,
        residual_channels=residual,
        gate_channels=gate,
        skip_channels=weights.shape("conv_layers.0.conv1x1_skip.weight")[0],
        context_frames=0 if transposed else (weights.shape("upsample_net.conv_in.weight")[2] - 1) // 2,
        upsampling="transposed" if transposed else "stretch",
        upsample_scales=tuple(width if transposed else (width - 1) // 2 for _, width in kernels),
        upsample_height=kernels[0][0],
        running_skips=bool(given.get("legacy", True)) if transposed else False,
        n_levels=given.get("quantize_channels", WaveNetDimensions.n_levels),
        log_scale_min=min_log_scale,
        # The older code bounds scales from below when it samples, too.
        sampling_log_scale_min=min_log_scale if transposed else None,
        preemphasis=PREEMPHASIS if given.get("preprocess") == "preemphasis" else 0.0,
        gain=gain if gain > 0 else 1.0,
    )
