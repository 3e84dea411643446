"""A whole benchmark, of a voice or of networks: from what was asked for to a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from tts.benchmark.costs import cost_of, count_weights
from tts.benchmark.limits import limit_of, measure_limits
from tts.benchmark.machine import this_machine
from tts.benchmark.measuring import Spread, Timings, measure
from tts.benchmark.networks import MEL, Setting, computing_on, network_workload, random_network
from tts.benchmark.presets import Preset
from tts.benchmark.processes import ColdStart
from tts.benchmark.report import Report, Row, SpokenBy
from tts.benchmark.voices import Script, Speaker

Progress = Callable[[], None]


def bench_networks(
    presets: dict[str, Preset],
    setting: Setting,
    *,
    repeat: int,
    threads: int | None = None,
    limits: bool = False,
    on_run: Progress = lambda: None,
) -> Report:
    """Measure networks of random weights one after the other; `on_run` is called `repeat` times for each.

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
            row = Row(measured, setting.precision, setting.batch, weights, cost)
            if found:
                seconds = measured.fast.audio_seconds / setting.batch
                limit = limit_of(cost, weights, found, setting, n_threads, seconds)
                row = replace(row, limit=limit)
            rows.append(row)
    return Report(this_machine(), str(setting.device), n_threads, repeat, rows, found)


def bench_voice(
    speaker: Speaker,
    lines: Sequence[str],
    *,
    repeat: int,
    threads: int | None = None,
    precision: str = "float32",
    cold_start: ColdStart | None = None,
    limits: bool = False,
    on_run: Progress = lambda: None,
) -> Report:
    """Measure the stages of a voice and the whole; `on_run` is called `repeat` times for each of the four.

    The whole has no reference of its own: it is the sum of its stages', the vocoder's being measured on less audio.

    Raises:
        TtsError: a line has nothing to speak.
    """
    with computing_on(threads) as n_threads:
        script = Script(speaker, lines)
        *parts, whole = [measure(workload, repeat, on_run) for workload in script.workloads()]
        whole = replace(whole, reference=_summed([part.reference or part.fast for part in parts]))
        found = measure_limits(torch.device(speaker.voice.device), n_threads, precision) if limits else None
    spoken_by = SpokenBy(
        speaker.voice.manifest.name,
        speaker.acoustic,
        speaker.vocoder,
        len(lines),
        sum(map(len, lines)),
        speaker.load_seconds,
        Spread.of([1000 * seconds for seconds in script.first_audio_seconds]),
        cold_start,
    )
    rows = [Row(measured, precision) for measured in (*parts, whole)]
    warnings = list(dict.fromkeys(warning for piece in script.pieces for warning in piece.warnings))
    return Report(this_machine(), speaker.voice.device, n_threads, repeat, rows, found, spoken_by, warnings)


def _summed(parts: Sequence[Timings]) -> Timings:
    """Stages that follow each other, as one."""
    return Timings(
        min(part.audio_seconds for part in parts),
        sum(part.first_seconds for part in parts),
        [sum(run) for run in zip(*(part.rtfs for part in parts), strict=True)],
        max(part.peak_mb for part in parts),
    )
