"""Tacotron 2 fixtures, NVIDIA's and TorchAudio's: the network's output compared with the reference's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.parity.comparison import Comparison, built, checkpoints, compare, tensors
from tts.models.tacotron2 import Frames, Tacotron2, masked
from tts.voice.checkpoints import tacotron2

# Their name for each array → ours; `mels` is what TorchAudio calls mel_specgram.
NVIDIA = {"mel_out": "mel_before_postnet", "mel_out_postnet": "mel", "gate_out": "stop_logits"}
TORCHAUDIO = {
    "mel_specgram": "mel_before_postnet",
    "mel_specgram_before_postnet": "mel_before_postnet",
    "mel_specgram_postnet": "mel",
    "gate_outputs": "stop_logits",
    "mel_specgram_lengths": "lengths",
}
NAMES = NVIDIA | TORCHAUDIO | {"alignments": "alignments"}


def matches(folder: Path) -> bool:
    """Whether there is a Tacotron 2 in the folder."""
    return bool(checkpoints(folder, tacotron2))


def check(folder: Path) -> Iterator[Comparison]:
    """Every array of every checkpoint of the folder."""
    for path in checkpoints(folder, tacotron2):
        network = load(path)
        for arrays in sorted(folder.glob("infer*_*.npz")):
            yield from check_inference(network, arrays, f"{path.name} {arrays.stem}")
        if (folder / "forward_expected.npz").is_file():
            yield from check_forward(network, folder, f"{path.name} forward")


def load(path: Path) -> Tacotron2:
    """The checkpoint's network, without dropout."""
    network = built(path, tacotron2, "n_mels")
    assert isinstance(network, Tacotron2)
    network.decoder.prenet.p = 0.0
    return network


@torch.no_grad()
def check_inference(network: Tacotron2, path: Path, name: str) -> Iterator[Comparison]:
    """`inference` of NVIDIA takes one text, `infer` of TorchAudio a batch with its lengths."""
    given = tensors(path)
    ids = given["text_ids"][None] if "text_ids" in given else given["tokens"]
    lengths = given.get("lengths", torch.full((len(ids),), ids.shape[1]))
    frames = network.infer(
        ids,
        lengths,
        max_frames=int(given.get("max_decoder_steps", given.get("decoder_max_step", 0))),
        stop_threshold=float(given["gate_threshold"]),
        isolated=False,
    )
    yield from decoder_arrays(given, frames, "", name)
    yield from encoder_output(network, ids, lengths, given, name)


@torch.no_grad()
def check_forward(network: Tacotron2, folder: Path, name: str) -> Iterator[Comparison]:
    """Teacher forcing, with padding masked and not. NVIDIA's plain names are of the masked run, TorchAudio's not."""
    given, expected = tensors(folder / "forward_inputs.npz"), tensors(folder / "forward_expected.npz")
    inputs = [
        given[ours if ours in given else theirs]
        for ours, theirs in (
            ("text", "tokens"),
            ("text_lengths", "token_lengths"),
            ("mel", "mel_specgram"),
            ("mel_lengths", "mel_specgram_lengths"),
        )
    ]
    frames = network(*inputs, isolated=False)
    prefixed, plain = (masked(frames), frames) if "mel_specgram" in expected else (frames, masked(frames))
    yield from decoder_arrays(expected, plain, "", name)
    yield from decoder_arrays(expected, prefixed, "unmasked_" if plain is not frames else "masked_", name)
    yield from encoder_output(network, inputs[0], inputs[1], expected, name)


def encoder_output(
    network: Tacotron2, ids: Tensor, lengths: Tensor, expected: dict[str, Any], name: str
) -> Iterator[Comparison]:
    if "encoder_outputs" in expected:
        memory = network.encode(ids, lengths, isolated=False)
        yield compare(f"{name} encoder_outputs", memory, expected["encoder_outputs"])


def decoder_arrays(expected: dict[str, Tensor], frames: Frames, prefix: str, name: str) -> Iterator[Comparison]:
    """The arrays of `expected` that begin with `prefix` and that a decoder gives."""
    for theirs, ours in NAMES.items():
        if prefix + theirs in expected:
            wanted = expected[prefix + theirs]
            # NVIDIA's gate of one text has an axis more at the end, of size one.
            yield compare(f"{name} {prefix}{theirs}", getattr(frames, ours).reshape(wanted.shape), wanted)
