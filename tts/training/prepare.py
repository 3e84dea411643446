"""Prepare a data set: a folder of recordings → a prepared folder with a report (`tts train prepare`).

Clips are read (`layouts`), checked and turned into features (`features`) in parts that survive an interruption
(`parts`); then the parts are concatenated. `dataset.json` is written last: if it exists, the folder is complete.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts import extras
from tts.audio.mel_settings import MelSettings
from tts.dependencies import prepare_matplotlib
from tts.errors import TtsError, UsageError
from tts.files import atomic_write, write_text
from tts.text.symbols import ENGLISH_IPA
from tts.training.data import Dataset, Item, json_lines
from tts.training.features import FeatureSettings, Limits
from tts.training.layouts import SPLITS, Clip, find_layout, read_clips
from tts.training.parts import FILES, Part, Progress, assemble, compute_parts, split_into_parts
from tts.voice.manifest import Speaker
from tts.voice.store import check_voice_name, voice_name_from

PARTS = "unfinished-parts"
# Share of the clips held out for validation and again for tests: at least one and at most `MAX_HELD_OUT` clips each;
# none of fewer than `MIN_TO_SPLIT` clips.
HELD_OUT_SHARE, MAX_HELD_OUT, MIN_TO_SPLIT = 0.02, 100, 8
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PrepareOptions:
    """Options of `prepare`; an empty `name` means the name of the data set's folder."""

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
    """The report of a prepared folder, and whether it existed before."""

    report: dict[str, Any]
    was_there: bool


@dataclass(frozen=True)
class UsableClip:
    """A clip that passed all checks, and the notes of its features with `n_frames`."""

    clip: Clip
    notes: dict[str, Any]


@dataclass(frozen=True)
class Dropped:
    """A clip that cannot be used, and why: one object of dropped.jsonl."""

    id: str
    reason: str
    detail: str


