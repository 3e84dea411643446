"""HiFi-GAN generators as jik876/hifi-gan, NVIDIA's DeepLearningExamples and SpeechBrain save them.

All three name the layers alike; SpeechBrain's convolutions lie one level deeper (`conv_pre.conv.weight`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.hifigan import HiFiGANDimensions
from tts.voice.formats.converted import Converted
from tts.voice.formats.weights import ForeignWeights

# Dilations cannot be read from weights. Those of the three published sizes, by the block's kernel sizes (table 5):
PUBLISHED_DILATIONS: dict[tuple[int, ...], tuple[tuple[int, ...], ...]] = {
    (3, 7, 11): ((1, 3, 5), (1, 3, 5), (1, 3, 5)),
    (3, 5, 7): ((1, 2), (2, 6), (3, 12)),
}
# SpeechBrain repeats the edge frames so often before it speaks.
SPEECHBRAIN_EDGE_FRAMES = 5
# What a field of `MelSettings` is called by jik876, and by NVIDIA where that is another name.
_MEL_NAMES = {
    "sample_rate": ("sampling_rate",),
    "n_fft": ("n_fft", "filter_length"),
    "hop_length": ("hop_size", "hop_length"),
    "f_min": ("fmin", "mel_fmin"),
    "f_max": ("fmax", "mel_fmax"),
}
HELP = "say where its config.json is"


def matches(weights: ForeignWeights, extras: dict[str, Any]) -> bool:
    return any(name in weights for name in ("conv_pre.weight", "conv_pre.conv.weight")) and any(
        name in weights for name in ("ups.0.weight", "ups.0.conv.weight")
    )


def convert(weights: ForeignWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None) -> Converted:
    """Sizes are read from the weights; upsampling rates and dilations from a config, or else they are the published.

    Raises:
        TtsError: the weights are not those of a HiFi-GAN, or a config is needed to know what they are.
    """
    config = _config(extras, hyperparameters)
    deeper = ".conv" if "conv_pre.conv.weight" in weights else ""
    dimensions = _dimensions(weights, config, deeper)
    n_mels = weights.shape(f"conv_pre{deeper}.weight")[1]
    converted: dict[str, Tensor] = {}
    for ours, theirs in _layers(dimensions):
        for part in ("weight", "bias"):
            converted[f"{ours}.{part}"] = weights.take(f"{theirs}{deeper}.{part}")
    layout = "SpeechBrain HiFi-GAN" if deeper else "HiFi-GAN"
    mel = _mel(config, math.prod(dimensions.upsample_rates), n_mels, centred=bool(deeper))
    return Converted(layout, "vocoder", "hifigan", _plain(dimensions), converted, mel, dropped=weights.finish())


def _config(extras: dict[str, Any], hyperparameters: dict[str, Any] | None) -> dict[str, Any]:
    """What is known beside the weights: a file of hyperparameters goes before what NVIDIA puts in the checkpoint."""
    inside = [extras.get(key) for key in ("train_setup", "config")]
    found: dict[str, Any] = {}
    for part in [*inside, hyperparameters]:
        found |= part if isinstance(part, dict) else {}
    return found


def _dimensions(weights: ForeignWeights, config: dict[str, Any], deeper: str) -> HiFiGANDimensions:
    kernel_sizes = tuple(
        weights.shape(f"ups.{i}{deeper}.weight")[2] for i in range(weights.count(rf"ups\.(\d+){deeper}\."))
    )
    n_blocks = weights.count(r"resblocks\.(\d+)\.")
    two = f"resblocks.0.convs1.0{deeper}.weight" in weights
    first = "convs1" if two else "convs"
    per_stage = n_blocks // max(1, len(kernel_sizes))
    sizes = tuple(weights.shape(f"resblocks.{i}.{first}.0{deeper}.weight")[2] for i in range(per_stage))
    n_dilations = weights.count(rf"resblocks\.0\.{first}\.(\d+)")
    return HiFiGANDimensions(
        channels=weights.shape(f"conv_pre{deeper}.weight")[0],
        upsample_rates=_rates(config, kernel_sizes),
        upsample_kernel_sizes=kernel_sizes,
        block_kernel_sizes=sizes,
        block_dilations=_dilations(config, sizes, n_dilations),
        two_convolutions=two,
        padding_mode="reflect" if deeper else "zeros",
        edge_frames=SPEECHBRAIN_EDGE_FRAMES if deeper else 0,
    )


def _rates(config: dict[str, Any], kernel_sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Without a config, half the kernel sizes, as in all published sizes, where that makes the usual hop."""
    told = config.get("upsample_rates", config.get("upsample_factors"))
    rates = _integers(told) if told else tuple(size // 2 for size in kernel_sizes)
    if len(rates) != len(kernel_sizes) or any((k - r) % 2 or k < r for k, r in zip(kernel_sizes, rates, strict=True)):
        raise TtsError(f"The upsampling rates {rates} do not fit this HiFi-GAN's kernels {kernel_sizes}: {HELP}.")
    if not told and math.prod(rates) != MelSettings.hop_length:
        raise TtsError(f"How fast this HiFi-GAN goes up cannot be read from its weights: {HELP}.")
    return rates


def _dilations(config: dict[str, Any], sizes: tuple[int, ...], n_dilations: int) -> tuple[tuple[int, ...], ...]:
    told = config.get("resblock_dilation_sizes")
    dilations = tuple(_integers(row) for row in told) if told else PUBLISHED_DILATIONS.get(sizes, ())
    if len(dilations) != len(sizes) or any(len(row) != n_dilations for row in dilations):
        raise TtsError(f"The dilations of this HiFi-GAN cannot be read from its weights: {HELP}.")
    return dilations


def _layers(d: HiFiGANDimensions) -> Iterable[tuple[str, str]]:
    """(our name, their name) of every convolution."""
    yield "before", "conv_pre"
    yield "after", "conv_post"
    n_blocks = len(d.block_kernel_sizes)
    for i in range(len(d.upsample_rates)):
        yield f"stages.{i}.up", f"ups.{i}"
        for j in range(n_blocks):
            ours, theirs = f"stages.{i}.blocks.{j}", f"resblocks.{i * n_blocks + j}"
            for k in range(len(d.block_dilations[j])):
                yield f"{ours}.dilated.{k}", f"{theirs}.{'convs1' if d.two_convolutions else 'convs'}.{k}"
                if d.two_convolutions:
                    yield f"{ours}.plain.{k}", f"{theirs}.convs2.{k}"


def _mel(config: dict[str, Any], hop_length: int, n_mels: int, centred: bool) -> dict[str, Any]:
    """The authors' mel has no frame beyond either end; SpeechBrain's is that of NVIDIA's Tacotron 2."""
    names = {field.name for field in fields(MelSettings)} & set(_MEL_NAMES)
    mel: dict[str, Any] = {name: getattr(MelSettings, name) for name in names}
    for name in names:
        told = [config[theirs] for theirs in _MEL_NAMES[name] if config.get(theirs) is not None]
        mel[name] = told[0] if told else mel[name]
    if "fmax" in config and config["fmax"] is None:
        mel["f_max"] = mel["sample_rate"] / 2
    if not centred:
        mel |= {"lead": hop_length // 2, "epsilon": 1e-9}
    return mel | {"hop_length": hop_length, "n_mels": n_mels}


def _plain(dimensions: HiFiGANDimensions) -> dict[str, Any]:
    """As values that a manifest can hold."""
    return {name: _lists(value) for name, value in asdict(dimensions).items()}


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, (tuple, list)) else value


def _integers(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
