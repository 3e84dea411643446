"""How fast this machine can be at all: products a second, and bytes a second, measured where speech is measured too."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.benchmark.costs import Cost
from tts.benchmark.networks import Setting
from tts.benchmark.presets import BYTES_A_WEIGHT

SIDE = 1024
# Far more than any cache holds.
FAR_BYTES = 256_000_000
# Each figure is the best of as many tries as fit in this time: what disturbs can only make it worse.
TRY_SECONDS = 0.3


@dataclass(frozen=True)
class Limits:
    """Products of matrices in 10^9 operations a second, and memory far from the processor in GB a second.

    `products` is the number format of those products. `copy_gb_per_second` counts what is read and what is written.
    """

    products: str
    gflop_per_second: float
    copy_gb_per_second: float
    read_gb_per_second: float


@dataclass(frozen=True)
class Limit:
    """The least real-time factor that a network can have here, by its products and by what it must fetch.

    `read_gb_per_second` is that of as many bytes as one step reads, wherever so many lie; None: there are no steps.
    """

    compute_rtf: float
    memory_rtf: float
    read_gb_per_second: float | None

    @property
    def rtf(self) -> float:
        return max(self.compute_rtf, self.memory_rtf)


def measure_limits(device: torch.device, threads: int, precision: str) -> Limits:
    """On the processor weights of fewer bits are widened before they are multiplied, so products are in float32."""
    products = torch.bfloat16 if device.type == "cuda" and precision != "float32" else torch.float32
    return Limits(
        str(products).removeprefix("torch."),
        gemm_rate(device, products) / 1e9,
        copy_rate(device) / 1e9,
        read_rate(device, FAR_BYTES, threads) / 1e9,
    )


def limit_of(cost: Cost, weights: int, limits: Limits, setting: Setting, threads: int, seconds: float) -> Limit:
    """Of a network of so many weights, which speaks utterances of `seconds`."""
    size = BYTES_A_WEIGHT[setting.precision]
    # What goes from layer to layer stays in float32 on a processor.
    activation = 2 if setting.device.type == "cuda" and setting.precision != "float32" else 4
    memory_rtf = cost.numbers * activation / (1e9 * limits.copy_gb_per_second)
    rate = None
    if cost.steps:
        rate = read_rate(setting.device, round(cost.step_weights * size), threads)
        memory_rtf += cost.steps * cost.step_weights * size / rate / setting.batch
    else:
        memory_rtf += weights * size / (1e9 * limits.read_gb_per_second) / (setting.batch * seconds)
    return Limit(cost.gflop / limits.gflop_per_second, memory_rtf, rate and rate / 1e9)


def gemm_rate(device: torch.device, products: torch.dtype) -> float:
    """Operations a second of a product of two square matrices, on as many threads as torch has."""
    side = SIDE if device.type == "cpu" else 8 * SIDE
    a, b = (torch.randn(side, side, device=device, dtype=products) for _ in range(2))
    out = torch.empty_like(a)
    return 2 * side**3 / _best_seconds(lambda: torch.mm(a, b, out=out), device)


def copy_rate(device: torch.device) -> float:
    """Bytes a second, read and written, where no cache helps."""
    source = torch.zeros(FAR_BYTES // 4, device=device)
    target = torch.empty_like(source)
    return 2 * FAR_BYTES / _best_seconds(lambda: target.copy_(source), device)


def read_rate(device: torch.device, n_bytes: int, threads: int) -> float:
    """Bytes a second of reading the same `n_bytes` again and again, each thread its own part of them."""
    if device.type != "cpu":
        numbers = torch.zeros(max(1, n_bytes // 4), device=device)
        return numbers.nbytes / _best_seconds(lambda: numbers.sum(), device)
    parts = [torch.zeros(max(1, n_bytes // 4 // threads)) for _ in range(threads)]
    # A call costs a microsecond or so: of few bytes only so many times.
    times = min(max(1, round(4e7 / n_bytes)), 200)
    with ThreadPoolExecutor(threads) as pool:
        read = times * sum(part.nbytes for part in parts)
        return read / _best_seconds(lambda: list(pool.map(lambda part: _read(part, times), parts)), device)


def _read(part: Tensor, times: int) -> None:
    torch.set_num_threads(1)
    for _ in range(times):
        part.sum()


def _best_seconds(action: Callable[[], object], device: torch.device) -> float:
    """The shortest time that the action takes, after it has been done once."""
    action()
    _finish(device)
    best, end = float("inf"), time.perf_counter() + TRY_SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        action()
        _finish(device)
        best = min(best, time.perf_counter() - start)
    return best


def _finish(device: torch.device) -> None:
    """Wait for what a GPU still has to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
