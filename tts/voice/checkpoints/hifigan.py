"""HiFi-GAN generators as jik876/hifi-gan, NVIDIA's DeepLearningExamples and SpeechBrain save them.

All three name the layers the same; SpeechBrain's convolutions are nested one level deeper (`conv_pre.conv.weight`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
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
_OTHER = f"the hyperparameters that were read belong to another one; {_HELP}"


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
        given = [(theirs, config[theirs]) for theirs in theirs_of if config.get(theirs) is not None]
        for theirs, value in given[:1]:
            if type(value) not in (int, float):
                raise TtsError(f"{theirs} of this HiFi-GAN must be a number, not {value!r:.100}.")
        mel[name] = given[0][1] if given else getattr(MelSettings, name)
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
    unknown = "the hyperparameters that were read do not give them" if config else "no hyperparameters are beside it"
    rates = _configured(config, "upsample_rates") or _configured(config, "upsample_factors")
    if rates is None:
        rates = tuple(size // 2 for size in kernel_sizes)
        if math.prod(rates) != MelSettings.hop_length:
            what = "The upsampling rates of this HiFi-GAN cannot be read from its weights"
            raise TtsError(f"{what}, and {unknown}: {_HELP}.")
    # A kernel may be longer than its rate by an odd number: the authors' code makes a few samples more, cut off here.
    if len(rates) != n_stages or any(size < rate for size, rate in zip(kernel_sizes, rates, strict=True)):
        raise TtsError(f"The upsampling rates {rates} do not fit this HiFi-GAN's kernels {kernel_sizes}: {_OTHER}.")

    dilations = _configured(config, "resblock_dilation_sizes", n_levels=2)
    if dilations is None:
        dilations = PUBLISHED_DILATIONS.get(block_sizes, ())
        if [len(row) for row in dilations] != [n_dilations] * n_blocks:
            what = "The dilations of this HiFi-GAN cannot be read from its weights"
            raise TtsError(f"{what}, and {unknown}: {_HELP}.")
    if [len(row) for row in dilations] != [n_dilations] * n_blocks:
        layers = f"its {n_blocks} blocks of {n_dilations} layers"
        raise TtsError(f"The dilations {dilations} do not fit this HiFi-GAN, {layers}: {_OTHER}.")

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


def _configured(config: dict[str, Any], name: str, n_levels: int = 1) -> tuple[Any, ...] | None:
    """A list of positive integers, or of such lists, as tuples; None where the configuration has none.

    Raises:
        TtsError: it is anything else.
    """

    def tuples(value: Any, level: int) -> Any:
        if level and isinstance(value, (list, tuple)):
            return tuple(tuples(item, level - 1) for item in value)
        if level or type(value) is not int or value < 1:
            raise TtsError(f"{name} of this HiFi-GAN must be a list of positive integers, not {config[name]!r:.100}.")
        return value

    found: tuple[Any, ...] | None = tuples(config[name], n_levels) if config.get(name) else None
    return found
