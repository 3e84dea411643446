"""From a voice's manifest to stages that speak: on which device, with which runtime, in which number format.

ONNX Runtime computes a network that has a graph, in float32 on the CPU; PyTorch computes everything else. This module
imports neither until a network is loaded, and works without PyTorch for voices whose networks have graphs.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tts import extras
from tts.audio.mel_settings import MelSettings
from tts.dependencies import prepare_cuda
from tts.errors import TtsError, UsageError
from tts.voice.manifest import Component, VoiceManifest, component_problem, mel_settings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from tts.models.base import AcousticModel, EndToEnd, Vocoder
    from tts.models.torch_network import AcousticNetwork, VocoderNetwork
    from tts.onnx.session import Session

RUNTIME_VARIABLE = "TTS_RUNTIME"
_FORMER_RUNTIME_VARIABLE = "TTS_ENGINE"
RUNTIMES = {"torch": "PyTorch", "onnx": "ONNX Runtime"}
PRECISIONS = ("float32", "bfloat16", "int8")
ACOUSTIC_MODELS = {"fastspeech2": "FastSpeech 2", "tacotron2": "Tacotron 2"}
"""The acoustic models that a manifest can name, and what they are called."""
VOCODERS = {
    "griffinlim": "Griffin-Lim",
    "vocos": "Vocos",
    "source_filter": "The source-filter vocoder",
    "hifigan": "HiFi-GAN",
    "wavenet": "WaveNet",
    "lapped_waveglow": "WaveGlow",
    "waveglow": "WaveGlow",
}
"""The same for vocoders."""
END_TO_END = {"piper": "VITS (Piper)", "kokoro": "Kokoro"}
"""The same for end-to-end networks."""
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
# What an NVIDIA driver creates where it runs: Linux, containers and WSL, Windows.
_DRIVER_SIGNS = (
    "/proc/driver/nvidia/version",
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/nvhost-ctrl",
    "/dev/nvmap",
    "C:/Windows/System32/nvcuda.dll",
)
Options = dict[str, Any]


@dataclass(frozen=True)
class Computing:
    """`device` is "cpu" or "cuda:N", `runtime` "auto" or of RUNTIMES, `precision` of PRECISIONS."""

    device: str = "cpu"
    runtime: str = "auto"
    precision: str = "float32"


# Device, runtime and precision.


def choose_computing(device: str = "auto", runtime: str | None = None, precision: str = "float32") -> Computing:
    """Resolve what is requested to what this machine has; `runtime` None means TTS_RUNTIME, or else "auto".

    Raises:
        UsageError: there is no such device, runtime or precision, or they exclude each other.
        TtsError: they need PyTorch, which is not installed.
    """
    runtime = runtime_or_default(runtime)
    check_computing(runtime, precision)
    if runtime != "onnx":
        check_device(device)
        if runtime == "torch":
            extras.require("torch", "The runtime torch")
        if precision != "float32":
            extras.require("torch", f"The precision {precision}")
        return Computing(choose_device(device), runtime, precision)
    if device not in ("auto", "cpu"):
        raise UsageError(f"ONNX Runtime computes on the CPU here, not on {device}: leave --device or --runtime out.")
    if precision != "float32":
        raise UsageError(f"ONNX Runtime computes in float32, not in {precision}: leave --precision or --runtime out.")
    if not has_onnx_runtime():
        raise UsageError("ONNX Runtime is not installed: pip install onnxruntime, or leave --runtime out.")
    return Computing("cpu", runtime, precision)


def runtime_or_default(runtime: str | None) -> str:
    """`runtime`, or if it is None that of TTS_RUNTIME, or else "auto"."""
    variables = (RUNTIME_VARIABLE, _FORMER_RUNTIME_VARIABLE)
    return runtime or next((value for name in variables if (value := os.environ.get(name))), "auto")


def check_computing(runtime: str, precision: str) -> None:
    """Raise UsageError if there is no such runtime or precision on any machine."""
    if runtime not in ("auto", *RUNTIMES):
        raise UsageError(f"There is no runtime {runtime!r}; say auto, {' or '.join(RUNTIMES)}.")
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; say {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")


def choose_device(name: str) -> str:
    """The requested device, "cpu" or "cuda:N"; `auto` is the first CUDA device if there is one, and else the CPU.

    Raises:
        UsageError: there is no such device; no other is used silently instead.
        TtsError: it needs PyTorch, which is not installed.
    """
    check_device(name)
    if name == "cpu" or (name == "auto" and not (may_have_cuda() and extras.is_installed("torch"))):
        return "cpu"
    extras.require("torch", f"The device {name}")
    prepare_cuda()
    import torch

    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    index = int(name.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise UsageError(f"There is no device {name} here: PyTorch finds {torch.cuda.device_count()} CUDA devices.")
    return f"cuda:{index}"


def check_device(name: str) -> None:
    """Raise UsageError if there is no device of this name on any machine."""
    if not _DEVICE.fullmatch(name):
        raise UsageError(f"There is no device {name!r}; say auto, cpu, cuda or cuda:N.")


def may_have_cuda() -> bool:
    """Whether there is an NVIDIA driver: only then is it worth importing PyTorch, in about a second, to find a GPU."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1") or sys.platform == "darwin":
        return False
    return any(Path(sign).exists() for sign in _DRIVER_SIGNS)


