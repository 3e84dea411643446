"""What can be installed by name: `catalog.toml` and the list of Piper's voices, which ship with the embedded voices."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tts.config import VOICES_DIR, voices_folder
from tts.errors import TtsError
from tts.voice import piper_catalog
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
class VoiceFile:
    """One file of a voice that its makers publish as several files, under the name that it has beside the others.

    `size` is in bytes, `about_mb` in 10^6 of them if a page rounds it. Of the hashes, makers publish none, MD5 or
    SHA-256; the first installation records SHA-256.
    """

    name: str
    url: str
    size: int | None = None
    about_mb: float | None = None
    md5: str | None = None
    sha256: str | None = None

    @property
    def download_size(self) -> int | None:
        """The size in bytes, as precisely as it is known."""
        return self.size or (round(self.about_mb * 1e6) if self.about_mb else None)


@dataclass(frozen=True)
class PublishedVoice:
    """A voice in files of another project, which become one end-to-end network: the graph first, a model card last.

    `quality` is the makers' word; `licence_note` says what is known of the terms before the model card is read.
    """

    layout: Literal["piper", "kokoro"]
    files: tuple[VoiceFile, ...]
    sample_rate: int
    licence: str
    licence_note: str = ""
    page: str = ""
    quality: str = ""
    n_speakers: int = 1
    aliases: tuple[str, ...] = ()

    @property
    def card(self) -> VoiceFile | None:
        """The file that states the licence, if the makers state it nowhere else."""
        last = self.files[-1]
        return last if last.name == piper_catalog.CARD else None

    @property
    def licence_in_words(self) -> str:
        return f"{self.licence} ({self.licence_note})" if self.licence_note else self.licence


@dataclass(frozen=True)
class CatalogEntry:
    """A voice made of checkpoints, or published as files; the keys of `vocoders` are what `--vocoder` accepts.

    An entry that is only a vocoder, or only an acoustic model, is made of a single checkpoint.
    """

    name: str
    description: str
    language: str
    acoustic: Checkpoint | None
    vocoders: dict[str, Checkpoint] = field(default_factory=dict)
    default_vocoder: str = ""
    published: PublishedVoice | None = None

    @property
    def kind(self) -> str:
        if self.published is not None:
            return "voice"
        if self.acoustic is None:
            return "vocoder"
        return "voice" if self.vocoders else "acoustic model"

    @property
    def checkpoints(self) -> list[Checkpoint]:
        return [*([self.acoustic] if self.acoustic else []), *self.vocoders.values()]

    @property
    def sample_rate(self) -> int:
        return self.published.sample_rate if self.published else self.checkpoints[0].sample_rate

    @property
    def quality(self) -> str:
        return self.published.quality if self.published else ""

    @property
    def n_speakers(self) -> int:
        return self.published.n_speakers if self.published else 1

    @property
    def licences(self) -> str:
        if self.published is not None:
            return self.published.licence_in_words
        return ", ".join(dict.fromkeys(checkpoint.licence for checkpoint in self.checkpoints))

    @property
    def size(self) -> int | None:
        """Bytes of the complete download; None if the size of a file is not published."""
        sizes = [checkpoint.download_size for checkpoint in self.checkpoints]
        sizes += [file.download_size for file in self.published.files] if self.published else []
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


@lru_cache(maxsize=1)
def catalog() -> dict[str, CatalogEntry]:
    """Everything that can be installed by name: voices, single checkpoints, then Piper's voices."""
    entries = load_catalog(embedded_folder() / CATALOG_FILE)
    shipped = embedded_folder() / piper_catalog.PIPER_FILE
    try:
        # A list that the user fetched is used only while it is complete.
        text = piper_catalog.read_list(updated_list_path())
        piper = None if text is None else piper_entries(text)
    except TtsError:
        piper = None
    if piper is None:
        text = piper_catalog.read_list(shipped)
        if text is None:
            raise TtsError(f"The list of voices {shipped} is missing; install utter-tts again.")
        piper = piper_entries(text)
    return {**entries, **piper}


def updated_list_path() -> Path:
    """Where `tts voices update` keeps the newest list of Piper's voices."""
    folder = voices_folder()
    if os.environ.get(VOICES_DIR.variable):
        return folder / f".{piper_catalog.PIPER_FILE}"
    return folder.parent / piper_catalog.PIPER_FILE


def piper_entries(text: str) -> dict[str, CatalogEntry]:
    """The entries of a compact list of Piper's voices, by name; raises TtsError for a line that is not of a voice."""
    entries = {}
    for row in piper_catalog.read_compact(text):
        key, n_speakers = row["key"], int(row["speakers"])
        name, quality = piper_catalog.name_of(key), piper_catalog.quality_of(key)
        names = (f"{key}.onnx", f"{key}.onnx.json", piper_catalog.CARD)
        files = []
        for file, url, column in zip(names, piper_catalog.file_urls(key), ("onnx", "json", "card"), strict=True):
            size, md5 = row[column].split(":")
            files.append(VoiceFile(file, url, int(size), md5=md5))
        data = piper_catalog.non_commercial_data(key)
        published = PublishedVoice(
            layout="piper",
            files=tuple(files),
            sample_rate=piper_catalog.QUALITIES[quality],
            licence="non-commercial" if data else "see its model card",
            licence_note=data or "",
            page=piper_catalog.PAGE,
            quality=quality,
            n_speakers=n_speakers,
            aliases=(*([key] if key != name else []), *filter(None, row["aliases"].split(","))),
        )
        speakers = "" if n_speakers == 1 else f", {n_speakers} speakers"
        description = f"Piper, {row['language']} ({row['country']}), {quality}{speakers}."
        entries[name] = CatalogEntry(name, description, piper_catalog.language_of(key), None, published=published)
    return entries


def find_entry(name: str) -> CatalogEntry | None:
    """The entry of this name, or of an alias that its makers use for it."""
    entries = catalog()
    if name in entries:
        return entries[name]
    return next((entry for entry in entries.values() if entry.published and name in entry.published.aliases), None)


def voices_of_language(language: str) -> list[CatalogEntry]:
    """The voices of a language: "de" means all of de-de, de-at, …."""
    wanted = language.lower().replace("_", "-")
    return [
        entry
        for entry in catalog().values()
        if entry.kind == "voice" and (entry.language == wanted or entry.language.startswith(f"{wanted}-"))
    ]


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
        for name, entry in table.get("published", {}).items():
            description, language = entry.pop("description"), entry.pop("language")
            files = tuple(VoiceFile(**file) for file in entry.pop("files"))
            published = PublishedVoice(files=files, **entry)
            entries[name] = CatalogEntry(name, description, language, None, published=published)
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
    if entry.published is not None:
        return "one network"
    family = entry.checkpoints[0].mel
    if entry.kind == "voice":
        return f"{', '.join(entry.vocoders)}, griffinlim"
    if entry.kind == "acoustic model":
        return f"griffinlim, vocoders of the {family} mel"
    return f"voices of the {family} mel" if family == VOICES_MEL else f"{VOICES_MEL} voices, through a conversion"
