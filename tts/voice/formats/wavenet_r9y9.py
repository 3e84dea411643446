"""WaveNet as r9y9/wavenet_vocoder saves it: today's layout (commit a35fff7), and that of May 2018 (commit 2092a64).

The newer one upsamples by stretching and smoothing, the older by transposed convolutions, and hears another mel: of
the library lws, in decibels between 0 and 1. Which layers belong to which stack is in no weight, so the JSON of
hyperparameters is needed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from tts.errors import TtsError
from tts.models.wavenet import Kind, WaveNetDimensions
from tts.voice.formats.converted import Converted
from tts.voice.formats.weights import ForeignWeights

# The coefficient is a default in the code, not a hyperparameter.
PREEMPHASIS = 0.85


def matches(weights: ForeignWeights, extras: dict[str, Any]) -> bool:
    return "first_conv.weight" in weights and "conv_layers.0.conv1x1_skip.weight" in weights


def convert(weights: ForeignWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None) -> Converted:
    """Sizes are read from the weights; stacks, kinds of input and output, and the mel from `hyperparameters`.

    These may also hold `mel_mean` and `mel_deviation`, lists of one number a mel (scikit-learn's `mean_` and `scale_`
    of the training data), which the newer code leaves in a file of its own.

    Raises:
        TtsError: the hyperparameters are missing or of a network that this project does not have, or the weights
            are not those of such a WaveNet.
    """
    if hyperparameters is None:
        raise TtsError("A WaveNet of r9y9 needs its hyperparameters: say where the .json is that came with it.")
    _refuse_unknown(weights, hyperparameters)
    transposed = "upsample_conv.0.weight" in weights
    dimensions = _dimensions(weights, hyperparameters, transposed)
    mel = mel_settings(hyperparameters) | {"n_mels": weights.shape("conv_layers.0.conv1x1c.weight")[1]}
    converted = _upsampling(weights, len(dimensions.upsample_scales), transposed)
    for ours, theirs in (("first", "first_conv"), ("hidden", "last_conv_layers.1"), ("out", "last_conv_layers.3")):
        converted |= _conv(weights, ours, theirs)
    for i in range(dimensions.n_layers):
        converted |= _layer(weights, i)
    layout = "r9y9 WaveNet of 2018" if transposed else "r9y9 WaveNet"
    options = {name: value for name, value in asdict(dimensions).items() if value is not None}
    options["upsample_scales"] = list(dimensions.upsample_scales)
    return Converted(layout, "vocoder", "wavenet", options, converted, mel, dropped=weights.finish())


def mel_settings(hyperparameters: dict[str, Any], normalised: bool = True) -> dict[str, Any]:
    """The fields of `MelSettings`; not `normalised`, as the newer code computes them before normalisation."""
    told = hyperparameters
    mel: dict[str, Any] = {
        "sample_rate": told["sample_rate"],
        "n_fft": told["fft_size"],
        "hop_length": told["hop_size"],
        "n_mels": told["num_mels"],
        "f_min": float(told["fmin"]),
        "f_max": float(told["fmax"]),
        "log": "10",
    }
    if "min_level_db" in told:
        # (20 log10(x) - ref - min) / -min, cut to 0 … 1; lws frames begin where the hop they describe begins.
        low, reference = told["min_level_db"], told["ref_level_db"]
        mel |= {"floor": 10 ** (low / 20), "mean": [(reference + low) / 20], "deviation": [-low / 20]}
        return mel | {"limits": [0.0, 1.0], "window": "half_sine", "lead": told["fft_size"] // 2}
    mel["floor"] = 1e-10
    if not normalised:
        return mel
    if "mel_mean" in told and "mel_deviation" in told:
        return mel | {"mean": list(told["mel_mean"]), "deviation": list(told["mel_deviation"])}
    return mel | {"unknown_statistics": True}


def _refuse_unknown(weights: ForeignWeights, told: dict[str, Any]) -> None:
    wanted = ("layers", "stacks", "input_type", "sample_rate", "fft_size", "hop_size", "num_mels", "fmin", "fmax")
    if missing := [name for name in wanted if told.get(name) is None]:
        raise TtsError(f"These are not a WaveNet's hyperparameters: they lack {', '.join(missing)}.")
    if (kind := told["input_type"]) not in ("raw", "mulaw-quantize"):
        raise TtsError(f"A WaveNet with the input type {kind!r} is not known here; raw and mulaw-quantize are.")
    if "conv_layers.0.conv1x1g.weight" in weights:
        raise TtsError("This WaveNet has several speakers, which is not known here.")
    if (told.get("upsample_params") or {}).get("upsample_activation", "none") != "none":
        raise TtsError("This WaveNet has activations in its upsampling, which is not known here.")


def _dimensions(weights: ForeignWeights, told: dict[str, Any], transposed: bool) -> WaveNetDimensions:
    gate, residual, kernel_size = weights.shape("conv_layers.0.conv.weight")
    skip = weights.shape("conv_layers.0.conv1x1_skip.weight")[0]
    n_outputs = weights.shape("last_conv_layers.3.weight")[0]
    n_layers = weights.count(r"conv_layers\.(\d+)\.")
    if n_layers != told["layers"] or n_layers % told["stacks"]:
        raise TtsError(f"The checkpoint has {n_layers} layers: the hyperparameters are of another WaveNet.")
    height, scales = _scales(weights, transposed)
    context = 0 if transposed else (weights.shape("upsample_net.conv_in.weight")[2] - 1) // 2
    least = told.get("log_scale_min", WaveNetDimensions.log_scale_min)
    gain = told.get("global_gain_scale") or 1.0
    return WaveNetDimensions(
        output=_output(told, n_outputs),
        n_outputs=n_outputs,
        n_layers=n_layers,
        n_stacks=told["stacks"],
        kernel_size=kernel_size,
        residual_channels=residual,
        gate_channels=gate,
        skip_channels=skip,
        context_frames=context,
        upsampling="transposed" if transposed else "stretch",
        upsample_scales=scales,
        upsample_height=height,
        running_skips=bool(told.get("legacy", True)) if transposed else False,
        n_levels=told.get("quantize_channels", WaveNetDimensions.n_levels),
        log_scale_min=least,
        # The older code holds scales up when it samples too.
        sampling_log_scale_min=least if transposed else None,
        preemphasis=PREEMPHASIS if told.get("preprocess") == "preemphasis" else 0.0,
        gain=gain if gain > 0 else 1.0,
    )


def _output(told: dict[str, Any], n_outputs: int) -> Kind:
    if told["input_type"] == "mulaw-quantize":
        return "mulaw"
    distribution = told.get("output_distribution", "Logistic")
    if distribution == "Normal" and n_outputs == 2:
        return "gaussian"
    if distribution == "Logistic" and n_outputs % 3 == 0:
        return "logistics"
    raise TtsError(f"A WaveNet with {n_outputs} outputs for the distribution {distribution!r} is not known.")


def _scales(weights: ForeignWeights, transposed: bool) -> tuple[int, tuple[int, ...]]:
    """(height in mels, factor of each step), from the shapes of the upsampling's kernels."""
    shapes = [weights.shape(f"{name}.weight")[2:] for name in _upsampling_names(weights, transposed)]
    return shapes[0][0], tuple(width if transposed else (width - 1) // 2 for _, width in shapes)


def _upsampling_names(weights: ForeignWeights, transposed: bool) -> list[str]:
    """Their steps; between them stand layers without weights."""
    prefix, first = ("upsample_conv", 0) if transposed else ("upsample_net.upsample.up_layers", 1)
    count = weights.count(rf"{prefix.replace('.', '[.]')}\.(\d+)\.")
    names = [f"{prefix}.{i}" for i in range(first, count, 2)]
    if not names:
        raise TtsError("This WaveNet repeats its frames instead of upsampling them, which is not known here.")
    return names


def _upsampling(weights: ForeignWeights, n_steps: int, transposed: bool) -> dict[str, Tensor]:
    names = _upsampling_names(weights, transposed)
    assert len(names) == n_steps
    taken: dict[str, Tensor] = {}
    if not transposed:
        taken["upsample.context.weight"] = weights.take("upsample_net.conv_in.weight")
    for i, name in enumerate(names):
        taken[f"upsample.convs.{i}.weight"] = weights.take(f"{name}.weight")
        if transposed:
            taken[f"upsample.convs.{i}.bias"] = weights.take(f"{name}.bias")
    return taken


def _layer(weights: ForeignWeights, i: int) -> dict[str, Tensor]:
    names = {"dilated": "conv", "condition": "conv1x1c", "residual": "conv1x1_out", "skip": "conv1x1_skip"}
    taken: dict[str, Tensor] = {}
    for ours, theirs in names.items():
        taken |= _conv(weights, f"layers.{i}.{ours}", f"conv_layers.{i}.{theirs}")
    return taken


def _conv(weights: ForeignWeights, ours: str, theirs: str) -> dict[str, Tensor]:
    """A convolution; the newer code's conditioning has no bias, which is one of zeros."""
    weight = weights.take(f"{theirs}.weight")
    bias = weights.take(f"{theirs}.bias") if f"{theirs}.bias" in weights else torch.zeros(len(weight))
    return {f"{ours}.weight": weight, f"{ours}.bias": bias}
