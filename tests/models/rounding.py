"""How much of a difference float32 rounding explains, on any processor and with any number of threads.

Two correct computations of a network in float32 differ by the order of their sums. How far that can move a result
depends on the condition of the quantity, which is measured: each weight changes by a random half unit in its last
place, as if it had been rounded, and the movement of the result is the unit. A sum of n terms rounds n times, and
these errors are independent, so sums of up to 64 terms stay within 8 units; the mean over many samples needs half.
"""

import copy

import numpy as np
import torch

DRAWS = 4
EPS = torch.finfo(torch.float32).eps


def largest(difference):
    return float(np.abs(difference).max())


def rms(difference):
    return float(np.sqrt(np.mean(np.square(difference))))


@torch.no_grad()
def rounding_bound(network, run, size=largest):
    """The bound on the `size` of the difference between two computations of the array `run(network)` in float32."""
    result = np.asarray(run(network), np.float64)
    units = [EPS * size(result)]
    for seed in range(DRAWS):
        changed, generator = copy.deepcopy(network), torch.Generator().manual_seed(seed)
        for weight in changed.parameters():
            weight *= 1 + EPS * (torch.rand(weight.shape, generator=generator) - 0.5)
        units.append(size(np.asarray(run(changed), np.float64) - result))
    return (8 if size is largest else 4) * max(units)
