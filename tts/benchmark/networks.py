"""Networks of random weights as workloads: the same numbers in every run, and none that grow without end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.benchmark.costs import FRAMES_A_SYMBOL
from tts.benchmark.measuring import Made, Workload
from tts.benchmark.presets import Preset
from tts.kernels.threads import compute_threads, set_compute_threads
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.models.torch_network import TorchNetwork, VocoderNetwork
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions

SEED = 0
MEL = MelSettings()
# Where the mels of speech lie, more or less.
MEL_MEAN, MEL_DEVIATION = -5.0, 2.0
# No vocoder hears less.
LEAST_FRAMES = 4

BUILDERS: dict[str, Callable[[MelSettings, dict[str, Any]], TorchNetwork]] = {
    "waveglow": lambda mel, options: WaveGlow(mel, WaveGlowDimensions(**options)),
    "wavenet": lambda mel, options: WaveNet(mel, WaveNetDimensions(**options)),
    "hifigan": lambda mel, options: HiFiGAN(mel, HiFiGANDimensions(**options)),
    "tacotron2": lambda mel, options: Tacotron2(Tacotron2Dimensions(**options)),
    "fastspeech2": lambda mel, options: FastSpeech2(FastSpeech2Dimensions(**options)),
}


@dataclass(frozen=True)
class Setting:
    """Where a network speaks and how: `seconds` of audio at most a run, `batch` utterances at once."""

    device: torch.device
    precision: str = "float32"
    seconds: float = 5.0
    batch: int = 1


@contextmanager
def computing_on(threads: int | None) -> Iterator[int]:
    """Inside, PyTorch and our kernels compute on so many threads (None: as many as were asked for elsewhere)."""
    before = torch.get_num_threads()
    if threads is not None:
        set_compute_threads(threads)
    try:
        torch.set_num_threads(compute_threads())
        yield compute_threads()
    finally:
        torch.set_num_threads(before)
        if threads is not None:
            set_compute_threads(None)


def random_network(preset: Preset, mel: MelSettings = MEL) -> TorchNetwork:
    """A network of the preset's size, ready to speak; each call gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = BUILDERS[preset.network](mel, dict(preset.dimensions))
        _settle(network)
    return network.eval().requires_grad_(False)


def network_workload(name: str, preset: Preset, network: TorchNetwork, setting: Setting) -> Workload:
    """Both paths of a network; the plain one is always in float32.

    Raises:
        UsageError: the network cannot speak in this precision.
    """
    plain, fast = network, network
    if setting.precision != network.precision:
        # A second network over the same weights: one that changed its format to and fro would pack them each time.
        fast = random_network(preset, getattr(network, "mel", MEL))
        fast.load_state_dict(network.state_dict(), assign=True)
        fast.set_precision(setting.precision)
    work = _mel_work if isinstance(network, (Tacotron2, FastSpeech2)) else _sound_work
    run, slow = (work(net.to(setting.device), setting) for net in (fast, plain))
    return Workload(name, preset.stage, run, slow, setting.seconds)


def _settle(network: nn.Module) -> None:
    """Random weights as they are drawn, but for what would end in silence, noise or no end."""
    if isinstance(network, WaveGlow):
        # Zeros, which training begins with, would leave nothing to compute.
        for flow in network.flows:
            nn.init.normal_(flow.transform.end.weight, std=0.02)  # type: ignore[union-attr, arg-type]
    if isinstance(network, WaveNet) and network.dimensions.output != "mulaw":
        # Narrow distributions, else every sample would be held at -1 or 1.
        n_kinds = 3 if network.dimensions.output == "logistics" else 2
        scales = network.dimensions.n_outputs // n_kinds
        torch.as_tensor(network.out.bias).data[-scales:] = -4.0
    if isinstance(network, FastSpeech2):
        last = network.duration_predictor.out
        nn.init.zeros_(last.weight)
        # A hair above, so that rounding gives whole frames everywhere.
        nn.init.constant_(last.bias, math.log(FRAMES_A_SYMBOL + 1) + 1e-6)


def _sound_work(network: TorchNetwork, setting: Setting) -> Callable[[float], Made]:
    assert isinstance(network, VocoderNetwork)
    settings = network.mel
    frame_seconds = settings.hop_length / settings.sample_rate
    n_frames = _frames(setting.seconds, frame_seconds)
    draws = np.random.default_rng(SEED).standard_normal((setting.batch, settings.n_mels, n_frames), np.float32)
    mels = torch.from_numpy(MEL_MEAN + MEL_DEVIATION * draws).to(setting.device)

    @torch.inference_mode()
    def run(seconds: float) -> Made:
        mel = mels[:, :, : _frames(seconds, frame_seconds)]
        samples: Tensor = network(mel, _generator())
        return Made(samples.cpu().numpy(), setting.batch * mel.shape[2] * frame_seconds)

    return run


def _mel_work(network: TorchNetwork, setting: Setting) -> Callable[[float], Made]:
    """As long as was asked for: Tacotron 2 never hears its stop, FastSpeech 2's symbols all take the same time."""
    assert isinstance(network, (Tacotron2, FastSpeech2))
    frame_seconds = MEL.hop_length / MEL.sample_rate
    n_symbols = network.dimensions.n_symbols

    @torch.inference_mode()
    def run(seconds: float) -> Made:
        n_frames = _frames(seconds, frame_seconds)
        length = math.ceil(n_frames / FRAMES_A_SYMBOL)
        ids = torch.arange(length, device=setting.device).remainder(n_symbols).expand(setting.batch, -1)
        lengths = torch.full((setting.batch,), length, device=setting.device)
        if isinstance(network, Tacotron2):
            generators = [_generator() for _ in range(setting.batch)]
            mel = network.infer(ids, lengths, max_frames=n_frames, stop_threshold=1.0, generators=generators).mel
        else:
            mel = network(ids, lengths).mel
        return Made(mel.cpu().numpy(), setting.batch * mel.shape[2] * frame_seconds)

    return run


def _generator() -> np.random.Generator:
    """What draws a run's random numbers: the same in every run."""
    return np.random.default_rng(SEED)


def _frames(seconds: float, frame_seconds: float) -> int:
    return max(LEAST_FRAMES, round(seconds / frame_seconds))
