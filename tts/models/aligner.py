"""The alignment network of Badlani et al. 2021, "One TTS Alignment To Rule Them All" (arXiv 2108.10447), section 2.3.

A few convolutions each map symbols and mel frames into one space; the distances there say which symbol a frame belongs
to. There is no attention and no position in it: both sides see only their neighbourhood, so that the network learns the
sound of a symbol and not its position.

Deviations, for small corpora and one core: the network is narrow and has an embedding of its own; the scale of the
distances is learned (the authors fix it at 0.0005); mels are normalised per band, by statistics stored with the
weights; the prior weights the paths and not the softmax, so that the network also learns to distinguish a symbol from
those that the prior excludes (the authors have this from the blank of their CTC).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from tts.models.torch_network import length_mask


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
        """Set the statistics to those of frames [frames, n_mels]."""
        self.mel_mean.copy_(mels.mean(0)[:, None])
        self.mel_deviation.copy_(mels.std(0)[:, None].clamp(min=1e-3))

    def forward(self, ids: Tensor, id_lengths: Tensor, mel: Tensor, frame_lengths: Tensor) -> Tensor:
        """ids [B, S], mel [B, n_mels, T] → log A_soft [B, T, S], normalised over symbols: -inf in their padding.

        Rows beyond a mel's length mean nothing.
        """
        symbol_mask = length_mask(id_lengths, ids.shape[1])
        frame_mask = length_mask(frame_lengths, mel.shape[2])[:, None]
        symbols = self.symbol_encoder(self.embed(ids).transpose(1, 2), symbol_mask[:, None])
        frames = self.mel_encoder((mel - self.mel_mean) / self.mel_deviation, frame_mask)
        # D, the squared L2 distances, but for the square of the frame, which the softmax cancels.
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

    At frame t of T it is the probability that k of the S - 1 steps from symbol to symbol are done, with
    alpha = (t + 1) / width and beta = (T - t) / width: `width` is one over the authors' omega. The values in the
    padding mean nothing.
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


def viterbi_durations(log_weights: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """The frames of each symbol [B, S] along the best path that neither goes back nor skips a symbol (Viterbi).

    log_weights [B, T, S], logarithms; the path of row b ends at its last frame and symbol. Each symbol gets at least
    one frame, so there must be as many frames as symbols (`tts.models.tacotron2.best_path` may skip symbols).
    score[t, s] = log w[t, s] + max(score[t - 1, s], score[t - 1, s - 1]), all rows at once.
    """
    log_w = log_weights.detach().float().cpu().numpy()
    n_rows, n_frames, n_symbols = log_w.shape
    has_moved = np.zeros((n_frames, n_rows, n_symbols), dtype=bool)
    score = np.full((n_rows, n_symbols + 1), -np.inf)  # with a column before the first symbol, to come from
    score[:, 1] = log_w[:, 0, 0]
    for t in range(1, n_frames):
        np.greater(score[:, :-1], score[:, 1:], out=has_moved[t])
        score[:, 1:] = np.maximum(score[:, :-1], score[:, 1:]) + log_w[:, t]
    rows = np.arange(n_rows)
    last_frame, symbol = frame_lengths.cpu().numpy() - 1, symbol_lengths.cpu().numpy() - 1
    durations = np.zeros((n_rows, n_symbols), dtype=np.int64)
    for t in range(n_frames - 1, -1, -1):
        is_speech = t <= last_frame
        durations[rows, symbol] += is_speech
        symbol = symbol - (has_moved[t, rows, symbol] & is_speech)
    return torch.from_numpy(durations).to(log_weights.device)


def hard_alignment(durations: Tensor, n_frames: int) -> Tensor:
    """durations [B, S] → A_hard [B, n_frames, S], True where a frame belongs to a symbol."""
    ends = durations.cumsum(1)[:, None]
    frames = torch.arange(n_frames, device=durations.device)[:, None]
    return (frames < ends) & (frames >= ends - durations[:, None])
