"""Mu-law, and pre-emphasis: what some vocoders do to a waveform before they learn it, and the way back.

Mu-law is that of ITU-T G.711 without its segments: f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FloatArray = npt.NDArray[np.floating]


def mulaw(samples: Tensor, mu: int = 255) -> Tensor:
    """samples in -1 to 1 → companded, in -1 to 1."""
    return torch.sign(samples) * torch.log1p(mu * samples.abs()) / math.log1p(mu)


def inverse_mulaw(companded: Tensor, mu: int = 255) -> Tensor:
    return torch.sign(companded) * ((1.0 + mu) ** companded.abs() - 1) / mu


def mulaw_codes(samples: Tensor, mu: int = 255) -> Tensor:
    """samples → whole numbers from 0 to mu, cut, not rounded: silence is mu // 2, and mu stands for 1 alone."""
    return ((mulaw(samples, mu) + 1) / 2 * mu).long()


def inverse_mulaw_codes(codes: Tensor, mu: int = 255) -> Tensor:
    return inverse_mulaw(2 * codes.to(torch.get_default_dtype()) / mu - 1, mu)


def preemphasis(samples: FloatArray, coefficient: float) -> FloatArray:
    """y[t] = x[t] - coefficient x[t - 1], along the last axis: high frequencies gain."""
    before = np.concatenate([np.zeros_like(samples[..., :1]), samples[..., :-1]], axis=-1)
    return samples - coefficient * before


def inverse_preemphasis(samples: FloatArray, coefficient: float) -> FloatArray:
    """x[t] = y[t] + coefficient x[t - 1], along the last axis.

    In blocks: inside a block the recursion is a product with a triangular matrix, and only each block's last sample
    is carried over, which is some hundred times as fast in NumPy as sample by sample.
    """
    size = 256
    n = samples.shape[-1]
    padded = np.concatenate([samples, np.zeros((*samples.shape[:-1], -n % size), samples.dtype)], axis=-1)
    blocks = padded.reshape(*samples.shape[:-1], -1, size).astype(np.float64)
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    inside = blocks @ np.where(distance >= 0, float(coefficient) ** np.maximum(distance, 0), 0.0).T
    decay = float(coefficient) ** np.arange(1, size + 1)
    carried = np.zeros(blocks.shape[:-2])
    for i in range(blocks.shape[-2]):
        inside[..., i, :] += carried[..., None] * decay
        carried = inside[..., i, -1]
    whole: FloatArray = inside.reshape(*samples.shape[:-1], -1)[..., :n].astype(samples.dtype)
    return whole
