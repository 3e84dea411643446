"""Where a recording stands in its own periods, so that pulses made from its F0 fall where its voice pulses.

F0 is known to a fraction of a percent, and its sum drifts from the voice by whole periods within a word. What is
missing is heard in the recording: the wave times exp(-2 π i φ), with φ the phase summed from F0, has its fundamental
near 0 Hz; smoothed over two periods, its angle is how far the voice's fundamental is ahead of φ (the phase vocoder
of Flanagan & Golden 1966).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.models.source_filter import cycles


def phase_offset(wave: Tensor, f0: Tensor, voiced: Tensor, sample_rate: int) -> Tensor:
    """The phase in cycles, float64 [B, n], that the fundamental of `wave` is ahead of `cycles` of its F0.

    wave [B, n]; f0 [B, T] in Hz with unvoiced frames filled, voiced [B, T], n = T * hop_length. It is what `cycles`
    takes as `initial_phase`: then cos(2 π phase) is the recording's fundamental. Straight lines lead from one voiced
    stretch to the next; where nothing is voiced it is 0.
    """
    hop_length = wave.shape[1] // f0.shape[1]
    phase, _ = cycles(f0, hop_length, sample_rate)
    ahead, heard = _angles(wave, phase, sample_rate / f0, hop_length)
    rows = zip(ahead.cpu().numpy(), (voiced & heard).cpu().numpy(), strict=True)
    lines = np.stack([_line(row, known, hop_length) for row, known in rows])
    return torch.from_numpy(lines).to(wave.device)


def _angles(wave: Tensor, phase: Tensor, periods: Tensor, hop_length: int) -> tuple[Tensor, Tensor]:
    """The angle in cycles at the start of each frame, and whether its window lies within the wave: each [B, T].

    A Hann window of two periods has its zeros at all multiples of F0 but 0, so that no other harmonic leaks in.
    """
    reach = math.ceil(float(periods.max()))
    beaten = torch.polar(wave.double(), -2 * math.pi * phase)
    frames = torch.nn.functional.pad(beaten, (reach, reach)).unfold(1, 2 * reach + 1, hop_length)
    away = torch.arange(-reach, reach + 1, device=wave.device) / periods[:, :, None].double()
    window = torch.where(away.abs() < 1, torch.cos(0.5 * math.pi * away).square(), 0.0)
    middles = torch.arange(periods.shape[1], device=wave.device) * hop_length
    within = (middles >= periods) & (middles + periods < wave.shape[1])
    return torch.angle((frames * window).sum(2)) / (2 * math.pi), within


def _line(ahead: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], hop_length: int) -> npt.NDArray[np.float64]:
    """Angles [T] of which some are known → without jumps, and by straight lines for every sample [T * hop_length]."""
    places = np.flatnonzero(known)
    samples = np.arange(len(ahead) * hop_length)
    if len(places) == 0:
        return np.zeros(len(samples))
    return np.interp(samples, places * hop_length, np.unwrap(ahead[places], period=1.0))
