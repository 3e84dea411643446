"""The formulas against PyTorch's own counter and the known figures of the public networks; the machine's limits."""

import math

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tts.audio.mel_settings import MelSettings
from tts.benchmark import costs
from tts.benchmark.costs import (
    FRAMES_PER_SYMBOL,
    TEXT_SYMBOLS,
    Cost,
    Limits,
    copy_rate,
    cost_of,
    count_weights,
    gemm_rate,
    limit_of,
    measure_limits,
    read_rate,
)
from tts.benchmark.networks import BUILDERS, MEL, Setting
from tts.benchmark.presets import PRESETS
from tts.kernels.execution import reference_only
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions

TINY_MEL = MelSettings(sample_rate=640, n_fft=64, hop_length=16, n_mels=5)
# One second of audio.
N_FRAMES = 40


def counted_macs(run):
    # Of the plain path: what is compiled is not seen.
    with reference_only(), torch.inference_mode(), FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops() / 2


def mel():
    return torch.zeros(1, TINY_MEL.n_mels, N_FRAMES)


def test_waveglow():
    dimensions = WaveGlowDimensions(n_flows=6, n_early_every=2, n_layers=3, channels=6, upsample_kernel_size=32)
    network = WaveGlow(TINY_MEL, dimensions).eval()
    assert cost_of(dimensions, TINY_MEL).macs == counted_macs(lambda: network(mel()))


@pytest.mark.parametrize("upsampling", ["stretch", "transposed"])
@pytest.mark.parametrize(("output", "n_outputs"), [("logistics", 6), ("mulaw", 16)])
def test_wavenet(output, n_outputs, upsampling):
    dimensions = WaveNetDimensions(
        output=output,
        n_outputs=n_outputs,
        n_layers=4,
        n_stacks=2,
        residual_channels=4,
        gate_channels=6,
        skip_channels=3,
        upsampling=upsampling,
        context_frames=2 if upsampling == "stretch" else 0,
        upsample_scales=(4, 4),
        upsample_height=1,
    )
    network = WaveNet(TINY_MEL, dimensions).eval()
    padded = torch.zeros(1, TINY_MEL.n_mels, N_FRAMES + 2 * dimensions.context_frames)
    samples = torch.zeros(1, TINY_MEL.sample_rate, dtype=torch.long if output == "mulaw" else torch.float32)
    # A causal convolution counts its padding as this formula does: each tap at each sample.
    assert cost_of(dimensions, TINY_MEL).macs == counted_macs(lambda: network.predict(samples, padded))


def test_hifigan():
    dimensions = HiFiGANDimensions(
        channels=8,
        upsample_rates=(4, 4),
        upsample_kernel_sizes=(8, 8),
        block_kernel_sizes=(3, 5),
        block_dilations=((1, 3),) * 2,
    )
    network = HiFiGAN(TINY_MEL, dimensions).eval()
    assert cost_of(dimensions, TINY_MEL).macs == counted_macs(lambda: network(mel()))


def test_tacotron2():
    d = Tacotron2Dimensions(7, 5, 4, 6, 5, 3, 8, 10, 6, 2, 7, 3, 31, 9, 5, 5)
    network = Tacotron2(d).eval()
    ids, lengths = torch.zeros(1, TEXT_SYMBOLS, dtype=torch.long), torch.tensor([TEXT_SYMBOLS])
    n_frames = FRAMES_PER_SYMBOL * TEXT_SYMBOLS
    macs = counted_macs(lambda: network.infer(ids, lengths, max_frames=n_frames, stop_threshold=1.0))
    cost = cost_of(d, TINY_MEL)
    assert cost.macs * n_frames / N_FRAMES == pytest.approx(macs, rel=1e-12)
    assert cost.steps == N_FRAMES


