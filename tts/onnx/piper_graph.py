"""From the graph of a Piper voice to the three that run, without random numbers of their own.

VITS (J. Kim, J. Kong, J. Son, arXiv 2106.06103) as Piper's exporter writes it: symbols → mean and deviation of the
latent variable and a duration for each symbol, all expanded to frames and sampled, then a flow, then a HiFi-GAN. Here
the encoder ends before the expansion, which is a repetition, and the flow begins at the sampled latent variable:

    encoder: input [1, N], input_lengths [1], scales [3], duration_noise [1, 2, N] → durations [1, 1, N],
             mean [1, N, C], log_deviation [1, N, C]
    flow:    latent [1, C, T] → flowed [1, C, T]
    decoder: flowed [1, C, 1, T], and for each of its steps start [1] and end [1] → samples [1, 1, n, 8]

The decoder speaks a segment that has frames of its neighbours at both ends. What later layers do not need of them is
cut off in steps, between `start` and `end` of the tensor before each upsampling and before the last convolution. Its
convolutions have two dimensions, the first of them 1, which ONNX Runtime computes faster than one.

A voice of several speakers expects the indices `sid` [S] and `weights` [1, S] of those that speak as one too, and
passes their embedding `speaker` [1, E] from the encoder to the others. What is cut is found by operators and the flow
of data: exporters name and fold differently.

It needs the package onnx.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tts.errors import TtsError

N_PHASES = 8
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


@dataclass(frozen=True)
class PiperGraphs:
    """The graphs and their sizes: `n_symbols` of the embedding, `n_speakers` (1: there is no choice).

    `halo` is the number of frames on each side of a segment that its samples depend on. `steps` are the places where
    the decoder cuts its segment: the values per frame there, and the frames on each side that are still needed.
    """

    encoder: onnx.ModelProto
    flow: onnx.ModelProto
    decoder: onnx.ModelProto
    n_symbols: int
    n_speakers: int
    hop_length: int
    halo: int
    steps: tuple[tuple[int, int], ...]


class _Flow:
    """A graph's nodes by what they produce and consume."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes: list[onnx.NodeProto] = list(model.graph.node)
        self.initializers: dict[str, TensorProto] = {tensor.name: tensor for tensor in model.graph.initializer}
        self.inputs = [value.name for value in model.graph.input if value.name not in self.initializers]
        self._index()

    def _index(self) -> None:
        self.producer = {name: node for node in self.nodes for name in node.output if name}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def of_type(self, op_type: str) -> list[onnx.NodeProto]:
        return [node for node in self.nodes if node.op_type == op_type]

    def upstream(self, names: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """All tensors that the given ones are computed from, themselves included; not further than `stop`."""
        return self._reach(names, stop, lambda name: self.producer[name].input if name in self.producer else ())

    def downstream(self, names: Iterable[str]) -> set[str]:
        """All tensors that are computed from the given ones, themselves included."""
        return self._reach(names, (), lambda name: [o for node in self.consumers.get(name, ()) for o in node.output])

    @staticmethod
    def _reach(names: Iterable[str], stop: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
        ends, found, rest = set(stop), set[str](), list(names)
        while rest:
            name = rest.pop()
            if name and name not in found:
                found.add(name)
                if name not in ends:
                    rest += following(name)
        return found

    def constant(self, name: str) -> np.ndarray[Any, Any] | None:
        """The value of an initializer or of a Constant node; None: it is computed."""
        if name in self.initializers:
            return numpy_helper.to_array(self.initializers[name])
        node = self.producer.get(name)
        if node is None or node.op_type != "Constant":
            return None
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        return None if value is None else numpy_helper.to_array(value)

    def replace(self, old: str, new: str) -> None:
        """Let what consumes `old` consume `new`."""
        for node in self.consumers.get(old, ()):
            for i, name in enumerate(node.input):
                if name == old:
                    node.input[i] = new
        self._index()

    def cut(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto], name: str
    ) -> onnx.ModelProto:
        """The part of the graph between `inputs` and `outputs`."""
        wanted = self.upstream((value.name for value in outputs), (value.name for value in inputs))
        given = {value.name for value in inputs}
        nodes = [node for node in self.nodes if any(o in wanted for o in node.output) and given.isdisjoint(node.output)]
        tensors = [tensor for key, tensor in self.initializers.items() if key in wanted]
        known = {*given, *(t.name for t in tensors), *(o for node in nodes for o in node.output)}
        if loose := sorted({i for node in nodes for i in node.input if i} - known):
            raise ValueError(f"{loose[0]} is not computed from {', '.join(sorted(given))}")
        graph = helper.make_graph(nodes, name, inputs, outputs, tensors)
        model = helper.make_model(
            graph, opset_imports=self.model.opset_import, ir_version=min(self.model.ir_version, 8)
        )
        return model


def split_piper(model: onnx.ModelProto) -> PiperGraphs:
    """Divide the graph of a voice; the model given is used up.

    Raises:
        TtsError: it is not laid out as Piper's exporter lays it out.
    """
    try:
        return _split(_Flow(model))
    except (ValueError, TypeError, AttributeError, LookupError, StopIteration, RecursionError) as error:
        problem = " ".join(str(error).split())[:200] or type(error).__name__
        raise TtsError(f"it is not laid out as the graphs of Piper's voices are: {problem}") from error


def _split(flow: _Flow) -> PiperGraphs:
    output = flow.model.graph.output[0].name
    ceil = _only(flow.of_type("Ceil"), "Ceil").output[0]
    before_durations = flow.upstream([ceil])
    after_durations = flow.downstream([ceil])
    noises = {n.output[0]: n for n in flow.of_type("RandomNormalLike") if n.output[0] in flow.upstream([output])}
    duration_noises = [name for name in noises if name in before_durations]
    latent_noise = _only([name for name in noises if name not in before_durations], "RandomNormalLike of the latent")
    if len(duration_noises) > 1:
        raise ValueError("it has several RandomNormalLike before the durations")

    # The latent variable is mean + noise * exp(log deviation) * noise_scale, the first two repeated by a product with
    # the alignment.
    name, deviation = latent_noise, ""
    while (node := _only(flow.consumers[name], f"use of {name}")).op_type == "Mul":
        other = _other(node, name)
        if (exp := flow.producer.get(other)) is not None and exp.op_type == "Exp":
            deviation = exp.input[0]
        name = node.output[0]
    if node.op_type != "Add" or not deviation:
        raise ValueError("its noise is not scaled by a deviation and added to a mean")
    latent = node.output[0]
    mean = _before_alignment(flow, _other(node, name), after_durations)
    log_deviation = _before_alignment(flow, deviation, after_durations)

    # In a batch of one, all frames are real: the mask that follows from the durations is 1.
    after_latent = flow.downstream([latent])
    masks = {
        i
        for node in flow.nodes
        if any(o in after_latent for o in node.output)
        for i in node.input
        if i in after_durations and i not in after_latent and node.output[0] != latent
    }
    for mask in masks:
        if any(n.op_type != "Mul" for n in flow.consumers[mask] if n.output[0] in after_latent):
            raise ValueError(f"{mask} is not a mask")
    one = "all_frames"
    flow.initializers[one] = numpy_helper.from_array(np.ones((1, 1, 1), np.float32), one)
    for node in flow.nodes:
        if any(o in after_latent for o in node.output) and node.output[0] != latent:
            for i, each in enumerate(node.input):
                if each in masks:
                    node.input[i] = one
    flow._index()

    # The embedding of speakers.
    names = ["input", "input_lengths", "scales", *(["sid"] if "sid" in flow.inputs else [])]
    if sorted(names) != sorted(flow.inputs):
        raise ValueError(f"its inputs are {', '.join(flow.inputs)}")
    n_speakers, speaker_inputs, speaker_values = 1, [], []
    if "sid" in names:
        lookup = _only(flow.consumers["sid"], "use of sid")
        table = None if lookup.op_type != "Gather" or lookup.input[1] != "sid" else flow.constant(lookup.input[0])
        if table is None or table.ndim != 2:
            raise ValueError("its speakers are not rows of an embedding")
        n_speakers = len(table)
        flow.replace(lookup.output[0], "speaker")
        flow.nodes.insert(
            flow.nodes.index(lookup) + 1,
            helper.make_node("MatMul", ["weights", lookup.output[0]], ["speaker"], "speaker"),
        )
        flow._index()
        speaker_inputs = [_value("sid", INT64, ["S"]), _value("weights", FLOAT, [1, "S"])]
        speaker_values = [_value("speaker", FLOAT, [1, table.shape[1]])]
    embedding = flow.constant(next(n for n in flow.consumers["input"] if n.op_type == "Gather").input[0])
    if embedding is None or embedding.ndim != 2:
        raise ValueError("its symbols are not rows of an embedding")

    # Names of our own for what goes in and out.
    noise_values = []
    if duration_noises:
        flow.replace(duration_noises[0], "duration_noise")
        noise_values = [_value("duration_noise", FLOAT, [1, 2, "N"])]
    for old, new in ((ceil, "durations"), (mean, "mean"), (log_deviation, "log_deviation")):
        if old in flow.producer:
            flow.nodes.append(helper.make_node("Identity", [old], [new]))
    flow._index()
    encoder = flow.cut(
        [
            _value("input", INT64, [1, "N"]),
            _value("input_lengths", INT64, [1]),
            _value("scales", FLOAT, [3]),
            *speaker_inputs,
            *noise_values,
        ],
        [
            _value("durations", FLOAT, None),
            _value("mean", FLOAT, None),
            _value("log_deviation", FLOAT, None),
            *speaker_values,
        ],
        "encoder",
    )
    flow.replace(latent, "latent")
    _without_idle_steps(flow)
    flowed = _decoder_input(flow)
    after = [value for value in speaker_values if value.name in flow.upstream([flowed], ["latent"])]
    flow_graph = flow.cut([_value("latent", FLOAT, [1, "C", "T"]), *after], [_value(flowed, FLOAT, None)], "flow")
    flow.replace(flowed, "flowed")
    hop_length, halo, steps = _in_two_dimensions(flow, output)
    bounds = [_value(f"{side}{i}", INT64, [1]) for i in range(len(steps)) for side in ("start", "end")]
    last = _last_activation(flow, output)
    after = [value for value in speaker_values if value.name in flow.upstream([last], ["flowed"])]
    inputs = [_value("flowed", FLOAT, [1, "C", 1, "T"]), *after, *bounds]
    decoder = flow.cut(inputs, [_value(last, FLOAT, None)], "decoder")
    return PiperGraphs(encoder, flow_graph, decoder, len(embedding), n_speakers, hop_length, halo, steps)


def _only(found: Sequence[Any], what: str) -> Any:
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} times {what}, not once")
    return found[0]


