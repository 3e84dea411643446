"""The hashes of files whose makers publish none: recorded at the first install, checked at every later one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tts.errors import TtsError
from tts.files import write_text
from tts.voice.manifest import file_sha256


@dataclass(frozen=True)
class Record:
    sha256: str
    size: int


def recorded(records: Path, url: str) -> Record | None:
    """What came from an address the first time.

    Raises:
        TtsError: the records cannot be read.
    """
    return _read(records).get(_key(url))


def record(records: Path, url: str, content: Record) -> None:
    """Remember what came from an address."""
    entries = _read(records) | {_key(url): content}
    document = {key: asdict(entry) for key, entry in sorted(entries.items())}
    records.parent.mkdir(parents=True, exist_ok=True)
    write_text(records, json.dumps(document, indent=2) + "\n")


def measure(path: Path) -> Record:
    """The hash and the size of a file."""
    return Record(file_sha256(path), path.stat().st_size)


def _read(records: Path) -> dict[str, Record]:
    try:
        table = json.loads(records.read_text(encoding="utf-8"))
        return {key: Record(**entry) for key, entry in table.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise TtsError(
            f"The record of downloads {records} cannot be read ({error}); remove it to trust what comes next."
        ) from error


def _key(url: str) -> str:
    """The address without password; what follows the path may be secret and is told apart by its hash only."""
    import httpx

    from tts.voice.transfer import shown

    query = httpx.URL(url).query
    return f"{shown(url)}?{hashlib.sha256(query).hexdigest()[:16]}" if query else shown(url)
