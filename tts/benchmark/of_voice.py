"""A benchmark of a voice: from what was asked for to a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tts.benchmark.machine import this_machine
from tts.benchmark.measuring import Spread, Timings, measure
from tts.benchmark.processes import ColdStart
from tts.benchmark.report import Report, Row, SpokenBy
from tts.benchmark.voices import Script, Speaker
from tts.kernels.threads import compute_threads

if TYPE_CHECKING:
    from tts.benchmark.limits import Limits


def bench_voice(
    speaker: Speaker,
    lines: Sequence[str],
    *,
    repeat: int,
    cold_start: ColdStart | None = None,
    limits: bool = False,
    on_run: Callable[[], None] = lambda: None,
) -> Report:
    """Measure the stages of a voice and the whole; `on_run` is called `repeat` times for each of the four.

    The whole has no reference of its own: it is the sum of its stages', the vocoder's being measured on less audio.

    Raises:
        TtsError: a line has nothing to speak.
    """
    script = Script(speaker, lines)
    *parts, whole = [measure(workload, repeat, on_run) for workload in script.workloads()]
    whole = replace(whole, reference=_summed([part.reference or part.fast for part in parts]))
    acoustic, vocoder = speaker.stages.acoustic, speaker.stages.vocoder
    computing = speaker.voice.computing
    rows = [
        Row(parts[0], None, None),
        Row(parts[1], _spoken_in(computing.precision, acoustic.precisions), acoustic.engine),
        Row(parts[2], _spoken_in(computing.precision, vocoder.precisions), vocoder.engine),
        Row(whole, None, None),
    ]
    spoken_by = SpokenBy(
        speaker.voice.manifest.name,
        speaker.acoustic,
        speaker.vocoder,
        speaker.stages.engines,
        len(lines),
        sum(map(len, lines)),
        speaker.load_seconds,
        script.peak_mb,
        Spread.of([1000 * seconds for seconds in script.first_audio_seconds]),
        cold_start,
    )
    found = _measured_limits(computing.device, computing.precision) if limits else None
    threads = compute_threads()
    return Report(this_machine(), computing.device, threads, repeat, rows, found, spoken_by, script.warnings())


def _spoken_in(precision: str, precisions: Sequence[str]) -> str:
    """Not every network of a voice has the precision that was asked for."""
    return precision if precision in precisions else "float32"


def _summed(parts: Sequence[Timings]) -> Timings:
    """Stages that follow each other, as one."""
    return Timings(
        min(part.audio_seconds for part in parts),
        sum(part.first_seconds for part in parts),
        [sum(run) for run in zip(*(part.rtfs for part in parts), strict=True)],
        max(part.peak_mb for part in parts),
    )


def _measured_limits(device: str, precision: str) -> Limits:
    import torch

    from tts.benchmark.limits import measure_limits
    from tts.benchmark.networks import computing_on

    with computing_on(None) as threads:
        return measure_limits(torch.device(device), threads, precision)
