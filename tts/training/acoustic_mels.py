"""The acoustic model's own mels of a prepared corpus, for a vocoder to be fine-tuned on what it will hear.

True durations, pitch and energy are given, so that every frame still belongs to the recording's samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tts.audio.mel_settings import same_mel
from tts.errors import UsageError
from tts.files import atomic_write
from tts.models.fastspeech2 import FastSpeech2
from tts.training.acoustic import collate
from tts.training.data import PreparedCorpus
from tts.training.loop import on_device
from tts.voice.load import load_acoustic_model
from tts.voice.manifest import VoiceManifest, mel_settings

BATCH_SIZE = 8


def load_fastspeech2(voice: VoiceManifest, corpus: PreparedCorpus, device: str) -> FastSpeech2:
    """The voice's acoustic model, for the corpus.

    Raises:
        UsageError: it cannot be given durations, or it has other symbols or another mel than the corpus.
    """
    network = load_acoustic_model(voice, torch.device(device))
    if not isinstance(network, FastSpeech2):
        raise UsageError(f"{voice.name} finds its own durations: mels that fit the recordings need a FastSpeech 2.")
    if voice.frontend is None or voice.frontend.symbols != corpus.symbols.symbols:
        raise UsageError(f"{voice.name} has other symbols than {corpus.folder}: train one on this corpus.")
    if not same_mel(mel_settings(voice), corpus.mel):
        raise UsageError(f"{voice.name} speaks another mel than {corpus.folder} holds: train one on this corpus.")
    return network


@torch.inference_mode()
def write_acoustic_mels(corpus: PreparedCorpus, network: FastSpeech2, path: Path) -> None:
    """Write float16 [frames, n_mels] for all clips end to end, laid out like the recordings' own.

    Raises:
        TtsError: a clip has no durations, or the file cannot be written.
    """
    device = next(network.parameters()).device
    items = sorted(corpus.items, key=lambda item: item.n_frames)
    with atomic_write(path) as part:
        mels = np.lib.format.open_memmap(part, "w+", np.float16, corpus.mels.shape)
        for start in range(0, len(items), BATCH_SIZE):
            chosen = items[start : start + BATCH_SIZE]
            batch = on_device(collate(corpus, chosen), device)
            made = network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel.cpu()
            for item, mel in zip(chosen, made, strict=True):
                mels[item.frames] = mel[:, : item.n_frames].T.numpy()
        mels.flush()
