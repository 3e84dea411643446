"""WaveGlow compared with NVIDIA/waveglow: both directions, the loss and the denoiser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from tests.parity.comparison import Comparison, arrays, built, checkpoints, compare, settings_beside, tensors
from tts.models.denoiser import Denoiser
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.training.losses import waveglow_loss
from tts.voice.checkpoints import waveglow


def matches(folder: Path) -> bool:
    return bool(checkpoints(folder, waveglow))


def check(folder: Path) -> Iterator[Comparison]:
    """Every checkpoint of the folder against everything that the folder expects."""
    for path in checkpoints(folder, waveglow):
        network = built(path, waveglow, "WN_config")
        assert isinstance(network, WaveGlow)
        yield from _sizes(network.dimensions, settings_beside(path, "WN_config"), path.name)
        with torch.no_grad():
            yield from _forward(network, folder, path.name)
            yield from _infer(network, folder, path.name)


def _sizes(d: WaveGlowDimensions, settings: dict[str, Any] | None, name: str) -> Iterator[Comparison]:
    """What was read from the shapes, beside what the network was made with."""
    if settings is None:
        return
    keys = [key for key in ("n_flows", "n_group", "n_early_every", "n_early_size") if key in settings]
    if not any(d.is_early_output(k) for k in range(d.n_flows)):
        keys = [key for key in keys if not key.startswith("n_early")]
    yield compare(f"{name} sizes", [getattr(d, key) for key in keys], [settings[key] for key in keys])
    wn = settings["WN_config"]
    inner = [wn["n_layers"], wn["n_channels"], wn["kernel_size"]]
    yield compare(f"{name} coupling sizes", [d.n_layers, d.channels, d.kernel_size], inner)


def _forward(network: WaveGlow, folder: Path, name: str) -> Iterator[Comparison]:
    if not (folder / "forward_expected.npz").is_file():
        return
    given, expected = tensors(folder / "forward_inputs.npz"), arrays(folder / "forward_expected.npz")
    encoding = network.encode(given["mel"], given["audio"])
    got = {"z": encoding.z, "loss_sigma1": waveglow_loss(encoding, sigma=1.0)}
    got["log_s_sums"] = torch.stack([s.sum() for s in encoding.log_s])
    got["log_det_W"] = torch.stack(encoding.log_det)
    got |= {f"log_s_{k}": s for k, s in enumerate(encoding.log_s)}
    for key, values in expected.items():
        yield compare(f"{name} forward {key}", got[key], values)


def _infer(network: WaveGlow, folder: Path, name: str) -> Iterator[Comparison]:
    if not (folder / "infer_expected.npz").is_file():
        return
    given = tensors(folder / "infer_inputs.npz")
    noise = [given[f"z_{k}"] for k in range(sum(key.startswith("z_") for key in given))]
    audio = network.infer(given["mel"], noise, float(given["sigma"]))
    yield compare(f"{name} infer", audio, arrays(folder / "infer_expected.npz")["audio"])
    drawn = network.noise(given["mel"].shape[0], given["mel"].shape[2])
    yield compare(f"{name} noise shapes", [list(z.shape) for z in drawn], [list(z.shape) for z in noise])
    if (folder / "denoiser_expected.npz").is_file():
        yield from _denoiser(Denoiser(network.hum(), network.mel.n_fft), folder, name)


def _denoiser(denoiser: Denoiser, folder: Path, name: str) -> Iterator[Comparison]:
    expected = arrays(folder / "denoiser_expected.npz")
    # The denoiser was given the reference's own audio.
    audio = tensors(folder / "infer_expected.npz")["audio"]
    yield compare(f"{name} bias_spec", denoiser.bias, expected.pop("bias_spec"))
    for key, values in expected.items():
        strength = float(key.removeprefix("denoised_strength_").replace("_", "."))
        yield compare(f"{name} {key}", denoiser(audio, strength)[:, None], values)