def _other(node: onnx.NodeProto, name: str) -> str:
    """The other one of two inputs."""
    return str(next(i for i in node.input if i != name))


def _before_alignment(flow: _Flow, expanded: str, after_durations: set[str]) -> str:
    """The tensor [1, N, C] whose product with the alignment [1, T, N] gives `expanded` [1, C, T]."""
    node = flow.producer[expanded]
    if node.op_type != "Transpose":
        raise ValueError(f"{expanded} is not transposed")
    product = flow.producer[node.input[0]]
    if product.op_type != "MatMul" or product.input[0] not in after_durations or product.input[1] in after_durations:
        raise ValueError(f"{expanded} is not a product with the alignment")
    return str(product.input[1])


def _decoder_input(flow: _Flow) -> str:
    """The tensor [1, C, T] that enters the convolution before the first upsampling."""
    after_latent = flow.downstream(["latent"])
    name = next(n for n in flow.of_type("ConvTranspose") if n.input[0] in after_latent).input[0]
    while (node := flow.producer[name]).op_type != "Conv":
        name = next(i for i in node.input if i in after_latent)
    return str(node.input[0])


def _without_idle_steps(flow: _Flow) -> None:
    """Leave out sums with zeros, factors exp(-0), and divisions that the weights of the next convolution can do."""
    after = flow.downstream(["latent"])

    def only_user(name: str, *op_types: str) -> onnx.NodeProto | None:
        users = flow.consumers.get(name, [])
        return users[0] if len(users) == 1 and users[0].op_type in op_types else None

    for zeros in flow.of_type("ConstantOfShape"):
        value = next((a.t for a in zeros.attribute if a.name == "value"), None)
        shape = flow.producer.get(zeros.input[0])
        if shape is None or shape.op_type != "Shape" or (value is not None and numpy_helper.to_array(value).any()):
            continue
        if add := only_user(zeros.output[0], "Add"):
            other = _other(add, zeros.output[0])
            if other == shape.input[0]:
                flow.replace(add.output[0], other)
        elif neg := only_user(zeros.output[0], "Neg"):
            exp = only_user(neg.output[0], "Exp")
            if exp is not None and (product := only_user(exp.output[0], "Mul")):
                flow.replace(product.output[0], _other(product, exp.output[0]))

    for division in flow.of_type("Div"):
        divisor = flow.constant(division.input[1])
        if division.output[0] not in after or divisor is None or divisor.size != 1 or divisor.item() <= 0:
            continue
        activation = only_user(division.output[0], "LeakyRelu")
        conv = activation and only_user(activation.output[0], "Conv", "ConvTranspose")
        weight = flow.constant(conv.input[1]) if conv else None
        if conv and weight is not None and len(flow.consumers[conv.input[1]]) == 1:
            name = f"{conv.input[1]}.divided"
            flow.initializers[name] = numpy_helper.from_array((weight / divisor.item()).astype(weight.dtype), name)
            conv.input[1] = name
            flow.replace(division.output[0], division.input[0])


