"""Files of random weights, saved as the public checkpoints are: what `tts voices install` is given.

    python -m tests.public_files FOLDER

writes them in the published sizes (1.5 GB).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tests.foreign_checkpoints import hifigan_state, nvidia_waveglow_state, wavenet_state
from tests.foreign_tacotron2 import ngc_tacotron2
from tts.models.tacotron2 import Tacotron2Dimensions
from tts.text.public_symbols import NVIDIA_SYMBOLS

# r9y9's preset of 2018 for LJ Speech, as far as it says what the network is and hears.
WAVENET_2018 = {
    "input_type": "raw",
    "quantize_channels": 65536,
    "log_scale_min": -32.23619130191664,
    "layers": 24,
    "stacks": 4,
    "sample_rate": 22050,
    "fft_size": 1024,
    "hop_size": 256,
    "num_mels": 80,
    "fmin": 125,
    "fmax": 7600,
    "min_level_db": -100,
    "ref_level_db": 20,
    "rescaling": True,
    "upsample_scales": [4, 4, 4, 4],
    "freq_axis_kernel_size": 3,
}


@dataclass(frozen=True)
class Sizes:
    """What differs from the published sizes, a network each; nothing does by default."""

    tacotron2: dict[str, int] = field(default_factory=dict)
    waveglow: dict[str, int] = field(default_factory=dict)
    wavenet: dict[str, int] = field(default_factory=lambda: {"residual_channels": 512, "gate_channels": 512})
    wavenet_told: dict[str, int] = field(default_factory=dict)
    hifigan: dict[str, int] = field(default_factory=dict)


TINY = Sizes(
    tacotron2={
        "embedding_channels": 8,
        "encoder_channels": 8,
        "attention_rnn_channels": 10,
        "decoder_rnn_channels": 12,
        "prenet_channels": 6,
        "attention_channels": 7,
        "location_filters": 4,
        "postnet_channels": 8,
    },
    waveglow={"n_flows": 5, "n_layers": 2, "channels": 8},
    wavenet={"layers": 4, "residual_channels": 8, "gate_channels": 8, "skip_channels": 8},
    wavenet_told={"layers": 4, "stacks": 2},
    hifigan={"channels": 16},
)


def write_public_files(folder: Path, sizes: Sizes) -> None:
    """tacotron2.pt as NGC has it, waveglow.pt as NVIDIA's repository does, wavenet.pth and its .json as r9y9 had them
    in 2018, hifigan.ckpt as SpeechBrain does."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(ngc_tacotron2(Tacotron2Dimensions(len(NVIDIA_SYMBOLS), **sizes.tacotron2)), folder / "tacotron2.pt")
    torch.save({"state_dict": quiet(nvidia_waveglow_state(**sizes.waveglow))}, folder / "waveglow.pt")
    wavenet: dict[str, Any] = {"transposed": True, "upsample_height": 3, "skip_channels": 256, **sizes.wavenet}
    torch.save({"state_dict": wavenet_state(**wavenet), "global_step": 320000}, folder / "wavenet.pth")
    (folder / "wavenet.json").write_text(json.dumps(WAVENET_2018 | sizes.wavenet_told), encoding="utf-8")
    torch.save(hifigan_state(speechbrain=True, **sizes.hifigan), folder / "hifigan.ckpt")


def quiet(waveglow: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Couplings that hardly scale: twelve random ones in a row would overflow, which trained ones do not."""
    return {name: 0.01 * tensor if ".end." in name else tensor for name, tensor in waveglow.items()}


if __name__ == "__main__":
    write_public_files(Path(sys.argv[1]), Sizes())
