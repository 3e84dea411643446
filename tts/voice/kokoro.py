"""A Kokoro voice from its published files: the graph for ONNX Runtime, and a style per speaker.

The graph (inputs `tokens` or `input_ids` [1, T], `style` [1, 256], `speed` [1]; output samples at 24 kHz) is edited, so
that every voice has the same interface whatever program exported it: inputs `voice.ids` int64 [1, T], `voice.style` and
`voice.speed` float32, and `voice.normal` or `voice.uniform` [N] where it sampled random numbers by itself, which it
repeats as often as it needs; outputs `voice.audio` [n] and `voice.durations` int64 [T], in frames of 600 samples. The
styles, files of [510, 1, 256] numbers in several formats, become one safetensors file.

Kokoro: https://huggingface.co/hexgrad/Kokoro-82M, after StyleTTS 2 (Li et al. 2023, arXiv 2306.07691) and iSTFTNet
(Kaneko et al. 2022, arXiv 2203.02395).
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tts import extras
from tts.errors import TtsError
from tts.models.base import Floats
from tts.text.kokoro import KOKORO_IDS
from tts.voice.catalog import UNKNOWN
from tts.voice.manifest import Component, FrontendSpec, Speaker, VoiceManifest, file_sha256, write_manifest

if TYPE_CHECKING:
    import onnx

SAMPLE_RATE, HOP_LENGTH = 24_000, 600
STYLE_SHAPE = (510, 256)
"""A style for each number of phonemes, 1 to 510."""
GRAPH_FILE, STYLES_FILE = "kokoro.onnx", "styles.safetensors"
TOKENS = ("tokens", "input_ids")
# The first speaker is the voice's default.
_PREFERRED = "af_heart"
_LANGUAGES = {
    **{"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-br", "z": "cmn"}
}
_SEXES = {"f": "female", "m": "male"}
_SPEAKER = re.compile(r"([a-z])([fm])_.+")
_SPEAKER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PACK = "voices-v1.0.bin"
_STYLE_SUFFIXES = (".bin", ".npz", ".npy", ".pt")
_N_STYLE = STYLE_SHAPE[0] * STYLE_SHAPE[1]
_MAX_STYLE_BYTES = 8 * _N_STYLE + 4096
_MAX_STYLES = 1000
# SHA-256 of graphs that are known to be Kokoro's own, under Apache-2.0.
_KNOWN = frozenset({"6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"})
# Newer graphs hold the model's configuration.
_CONFIGURATION = "kokoro_config"

# What Kokoro's graphs are made of: arithmetic, none of it by code of others.
_DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
_OPERATOR_NAMES = """
    Abs Add And Atan AveragePool BatchNormalization Cast CastLike Ceil Clip Concat ConcatFromSequence Constant
    ConstantOfShape Conv ConvInteger ConvTranspose Cos CumSum DequantizeLinear Div Dropout DynamicQuantizeLinear
    Einsum Elu Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm Greater GreaterOrEqual
    Identity If InstanceNormalization LSTM LayerNormalization LeakyRelu Less LessOrEqual Log Loop MatMul MatMulInteger
    Max Mean Min Mod Mul Neg NonZero Not OneHot Or PRelu Pad Pow QuantizeLinear RandomNormal RandomNormalLike
    RandomUniform RandomUniformLike Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape
    Resize Round STFT ScatterElements ScatterND SequenceAt SequenceEmpty SequenceInsert Shape Sigmoid Sign Sin Size
    Slice Softmax Softplus Split SplitToSequence Sqrt Squeeze Sub Tanh Tile Transpose Trilu Unsqueeze Upsample Where
    Xor BiasGelu DynamicQuantizeLSTM DynamicQuantizeMatMul EmbedLayerNormalization FastGelu FusedConv FusedGemm
    FusedMatMul MatMulIntegerToFloat MatMulNBits QuickGelu SimplifiedLayerNormalization SkipLayerNormalization
    SkipSimplifiedLayerNormalization
