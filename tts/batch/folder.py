"""Where the audio files of a run go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from tts.audio.audio import Audio
from tts.errors import TtsError


class FolderFullError(TtsError):
    """Nothing more can be written there: the disk is full or has gone."""


class OutputFolder(ABC):
    """A folder of whole files; it travels to the workers by pickle."""

    @abstractmethod
    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        """Write a file, whole or not at all, in the format of its suffix; its size in bytes.

        When this returns, a power cut does not take the file away.

        Raises:
            TtsError: it cannot be written.
            FolderFullError: nor can any other.
        """

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        """The same for audio that comes in pieces and should not be in memory as a whole."""
        parts = list(pieces)
        return self.write(
            name, Audio(np.concatenate([part.samples for part in parts]), parts[0].sample_rate), sample_rate
        )

    @abstractmethod
    def size(self, name: str) -> int | None:
        """A file's size in bytes; None: there is no such file."""

    @abstractmethod
    def sweep(self) -> None:
        """Take away what runs that were killed left behind; nobody may be writing."""
