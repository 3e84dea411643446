import pytest
import torch

from tts.benchmark import limits
from tts.benchmark.costs import Cost
from tts.benchmark.limits import Limits, copy_rate, gemm_rate, limit_of, measure_limits, read_rate
from tts.benchmark.networks import Setting

CPU = torch.device("cpu")
MACHINE = Limits("float32", gflop_per_second=100.0, copy_gb_per_second=20.0, read_gb_per_second=25.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(limits, "SIDE", 64)
    monkeypatch.setattr(limits, "FAR_BYTES", 1_000_000)
    monkeypatch.setattr(limits, "TRY_SECONDS", 0.01)


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
    limit = limit_of(cost, 50_000_000, MACHINE, Setting(CPU, batch=2), threads=1, seconds=4.0)
    assert limit.compute_rtf == pytest.approx(2 / 100)
    assert limit.memory_rtf == pytest.approx(4 / 20 + 0.2 / 25 / (2 * 4.0))
    assert limit.rtf == limit.memory_rtf
    assert limit.read_gb_per_second is None


def test_a_network_of_steps_reads_its_weights_at_each_once_for_a_batch(monkeypatch):
    monkeypatch.setattr(limits, "read_rate", lambda device, n_bytes, threads: n_bytes * 1e6)
    cost = Cost(macs=1e6, steps=1000.0, step_weights=500.0)
    limit = limit_of(cost, 10_000, MACHINE, Setting(CPU, "int8", batch=4), threads=1, seconds=1.0)
    assert limit.memory_rtf == pytest.approx(1000 / 1e6 / 4)
    assert limit.read_gb_per_second == pytest.approx(500 * 1e6 / 1e9)
    assert limit.rtf == limit.memory_rtf
