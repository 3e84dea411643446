"""The alignment network of Badlani et al. 2021, "One TTS Alignment To Rule Them All" (arXiv 2108.10447), section 2.3.

Symbols and mel frames are brought into one space by a few convolutions each; how near they lie says which symbol a
frame belongs to. There is no attention and no position in it: both sides hear only their neighbourhood, so that
what is learned is the sound of a symbol and not its place.

Deviations, for small sets and one core: the network is narrow and has an embedding of its own; the scale of the
distances is learned (the authors fix it at 0.0005); mels are normalised a band, by statistics that lie among the
weights; the prior weighs the paths and not the softmax, so that a symbol is also told from those that the prior
excludes (the authors have this from the blank of their CTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from tts.models.masks import length_mask


@dataclass(frozen=True)
class AlignerDimensions:
    n_symbols: int
    n_mels: int = 80
    channels: int = 128
    shared_channels: int = 64
    symbol_kernel_size: int = 3
    mel_kernel_size: int = 5
    dropout: float = 0.1


class Aligner(nn.Module):
    def __init__(self, dimensions: AlignerDimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.embed = nn.Embedding(d.n_symbols, d.channels)
        self.symbol_encoder = ConvEncoder((d.channels, d.channels), d.shared_channels, d.symbol_kernel_size, d.dropout)
        self.mel_encoder = ConvEncoder(
            (d.n_mels, d.channels, d.channels), d.shared_channels, d.mel_kernel_size, d.dropout
        )
        self.log_scale = nn.Parameter(torch.zeros(()))
        self.mel_mean: Tensor
        self.mel_deviation: Tensor
        self.register_buffer("mel_mean", torch.zeros(d.n_mels, 1))
        self.register_buffer("mel_deviation", torch.ones(d.n_mels, 1))

    def normalise_by(self, mels: Tensor) -> None:
        """Take the statistics of frames [frames, n_mels]."""
        self.mel_mean.copy_(mels.mean(0)[:, None])
        self.mel_deviation.copy_(mels.std(0)[:, None].clamp(min=1e-3))

    def forward(self, ids: Tensor, id_lengths: Tensor, mel: Tensor, frame_lengths: Tensor) -> Tensor:
        """ids [B, S], mel [B, n_mels, T] → log A_soft [B, T, S], normalised over symbols: -inf in their padding.

        The padding of time holds no frames, whatever stands there.
        """
        symbol_mask = length_mask(id_lengths, ids.shape[1])
        frame_mask = length_mask(frame_lengths, mel.shape[2])[:, None]
        symbols = self.symbol_encoder(self.embed(ids).transpose(1, 2), symbol_mask[:, None])
        frames = self.mel_encoder((mel - self.mel_mean) / self.mel_deviation, frame_mask)
        # D, the squared L2 distances, but for the square of the frame, which the softmax takes out again.
        distances = symbols.square().sum(1)[:, None] - 2 * frames.transpose(1, 2) @ symbols
        # A_soft = softmax(-D) over the symbols (section 2.3).
        logits = -distances * (self.log_scale.exp() / self.dimensions.shared_channels**0.5)
        log_soft: Tensor = logits.masked_fill(~symbol_mask[:, None], -torch.inf).log_softmax(2)
        return log_soft


class ConvEncoder(nn.Module):
    """Convolutions from width to width, then a pointwise one: x [B, widths[0], T], mask [B, 1, T] → [B, n_out, T]."""

    def __init__(self, widths: tuple[int, ...], n_out: int, kernel_size: int, dropout: float) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(n_in, n_hidden, kernel_size, padding=kernel_size // 2) for n_in, n_hidden in pairwise(widths)
        )
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Conv1d(widths[-1], n_out, 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for conv in self.convs:
            x = self.dropout(torch.relu(conv(x * mask)))
        encoded: Tensor = self.out(x)
        return encoded


def alignment_prior(id_lengths: Tensor, frame_lengths: Tensor, width: float = 1.0) -> Tensor:
    """The beta-binomial prior (section 2.4) as logarithms [B, T, S]: a band round the diagonal, narrow at its ends.

    At frame t of T, k of the S - 1 steps from symbol to symbol are done with alpha = (t + 1) / width and
    beta = (T - t) / width: `width` is one over the authors' omega. The values in the padding mean nothing.
    """
    device = id_lengths.device
    n = (id_lengths - 1)[:, None, None].float()
    k = torch.arange(int(id_lengths.max()), device=device).float().minimum(n)
    last = (frame_lengths - 1)[:, None, None].float()
    t = torch.arange(int(frame_lengths.max()), device=device).float()[:, None].minimum(last)
    alpha, beta = (t + 1) / width, (last + 1 - t) / width
    total = (last + 2) / width  # alpha + beta
    choose = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    above = torch.lgamma(k + alpha) + torch.lgamma(n - k + beta) - torch.lgamma(n + total)
    below = torch.lgamma(alpha) + torch.lgamma(beta) - torch.lgamma(total)
    return choose + above - below
