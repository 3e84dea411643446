"""What can be measured: networks of public sizes by name, voices by their options, and the texts that they speak.

Nothing here imports anything heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tts.options import SynthesisOptions

Stage = Literal["acoustic", "vocoder"]

# The number formats that a network's weights can have when it speaks (`tts.voice.load`), and their bytes.
BYTES_PER_WEIGHT = {"float32": 4, "bfloat16": 2, "int8": 1}

HELLO = "Hello world."

TEN_SECONDS = (
    "The morning ferry leaves the harbor at half past seven, and by the time it reaches the far side of the bay "
    "the sun has usually burned through the fog that lies on the water in the early autumn."
)


@dataclass(frozen=True)
class Preset:
    """A network of this package by name, the dimensions that differ from its defaults, and the origin of its size."""

    network: str
    stage: Stage
    origin: str
    dimensions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VoiceRequest:
    """The arguments of `tts.load_voice`, with the options that choose the voice's networks."""

    voice: str
    options: SynthesisOptions
    device: str = "auto"
    runtime: str | None = None
    precision: str = "float32"
    threads: int | None = None
    system_espeak: bool = False

    def flags(self) -> list[str]:
        """The flags with which `tts say` loads the same voice."""
        values = {
            "--voice": self.voice,
            "--vocoder": self.options.vocoder,
            "--acoustic": self.options.acoustic,
            "--device": self.device,
            "--runtime": self.runtime,
            "--precision": self.precision,
            "--threads": None if self.threads is None else str(self.threads),
        }
        flags = [part for flag, value in values.items() if value is not None for part in (flag, value)]
        return [*flags, "--system-espeak"] if self.system_espeak else flags


PRESETS: dict[str, Preset] = {
    "waveglow-256": Preset("waveglow", "vocoder", "NVIDIA's WaveGlow of 256 channels", {"channels": 256}),
    "waveglow-512": Preset("waveglow", "vocoder", "the WaveGlow of the paper, 512 channels", {"channels": 512}),
    "wavenet-mol": Preset("wavenet", "vocoder", "r9y9's WaveNet, a mixture of ten logistics"),
    "wavenet-mulaw": Preset(
        "wavenet",
        "vocoder",
        "r9y9's WaveNet, 256 classes of mu-law",
        {"output": "mulaw", "n_outputs": 256, "n_layers": 30, "n_stacks": 3, "preemphasis": 0.0, "gain": 1.0},
    ),
    "wavenet-small": Preset(
        "wavenet",
        "vocoder",
        "a WaveNet for one CPU core: 20 layers of 64 channels",
        {
            "n_outputs": 9,
            "n_layers": 20,
            "n_stacks": 2,
            "kernel_size": 2,
            "residual_channels": 64,
            "gate_channels": 128,
            "skip_channels": 64,
        },
    ),
    "tacotron2": Preset("tacotron2", "acoustic", "NVIDIA's Tacotron 2", {"n_symbols": 148}),
    "fastspeech2": Preset("fastspeech2", "acoustic", "the FastSpeech 2 of this package", {"n_symbols": 57}),
    "hifigan-v1": Preset("hifigan", "vocoder", "HiFi-GAN V1"),
    "hifigan-v2": Preset("hifigan", "vocoder", "HiFi-GAN V2", {"channels": 128}),
    "hifigan-v3": Preset(
        "hifigan",
        "vocoder",
        "HiFi-GAN V3",
        {
            "channels": 256,
            "upsample_rates": (8, 8, 4),
            "upsample_kernel_sizes": (16, 16, 8),
            "block_kernel_sizes": (3, 5, 7),
            "block_dilations": ((1, 2), (2, 6), (3, 12)),
            "two_convolutions": False,
        },
    ),
}
