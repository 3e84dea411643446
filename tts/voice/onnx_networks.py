"""From a voice's manifest to stages on ONNX Runtime, without PyTorch: a graph file and the weights beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.base import AcousticModel, Vocoder
from tts.onnx.fastspeech2 import OnnxFastSpeech2
from tts.onnx.session import Session
from tts.onnx.source_filter import OnnxSourceFilter
from tts.voice.manifest import Component, VoiceManifest, component_problem

Weights = dict[str, npt.NDArray[np.float32]]


def load_onnx_acoustic(manifest: VoiceManifest, component: Component) -> AcousticModel:
    """An acoustic model of the voice, which must have a graph; what comes after the hashes loads in the background.

    Raises:
        TtsError: a file is missing or damaged, or there is no such network here. Files that are what the manifest says
            but not of this network are refused when it speaks.
    """
    if component.network != "fastspeech2":
        raise _unknown(manifest, component)
    return OnnxFastSpeech2(_session(manifest, component))


def load_onnx_vocoder(manifest: VoiceManifest, component: Component, mel: MelSettings) -> Vocoder:
    """A vocoder of the voice, which hears `mel`; otherwise like `load_onnx_acoustic`."""
    if component.network != "source_filter":
        raise _unknown(manifest, component)
    sizes = {key: int(value) for key, value in component.options.items() if key in ("n_blocks", "kernel_size")}
    return OnnxSourceFilter(mel, _session(manifest, component), **sizes)


def _session(manifest: VoiceManifest, component: Component) -> Session:
    if problem := component_problem(manifest.folder, component):
        raise TtsError(f"The voice {manifest.name} cannot be used: {problem}")
    assert component.graph is not None
    assert component.file is not None
    graph, weights = manifest.folder / component.graph, manifest.folder / component.file
    return Session(f"{manifest.name}'s {component.network}", lambda: (graph.read_bytes(), read_weights(weights)))


def read_weights(path: Path) -> Weights:
    """A safetensors file's arrays in float32, whatever precision it stores them in.

    Raises:
        TtsError: it is not one, or holds numbers that NumPy does not know.
    """
    import safetensors.numpy

    try:
        stored: dict[str, npt.NDArray[Any]] = safetensors.numpy.load_file(path)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise TtsError(f"{path} does not hold weights that ONNX Runtime can take ({error}).") from None
    return {name: array.astype(np.float32) for name, array in stored.items()}


def _unknown(manifest: VoiceManifest, component: Component) -> TtsError:
    return TtsError(
        f"The voice {manifest.name} has a graph of the network {component.network!r}, which this version cannot run "
        "on ONNX Runtime: say --engine torch."
    )
