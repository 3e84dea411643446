"""HiFi-GAN beside the numbers of jik876/hifi-gan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from tests.parity.comparison import Comparison, arrays, compare, models, state_dict, tensors, told_beside
from tts.audio.mel import MelSettings
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.voice.formats import hifigan
from tts.voice.formats.weights import ForeignWeights

NAMES = ("conv_pre.bias", "conv_pre.conv.bias")


def matches(folder: Path) -> bool:
    return bool(models(folder, *NAMES))


def check(folder: Path) -> Iterator[Comparison]:
    """Every model in the folder or in a folder of it."""
    for path in models(folder, *NAMES):
        network = load(path)
        for numbers in sorted(path.parent.glob("*.npz")):
            if not {"mel", "audio"} <= arrays(numbers).keys():
                continue
            with torch.no_grad():
                audio = network(tensors(numbers)["mel"])
            name = f"{path.relative_to(folder)} {numbers.stem}"
            yield compare(f"{name} audio", audio[:, None], arrays(numbers)["audio"])


def load(path: Path) -> HiFiGAN:
    weights = ForeignWeights(state_dict(path))
    assert hifigan.matches(weights, {}), f"{path} is not a HiFi-GAN"
    converted = hifigan.convert(weights, {}, told_beside(path, "upsample_rates"))
    network = HiFiGAN(MelSettings(**converted.mel), HiFiGANDimensions(**converted.options))
    network.load_state_dict(converted.weights)
    return network.eval()
