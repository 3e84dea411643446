"""Utterances of a batch as rows of one computation: which of them go together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def alike(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Places in `lengths` in groups of at most `most` and of similar lengths, the longest first within and among them.

    The groups are as equal in size as they can be.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    n_groups = -(-len(order) // most)
    ends = [len(order) * i // n_groups for i in range(n_groups + 1)] if order else [0]
    return [order[start:end] for start, end in pairwise(ends)]
