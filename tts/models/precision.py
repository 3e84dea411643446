"""Networks that can speak in fewer bits than they were trained in."""

from __future__ import annotations

from itertools import chain
from typing import ClassVar

import torch
from torch import nn

from tts.errors import UsageError


class SpeakingNetwork(nn.Module):
    """A network with a choice of number formats for its weights when it speaks; training is always in its own."""

    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    """The formats it can speak in, of `tts.voice.computing.PRECISIONS`."""
    precision = "float32"

    @property
    def device(self) -> torch.device:
        """Where its weights lie; the CPU where it has none."""
        numbers = next(chain(self.parameters(), self.buffers()), None)
        return torch.device("cpu") if numbers is None else numbers.device

    def set_precision(self, name: str) -> None:
        """Speak in this format from now on.

        Raises:
            UsageError: the network cannot.
        """
        if name not in self.precisions:
            raise UsageError(f"This network speaks in {' or '.join(self.precisions)}, not in {name}.")
        self.precision = name