"""
_OPERATORS = frozenset(_OPERATOR_NAMES.split())


def is_kokoro(inputs: Collection[str]) -> bool:
    """Whether a graph with these inputs is one of Kokoro's."""
    return len(inputs) == 3 and {"style", "speed"} <= set(inputs) and not set(inputs).isdisjoint(TOKENS)


def build_kokoro(
    model: onnx.ModelProto,
    path: Path,
    folder: Path,
    name: str,
    title: str,
    address: str,
    sha256: str,
    beside: Callable[[str], Path | None],
) -> VoiceManifest:
    """Make a voice in `folder` of the graph that was read from `path`, and of the styles there.

    `title`, `address` and `sha256` are the name and the origin of the original; `beside` finds another file of the same
    origin by its name, for a graph that was downloaded.

    Raises:
        TtsError: it is not a graph of Kokoro's, there are no styles, or one of the files is damaged.
    """
    import safetensors.numpy

    check_operators(model, title)
    styles = find_styles(path, title, beside)
    graph, random = edited_graph(model, title)
    check_graph(graph, title, styles, random)
    (folder / GRAPH_FILE).write_bytes(graph)
    halves = {name: style.astype(np.float16) for name, style in styles.items()}
    exact = all(np.array_equal(halves[name].astype(np.float32), style) for name, style in styles.items())
    safetensors.numpy.save_file(halves if exact else styles, folder / STYLES_FILE)

    speakers = tuple(_speaker(each) for each in styles)
    manifest = VoiceManifest(
        name=name,
        description=f"Kokoro with {len(speakers)} speaker{'s' if len(speakers) > 1 else ''}.",
        language=speakers[0].language or "en-us",
        licence="Apache-2.0" if sha256 in _KNOWN else UNKNOWN,
        provenance=f"Installed from {address}, sha256 {sha256}.",
        version="1",
        sample_rate=SAMPLE_RATE,
        mel={},
        frontend=FrontendSpec("kokoro", (), _symbol_ids(model)),
        acoustics={},
        default_acoustic="",
        vocoders={},
        default_vocoder="",
        folder=folder,
        end_to_end=Component(
            "kokoro",
            file=STYLES_FILE,
            sha256=file_sha256(folder / STYLES_FILE),
            graph=GRAPH_FILE,
            graph_sha256=file_sha256(folder / GRAPH_FILE),
            options={"random": list(random)} if random else {},
        ),
        speakers=speakers,
    )
    write_manifest(manifest)
    return manifest


def _speaker(name: str) -> Speaker:
    """A speaker, with the language and sex that Kokoro's names begin with: "bf_emma"."""
    found = _SPEAKER.fullmatch(name)
    return Speaker(name, _LANGUAGES.get(found[1], ""), _SEXES[found[2]]) if found else Speaker(name)


# The styles.


def find_styles(graph: Path, title: str, beside: Callable[[str], Path | None]) -> dict[str, Floats]:
    """The style [510, 256] of each speaker in the files beside a graph, or in a folder `voices` there.

    The first is the default speaker, the others follow in the order of their names.

    Raises:
        TtsError: there are none, or one is not a style.
    """
    places = [graph.parent, graph.parent / "voices"]
    if graph.parent.name == "onnx":
        places += [graph.parent.parent, graph.parent.parent / "voices"]
    found: dict[str, Floats] = {}
    for place in places:
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if not path.is_file() or path.suffix not in _STYLE_SUFFIXES:
                continue
            # Other files of these kinds may lie beside a graph, but not among styles.
            named = _SPEAKER.fullmatch(path.stem) or path.stem.startswith("voices") or place.name == "voices"
            if named or path.stat().st_size == 4 * _N_STYLE:
                found |= _read_styles(path)
    if not found and (pack := beside(_PACK)) is not None:
        found = _read_styles(pack)
    if not found:
        raise TtsError(
            f"{title} is Kokoro's graph, but there are no styles beside it: put {_PACK}, or a folder "
            "'voices' with a file for each speaker (af_heart.bin), where it is."
        )
    if len(found) > _MAX_STYLES:
        raise TtsError(f"There are {len(found)} styles beside {title}: more than {_MAX_STYLES} are not supported.")
    if wrong := next((name for name in found if not _SPEAKER_NAME.fullmatch(name)), None):
        raise TtsError(f"{wrong!r} cannot be the name of a speaker: use letters, digits, '_', '.' and '-'.")
    return {name: found[name] for name in sorted(found, key=lambda name: (name != _PREFERRED, name))}