def _last_activation(flow: _Flow, output: str) -> str:
    """The samples before their shape is changed."""
    while (node := flow.producer[output]).op_type in ("Unsqueeze", "Squeeze", "Reshape", "Flatten", "Identity"):
        output = node.input[0]
    return output


_ELEMENTWISE = frozenset({"LeakyRelu", "Relu", "Tanh", "Add", "Sum", "Sub", "Mul", "Div", "Identity"})


def _in_two_dimensions(flow: _Flow, output: str) -> tuple[int, int, tuple[tuple[int, int], ...]]:
    """Rewrite the decoder for `flowed` [1, C, 1, T], and cut it in steps; return hop length, halo and steps."""
    output = _last_activation(flow, output)
    needed = flow.upstream([output], ["flowed"])
    after = flow.downstream(["flowed"])
    # For each tensor, the frames on each side that it depends on, and its values per frame.
    reach = {"flowed": (0.0, 1)}
    cuts: list[str] = []
    added: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in flow.nodes:
        if not (node.output[0] in needed and node.output[0] in after):
            nodes.append(node)
            continue
        far, rate = max(reach[i] for i in node.input if i in reach)
        if node.op_type in ("Conv", "ConvTranspose"):
            if node.op_type == "ConvTranspose":
                cuts.append(node.input[0])
            far, rate = _widened(flow, node, far, rate)
        elif node.op_type not in _ELEMENTWISE:
            raise ValueError(f"its decoder has the operator {node.op_type}")
        else:
            # What does not come from the frames, that is the speaker, lacks the new dimension.
            for i, name in enumerate(node.input):
                if name not in after and flow.constant(name) is None:
                    if name not in added:
                        added[name] = f"{name}.in_two_dimensions"
                        nodes.append(helper.make_node("Unsqueeze", [name, "second_axis"], [added[name]]))
                    node.input[i] = added[name]
        reach[node.output[0]] = (far, rate)
        nodes.append(node)
    final = next(n for n in reversed(nodes) if n.op_type == "Conv" and n.output[0] in reach)
    far, rate = reach[output]
    flow.initializers["second_axis"] = numpy_helper.from_array(np.array([2], np.int64), "second_axis")
    flow.initializers["last_axis"] = numpy_helper.from_array(np.array([3], np.int64), "last_axis")

    steps = []
    for i, name in enumerate([*cuts[1:], final.input[0]]):
        far_there, rate_there = reach[name]
        steps.append((rate_there, int(np.ceil(far - far_there))))
        cut = f"{name}.segment"
        for node in nodes:
            for j, each in enumerate(node.input):
                if each == name:
                    node.input[j] = cut
        place = next(k for k, n in enumerate(nodes) if name in n.output) + 1
        nodes.insert(place, helper.make_node("Slice", [name, f"start{i}", f"end{i}", "last_axis"], [cut]))
    flow.nodes = nodes
    flow._index()
    if rate % N_PHASES == 0:
        _in_phases(flow, final)
    return rate, int(np.ceil(far)), tuple(steps)


