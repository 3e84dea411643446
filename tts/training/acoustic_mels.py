"""The acoustic model's own mels of a prepared corpus, for a vocoder to be fine-tuned on what it will hear.

    python -m tts.training.acoustic_mels PREPARED RUN        writes PREPARED/mels-RUN.npy

True durations, pitch and energy are given, so that every frame still belongs to the recording's samples.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.training.acoustic import collate
from tts.training.data import PreparedCorpus

BATCH_SIZE = 8


@torch.inference_mode()
def write_acoustic_mels(corpus: PreparedCorpus, network: FastSpeech2, path: Path) -> None:
    """Write float16 [frames, n_mels] for all clips end to end, laid out like the recordings' own."""
    mels = np.lib.format.open_memmap(path, "w+", np.float16, corpus.mels.shape)
    items = sorted(corpus.items, key=lambda item: item.n_frames)
    for start in range(0, len(items), BATCH_SIZE):
        chosen = items[start : start + BATCH_SIZE]
        batch = collate(corpus, chosen)
        made = network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel
        for item, mel in zip(chosen, made, strict=True):
            mels[item.frames] = mel[:, : item.n_frames].T.numpy()
    mels.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("run", type=Path)
    args = parser.parse_args()
    options = json.loads((args.run / "network.json").read_text(encoding="utf-8"))["options"]
    network = FastSpeech2(FastSpeech2Dimensions(**options))
    network.load_state_dict(load_file(args.run / "weights.safetensors"))
    corpus = PreparedCorpus(args.prepared)
    write_acoustic_mels(corpus, network.eval(), args.prepared / f"mels-{args.run.name}.npy")


if __name__ == "__main__":
    main()
