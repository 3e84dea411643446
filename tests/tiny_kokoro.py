"""A graph with the interface of Kokoro's, whose every sample is known, and styles for it.

A symbol lasts half its id in frames, at least one, at the normal speed; its samples are its id times the first number
of the style.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

HOP = 600


def graph_bytes(
    *,
    tokens: str = "tokens",
    speed: int = TensorProto.FLOAT,
    durations_output: bool = False,
    random: str = "",
    edit=lambda graph: None,
) -> bytes:
    """An ONNX file; `random` is an operator whose numbers are added to the samples, `edit` changes the graph."""
    nodes, constants = [], []

    def constant(value, dtype=np.int64):
        name = f"c{len(constants)}"
        constants.append(onnx.numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(operator, *inputs, output="", **attributes):
        output = output or f"{operator}{len(nodes)}"
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    ids = add("Cast", tokens, to=TensorProto.FLOAT)
    quarters = add("Mul", ids, constant(0.25, np.float32))
    both = add("Concat", add("Unsqueeze", quarters, constant([2])), add("Unsqueeze", quarters, constant([2])), axis=2)
    total = add("ReduceSum", both, constant([2]), keepdims=0)
    rate = "speed" if speed == TensorProto.FLOAT else add("Cast", "speed", to=TensorProto.FLOAT)
    rounded = add("Clip", add("Round", add("Div", total, rate)), constant(1, np.float32))
    durations = add("Gather", add("Cast", rounded, to=TensorProto.INT64), constant(0), output="frames", axis=0)
    ends = add("Mul", add("CumSum", durations, constant(0)), constant(HOP))
    samples = add("Range", constant(0), add("ReduceMax", ends, keepdims=0), constant(1))
    passed = add("GreaterOrEqual", add("Unsqueeze", samples, constant([1])), ends)
    index = add("ReduceSum", add("Cast", passed, to=TensorProto.INT64), constant([1]), keepdims=0)
    values = add("Gather", add("Gather", ids, constant(0), axis=0), index, axis=0)
    level = add("Gather", add("Gather", "style", constant(0), axis=0), constant([0]), axis=0)
    audio = add("Mul", values, level)
    if random:
        audio = add("Add", audio, add(random, audio, dtype=TensorProto.FLOAT))
    add("Identity", audio, output="audio")

    def value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    outputs = [value("audio", TensorProto.FLOAT, ["n"])]
    if durations_output:
        outputs.append(value("duration", TensorProto.INT64, ["T"]))
        add("Identity", durations, output="duration")
    inputs = [
        value(tokens, TensorProto.INT64, [1, "T"]),
        value("style", TensorProto.FLOAT, [1, 256]),
        value("speed", speed, [1]),
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    edit(graph)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


def style(level: float) -> np.ndarray:
    """A style [510, 1, 256] whose row for n phonemes begins with `level` + n."""
    numbers = np.zeros((510, 1, 256), np.float32)
    numbers[:, 0, 0] = level + np.arange(1, 511)
    return numbers


def write_kokoro(folder: Path, names=("af_heart", "bm_george"), **options) -> Path:
    """The graph in `folder`, and a style beside it for each name: 1000, 2000, … and the number of phonemes."""
    (folder / "voices").mkdir(parents=True)
    for i, name in enumerate(names):
        style(1000.0 * (i + 1)).tofile(folder / "voices" / f"{name}.bin")
    path = folder / "kokoro.onnx"
    path.write_bytes(graph_bytes(**options))
    return path
