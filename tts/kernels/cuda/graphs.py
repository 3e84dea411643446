"""CUDA graphs: a function's kernels recorded once and started again with one call, over tensors that stay in place.

Launching a small kernel costs the processor more than the GPU needs for it; a graph of hundreds costs one launch. What
goes in is copied into tensors that the function reads, what comes out is copied from those that it writes. Elsewhere
than on a GPU the function itself is called, over the same tensors; all but `_captured` is tested that way, and that has
not run yet.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import torch

Thing = TypeVar("Thing")
Step = Callable[[], None]

# Calls before recording, in which libraries choose their kernels and take the memory that they need.
WARM_UPS = 3


def replayed(step: Step, device: torch.device) -> Step:
    """A function that does what `step` does; on a GPU, by a graph.

    `step` reads and writes tensors that stay where they are, never waits for the GPU, and may be called here a few
    times: whoever needs what it writes fills the tensors afterwards.
    """
    return _captured(step, device) if device.type == "cuda" else step


def _captured(step: Step, device: torch.device) -> Step:
    with torch.cuda.device(device):
        # Not on the stream that everything else is on, or the graph would have to wait for that.
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


class Latest(Generic[Thing]):
    """What was made for the keys asked for last, as many as `most`: a graph keeps memory of its own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        if key not in self._things:
            # First what is dropped, so that its memory is free for what is made.
            while len(self._things) >= self.most:
                self._things.popitem(last=False)
            self._things[key] = make()
        self._things.move_to_end(key)
        return self._things[key]


def bucket(length: int, least: int, steps: int) -> int:
    """The length that so long a thing is filled up to: `least`, or one of `steps` between a power of two and the next.

    With 8 steps no more than an eighth is added.
    """
    if length <= least:
        return least
    step = max(1, (1 << ((length - 1).bit_length() - 1)) // steps)
    return -(-length // step) * step
