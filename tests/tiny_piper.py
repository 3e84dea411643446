"""A tiny random network in the form of Piper's ONNX files: VITS with one flow and a HiFi-GAN of two upsamplings."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SYMBOLS = "_^$ .,?!abdehiklnorstuwæðŋɐɑəɛɜɡɪɹʃʊʌˈˌː\u0303"
N_SYMBOLS, N_CHANNELS, HOP = 64, 4, 8


class _Graph:
    """Nodes and weights, added one after the other; each operation returns the name of its output."""

    def __init__(self, seed=0):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(seed)

    def constant(self, value, dtype=np.int64):
        self.weights.append(numpy_helper.from_array(np.array(value, dtype), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def weight(self, *shape):
        return self.constant(self.random.normal(0, np.prod(shape[1:]) ** -0.5, shape), np.float32)

    def op(self, kind, *inputs, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [f"t{len(self.nodes)}"], **attributes))
        return self.nodes[-1].output[0]

    def conv(self, x, n_in, n_out, size=1, dilation=1):
        side = dilation * (size // 2)
        settings = {"kernel_shape": [size], "dilations": [dilation], "strides": [1], "pads": [side, side], "group": 1}
        return self.op(
            "Conv", x, self.weight(n_out, n_in, size), self.constant(np.zeros(n_out), np.float32), **settings
        )


def tiny_piper_graph(n_speakers=1, seed=0, noisy_durations=True):
    g = _Graph(seed)
    scale = [g.op("Gather", "scales", g.constant(i)) for i in range(3)]
    x = g.op("Transpose", g.op("Gather", g.weight(N_SYMBOLS, N_CHANNELS), "input"), perm=[0, 2, 1])
    x = g.op("Tanh", g.conv(x, N_CHANNELS, N_CHANNELS, 3))
    mean = g.conv(x, N_CHANNELS, N_CHANNELS)
    deviation = g.conv(x, N_CHANNELS, N_CHANNELS)
    speaker = None
    if n_speakers > 1:
        speaker = g.op("Unsqueeze", g.op("Gather", g.weight(n_speakers, 3), "sid"), g.constant([-1]))

    # Durations.
    h = g.conv(x, N_CHANNELS, 2)
    if noisy_durations:
        h = g.op("Add", h, g.op("Mul", g.op("RandomNormalLike", h, dtype=1), scale[2]))
    log_duration = g.conv(h, 2, 1)
    duration = g.op("Ceil", g.op("Mul", g.op("Mul", g.op("Exp", log_duration), g.constant(4.0, np.float32)), scale[1]))
    ends = g.op("CumSum", duration, g.constant(2))
    n_frames = g.op("Cast", g.op("ReduceMax", ends, keepdims=0), to=TensorProto.INT64)
    frames = g.op("Cast", g.op("Range", g.constant(0), n_frames, g.constant(1)), to=TensorProto.FLOAT)
    column = g.op("Unsqueeze", frames, g.constant([0, 2]))
    until = g.op("Cast", g.op("Less", column, ends), to=TensorProto.FLOAT)
    before = g.op("Cast", g.op("Less", column, g.op("Sub", ends, duration)), to=TensorProto.FLOAT)
    path = g.op("Sub", until, before)
    mask = g.op(
        "Cast", g.op("Unsqueeze", g.op("Less", frames, g.op("ReduceMax", ends, keepdims=0)), g.constant([0, 1])), to=1
    )

    # The latent variable and the flow.
    def expanded(name):
        return g.op("Transpose", g.op("MatMul", path, g.op("Transpose", name, perm=[0, 2, 1])), perm=[0, 2, 1])

    mean, deviation = expanded(mean), expanded(deviation)
    noise = g.op("Mul", g.op("RandomNormalLike", mean, dtype=1), g.op("Exp", deviation))
    z = g.op("Add", mean, g.op("Mul", noise, scale[0]))
    z = g.op("Add", z, g.op("Mul", g.op("Tanh", g.conv(z, N_CHANNELS, N_CHANNELS, 5)), mask))
    z = g.op("Mul", z, mask)

    # HiFi-GAN.
    x = g.conv(z, N_CHANNELS, 8, 7)
    if speaker is not None:
        x = g.op("Add", x, g.conv(speaker, 3, 8))
    for n_in, stride in ((8, 4), (4, 2)):
        x = g.op("LeakyRelu", x, alpha=0.1)
        pad = stride // 2
        x = g.op("ConvTranspose", x, g.weight(n_in, n_in // 2, 2 * stride), kernel_shape=[2 * stride], strides=[stride],
                 pads=[pad, pad], dilations=[1], group=1)  # fmt: skip
        blocks = [
            g.op("Add", x, g.conv(g.op("LeakyRelu", x, alpha=0.1), n_in // 2, n_in // 2, size, dilation))
            for size, dilation in ((3, 1), (5, 3))
        ]
        x = g.op("Div", g.op("Add", *blocks), g.constant(2.0, np.float32))
    x = g.op("Tanh", g.conv(g.op("LeakyRelu", x, alpha=0.01), 2, 1, 7))
    g.nodes.append(helper.make_node("Unsqueeze", [x, g.constant([1])], ["output"]))

    inputs = [("input", 7, ["B", "N"]), ("input_lengths", 7, ["B"]), ("scales", 1, [3])]
    inputs += [("sid", 7, ["B"])] if speaker is not None else []
    # Piper's networks use the lengths for their masks.
    g.nodes.insert(0, helper.make_node("Cast", ["input_lengths"], ["lengths"], to=1))
    values = [helper.make_tensor_value_info(*each) for each in inputs]
    outputs = [helper.make_tensor_value_info("output", 1, None)]
    graph = helper.make_graph(g.nodes, "tiny", values, outputs, g.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def tiny_piper_config(n_speakers=1, **changes):
    config = {
        "audio": {"sample_rate": 16000, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US", "name_english": "English"},
        "dataset": "tiny",
        "inference": {"noise_scale": 0.5, "length_scale": 1.25, "noise_w": 0.25},
        "phoneme_id_map": {symbol: [i] for i, symbol in enumerate(SYMBOLS)},
        "num_symbols": N_SYMBOLS,
        "num_speakers": n_speakers,
        "speaker_id_map": {name: i for i, name in enumerate(["anna", "ben", "cleo"][:n_speakers])}
        if n_speakers > 1
        else {},
    }
    return {**config, **changes}


def write_tiny_piper(folder, name="tiny", n_speakers=1, **changes):
    """Write NAME.onnx, NAME.onnx.json and MODEL_CARD into a folder; return the path of the first."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.onnx"
    onnx.save(tiny_piper_graph(n_speakers), path)
    path.with_name(f"{path.name}.json").write_text(json.dumps(tiny_piper_config(n_speakers, **changes)), "utf-8")
    (folder / "MODEL_CARD").write_text("# Model card\n\n* License: CC0\n", "utf-8")
    return path