def _in_phases(flow: _Flow, conv: onnx.NodeProto) -> None:
    """Let a convolution to one channel make several consecutive values at once, as channels at a lower rate.

    ONNX Runtime computes 8 or more channels at a time, whatever their number.
    """
    weight, settings = flow.constant(conv.input[1]), {a.name: a.ints for a in conv.attribute}
    if weight is None or weight.shape[0] != 1 or list(settings.get("dilations", [1, 1])) != [1, 1]:
        return
    n_in, size = weight.shape[1], weight.shape[3]
    phases = np.zeros((N_PHASES, n_in, 1, size + N_PHASES - 1), weight.dtype)
    for i in range(N_PHASES):
        phases[i, :, :, i : i + size] = weight[0]
    name = f"{conv.input[1]}.in_phases"
    flow.initializers[name] = numpy_helper.from_array(phases, name)
    conv.input[1] = name
    if len(conv.input) > 2 and (bias := flow.constant(conv.input[2])) is not None:
        flow.initializers[f"{name}.bias"] = numpy_helper.from_array(np.repeat(bias, N_PHASES), f"{name}.bias")
        conv.input[2] = f"{name}.bias"
    settings["kernel_shape"][:] = [1, size + N_PHASES - 1]
    settings["strides"][:] = [1, N_PHASES]
    output = conv.output[0]
    conv.output[0] = f"{output}.in_phases"
    in_order = helper.make_node("Transpose", [conv.output[0]], [output], perm=[0, 2, 3, 1])
    flow.nodes.insert(flow.nodes.index(conv) + 1, in_order)
    flow._index()


