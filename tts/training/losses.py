"""Losses, one place each, with the equations they come from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tts.audio.mel import mel_spectrogram, stft
from tts.audio.mel_settings import MelSettings
from tts.models.aligner import hard_alignment
from tts.models.source_filter import F0_CENTRE_HZ
from tts.models.torch_network import length_mask
from tts.models.waveglow import Encoding

MAGNITUDE_FLOOR = 1e-4


def magnitudes(wave: Tensor, fft_sizes: Sequence[int]) -> list[Tensor]:
    """wave [B, n] → a magnitude spectrogram [B, n_fft // 2 + 1, frames] a size, hop n_fft // 4."""
    spectra = (stft(wave, n_fft, n_fft // 4) for n_fft in fft_sizes)
    return [torch.sqrt(s.real.square() + s.imag.square() + MAGNITUDE_FLOOR**2) for s in spectra]


def spectral_loss(predicted: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Spectral convergence plus log magnitude distance, mean over resolutions.

    Yamamoto et al. 2020 (Parallel WaveGAN, arXiv 1910.11480), equations 4 to 6.
    """
    total = predicted[0].new_zeros(())
    for p, t in zip(predicted, target, strict=True):
        convergence = torch.linalg.vector_norm(t - p) / torch.linalg.vector_norm(t)
        total = total + convergence + torch.nn.functional.l1_loss(p.log(), t.log())
    return total / len(predicted)


def mel_loss(predicted: Tensor, target: Tensor, settings: MelSettings) -> Tensor:
    """L1 between log mel spectrograms of two waves [B, n] (Kong et al. 2020, HiFi-GAN, equation 3)."""
    # In low precision, sums over bins would drown what is quiet.
    with torch.autocast(predicted.device.type, enabled=False):
        return torch.nn.functional.l1_loss(mel_spectrogram(predicted, settings), mel_spectrogram(target, settings))


def pitch_loss(octaves: Tensor, f0: Tensor, voiced: Tensor) -> Tensor:
    """Mean distance in octaves between a pitch above `F0_CENTRE_HZ` and F0 in Hz over voiced frames; all [B, T]."""
    off = (octaves - torch.log2(f0 / F0_CENTRE_HZ)).abs()
    return (off * voiced).sum() / voiced.sum().clamp(min=1)


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Least squares (Mao et al. 2017; HiFi-GAN, equation 1): real scores to 1, made ones to 0."""
    return sum((((1 - r) ** 2).mean() + (f**2).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def adversarial_loss(fake: Sequence[Tensor]) -> Tensor:
    """The generator's side of `discriminator_loss` (HiFi-GAN, equation 2)."""
    return sum((((1 - f) ** 2).mean() for f in fake), torch.zeros(()))


def feature_matching_loss(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """L1 between the discriminators' inner features (HiFi-GAN, equation 4), mean over layers and discriminators."""
    pairs = [(r, f) for rs, fs in zip(real, fake, strict=True) for r, f in zip(rs, fs, strict=True)]
    return sum(((r.detach() - f).abs().mean() for r, f in pairs), torch.zeros(())) / len(pairs)


def waveglow_loss(encoding: Encoding, sigma: float = 1.0) -> Tensor:
    """Negative log likelihood in nats a sample, without the Gaussian's constant (WaveGlow, equation 12)."""
    z, log_s, log_det = encoding
    total = z.square().sum() / (2 * sigma**2) - sum(s.sum() for s in log_s) - sum(log_det)
    return total / z.numel()


def forward_sum_loss(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Minus log of the sum over all monotonic paths, a frame (Badlani et al. 2021, arXiv 2108.10447, equation 1).

    log_soft [B, T, S]. A path begins at the first symbol, ends at the last and leaves none out. The authors call CTC
    with a blank that costs little for it; this is the sum itself. Its gradient with respect to log_soft is minus
    the share of the paths' weight that goes through a place, so nothing need be remembered of the recursion.
    """
    with torch.no_grad():
        log_share, log_total = path_shares(log_soft, symbol_lengths, frame_lengths)
        share = log_share.exp()
    expected = -(share * log_soft.masked_fill(share == 0, 0.0)).sum()
    value = -log_total.sum()
    return (expected + (value - expected.detach())) / frame_lengths.sum()


def path_shares(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The share of all paths' weight through each place, as logarithms [B, T, S], and log of all their weight [B]."""
    n_rows = len(log_soft)
    # So that sums over a long clip stay small enough to be exact; no share changes.
    peak = log_soft.amax(2, keepdim=True)
    log_soft = log_soft - peak
    turned = turn(log_soft, symbol_lengths, frame_lengths)
    both = forward_sums(torch.cat([log_soft, turned]))
    forward, backward = both[:n_rows], turn(both[n_rows:], symbol_lengths, frame_lengths)
    rows = torch.arange(n_rows, device=log_soft.device)
    log_total = forward[rows, frame_lengths - 1, symbol_lengths - 1]
    is_speech = length_mask(frame_lengths, log_soft.shape[1])
    is_real = is_speech[..., None] & length_mask(symbol_lengths, log_soft.shape[2])[:, None]
    is_real &= (forward > -torch.inf) & (backward > -torch.inf) & (log_soft > -torch.inf)
    share = (forward + backward - log_soft - log_total[:, None, None]).masked_fill(~is_real, -torch.inf)
    return share, log_total + (peak[..., 0] * is_speech).sum(1)


def forward_sums(log_soft: Tensor) -> Tensor:
    """log of the weight of all paths that begin at the first symbol and have come to each place: [B, T, S].

    alpha[t, s] = p[t, s] (alpha[t - 1, s] + alpha[t - 1, s - 1])
    """
    start = torch.full_like(log_soft[:, 0], -torch.inf)
    start[:, 0] = log_soft[:, 0, 0]
    sums = [start]
    for frame in log_soft[:, 1:].unbind(1):
        before = torch.nn.functional.pad(sums[-1][:, :-1], (1, 0), value=-torch.inf)
        sums.append(torch.logaddexp(sums[-1], before) + frame)
    return torch.stack(sums, dim=1)


def turn(log_soft: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Each row read from its end, in time and in symbols: [B, T, S] → the same shape; padding stays."""
    t = reversal(frame_lengths, log_soft.shape[1])[:, :, None].expand_as(log_soft)
    s = reversal(symbol_lengths, log_soft.shape[2])[:, None].expand_as(log_soft)
    return log_soft.gather(1, t).gather(2, s)


def reversal(lengths: Tensor, size: int) -> Tensor:
    """lengths [B] → indices [B, size]: the first `lengths[b]` from the last to the first, the others in place."""
    places = torch.arange(size, device=lengths.device).expand(len(lengths), size)
    return torch.where(length_mask(lengths, size), lengths[:, None] - 1 - places, places)


def binarisation_loss(log_soft: Tensor, durations: Tensor) -> Tensor:
    """Cross entropy of log_soft [B, T, S] to the hard alignment of durations [B, S], a frame (section 2.5, L_bin)."""
    return -log_soft.masked_select(hard_alignment(durations, log_soft.shape[1])).mean()
