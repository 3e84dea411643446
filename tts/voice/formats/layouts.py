"""The foreign layouts that are known, each a module (or object) that recognises and converts its own."""

from __future__ import annotations

from typing import Any, Protocol

from tts.voice.formats import hifigan, tacotron2, waveglow_nvidia, wavenet_r9y9
from tts.voice.formats.converted import Converted
from tts.voice.formats.weights import ForeignWeights


class Layout(Protocol):
    """One layout of checkpoint, whatever its makers call its tensors."""

    def matches(self, weights: ForeignWeights, extras: dict[str, Any]) -> bool:
        """Whether the names (and the values beside them) are this layout's; takes nothing."""

    def convert(
        self, weights: ForeignWeights, extras: dict[str, Any], hyperparameters: dict[str, Any] | None
    ) -> Converted:
        """Take every tensor or drop it knowingly.

        `hyperparameters` come from a JSON file beside the checkpoint; only some layouts need them.

        Raises:
            TtsError: a tensor is missing or left over, or the hyperparameters do not fit or are needed.
        """


# The first that matches is taken.
LAYOUTS: tuple[Layout, ...] = (tacotron2, waveglow_nvidia, wavenet_r9y9, hifigan)
KNOWN = (
    "NVIDIA's Tacotron 2 and WaveGlow, TorchAudio's Tacotron 2, r9y9's WaveNet, and jik876's and SpeechBrain's HiFi-GAN"
)
