"""Small WaveNets of every kind with random weights, and their conditioning and noise."""

import math

import torch

from tts.kernels.wavenet import Conditions, Layer, Weights

N_CHANNELS, N_FRAME_CHANNELS = 9, 6
# Kind, outputs, running skips, and layers, stacks, residual, gate and skip channels, taps.
SHAPES = {
    "logistics": ("logistics", 6, False, 6, 2, 4, 6, 5, 3),
    "mulaw": ("mulaw", 16, True, 8, 1, 20, 48, 33, 3),
    "gaussian": ("gaussian", 2, False, 6, 2, 64, 128, 64, 2),
    "one tap": ("logistics", 9, True, 4, 2, 70, 70, 90, 1),
    "four taps": ("gaussian", 2, False, 5, 1, 16, 96, 40, 4),
}


def tiny_weights(name):
    kind, n_outputs, running, n_layers, n_stacks, n_residual, n_gates, n_skip, n_taps = SHAPES[name]
    generator = torch.Generator().manual_seed(0)

    def convolution(n_out, n_in, width=1):
        weight = torch.randn(n_out, n_in, width, generator=generator) / math.sqrt(n_in * width)
        return weight, 0.1 * torch.randn(n_out, generator=generator)

    layers = tuple(
        Layer(
            2 ** (i % (n_layers // n_stacks)),
            *convolution(n_gates, n_residual, n_taps),
            *convolution(n_gates, N_CHANNELS),
            *convolution(n_residual, n_gates // 2),
            *convolution(n_skip, n_gates // 2),
        )
        for i in range(n_layers)
    )
    first = convolution(n_residual, n_outputs if kind == "mulaw" else 1)
    return Weights(kind, running, -7.0, *first, layers, *convolution(n_skip, n_skip), *convolution(n_outputs, n_skip))


def tiny_conditions(n_frames, hop_length, batch, frames=True):
    """With `frames`, most channels are given as frames, of which a sample depends on five; else all at sample rate."""
    generator = torch.Generator().manual_seed(1)
    n, width = n_frames * hop_length, 5 if frames else 0
    n_frame_channels = N_FRAME_CHANNELS if frames else 0
    samples = torch.randn(batch, N_CHANNELS - n_frame_channels, n, generator=generator)
    spread = torch.rand(batch, n, width, generator=generator)
    around = torch.arange(n)[:, None] // hop_length + torch.arange(-2, 3)
    for offset in range(width):
        exists = (around[:, offset] >= 0) & (around[:, offset] < n_frames)
        index = around[:, offset] % width
        spread[:, torch.arange(n)[~exists], index[~exists]] = 0
    exists = torch.randn(batch, n_frame_channels, n_frames if frames else 0, generator=generator)
    return Conditions(exists, spread, samples, hop_length)


def tiny_noise(name, n_steps, batch):
    kind, n_outputs = SHAPES[name][:2]
    generator = torch.Generator().manual_seed(2)
    if kind == "gaussian":
        return torch.randn(batch, n_steps, 1, generator=generator, dtype=torch.float64)
    n = 1 if kind == "mulaw" else n_outputs // 3 + 1
    uniform = torch.rand(batch, n_steps, n, generator=generator, dtype=torch.float64) * 0.998 + 0.001
    if kind == "mulaw":
        return uniform
    return torch.cat([-torch.log(-torch.log(uniform[..., :-1])), torch.logit(uniform[..., -1:])], dim=-1)
