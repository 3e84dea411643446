"""One utterance as several overlapping streams, which an autoregressive network can speak at the same time.

Folding is WaveRNN's (in the public code of fatchord). Here a stream begins so early that where it is heard, it hears
nothing but samples with their true conditions before it. Neighbours hear the same random numbers besides, and mostly
say the same where one fades into the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tts.kernels.wavenet import Conditions

# Frames in which a stream fades into the next.
FADE = 1


@dataclass(frozen=True)
class Folds:
    """Where `n_streams` of `window` frames each begin, `starts`, and from which frames on they are heard, `firsts`."""

    n_frames: int
    hop_length: int
    window: int
    starts: tuple[int, ...]
    firsts: tuple[int, ...]

    def conditions(self, whole: Conditions) -> Conditions:
        """Streams take the place of the batch: all of the first item's, then those of the next."""
        parts = [whole.cut(start, self.window) for start in self.starts]
        batch = len(whole.samples)

        def streams(tensors: list[Tensor]) -> Tensor:
            return torch.stack([tensor.expand(batch, -1, -1) for tensor in tensors], 1).flatten(0, 1)

        frames, spread = streams([part.frames for part in parts]), streams([part.spread for part in parts])
        return Conditions(frames, spread, streams([part.samples for part in parts]), self.hop_length)

    def cut(self, whole: Tensor) -> Tensor:
        """[B, n, …] → [B * streams, window * hop_length, …]."""
        hop = self.hop_length
        parts = [whole[:, start * hop : (start + self.window) * hop] for start in self.starts]
        return torch.stack(parts, 1).flatten(0, 1)

    def join(self, streams: Tensor) -> Tensor:
        """[B * streams, window * hop_length] → [B, n]; classes are rounded where they are mixed."""
        hop = self.hop_length
        heard = streams.double().view(-1, len(self.starts), streams.shape[1])
        whole = heard.new_zeros(len(heard), self.n_frames * hop)
        rise = (torch.arange(FADE * hop, dtype=heard.dtype) + 0.5) / (FADE * hop)
        for i, (start, first) in enumerate(zip(self.starts, self.firsts, strict=True)):
            part = heard[:, i, (first - start) * hop :]
            place = slice(first * hop, first * hop + part.shape[1])
            weight = torch.ones(part.shape[1], dtype=heard.dtype)
            if first:
                weight[: len(rise)] = rise
            whole[:, place] = whole[:, place] * (1 - weight) + part * weight
        return whole if streams.is_floating_point() else whole.round()


def folds(n_frames: int, hop_length: int, n_streams: int, warm_up: int) -> Folds | None:
    """At most so many streams, each of which has `warm_up` frames before it is heard; None: more would not pay.

    A stream speaks at least as many frames that are heard as others.
    """
    n_streams = min(n_streams, n_frames // (2 * (warm_up + FADE)))
    if n_streams < 2:
        return None
    each = -(-n_frames // n_streams)
    window = warm_up + each + FADE
    firsts = tuple(range(0, n_frames, each))
    starts = tuple(min(max(0, first - warm_up), n_frames - window) for first in firsts)
    return Folds(n_frames, hop_length, window, starts, firsts)
