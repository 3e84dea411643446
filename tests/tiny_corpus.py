"""A prepared folder of six buzzing clips of a second each, and recipes of networks that train in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from tests.tiny_voice import MEL
from tts.audio.audio import to_int16
from tts.audio.mel import mel_spectrogram
from tts.text.symbols import ENGLISH_IPA
from tts.training.data import Dataset, frame_energy
from tts.training.recipe import TrainingRecipe
from tts.voice.manifest import Speaker

PHONEMES = "həlˈoʊ."
N_CLIPS = 6
N_FRAMES = 86
DURATIONS = [10, *[10] * (len(PHONEMES) - 1), 12, 4]

SMALL_FASTSPEECH2 = {
    "channels": 16,
    "encoder_hidden": 16,
    "decoder_hidden": 16,
    "predictor_channels": 16,
    "n_encoder_blocks": 1,
    "n_decoder_blocks": 1,
}
SMALL_TACOTRON2 = {
    "embedding_channels": 16,
    "encoder_channels": 16,
    "attention_rnn_channels": 16,
    "decoder_rnn_channels": 16,
    "prenet_channels": 16,
    "attention_channels": 16,
    "location_filters": 4,
    "postnet_channels": 16,
}
SMALL_VOCODER = {"channels": 16, "hidden": 16, "n_blocks": 1}
SMALL_WAVEGLOW = {
    "n_flows": 2,
    "n_group": 128,
    "n_early_every": 2,
    "n_layers": 1,
    "channels": 8,
    "condition_channels": 16,
}
SMALL_LAPPED_WAVEGLOW = {
    "channels": 16,
    "hidden": 32,
    "n_blocks": 1,
    "n_flows": 2,
    "n_layers": 1,
    "flow_channels": 8,
    "condition_channels": 8,
}
SMALL_WAVENET = {
    "output": "gaussian",
    "n_outputs": 2,
    "n_layers": 4,
    "n_stacks": 2,
    "residual_channels": 8,
    "gate_channels": 8,
    "skip_channels": 8,
    "log_scale_min": -7.0,
    "pulses": True,
}
SMALL_HIFIGAN = {
    "channels": 16,
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "block_kernel_sizes": [3],
    "block_dilations": [[1, 2]],
    "two_convolutions": False,
}

_ACOUSTIC = {"batch_size": 2}
_VOCODER = {"batch_size": 2, "segment_frames": 16}
RECIPES = {
    "fastspeech2": ("acoustic", SMALL_FASTSPEECH2, {**_ACOUSTIC, "critic_frames": 32}),
    "tacotron2": ("acoustic", SMALL_TACOTRON2, _ACOUSTIC),
    "vocos": ("vocoder", SMALL_VOCODER, _VOCODER),
    "source_filter": ("vocoder", SMALL_VOCODER, _VOCODER),
    "waveglow": ("vocoder", SMALL_WAVEGLOW, {**_VOCODER, "dither": 1e-3, "mel_weight": 5.0}),
    "lapped_waveglow": ("vocoder", SMALL_LAPPED_WAVEGLOW, {**_VOCODER, "dither": 1e-3, "mel_weight": 5.0}),
    "wavenet": ("vocoder", SMALL_WAVENET, {**_VOCODER, "dither": 1e-4}),
    "hifigan": ("vocoder", SMALL_HIFIGAN, {**_VOCODER, "critic_channels": 32}),
    "aligner": ("align", {"channels": 8, "shared_channels": 4}, {"batch_size": 2}),
}


def tiny_recipe(network: str, **schedule: object) -> TrainingRecipe:
    kind, options, settings = RECIPES[network]
    return TrainingRecipe("tiny", "A tiny network for tests.", kind, network, options, settings, dict(schedule))


def recipe_text(network: str, **schedule: object) -> str:
    """The same as the text of a recipe's file."""
    kind, options, settings = RECIPES[network]
    tables = {"options": options, "settings": settings, "schedule": {"log_every": 1, "validate_every": 20, **schedule}}
    lines = ['description = "tiny"', f'kind = "{kind}"', f'network = "{network}"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def write_tiny_corpus(
    folder: Path,
    *,
    durations: bool = True,
    symbols: tuple[str, ...] = ENGLISH_IPA.symbols,
    speakers: tuple[str, ...] = (),
) -> Path:
    """Write clips that buzz at 150 Hz, 170 Hz, …; the last one is for validation. The speakers take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    n_samples = N_FRAMES * MEL.hop_length
    t = np.arange(n_samples) / MEL.sample_rate
    pitches = [150 + 20 * i for i in range(N_CLIPS)]
    waves = [sum(0.1 / k * np.sin(2 * np.pi * f0 * k * t) for k in range(1, 6)) for f0 in pitches]
    samples = torch.from_numpy(np.stack(waves).astype(np.float32))
    mels = mel_spectrogram(samples, MEL)[:, :, :N_FRAMES].transpose(1, 2).reshape(-1, MEL.n_mels).numpy()
    np.save(folder / "waves.npy", to_int16(np.concatenate(waves).astype(np.float32)))
    np.save(folder / "mels.npy", mels.astype(np.float16))
    np.save(folder / "f0.npy", np.repeat(pitches, N_FRAMES).astype(np.float32))
    np.save(folder / "energy.npy", frame_energy(mels))
    rows = [
        {
            "id": f"clip-{i}",
            "split": "val" if i == N_CLIPS - 1 else "train",
            "text": "Hello.",
            "phonemes": PHONEMES,
            "durations": DURATIONS if durations else None,
            "first_frame": i * N_FRAMES,
            "n_frames": N_FRAMES,
            **({"speaker": speakers[i % len(speakers)]} if speakers else {}),
        }
        for i in range(N_CLIPS)
    ]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    n_frames = N_CLIPS * N_FRAMES
    seconds = n_frames * MEL.hop_length / MEL.sample_rate
    known = "given" if durations else None
    dataset = Dataset(
        *("buzz", "en-us", "CC0-1.0", "Made by a test.", "espeak"),
        *(symbols, MEL, known, N_CLIPS, n_frames, seconds),
        tuple(map(Speaker, speakers)),
    )
    (folder / "dataset.json").write_text(dataset.to_json(), "utf-8")
    return folder
