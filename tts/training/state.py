"""Training state on disk: written beside its place and renamed, so that a state that exists is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn


def save_state(path: Path, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load_state(path: Path) -> dict[str, Any] | None:
    """None where there is nothing to go on from."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def save_weights(run: Path, network: str, options: dict[str, Any], weights: dict[str, torch.Tensor]) -> None:
    """What a voice needs of a run: `weights.safetensors`, and `network.json` to build the network for them."""
    part = run / "weights.part"
    save_file(weights, part)
    os.replace(part, run / "weights.safetensors")
    (run / "network.json").write_text(json.dumps({"network": network, "options": options}), encoding="utf-8")


class MovingAverage:
    """Exponential moving average of a network's parameters: smoother than the last step, and what is shipped.

    Its buffers, such as the statistics of batch norms, are averages already and taken as they are.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    def update(self, network: nn.Module, step: int) -> None:
        # Early on the average follows closely, or it would remember the random start.
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = dict(network.named_parameters())
        for name, tensor in network.state_dict().items():
            if name in parameters:
                self.weights[name].lerp_(tensor, 1 - decay)
            else:
                self.weights[name].copy_(tensor)
