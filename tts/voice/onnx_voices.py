"""Voices that other projects publish as one ONNX file: which project's it is, and the folder that is made of it.

Each format has a function that says by the names of the graph's inputs whether it is its own, and one that builds the
voice. The graph is read as data and refused if it holds anything but known operators and its own weights.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tts.errors import TtsError
from tts.models.base import SpeakerMix, SpeechRequest
from tts.text.espeak import Phonemizer
from tts.text.symbols import BEGIN, END, PAD, NumberedSymbolTable
from tts.voice.catalog import UNKNOWN
from tts.voice.kokoro import build_kokoro, is_kokoro
from tts.voice.load import Computing, load_end_to_end_stage
from tts.voice.manifest import Component, FrontendSpec, Speaker, VoiceManifest, file_sha256, write_manifest

if TYPE_CHECKING:
    import onnx

    from tts.onnx.piper_graph import PiperGraphs

MODEL_CARD = "MODEL_CARD"
ENCODER_FILE, FLOW_FILE, DECODER_FILE = "encoder.onnx", "flow.onnx", "decoder.onnx"
_MAX_GRAPH_BYTES, _MAX_JSON_BYTES = 1 << 30, 16 << 20

# The operators of Piper's voices, by whatever version of PyTorch's exporter. None runs a graph of its own.
_OPERATORS = frozenset({
    "Abs", "Add", "And", "BatchNormalization", "Cast", "CastLike", "Ceil", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "CumSum", "Div", "Dropout", "Equal", "Erf", "Exp", "Expand",
    "Flatten", "Floor", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "Greater", "GreaterOrEqual",
    "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "MatMul",
    "Max", "Min", "Mod", "Mul", "Neg", "NonZero", "Not", "Or", "Pad", "Pow", "RandomNormalLike", "Range",
    "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Reshape", "Round",
    "ScatterElements", "ScatterND", "Shape", "Sigmoid", "Sign", "Size", "Slice", "Softmax", "Softplus", "Split",
    "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Trilu", "Unsqueeze", "Where"
})  # fmt: skip
_UNSUPPORTED_PHONEMES = {
    "pinyin": "syllables in pinyin",
    "hebrew": "vowelled Hebrew",
    "japanese": "Japanese phonemes",
}
_LICENCE = re.compile(r"^\W*licen[cs]e\W*:\W*(.*\w.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class OnnxSource:
    """An ONNX file; `address` says where it came from, and `beside` returns another file of the same place, or None.

    `beside` is called with the file's name and finds what is published with it.
    """

    path: Path
    name: str
    address: str
    sha256: str
    beside: Callable[[str], Path | None]


def make_onnx_voice(source: OnnxSource, folder: Path, name: str) -> VoiceManifest:
    """Make a voice of an ONNX file and of what is published beside it.

    Raises:
        TtsError: it is not a voice of a known format, or not one that can be used.
    """
    model = read_onnx(source.path, source.name)
    inputs = _inputs(model)
    if is_piper(inputs):
        return _make_piper_voice(model, source, folder, name)
    if is_kokoro(inputs):
        return build_kokoro(model, source.path, folder, name, source.name, source.address, source.sha256, source.beside)
    known = "Piper's are input, input_lengths and scales; Kokoro's input_ids or tokens, style and speed"
    raise TtsError(f"{source.name} is not a voice of a known format: its inputs are {_listed(inputs)} ({known}).")


def read_onnx(path: Path, name: str) -> onnx.ModelProto:
    """The graph of an ONNX file, which holds all of its weights itself.

    Raises:
        TtsError: it is not one, is cut short, or needs other files, operators or graphs.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    not_read = f"{name} is not an ONNX file, or is cut short or damaged"
    try:
        if path.stat().st_size > _MAX_GRAPH_BYTES:
            raise TtsError(f"{name} is larger than any voice: {path.stat().st_size} bytes.")
        model = onnx.load(path, load_external_data=False)
    except DecodeError:
        raise TtsError(f"{not_read}.") from None
    except OSError as error:
        raise TtsError(f"{name} cannot be read: {error.strerror}.") from error
    if not model.graph.node or not model.graph.output:
        raise TtsError(f"{not_read}: it holds no graph.")
    constants = [a.t for node in model.graph.node for a in node.attribute if a.type == onnx.AttributeProto.TENSOR]
    for tensor in (*model.graph.initializer, *constants):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise TtsError(f"{name} keeps its weights in another file, which is not supported.")
    if model.graph.sparse_initializer:
        raise TtsError(f"{name} has sparse weights, which are not supported.")
    domains = {node.domain for node in model.graph.node} - {"", "ai.onnx", "com.microsoft"}
    if other := sorted(domains | {function.name for function in model.functions}):
        raise TtsError(f"{name} needs operators that are not ONNX's own ({_listed(other)}), which is refused.")
    return model


