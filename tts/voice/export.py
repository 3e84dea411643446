"""Exporting a voice's networks as graphs for ONNX Runtime, each compared with PyTorch before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts import extras
from tts.errors import TtsError, UsageError
from tts.files import folder_beside
from tts.voice.folder import check_voice_folder, copy_voice, publish_voice
from tts.voice.load import load_acoustic_model, load_onnx_acoustic, load_onnx_vocoder, load_vocoder
from tts.voice.manifest import Component, VoiceManifest, file_sha256, load_manifest, mel_settings, write_manifest

if TYPE_CHECKING:
    from tts.models.base import AcousticModel, Floats, Vocoder

EXPORTABLE = ("fastspeech2", "source_filter")
"""The networks that can be exported."""

# The runtimes add in another order. In the mel this shows in the sixth digit; in speech somewhat more, because
# the pulses' phase sums the pitch. A wrong graph differs by far more.
MEL_TOLERANCE = 1e-3
SAMPLE_TOLERANCE = 1e-2


def export_graphs(voice: VoiceManifest, destination: Path, report: Callable[[str], None]) -> VoiceManifest:
    """Write the voice, with a graph for each network that can be exported, into the folder `destination`.

    That may be its own folder. Returns the manifest of what was written; `report` is called with what has no graph.

    Raises:
        UsageError: none of its networks can be exported, or a package of the extra [export] is missing.
        TtsError: PyTorch or a file is missing, a file is damaged, a graph computes something else than its network, or
            nothing can be written there.
    """
    extras.require("torch", "Exporting")
    if problem := extras.missing("export", "Exporting"):
        raise UsageError(problem)
    check_voice_folder(destination)
    components = {**voice.acoustics, **voice.vocoders}
    left = [name for name, component in components.items() if component.network not in EXPORTABLE]
    if len(left) == len(components):
        raise UsageError(
            f"{voice.name} has no network that can be exported for ONNX Runtime ({', '.join(left)}); "
            f"these can: {', '.join(EXPORTABLE)}."
        )
    for name, component in voice.acoustics.items():
        if int(component.options.get("n_speakers", 1)) > 1:
            raise UsageError(f"{name} of {voice.name} has several speakers: only PyTorch computes such a network.")
    if left:
        report(f"PyTorch still computes {', '.join(left)}: only {' and '.join(EXPORTABLE)} can be exported")

    with folder_beside(destination) as folder:
        copy_voice(voice.folder, folder)
        staged = _with_graphs(replace(voice, folder=folder))
        write_manifest(staged)
        publish_voice(folder, destination)
    return load_manifest(destination)


def _with_graphs(voice: VoiceManifest) -> VoiceManifest:
    """Write graphs into the voice's folder and compare each with PyTorch; return the manifest that names them."""
    import torch

    from tts.models.fastspeech2 import FastSpeech2
    from tts.models.source_filter import SourceFilter
    from tts.models.torch_network import TorchAcoustic, TorchVocoder
    from tts.onnx.fastspeech2 import fastspeech2_graph
    from tts.onnx.source_filter import source_filter_graph

    def shapes(network: torch.nn.Module) -> dict[str, tuple[int, ...]]:
        return {name: tuple(array.shape) for name, array in network.state_dict().items()}

    cpu = torch.device("cpu")
    acoustics, vocoders = dict(voice.acoustics), dict(voice.vocoders)
    for name, component in voice.acoustics.items():
        if component.network in EXPORTABLE:
            model = load_acoustic_model(voice, cpu, name)
            assert isinstance(model, FastSpeech2)
            component = _with_graph(voice, component, fastspeech2_graph(model.dimensions, shapes(model)))
            n_symbols = int(component.options["n_symbols"])
            check_acoustic_graph(load_onnx_acoustic(voice, component), TorchAcoustic(model), n_symbols)
            acoustics[name] = component
    for name, component in voice.vocoders.items():
        if component.network in EXPORTABLE:
            vocoder = load_vocoder(voice, name, cpu)
            assert isinstance(vocoder, SourceFilter)
            graph = source_filter_graph(vocoder.mel, vocoder.dimensions, shapes(vocoder))
            component = _with_graph(voice, component, graph)
            stage = load_onnx_vocoder(voice, component, mel_settings(voice, component))
            check_vocoder_graph(stage, TorchVocoder(vocoder))
            vocoders[name] = component
    return replace(voice, acoustics=acoustics, vocoders=vocoders)


def _with_graph(voice: VoiceManifest, component: Component, graph: bytes) -> Component:
    assert component.file is not None
    path = voice.folder / Path(component.file).with_suffix(".onnx").name
    path.write_bytes(graph)
    return replace(component, graph=path.name, graph_sha256=file_sha256(path))


def check_acoustic_graph(graph: AcousticModel, network: AcousticModel, n_symbols: int) -> None:
    """Raise TtsError if the graph computes other mels, durations or pitch than the network."""
    import numpy as np

    random = np.random.default_rng(0)
    for length, speed, pitch, energy in ((1, 1.0, 0.0, 1.0), (12, 1.3, 2.0, 0.8), (60, 0.8, -3.0, 1.4)):
        ids = random.integers(0, n_symbols, length).tolist()
        ours, theirs = (
            stage.speak(ids, speed=speed, pitch=pitch, energy=energy, generator=random) for stage in (graph, network)
        )
        if not np.array_equal(ours.durations, theirs.durations):
            raise TtsError("The graph of the acoustic model has other durations than PyTorch; nothing was written.")
        assert ours.f0 is not None
        assert theirs.f0 is not None
        _check_close("mel of the acoustic model", ours.mel, theirs.mel, MEL_TOLERANCE)
        _check_close("log pitch of the acoustic model", np.log(ours.f0), np.log(theirs.f0), MEL_TOLERANCE)


def check_vocoder_graph(graph: Vocoder, network: Vocoder) -> None:
    """Raise TtsError if the graph computes other samples than the network, with its own and with a given pitch."""
    import numpy as np

    random = np.random.default_rng(0)
    for n_frames in (4, 50):
        mel = random.normal(-5, 2, (1, network.mel.n_mels, n_frames)).astype(np.float32)
        for f0 in (None, random.uniform(80, 300, (1, n_frames)).astype(np.float32)):
            ours, theirs = (stage(mel, np.random.default_rng(0), f0) for stage in (graph, network))
            loudest = max(1.0, float(np.abs(theirs).max()))
            _check_close("speech of the vocoder", ours / loudest, theirs / loudest, SAMPLE_TOLERANCE)


def _check_close(what: str, ours: Floats, theirs: Floats, tolerance: float) -> None:
    difference = float(abs(ours - theirs).max())
    # Written so that NaN is refused too.
    if not difference <= tolerance:
        raise TtsError(f"The {what} by its graph is not PyTorch's ({difference:.1e} apart); nothing was written.")
