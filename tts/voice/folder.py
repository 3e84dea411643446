"""How a voice's folder is written: built from converted networks, copied, checked, and put in place atomically.

A new voice is written to a hidden folder and renamed. If there is one already, the new weights are added beside the old
ones under names of their own, then the manifest is replaced in one step, then the old weights are removed: a process
killed at any moment leaves the old voice or the new one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts import extras
from tts.audio.mel_settings import MelSettings, same_mel
from tts.errors import TtsError
from tts.files import check_destination, sync
from tts.voice.load import (
    Computing,
    load_acoustic_model,
    load_acoustic_stage,
    load_end_to_end_stage,
    load_vocoder,
    load_vocoder_stage,
)
from tts.voice.manifest import (
    MANIFEST_FILE,
    Component,
    FrontendSpec,
    VoiceManifest,
    file_problem,
    file_sha256,
    load_manifest,
    mel_table,
    verify_files,
    write_manifest,
)
from tts.voice.store import is_voice_file, is_voice_text

if TYPE_CHECKING:
    from tts.voice.checkpoints.weights import ConvertedNetwork

GRIFFIN_LIM = "griffinlim"
ConversionProblem = Callable[[MelSettings, MelSettings], str | None]
_HASH_IN_NAME = re.compile(r"-[0-9a-f]{12}$")


@dataclass
class VoiceBuilder:
    """Writes a voice into `folder`, one converted network after the other: the acoustic model, if any, comes first.

    `conversion_problem` says why one mel cannot be converted to another; `report` is called when one will be converted.
    """

    folder: Path
    conversion_problem: ConversionProblem
    report: Callable[[str], None]
    _mel: MelSettings | None = None
    _frontend: FrontendSpec | None = None
    _acoustics: dict[str, Component] = field(default_factory=dict)
    _vocoders: dict[str, Component] = field(default_factory=dict)

    def add(self, name: str, converted: ConvertedNetwork, note: str) -> None:
        """Add a network; `name` is that by which a vocoder is chosen.

        Raises:
            TtsError: its symbols are not known, its mel cannot be converted from the acoustic model's, or it cannot be
                written.
        """
        mel = MelSettings(**converted.mel)
        if converted.role == "acoustic":
            if converted.frontend is None:
                n_symbols = converted.options.get("n_symbols")
                raise TtsError(f"This {converted.layout} has a set of {n_symbols} symbols, which is not known.")
            self._mel, self._frontend = mel, converted.frontend
            self._acoustics = {converted.network: write_component(self.folder, "acoustic", converted, note, {})}
            return
        self._mel = self._mel or mel
        if not same_mel(self._mel, mel):
            if reason := self.conversion_problem(self._mel, mel):
                raise TtsError(f"{name} expects another mel than this voice has, and cannot be combined: {reason}.")
            self.report(f"{name} expects another mel than this voice has: it will be converted")
        own = {} if mel == self._mel else mel_table(mel)
        self._vocoders[name] = write_component(self.folder, name, converted, note, own)

    def finish(self, default_vocoder: str, **head: Any) -> VoiceManifest:
        """Write the manifest; a voice gets Griffin-Lim too, which needs no weights.

        `head` is what the manifest says in words: name, description, language, licence, provenance.
        """
        assert self._mel is not None
        if self._acoustics:
            self._vocoders.setdefault(GRIFFIN_LIM, Component(GRIFFIN_LIM))
        elif not same_mel(self._mel, MelSettings()):
            # A vocoder is not refused for its mel: a voice that has the same may be installed later.
            reason = self.conversion_problem(MelSettings(), self._mel)
            end = f"the two cannot be combined: {reason}" if reason else "it will be converted"
            self.report(f"{default_vocoder} expects another mel than NVIDIA's Tacotron 2 and most voices have: {end}")
        manifest = VoiceManifest(
            **head,
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


def write_component(folder: Path, stem: str, converted: ConvertedNetwork, note: str, mel: dict[str, Any]) -> Component:
    """Write a network's weights, in half precision if all of them are exactly representable in it.

    Raises:
        TtsError: the file cannot be written.
    """
    import safetensors
    import torch
    from safetensors.torch import save_file

    path = folder / f"{stem}.safetensors"
    weights = {name: tensor.contiguous() for name, tensor in converted.weights.items()}
    floats = [tensor for tensor in weights.values() if tensor.is_floating_point()]
    if all(torch.equal(tensor.half().to(tensor.dtype), tensor) for tensor in floats):
        weights = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
    try:
        save_file(weights, path)
    except (OSError, safetensors.SafetensorError) as error:
        raise TtsError(f"{path} cannot be written: {' '.join(str(error).split())}.") from error
    return Component(converted.network, path.name, file_sha256(path), converted.options, mel, note)


def check_voice(manifest: VoiceManifest) -> None:
    """Load every network of a voice once, so that what does not fit is refused before it is installed.

    Without PyTorch, the networks that have no graph are not loaded; the hashes of their files are checked all the same.

    Raises:
        TtsError: a file is damaged, or does not hold the network that the manifest names.
    """
    if problems := verify_files(manifest):
        raise TtsError(f"{manifest.name} is not installed: {problems[0]}")
    if manifest.end_to_end is not None:
        load_end_to_end_stage(manifest, Computing()).wait()
        return
    if extras.is_installed("torch"):
        import torch

        for name in manifest.acoustics:
            load_acoustic_model(manifest, torch.device("cpu"), name)
        for name in manifest.vocoders:
            load_vocoder(manifest, name, torch.device("cpu"))
        return
    for name, component in manifest.acoustics.items():
        if component.graph is not None:
            load_acoustic_stage(manifest, name, Computing()).wait()
    for name, component in manifest.vocoders.items():
        if component.graph is not None:
            load_vocoder_stage(manifest, name, Computing()).wait()


def copy_voice(source: Path, folder: Path) -> None:
    """Copy the files that a voice's manifest names, and the texts beside them.

    Raises:
        TtsError: one is missing, or has a name that no file of a voice has.
    """
    names = set(load_manifest(source).files)
    names |= {path.name for path in source.iterdir() if path.is_file() and is_voice_text(path.name)}
    for name in sorted({MANIFEST_FILE, *names}):
        if not is_voice_file(name):
            raise TtsError(f"{source} is refused: {name!r} in its manifest is not the name of a voice's file.")
        try:
            shutil.copyfile(source / name, folder / name)
        except FileNotFoundError:
            raise TtsError(f"{source / name} is missing: the voice is not complete.") from None


def check_voice_folder(destination: Path) -> None:
    """Raise TtsError for a folder that cannot be written, or that holds more than a voice (a run's states, say)."""
    if not destination.is_dir():
        check_destination(destination)
        if destination.exists():
            raise TtsError(f"{destination} is a file: name a folder, or to pack a voice let the name end in .tar.")
        return
    others = sorted(path.name for path in destination.iterdir())
    if MANIFEST_FILE in others:
        own = {MANIFEST_FILE, *load_manifest(destination).files}
        others = [name for name in others if name not in own and not is_voice_text(name)]
    if others:
        raise TtsError(f"{destination} holds other things, for example {others[0]}: name a new folder.")


def publish_voice(folder: Path, target: Path) -> None:
    """Make the finished voice in `folder` the one at `target`, atomically.

    Raises:
        TtsError: something that is no folder is there.
    """
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes files that only their owner may read
        sync(path)
    sync(folder)
    if not target.is_dir():
        if target.exists():
            raise TtsError(f"{target} is in the way of the voice: remove it first.")
        os.rename(folder, target)
        sync(target.parent)
        return

    manifest = load_manifest(folder)
    new_names: dict[str, str] = {}
    for name, digest in manifest.files.items():
        new_names[name] = name
        if (target / name).exists() and file_problem(target, name, digest) is not None:
            # The old voice has another file of that name.
            stem, suffix = Path(name).stem, Path(name).suffix
            new_names[name] = f"{_HASH_IN_NAME.sub('', stem)}-{digest[:12]}{suffix}"
    if any(old != new for old, new in new_names.items()):
        acoustics, vocoders = (
            {name: rename_files(component, new_names) for name, component in components.items()}
            for components in (manifest.acoustics, manifest.vocoders)
        )
        end_to_end = manifest.end_to_end and rename_files(manifest.end_to_end, new_names)
        sync(write_manifest(replace(manifest, acoustics=acoustics, vocoders=vocoders, end_to_end=end_to_end)))
    for old, new in new_names.items():
        os.replace(folder / old, target / new)
    sync(target)

    # From this step on it is the new voice.
    os.replace(folder / MANIFEST_FILE, target / MANIFEST_FILE)
    texts = [path.name for path in folder.iterdir() if is_voice_file(path.name)]
    for name in texts:
        os.replace(folder / name, target / name)
    for path in target.iterdir():
        if is_voice_file(path.name) and path.name not in {MANIFEST_FILE, *new_names.values(), *texts}:
            path.unlink()
    sync(target.parent)


def rename_files(component: Component, new_names: dict[str, str]) -> Component:
    """The component with its files named as `new_names` (old name → new name) says."""
    names = {key: getattr(component, key) for key in ("file", "graph", "decoder")}
    renamed: dict[str, Any] = {key: new_names[name] for key, name in names.items() if name is not None}
    return replace(component, **renamed)