def _inputs(model: onnx.ModelProto) -> list[str]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value.name for value in model.graph.input if value.name not in weights]


def _listed(names: Collection[str], most: int = 5) -> str:
    listed = [ascii(name)[1:-1][:40] for name in names]
    return ", ".join([*listed[:most], *(["…"] if len(listed) > most else [])]) or "none"


# Piper.


def is_piper(inputs: Collection[str]) -> bool:
    """Whether a graph with these inputs is of Piper's form."""
    return {"input", "input_lengths", "scales"} <= set(inputs)


@dataclass(frozen=True)
class PiperConfig:
    """The JSON file of a Piper voice: what is needed of it, checked."""

    sample_rate: int
    language: str
    kind: str
    ids: dict[str, tuple[int, ...]]
    speakers: tuple[Speaker, ...]
    default_speaker: str
    scales: dict[str, float]
    n_speakers: int
    n_symbols: int | None
    hop_length: int | None
    title: str


def _make_piper_voice(model: onnx.ModelProto, source: OnnxSource, folder: Path, name: str) -> VoiceManifest:
    import onnx

    from tts.onnx.piper_graph import split_piper

    json_name = f"{source.name}.json"
    json_path = source.beside(json_name)
    if json_path is None:
        raise TtsError(f"{source.name} is a voice of Piper's and needs {json_name} beside it, which is missing.")
    config = read_piper_config(json_path, json_name)

    unknown = {node.op_type for node in model.graph.node} - _OPERATORS
    if unknown or any(node.domain not in ("", "ai.onnx") for node in model.graph.node):
        raise TtsError(f"{source.name} has operators that no voice of Piper's has ({_listed(sorted(unknown))}).")
    try:
        graphs = split_piper(model)
    except TtsError as error:
        raise TtsError(f"{source.name} cannot be used: {error}.") from error
    _check_fit(config, graphs, source.name, json_name)
    for file, graph in ((ENCODER_FILE, graphs.encoder), (FLOW_FILE, graphs.flow), (DECODER_FILE, graphs.decoder)):
        onnx.save(graph, folder / file)

    card_path = source.beside(MODEL_CARD)
    card = card_path.read_text("utf-8", "replace") if card_path else ""
    if card:
        (folder / MODEL_CARD).write_text(card, "utf-8")
    licence = _LICENCE.search(card)
    manifest = VoiceManifest(
        name=name,
        description=f"Piper's {config.title}.",
        language=config.language,
        licence=" ".join(licence[1].split())[:200] if licence else UNKNOWN,
        provenance=f"Installed from {source.address}, sha256 {source.sha256}.",
        version="1",
        sample_rate=config.sample_rate,
        mel={},
        frontend=FrontendSpec(config.kind, (), config.ids),
        acoustics={},
        default_acoustic="",
        vocoders={},
        default_vocoder="",
        folder=folder,
        end_to_end=Component(
            "piper",
            options={
                "hop_length": graphs.hop_length,
                "halo": graphs.halo,
                "steps": [list(step) for step in graphs.steps],
                **config.scales,
                "original_sha256": source.sha256,
            },
            graph=ENCODER_FILE,
            graph_sha256=file_sha256(folder / ENCODER_FILE),
            file=FLOW_FILE,
            sha256=file_sha256(folder / FLOW_FILE),
            decoder=DECODER_FILE,
            decoder_sha256=file_sha256(folder / DECODER_FILE),
        ),
        speakers=config.speakers,
        default_speaker=config.default_speaker,
    )
    write_manifest(manifest)
    _check_same_samples(source, manifest, graphs)
    return manifest


