"""Recordings with known phoneme durations → one folder of packed features that training reads by memory map.

    python -m tts.training.prepare CORPUS -o PREPARED

CORPUS holds `metadata.jsonl`, a clip a line: `id`, `file`, `split`, `text`, `phonemes`, `durations` (in equal steps of
time: the silence before, one a phoneme symbol, the silence after). PREPARED gets the files described in
`tts.training.data`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.files import to_int16
from tts.audio.mel import MelSettings, mel_spectrogram
from tts.audio.pitch import fundamental_frequency
from tts.text.symbols import ENGLISH_IPA
from tts.training.data import Dataset, frame_energy, read_rows

ARRAYS = {"wave": "waves.npy", "mel": "mels.npy", "f0": "f0.npy", "energy": "energy.npy"}


def frame_durations(durations: list[int], n_frames: int) -> npt.NDArray[np.int64]:
    """Durations in any equal steps → whole frames that add up to `n_frames`.

    Boundaries are rounded, not single durations, so that rounding never adds up.
    """
    boundaries = np.concatenate([[0], np.cumsum(durations)]) * (n_frames / sum(durations))
    return np.diff(np.round(boundaries)).astype(np.int64)


def clip_features(corpus: Path, settings: MelSettings, row: dict[str, Any]) -> dict[str, Any]:
    """One clip's wave [frames * hop_length], mel [frames, n_mels], F0 [frames], frame durations [symbols + 2]."""
    import soundfile
    import soxr
    import torch

    samples, sample_rate = soundfile.read(corpus / row["file"], dtype="float32")
    samples = soxr.resample(samples, sample_rate, settings.sample_rate)
    n_frames = len(samples) // settings.hop_length
    mel = mel_spectrogram(torch.from_numpy(samples)[None], settings)[0, :, :n_frames].numpy().T
    f0 = fundamental_frequency(samples, settings.sample_rate, settings.hop_length)[:n_frames]
    packed_mel = mel.astype(np.float16)
    return {
        "wave": to_int16(samples[: n_frames * settings.hop_length]),
        "mel": packed_mel,
        "f0": f0,
        # Of the mel as it is kept, so that it can be had again from it.
        "energy": frame_energy(packed_mel),
        "durations": frame_durations(row["durations"], n_frames).tolist(),
    }


def prepare(corpus: Path, out: Path, settings: MelSettings, jobs: int) -> None:
    """Write the packed features of every clip of `corpus` to `out`."""
    rows = read_rows(corpus / "metadata.jsonl")
    out.mkdir(parents=True, exist_ok=True)
    packed: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ARRAYS}
    n_frames = 0
    # Spawned, not forked: a fork of a process whose OpenMP threads have run hangs at its first parallel region.
    workers = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _use_one_thread)
    with (out / "items.jsonl").open("w", encoding="utf-8") as items, workers as pool:
        for row, clip in zip(rows, pool.map(partial(clip_features, corpus, settings), rows, chunksize=8), strict=True):
            for name, parts in packed.items():
                parts.append(clip[name])
            item = {key: row[key] for key in ("id", "split", "text", "phonemes")}
            item |= {"durations": clip["durations"], "first_frame": n_frames, "n_frames": len(clip["f0"])}
            items.write(json.dumps(item, ensure_ascii=False) + "\n")
            n_frames += len(clip["f0"])
    for name, file in ARRAYS.items():
        np.save(out / file, np.concatenate(packed[name]))
    dataset = Dataset(
        name=corpus.resolve().name,
        language="en-us",
        licence="",
        provenance="",
        frontend="espeak",
        symbols=ENGLISH_IPA.symbols,
        mel=settings,
        durations="given",
        n_items=len(rows),
        n_frames=n_frames,
        seconds=n_frames * settings.hop_length / settings.sample_rate,
    )
    (out / "dataset.json").write_text(dataset.to_json(), encoding="utf-8")


def _use_one_thread() -> None:
    """Each worker has a core of its own."""
    import torch

    torch.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    prepare(args.corpus, args.out, MelSettings(), args.jobs)


if __name__ == "__main__":
    main()
