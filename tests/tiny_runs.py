"""Run folders as training writes them, with the networks of a tiny voice: manifest, weights, and files of training."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tts.voice.manifest import Component, VoiceManifest, load_manifest, write_manifest

LEFT_BEHIND = ("recipe.toml", "log.jsonl", "last.pt", "best.pt")


def acoustic_run(folder: Path, voice: Path, name: str) -> Path:
    """Write a voice of one acoustic model, with Griffin-Lim as its vocoder."""
    manifest = load_manifest(voice)
    part = _weights(folder, manifest, manifest.acoustics[name], "acoustic.safetensors")
    vocoders = {"griffinlim": Component("griffinlim", options={"n_iterations": 2})}
    return _run(
        replace(
            manifest,
            provenance=f"Trained as {name}.",
            acoustics={name: part},
            default_acoustic=name,
            vocoders=vocoders,
            default_vocoder="griffinlim",
            folder=folder,
        )
    )


def vocoder_run(folder: Path, voice: Path, name: str) -> Path:
    """Write a package of one vocoder."""
    manifest = load_manifest(voice)
    part = _weights(folder, manifest, manifest.vocoders[name], "vocoder.safetensors")
    return _run(
        replace(
            manifest,
            name=f"{manifest.name}-{name}",
            provenance=f"Trained as {name}.",
            frontend=None,
            acoustics={},
            default_acoustic="",
            vocoders={name: part},
            default_vocoder=name,
            folder=folder,
        )
    )


def _weights(folder: Path, manifest: VoiceManifest, part: Component, file: str) -> Component:
    folder.mkdir(parents=True)
    assert part.file is not None
    shutil.copyfile(manifest.folder / part.file, folder / file)
    return replace(part, file=file)


def _run(manifest: VoiceManifest) -> Path:
    write_manifest(manifest)
    for name in LEFT_BEHIND:
        (manifest.folder / name).write_bytes(b"state")
    (manifest.folder / "tensorboard").mkdir()
    (manifest.folder / "tensorboard" / "events").write_bytes(b"scalars")
    return manifest.folder
