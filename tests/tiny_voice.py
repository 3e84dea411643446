"""Two tiny voices: one whose every sample is known beforehand, one of random weights in which every option matters."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from tts.audio.mel_settings import MelSettings
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.text.symbols import ENGLISH_IPA

MEL = MelSettings()
FRAMES_PER_SYMBOL = 4
# A pulse of 1 at the centre of each frame, divided by the sum of the squared windows that overlap there.
PULSE = 1 / (0.25 + 1 + 0.25)
FIRST_PULSE = 1 / (1 + 0.25)

ACOUSTIC = {
    "n_symbols": len(ENGLISH_IPA.symbols),
    "channels": 8,
    "n_heads": 2,
    "encoder_hidden": 16,
    "n_encoder_blocks": 1,
    "decoder_hidden": 16,
    "n_decoder_blocks": 1,
    "predictor_channels": 8,
    "n_bins": 16,
}
VOCODER = {"channels": 8, "hidden": 16, "n_blocks": 1}
TACOTRON2 = {
    "n_symbols": len(ENGLISH_IPA.symbols),
    "embedding_channels": 8,
    "encoder_channels": 8,
    "attention_rnn_channels": 8,
    "decoder_rnn_channels": 8,
    "prenet_channels": 8,
    "attention_channels": 8,
    "location_filters": 2,
    "postnet_channels": 8,
}
WAVEGLOW = {"n_flows": 2, "n_early_every": 1, "n_layers": 1, "channels": 4, "upsample_kernel_size": 256}


def write_pulse_voice(folder: Path) -> Path:
    """Every symbol lasts four frames, and every frame sounds as one pulse at its centre."""
    acoustic = zeroed(FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC)))
    # A hair above, so that sums of float32 round to the same whole frames everywhere.
    acoustic.duration_predictor.out.bias.data.fill_(math.log(FRAMES_PER_SYMBOL + 1) + 1e-6)
    vocoder = zeroed(Vocos(MEL, VocosDimensions(**VOCODER)))
    n_bins = MEL.n_fft // 2 + 1
    # A phase of 0, π, 0, π, … moves the pulse from the frame's edge, where the window is zero, to its middle.
    vocoder.head.bias.data[n_bins:] = math.pi * (torch.arange(n_bins) % 2)
    return write_voice(folder, "pulse", acoustic, {"vocos": vocoder})


def write_random_voice(folder: Path) -> Path:
    """Small random networks: FastSpeech 2, Tacotron 2; the source-filter vocoder, WaveGlow, Griffin-Lim."""
    torch.manual_seed(0)
    acoustic = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC))
    acoustic.duration_predictor.out.bias.data.fill_(math.log(FRAMES_PER_SYMBOL + 1))
    source_filter = SourceFilter(MEL, SourceFilterDimensions(**VOCODER))
    waveglow = WaveGlow(MEL, WaveGlowDimensions(**WAVEGLOW))
    tacotron2 = Tacotron2(Tacotron2Dimensions(**TACOTRON2))
    vocoders = {"source_filter": source_filter, "waveglow": waveglow}
    return write_voice(folder, "random", acoustic, vocoders, tacotron2)


def zeroed(network: nn.Module) -> nn.Module:
    for parameter in network.parameters():
        parameter.data.zero_()
    return network


def write_voice(
    folder: Path,
    name: str,
    fastspeech2: nn.Module,
    vocoders: dict[str, nn.Module],
    tacotron2: nn.Module | None = None,
) -> Path:
    """A voice folder `folder`/`name` with these networks and Griffin-Lim; the first of each kind is the default."""
    voice = folder / name
    voice.mkdir(parents=True)
    table = "acoustics.fastspeech2" if tacotron2 else "acoustic"
    parts = [component(table, "fastspeech2", voice, fastspeech2, ACOUSTIC)]
    if tacotron2:
        parts.append(component("acoustics.tacotron2", "tacotron2", voice, tacotron2, TACOTRON2))
    for key, network in vocoders.items():
        parts.append(component(f"vocoders.{key}", key, voice, network, WAVEGLOW if key == "waveglow" else VOCODER))
    parts += ['[vocoders.griffinlim]\nnetwork = "griffinlim"\noptions = { n_iterations = 2 }\n']
    head = f"""
name = "{name}"
description = "A tiny voice for tests."
language = "en-us"
licence = "Apache-2.0"
provenance = "Made by a test."
version = "1"
default_vocoder = "{next(iter(vocoders))}"

[mel]
sample_rate = {MEL.sample_rate}
n_fft = {MEL.n_fft}
hop_length = {MEL.hop_length}
n_mels = {MEL.n_mels}
f_min = {MEL.f_min}
f_max = {MEL.f_max}

[frontend]
symbols = '''{"".join(ENGLISH_IPA.symbols)}'''
"""
    (voice / "voice.toml").write_text("\n".join([head, *parts]), encoding="utf-8")
    return voice


def component(table: str, network_name: str, voice: Path, network: nn.Module, options: dict[str, int]) -> str:
    file = f"{network_name}.safetensors"
    save_file(network.state_dict(), voice / file)
    digest = hashlib.sha256((voice / file).read_bytes()).hexdigest()
    pairs = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f'[{table}]\nnetwork = "{network_name}"\nfile = "{file}"\nsha256 = "{digest}"\noptions = {{ {pairs} }}\n'