def prepare(
    source: Path,
    out: Path,
    mel: MelSettings | None = None,
    jobs: int = 1,
    options: PrepareOptions | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Prepare the data set `source` in the folder `out`; `progress` receives the number of finished and of all clips.

    Raises:
        UsageError: `source` has no known layout, or `out` holds something else.
        TtsError: no clip can be used, or a file cannot be read or written.
    """
    options, mel = options or PrepareOptions(), mel or MelSettings()
    if out.resolve() == source.resolve():
        raise UsageError(f"{out} is the data set itself: name another folder for the prepared data.")
    layout = find_layout(source, options.layout)
    clips = read_clips(source, layout)
    settings = FeatureSettings(mel, options.language, options.trim, options.limits)
    parts = split_into_parts(clips, settings, out / PARTS)
    # Everything besides the recordings that decides the result, by the name of its option; part of report.json.
    reported = {
        "name": check_voice_name(options.name) if options.name else voice_name_from(source.resolve().name),
        "language": options.language,
        "licence": options.licence,
        "provenance": options.provenance,
        "layout": layout.name,
        "trim": options.trim,
        "min_seconds": options.limits.min_seconds,
        "max_seconds": options.limits.max_seconds,
        "mel": json.loads(json.dumps(asdict(mel))),
    }
    speakers = [asdict(clip.speaker) if clip.speaker else None for clip in clips]
    decisive = json.dumps([[part.path.name for part in parts], reported, *filter(any, [speakers])], sort_keys=True)
    reported["fingerprint"] = hashlib.sha256(decisive.encode()).hexdigest()
    if not options.force and (report := _existing_report(out, reported)) is not None:
        return Prepared(report, was_there=True)

    try:
        (out / PARTS).mkdir(parents=True, exist_ok=True)
        compute_parts(parts, jobs, progress or (lambda done, total: None))
        return Prepared(_finish(parts, reported, out), was_there=False)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TtsError(
                f"The disk of {out} is full: free some space and run the command again; it continues where it stopped."
            ) from error
        raise TtsError(f"{out} cannot be written: {error.strerror}.") from error


def _existing_report(out: Path, reported: dict[str, Any]) -> dict[str, Any] | None:
    """Return the report of a finished folder that was prepared with the same settings; None for an unfinished folder.

    Raises:
        UsageError: the folder holds something else.
        TtsError: the folder is damaged.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not out.is_dir():
        raise UsageError(f"{out} is a file: name a folder for the prepared data.")
    if not (out / "dataset.json").is_file():
        if (out / PARTS).is_dir():
            return None
        raise UsageError(f"{out} holds other files: name a new folder, or write into this one with --force.")
    if missing := [name for name in (*FILES.values(), "items.jsonl") if not (out / name).is_file()]:
        raise TtsError(f"{out} lacks {', '.join(missing)}: prepare it again with --force.")
    try:
        report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
        before: dict[str, Any] = report["settings"]
    except (OSError, ValueError, KeyError) as error:
        raise TtsError(f"{out} has no readable report.json: prepare it again with --force.") from error
    if before.get("fingerprint") == reported["fingerprint"]:
        return report
    changed = [name for name, value in reported.items() if name != "fingerprint" and before.get(name) != value]
    what = f"with another {', '.join(changed)}" if changed else "from recordings or texts that have changed since"
    raise UsageError(f"{out} was prepared {what}: name a new folder, or replace it with --force.")


def _finish(parts: list[Part], reported: dict[str, Any], out: Path) -> dict[str, Any]:
    """Concatenate the parts, write the other files of the prepared folder, and return the report."""
    usable: list[UsableClip] = []
    dropped: list[Dropped] = []
    seen: dict[tuple[str, str], str] = {}
    for part in parts:
        for clip, outcome in zip(part.clips, part.outcomes(), strict=True):
            if "reason" in outcome:
                dropped.append(Dropped(clip.id, outcome["reason"], outcome["detail"]))
            elif (first := seen.setdefault((clip.text, outcome["digest"]), clip.id)) != clip.id:
                dropped.append(Dropped(clip.id, "duplicate", f"the same text and recording as {first}"))
            else:
                usable.append(UsableClip(clip, outcome))
    reasons = Counter(clip.reason for clip in dropped)
    if not usable:
        shutil.rmtree(out / PARTS)
        with suppress(OSError):  # The folder may hold other files.
            out.rmdir()
        counts = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        first_dropped = f"the first, {dropped[0].id}: {dropped[0].detail}"
        raise TtsError(f"None of the {len(dropped)} clips can be used ({counts}); {first_dropped}.")

    items = _items(usable)
    mel = MelSettings(**reported["mel"])
    n_frames = items[-1].first_frame + items[-1].n_frames
    speakers: dict[str, Speaker] = {}
    for speaker in (each.clip.speaker for each in usable):
        if speaker is not None:
            speakers.setdefault(speaker.name, speaker)
    # Symbols that English lacks come after its own, so that training can start from English voices.
    new_symbols = {symbol for item in items for symbol in item.phonemes}.difference(ENGLISH_IPA.symbols)
    dataset = Dataset(
        name=reported["name"],
        language=reported["language"],
        licence=reported["licence"],
        provenance=reported["provenance"],
        frontend="espeak",
        symbols=(*ENGLISH_IPA.symbols, *sorted(new_symbols)),
        mel=mel,
        durations="given" if all(item.durations is not None for item in items) else None,
        n_items=len(items),
        n_frames=n_frames,
        seconds=n_frames * mel.hop_length / mel.sample_rate,
        speakers=tuple(speakers.values()),
    )
    assemble(parts, {item.id for item in items}, dataset, out / PARTS)
    notes = [each.notes for each in usable]
    measures = Measures.of(dataset, items, notes, np.load(out / PARTS / FILES["f0"]))
    report = make_report(dataset, items, measures, notes, reasons, reported)
    draw_report(out / "report.png", measures, reasons)

    # Without dataset.json the folder is not read: at no time do new arrays have an old description.
    (out / "dataset.json").unlink(missing_ok=True)
    for file in FILES.values():
        os.replace(out / PARTS / file, out / file)
    write_text(out / "items.jsonl", json_lines(items))
    write_text(out / "dropped.jsonl", json_lines(dropped))
    write_text(out / "report.json", json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    write_text(out / "dataset.json", dataset.to_json())
    shutil.rmtree(out / PARTS)
    return report


def _items(usable: list[UsableClip]) -> list[Item]:
    """Return the clips as training reads them, with the positions of their frames in the concatenated arrays."""
    splits = splits_of([each.clip for each in usable])
    items: list[Item] = []
    first_frame = 0
    for clip, notes in ((each.clip, each.notes) for each in usable):
        phonemes, durations, n_frames = notes["phonemes"], notes["durations"], notes["n_frames"]
        speaker = clip.speaker.name if clip.speaker else ""
        items.append(Item(clip.id, splits[clip.id], clip.text, phonemes, durations, first_frame, n_frames, speaker))
        first_frame += n_frames
    return items


def splits_of(clips: list[Clip]) -> dict[str, str]:
    """Return the split of each clip by id: the one that the data set gives, or else one by a hash of the id.

    Held-out clips are evenly of all speakers who have `MIN_TO_SPLIT` clips or more, as far as there are enough.
    """
    if any(clip.split for clip in clips):
        return {clip.id: clip.split or SPLITS[0] for clip in clips}
    clips = sorted(clips, key=lambda clip: hashlib.sha256(clip.id.encode("utf-8", "replace")).digest())
    by_speaker: dict[str, list[Clip]] = {}
    for clip in clips:
        by_speaker.setdefault(clip.speaker.name if clip.speaker else "", []).append(clip)
    n = min(MAX_HELD_OUT, max(len(by_speaker), round(HELD_OUT_SHARE * len(clips))))
    # One of each speaker, then a second one, and so on.
    in_turn = sorted((i, name) for name, group in by_speaker.items() for i in range(len(group) // MIN_TO_SPLIT))
    counts = Counter(name for _, name in in_turn[:n])
    splits = {}
    for name, group in by_speaker.items():
        for i, clip in enumerate(group):
            splits[clip.id] = "val" if i < counts[name] else "test" if i < 2 * counts[name] else "train"
    return splits


@dataclass(frozen=True)
class Measures:
    """Per usable clip its seconds, loudness in LUFS, symbols per second, and the F0 in Hz of its voiced frames."""

    seconds: FloatArray
    loudness: FloatArray
    symbols_per_second: FloatArray
    f0_of_clips: list[FloatArray]

    @property
    def f0(self) -> FloatArray:
        return np.concatenate(self.f0_of_clips)

    @classmethod
    def of(
        cls, dataset: Dataset, items: Sequence[Item], notes: Sequence[dict[str, Any]], f0: npt.NDArray[np.float32]
    ) -> Measures:
        seconds = np.array([item.n_frames for item in items]) * dataset.mel.hop_length / dataset.mel.sample_rate
        return cls(
            seconds=seconds,
            loudness=np.array([note["loudness"] for note in notes]),
            symbols_per_second=np.array([len(item.phonemes) for item in items]) / seconds,
            f0_of_clips=[clip[clip > 0].astype(np.float64) for clip in (f0[item.frames] for item in items)],
        )


def make_report(
    dataset: Dataset,
    items: Sequence[Item],
    measures: Measures,
    notes: Sequence[dict[str, Any]],
    reasons: Counter[str],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Return the content of report.json; `notes` are those of the usable clips, `reasons` those of dropped clips."""
    n_dropped = sum(reasons.values())
    new_symbols = dataset.symbols[len(ENGLISH_IPA) :]
    sample_rates = Counter(note["sample_rate"] for note in notes)
    splits = {}
    for split in SPLITS:
        chosen = [i for i, item in enumerate(items) if item.split == split]
        splits[split] = {"clips": len(chosen), "seconds": round(float(measures.seconds[chosen].sum()), 2)}

    speakers = {}
    of_speakers: dict[str, list[int]] = {}
    for i, item in enumerate(items):
        of_speakers.setdefault(item.speaker, []).append(i)
    for speaker in dataset.speakers:
        chosen = of_speakers[speaker.name]
        octaves = np.log2(np.concatenate([measures.f0_of_clips[i] for i in chosen]))
        speakers[speaker.name] = {
            "sex": speaker.sex,
            "clips": len(chosen),
            "training_clips": sum(items[i].split == "train" for i in chosen),
            "seconds": round(float(measures.seconds[chosen].sum()), 2),
            "loudness_lufs": round(float(np.median(measures.loudness[chosen])), 2),
            # The geometric mean, and the standard deviation.
            "f0_hz": round(float(2 ** octaves.mean()), 1) if len(octaves) else None,
            "f0_octaves": round(float(octaves.std()), 3) if len(octaves) else None,
        }

    remarks = []
    if len(speakers) == 1:
        remarks.append(f"All clips are of one speaker, {next(iter(speakers))}: a voice will have a single speaker.")
    if untrained := [name for name, found in speakers.items() if not found["training_clips"]]:
        remarks.append(f"These speakers have no clip for training: {', '.join(untrained)}.")
    if low := sum(note["sample_rate"] < dataset.mel.sample_rate for note in notes):
        remarks.append(
            f"{low} clips have a sample rate below {dataset.mel.sample_rate} Hz: a vocoder will learn to sound dull."
        )
    if not splits["val"]["clips"]:
        remarks.append("There are no clips for validation.")
    if dataset.durations is None:
        remarks.append("There are no durations: FastSpeech 2 needs them; tts train align learns them.")
    if new_symbols:
        remarks.append(f"Symbols that English voices lack were added: {' '.join(new_symbols)}")
    if not extras.is_installed("matplotlib"):
        remarks.append("There is no report.png: it needs matplotlib, pip install 'utter-tts[plot]'.")

    return {
        "clips": {"found": len(items) + n_dropped, "kept": len(items), "dropped": n_dropped},
        "hours": round(dataset.seconds / 3600, 4),
        "dropped": dict(reasons.most_common()),
        "splits": splits,
        "durations": dataset.durations,
        "speakers": speakers,
        "seconds": quantiles(measures.seconds),
        "f0_hz": quantiles(measures.f0),
        "loudness_lufs": quantiles(measures.loudness),
        "symbols_per_second": quantiles(measures.symbols_per_second),
        "symbols": dict(sorted(Counter(symbol for item in items for symbol in item.phonemes).items())),
        "new_symbols": list(new_symbols),
        "sample_rates": {str(rate): n for rate, n in sorted(sample_rates.items())},
        "mixed_to_mono": sum(note["channels"] > 1 for note in notes),
        "remarks": remarks,
        "settings": settings,
    }


def quantiles(values: FloatArray) -> dict[str, float]:
    """Return the quantiles by their percentage; an empty dict for no values."""
    if not len(values):
        return {}
    found = np.quantile(values, QUANTILES)
    return {f"{100 * q:g}%": round(float(value), 3) for q, value in zip(QUANTILES, found, strict=True)}


def draw_report(path: Path, measures: Measures, reasons: Counter[str]) -> None:
    """Draw histograms of the measures and the number of dropped clips to a PNG, if matplotlib is installed."""
    if not extras.is_installed("matplotlib"):
        return
    # A figure of its own: pyplot would look for a display.
    prepare_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 6.5), layout="constrained")
    axes = figure.subplots(2, 3).flatten()
    histograms = (
        (measures.seconds, "seconds", "clips"),
        (measures.symbols_per_second, "symbols per second", "clips"),
        (measures.loudness, "loudness (LUFS)", "clips"),
        (measures.f0, "F0 (Hz)", "voiced frames"),
    )
    for histogram, (values, x_label, y_label) in zip(axes, histograms, strict=False):
        # About the square root of the number of values, and no more bars than a reader can distinguish.
        histogram.hist(values, bins=min(40, max(5, round(len(values) ** 0.5))))
        histogram.set(xlabel=x_label, ylabel=y_label)
    bars = axes[4]
    if reasons:
        pairs = reasons.most_common()[::-1]
        bars.barh([reason for reason, _ in pairs], [count for _, count in pairs])
        bars.set(xlabel="dropped clips")
    else:
        bars.set_axis_off()
        bars.set_title("no clip was dropped")
    axes[5].set_axis_off()
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})
