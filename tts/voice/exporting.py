"""Giving a voice's networks graphs for ONNX Runtime, each checked against PyTorch before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from tts.errors import TtsError, UsageError
from tts.files import folder_beside
from tts.models.base import AcousticModel, Floats, Vocoder
from tts.models.fastspeech2 import FastSpeech2
from tts.models.source_filter import SourceFilter
from tts.models.torch_network import TorchAcoustic, TorchVocoder
from tts.voice.landing import land
from tts.voice.manifest import (
    Component,
    VoiceManifest,
    file_sha256,
    load_manifest,
    mel_settings,
    write_manifest,
)
from tts.voice.networks import load_acoustic_model, load_vocoder
from tts.voice.onnx_networks import load_onnx_acoustic, load_onnx_vocoder
from tts.voice.packing import check_voice_folder, copy_voice

EXPORTABLE = ("fastspeech2", "source_filter")
"""The networks that there are graphs of."""

# The engines add up in another order. In the mel that is seen in the sixth digit; in speech somewhat more, because
# the pulses' phase sums the pitch. A graph that is wrong is wrong by far more.
MEL_TOLERANCE = 1e-3
SAMPLE_TOLERANCE = 1e-2

Tell = Callable[[str], None]


def export_graphs(voice: VoiceManifest, destination: Path, tell: Tell) -> VoiceManifest:
    """Write the voice with a graph for each network that can have one into the folder `destination`.

    That may be its own folder. Gives the manifest of what was written; `tell` hears what has no graph.

    Raises:
        UsageError: none of its networks can have one, or the package onnx is missing.
        TtsError: a file is damaged, a graph does not say what its network says, or nothing can be written there.
    """
    if find_spec("onnx") is None or find_spec("onnxruntime") is None:
        raise UsageError("Exporting needs the packages onnx and onnxruntime: pip install 'utter-tts[export]'.")
    check_voice_folder(destination)
    _check_exportable(voice, tell)
    with folder_beside(destination) as folder:
        copy_voice(voice.folder, folder)
        staged = replace(voice, folder=folder)
        acoustics = {name: _with_graph(staged, name, part, _acoustic_graph) for name, part in voice.acoustics.items()}
        staged = replace(staged, acoustics=acoustics)
        vocoders = {name: _with_graph(staged, name, part, _vocoder_graph) for name, part in voice.vocoders.items()}
        staged = replace(staged, vocoders=vocoders)
        write_manifest(staged)
        _check(staged)
        land(folder, destination)
    return load_manifest(destination)


def _check_exportable(voice: VoiceManifest, tell: Tell) -> None:
    parts = {**voice.acoustics, **voice.vocoders}
    left = [name for name, part in parts.items() if part.network not in EXPORTABLE]
    if len(left) == len(parts):
        raise UsageError(
            f"{voice.name} has no network that ONNX Runtime could speak with ({', '.join(left)}); "
            f"there are graphs of {' and '.join(EXPORTABLE)}."
        )
    if left:
        tell(f"PyTorch goes on to speak with {', '.join(left)}: there are graphs of {' and '.join(EXPORTABLE)} alone")


def _with_graph(
    voice: VoiceManifest, name: str, component: Component, graph: Callable[[VoiceManifest, str], bytes]
) -> Component:
    """The component with its graph in the voice's folder; unchanged where there can be none."""
    if component.network not in EXPORTABLE:
        return component
    assert component.file is not None
    path = voice.folder / Path(component.file).with_suffix(".onnx").name
    path.write_bytes(graph(voice, name))
    return replace(component, graph=path.name, graph_sha256=file_sha256(path))


def _acoustic_graph(voice: VoiceManifest, name: str) -> bytes:
    from tts.onnx.fastspeech2 import fastspeech2_graph

    network = load_acoustic_model(voice, torch.device("cpu"), name)
    assert isinstance(network, FastSpeech2)
    return fastspeech2_graph(network.dimensions, _shapes(network))


def _vocoder_graph(voice: VoiceManifest, name: str) -> bytes:
    from tts.onnx.source_filter import source_filter_graph

    network = load_vocoder(voice, name, torch.device("cpu"))
    assert isinstance(network, SourceFilter)
    return source_filter_graph(network.mel, network.dimensions, _shapes(network))


def _shapes(network: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape) for name, array in network.state_dict().items()}


def _check(voice: VoiceManifest) -> None:
    """Refuse graphs that do not say what PyTorch says."""
    for name, component in voice.acoustics.items():
        if component.graph is not None:
            torch_stage = TorchAcoustic(load_acoustic_model(voice, torch.device("cpu"), name))
            check_acoustic_graph(load_onnx_acoustic(voice, component), torch_stage, int(component.options["n_symbols"]))
    for name, component in voice.vocoders.items():
        if component.graph is not None:
            torch_vocoder = TorchVocoder(load_vocoder(voice, name, torch.device("cpu")))
            check_vocoder_graph(load_onnx_vocoder(voice, component, mel_settings(voice, component)), torch_vocoder)


def check_acoustic_graph(graph: AcousticModel, network: AcousticModel, n_symbols: int) -> None:
    """Refuse, as a TtsError, a graph whose mels, durations or pitch are not those of the network."""
    random = np.random.default_rng(0)
    for length, speed, pitch, energy in ((1, 1.0, 0.0, 1.0), (12, 1.3, 2.0, 0.8), (60, 0.8, -3.0, 1.4)):
        ids = random.integers(0, n_symbols, length).tolist()
        ours, theirs = (
            stage.speak(ids, speed=speed, pitch=pitch, energy=energy, generator=random) for stage in (graph, network)
        )
        if not np.array_equal(ours.durations, theirs.durations):
            raise TtsError("The graph of the acoustic model gives other durations than PyTorch; nothing was written.")
        assert ours.f0 is not None
        assert theirs.f0 is not None
        _check_close("mel of the acoustic model", ours.mel, theirs.mel, MEL_TOLERANCE)
        _check_close("log pitch of the acoustic model", np.log(ours.f0), np.log(theirs.f0), MEL_TOLERANCE)


def check_vocoder_graph(graph: Vocoder, network: Vocoder) -> None:
    """Refuse, as a TtsError, a graph whose samples are not those of the network, with its own and a told pitch."""
    for mel, f0 in _mels(network.mel.n_mels):
        ours, theirs = (stage(mel, np.random.default_rng(0), f0) for stage in (graph, network))
        loudest = max(1.0, float(np.abs(theirs).max()))
        _check_close("speech of the vocoder", ours / loudest, theirs / loudest, SAMPLE_TOLERANCE)


def _mels(n_mels: int) -> Iterator[tuple[Floats, Floats | None]]:
    random = np.random.default_rng(0)
    for n_frames in (4, 50):
        mel = random.normal(-5, 2, (1, n_mels, n_frames)).astype(np.float32)
        yield mel, None
        yield mel, random.uniform(80, 300, (1, n_frames)).astype(np.float32)


def _check_close(what: str, ours: Floats, theirs: Floats, tolerance: float) -> None:
    difference = float(np.abs(ours - theirs).max())
    # Written so that what is no number is refused too.
    if not difference <= tolerance:
        raise TtsError(f"The {what} by its graph is not PyTorch's ({difference:.1e} apart); nothing was written.")
