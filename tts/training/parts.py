"""Preparation in parts: features of a few clips at a time, stored on disk so that an interrupted run continues.

A part is a file `NUMBER-KEY.npz`. Its key is a hash of the settings and of all that is known about its clips and their
files, so that a part is reused exactly if it would come out the same.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.errors import TtsError
from tts.files import atomic_write
from tts.kernels.execution import one_compute_thread
from tts.training.data import Dataset
from tts.training.features import Features, FeatureSettings, UnfitError, clip_features
from tts.training.layouts import Clip

CLIPS_PER_PART = 16
# Increment when the same clip and settings give other features than before.
FEATURES_VERSION = 1
# Array of `Features` → file of the prepared folder.
FILES = {"wave": "waves.npy", "mel": "mels.npy", "f0": "f0.npy", "energy": "energy.npy"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """Clips that are prepared together, and the file of their features."""

    path: Path
    clips: tuple[Clip, ...]
    settings: FeatureSettings

    @property
    def is_done(self) -> bool:
        return zipfile.is_zipfile(self.path)

    def outcomes(self) -> list[dict[str, Any]]:
        """Return for each clip `Features.notes` with `n_frames`, or the `reason` and `detail` why it is dropped."""
        with np.load(self.path) as file:
            outcomes: list[dict[str, Any]] = json.loads(str(file["outcomes"]))
            return outcomes

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the features of all its usable clips, concatenated."""
        with np.load(self.path) as file:
            return {name: file[name] for name in FILES}


def split_into_parts(clips: list[Clip], settings: FeatureSettings, folder: Path) -> list[Part]:
    """Return the parts of a data set, in order."""
    settings_key = json.dumps([FEATURES_VERSION, asdict(settings)], sort_keys=True)
    parts = []
    for start in range(0, len(clips), CLIPS_PER_PART):
        chosen = tuple(clips[start : start + CLIPS_PER_PART])
        keys = [settings_key]
        for clip in chosen:
            try:
                stat = clip.file.stat() if clip.file else None
            except OSError:
                stat = None
            known = asdict(clip) | {"file": None if clip.file is None else clip.file.name}
            del known["speaker"]  # No feature depends on it.
            keys.append(json.dumps([known, stat and (stat.st_size, stat.st_mtime_ns)]))
        key = hashlib.sha256("\n".join(keys).encode("utf-8", "surrogatepass"))
        path = folder / f"{start // CLIPS_PER_PART:05d}-{key.hexdigest()[:20]}.npz"
        parts.append(Part(path, chosen, settings))
    return parts


def compute_parts(parts: list[Part], jobs: int, progress: Progress) -> None:
    """Compute the unfinished parts in `jobs` processes; `progress` receives the number of finished and of all clips.

    Raises:
        TtsError: espeak-ng cannot be loaded, or a worker process was killed.
        OSError: a part cannot be written.
    """
    waiting = [part for part in parts if not part.is_done]
    total = sum(len(part.clips) for part in parts)
    done = total - sum(len(part.clips) for part in waiting)
    progress(done, total)
    if jobs == 1:
        # One thread, as in a worker, so that the number of jobs does not change a bit of the result.
        with one_compute_thread():
            for part in waiting:
                done += _compute_part(part)
                progress(done, total)
    else:
        for n_clips in _in_processes(waiting, jobs):
            done += n_clips
            progress(done, total)


def _compute_part(part: Part) -> int:
    """Compute the features of the clips of a part, write its file, and return the number of clips."""
    features: list[Features] = []
    outcomes: list[dict[str, Any]] = []
    for clip in part.clips:
        try:
            found = clip_features(clip, part.settings)
        except UnfitError as unfit:
            outcomes.append(asdict(unfit.fault))
        else:
            features.append(found)
            outcomes.append(found.notes | {"n_frames": len(found.f0)})
    arrays: dict[str, Any] = {}
    for name in FILES:
        values = [getattr(each, name) for each in features]
        arrays[name] = np.concatenate(values) if values else np.zeros(0)
    with atomic_write(part.path) as path, path.open("wb") as file:
        np.savez(file, outcomes=np.array(json.dumps(outcomes)), **arrays)
    return len(part.clips)


def _in_processes(parts: list[Part], jobs: int) -> Iterator[int]:
    # Spawned, not forked: a fork of a process whose OpenMP threads have run hangs at its first parallel region.
    pool = ProcessPoolExecutor(max(1, min(jobs, len(parts))), multiprocessing.get_context("spawn"), _start_worker)
    try:
        for future in as_completed([pool.submit(_compute_part, part) for part in parts]):
            yield future.result()
    except BrokenProcessPool as error:
        raise TtsError(
            "A worker process was killed, often because memory ran out: run the command again with fewer --jobs; "
            "it continues where it stopped."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Compute with one thread, exit without a traceback at Ctrl-C, and exit when the parent process ends."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def exit_with_parent() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=exit_with_parent, daemon=True).start()


def assemble(parts: list[Part], usable: set[str], dataset: Dataset, folder: Path) -> None:
    """Write the concatenated arrays of the clips whose ids are in `usable` to `folder`, reading one part at a time."""
    n, mel = dataset.n_frames, dataset.mel
    layouts: dict[str, tuple[tuple[int, ...], npt.DTypeLike]] = {
        "wave": ((n * mel.hop_length,), np.int16),
        "mel": ((n, mel.n_mels), np.float16),
        "f0": ((n,), np.float32),
        "energy": ((n,), np.float32),
    }
    arrays = {
        name: np.lib.format.open_memmap(folder / FILES[name], "w+", dtype, shape)
        for name, (shape, dtype) in layouts.items()
    }
    target = 0
    for part in parts:
        features, source = part.arrays(), 0
        for clip, outcome in zip(part.clips, part.outcomes(), strict=True):
            n_frames = outcome.get("n_frames", 0)
            if n_frames and clip.id in usable:
                for name, array in arrays.items():
                    # Indices of the wave count samples, all others frames.
                    unit = mel.hop_length if name == "wave" else 1
                    values = features[name][source * unit : (source + n_frames) * unit]
                    array[target * unit : (target + n_frames) * unit] = values
                target += n_frames
            source += n_frames
    for array in arrays.values():
        array.flush()