def has_onnx_runtime() -> bool:
    """Whether ONNX Runtime is installed; it is imported only to speak with it."""
    return extras.is_installed("onnxruntime")


# Stages.


def load_acoustic_stage(manifest: VoiceManifest, name: str, computing: Computing) -> AcousticModel:
    """Load one of the voice's acoustic models by its name there, with the runtime that computes it.

    Raises:
        UsageError: the requested runtime cannot compute it.
        TtsError: it needs PyTorch, which is not installed, or its file is missing or damaged, or holds another network.
    """
    component = manifest.acoustics[name]
    if runtime_of(f"acoustic model {name}", component, computing) == "onnx":
        return load_onnx_acoustic(manifest, component)
    import torch

    from tts.models.torch_network import TorchAcoustic

    model = load_acoustic_model(manifest, torch.device(computing.device), name)
    if computing.precision in model.precisions:
        model.set_precision(computing.precision)
    return TorchAcoustic(model)


def load_vocoder_stage(manifest: VoiceManifest, name: str, computing: Computing) -> Vocoder:
    """Load one of the manifest's vocoders by its name there; raises like `load_acoustic_stage`."""
    component = manifest.vocoders[name]
    if runtime_of(f"vocoder {name}", component, computing) == "onnx":
        return load_onnx_vocoder(manifest, component, mel_settings(manifest, component))
    import torch

    from tts.models.torch_network import TorchVocoder

    vocoder = load_vocoder(manifest, name, torch.device(computing.device))
    if computing.precision in vocoder.precisions:
        vocoder.set_precision(computing.precision)
    return TorchVocoder(vocoder)


def load_end_to_end_stage(manifest: VoiceManifest, computing: Computing) -> EndToEnd:
    """Load the network of a voice that is a single one, on ONNX Runtime; after the hash check, in the background.

    Raises:
        UsageError: something else than ONNX Runtime on the CPU in float32 is requested.
        TtsError: a file is missing or damaged, or this version has no such network. Files that match the manifest but
            hold another network are refused by `wait`.
    """
    component = manifest.end_to_end
    assert component is not None
    title = network_title(component.network)
    if component.network not in END_TO_END:
        raise TtsError(f"{title} of {manifest.name} is not known to this version: install a newer one.")
    if computing.runtime == "torch" or computing.precision != "float32":
        raise UsageError(f"{title} runs on ONNX Runtime, in float32: leave --runtime and --precision out.")
    if not has_onnx_runtime():
        raise TtsError(f"{title} needs ONNX Runtime: pip install onnxruntime.")
    if problem := component_problem(manifest.folder, component):
        raise TtsError(f"The voice {manifest.name} cannot be used: {problem}")
    if component.network == "piper":
        return _load_piper(manifest, component)
    return _load_kokoro(manifest, component)


