"""What every foreign format is turned into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from tts.voice.manifest import FrontendSpec


@dataclass(frozen=True)
class Converted:
    """A foreign checkpoint in this project's terms.

    `weights` are exactly the state of the network named `network` (a key of `tts.voice.networks`) built with
    `options`. `mel` holds the fields of `MelSettings` that the network speaks or hears. An acoustic model comes with
    its `frontend`. `dropped` names the checkpoint's keys that are knowingly not used.
    """

    layout: str
    role: Literal["acoustic", "vocoder"]
    network: str
    options: dict[str, Any]
    weights: dict[str, Tensor]
    mel: dict[str, Any]
    frontend: FrontendSpec | None = None
    dropped: tuple[str, ...] = field(default=())
