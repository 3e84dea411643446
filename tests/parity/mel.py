"""Mel spectrograms, mu-law and pre-emphasis compared with those of NVIDIA, jik876 and r9y9."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import torch

from tests.parity.comparison import Comparison, arrays, compare
from tts.audio.audio import inverse_mulaw_codes, inverse_preemphasis, mulaw, mulaw_codes, preemphasis
from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.voice.checkpoints.wavenet import mel_settings

QUIET_ATOL = 2e-3


def matches(folder: Path) -> bool:
    return (folder / "settings.json").is_file() and any(folder.glob("*_mels.npz"))


def check(folder: Path) -> Iterator[Comparison]:
    hparams = json.loads((folder / "settings.json").read_text())
    for path in sorted(folder.glob("*_mels.npz")):
        samples = _samples(folder / f"{path.stem.removesuffix('_mels')}.wav")
        for key, expected in arrays(path).items():
            settings, atol = _settings(key, hparams)
            # r9y9's mel is librosa's, which computes in more than float32.
            exact = samples.double() if key.startswith("r9y9") else samples
            yield compare(f"{path.stem} {key}", mel_spectrogram(exact, settings)[0], expected, atol=atol)
    for path in sorted(folder.glob("*mulaw_table.npz")):
        yield from _mulaw(path)
    for path in sorted(folder.glob("*_preprocess_*.npz")):
        samples = _samples(folder / f"{path.stem.split('_preprocess_')[1]}.wav")
        yield from _preprocess(arrays(path), samples[0].numpy(), hparams["r9y9"], path.stem)


def _samples(path: Path) -> torch.Tensor:
    return torch.from_numpy(soundfile.read(path, dtype="float32")[0])[None]


def _settings(key: str, hparams: dict[str, Any]) -> tuple[MelSettings, float]:
    if key.startswith("r9y9"):
        return MelSettings(**mel_settings(hparams["r9y9"], normalised=False)), 1e-4
    if key.startswith("hifigan"):
        t = hparams["hifigan"]
        f_max = t["sampling_rate"] / 2 if key.endswith("fmax_none") else t["fmax"]
        sizes = (t["sampling_rate"], t["n_fft"], t["hop_size"], t["num_mels"], t["fmin"], f_max)
        return MelSettings(*sizes, lead=t["hop_size"] // 2, epsilon=1e-9), QUIET_ATOL
    t = hparams["nvidia_tacotron2"]
    sizes = (t["sampling_rate"], t["filter_length"], t["hop_length"], t["n_mel_channels"], t["mel_fmin"], t["mel_fmax"])
    return MelSettings(*sizes), QUIET_ATOL


def _mulaw(path: Path) -> Iterator[Comparison]:
    table = arrays(path)
    x, ids = torch.from_numpy(table["x"]), torch.from_numpy(table["ids"])
    yield compare("mulaw 255", mulaw(x, 255), table["mulaw_mu255"])
    yield compare("mulaw 65535", mulaw(x, 65535), table["mulaw_mu65535"])
    yield compare("mulaw codes", mulaw_codes(x, 255), table["mulaw_quantize_mu255"])
    yield compare("inverse mulaw codes", inverse_mulaw_codes(ids, 255), table["inv_mulaw_quantize_mu255"])
    used = table["inv_mulaw_quantize_mu256_used_by_wavegen"]
    yield compare("inverse mulaw codes, mu 256", inverse_mulaw_codes(ids, 256), used)


def _preprocess(
    expected: dict[str, npt.NDArray[Any]], samples: npt.NDArray[np.float32], hparams: dict[str, Any], name: str
) -> Iterator[Comparison]:
    """r9y9's steps on one recording: trim (the indices are given), high pass, mel; gain, pre-emphasis, mu-law,
    padding."""
    coefficient, gain = float(hparams["preprocess"].split()[-1]), hparams["global_gain_scale"]
    start, end = expected["trim_index"]
    clean = _high_passed(samples[start:end].astype(np.float64), hparams)
    feats = mel_spectrogram(torch.from_numpy(clean)[None], MelSettings(**mel_settings(hparams, normalised=False)))
    yield compare(f"{name} feats", feats[0].T, expected["feats"])
    raw = preemphasis(clean * gain, coefficient)
    raw = np.concatenate([raw, np.zeros(len(expected["wave_raw"]) - len(raw))])
    yield compare(f"{name} wave_raw", raw, expected["wave_raw"])
    codes = mulaw_codes(torch.from_numpy(raw), 255).numpy()
    yield compare(f"{name} wave_mulaw256", codes, expected["wave_mulaw256"])
    (key,) = (key for key in expected if key.startswith("raw_undone_first_"))
    undone = inverse_preemphasis(expected["wave_raw"], coefficient) / gain
    yield compare(f"{name} {key}", undone[: len(expected[key])], expected[key])


def _high_passed(samples: npt.NDArray[np.float64], hparams: dict[str, Any]) -> npt.NDArray[np.float64]:
    """r9y9's `low_cut_filter`, which this project has no use for: 255 taps, designed with a window."""
    taps = scipy.signal.firwin(255, hparams["highpass_cutoff"] / (hparams["sample_rate"] // 2), pass_zero=False)
    filtered: npt.NDArray[np.float64] = scipy.signal.lfilter(taps, 1, samples)
    return filtered