def test_fastspeech2_but_for_its_attention():
    d = FastSpeech2Dimensions(7, 5, 8, 2, 6, 3, 2, 10, 7, 2, 6, 16)
    network = FastSpeech2(d).eval()
    n_symbols = N_FRAMES // FRAMES_PER_SYMBOL
    ids, lengths = torch.zeros(1, n_symbols, dtype=torch.long), torch.tensor([n_symbols])
    durations = torch.full((1, n_symbols), FRAMES_PER_SYMBOL)
    # The plain kernel: those in one piece are not counted everywhere.
    with sdpa_kernel(SDPBackend.MATH):
        macs = counted_macs(lambda: network(ids, lengths, durations))
    attention = 2 * 2 * n_symbols**2 * 8
    assert cost_of(d, TINY_MEL).macs == pytest.approx(macs - attention, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "gflop", "million_weights"),
    [
        ("waveglow-256", 448, 87.7),
        ("waveglow-512", 1441, 268),
        ("wavenet-mol", 161, 3.7),
        ("wavenet-mulaw", 204, 4.7),
        ("tacotron2", 4.2, 28.2),
        ("hifigan-v1", 52.9, 13.9),
    ],
)
def test_the_public_sizes(name, gflop, million_weights):
    preset = PRESETS[name]
    with torch.device("meta"):
        network = BUILDERS[preset.network](MEL, dict(preset.dimensions))
    assert cost_of(network.dimensions, MEL).gflop == pytest.approx(gflop, rel=0.01)
    assert count_weights(network) / 1e6 == pytest.approx(million_weights, rel=0.01)


def test_what_one_step_reads():
    """MoL: 12.7 MB a sample in float32; Tacotron 2's decoder: 18.2 million weights and 128 symbols' memory a frame."""
    mol = cost_of(WaveNetDimensions(), MEL)
    assert 4 * mol.step_weights / 1e6 == pytest.approx(12.7, abs=0.05)
    tacotron2 = cost_of(Tacotron2Dimensions(148), MEL)
    assert tacotron2.step_weights == pytest.approx(18.2e6, rel=0.01)
    assert math.isclose(tacotron2.steps, 22050 / 256)


def test_a_network_without_a_formula_is_an_error():
    with pytest.raises(TypeError, match="no formula for str"):
        cost_of("vocos", MEL)


CPU = torch.device("cpu")
LIMITS = Limits("float32", gflop_per_second=100.0, copy_gb_per_second=20.0, read_gb_per_second=25.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(costs, "SIDE", 64)
    monkeypatch.setattr(costs, "FAR_BYTES", 1_000_000)
    monkeypatch.setattr(costs, "TRY_SECONDS", 0.01)


def test_every_rate_is_measured():
    found = measure_limits(CPU, 2, "bfloat16")
    # This processor's weights are widened first.
    assert found.products == "float32"
    assert min(found.gflop_per_second, found.copy_gb_per_second, found.read_gb_per_second) > 0
    assert gemm_rate(CPU, torch.float32) > 1e6
    assert copy_rate(CPU) > 1e6
    assert read_rate(CPU, 3, threads=2) > 0


def test_a_network_without_steps_reads_its_weights_once_an_utterance():
    cost = Cost(macs=1e9, numbers=1e9)
    limit = limit_of(cost, 50_000_000, LIMITS, Setting(CPU, batch=2), threads=1, seconds=4.0)
    assert limit.compute_rtf == pytest.approx(2 / 100)
    assert limit.memory_rtf == pytest.approx(4 / 20 + 0.2 / 25 / (2 * 4.0))
    assert limit.rtf == limit.memory_rtf
    assert limit.read_gb_per_second is None


def test_a_network_of_steps_reads_its_weights_at_each_once_for_a_batch(monkeypatch):
    monkeypatch.setattr(costs, "read_rate", lambda device, n_bytes, threads: n_bytes * 1e6)
    cost = Cost(macs=1e6, steps=1000.0, step_weights=500.0)
    limit = limit_of(cost, 10_000, LIMITS, Setting(CPU, "int8", batch=4), threads=1, seconds=1.0)
    assert limit.memory_rtf == pytest.approx(1000 / 1e6 / 4)
    assert limit.read_gb_per_second == pytest.approx(500 * 1e6 / 1e9)
    assert limit.rtf == limit.memory_rtf