def _read_styles(path: Path) -> dict[str, Floats]:
    """The styles in a file by the names of their speakers: one, or several in an .npz, which may end in .bin."""
    try:
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
        if path.suffix == ".pt":
            return {path.stem: _checked(_read_pt(path), path.name)}
        if is_zip:
            with zipfile.ZipFile(path) as archive:
                styles = {}
                for member in archive.infolist():
                    if member.file_size > _MAX_STYLE_BYTES:
                        raise _wrong_size(f"{member.filename} in {path.name}")
                    with archive.open(member) as stream:
                        styles[member.filename.removesuffix(".npy")] = _checked(_read_npy(stream), path.name)
                return styles
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {path.stem: _checked(_read_npy(file), path.name)}
        if path.stat().st_size != 4 * _N_STYLE:
            raise _wrong_size(path.name)
        return {path.stem: _checked(np.fromfile(path, "<f4").reshape(STYLE_SHAPE), path.name)}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TtsError(f"{path} cannot be read as styles: it is damaged or cut short ({error}).") from error


def _read_npy(stream: IO[bytes]) -> Floats:
    """An array of NumPy's format, of a style's size; its header is checked before anything is allocated."""
    version = np.lib.format.read_magic(stream)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read_header:
        raise ValueError("an unknown version of NumPy's format")
    shape, is_fortran, dtype = read_header[version](stream)
    if dtype.kind != "f" or is_fortran or int(np.prod(shape)) != _N_STYLE:
        raise ValueError(f"{dtype} {list(shape)} instead of float32 {[STYLE_SHAPE[0], 1, STYLE_SHAPE[1]]}")
    return np.frombuffer(stream.read(_N_STYLE * dtype.itemsize), dtype).reshape(shape)


def _read_pt(path: Path) -> Floats:
    """The tensor of a file of PyTorch's, read as data."""
    extras.require("torch", f"Reading the style {path.name}")
    from torch import Tensor

    from tts.voice.checkpoints.pickles import read_pickle
    from tts.voice.package import check_torch_file

    check_torch_file(path)
    tensor = read_pickle(path)
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        raise ValueError("not a single tensor")
    return tensor.float().numpy()


def _checked(style: Floats, what: str) -> Floats:
    if style.squeeze().shape != STYLE_SHAPE:
        raise _wrong_size(what)
    style = style.reshape(STYLE_SHAPE).astype(np.float32)
    if not np.isfinite(style).all():
        raise TtsError(f"{what} holds numbers that are not finite: it is not a style of Kokoro's.")
    return style


def _wrong_size(what: str) -> TtsError:
    size = 4 * _N_STYLE
    return TtsError(f"{what} is not a style of Kokoro's: one has 510 x 256 numbers ({size} bytes in float32).")


# The graph.


