"""What can be installed by name: `catalog.toml`, which ships beside the embedded voices."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tts.errors import TtsError
from tts.voice.manifest import embedded_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CATALOG_FILE = "catalog.toml"
UNKNOWN = "unknown"
VOICES_MEL = "tacotron2"
"""The family of mels that all voices so far use."""


@dataclass(frozen=True)
class Checkpoint:
    """One file at one address, which becomes one network.

    `size` in bytes and `sha256` are given if they are published, `about_mb` (10^6 bytes) if a page rounds the size.
    `mel` names a family: if it differs from a voice's, the mel is converted or the combination refused.
    """

    name: str
    role: Literal["acoustic", "vocoder"]
    description: str
    url: str
    page: str
    licence: str
    sample_rate: int
    mel: str
    licence_note: str = ""
    language: str = ""
    hyperparameters_url: str | None = None
    size: int | None = None
    about_mb: float | None = None
    sha256: str | None = None

    @property
    def download_size(self) -> int | None:
        """The size in bytes, as precisely as it is known."""
        return self.size or (round(self.about_mb * 1e6) if self.about_mb else None)

    @property
    def licence_in_words(self) -> str:
        return f"{self.licence} ({self.licence_note})" if self.licence_note else self.licence


@dataclass(frozen=True)
class CatalogEntry:
    """A voice made of checkpoints; the keys of `vocoders` are the names that `--vocoder` accepts.

    An entry that is only a vocoder, or only an acoustic model, is made of a single checkpoint.
    """

    name: str
    description: str
    language: str
    acoustic: Checkpoint | None
    vocoders: dict[str, Checkpoint] = field(default_factory=dict)
    default_vocoder: str = ""

    @property
    def kind(self) -> str:
        if self.acoustic is None:
            return "vocoder"
        return "voice" if self.vocoders else "acoustic model"

    @property
    def checkpoints(self) -> list[Checkpoint]:
        return [*([self.acoustic] if self.acoustic else []), *self.vocoders.values()]

    @property
    def sample_rate(self) -> int:
        return self.checkpoints[0].sample_rate

    @property
    def licences(self) -> str:
        return ", ".join(dict.fromkeys(checkpoint.licence for checkpoint in self.checkpoints))

    @property
    def size(self) -> int | None:
        """Bytes of the complete download; None if the size of a file is not published."""
        sizes = [checkpoint.download_size for checkpoint in self.checkpoints]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


@lru_cache(maxsize=1)
def catalog() -> dict[str, CatalogEntry]:
    """Everything that can be installed by name: the voices first, then the single checkpoints."""
    return load_catalog(embedded_folder() / CATALOG_FILE)


def load_catalog(path: Path) -> dict[str, CatalogEntry]:
    """Read a catalog.

    Raises:
        TtsError: it cannot be read or contradicts itself.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        checkpoints = {name: Checkpoint(name=name, **entry) for name, entry in table["checkpoints"].items()}
        entries = {}
        for name, entry in table["voices"].items():
            vocoders = {word: checkpoints[key] for word, key in entry["vocoders"].items()}
            if entry["default_vocoder"] not in vocoders:
                raise KeyError(f"{name}: default_vocoder")
            acoustic = checkpoints[entry["acoustic"]]
            entries[name] = CatalogEntry(
                name, entry["description"], entry["language"], acoustic, vocoders, entry["default_vocoder"]
            )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise TtsError(f"The catalog {path} cannot be read ({error}); install utter-tts again.") from error
    for name, checkpoint in checkpoints.items():
        words = (name, checkpoint.description, checkpoint.language)
        if checkpoint.role == "acoustic":
            entries[name] = CatalogEntry(*words, checkpoint)
        else:
            entries[name] = CatalogEntry(*words, None, {name: checkpoint}, name)
    return entries


def known_file(*, url: str | None = None, sha256: str | None = None) -> Checkpoint | None:
    """The catalog's checkpoint with this address, or this published hash."""
    for entry in catalog().values():
        for checkpoint in entry.checkpoints:
            if checkpoint.url == url or (sha256 is not None and checkpoint.sha256 == sha256):
                return checkpoint
    return None


def pairing(entry: CatalogEntry) -> str:
    """What it can be combined with, in words: the vocoders of a voice, the voices for a vocoder."""
    family = entry.checkpoints[0].mel
    if entry.kind == "voice":
        return f"{', '.join(entry.vocoders)}, griffinlim"
    if entry.kind == "acoustic model":
        return f"griffinlim, vocoders of the {family} mel"
    return f"voices of the {family} mel" if family == VOICES_MEL else f"{VOICES_MEL} voices, through a conversion"
