"""A prepared folder of three tones instead of speech, as `tts.training.data` reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.tiny_voice import MEL
from tts.text.symbols import ENGLISH_IPA
from tts.training.data import Dataset

TEXT, PHONEMES = "Hello world.", "həlˈoʊ wˈɜːld."
EDGE_FRAMES, FRAMES_PER_SYMBOL = 10, 5
N_FRAMES = 2 * EDGE_FRAMES + FRAMES_PER_SYMBOL * len(PHONEMES)
CLIPS = (("first", "test", 150.0), ("second", "test", 200.0), ("third", "val", 250.0))


def tone(f0: float, seconds: float, sample_rate: int = MEL.sample_rate) -> np.ndarray:
    """Return twenty harmonics of `f0` Hz, float32."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    harmonics = [np.sin(2 * np.pi * k * f0 * times) / k for k in range(1, 21)]
    return (0.2 * np.sum(harmonics, axis=0)).astype(np.float32)


def write_prepared(folder: Path, *, durations: bool = True, sample_rate: int = MEL.sample_rate) -> Path:
    """Write clips of `EDGE_FRAMES` of silence, a tone of `FRAMES_PER_SYMBOL` for each symbol, and silence again."""
    folder.mkdir(parents=True)
    frames = [EDGE_FRAMES, *[FRAMES_PER_SYMBOL] * len(PHONEMES), EDGE_FRAMES]
    rows, waves = [], []
    for number, (name, split, f0) in enumerate(CLIPS):
        edge = np.zeros(EDGE_FRAMES * MEL.hop_length, np.float32)
        seconds = FRAMES_PER_SYMBOL * len(PHONEMES) * MEL.hop_length / MEL.sample_rate
        waves += [edge, tone(f0, seconds), edge]
        row = {"id": name, "split": split, "text": TEXT, "phonemes": PHONEMES}
        row |= {"durations": frames if durations else None, "first_frame": number * N_FRAMES, "n_frames": N_FRAMES}
        rows.append(json.dumps(row) + "\n")
    n_frames = len(CLIPS) * N_FRAMES
    np.save(folder / "waves.npy", np.rint(32768 * np.concatenate(waves)).astype(np.int16))
    np.save(folder / "mels.npy", np.zeros((n_frames, MEL.n_mels), np.float16))
    np.save(folder / "f0.npy", np.zeros(n_frames, np.float32))
    (folder / "items.jsonl").write_text("".join(rows), "utf-8")
    mel = replace(MEL, sample_rate=sample_rate)
    about = ("tiny", "en-us", "CC0-1.0", "Made by a test.", "espeak", ENGLISH_IPA.symbols, mel)
    kind = "given" if durations else None
    dataset = Dataset(*about, kind, len(CLIPS), n_frames, n_frames * MEL.hop_length / sample_rate)
    (folder / "dataset.json").write_text(dataset.to_json(), "utf-8")
    return folder
