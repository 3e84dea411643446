"""WaveNet's loop beside that of the package wavenet-vocoder (r9y9's, of 2018), with the same random weights.

    pip install --no-deps wavenet-vocoder==0.1.1   # or let PYTHONPATH point at its unpacked source
    python -W ignore benchmarks/wavenet_package.py [--size mol|small] [--repeats 5]

Each repeat times the package, its `make_generation_fast_`, the reference and the compiled loop in both precisions, one
after the other, so that other load disturbs all; medians are printed as JSON, in samples per second.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from wavenet_vocoder import WaveNet as Package

from tts.audio.mel import MelSettings
from tts.kernels.execution import compute_threads, reference_only
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.voice.checkpoints import wavenet
from tts.voice.checkpoints.weights import CheckpointWeights

# Layers, stacks, residual, gate and skip channels, taps.
SIZES = {"mol": (24, 4, 128, 256, 128, 3), "small": (20, 2, 64, 128, 64, 2)}
FRAMES, EAGER_FRAMES, N_OUTPUTS = 12, 1, 30


def package(size: tuple[int, ...]) -> Package:
    layers, stacks, residual, gate, skip, taps = size
    torch.manual_seed(0)
    network = Package(
        out_channels=N_OUTPUTS,
        layers=layers,
        stacks=stacks,
        residual_channels=residual,
        gate_channels=gate,
        skip_out_channels=skip,
        kernel_size=taps,
        dropout=0.0,
        cin_channels=80,
        upsample_conditional_features=True,
        upsample_scales=[4, 4, 4, 4],
        scalar_input=True,
    )
    return network.eval()


def ours(network: Package, size: tuple[int, ...]) -> WaveNet:
    told = {"layers": size[0], "stacks": size[1], "input_type": "raw", "log_scale_min": -7.0, "num_mels": 80}
    told |= {"sample_rate": 22050, "fft_size": 1024, "hop_size": 256, "fmin": 125, "fmax": 7600, "legacy": True}
    converted = wavenet.convert(CheckpointWeights(network.state_dict()), {}, told)
    options = {**converted.options, "upsample_scales": tuple(converted.options["upsample_scales"])}
    made = WaveNet(MelSettings(**converted.mel), WaveNetDimensions(**options))
    made.load_state_dict(converted.weights)
    return made.eval()


def largest_difference(network: Package, network_of_ours: WaveNet, mel: Tensor) -> float:
    """The largest difference between the parameters that both predict from the same samples."""
    samples = 2 * torch.rand(1, mel.shape[2] * 256) - 1
    expected = network(samples[:, None], mel)
    return (network_of_ours.predict(samples, mel) - expected).abs().max().item()


def rates(candidates: dict[str, tuple[Callable[[], object], int]], repeats: int) -> dict[str, float]:
    """Medians, in samples per second; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats + 1):
        for name, (run, _) in candidates.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: candidates[name][1] / statistics.median(seconds[name][1:]) for name in candidates}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="mol")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(compute_threads())
    size = SIZES[args.size]
    plain, fast, network = package(size), package(size), ours(package(size), size)
    mel, short = torch.rand(1, 80, FRAMES), torch.rand(1, 80, EAGER_FRAMES)
    difference = largest_difference(plain, network, short)
    fast.make_generation_fast_()

    def generate(precision: str) -> Tensor:
        network.set_precision(precision)
        return network(mel)

    def generate_by_reference() -> Tensor:
        with reference_only():
            return network(short)

    few, many = EAGER_FRAMES * 256, FRAMES * 256
    candidates: dict[str, tuple[Callable[[], object], int]] = {
        "package": (lambda: plain.incremental_forward(c=short, T=few), few),
        "package, made fast": (lambda: fast.incremental_forward(c=short, T=few), few),
        "reference": (generate_by_reference, few),
        "compiled float32": (lambda: generate("float32"), many),
        "compiled bfloat16": (lambda: generate("bfloat16"), many),
    }
    found = rates(candidates, args.repeats)
    print(json.dumps({"size": args.size, "threads": compute_threads(), "difference": difference} | found, indent=1))


if __name__ == "__main__":
    with torch.no_grad():
        main()
