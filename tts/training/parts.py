"""The work of preparing, cut into parts of a few clips that are kept on disk: a kill loses those that are under way.

A part is a file `NUMBER-KEY.npz`; its key is a hash of the settings and of all that is known of its clips and their
files, so that a part is used again just when it would come out the same.
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
from tts.kernels.threads import one_compute_thread
from tts.training.checks import UnfitError
from tts.training.features import Features, FeatureSettings, clip_features
from tts.training.layouts import Clip

CLIPS_PER_PART = 16
# Counted up when the same clip and settings would give other features.
FEATURES_VERSION = 1
ARRAYS = ("wave", "mel", "f0", "energy")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """Clips that are prepared together, and the file for what comes of them."""

    path: Path
    clips: tuple[Clip, ...]
    settings: FeatureSettings

    @property
    def is_done(self) -> bool:
        return zipfile.is_zipfile(self.path)

    def outcomes(self) -> list[dict[str, Any]]:
        """One for each clip: what `Features.notes` tells, with `n_frames`; or `reason` and `detail` of its drop."""
        with np.load(self.path) as file:
            outcomes: list[dict[str, Any]] = json.loads(str(file["outcomes"]))
            return outcomes

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The features of all its clips that can be used, end to end."""
        with np.load(self.path) as file:
            return {name: file[name] for name in ARRAYS}


def cut(clips: list[Clip], settings: FeatureSettings, folder: Path) -> list[Part]:
    """The parts of a data set, in order."""
    settings_key = json.dumps([FEATURES_VERSION, asdict(settings)], sort_keys=True)
    parts = []
    for start in range(0, len(clips), CLIPS_PER_PART):
        chosen = tuple(clips[start : start + CLIPS_PER_PART])
        key = hashlib.sha256("\n".join([settings_key, *map(_clip_key, chosen)]).encode("utf-8", "surrogatepass"))
        path = folder / f"{start // CLIPS_PER_PART:05d}-{key.hexdigest()[:20]}.npz"
        parts.append(Part(path, chosen, settings))
    return parts


def work(parts: list[Part], jobs: int, progress: Progress) -> None:
    """Do the parts that are not done, in `jobs` processes; `progress` is told how many clips of how many are done.

    Raises:
        TtsError: espeak-ng cannot be loaded, or a process was killed.
        OSError: a part cannot be written.
    """
    waiting = [part for part in parts if not part.is_done]
    total = sum(len(part.clips) for part in parts)
    done = total - sum(len(part.clips) for part in waiting)
    progress(done, total)
    for n_clips in _in_this_process(waiting) if jobs == 1 else _in_processes(waiting, jobs):
        done += n_clips
        progress(done, total)


def _do(part: Part) -> int:
    """Prepare the clips of a part and write its file; the number of its clips."""
    done: list[Features] = []
    outcomes: list[dict[str, Any]] = []
    for clip in part.clips:
        try:
            features = clip_features(clip, part.settings)
        except UnfitError as unfit:
            outcomes.append(asdict(unfit.fault))
        else:
            done.append(features)
            outcomes.append(features.notes | {"n_frames": len(features.f0)})
    wave, mel, f0, energy = (_joined([getattr(features, name) for features in done]) for name in ARRAYS)
    with atomic_write(part.path) as path, path.open("wb") as file:
        np.savez(file, outcomes=np.array(json.dumps(outcomes)), wave=wave, mel=mel, f0=f0, energy=energy)
    return len(part.clips)


def _joined(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.zeros(0)


def _in_this_process(parts: list[Part]) -> Iterator[int]:
    # As a worker would, so that the number of jobs changes no bit.
    with one_compute_thread():
        yield from map(_do, parts)


def _in_processes(parts: list[Part], jobs: int) -> Iterator[int]:
    # Spawned, not forked: a fork of a process whose OpenMP threads have run hangs at its first parallel region.
    pool = ProcessPoolExecutor(max(1, min(jobs, len(parts))), multiprocessing.get_context("spawn"), _begin_worker)
    try:
        for future in as_completed([pool.submit(_do, part) for part in parts]):
            yield future.result()
    except BrokenProcessPool as error:
        raise TtsError(
            "A process that prepared clips was ended from outside, often for want of memory: run the command again "
            "with fewer --jobs; it goes on where it stopped."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Each worker has a core of its own, ends without a word at Ctrl-C, and when its parent is killed."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _clip_key(clip: Clip) -> str:
    """All that decides what comes of a clip, but for the settings."""
    told = asdict(clip) | {"file": None if clip.file is None else clip.file.name}
    try:
        stat = clip.file.stat() if clip.file else None
    except OSError:
        stat = None
    return json.dumps([told, stat and (stat.st_size, stat.st_mtime_ns)])
