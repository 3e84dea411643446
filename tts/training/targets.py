"""Training targets of vocoders with pulses: recordings with their own phase, or a teacher's output (distillation).

Pulses made from F0 must fall where those of the target do. F0 is accurate to a fraction of a percent, so that its sum
drifts from the recording by whole periods within a word; `phase_offset` measures the drift by the fundamental, and
`aligned_phase` by all harmonics of a vocoder's pulses. A teacher's output needs no measurement: its phase follows from
the mel, the pitch and an initial phase. For a network with the same pulses it is nearly deterministic, and is learned
in a small part of the time that recordings need.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.models.source_filter import Excitation, Guide, Shaping, SourceFilter, cycles, interpolate
from tts.training.data import Segments
from tts.voice.load import load_vocoder
from tts.voice.store import find_installed

# The number of frames over which the fundamental's phase is smoothed, since one frame measures it less exactly than F0.
SMOOTHED_FRAMES = 9
# Pulses are then shifted by up to a quarter of a period, in steps of a hundredth.
MAX_SHIFT, N_SHIFTS = 0.25, 51
# Up to which frequency and harmonic a shift is measured: phases above are too random.
MAX_SHIFT_HZ, MAX_SHIFT_HARMONIC = 4000.0, 48
# The cost of a change by one step from frame to frame and of a shift by a tenth of a period, where perfect agreement of
# all harmonics counts 1 per frame. They grow with the square.
STEP_COST, SHIFT_COST = 0.1, 0.02


@dataclass
class VocoderTarget:
    """Segments whose waves are to be learned, and the phase of their pulses in cycles.

    `initial_phase` is an argument of `tts.models.source_filter.cycles`: [B, 1] of a teacher's output,
    [B, T * hop_length] of recordings.
    """

    segments: Segments
    initial_phase: Tensor

    def pulses(self, excitation: Excitation | Guide | None) -> Tensor | None:
        """Return the conditioning of a network with this excitation, [B, channels, n], from the segments' own pitch."""
        if excitation is None:
            return None
        with torch.no_grad():
            pulses: Tensor = excitation(self.segments.mel, self.segments.f0, self.initial_phase)
        return pulses


def recording_target(segments: Segments, sample_rate: int) -> VocoderTarget:
    """Return the recorded segments with the phase of their fundamental."""
    return VocoderTarget(segments, phase_offset(segments.wave, segments.f0, segments.voiced, sample_rate))


@torch.no_grad()
def teacher_target(segments: Segments, teacher: SourceFilter) -> VocoderTarget:
    """Return the segments as the teacher generates them, at the recordings' pitch and with a random initial phase."""
    # Sampled on the CPU, so that all devices get the same phase.
    initial_phase = torch.rand(len(segments.f0), 1).to(segments.f0.device)
    wave = teacher(segments.mel, f0=segments.f0, initial_phase=initial_phase)
    return VocoderTarget(replace(segments, wave=wave.clamp(-1, 1)), initial_phase)


def load_teacher(name_or_folder: str, mel: MelSettings) -> SourceFilter:
    """Return the source-filter vocoder of a voice, a run or a package of vocoders, whose mel settings must be `mel`.

    Raises:
        UsageError: there is none, or it has other mel settings.
        TtsError: it is damaged.
    """
    manifest = find_installed(name_or_folder)
    names = [name for name, component in manifest.vocoders.items() if component.network == "source_filter"]
    if not names:
        raise UsageError(f"{manifest.name} cannot be the teacher: it has no source_filter vocoder.")
    teacher = load_vocoder(manifest, names[0], torch.device("cpu"))
    if teacher.mel != mel:
        raise UsageError(f"{manifest.name} cannot be the teacher: its mel settings are not those of the data set.")
    assert isinstance(teacher, SourceFilter)
    return teacher


def adopt_excitation(excitation: Excitation | Guide, teacher: SourceFilter) -> None:
    """Copy the teacher's weights to the student's excitation, and freeze them.

    Raises:
        UsageError: the student's guide has other dimensions than the teacher.
    """
    try:
        if isinstance(excitation, Guide):
            excitation.source.load_state_dict(teacher.state_dict())
        else:
            excitation.pitch.load_state_dict(teacher.pitch.state_dict())
    except RuntimeError:
        raise UsageError("The teacher's dimensions are not those of the recipe's options.guide_*.") from None
    excitation.requires_grad_(False)


