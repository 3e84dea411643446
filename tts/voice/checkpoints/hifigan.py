"""HiFi-GAN generators as jik876/hifi-gan, NVIDIA's DeepLearningExamples and SpeechBrain save them.

All three name the layers the same; SpeechBrain's convolutions are nested one level deeper (`conv_pre.conv.weight`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.hifigan import HiFiGANDimensions
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork

# Dilations cannot be read from weights. Those of the three published sizes, by the block's kernel sizes (table 5):
PUBLISHED_DILATIONS: dict[tuple[int, ...], tuple[tuple[int, ...], ...]] = {
    (3, 7, 11): ((1, 3, 5), (1, 3, 5), (1, 3, 5)),
    (3, 5, 7): ((1, 2), (2, 6), (3, 12)),
}
# SpeechBrain repeats the first and last frame this often before it generates.
SPEECHBRAIN_EDGE_FRAMES = 5
# The names of the fields of `MelSettings` in jik876's configurations, and in NVIDIA's where they differ.
_MEL_NAMES = {
    "sample_rate": ("sampling_rate",),
    "n_fft": ("n_fft", "filter_length"),
    "hop_length": ("hop_size", "hop_length"),
    "f_min": ("fmin", "mel_fmin"),
    "f_max": ("fmax", "mel_fmax"),
}
_HELP = "name its config.json with --hyperparameters"


def matches(weights: CheckpointWeights, extras: dict[str, Any]) -> bool:
    """Whether the keys are those of a HiFi-GAN generator."""
    return any(name in weights for name in ("conv_pre.weight", "conv_pre.conv.weight")) and any(
        name in weights for name in ("ups.0.weight", "ups.0.conv.weight")
    )


def convert(
    weights: CheckpointWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
) -> ConvertedNetwork:
    """Convert the network: sizes from the weights; upsampling rates and dilations from a config, or the published ones.

    Raises:
        TtsError: the weights are not those of a HiFi-GAN, or a config is needed to know what they are.
    """
    # A file of hyperparameters overrides what NVIDIA saves in the checkpoint.
    config: dict[str, Any] = {}
    for part in (extras.get("train_setup"), extras.get("config"), hyperparameters):
        config |= part if isinstance(part, dict) else {}
    nested = ".conv" if "conv_pre.conv.weight" in weights else ""
    dimensions = _dimensions(weights, config, nested)
    n_mels = weights.shape(f"conv_pre{nested}.weight")[1]
    converted: dict[str, Tensor] = {}
    for ours, theirs in _layers(dimensions):
        for kind in ("weight", "bias"):
            converted[f"{ours}.{kind}"] = weights.take(f"{theirs}{nested}.{kind}")

    hop_length = math.prod(dimensions.upsample_rates)
    mel: dict[str, Any] = {}
    for name, theirs_of in _MEL_NAMES.items():
        given = [config[theirs] for theirs in theirs_of if config.get(theirs) is not None]
        mel[name] = given[0] if given else getattr(MelSettings, name)
    if "fmax" in config and config["fmax"] is None:
        mel["f_max"] = mel["sample_rate"] / 2
    if not nested:
        # The authors' mel has no frame beyond either end; SpeechBrain's is that of NVIDIA's Tacotron 2.
        mel |= {"lead": hop_length // 2, "epsilon": 1e-9}
    mel |= {"hop_length": hop_length, "n_mels": n_mels}

    layout = "SpeechBrain HiFi-GAN" if nested else "HiFi-GAN"
    options = {name: _lists(value) for name, value in asdict(dimensions).items()}
    return ConvertedNetwork(layout, "vocoder", "hifigan", options, converted, mel, dropped=weights.finish())


def _dimensions(weights: CheckpointWeights, config: dict[str, Any], nested: str) -> HiFiGANDimensions:
    n_stages = weights.count(rf"ups\.(\d+){nested}\.")
    kernel_sizes = tuple(weights.shape(f"ups.{i}{nested}.weight")[2] for i in range(n_stages))
    two = f"resblocks.0.convs1.0{nested}.weight" in weights
    first = "convs1" if two else "convs"
    n_blocks = weights.count(r"resblocks\.(\d+)\.") // max(1, n_stages)
    block_sizes = tuple(weights.shape(f"resblocks.{i}.{first}.0{nested}.weight")[2] for i in range(n_blocks))
    n_dilations = weights.count(rf"resblocks\.0\.{first}\.(\d+)")

    # Without a config, rates are half the kernel sizes, as in all published sizes, if their product is the usual hop.
    given = config.get("upsample_rates", config.get("upsample_factors"))
    rates = _integers(given) if given else tuple(size // 2 for size in kernel_sizes)
    if len(rates) != n_stages or any((k - r) % 2 or k < r for k, r in zip(kernel_sizes, rates, strict=True)):
        raise TtsError(f"The upsampling rates {rates} do not fit this HiFi-GAN's kernels {kernel_sizes}: {_HELP}.")
    if not given and math.prod(rates) != MelSettings.hop_length:
        raise TtsError(f"The upsampling rates of this HiFi-GAN cannot be read from its weights: {_HELP}.")
    given = config.get("resblock_dilation_sizes")
    dilations = tuple(_integers(row) for row in given) if given else PUBLISHED_DILATIONS.get(block_sizes, ())
    if len(dilations) != n_blocks or any(len(row) != n_dilations for row in dilations):
        raise TtsError(f"The dilations of this HiFi-GAN cannot be read from its weights: {_HELP}.")

    return HiFiGANDimensions(
        channels=weights.shape(f"conv_pre{nested}.weight")[0],
        upsample_rates=rates,
        upsample_kernel_sizes=kernel_sizes,
        block_kernel_sizes=block_sizes,
        block_dilations=dilations,
        two_convolutions=two,
        padding_mode="reflect" if nested else "zeros",
        edge_frames=SPEECHBRAIN_EDGE_FRAMES if nested else 0,
    )


def _layers(d: HiFiGANDimensions) -> Iterator[tuple[str, str]]:
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


def _lists(value: Any) -> Any:
    """Tuples as lists, which a manifest can hold."""
    return [_lists(item) for item in value] if isinstance(value, (tuple, list)) else value


def _integers(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
