"""FastSpeech 2 (`fastspeech2.py`) as an ONNX graph for one utterance, with the controls of `speak` as its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tts.models.fastspeech2 import ENERGY_RANGE, PITCH_RANGE, FastSpeech2Dimensions
from tts.models.graph_builder import GraphBuilder


def fastspeech2_graph(d: FastSpeech2Dimensions, weight_shapes: Mapping[str, Sequence[int]]) -> bytes:
    """The graph: ids [S], speed [], octaves [] up, log_energy [] → mel [n_mels, T], durations [S], f0 [T] in Hz."""
    g = GraphBuilder("fastspeech2", weight_shapes)
    ids = g.input("ids", np.int64, ["symbols"])
    speed, octaves, log_energy = (g.input(name, np.float32, []) for name in ("speed", "octaves", "log_energy"))
    x = _encode(g, d, ids)
    log_durations = _predict(g, d, "duration_predictor", x)
    energy = g.op("Add", _predict(g, d, "energy_predictor", x), log_energy)
    x = g.op("Add", x, _binned(g, "energy_embed", ENERGY_RANGE, d.n_bins, energy))
    durations, frames = _regulate(g, x, _real_frames(g, log_durations, speed))
    log_f0 = _predict(g, d, "pitch_predictor", frames)
    log_f0 = g.op("Add", g.op("Add", log_f0, g.constant(sum(PITCH_RANGE) / 2)), octaves)
    x = g.op("Add", frames, _binned(g, "pitch_embed", PITCH_RANGE, d.n_bins, log_f0))
    g.output("mel", _decode(g, d, x), np.float32, [d.n_mels, "frames"])
    g.output("durations", durations, np.int64, ["symbols"])
    g.output("f0", g.op("Pow", g.constant(2.0), log_f0), np.float32, ["frames"])
    return g.model()


def _encode(g: GraphBuilder, d: FastSpeech2Dimensions, ids: str) -> str:
    x = g.op("Add", g.op("Gather", g.weight("embed.weight"), ids), _sinusoids(g, d.channels, g.op("Shape", ids)))
    for i in range(d.n_encoder_blocks):
        name = f"encoder.{i}"
        x = g.op("Add", x, _attend(g, d, name, g.layer_norm(f"{name}.attention_norm", x)))
        y = g.channels_first(g.layer_norm(f"{name}.conv_norm", x))
        y = g.conv(f"{name}.contract", g.op("Relu", g.conv(f"{name}.expand", y)))
        x = g.op("Add", x, g.time_first(y))
    return g.layer_norm("encoder_norm", x)


def _attend(g: GraphBuilder, d: FastSpeech2Dimensions, name: str, x: str) -> str:
    one = g.constant([0], np.int64)
    qkv = g.op("Unsqueeze", g.linear(f"{name}.qkv", x), one)
    parts = g.ops("Split", 3, qkv, axis=-1, num_outputs=3)
    y = g.op("com.microsoft.MultiHeadAttention", *parts, num_heads=d.n_heads)
    return g.linear(f"{name}.attention_out", g.op("Squeeze", y, one))


def _sinusoids(g: GraphBuilder, channels: int, length: str) -> str:
    """length [1] → [length, channels], as `fastspeech2.sinusoids`."""
    rates = np.exp(np.arange(0, channels, 2, dtype=np.float32) * np.float32(-math.log(10_000.0) / channels))
    places = g.op("Cast", _count(g, length), to=1)
    angles = g.op("Mul", g.op("Unsqueeze", places, g.constant([1], np.int64)), g.constant(rates))
    return g.op("Concat", g.op("Sin", angles), g.op("Cos", angles), axis=1)


def _count(g: GraphBuilder, length: str) -> str:
    """length [1] → 0 … length - 1."""
    scalar = g.op("Squeeze", length)
    return g.op("Range", g.constant(0, np.int64), scalar, g.constant(1, np.int64))


def _predict(g: GraphBuilder, d: FastSpeech2Dimensions, name: str, x: str) -> str:
    """`VariancePredictor`: x [T, C] → [T]."""
    for i in range(2):
        y = g.op("Relu", g.conv(f"{name}.convs.{i}", g.channels_first(x)))
        x = g.layer_norm(f"{name}.norms.{i}", g.time_first(y))
    return g.op("Squeeze", g.linear(f"{name}.out", x), g.constant([1], np.int64))


def _binned(g: GraphBuilder, name: str, limits: tuple[float, float], n_bins: int, values: str) -> str:
    """`BinnedEmbedding`: values [T] → [T, C]."""
    low, high = limits
    place = g.op("Div", g.op("Sub", values, g.constant(low)), g.constant(high - low))
    place = g.op("Mul", place, g.constant(n_bins - 1))
    place = g.op("Clip", place, g.constant(0), g.constant(n_bins - 1 - 1e-3))
    lower = g.op("Floor", place)
    weight = g.op("Unsqueeze", g.op("Sub", place, lower), g.constant([1], np.int64))
    index = g.op("Cast", lower, to=7)
    table = g.weight(f"{name}.embed.weight")
    below = g.op("Mul", g.op("Gather", table, index), g.op("Sub", g.constant(1), weight))
    above = g.op("Gather", table, g.op("Add", index, g.constant(1, np.int64)))
    return g.op("Add", below, g.op("Mul", above, weight))


def _real_frames(g: GraphBuilder, log_durations: str, speed: str) -> str:
    frames = g.op("Sub", g.op("Exp", log_durations), g.constant(1))
    return g.op("Div", g.op("Max", frames, g.constant(0)), speed)


def _regulate(g: GraphBuilder, x: str, real_frames: str) -> tuple[str, str]:
    """x [S, C], real durations [S] → whole ones [S], and each symbol over its frames [T, C] with its place there."""
    ends = g.op("Cast", g.op("Round", g.op("CumSum", real_frames, g.constant(0, np.int64))), to=7)
    starts = g.op("Slice", g.op("Concat", g.constant([0], np.int64), ends, axis=0),
                  g.constant([0], np.int64), g.constant([-1], np.int64))  # fmt: skip
    durations = g.op("Sub", ends, starts)
    time = _count(g, g.op("Slice", ends, g.constant([-1], np.int64), g.constant([2**31], np.int64)))
    column = g.op("Unsqueeze", time, g.constant([1], np.int64))
    passed = g.op("Cast", g.op("LessOrEqual", ends, column), to=6)
    index = g.op("ReduceSum", passed, g.constant([1], np.int64), keepdims=0)
    each = g.op("Cast", g.op("Gather", durations, index), to=1)
    into = g.op("Cast", g.op("Sub", time, g.op("Gather", starts, index)), to=1)
    fraction = g.op("Div", g.op("Add", into, g.constant(0.5)), each)
    columns = [fraction, g.op("Sub", g.constant(1), fraction), g.op("Log", each)]
    places = g.op("Concat", *(g.op("Unsqueeze", c, g.constant([1], np.int64)) for c in columns), axis=1)
    return durations, g.op("Add", g.op("Gather", x, index), g.linear("place_in_symbol", places))


def _decode(g: GraphBuilder, d: FastSpeech2Dimensions, x: str) -> str:
    for i in range(d.n_decoder_blocks):
        x = g.convnext_block(f"decoder.{i}", x)
    mel = g.op("Transpose", g.linear("to_mel", g.layer_norm("decoder_norm", x)), perm=[1, 0])
    if not d.n_postnet_layers:
        return mel
    y = g.op("Unsqueeze", mel, g.constant([0], np.int64))
    for i in range(d.n_postnet_layers):
        y = g.conv(f"postnet.convs.{i}", y if i == 0 else g.op("Tanh", y))
    return g.op("Add", mel, g.op("Squeeze", y, g.constant([0], np.int64)))
