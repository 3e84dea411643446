"""HiFi-GAN compared with jik876/hifi-gan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from tests.parity.comparison import Comparison, arrays, built, checkpoints, compare, tensors
from tts.voice.checkpoints import hifigan


def matches(folder: Path) -> bool:
    return bool(checkpoints(folder, hifigan))


def check(folder: Path) -> Iterator[Comparison]:
    for path in checkpoints(folder, hifigan):
        network = built(path, hifigan, "upsample_rates")
        for numbers in sorted(folder.glob("*.npz")):
            if not {"mel", "audio"} <= arrays(numbers).keys():
                continue
            with torch.no_grad():
                audio = network(tensors(numbers)["mel"])
            yield compare(f"{path.name} {numbers.stem} audio", audio[:, None], arrays(numbers)["audio"])
