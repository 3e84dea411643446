"""A folder of recordings → a prepared folder (`tts.training.data`) with a report: what `tts train prepare` does.

Clips are read (`layouts`), checked (`checks`) and turned into features (`features`) in parts that outlive a kill
(`parts`); then the parts are put end to end. `dataset.json` is written last: where it is, the rest is whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError, UsageError
from tts.text.symbols import ENGLISH_IPA
from tts.training.checks import Limits
from tts.training.data import Dataset, Item
from tts.training.features import FeatureSettings
from tts.training.layouts import SPLITS, Clip, find_layout, read_clips
from tts.training.packing import FILES, Dropped, assemble, json_lines, seal
from tts.training.parts import Part, Progress, cut, work
from tts.training.report import Measures, draw, report_on
from tts.voice.store import check_voice_name, voice_name_from

PARTS = "unfinished-parts"
# So much of the clips is held out for validation and as much for tests, one clip at least and this many at most; of
# fewer clips than `MIN_TO_SPLIT` none.
HELD_OUT_SHARE, MAX_HELD_OUT, MIN_TO_SPLIT = 0.02, 100, 8


@dataclass(frozen=True)
class PrepareOptions:
    """What a caller can ask for; without a `name` the folder's own is taken."""

    name: str = ""
    language: str = "en-us"
    licence: str = "unknown"
    provenance: str = ""
    layout: str = "auto"
    trim: bool = True
    limits: Limits = field(default_factory=Limits)
    force: bool = False


@dataclass(frozen=True)
class Prepared:
    """The report of a prepared folder, and whether it was there already."""

    report: dict[str, Any]
    was_there: bool


@dataclass(frozen=True)
class Kept:
    """A clip that can be used: what came of it, and where its frames lie in its part."""

    clip: Clip
    notes: dict[str, Any]


