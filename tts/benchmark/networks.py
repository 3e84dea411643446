"""Benchmarks of networks of random weights, which are the same in every run and whose outputs stay finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.benchmark.costs import FRAMES_PER_SYMBOL, Setting, cost_of, count_weights, limit_of, measure_limits
from tts.benchmark.measuring import RunOutput, Workload, measure
from tts.benchmark.presets import Preset
from tts.benchmark.report import BenchmarkRow, Report, this_machine
from tts.kernels.execution import compute_threads, set_compute_threads
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.models.torch_network import TorchNetwork, VocoderNetwork
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions

SEED = 0
MEL = MelSettings()
# Roughly those of the mels of speech.
MEL_MEAN, MEL_DEVIATION = -5.0, 2.0
# Every vocoder supports this few.
LEAST_FRAMES = 4

BUILDERS: dict[str, Callable[[MelSettings, dict[str, Any]], TorchNetwork]] = {
    "waveglow": lambda mel, options: WaveGlow(mel, WaveGlowDimensions(**options)),
    "wavenet": lambda mel, options: WaveNet(mel, WaveNetDimensions(**options)),
    "hifigan": lambda mel, options: HiFiGAN(mel, HiFiGANDimensions(**options)),
    "tacotron2": lambda mel, options: Tacotron2(Tacotron2Dimensions(**options)),
    "fastspeech2": lambda mel, options: FastSpeech2(FastSpeech2Dimensions(**options)),
}


@contextmanager
def computing_on(threads: int | None) -> Iterator[int]:
    """Inside, PyTorch and our kernels compute on so many threads (None: on `compute_threads`)."""
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
    """A network of the preset's size in evaluation mode; each call returns the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = BUILDERS[preset.network](mel, dict(preset.dimensions))
        # Some random weights would give silence, noise or no end.
        if isinstance(network, WaveGlow):
            # Zeros, which training begins with, would leave nothing to compute.
            for flow in network.flows:
                nn.init.normal_(flow.transform.end.weight, std=0.02)  # type: ignore[union-attr, arg-type]
        if isinstance(network, WaveNet) and network.dimensions.output != "mulaw":
            # Narrow distributions, else every sample would be clipped to -1 or 1.
            n_kinds = 3 if network.dimensions.output == "logistics" else 2
            scales = network.dimensions.n_outputs // n_kinds
            torch.as_tensor(network.out.bias).data[-scales:] = -4.0
        if isinstance(network, FastSpeech2):
            last = network.duration_predictor.out
            nn.init.zeros_(last.weight)
            # Slightly above, so that rounding gives the same frames everywhere.
            nn.init.constant_(last.bias, math.log(FRAMES_PER_SYMBOL + 1) + 1e-6)
    return network.eval().requires_grad_(False)


def network_workload(name: str, preset: Preset, network: TorchNetwork, setting: Setting) -> Workload:
    """Both paths of a network; the reference is always in float32.

    Raises:
        UsageError: the network does not support this precision.
    """
    plain, fast = network, network
    if setting.precision != network.precision:
        # A second network over the same weights: a single one would pack them anew at each change of its format.
        fast = random_network(preset, getattr(network, "mel", MEL))
        fast.load_state_dict(network.state_dict(), assign=True)
        fast.set_precision(setting.precision)
    work = _mel_work if isinstance(network, (Tacotron2, FastSpeech2)) else _sound_work
    run, slow = (work(net.to(setting.device), setting) for net in (fast, plain))
    return Workload(name, preset.stage, run, slow, setting.seconds)


def _sound_work(network: TorchNetwork, setting: Setting) -> Callable[[float], RunOutput]:
    assert isinstance(network, VocoderNetwork)
    settings = network.mel
    frame_seconds = settings.hop_length / settings.sample_rate
    n_frames = _frames(setting.seconds, frame_seconds)
    noise = np.random.default_rng(SEED).standard_normal((setting.batch, settings.n_mels, n_frames), np.float32)
    mels = torch.from_numpy(MEL_MEAN + MEL_DEVIATION * noise).to(setting.device)

    @torch.inference_mode()
    def run(seconds: float) -> RunOutput:
        mel = mels[:, :, : _frames(seconds, frame_seconds)]
        samples: Tensor = network(mel, _generator())
        return RunOutput(samples.cpu().numpy(), setting.batch * mel.shape[2] * frame_seconds)

    return run


def _mel_work(network: TorchNetwork, setting: Setting) -> Callable[[float], RunOutput]:
    """Outputs of the requested length: Tacotron 2 never stops by itself, FastSpeech 2's symbols have equal
    durations."""
    assert isinstance(network, (Tacotron2, FastSpeech2))
    frame_seconds = MEL.hop_length / MEL.sample_rate
    n_symbols = network.dimensions.n_symbols

    @torch.inference_mode()
    def run(seconds: float) -> RunOutput:
        n_frames = _frames(seconds, frame_seconds)
        length = math.ceil(n_frames / FRAMES_PER_SYMBOL)
        ids = torch.arange(length, device=setting.device).remainder(n_symbols).expand(setting.batch, -1)
        lengths = torch.full((setting.batch,), length, device=setting.device)
        if isinstance(network, Tacotron2):
            generators = [_generator() for _ in range(setting.batch)]
            mel = network.infer(ids, lengths, max_frames=n_frames, stop_threshold=1.0, generators=generators).mel
        else:
            mel = network(ids, lengths).mel
        return RunOutput(mel.cpu().numpy(), setting.batch * mel.shape[2] * frame_seconds)

    return run


def _generator() -> np.random.Generator:
    """A run's random numbers: the same in every run."""
    return np.random.default_rng(SEED)


def _frames(seconds: float, frame_seconds: float) -> int:
    return max(LEAST_FRAMES, round(seconds / frame_seconds))


def bench_networks(
    presets: dict[str, Preset],
    setting: Setting,
    *,
    repeat: int,
    threads: int | None = None,
    limits: bool = False,
    on_run: Callable[[], None] = lambda: None,
) -> Report:
    """Measure networks one after the other; `on_run` is called `repeat` times for each.

    Raises:
        UsageError: one of them does not support this precision.
    """
    with computing_on(threads) as n_threads:
        found = measure_limits(setting.device, n_threads, setting.precision) if limits else None
        rows = []
        for name, preset in presets.items():
            network = random_network(preset)
            measured = measure(network_workload(name, preset, network, setting), repeat, on_run)
            cost, weights = cost_of(network.dimensions, MEL), count_weights(network)
            row = BenchmarkRow(measured, setting.precision, "torch", setting.batch, weights, cost)
            if found:
                seconds = measured.fast.audio_seconds / setting.batch
                row = replace(row, limit=limit_of(cost, weights, found, setting, n_threads, seconds))
            rows.append(row)
    return Report(this_machine(), str(setting.device), n_threads, repeat, rows, found)