def phase_offset(wave: Tensor, f0: Tensor, voiced: Tensor, sample_rate: int) -> Tensor:
    """Return the phase in cycles by which the fundamental of `wave` leads `cycles` of its F0, float64 [B, n].

    wave [B, n]; f0 [B, T] in Hz with unvoiced frames filled, voiced [B, T], n = T * hop_length. With the result as the
    `initial_phase` of `cycles`, cos(2 π phase) is the recording's fundamental. Unvoiced frames are interpolated
    linearly; a row without voiced frames is 0.

    The wave times exp(-2 π i φ), φ being the phase summed from F0, has its fundamental near 0 Hz. Smoothed over two
    periods, its angle is the lead of the wave's fundamental over φ (the phase vocoder of Flanagan & Golden 1966). The
    Hann window of two periods is zero at all multiples of F0 except 0, so that no other harmonic leaks in.
    """
    n_frames = f0.shape[1]
    hop_length = wave.shape[1] // n_frames
    phase, _ = cycles(f0, hop_length, sample_rate)
    periods = sample_rate / f0
    reach = math.ceil(float(periods.max()))
    demodulated = torch.polar(wave.double(), -2 * math.pi * phase)
    frames = torch.nn.functional.pad(demodulated, (reach, reach)).unfold(1, 2 * reach + 1, hop_length)
    distance = torch.arange(-reach, reach + 1, device=wave.device) / periods[:, :, None].double()
    window = torch.where(distance.abs() < 1, torch.cos(0.5 * math.pi * distance).square(), 0.0)
    angles = torch.angle((frames * window).sum(2)) / (2 * math.pi)
    # Windows that reach over the ends of the wave are not used.
    centres = torch.arange(n_frames, device=wave.device) * hop_length
    known = voiced & (centres >= periods) & (centres + periods < wave.shape[1])

    samples = np.arange(n_frames * hop_length)
    rows = []
    for row, is_known in zip(angles.cpu().numpy(), known.cpu().numpy(), strict=True):
        indices = np.flatnonzero(is_known)
        if len(indices):
            rows.append(np.interp(samples, indices * hop_length, np.unwrap(row[indices], period=1.0)))
        else:
            rows.append(np.zeros(len(samples)))
    return torch.from_numpy(np.stack(rows)).to(wave.device)


@torch.no_grad()
def aligned_phase(network: SourceFilter, shaping: Shaping, f0: Tensor, segments: Segments, recorded: Tensor) -> Tensor:
    """Return the phase in cycles, float64 [B, n], with which the network's pulses fall on those of the recording.

    It is an `initial_phase` of `cycles`. shaping is the network's for the segments' mels and f0 [B, T] in Hz; recorded
    is the spectrum of their waves, [B, n_bins, T + 1]. The fundamental gives the phase to a tenth of a period, and all
    harmonics together give it exactly enough that their phases can be compared and so learned: first of the low ones,
    by which higher ones are then aligned, as in expectation maximisation.
    """
    mel = network.mel
    offset = phase_offset(segments.wave, f0, segments.voiced, mel.sample_rate)[:, None, :: mel.hop_length]
    window = torch.hann_window(SMOOTHED_FRAMES + 2, periodic=False, dtype=offset.dtype, device=offset.device)[1:-1]
    padded = torch.nn.functional.pad(offset, (SMOOTHED_FRAMES // 2, SMOOTHED_FRAMES // 2), mode="replicate")
    smooth = torch.nn.functional.conv1d(padded, (window / window.sum())[None, None])[:, 0]
    phase = interpolate(torch.cat([smooth, smooth[:, -1:]], dim=1), mel.hop_length)

    shift = pulse_shift(network.pulse_spectrum(shaping, f0, phase), recorded, f0, segments.voiced, mel).double()
    return phase + interpolate(torch.cat([shift, shift[:, -1:]], dim=1), mel.hop_length)


def pulse_shift(generated: Tensor, recorded: Tensor, f0: Tensor, voiced: Tensor, mel: MelSettings) -> Tensor:
    """Return by how many cycles the recorded pulses lead the generated ones in each frame, [B, T].

    generated and recorded are complex spectra [B, n_bins, T + 1], f0 [B, T] in Hz, voiced [B, T]. The result is the
    path of shifts of at most `MAX_SHIFT` on which all harmonics agree best and that changes little (Viterbi).
    """
    n_bins, n_frames = int(MAX_SHIFT_HZ * mel.n_fft / mel.sample_rate), f0.shape[1]
    cross = recorded[:, :n_bins, :n_frames] * generated[:, :n_bins, :n_frames].conj()
    # Weighted by the root of the magnitudes, and scaled to a sum of 1 in each frame.
    cross = cross / (cross.abs().sqrt() + 1e-6)
    cross = cross * (voiced / cross.abs().sum(1).clamp(min=1e-6))[:, None]

    # A shift by d cycles turns harmonic k by k d cycles, and with it all bins that are nearest to it.
    hz = torch.arange(n_bins, device=f0.device) * (mel.sample_rate / mel.n_fft)
    nearest = (hz[None, :, None] / f0[:, None]).round().clamp(1, MAX_SHIFT_HARMONIC).long()
    empty = torch.zeros(len(f0), MAX_SHIFT_HARMONIC + 1, n_frames, dtype=cross.real.dtype, device=f0.device)
    harmonics = torch.complex(empty.scatter_add(1, nearest, cross.real), empty.scatter_add(1, nearest, cross.imag))
    shifts = torch.linspace(-MAX_SHIFT, MAX_SHIFT, N_SHIFTS, device=f0.device)
    turns = -2 * math.pi * torch.arange(MAX_SHIFT_HARMONIC + 1, device=f0.device)[:, None] * shifts
    agreement = torch.einsum("bkt,ks->bts", harmonics, torch.polar(torch.ones_like(turns), turns)).real

    index = torch.arange(N_SHIFTS, device=f0.device)
    path = best_path(agreement - SHIFT_COST * (shifts / 0.1) ** 2, -STEP_COST * (index[:, None] - index) ** 2)
    return shifts[path]


def best_path(scores: Tensor, moves: Tensor) -> Tensor:
    """Return the states [B, T] with the greatest sum of scores [B, T, states] and of moves [from, to] between them."""
    best, origins = scores[:, 0], []
    for frame in scores[:, 1:].unbind(1):
        before, origin = (best[:, :, None] + moves).max(1)
        best = before + frame
        origins.append(origin)
    path = [best.argmax(1)]
    for origin in reversed(origins):
        path.append(origin.gather(1, path[-1][:, None])[:, 0])
    return torch.stack(path[::-1], dim=1)
