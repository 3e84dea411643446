"""A report whose every figure is known beforehand."""

from tts.benchmark.costs import Cost, Limit, Limits
from tts.benchmark.measuring import ColdStart, Difference, Measured, Process, Spread, Timings, Workload
from tts.benchmark.report import BenchmarkRow, Machine, Report, VoiceFacts

MACHINE = Machine("A Processor", 2, ("avx2",), {"L2": 512}, 16.0, "Linux x86_64", "3.11.7", {"torch": "2.6.0"})
LIMITS = Limits("float32", 150.0, 30.0, 25.0)


def workload(name, stage, plain=True):
    return Workload(name, stage, run=None, plain=print if plain else None, seconds=5.0)


def network_report():
    vocoder = Measured(
        workload("waveglow-256", "vocoder"),
        Timings(5.0, 1.5, [2.0, 1.9, 2.2], 900.0),
        Timings(0.7, 9.0, [8.0, 7.6, 8.8], 800.0),
        Difference(2e-6, 0.5),
    )
    acoustic = Measured(
        workload("tacotron2", "acoustic"), Timings(5.0, 1.0, [0.25], 700.0), Timings(5.0, 2.0, [0.5], 650.0)
    )
    rows = [
        BenchmarkRow(vocoder, "float32", "torch", 1, 87_000_000, Cost(200e9), Limit(1.0, 0.5, None)),
        BenchmarkRow(acoustic, "float32", "torch", 1, 28_000_000, Cost(2e9, 86.0, 18e6), Limit(0.01, 0.05, 31.0)),
    ]
    return Report(MACHINE, "cpu", 2, 3, rows, LIMITS)


def voice_report():
    frontend = Measured(workload("frontend", "frontend", plain=False), Timings(10.0, 0.1, [0.001], 300.0))
    whole = Measured(
        workload("whole", "whole", plain=False), Timings(10.0, 0.5, [0.02], 400.0), Timings(10.0, 0.9, [0.04], 400.0)
    )
    hello, torch = (Process(1.5, 310.0), Process(1.3, 312.0)), (Process(1.0, 300.0), Process(1.0, 299.0))
    facts = VoiceFacts(
        "heart",
        ("fastspeech2", "source_filter"),
        "PyTorch",
        1,
        193,
        1.25,
        345.6,
        Spread(200.0, 190.0, 230.0),
        ColdStart(hello, torch),
    )
    rows = [BenchmarkRow(frontend, None, None), BenchmarkRow(whole, None, None)]
    return Report(MACHINE, "cpu", 1, 2, rows, voice=facts, warnings=["a warning"])
