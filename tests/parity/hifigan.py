"""HiFi-GAN beside the numbers of jik876/hifi-gan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from tests.parity.comparison import Comparison, arrays, checkpoint, compare, tensors
from tts.audio.mel import MelSettings
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.voice.formats import hifigan
from tts.voice.formats.weights import ForeignWeights


def matches(folder: Path) -> bool:
    return bool(_models(folder))


def check(folder: Path) -> Iterator[Comparison]:
    """Every model in the folder or in a folder of it."""
    for path in _models(folder):
        network = load(path)
        for numbers in sorted(path.parent.glob("*.npz")):
            with torch.no_grad():
                audio = network(tensors(numbers)["mel"])
            name = f"{path.relative_to(folder)} {numbers.stem}"
            yield compare(f"{name} audio", audio[:, None], arrays(numbers)["audio"])


def load(path: Path) -> HiFiGAN:
    found = checkpoint(path)
    config = path.parent / "config.json"
    weights = ForeignWeights(found["generator"])
    assert hifigan.matches(weights, found), f"{path} is not a HiFi-GAN"
    converted = hifigan.convert(weights, {}, json.loads(config.read_text()) if config.is_file() else None)
    network = HiFiGAN(MelSettings(**converted.mel), HiFiGANDimensions(**converted.options))
    network.load_state_dict(converted.weights)
    return network.eval()


def _models(folder: Path) -> list[Path]:
    places = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    found = [path for place in places for ending in ("*.pt", "*.pth") for path in sorted(place.glob(ending))]
    return [path for path in found if "generator" in checkpoint(path)]
