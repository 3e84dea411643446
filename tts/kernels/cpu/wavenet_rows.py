"""The compiled loop over utterances of different lengths: those that are shorter leave when they have their samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tts.kernels.cpu.wavenet import Made, at_once, given_of, packed_for, speak_rows
from tts.kernels.threads import compute_threads
from tts.kernels.wavenet import Conditions, Row, Weights


def generate_all(weights: Weights, rows: Sequence[Row], precision: str) -> list[Tensor]:
    """See `tts.kernels.wavenet.generate_all`; the rows are shared out between the threads, long and short to each."""
    packed = packed_for(weights, rows[0].conditions.frames.shape[1], precision)
    longest_first = sorted(range(len(rows)), key=lambda place: -rows[place].noise.shape[1])
    n_shares = min(len(rows), compute_threads())
    samples: dict[int, Tensor] = {}

    def speak(places: Sequence[int]) -> None:
        conditions, noise = side_by_side([rows[place] for place in places])
        lengths = [rows[place].noise.shape[1] for place in places]
        given = given_of(conditions, slice(None), noise, noise[:, :0, 0], np.array(lengths))
        made = Made(np.zeros(noise.shape[:2]), np.zeros((len(places), 0, len(weights.last)), np.float32))
        speak_rows(packed, given, made, weights.silence)
        for place, row, length in zip(places, torch.from_numpy(made.samples), lengths, strict=True):
            samples[place] = row[:length].long() if weights.kind == "mulaw" else row[:length].float()

    at_once(speak, [longest_first[i::n_shares] for i in range(n_shares)])
    return [samples[place] for place in range(len(rows))]


def side_by_side(rows: Sequence[Row]) -> tuple[Conditions, Tensor]:
    """The rows as a batch, filled up with zeros where they are shorter: conditions and noise."""
    each = [row.conditions for row in rows]
    conditions = Conditions(
        _stacked([one.frames for one in each]),
        _stacked([one.spread for one in each]),
        _stacked([one.samples for one in each]),
        each[0].hop_length,
    )
    return conditions, _stacked([row.noise.double() for row in rows])


def _stacked(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors [1, n, m] → [B, most n, most m]."""
    n, m = (max(tensor.shape[i] for tensor in tensors) for i in (1, 2))
    batch = tensors[0].new_zeros(len(tensors), n, m)
    for place, tensor in zip(batch, tensors, strict=True):
        place[: tensor.shape[1], : tensor.shape[2]] = tensor[0]
    return batch
