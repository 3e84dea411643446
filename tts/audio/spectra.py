"""The Fourier transforms of `mel.py` in NumPy, for speaking without PyTorch; tested to be equal to them.

Here frames stand before bins, as transforms and networks go through them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]


def stft(samples: Floats, n_fft: int, hop_length: int) -> Spectrum:
    """samples [n] → complex spectrum [1 + n // hop_length, n_fft // 2 + 1], reflected at the edges."""
    padded = np.pad(samples, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    return np.fft.rfft(frames * hann_window(n_fft), axis=1).astype(np.complex64, copy=False)


def inverse_stft(spectrum: Spectrum, n_fft: int, hop_length: int, length: int) -> Floats:
    """Complex spectrum [T, n_fft // 2 + 1] → samples [length], by overlap and add."""
    window = hann_window(n_fft)
    frames = np.fft.irfft(spectrum, n_fft, axis=1).astype(np.float32, copy=False)
    frames *= window
    whole = slice(n_fft // 2, n_fft // 2 + length)
    weights = overlap_add(np.broadcast_to(window * window, frames.shape), hop_length)[whole]
    samples = overlap_add(frames, hop_length)[whole]
    samples /= weights
    return samples


def overlap_add(frames: Floats, hop_length: int) -> Floats:
    """Frames [T, n], a hop apart → their sum, at least [(T - 1) * hop_length + n] samples."""
    n_frames, size = frames.shape
    n_hops = -(-size // hop_length)
    total = np.zeros((n_frames + n_hops - 1, hop_length), np.float32)
    for i in range(n_hops):
        part = frames[:, i * hop_length : (i + 1) * hop_length]
        total[i : i + n_frames, : part.shape[1]] += part
    return total.ravel()


@lru_cache(maxsize=8)
def hann_window(n_fft: int) -> Floats:
    """The periodic Hann window [n_fft], to be read only."""
    window: Floats = (0.5 - 0.5 * np.cos(2 * np.pi / n_fft * np.arange(n_fft))).astype(np.float32)
    window.setflags(write=False)
    return window
