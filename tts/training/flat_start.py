"""Where symbols roughly lie, found in seconds: the flat start of speech recognisers, before a network learns more.

A Gaussian a symbol over a few coefficients of the mel and their slopes is fitted by expectation and maximisation
(Rabiner 1989, "A Tutorial on Hidden Markov Models", section VI), at first along the diagonal. The alignment network
would find the same, but in hundreds of steps: a softmax learns little while it knows little.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from tts.models.aligner import alignment_prior
from tts.training.losses import path_shares

N_ROUNDS = 8
# For so many rounds the diagonal helps; then what has been found stands by itself.
N_PRIOR_ROUNDS = 4
N_COEFFICIENTS = 16
SLOPE_FRAMES = 3
LEAST_VARIANCE = 0.05
# A symbol heard in fewer frames sounds like everything.
LEAST_FRAMES = 5.0


class SymbolGaussians(nn.Module):
    """For each of `n_symbols` a mean and a variance of every feature [n_symbols, 2 * N_COEFFICIENTS]."""

    def __init__(self, n_symbols: int, n_mels: int) -> None:
        super().__init__()
        n_features = 2 * min(N_COEFFICIENTS, n_mels)
        self.mean: Tensor
        self.variance: Tensor
        self.center: Tensor
        self.spread: Tensor
        self.is_fitted: Tensor
        self.register_buffer("mean", torch.zeros(n_symbols, n_features))
        self.register_buffer("variance", torch.ones(n_symbols, n_features))
        self.register_buffer("center", torch.zeros(n_features))
        self.register_buffer("spread", torch.ones(n_features))
        self.register_buffer("is_fitted", torch.tensor(False))

    def forward(self, ids: Tensor, mel: Tensor) -> Tensor:
        """ids [B, S], mel [B, n_mels, T] → log likelihood of each frame as each symbol [B, T, S]."""
        x, precision = self.normalised(mel), 1 / self.variance
        constant = (self.mean.square() * precision + self.variance.log()).sum(1)
        squares = x.square() @ precision.T - 2 * x @ (self.mean * precision).T + constant
        return (-0.5 * squares).gather(2, ids[:, None].expand(-1, x.shape[1], -1))

    def normalised(self, mel: Tensor) -> Tensor:
        return (features(mel) - self.center) / self.spread

    def normalise_by(self, mels: Iterable[Tensor]) -> None:
        """Take the statistics of clips [n_mels, T]."""
        all_features = torch.cat([features(mel[None])[0] for mel in mels])
        self.center.copy_(all_features.mean(0))
        self.spread.copy_(all_features.std(0).clamp(min=1e-3))

    def set_from(self, counts: Tensor, sums: Tensor, squares: Tensor) -> None:
        """Maximisation: from each symbol's frames [K], and their features' sums and sums of squares [K, features]."""
        n = counts[:, None].clamp(min=1e-6)
        mean = sums / n
        heard = counts[:, None] >= LEAST_FRAMES
        self.mean.copy_(torch.where(heard, mean, torch.zeros_like(mean)))
        variance = (squares / n - mean.square()).clamp(min=LEAST_VARIANCE)
        self.variance.copy_(torch.where(heard, variance, torch.ones_like(variance)))


def features(mel: Tensor) -> Tensor:
    """mel [B, n_mels, T] → the first coefficients of its cosine transform, and their slopes [B, T, 2 n]."""
    n_mels = mel.shape[1]
    places = torch.arange(n_mels, device=mel.device) + 0.5
    orders = torch.arange(min(N_COEFFICIENTS, n_mels), device=mel.device)
    cosines = torch.cos(math.pi / n_mels * orders[:, None] * places) * math.sqrt(2 / n_mels)
    coefficients = cosines @ mel
    # The slope of the straight line of least squares through so many frames.
    steps = torch.arange(-SLOPE_FRAMES, SLOPE_FRAMES + 1, device=mel.device).float()
    padded = nn.functional.pad(coefficients, (SLOPE_FRAMES, SLOPE_FRAMES), mode="replicate")
    slopes = padded.unfold(2, len(steps), 1) @ (steps / steps.square().sum())
    return torch.cat([coefficients, slopes], dim=1).transpose(1, 2)


@torch.no_grad()
def flat_start(gaussians: SymbolGaussians, batches: list[tuple[Tensor, Tensor, Tensor, Tensor]], width: float) -> None:
    """Fit to batches of (ids [B, S], id_lengths [B], mel [B, n_mels, T], frame_lengths [B]); `width`: of the prior."""
    rows = (mel[i, :, :n] for _, _, mel, lengths in batches for i, n in enumerate(lengths))
    gaussians.normalise_by(rows)
    for n_round in range(N_ROUNDS):
        counts = torch.zeros_like(gaussians.mean[:, 0])
        sums, squares = torch.zeros_like(gaussians.mean), torch.zeros_like(gaussians.mean)
        for ids, id_lengths, mel, frame_lengths in batches:
            log_likelihood = gaussians(ids, mel)
            if n_round < N_PRIOR_ROUNDS:
                log_likelihood = log_likelihood + alignment_prior(id_lengths, frame_lengths, width)
            # Expectation: how much of each frame belongs to each symbol of the table.
            share = path_shares(log_likelihood, id_lengths, frame_lengths)[0].exp()
            owners = torch.zeros(*share.shape[:2], len(counts), device=share.device)
            owners.scatter_add_(2, ids[:, None].expand_as(share), share)
            owners, x = owners.flatten(0, 1), gaussians.normalised(mel).flatten(0, 1)
            counts += owners.sum(0)
            sums += owners.T @ x
            squares += owners.T @ x.square()
        gaussians.set_from(counts, sums, squares)
    gaussians.is_fitted.fill_(True)
