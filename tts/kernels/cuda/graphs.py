"""CUDA graphs: a function's kernels recorded once and replayed with one call, over tensors with fixed addresses.

Launching a small kernel costs the processor more than the GPU needs for it; a graph of hundreds costs one launch.
Inputs are copied into tensors that the function reads, outputs are copied from those that it writes. On other devices
the function itself is called, over the same tensors; that is how all of it is tested but the recording, which has not
run on a GPU yet.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import torch

Value = TypeVar("Value")
Step = Callable[[], None]

# Calls before recording, in which libraries choose their kernels and allocate the memory that they need.
WARM_UPS = 3


def replayed(step: Step, device: torch.device) -> Step:
    """A function that does what `step` does; on a GPU, by a graph.

    `step` reads and writes tensors that keep their addresses and never waits for the GPU. It may be called here a few
    times, so the tensors must be filled afterwards.
    """
    if device.type != "cuda":
        return step
    with torch.cuda.device(device):
        # Not on the current stream, or the graph would have to wait for what else is on it.
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the GPU meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            step()
    replay: Step = graph.replay
    return replay


class RecentCache(Generic[Value]):
    """The values of the `most` keys that were used last: a graph holds memory of its own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, create: Callable[[], Value]) -> Value:
        if key not in self._values:
            # Old values are dropped first, so that their memory is free for the new one.
            while len(self._values) >= self.most:
                self._values.popitem(last=False)
            self._values[key] = create()
        self._values.move_to_end(key)
        return self._values[key]


def bucket(length: int, least: int, steps: int) -> int:
    """The length that `length` is padded to: `least`, or one of `steps` between a power of two and the next.

    With 8 steps at most an eighth is added.
    """
    if length <= least:
        return least
    step = max(1, (1 << ((length - 1).bit_length() - 1)) // steps)
    return -(-length // step) * step
