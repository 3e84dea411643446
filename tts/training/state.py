"""Training state on disk: written beside its place and renamed, so that a state that exists is whole.

An exact state holds everything as it was. A compact one holds all numbers in half precision, each tensor scaled to what
half precision can tell apart: a run goes on from it, though not bit for bit.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts.errors import TtsError
from tts.files import atomic_write

State = dict[str, Any]
FORMAT = 1
# Tensors are brought to this largest magnitude, the second highest power of two that half precision holds.
_HALF_TOP = 2.0**14
_HALF_LEAST = 2.0**-24
# Small tensors are kept as they are: counters, learned scalars.
_LEAST_PACKED = 64


def save_state(path: Path, state: State) -> None:
    with atomic_write(path) as part:
        torch.save({"format": FORMAT, **state}, part)
        # On the disk before its name is: a power cut leaves the old state or the new one.
        with part.open("rb+") as file:
            os.fsync(file.fileno())


def load_state(path: Path) -> State:
    """An exact or a compact state, on the CPU.

    Raises:
        TtsError: it cannot be read, or is none.
    """
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
        if state.get("format") != FORMAT:
            raise TtsError(f"{path} is not a training state that this version knows.")
    except (OSError, RuntimeError, EOFError, AttributeError, pickle.UnpicklingError) as error:
        raise TtsError(f"{path} is not a training state, or is damaged.") from error
    unpacked: State = _map(state, _unpack)
    return unpacked


def compact(state: State) -> State:
    """The same state in about half the bytes (see the head of this file)."""
    packed: State = _map(state, lambda value: _pack(value) if isinstance(value, Tensor) else value)
    return packed


def _map(value: Any, change: Any) -> Any:
    """`change` every leaf, and every packed tensor, of nested dicts and lists."""
    if isinstance(value, dict) and "half" not in value:
        return {key: _map(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_map(each, change) for each in value]
    return change(value)


def _pack(tensor: Tensor) -> Any:
    if not tensor.is_floating_point() or tensor.numel() < _LEAST_PACKED:
        return tensor
    # Second moments are squares, whose range is twice that of what they are squares of; nothing else is never negative
    # and so wide, but the root does no harm to anything that is not negative.
    rooted = bool((tensor >= 0).all())
    values = tensor.double().sqrt() if rooted else tensor.double()
    scale = float(values.abs().max()) / _HALF_TOP or 1.0
    half = (values / scale).half()
    if rooted:
        # A moment that became nothing would divide by nothing.
        half = torch.where((tensor > 0) & (half == 0), torch.tensor(_HALF_LEAST, dtype=half.dtype), half)
    return {"half": half, "scale": scale, "rooted": rooted}


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    values = value["half"].double() * value["scale"]
    return (values.square() if value["rooted"] else values).float()


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
                self.weights[name].lerp_(tensor.detach(), 1 - decay)
            else:
                self.weights[name].copy_(tensor)
