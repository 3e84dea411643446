"""A benchmark of networks of random weights: from what was asked for to a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tts.benchmark.costs import cost_of, count_weights
from tts.benchmark.limits import limit_of, measure_limits
from tts.benchmark.machine import this_machine
from tts.benchmark.measuring import measure
from tts.benchmark.networks import MEL, Setting, computing_on, network_workload, random_network
from tts.benchmark.presets import Preset
from tts.benchmark.report import Report, Row


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
        UsageError: one of them cannot speak in this precision.
    """
    with computing_on(threads) as n_threads:
        found = measure_limits(setting.device, n_threads, setting.precision) if limits else None
        rows = []
        for name, preset in presets.items():
            network = random_network(preset)
            measured = measure(network_workload(name, preset, network, setting), repeat, on_run)
            cost, weights = cost_of(network.dimensions, MEL), count_weights(network)
            row = Row(measured, setting.precision, "torch", setting.batch, weights, cost)
            if found:
                seconds = measured.fast.audio_seconds / setting.batch
                row = replace(row, limit=limit_of(cost, weights, found, setting, n_threads, seconds))
            rows.append(row)
    return Report(this_machine(), str(setting.device), n_threads, repeat, rows, found)
