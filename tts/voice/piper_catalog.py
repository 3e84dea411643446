"""Piper's voices as catalog entries: the published list in compact form, and a newer one that the user fetched.

The makers publish one JSON object (`voices.json`); `compact` keeps what an installation needs, one line per voice. The
list that ships is of July 2026: 163 voices in 49 locales, with 2,672 speakers. Nothing here uses the network.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tts.errors import TtsError

PIPER_FILE = "piper-voices.tsv"
LIST_URL = "https://huggingface.co/rhasspy/piper-voices/resolve/main/voices.json"
PAGE = "https://huggingface.co/rhasspy/piper-voices"
CARD = "MODEL_CARD"
UPDATED_LIST = "The newest list"
COLUMNS = ("key", "language", "country", "speakers", "onnx", "json", "card", "aliases")
# In the makers' order of quality, with the sample rate in Hz that voices of it have.
QUALITIES = {"x_low": 16000, "low": 16000, "medium": 22050, "high": 22050}
NON_COMMERCIAL = {
    "en_US-hfc_female": "HiFi-CAPTAIN",
    "en_US-hfc_male": "HiFi-CAPTAIN",
    "en_US-lessac": "Blizzard Challenge 2013",
    "vi_VN-vivos": "VIVOS, CC-BY-NC-SA-4.0",
}
"""Voices whose data set is known to exclude commercial use, without their quality, and the data set. The list is not
complete: what holds is the model card, which is shown before a voice is installed."""
# A data set may have letters beyond ASCII in its name: pt_PT-tugão-medium.
_KEY = re.compile(r"([a-z]{2,3})_([A-Z]{2})-(\w+)-(x_low|low|medium|high)")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ALIAS = re.compile(r"[A-Za-z0-9_-]+")
_MOST_BYTES = 2 << 30


def compact(published: str) -> str:
    """The makers' list (JSON) as the lines of `PIPER_FILE`, sorted by name.

    Raises:
        TtsError: it is not such a list, or one of its voices is not laid out as all others are.
    """
    try:
        voices = json.loads(published)
        lines = ["\t".join(COLUMNS), *("\t".join(_row(key, voices[key])) for key in sorted(voices))]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise TtsError(f"{UPDATED_LIST} of Piper's voices is not laid out as expected ({problem}).") from None
    if len(lines) == 1:
        raise TtsError(f"{UPDATED_LIST} of Piper's voices is empty.")
    text = "\n".join(lines) + "\n"
    list(read_compact(text))
    return text


def read_compact(text: str) -> Iterator[dict[str, str]]:
    """The voices of a compact list by the names of its columns.

    Raises:
        TtsError: a line is not one of a voice.
    """
    header, *lines = text.splitlines()
    if tuple(header.split("\t")) != COLUMNS:
        raise TtsError("A list of Piper's voices has other columns than this version writes.")
    for line in lines:
        row = dict(zip(COLUMNS, line.split("\t"), strict=False))
        files = [row.get(kind, "").split(":") for kind in ("onnx", "json", "card")]
        is_complete = len(row) == len(COLUMNS) and _KEY.fullmatch(row["key"]) and row["speakers"].isascii()
        if not is_complete or not row["speakers"].isdigit() or not all(_is_file(file) for file in files):
            raise TtsError(f"A list of Piper's voices has the line {line[:80]!r}, which is not of a voice.")
        yield row


def language_of(key: str) -> str:
    """de_DE-thorsten-medium → de-de."""
    return key.partition("-")[0].replace("_", "-").lower()


def quality_of(key: str) -> str:
    return key.rpartition("-")[2]


def name_of(key: str) -> str:
    """The name of the voice here, in ASCII: pt_PT-tugão-medium → pt_PT-tugao-medium."""
    return unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()


def file_urls(key: str) -> tuple[str, str, str]:
    """The addresses of a voice's graph, its JSON and its model card."""
    return tuple(f"{PAGE}/resolve/main/{quote(path)}" for path in _paths(key))  # type: ignore[return-value]


def _paths(key: str) -> tuple[str, str, str]:
    """The files of a voice as the makers' list names them."""
    found = _KEY.fullmatch(key)
    assert found is not None
    family, country, name, quality = found.groups()
    folder = f"{family}/{family}_{country}/{name}/{quality}"
    return f"{folder}/{key}.onnx", f"{folder}/{key}.onnx.json", f"{folder}/{CARD}"


def non_commercial_data(key: str) -> str | None:
    """The data set that is known to exclude commercial use of this voice; None: not known, or none."""
    return NON_COMMERCIAL.get(key.rpartition("-")[0])


def read_list(path: Path) -> str | None:
    """A list on this machine; None if there is none, or it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _row(key: str, voice: dict[str, Any]) -> list[str]:
    if not _KEY.fullmatch(key):
        raise ValueError(f"a voice is called {key[:60]!r}")
    files = [voice["files"][path] for path in _paths(key)]
    language = voice["language"]
    country = language.get("country_english", "")
    aliases = [alias for alias in voice.get("aliases", ()) if _ALIAS.fullmatch(alias)]
    return [
        key,
        " ".join(language["name_english"].split()),
        " ".join(country.split()),
        str(int(voice["num_speakers"])),
        *(f"{int(file['size_bytes'])}:{file['md5_digest']}" for file in files),
        ",".join(aliases),
    ]


def _is_file(parts: list[str]) -> bool:
    return (
        len(parts) == 2
        and parts[0].isascii()
        and parts[0].isdigit()
        and int(parts[0]) <= _MOST_BYTES
        and bool(_MD5.fullmatch(parts[1]))
    )