def read_piper_config(path: Path, name: str) -> PiperConfig:
    """Read the JSON file of a Piper voice.

    Raises:
        TtsError: it is not one, or describes a voice that this version cannot read a text for.
    """
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise TtsError(f"{name} is larger than any description of a voice.")
        table = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise TtsError(f"{name} cannot be read as JSON ({' '.join(str(error).split())[:120]}).") from error
    try:
        return _piper_config(table, name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise TtsError(f"{name} does not describe a voice of Piper's: {problem}.") from error


def _piper_config(table: dict[str, Any], name: str) -> PiperConfig:
    kind = str(table.get("phoneme_type") or "espeak").strip().lower().rpartition(".")[2]
    if kind not in ("espeak", "text"):
        expected = _UNSUPPORTED_PHONEMES.get(kind, f"phonemes of the type {kind[:40]!r}")
        raise TtsError(
            f"{name} is of a voice that reads {expected}, which this version cannot make of a text: its voices of "
            "Piper's read espeak-ng's phonemes or letters."
        )
    about = table.get("language") or {}
    code = about.get("code") if isinstance(about, dict) else None
    language = str((table.get("espeak") or {}).get("voice") or code or "")
    if kind == "text":
        language = str(code or language)
    language = language.replace("_", "-").lower()
    if kind == "espeak":
        try:
            Phonemizer(language).code  # noqa: B018  (raises where espeak-ng does not have it)
        except TtsError as error:
            raise TtsError(f"{name} is of a voice whose texts cannot be read: {error}.") from error

    sample_rate = _whole(table["audio"]["sample_rate"], "audio.sample_rate", 1000, 192_000)
    n_speakers = _whole(table.get("num_speakers") or 1, "num_speakers", 1, 1 << 20)
    inference = table.get("inference") or {}
    scales = {
        key: _number(inference.get(key, default), f"inference.{key}", least)
        for key, default, least in (("noise_scale", 0.667, 0.0), ("length_scale", 1.0, 0.01), ("noise_w", 0.8, 0.0))
    }
    names = {
        _whole(index, "speaker_id_map", 0, n_speakers - 1): str(key)
        for key, index in (table.get("speaker_id_map") or {}).items()
    }
    speakers = tuple(Speaker(names.get(i, str(i))) for i in range(n_speakers)) if n_speakers > 1 else ()
    if len({speaker.name for speaker in speakers}) != len(speakers):
        raise ValueError("its speaker_id_map names two speakers alike")
    default_id = table.get("default_speaker_id")
    default_speaker = ""
    if speakers and default_id is not None:
        default_speaker = speakers[_whole(default_id, "default_speaker_id", 0, n_speakers - 1)].name
    hop_length = table.get("hop_length")
    return PiperConfig(
        sample_rate=sample_rate,
        language=language,
        kind="piper" if kind == "espeak" else "piper-text",
        ids=_symbol_ids(table),
        speakers=speakers,
        default_speaker=default_speaker,
        scales=scales,
        n_speakers=n_speakers,
        n_symbols=None if table.get("num_symbols") is None else _whole(table["num_symbols"], "num_symbols", 1, 1 << 20),
        hop_length=None if hop_length is None else _whole(hop_length, "hop_length", 1, 1 << 16),
        title=_title(table, name.removesuffix(".onnx.json")),
    )


def _symbol_ids(table: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The ids of each symbol that a text can have: of one code point, or one of the `vowel_clusters`.

    What old files replace a symbol by (`phoneme_map`) is in its ids, with pads between.
    """
    clusters = {unicodedata.normalize("NFD", "".join(cluster)) for cluster in table.get("vowel_clusters") or ()}
    ids: dict[str, tuple[int, ...]] = {}
    for name, numbers in table["phoneme_id_map"].items():
        symbol = unicodedata.normalize("NFD", name)
        listed = [numbers] if isinstance(numbers, int) else list(numbers)
        checked = tuple(_whole(number, f"the id of {name!r}", 0, 1 << 20) for number in listed)
        if checked and (len(symbol) == 1 or symbol in clusters):
            ids[symbol] = checked
    if missing := [symbol for symbol in (PAD, BEGIN, END) if symbol not in ids]:
        raise ValueError(f"its phoneme_id_map has no {missing[0]!r}")
    if missing := sorted(clusters - ids.keys()):
        raise ValueError(f"its phoneme_id_map has no {missing[0]!r} of its vowel_clusters")

    replaced = {}
    for name, others in (table.get("phoneme_map") or {}).items():
        symbol = unicodedata.normalize("NFD", name)
        names = [others] if isinstance(others, str) else list(others)
        parts = [ids[known] for each in names if (known := unicodedata.normalize("NFD", str(each))) in ids]
        joined: list[int] = []
        for part in parts:
            joined += [*(ids[PAD] if joined else ()), *part]
        if joined and len(symbol) == 1:
            replaced[symbol] = tuple(joined)
    return {**ids, **replaced}


def _whole(value: Any, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what} is {str(value)[:40]!r}")
    return value


def _number(value: Any, what: str, least: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not (math.isfinite(value) and least <= value <= 100)
    ):
        raise ValueError(f"{what} is {str(value)[:40]!r}")
    return float(value)


def _title(table: Mapping[str, Any], name: str) -> str:
    language = table.get("language")
    parts = [language.get("name_english"), language.get("country_english")] if isinstance(language, dict) else []
    words = [str(part) for part in (*parts, table.get("dataset"), table["audio"].get("quality")) if part]
    return " ".join(f"{name}: {', '.join(words)}".split())[:200] if words else name


def _check_fit(config: PiperConfig, graphs: PiperGraphs, name: str, json_name: str) -> None:
    """Raise TtsError if the JSON is that of another graph."""
    other = f"{json_name} is not that of {name}"
    if (highest := max(max(ids) for ids in config.ids.values())) >= graphs.n_symbols:
        raise TtsError(f"{other}: it has ids up to {highest}, and the graph {graphs.n_symbols} symbols.")
    if config.n_symbols is not None and config.n_symbols != graphs.n_symbols:
        raise TtsError(f"{other}: it has {config.n_symbols} symbols, and the graph {graphs.n_symbols}.")
    if config.n_speakers != graphs.n_speakers:
        raise TtsError(f"{other}: its num_speakers is {config.n_speakers}, and the graph has {graphs.n_speakers}.")
    if config.hop_length is not None and config.hop_length != graphs.hop_length:
        raise TtsError(f"{other}: its frames have {config.hop_length} samples, and the graph's {graphs.hop_length}.")


def _check_same_samples(source: OnnxSource, manifest: VoiceManifest, graphs: PiperGraphs) -> None:
    """Raise TtsError if the voice does not give the samples of the original where nothing is random."""
    from tts.onnx.session import open_session

    assert manifest.frontend is not None
    assert manifest.end_to_end is not None
    table = NumberedSymbolTable(manifest.frontend.ids)
    numbers = [*table.encode("".join(manifest.frontend.ids)).ids[:24], table.encode("").ids[-1]]
    ids = [id for number in numbers for id in (*table.network_ids[number], *table.network_ids[table.pad_id])]
    ids = ids[: -len(table.network_ids[table.pad_id])]
    inputs: dict[str, Any] = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array([0, float(manifest.end_to_end.options["length_scale"]), 0], np.float32),
    }
    speakers: SpeakerMix = ()
    if graphs.n_speakers > 1:
        inputs["sid"] = np.array([graphs.n_speakers - 1], np.int64)
        speakers = ((graphs.n_speakers - 1, 1.0),)
    try:
        expected = open_session(source.path.read_bytes(), {}, optimized=True).run(None, inputs)[0].reshape(-1)
    # The exceptions of ONNX Runtime have no base of their own.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise TtsError(f"{source.name} cannot be run as a voice of Piper's ({reason}).") from None
    network = load_end_to_end_stage(manifest, Computing())
    request = SpeechRequest(numbers, 1.0, np.random.default_rng(0), speakers, noise_scale=0.0, noise_w=0.0)
    samples = np.concatenate(list(network.speak(request).chunks))
    if samples.shape != expected.shape or not np.allclose(samples, expected, atol=1e-3):
        raise TtsError(f"{source.name} is not laid out as Piper's voices are: its parts do not sound as it does.")
