"""Random weights under the names, shapes and habits of public checkpoints; with their sizes, or any others."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

State = dict[str, Tensor]


class Layers:
    """Collects the layers of a state dict; convolutions get weight norm unless told otherwise."""

    def __init__(self, seed: int, weight_norm: bool = True) -> None:
        self.state: State = {}
        self.weight_norm = weight_norm
        self._generator = torch.Generator().manual_seed(seed)

    def tensor(self, name: str, *shape: int, scale: float = 1.0) -> None:
        self.state[name] = scale * torch.randn(*shape, generator=self._generator)

    def conv(self, name: str, *shape: int, bias: int | None = None, weight_norm: bool | None = None) -> None:
        """A weight [shape] whose rows (first axis) are of norm 1; `bias` is its size, None the first axis, 0 none."""
        if self.weight_norm if weight_norm is None else weight_norm:
            self.tensor(f"{name}.weight_v", *shape)
            self.state[f"{name}.weight_g"] = torch.ones(shape[0], *[1] * (len(shape) - 1))
        else:
            inputs = max(1, torch.Size(shape).numel() // shape[0])
            self.tensor(f"{name}.weight", *shape, scale=inputs**-0.5)
        if bias != 0:
            self.tensor(f"{name}.bias", shape[0] if bias is None else bias, scale=0.1)


def nvidia_waveglow_state(
    *,
    n_mels: int = 80,
    n_flows: int = 12,
    n_group: int = 8,
    n_early_every: int = 4,
    n_early_size: int = 2,
    n_layers: int = 8,
    channels: int = 512,
    kernel_size: int = 3,
    upsample_kernel_size: int = 1024,
    weight_norm: bool = True,
    cond_layer_each: bool = False,
    seed: int = 0,
) -> State:
    """NVIDIA/waveglow's `state_dict`; `cond_layer_each` as older code had it, one conditioning a layer."""
    layers = Layers(seed, weight_norm)
    layers.tensor("upsample.weight", n_mels, n_mels, upsample_kernel_size, scale=0.01)
    layers.tensor("upsample.bias", n_mels, scale=0.1)
    n_condition = n_mels * n_group
    for k in range(n_flows):
        size = n_group - n_early_size * (k // n_early_every)
        layers.state[f"convinv.{k}.conv.weight"] = torch.linalg.qr(torch.randn(size, size))[0][:, :, None].contiguous()
        wn = f"WN.{k}"
        layers.conv(f"{wn}.start", channels, size // 2, 1)
        layers.conv(f"{wn}.end", size, channels, 1, weight_norm=False)
        for i in range(n_layers):
            layers.conv(f"{wn}.in_layers.{i}", 2 * channels, channels, kernel_size)
            layers.conv(f"{wn}.res_skip_layers.{i}", channels if i == n_layers - 1 else 2 * channels, channels, 1)
            if cond_layer_each:
                layers.conv(f"{wn}.cond_layers.{i}", 2 * channels, n_condition, 1)
        if not cond_layer_each:
            layers.conv(f"{wn}.cond_layer", 2 * channels * n_layers, n_condition, 1)
    return layers.state


def hifigan_state(
    *,
    n_mels: int = 80,
    channels: int = 512,
    upsample_kernel_sizes: Sequence[int] = (16, 16, 4, 4),
    block_kernel_sizes: Sequence[int] = (3, 7, 11),
    n_dilations: int = 3,
    two_convolutions: bool = True,
    weight_norm: bool = True,
    speechbrain: bool = False,
    seed: int = 0,
) -> State:
    """The generator's `state_dict` of jik876/hifi-gan, or of SpeechBrain, one level deeper."""
    layers = Layers(seed, weight_norm)
    inner = ".conv" if speechbrain else ""
    layers.conv(f"conv_pre{inner}", channels, n_mels, 7)
    for i, kernel_size in enumerate(upsample_kernel_sizes):
        n_in, n_out = channels // 2**i, channels // 2 ** (i + 1)
        layers.conv(f"ups.{i}{inner}", n_in, n_out, kernel_size, bias=n_out)
        for j, size in enumerate(block_kernel_sizes):
            block = f"resblocks.{i * len(block_kernel_sizes) + j}"
            for names in ("convs1", "convs2") if two_convolutions else ("convs",):
                for k in range(n_dilations):
                    layers.conv(f"{block}.{names}.{k}{inner}", n_out, n_out, size)
    layers.conv(f"conv_post{inner}", 1, channels // 2 ** len(upsample_kernel_sizes), 7)
    return layers.state


def wavenet_state(
    *,
    n_mels: int = 80,
    n_inputs: int = 1,
    n_outputs: int = 30,
    layers: int = 24,
    kernel_size: int = 3,
    residual_channels: int = 128,
    gate_channels: int = 256,
    skip_channels: int = 128,
    context_frames: int = 2,
    upsample_scales: Sequence[int] = (4, 4, 4, 4),
    upsample_height: int = 1,
    transposed: bool = False,
    weight_norm: bool = True,
    seed: int = 0,
) -> State:
    """r9y9/wavenet_vocoder's `state_dict`; `transposed` as its code was in May 2018."""
    made = Layers(seed, weight_norm)
    made.conv("first_conv", residual_channels, n_inputs, 1)
    for i in range(layers):
        layer = f"conv_layers.{i}"
        made.conv(f"{layer}.conv", gate_channels, residual_channels, kernel_size)
        made.conv(f"{layer}.conv1x1c", gate_channels, n_mels, 1, bias=None if transposed else 0)
        made.conv(f"{layer}.conv1x1_out", residual_channels, gate_channels // 2, 1)
        made.conv(f"{layer}.conv1x1_skip", skip_channels, gate_channels // 2, 1)
    made.conv("last_conv_layers.1", skip_channels, skip_channels, 1)
    made.conv("last_conv_layers.3", n_outputs, skip_channels, 1)
    if transposed:
        for i, scale in enumerate(upsample_scales):
            made.conv(f"upsample_conv.{2 * i}", 1, 1, upsample_height, scale)
    else:
        made.conv("upsample_net.conv_in", n_mels, n_mels, 2 * context_frames + 1, bias=0, weight_norm=False)
        for i, scale in enumerate(upsample_scales):
            made.conv(f"upsample_net.upsample.up_layers.{2 * i + 1}", 1, 1, upsample_height, 2 * scale + 1, bias=0)
    return made.state