def _widened(flow: _Flow, node: onnx.NodeProto, far: float, rate: int) -> tuple[float, int]:
    """Give a convolution a dimension of size 1; return what its output depends on, and its values per frame."""
    weight = flow.constant(node.input[1])
    if weight is None or node.input[1] not in flow.initializers:
        raise ValueError(f"the weights of {node.name} are computed")
    wide = {"kernel_shape": [1], "strides": [1], "dilations": [1], "output_padding": [0]}
    settings = {a.name: list(a.ints) for a in node.attribute if a.ints}
    if any(a.name in ("auto_pad", "output_shape") for a in node.attribute) or weight.ndim != 3:
        raise ValueError(f"{node.name} is not a convolution of one dimension with given padding")
    for attribute in node.attribute:
        if attribute.name in wide:
            attribute.ints[:] = [*wide[attribute.name], *settings[attribute.name]]
        elif attribute.name == "pads":
            attribute.ints[:] = [0, settings["pads"][0], 0, settings["pads"][1]]
    wide_name = f"{node.input[1]}.in_two_dimensions"
    flow.initializers[wide_name] = numpy_helper.from_array(np.ascontiguousarray(weight[:, :, None]), wide_name)
    node.input[1] = wide_name
    size, stride, dilation = weight.shape[2], settings.get("strides", [1])[0], settings.get("dilations", [1])[0]
    padding = sum(settings.get("pads", [0, 0]))
    if node.op_type == "Conv":
        if stride != 1 or padding != dilation * (size - 1):
            raise ValueError(f"{node.name} changes the length")
        return far + dilation * (size // 2) / rate, rate
    if padding != size - stride:
        raise ValueError(f"{node.name} changes the length by more than a factor")
    return far + size / 2 / stride / rate, rate * stride


def _value(name: str, kind: int, shape: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)