def _load_piper(manifest: VoiceManifest, component: Component) -> EndToEnd:
    from tts.kernels.execution import compute_threads
    from tts.onnx.piper import OnnxPiper, PiperSettings
    from tts.text.symbols import NumberedSymbolTable

    assert manifest.frontend is not None
    options = component.options
    try:
        table = NumberedSymbolTable(manifest.frontend.ids)
        settings = PiperSettings(
            sample_rate=manifest.sample_rate,
            hop_length=int(options["hop_length"]),
            halo=int(options["halo"]),
            steps=tuple((int(rate), int(needed)) for rate, needed in options["steps"]),
            noise_scale=float(options["noise_scale"]),
            length_scale=float(options["length_scale"]),
            noise_w=float(options["noise_w"]),
            n_speakers=max(len(manifest.speakers), 1),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TtsError(f"The voice {manifest.name} is not laid out as one of Piper's ({error}).") from error
    encoder, flow, decoder = (
        manifest.folder / str(name) for name in (component.graph, component.file, component.decoder)
    )
    return OnnxPiper(
        manifest.name,
        encoder,
        flow,
        decoder,
        settings,
        table.network_ids,
        table.network_ids[table.pad_id],
        n_threads=compute_threads(),
    )


def runtime_of(what: str, component: Component, computing: Computing) -> Literal["torch", "onnx"]:
    """Which runtime computes a component; `what` names it in messages. Nothing is loaded.

    Raises:
        UsageError: the requested runtime cannot compute it.
        TtsError: it needs PyTorch, which is not installed.
    """
    if computing.runtime != "torch":
        if component.graph is None and computing.runtime == "onnx":
            raise UsageError(f"The {what} has no graph for ONNX Runtime: leave --runtime out.")
        fits = computing.device == "cpu" and computing.precision == "float32"
        if component.graph is not None and fits and has_onnx_runtime():
            return "onnx"
    extras.require("torch", network_title(component.network))
    return "torch"


def network_title(network: str) -> str:
    """What a network is called, as the subject of a sentence."""
    return {**ACOUSTIC_MODELS, **VOCODERS, **END_TO_END}.get(network, f"The network {network}")


# ONNX Runtime: a graph file and the weights beside it.


def load_onnx_acoustic(manifest: VoiceManifest, component: Component) -> AcousticModel:
    """Load an acoustic model of the voice, which must have a graph; after the hash check, in the background.

    Raises:
        TtsError: a file is missing or damaged, or this version has no such network. Files that match the manifest but
            hold another network are refused when the stage first computes.
    """
    if component.network != "fastspeech2":
        raise _no_graph_runner(manifest, component)
    if component.options.get("n_speakers", 1) != 1:
        raise TtsError(f"The graph of {manifest.name} cannot speak with several speakers: use --runtime torch.")
    from tts.onnx.fastspeech2 import OnnxFastSpeech2

    return OnnxFastSpeech2(_session(manifest, component))


def load_onnx_vocoder(manifest: VoiceManifest, component: Component, mel: MelSettings) -> Vocoder:
    """Load a vocoder of the voice, which expects `mel`; otherwise like `load_onnx_acoustic`."""
    if component.network != "source_filter":
        raise _no_graph_runner(manifest, component)
    from tts.onnx.source_filter import OnnxSourceFilter

    sizes = {key: int(value) for key, value in component.options.items() if key in ("n_blocks", "kernel_size")}
    return OnnxSourceFilter(mel, _session(manifest, component), **sizes)


def _session(manifest: VoiceManifest, component: Component) -> Session:
    from tts.onnx.session import Session

    if problem := component_problem(manifest.folder, component):
        raise TtsError(f"The voice {manifest.name} cannot be used: {problem}")
    assert component.graph is not None
    assert component.file is not None
    graph, weights = manifest.folder / component.graph, manifest.folder / component.file
    return Session(f"{manifest.name}'s {component.network}", lambda: (graph.read_bytes(), read_weights(weights)))


def _load_kokoro(manifest: VoiceManifest, component: Component) -> EndToEnd:
    import numpy as np
    from safetensors import SafetensorError, safe_open

    from tts.onnx.kokoro import KokoroGraph, OnnxKokoro

    assert component.graph is not None
    assert component.file is not None
    graph, styles = manifest.folder / component.graph, manifest.folder / component.file

    @functools.cache
    def style(speaker: int) -> npt.NDArray[np.float32]:
        name = manifest.speakers[speaker].name
        try:
            with safe_open(styles, "numpy") as file:
                return np.asarray(file.get_tensor(name), np.float32)
        except SafetensorError as error:
            raise TtsError(f"{styles} does not hold the style of {name} ({error}): install the voice again.") from None

    random = component.options.get("random", ())
    return OnnxKokoro(KokoroGraph(f"{manifest.name}'s Kokoro", lambda: (graph.read_bytes(), {}), random), style)


def read_weights(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """A safetensors file's arrays in float32, whatever precision they are stored in.

    Raises:
        TtsError: it is not one, or holds numbers of a type that NumPy does not have.
    """
    import numpy as np
    import safetensors.numpy

    try:
        stored: dict[str, npt.NDArray[Any]] = safetensors.numpy.load_file(path)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise TtsError(f"{path} does not hold weights that ONNX Runtime can use ({error}).") from None
    return {name: array.astype(np.float32) for name, array in stored.items()}


def _no_graph_runner(manifest: VoiceManifest, component: Component) -> TtsError:
    return TtsError(
        f"The voice {manifest.name} has a graph of the network {component.network!r}, which this version cannot run "
        "on ONNX Runtime: use --runtime torch."
    )


# PyTorch.


def load_acoustic_model(manifest: VoiceManifest, device: torch.device, name: str | None = None) -> AcousticNetwork:
    """Load one of the voice's acoustic models by its name there, or the default, in float32 and ready to speak.

    Raises:
        TtsError: its file is missing or damaged, or does not hold this network.
    """
    if not manifest.speaks:
        raise TtsError(f"{manifest.name} is a vocoder and has no acoustic model.")
    component = manifest.acoustics[name or manifest.default_acoustic]
    _check_loadable(manifest, component, ACOUSTIC_MODELS)
    try:
        network = build_acoustic_model(component.network, component.options)
    except TypeError as error:
        raise _unknown_options(manifest, component, error) from None
    _fill(network, component, manifest)
    return network.to(device)


def load_vocoder(manifest: VoiceManifest, name: str, device: torch.device) -> VocoderNetwork:
    """Load one of the manifest's vocoders by its name there; raises like `load_acoustic_model`."""
    component = manifest.vocoders[name]
    _check_loadable(manifest, component, VOCODERS)
    mel = mel_settings(manifest, component)
    try:
        network = build_vocoder(component.network, mel, component.options)
    except TypeError as error:
        raise _unknown_options(manifest, component, error) from None
    _fill(network, component, manifest)
    return network.to(device)


def build_acoustic_model(network: str, options: Options) -> AcousticNetwork:
    """An acoustic model of ACOUSTIC_MODELS with random weights; raises TypeError for options that it does not have."""
    match network:
        case "fastspeech2":
            from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions

            return FastSpeech2(FastSpeech2Dimensions(**options))
        case "tacotron2":
            from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions

            return Tacotron2(Tacotron2Dimensions(**options))
    raise KeyError(network)


def build_vocoder(network: str, mel: MelSettings, options: Options) -> VocoderNetwork:
    """A vocoder of VOCODERS with random weights; raises TypeError for options that it does not have."""
    match network:
        case "griffinlim":
            from tts.models.griffinlim import GriffinLim

            return GriffinLim(mel, **options)
        case "vocos":
            from tts.models.vocos import Vocos, VocosDimensions

            return Vocos(mel, VocosDimensions(**options))
        case "source_filter":
            from tts.models.source_filter import SourceFilter, SourceFilterDimensions

            return SourceFilter(mel, SourceFilterDimensions(**options))
        case "hifigan":
            from tts.models.hifigan import HiFiGAN, HiFiGANDimensions

            return HiFiGAN(mel, HiFiGANDimensions(**options))
        case "wavenet":
            from tts.models.wavenet import WaveNet, WaveNetDimensions

            return WaveNet(mel, WaveNetDimensions(**options))
        case "lapped_waveglow":
            from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions

            return LappedWaveGlow(mel, LappedWaveGlowDimensions(**options))
        case "waveglow":
            from tts.models.waveglow import WaveGlow, WaveGlowDimensions

            return WaveGlow(mel, WaveGlowDimensions(**options))
    raise KeyError(network)


def _check_loadable(manifest: VoiceManifest, component: Component, known: dict[str, str]) -> None:
    if component.network not in known:
        raise TtsError(
            f"The voice {manifest.name} needs the network {component.network!r}, which this version does not have; "
            f"it has {', '.join(sorted(known))}."
        )
    extras.require("torch", network_title(component.network))
    if problem := component_problem(manifest.folder, component):
        raise TtsError(f"The voice {manifest.name} cannot be used: {problem}")


def _unknown_options(manifest: VoiceManifest, component: Component, error: TypeError) -> TtsError:
    return TtsError(f"The voice {manifest.name} has options its {component.network} does not know: {error}.")


def _fill(network: torch.nn.Module, component: Component, manifest: VoiceManifest) -> None:
    """Load the component's weights, if it has any, into its network, and prepare it to speak."""
    import safetensors.torch

    if component.file is not None:
        try:
            weights = safetensors.torch.load_file(manifest.folder / component.file)
            # Half precision only makes the file smaller: networks compute in float32.
            network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        except (safetensors.SafetensorError, RuntimeError) as error:
            detail = " ".join(str(error).split())
            raise TtsError(
                f"The voice {manifest.name} cannot be used: {component.file} does not hold the weights of its "
                f"{component.network} ({detail[:300]})."
            ) from None
    network.eval().requires_grad_(False)
