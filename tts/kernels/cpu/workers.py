"""Work on the steps of an utterance dealt to threads in chunks, each thread with memory of its own to work in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import local

import torch
from torch import Tensor

from tts.kernels.cpu.winograd import OUTPUTS, PRODUCTS
from tts.kernels.threads import compute_threads, one_compute_thread


class Scratch:
    """Memory for a chunk of up to n steps and C channels; what it held before does not count."""

    def __init__(self, n_steps: int, n_channels: int) -> None:
        self.n_channels = n_channels
        self.heard = torch.empty(n_steps, 2 * n_channels)
        self.gated = torch.empty(n_steps, n_channels)
        self._inputs = torch.empty(PRODUCTS * n_steps // OUTPUTS * n_channels)
        self._products = torch.empty(PRODUCTS * n_steps // OUTPUTS * 2 * n_channels)

    def tiles(self, n: int) -> tuple[Tensor, Tensor]:
        """Winograd's inputs [6, n, C] and products [6, n, 2 C]; without gaps, which compiled loops are fastest on."""
        inner = n * self.n_channels
        inputs = self._inputs[: PRODUCTS * inner].view(PRODUCTS, n, self.n_channels)
        return inputs, self._products[: PRODUCTS * 2 * inner].view(PRODUCTS, n, 2 * self.n_channels)


class Workers:
    """`pool` None: the calling thread does everything."""

    def __init__(self, pool: ThreadPoolExecutor | None, n_channels: int, chunk_steps: int) -> None:
        self.pool, self.n_channels, self.chunk_steps = pool, n_channels, chunk_steps
        self.own = local()

    def each(self, work: Callable[[int, int, Scratch], None], n_steps: int, block: int) -> None:
        """work(begin, stop, scratch) for chunks of whole blocks of steps; it returns when all are done."""
        chunks = chunks_of(n_steps, block, self.chunk_steps)
        self.each_of(lambda i: work(*chunks[i], self._scratch()), len(chunks))

    def each_of(self, work: Callable[[int], None], n: int) -> None:
        """work(0) to work(n - 1); it returns when all are done."""
        if self.pool is None:
            for i in range(n):
                work(i)
        else:
            # To ask for the results is to be told of errors.
            list(self.pool.map(partial(_inferring, work), range(n)))

    def _scratch(self) -> Scratch:
        if not hasattr(self.own, "scratch"):
            self.own.scratch = Scratch(self.chunk_steps, self.n_channels)
        scratch: Scratch = self.own.scratch
        return scratch


def _inferring(work: Callable[[int], None], i: int) -> None:
    # Inference mode belongs to a thread.
    with torch.inference_mode():
        work(i)


def chunks_of(n_steps: int, block: int, most: int) -> list[tuple[int, int]]:
    """Where chunks of whole blocks begin and stop, each of up to `most` steps and one as long as the other.

    They are an even number, if there are blocks enough, so that two cores have the same to do.
    """
    n_blocks = -(-n_steps // block)
    n_chunks = -(-n_blocks // (most // block))
    size = -(-n_blocks // (n_chunks + n_chunks % 2)) * block
    return [(begin, min(begin + size, n_steps)) for begin in range(0, n_steps, size)]


@contextmanager
def working(n_channels: int, chunk_steps: int) -> Iterator[Workers]:
    """As many workers as `compute_threads`, on each of which PyTorch computes alone."""
    n_threads = compute_threads()
    with one_compute_thread():
        if n_threads == 1:
            yield Workers(None, n_channels, chunk_steps)
            return
        with ThreadPoolExecutor(n_threads, "tts-waveglow", lambda: torch.set_num_threads(1)) as pool:
            yield Workers(pool, n_channels, chunk_steps)
