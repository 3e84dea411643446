"""Random weights under the names and shapes of public checkpoints, in the published sizes or any others.

    python -m tests.public_checkpoints FOLDER

writes files of the published sizes (1.5 GB), as `tts voices install` receives them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.models.tacotron2 import Tacotron2Dimensions
from tts.models.torch_network import VocoderNetwork
from tts.text.symbols import NVIDIA_SYMBOLS
from tts.voice.checkpoints.weights import ConvertedNetwork
from tts.voice.load import build_vocoder

State = dict[str, Tensor]


class Layers:
    """Collects the layers of a state dict; convolutions get weight norm by default."""

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
    """NVIDIA/waveglow's `state_dict`; `cond_layer_each` as in older code, one conditioning per layer."""
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
    n_inputs = d.decoder_rnn_channels + d.encoder_channels
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
        linear_projection=linear(n_inputs, d.n_mels, bias=True, wrapped=wrapped),
        gate_layer=linear(n_inputs, 1, bias=True, wrapped=wrapped),
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
    return {"iteration": 1000, "state_dict": tacotron2_state(d, wrapped=True, seed=seed), "optimizer": None}


def ngc_tacotron2(d: Tacotron2Dimensions, *, seed: int = 0) -> dict[str, object]:
    """As its NGC catalogue holds it: keys below `module.`, the configuration beside them."""
    prefixed = {f"module.{name}": tensor for name, tensor in tacotron2_state(d, wrapped=True, seed=seed).items()}
    return {"epoch": 1500, "config": {"n_symbols": d.n_symbols}, "state_dict": prefixed}


def torchaudio_tacotron2(d: Tacotron2Dimensions, *, seed: int = 0) -> dict[str, Tensor]:
    """As TorchAudio's pipelines load it: the bare state."""
    return tacotron2_state(d, wrapped=False, seed=seed)


def tacotron2_state(d: Tacotron2Dimensions, *, wrapped: bool, seed: int) -> State:
    torch.manual_seed(seed)
    return tacotron2_module(d, wrapped=wrapped).state_dict()


# r9y9's preset of 2018 for LJ Speech, as far as it defines the network and its mel.
WAVENET_2018 = {
    "input_type": "raw",
    "quantize_channels": 65536,
    "log_scale_min": -32.23619130191664,
    "layers": 24,
    "stacks": 4,
    "sample_rate": 22050,
    "fft_size": 1024,
    "hop_size": 256,
    "num_mels": 80,
    "fmin": 125,
    "fmax": 7600,
    "min_level_db": -100,
    "ref_level_db": 20,
    "rescaling": True,
    "upsample_scales": [4, 4, 4, 4],
    "freq_axis_kernel_size": 3,
}


@dataclass(frozen=True)
class Sizes:
    """What differs from the published sizes, a network each; nothing does by default."""

    tacotron2: dict[str, int] = field(default_factory=dict)
    waveglow: dict[str, int] = field(default_factory=dict)
    wavenet: dict[str, int] = field(default_factory=lambda: {"residual_channels": 512, "gate_channels": 512})
    wavenet_hyperparameters: dict[str, int] = field(default_factory=dict)
    hifigan: dict[str, int] = field(default_factory=dict)


TINY = Sizes(
    tacotron2={
        "embedding_channels": 8,
        "encoder_channels": 8,
        "attention_rnn_channels": 10,
        "decoder_rnn_channels": 12,
        "prenet_channels": 6,
        "attention_channels": 7,
        "location_filters": 4,
        "postnet_channels": 8,
    },
    waveglow={"n_flows": 5, "n_layers": 2, "channels": 8},
    wavenet={"layers": 4, "residual_channels": 8, "gate_channels": 8, "skip_channels": 8},
    wavenet_hyperparameters={"layers": 4, "stacks": 2},
    hifigan={"channels": 16},
)


def write_public_checkpoints(folder: Path, sizes: Sizes) -> None:
    """tacotron2.pt as NGC has it, waveglow.pt as NVIDIA's repository does, wavenet.pth and its .json as r9y9 had them
    in 2018, hifigan.ckpt as SpeechBrain does."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(ngc_tacotron2(Tacotron2Dimensions(len(NVIDIA_SYMBOLS), **sizes.tacotron2)), folder / "tacotron2.pt")
    torch.save({"state_dict": quiet(nvidia_waveglow_state(**sizes.waveglow))}, folder / "waveglow.pt")
    wavenet: dict[str, Any] = {"transposed": True, "upsample_height": 3, "skip_channels": 256, **sizes.wavenet}
    torch.save({"state_dict": wavenet_state(**wavenet), "global_step": 320000}, folder / "wavenet.pth")
    (folder / "wavenet.json").write_text(json.dumps(WAVENET_2018 | sizes.wavenet_hyperparameters), encoding="utf-8")
    torch.save(hifigan_state(speechbrain=True, **sizes.hifigan), folder / "hifigan.ckpt")


def quiet(waveglow: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Couplings that hardly scale: twelve random ones in a row would overflow, which trained ones do not."""
    return {name: 0.01 * tensor if ".end." in name else tensor for name, tensor in waveglow.items()}


def built_vocoder(converted: ConvertedNetwork) -> VocoderNetwork:
    """The vocoder of a converted checkpoint, with its weights."""
    made = build_vocoder(converted.network, MelSettings(**converted.mel), converted.options)
    made.load_state_dict(converted.weights)
    return made.eval()


if __name__ == "__main__":
    write_public_checkpoints(Path(sys.argv[1]), Sizes())
