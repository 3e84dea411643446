"""Converted checkpoints → a voice folder: weights as safetensors, a manifest that says where each comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor

from tts.audio.mel_settings import MelSettings, same_mel
from tts.errors import TtsError
from tts.voice.formats.converted import Converted
from tts.voice.manifest import (
    Component,
    FrontendSpec,
    VoiceManifest,
    file_sha256,
    load_manifest,
    verify_files,
    write_manifest,
)
from tts.voice.networks import load_acoustic_model, load_vocoder

GRIFFIN_LIM = "griffinlim"
ConversionProblem = Callable[[MelSettings, MelSettings], str | None]


@dataclass(frozen=True)
class Head:
    """What a manifest says of the whole voice."""

    name: str
    description: str
    language: str
    licence: str
    provenance: str


@dataclass
class Assembly:
    """A voice in the making in `folder`, one network at a time: the acoustic model, if any, comes first.

    `conversion_problem` says why one mel cannot be turned into another; `tell` hears when one will be.
    """

    folder: Path
    conversion_problem: ConversionProblem
    tell: Callable[[str], None]
    _mel: MelSettings | None = None
    _frontend: FrontendSpec | None = None
    _acoustics: dict[str, Component] = field(default_factory=dict)
    _vocoders: dict[str, Component] = field(default_factory=dict)

    def add(self, word: str, converted: Converted, note: str) -> None:
        """Add a network; `word` is how a vocoder will be chosen.

        Raises:
            TtsError: its alphabet is not known, its mel cannot be joined with the acoustic model's, or it cannot be
            written.
        """
        mel = MelSettings(**converted.mel)
        if converted.role == "acoustic":
            if converted.frontend is None:
                n_symbols = converted.options.get("n_symbols")
                raise TtsError(f"This {converted.layout} reads an alphabet of {n_symbols} symbols, which is not known.")
            self._mel, self._frontend = mel, converted.frontend
            self._acoustics = {converted.network: write_component(self.folder, "acoustic", converted, note, {})}
            return
        self._mel = self._mel or mel
        own = {} if mel == self._mel else mel_table(mel)
        if not same_mel(self._mel, mel):
            self._check_pair(word, mel)
        self._vocoders[word] = write_component(self.folder, word, converted, note, own)

    def finish(self, head: Head, default_vocoder: str) -> VoiceManifest:
        """Write the manifest; what speaks gets Griffin-Lim too, which needs no weights."""
        assert self._mel is not None
        if self._acoustics:
            self._vocoders.setdefault(GRIFFIN_LIM, Component(GRIFFIN_LIM))
        elif not same_mel(self._mel, MelSettings()):
            self._tell_of_other_mel(default_vocoder, self._mel)
        manifest = VoiceManifest(
            **asdict(head),
            version="1",
            sample_rate=self._mel.sample_rate,
            mel=mel_table(self._mel),
            frontend=self._frontend,
            acoustics=self._acoustics,
            default_acoustic=next(iter(self._acoustics), ""),
            vocoders=self._vocoders,
            default_vocoder=default_vocoder or GRIFFIN_LIM,
            folder=self.folder,
        )
        write_manifest(manifest)
        return load_manifest(self.folder)

    def _check_pair(self, word: str, mel: MelSettings) -> None:
        assert self._mel is not None
        if reason := self.conversion_problem(self._mel, mel):
            raise TtsError(f"{word} hears another mel than this voice speaks, and cannot be joined: {reason}.")
        self.tell(f"{word} hears another mel than this voice speaks: it will be converted")

    def _tell_of_other_mel(self, word: str, mel: MelSettings) -> None:
        """A vocoder alone is not refused: a voice that speaks its mel may come."""
        reason = self.conversion_problem(MelSettings(), mel)
        end = f"the two cannot be joined: {reason}" if reason else "it will be converted"
        self.tell(f"{word} hears another mel than NVIDIA's Tacotron 2 and most voices speak: {end}")


def write_component(folder: Path, stem: str, converted: Converted, note: str, mel: dict[str, Any]) -> Component:
    """Write a network's weights, in half precision where nothing is lost by it.

    Raises:
        TtsError: the file cannot be written.
    """
    path = folder / f"{stem}.safetensors"
    weights = {name: tensor.contiguous() for name, tensor in converted.weights.items()}
    if _fits_half(weights):
        weights = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
    try:
        save_file(weights, path)
    except (OSError, safetensors.SafetensorError) as error:
        raise TtsError(f"{path} cannot be written: {' '.join(str(error).split())}.") from error
    return Component(converted.network, path.name, file_sha256(path), converted.options, mel, note)


def check_voice(manifest: VoiceManifest) -> None:
    """Load a voice once as it will be loaded to speak, so that what does not fit is refused before it is there.

    Raises:
        TtsError: a file is damaged, or is not the network that it is said to be.
    """
    if problems := verify_files(manifest):
        raise TtsError(f"{manifest.name} is not installed: {problems[0]}")
    cpu = torch.device("cpu")
    for name in manifest.acoustics:
        load_acoustic_model(manifest, cpu, name)
    for name in manifest.vocoders:
        load_vocoder(manifest, name, cpu)


def _fits_half(weights: dict[str, Tensor]) -> bool:
    floats = [tensor for tensor in weights.values() if tensor.is_floating_point()]
    return all(torch.equal(tensor.half().to(tensor.dtype), tensor) for tensor in floats)


def mel_table(mel: MelSettings) -> dict[str, Any]:
    """The settings as a manifest holds them, where nothing is None."""
    return {key: value for key, value in asdict(mel).items() if value is not None}
