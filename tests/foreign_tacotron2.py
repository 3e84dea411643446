"""Tacotron 2 checkpoints of random weights in the public key layouts, in any size up to the published ones."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from tts.models.tacotron2 import Tacotron2Dimensions


class Wrapped(nn.Module):
    """A layer one level deeper, as NVIDIA's `LinearNorm` and `ConvNorm` hold theirs."""

    def __init__(self, name: str, layer: nn.Module) -> None:
        super().__init__()
        self.add_module(name, layer)


def linear(n_in: int, n_out: int, *, bias: bool, wrapped: bool) -> nn.Module:
    layer = nn.Linear(n_in, n_out, bias=bias)
    return Wrapped("linear_layer", layer) if wrapped else layer


def conv(n_in: int, n_out: int, kernel_size: int, *, bias: bool, wrapped: bool) -> nn.Module:
    layer = nn.Conv1d(n_in, n_out, kernel_size, bias=bias)
    return Wrapped("conv", layer) if wrapped else layer


def modules(**children: nn.Module) -> nn.Module:
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


def convolutions(widths: list[int], kernel_size: int, *, wrapped: bool) -> nn.Module:
    return nn.ModuleList(
        nn.Sequential(conv(a, b, kernel_size, bias=True, wrapped=wrapped), nn.BatchNorm1d(b))
        for a, b in pairwise(widths)
    )


def tacotron2_module(d: Tacotron2Dimensions, *, wrapped: bool) -> nn.Module:
    """The tree of modules whose keys are NVIDIA's (`wrapped`) or TorchAudio's; it cannot compute."""
    heard = d.decoder_rnn_channels + d.encoder_channels
    location = modules(
        location_conv=conv(2, d.location_filters, d.location_kernel_size, bias=False, wrapped=wrapped),
        location_dense=linear(d.location_filters, d.attention_channels, bias=False, wrapped=wrapped),
    )
    attention = modules(
        query_layer=linear(d.attention_rnn_channels, d.attention_channels, bias=False, wrapped=wrapped),
        memory_layer=linear(d.encoder_channels, d.attention_channels, bias=False, wrapped=wrapped),
        v=linear(d.attention_channels, 1, bias=False, wrapped=wrapped),
        location_layer=location,
    )
    prenet = [linear(d.n_mels, d.prenet_channels, bias=False, wrapped=wrapped)]
    prenet += [linear(d.prenet_channels, d.prenet_channels, bias=False, wrapped=wrapped)]
    decoder = modules(
        prenet=modules(layers=nn.ModuleList(prenet)),
        attention_rnn=nn.LSTMCell(d.prenet_channels + d.encoder_channels, d.attention_rnn_channels),
        attention_layer=attention,
        decoder_rnn=nn.LSTMCell(d.attention_rnn_channels + d.encoder_channels, d.decoder_rnn_channels),
        linear_projection=linear(heard, d.n_mels, bias=True, wrapped=wrapped),
        gate_layer=linear(heard, 1, bias=True, wrapped=wrapped),
    )
    encoder_widths = [d.embedding_channels, *[d.encoder_channels] * d.n_encoder_convolutions]
    postnet_widths = [d.n_mels, *[d.postnet_channels] * (d.n_postnet_convolutions - 1), d.n_mels]
    return modules(
        embedding=nn.Embedding(d.n_symbols, d.embedding_channels),
        encoder=modules(
            convolutions=convolutions(encoder_widths, d.encoder_kernel_size, wrapped=wrapped),
            lstm=nn.LSTM(d.encoder_channels, d.encoder_channels // 2, batch_first=True, bidirectional=True),
        ),
        decoder=decoder,
        postnet=modules(convolutions=convolutions(postnet_widths, d.postnet_kernel_size, wrapped=wrapped)),
    )


def nvidia_tacotron2(d: Tacotron2Dimensions, *, seed: int = 0) -> dict[str, object]:
    """As NVIDIA's repository saves it."""
    return {"iteration": 1000, "state_dict": state(d, wrapped=True, seed=seed), "optimizer": None}


def ngc_tacotron2(d: Tacotron2Dimensions, *, seed: int = 0) -> dict[str, object]:
    """As its NGC catalogue holds it: keys below `module.`, the configuration beside them."""
    prefixed = {f"module.{name}": tensor for name, tensor in state(d, wrapped=True, seed=seed).items()}
    return {"epoch": 1500, "config": {"n_symbols": d.n_symbols}, "state_dict": prefixed}


def torchaudio_tacotron2(d: Tacotron2Dimensions, *, seed: int = 0) -> dict[str, Tensor]:
    """As TorchAudio's pipelines load it: the bare state."""
    return state(d, wrapped=False, seed=seed)


def state(d: Tacotron2Dimensions, *, wrapped: bool, seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return tacotron2_module(d, wrapped=wrapped).state_dict()
