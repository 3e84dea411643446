"""Losses, with the papers and equations that they come from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from tts.audio.mel import mel_spectrogram, stft
from tts.audio.mel_settings import MelSettings
from tts.models.aligner import hard_alignment
from tts.models.source_filter import F0_CENTRE_HZ
from tts.models.torch_network import length_mask
from tts.models.waveglow import Encoding

MAGNITUDE_FLOOR = 1e-4


def masked_l1(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference, weighted by `weight` (a mask, or numbers from 0)."""
    weight = weight.float().expand_as(target)
    return ((predicted - target).abs() * weight).sum() / weight.sum()


# Spectra of waves


def magnitudes(wave: Tensor, fft_sizes: Sequence[int]) -> list[Tensor]:
    """wave [B, n] → per FFT size a magnitude spectrogram [B, n_fft // 2 + 1, frames] with hop n_fft // 4."""
    spectra = (stft(wave, n_fft, n_fft // 4) for n_fft in fft_sizes)
    return [torch.sqrt(s.real.square() + s.imag.square() + MAGNITUDE_FLOOR**2) for s in spectra]


def spectral_loss(predicted: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Spectral convergence plus log magnitude distance, mean over resolutions.

    Yamamoto et al. 2020 (Parallel WaveGAN, arXiv 1910.11480), equations 4 to 6.
    """
    total = predicted[0].new_zeros(())
    for p, t in zip(predicted, target, strict=True):
        convergence = torch.linalg.vector_norm(t - p) / torch.linalg.vector_norm(t)
        total = total + convergence + functional.l1_loss(p.log(), t.log())
    return total / len(predicted)


def mel_loss(predicted: Tensor, target: Tensor, settings: MelSettings) -> Tensor:
    """L1 between log mel spectrograms of two waves [B, n] (Kong et al. 2020, HiFi-GAN, equation 3)."""
    # In float32 always: in low precision the sums over bins lose quiet sounds.
    with torch.autocast(predicted.device.type, enabled=False):
        return functional.l1_loss(mel_spectrogram(predicted, settings), mel_spectrogram(target, settings))


def pitch_loss(octaves: Tensor, f0: Tensor, voiced: Tensor) -> Tensor:
    """Mean distance in octaves over voiced frames; octaves above `F0_CENTRE_HZ`, f0 in Hz, voiced: all [B, T]."""
    distance = (octaves - torch.log2(f0 / F0_CENTRE_HZ)).abs()
    return (distance * voiced).sum() / voiced.sum().clamp(min=1)


def phase_loss(predicted: Tensor, target: Tensor, voiced: Tensor, n_bins: int) -> Tensor:
    """1 minus the cosine of the phase difference of two spectra, mean over the lowest `n_bins` of voiced frames.

    The spectra are complex, [B, bins, T + 1], voiced [B, T]; weights are the roots of the target's magnitudes.
    """
    predicted, target = predicted[:, :n_bins], target[:, :n_bins]
    cosine = (predicted * target.conj()).real / (predicted.abs() * target.abs() + 1e-8)
    # The spectra have one more frame than there are hops.
    frames = torch.cat([voiced, voiced[:, -1:]], dim=1)[:, None]
    weight = (target.abs() + 1e-5).sqrt() * frames
    return ((1 - cosine) * weight).sum() / weight.sum().clamp(min=1e-6)


def waveglow_loss(encoding: Encoding, sigma: float = 1.0) -> Tensor:
    """Negative log likelihood in nats per sample, without the Gaussian's constant (WaveGlow, equation 12)."""
    z, log_s, log_det = encoding
    total = z.square().sum() / (2 * sigma**2) - sum(s.sum() for s in log_s) - sum(log_det)
    return total / z.numel()


# Adversarial training


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Least squares (Mao et al. 2017; HiFi-GAN, equation 1): real scores towards 1, generated ones towards 0."""
    return sum((((1 - r) ** 2).mean() + (f**2).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def adversarial_loss(fake: Sequence[Tensor]) -> Tensor:
    """The generator's side of `discriminator_loss` (HiFi-GAN, equation 2)."""
    return sum((((1 - f) ** 2).mean() for f in fake), torch.zeros(()))


def feature_matching_loss(
    real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]], relative: bool = False
) -> Tensor:
    """L1 between the discriminators' inner features (HiFi-GAN, equation 4), mean over layers and discriminators.

    `relative` divides each layer's distance by the mean magnitude of its real features, so that all layers count alike.
    """
    pairs = [(r.detach(), f) for rs, fs in zip(real, fake, strict=True) for r, f in zip(rs, fs, strict=True)]
    distances = ((r - f).abs().mean() / (r.abs().mean() + 1e-6 if relative else 1.0) for r, f in pairs)
    return sum(distances, torch.zeros(())) / len(pairs)


# Attention of Tacotron 2


def stop_loss(logits: Tensor, lengths: Tensor) -> Tensor:
    """Cross entropy of the stop token (section 2.2), logits [B, T]; the target is the last frame, weighted fivefold."""
    target = (torch.arange(logits.shape[1], device=logits.device) == lengths[:, None] - 1).float()
    weight = length_mask(lengths, logits.shape[1]) * (1 + 4 * target)
    return functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum") / weight.sum()


def attention_loss(alignments: Tensor, durations: Tensor) -> Tensor:
    """Cross entropy of the attention [B, T, S] to the true symbol of each frame, from durations [B, S] in frames."""
    total, n_frames = alignments.new_zeros(()), 0
    for weights, each in zip(alignments, durations, strict=True):
        owner = torch.repeat_interleave(each)
        total = total - torch.log(weights[torch.arange(len(owner), device=owner.device), owner] + 1e-5).sum()
        n_frames += len(owner)
    return total / n_frames


def guidance_loss(alignments: Tensor, id_lengths: Tensor, frame_lengths: Tensor, width: float = 0.2) -> Tensor:
    """Distance of the attention [B, T, S] from the diagonal (Tachibana et al. 2017, arXiv 1710.08969, equation 9).

    Summed over symbols, not averaged, so that long texts have the same weight as short ones.
    """
    frame_mask = length_mask(frame_lengths, alignments.shape[1])
    symbols = torch.arange(alignments.shape[2], device=alignments.device) / id_lengths[:, None]
    frames = torch.arange(alignments.shape[1], device=alignments.device) / frame_lengths[:, None]
    distance = symbols[:, None, :] - frames[:, :, None]
    penalty = 1 - torch.exp(-distance.square() / (2 * width**2))
    return (alignments * penalty * frame_mask[..., None]).sum() / frame_mask.sum()


# Alignment of symbols and frames over all monotonic paths


def forward_sum_loss(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Minus log of the sum over all monotonic paths, per frame (Badlani et al. 2021, arXiv 2108.10447, equation 1).

    log_soft [B, T, S]. A path begins at the first symbol, ends at the last and skips none. The authors approximate the
    sum by CTC with a blank of low cost; this is the sum itself. Its gradient with respect to log_soft is minus the
    share of the paths' weight that passes through each cell, so that the recursion needs no graph.
    """
    with torch.no_grad():
        log_share, log_total = path_shares(log_soft, symbol_lengths, frame_lengths)
        share = log_share.exp()
    expected = -(share * log_soft.masked_fill(share == 0, 0.0)).sum()
    value = -log_total.sum()
    return (expected + (value - expected.detach())) / frame_lengths.sum()


def path_shares(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log share of all paths' weight through each cell [B, T, S], and the log of their total weight [B]."""
    n_rows = len(log_soft)
    # Keeps the sums over long clips small enough to be accurate; the shares do not change.
    peak = log_soft.amax(2, keepdim=True)
    log_soft = log_soft - peak
    reversed_soft = reverse_rows(log_soft, symbol_lengths, frame_lengths)
    both = forward_sums(torch.cat([log_soft, reversed_soft]))
    forward, backward = both[:n_rows], reverse_rows(both[n_rows:], symbol_lengths, frame_lengths)
    rows = torch.arange(n_rows, device=log_soft.device)
    log_total = forward[rows, frame_lengths - 1, symbol_lengths - 1]
    is_speech = length_mask(frame_lengths, log_soft.shape[1])
    is_real = is_speech[..., None] & length_mask(symbol_lengths, log_soft.shape[2])[:, None]
    is_real &= (forward > -torch.inf) & (backward > -torch.inf) & (log_soft > -torch.inf)
    share = (forward + backward - log_soft - log_total[:, None, None]).masked_fill(~is_real, -torch.inf)
    return share, log_total + (peak[..., 0] * is_speech).sum(1)


def forward_sums(log_soft: Tensor) -> Tensor:
    """Return the log weight of all paths from the first symbol to each cell, [B, T, S].

    alpha[t, s] = p[t, s] (alpha[t - 1, s] + alpha[t - 1, s - 1])
    """
    start = torch.full_like(log_soft[:, 0], -torch.inf)
    start[:, 0] = log_soft[:, 0, 0]
    sums = [start]
    for frame in log_soft[:, 1:].unbind(1):
        before = functional.pad(sums[-1][:, :-1], (1, 0), value=-torch.inf)
        sums.append(torch.logaddexp(sums[-1], before) + frame)
    return torch.stack(sums, dim=1)


def reverse_rows(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Reverse each row of [B, T, S] in time and in symbols; padding stays at the end."""
    t = _reversed_indices(frame_lengths, log_soft.shape[1])[:, :, None].expand_as(log_soft)
    s = _reversed_indices(symbol_lengths, log_soft.shape[2])[:, None].expand_as(log_soft)
    return log_soft.gather(1, t).gather(2, s)


def _reversed_indices(lengths: Tensor, size: int) -> Tensor:
    """lengths [B] → indices [B, size]: the first `lengths[b]` in reverse order, then the others in order."""
    indices = torch.arange(size, device=lengths.device).expand(len(lengths), size)
    return torch.where(length_mask(lengths, size), lengths[:, None] - 1 - indices, indices)


def binarisation_loss(log_soft: Tensor, durations: Tensor) -> Tensor:
    """Cross entropy of log_soft [B, T, S] to the hard alignment of durations [B, S], per frame (section 2.5, L_bin)."""
    return -log_soft.masked_select(hard_alignment(durations, log_soft.shape[1])).mean()