def prepare(
    source: Path,
    out: Path,
    mel: MelSettings | None = None,
    jobs: int = 1,
    options: PrepareOptions | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Prepare the recordings of `source` in the folder `out`; `progress` is told how many clips of how many are done.

    Raises:
        UsageError: `source` is no data set of a known layout, or `out` holds something else.
        TtsError: no clip can be used, or something cannot be read or written.
    """
    options, mel = options or PrepareOptions(), mel or MelSettings()
    if out.resolve() == source.resolve():
        raise UsageError(f"{out} is the data set itself: name another folder for what is prepared.")
    layout = find_layout(source, options.layout)
    clips = read_clips(source, layout)
    settings = FeatureSettings(mel, options.language, options.trim, options.limits)
    parts = cut(clips, settings, out / PARTS)
    told = told_settings(source, layout.name, settings, options)
    told["fingerprint"] = fingerprint(parts, told)
    if not options.force and (report := report_there(out, told)) is not None:
        return Prepared(report, was_there=True)
    try:
        (out / PARTS).mkdir(parents=True, exist_ok=True)
        work(parts, jobs, progress or (lambda done, total: None))
        return Prepared(finish(parts, told, out), was_there=False)
    except OSError as error:
        raise TtsError(unwritable(out, error)) from error


def unwritable(out: Path, error: OSError) -> str:
    """What to tell of a folder that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {out} is full: make room and run the command again, it goes on where it stopped."
    return f"{out} cannot be written: {error.strerror}."


def finish(parts: list[Part], told: dict[str, Any], out: Path) -> dict[str, Any]:
    """Put the parts end to end and write everything beside them; the report."""
    kept, dropped = judge(parts)
    if not kept:
        shutil.rmtree(out / PARTS)
        with suppress(OSError):  # it may hold something else
            out.rmdir()
        raise TtsError(nothing_left(dropped))
    items = itemised(kept)
    dataset = described(items, told)
    assemble(parts, {item.id for item in items}, dataset, out / PARTS)
    notes, reasons = [k.notes for k in kept], Counter(clip.reason for clip in dropped)
    measures = Measures.of(dataset, items, notes, np.load(out / PARTS / FILES["f0"]))
    report = report_on(dataset, items, measures, notes, reasons, told)
    draw(out / "report.png", measures, reasons)
    told_of_it = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    texts = {"items.jsonl": json_lines(items), "dropped.jsonl": json_lines(dropped), "report.json": told_of_it}
    seal(out, out / PARTS, dataset, texts)
    return report


def told_settings(source: Path, layout: str, settings: FeatureSettings, options: PrepareOptions) -> dict[str, Any]:
    """What decides what a prepared folder holds, beside the recordings, by name."""
    return {
        "name": check_voice_name(options.name) if options.name else voice_name_from(source.resolve().name),
        "language": options.language,
        "licence": options.licence,
        "provenance": options.provenance,
        "layout": layout,
        "trim": options.trim,
        "min_seconds": options.limits.min_seconds,
        "max_seconds": options.limits.max_seconds,
        "mel": json.loads(json.dumps(asdict(settings.mel))),
    }


def fingerprint(parts: list[Part], told: dict[str, Any]) -> str:
    """A hash of everything that decides what is prepared."""
    names = [part.path.name for part in parts]
    return hashlib.sha256(json.dumps([names, told], sort_keys=True).encode()).hexdigest()


def report_there(out: Path, told: dict[str, Any]) -> dict[str, Any] | None:
    """The report of a finished folder that was prepared just so; None where there is nothing yet.

    Raises:
        UsageError: the folder holds something else.
        TtsError: its report is damaged.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not out.is_dir():
        raise UsageError(f"{out} is a file: name a folder for what is prepared.")
    if not (out / "dataset.json").is_file():
        if (out / PARTS).is_dir():
            return None
        raise UsageError(f"{out} holds other files: name a new folder, or write into this one with --force.")
    if missing := [name for name in (*FILES.values(), "items.jsonl") if not (out / name).is_file()]:
        raise TtsError(f"{out} lacks {', '.join(missing)}: prepare it anew with --force.")
    try:
        report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
        before: dict[str, Any] = report["settings"]
    except (OSError, ValueError, KeyError) as error:
        raise TtsError(f"{out} has no readable report.json: prepare it anew with --force.") from error
    if before.get("fingerprint") == told["fingerprint"]:
        return report
    changed = [name for name, value in told.items() if name != "fingerprint" and before.get(name) != value]
    what = f"with another {', '.join(changed)}" if changed else "from recordings or texts that have changed since"
    raise UsageError(f"{out} was prepared {what}: name a new folder, or replace it with --force.")


def judge(parts: list[Part]) -> tuple[list[Kept], list[Dropped]]:
    """The clips that can be used and those that cannot, in order; the second of two equal ones cannot."""
    kept: list[Kept] = []
    dropped: list[Dropped] = []
    seen: dict[tuple[str, str], str] = {}
    for part in parts:
        for clip, outcome in zip(part.clips, part.outcomes(), strict=True):
            if "reason" in outcome:
                dropped.append(Dropped(clip.id, outcome["reason"], outcome["detail"]))
                continue
            first = seen.setdefault((clip.text, outcome["digest"]), clip.id)
            if first != clip.id:
                dropped.append(Dropped(clip.id, "duplicate", f"the same text and recording as {first}"))
                continue
            kept.append(Kept(clip, outcome))
    return kept, dropped


def nothing_left(dropped: list[Dropped]) -> str:
    """Why a data set is of no use."""
    counts = Counter(clip.reason for clip in dropped).most_common()
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts)
    first = dropped[0]
    return f"None of the {len(dropped)} clips can be used ({reasons}); the first, {first.id}: {first.detail}."


def itemised(kept: list[Kept]) -> list[Item]:
    """The clips as training reads them, end to end."""
    splits = splits_of(kept)
    items = []
    first_frame = 0
    for clip, notes in ((k.clip, k.notes) for k in kept):
        items.append(
            Item(
                id=clip.id,
                split=splits[clip.id],
                text=clip.text,
                phonemes=notes["phonemes"],
                durations=notes["durations"],
                first_frame=first_frame,
                n_frames=notes["n_frames"],
            )
        )
        first_frame += notes["n_frames"]
    return items


def splits_of(kept: list[Kept]) -> dict[str, str]:
    """The split of each clip by id: as the data set says, or else by a hash of the id."""
    if any(k.clip.split for k in kept):
        return {k.clip.id: k.clip.split or SPLITS[0] for k in kept}
    ids = sorted((k.clip.id for k in kept), key=lambda name: hashlib.sha256(name.encode("utf-8", "replace")).digest())
    n = min(MAX_HELD_OUT, max(1, round(HELD_OUT_SHARE * len(ids)))) if len(ids) >= MIN_TO_SPLIT else 0
    return {name: "val" if i < n else "test" if i < 2 * n else "train" for i, name in enumerate(ids)}


def described(items: list[Item], told: dict[str, Any]) -> Dataset:
    """What dataset.json says; symbols that English lacks come after its own, so that its voices can be trained on."""
    seen = {symbol for item in items for symbol in item.phonemes}
    mel = MelSettings(**told["mel"])
    n_frames = items[-1].first_frame + items[-1].n_frames
    return Dataset(
        name=told["name"],
        language=told["language"],
        licence=told["licence"],
        provenance=told["provenance"],
        frontend="espeak",
        symbols=(*ENGLISH_IPA.symbols, *sorted(seen.difference(ENGLISH_IPA.symbols))),
        mel=mel,
        durations="given" if all(item.durations is not None for item in items) else None,
        n_items=len(items),
        n_frames=n_frames,
        seconds=n_frames * mel.hop_length / mel.sample_rate,
    )
