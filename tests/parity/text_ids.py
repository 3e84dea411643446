"""Texts and the ids of the reference frontends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.parity.cleaners import nvidia_ids, nvidia_text, torchaudio_character_ids, torchaudio_phone_ids
from tests.parity.comparison import Comparison, compare

FILE = "text_ids.json"


def matches(folder: Path) -> bool:
    return (folder / FILE).is_file()


def check(folder: Path) -> Iterator[Comparison]:
    """Every text of the file; its symbol sets too, where this project has them."""
    document = json.loads((folder / FILE).read_text("utf-8"))
    for number, case in enumerate(document.get("cases", [])):
        ids = nvidia_ids(case["text"], document["symbols"])
        yield compare(f"text {number}", ids, case["ids"])
        if "back" in case:
            back = nvidia_text(case["ids"], document["symbols"])
            yield compare(f"text {number} back", [*map(ord, back)], [*map(ord, case["back"])])
    for number, case in enumerate(document.get("char_cases", [])):
        ids = torchaudio_character_ids(case["text"], document["char_symbols"])
        yield compare(f"characters {number}", ids, case["ids"])
    for number, case in enumerate(document.get("phone_cases", [])):
        ids = torchaudio_phone_ids(case["phones"], document["phone_symbols"])
        yield compare(f"phonemes {number}", ids, case["ids"])