def check_operators(model: onnx.ModelProto, title: str) -> None:
    """Raise TtsError for a graph with operators that no graph of Kokoro's has, or with weights in other files."""
    import onnx

    for graph in _graphs(model.graph):
        tensors = [*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t"))]
        if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
            raise TtsError(f"{title} keeps its weights in another file, which is not supported.")
        for node in graph.node:
            if node.domain not in _DOMAINS or node.op_type not in _OPERATORS:
                operator = ascii(f"{node.domain}.{node.op_type}".lstrip("."))[1:-1][:60]
                raise TtsError(f"{title} is refused: the operator {operator} is not one of Kokoro's.")


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and all graphs within its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _graphs(inner)


def edited_graph(model: onnx.ModelProto, title: str) -> tuple[bytes, tuple[str, ...]]:
    """The graph with the interface of this module, and the names of its inputs for random numbers.

    Raises:
        TtsError: it is not Kokoro's, or its durations cannot be found.
    """
    import onnx
    from onnx import TensorProto, helper

    edited = onnx.ModelProto()
    edited.CopyFrom(model)
    graph = edited.graph
    inputs = [each for each in graph.input if each.name not in {tensor.name for tensor in graph.initializer}]
    if not is_kokoro([each.name for each in inputs]):
        raise TtsError(f"{title} is not a graph of Kokoro's: its inputs are {', '.join(i.name for i in inputs)}.")
    audio = next((each.name for each in graph.output if "dur" not in each.name), None)
    durations = next((each.name for each in graph.output if "dur" in each.name), None) or _predicted_durations(graph)
    if audio is None or durations is None:
        raise TtsError(f"{title} is not a graph of Kokoro's: the durations that it predicts cannot be found.")

    # What an exporter noted about values in between does not hold for a speed of another type.
    del graph.value_info[:]
    shapes: dict[str, list[str | int | None]] = {"ids": [1, "T"], "style": [1, STYLE_SHAPE[1]], "speed": [1]}
    before, new_inputs, random = [], [], set[str]()
    for each in inputs:
        kind = each.type.tensor_type.elem_type
        name = "ids" if each.name in TOKENS else each.name
        if name == "speed":
            # Some graphs declare whole numbers, and convert them: a speed between them is as good.
            kind = TensorProto.FLOAT if kind in (TensorProto.INT32, TensorProto.INT64) else kind
        wanted = TensorProto.INT64 if name == "ids" else TensorProto.FLOAT
        new_inputs.append(helper.make_tensor_value_info(f"voice.{name}", wanted, shapes[name]))
        before.append(helper.make_node("Cast", [f"voice.{name}"], [each.name], to=kind))
    for inner in _graphs(graph):
        for node in [node for node in inner.node if node.op_type.startswith("Random")]:
            if inner is not graph:
                raise TtsError(f"{title} is refused: it samples random numbers in a loop.")
            random.add(_without_random(graph, node))
    for name in sorted(random):
        new_inputs.append(helper.make_tensor_value_info(f"voice.{name}", TensorProto.FLOAT, ["N"]))

    flat = helper.make_tensor("voice.flat", TensorProto.INT64, [1], [-1])
    after = []
    for name, source, kind in [("audio", audio, TensorProto.FLOAT), ("durations", durations, TensorProto.INT64)]:
        after.append(helper.make_node("Cast", [source], [f"voice.{name}.cast"], to=kind))
        after.append(helper.make_node("Reshape", [f"voice.{name}.cast", flat.name], [f"voice.{name}"]))
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.extend(new_inputs)
    graph.output.append(helper.make_tensor_value_info("voice.audio", TensorProto.FLOAT, ["n"]))
    graph.output.append(helper.make_tensor_value_info("voice.durations", TensorProto.INT64, ["T"]))
    graph.initializer.append(flat)
    return edited.SerializeToString(deterministic=True), tuple(sorted(random))


# What may stand between the sum over a token's probabilities to go on, its rounding, and its least duration.
_PASSING = frozenset({"Div", "Mul", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Identity", "Gather", "Transpose"})


def _predicted_durations(graph: onnx.GraphProto) -> str | None:
    """The value that holds the durations: a sum of probabilities, rounded and at least 1 (StyleTTS 2, section 3.2)."""
    makers = {output: node for node in graph.node for output in node.output}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for value in node.input:
            users.setdefault(value, []).append(node)

    def is_sum(value: str, depth: int = 8) -> bool:
        node = makers.get(value)
        if node is None or not depth:
            return False
        return node.op_type == "ReduceSum" or (node.op_type in _PASSING and is_sum(node.input[0], depth - 1))

    def bounded(value: str, depth: int = 4) -> str | None:
        for node in users.get(value, []) if depth else []:
            if node.op_type in ("Clip", "Max"):
                return str(node.output[0])
            if node.op_type in _PASSING and (found := bounded(node.output[0], depth - 1)):
                return found
        return None

    for node in graph.node:
        if node.op_type == "Round" and is_sum(node.input[0]) and (found := bounded(node.output[0])):
            return found
    return None


def _without_random(graph: onnx.GraphProto, node: onnx.NodeProto) -> str:
    """Replace a node that samples random numbers by those of an input, repeated to its size; returns the input."""
    import onnx
    from onnx import TensorProto, helper

    kind = "normal" if "Normal" in node.op_type else "uniform"
    options = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    output = node.output[0]
    nodes: list[onnx.NodeProto] = []
    n_before = len(graph.initializer)

    def constant(value: Any, dtype: int, shape: tuple[int, ...] = ()) -> str:
        name = f"{output}.constant{len(graph.initializer) - n_before}"
        graph.initializer.append(helper.make_tensor(name, dtype, shape, np.ravel(value).tolist()))
        return name

    def add(operator: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [f"{output}.{operator.lower()}"], **attributes))
        return str(nodes[-1].output[0])

    if node.op_type.endswith("Like"):
        shape = add("Shape", node.input[0])
    else:
        shape = constant(options["shape"], TensorProto.INT64, (len(options["shape"]),))
    size = add("ReduceProd", shape, keepdims=0)
    zero, one = constant(0, TensorProto.INT64), constant(1, TensorProto.INT64)
    indices = add("Mod", add("Range", zero, size, one), add("Size", f"voice.{kind}"))
    numbers = add("Reshape", add("Gather", f"voice.{kind}", indices), shape)
    low, scale = options.get("mean", options.get("low", 0.0)), options.get("scale", 1.0)
    if kind == "uniform":
        scale = options.get("high", 1.0) - low
    scaled = add("Add", add("Mul", numbers, constant(scale, TensorProto.FLOAT)), constant(low, TensorProto.FLOAT))
    if dtype := options.get("dtype"):
        nodes.append(helper.make_node("Cast", [scaled], [output], to=dtype))
    elif node.op_type.endswith("Like"):
        nodes.append(helper.make_node("CastLike", [scaled, node.input[0]], [output]))
    else:
        nodes.append(helper.make_node("Identity", [scaled], [output]))
    position = next(i for i, each in enumerate(graph.node) if each is node or list(each.output) == list(node.output))
    all_nodes = [*list(graph.node)[:position], *nodes, *list(graph.node)[position + 1 :]]
    kept = [onnx.NodeProto.FromString(each.SerializeToString()) for each in all_nodes]
    del graph.node[:]
    graph.node.extend(kept)
    return kind


def check_graph(graph: bytes, title: str, styles: dict[str, Floats], random: Collection[str]) -> None:
    """Let a graph speak some symbols, and compare its samples with its durations.

    Raises:
        TtsError: it cannot speak, or they do not fit.
    """
    from tts.onnx.kokoro import KokoroGraph

    speaker, style = next(iter(styles.items()))
    session = KokoroGraph(title, lambda: (graph, {}), random)
    for ids, speed in [([0, 50, 83, 54, 156, 31, 0], 1.0), ([0, *[43, 16, 46, 4] * 4, 0], 1.3)]:
        audio, durations = session.speak(ids, style[len(ids) - 3], speed, np.random.default_rng(0))
        if len(durations) != len(ids) or len(audio) != int(durations.sum()) * HOP_LENGTH or durations.min() < 1:
            raise TtsError(
                f"{title} is not a graph of Kokoro's: it makes {len(audio)} samples of {len(ids)} symbols with the "
                f"durations {durations.tolist()}."
            )
        if not np.isfinite(audio).all():
            raise TtsError(f"{title} is damaged: its samples with the style {speaker} are not finite.")


def _symbol_ids(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """The id of each symbol, from the configuration in the graph if it has one."""
    vocabulary: Any = KOKORO_IDS
    for entry in model.metadata_props:
        if entry.key == _CONFIGURATION:
            try:
                vocabulary = json.loads(entry.value)["vocab"]
            except (ValueError, KeyError, TypeError):
                raise TtsError("The configuration in the graph has no vocabulary of symbols.") from None
    return {str(symbol): (int(each),) for symbol, each in dict(vocabulary).items() if len(str(symbol)) == 1}
