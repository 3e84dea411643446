"""FastSpeech 2 (`tts.models.fastspeech2`) on ONNX Runtime: its graph, and the acoustic model that runs it.

Running needs neither PyTorch nor the package onnx; building the graph needs both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts.models.base import AcousticModel, SpokenMel
from tts.onnx.graph_builder import GraphBuilder
from tts.onnx.session import Session

if TYPE_CHECKING:
    from tts.models.fastspeech2 import FastSpeech2Dimensions


class OnnxFastSpeech2(AcousticModel):
    """`session` runs the graph of `fastspeech2_graph`, which implements the controls."""

    runtime = "onnx"

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def controls(self) -> frozenset[str]:
        return frozenset({"speed", "pitch", "energy"})

    def wait(self) -> None:
        self._session.wait()

    def speak(
        self, ids: Sequence[int], *, speed: float, pitch: float, energy: float, generator: np.random.Generator
    ) -> SpokenMel:
        mel, durations, f0 = self._session.run(
            ids=np.array(ids, np.int64),
            speed=np.array(speed, np.float32),
            octaves=np.array(pitch / 12, np.float32),
            log_energy=np.array(math.log(energy), np.float32),
        )
        return SpokenMel(mel, durations, f0)


def fastspeech2_graph(d: FastSpeech2Dimensions, weight_shapes: Mapping[str, Sequence[int]]) -> bytes:
    """The graph: ids [S], speed [], octaves [] up, log_energy [] → mel [n_mels, T], durations [S], f0 [T] in Hz."""
    from tts.models.fastspeech2 import ENERGY_RANGE, PITCH_RANGE

    g = GraphBuilder("fastspeech2", weight_shapes)
    ids = g.input("ids", np.int64, ["symbols"])
    speed, octaves, log_energy = (g.input(name, np.float32, []) for name in ("speed", "octaves", "log_energy"))

    # The encoder, over embeddings and `sinusoids`.
    x = g.op("Gather", g.weight("embed.weight"), ids)
    rates = np.exp(np.arange(0, d.channels, 2, dtype=np.float32) * np.float32(-math.log(10_000.0) / d.channels))
    positions = g.op("Cast", _count(g, g.op("Shape", ids)), to=1)
    angles = g.op("Mul", g.op("Unsqueeze", positions, g.constant([1], np.int64)), g.constant(rates))
    x = g.op("Add", x, g.op("Concat", g.op("Sin", angles), g.op("Cos", angles), axis=1))
    for i in range(d.n_encoder_blocks):
        name = f"encoder.{i}"
        y = g.layer_norm(f"{name}.attention_norm", x)
        first_axis = g.constant([0], np.int64)
        qkv = g.op("Unsqueeze", g.linear(f"{name}.qkv", y), first_axis)
        y = g.op(
            "com.microsoft.MultiHeadAttention", *g.ops("Split", 3, qkv, axis=-1, num_outputs=3), num_heads=d.n_heads
        )
        x = g.op("Add", x, g.linear(f"{name}.attention_out", g.op("Squeeze", y, first_axis)))
        y = g.channels_first(g.layer_norm(f"{name}.conv_norm", x))
        y = g.conv(f"{name}.contract", g.op("Relu", g.conv(f"{name}.expand", y)))
        x = g.op("Add", x, g.time_first(y))
    x = g.layer_norm("encoder_norm", x)

    # Durations and energy.
    log_durations = _predict(g, "duration_predictor", x)
    energy = g.op("Add", _predict(g, "energy_predictor", x), log_energy)
    x = g.op("Add", x, _binned(g, "energy_embed", ENERGY_RANGE, d.n_bins, energy))
    real_durations = g.op("Max", g.op("Sub", g.op("Exp", log_durations), g.constant(1)), g.constant(0))
    real_durations = g.op("Div", real_durations, speed)

    # `round_durations`, `regulate_length` and `positions_in_symbols`: symbols [S, C] → frames [T, C].
    ends = g.op("Cast", g.op("Round", g.op("CumSum", real_durations, g.constant(0, np.int64))), to=7)
    starts = g.op("Concat", g.constant([0], np.int64), ends, axis=0)
    starts = g.op("Slice", starts, g.constant([0], np.int64), g.constant([-1], np.int64))
    durations = g.op("Sub", ends, starts)
    time = _count(g, g.op("Slice", ends, g.constant([-1], np.int64), g.constant([2**31], np.int64)))
    column = g.op("Unsqueeze", time, g.constant([1], np.int64))
    passed = g.op("Cast", g.op("LessOrEqual", ends, column), to=6)
    index = g.op("ReduceSum", passed, g.constant([1], np.int64), keepdims=0)
    each = g.op("Cast", g.op("Gather", durations, index), to=1)
    into = g.op("Cast", g.op("Sub", time, g.op("Gather", starts, index)), to=1)
    fraction = g.op("Div", g.op("Add", into, g.constant(0.5)), each)
    columns = [fraction, g.op("Sub", g.constant(1), fraction), g.op("Log", each)]
    positions = g.op("Concat", *(g.op("Unsqueeze", c, g.constant([1], np.int64)) for c in columns), axis=1)
    frames = g.op("Add", g.op("Gather", x, index), g.linear("place_in_symbol", positions))

    # Pitch and the decoder.
    log_f0 = g.op("Add", _predict(g, "pitch_predictor", frames), g.constant(sum(PITCH_RANGE) / 2))
    log_f0 = g.op("Add", log_f0, octaves)
    x = g.op("Add", frames, _binned(g, "pitch_embed", PITCH_RANGE, d.n_bins, log_f0))
    for i in range(d.n_decoder_blocks):
        x = g.convnext_block(f"decoder.{i}", x)
    mel = g.op("Transpose", g.linear("to_mel", g.layer_norm("decoder_norm", x)), perm=[1, 0])
    if d.n_postnet_layers:
        y = g.op("Unsqueeze", mel, g.constant([0], np.int64))
        for i in range(d.n_postnet_layers):
            y = g.conv(f"postnet.convs.{i}", y if i == 0 else g.op("Tanh", y))
        mel = g.op("Add", mel, g.op("Squeeze", y, g.constant([0], np.int64)))

    g.output("mel", mel, np.float32, [d.n_mels, "frames"])
    g.output("durations", durations, np.int64, ["symbols"])
    g.output("f0", g.op("Pow", g.constant(2.0), log_f0), np.float32, ["frames"])
    return g.model()


def _count(g: GraphBuilder, length: str) -> str:
    """length [1] → 0 … length - 1."""
    return g.op("Range", g.constant(0, np.int64), g.op("Squeeze", length), g.constant(1, np.int64))


def _predict(g: GraphBuilder, name: str, x: str) -> str:
    """`VariancePredictor`: x [T, C] → [T]."""
    for i in range(2):
        y = g.op("Relu", g.conv(f"{name}.convs.{i}", g.channels_first(x)))
        x = g.layer_norm(f"{name}.norms.{i}", g.time_first(y))
    return g.op("Squeeze", g.linear(f"{name}.out", x), g.constant([1], np.int64))


def _binned(g: GraphBuilder, name: str, limits: tuple[float, float], n_bins: int, values: str) -> str:
    """`BinnedEmbedding`: values [T] → [T, C]."""
    low, high = limits
    position = g.op("Div", g.op("Sub", values, g.constant(low)), g.constant(high - low))
    position = g.op("Mul", position, g.constant(n_bins - 1))
    position = g.op("Clip", position, g.constant(0), g.constant(n_bins - 1 - 1e-3))
    lower = g.op("Floor", position)
    weight = g.op("Unsqueeze", g.op("Sub", position, lower), g.constant([1], np.int64))
    index = g.op("Cast", lower, to=7)
    table = g.weight(f"{name}.embed.weight")
    below = g.op("Mul", g.op("Gather", table, index), g.op("Sub", g.constant(1), weight))
    above = g.op("Gather", table, g.op("Add", index, g.constant(1, np.int64)))
    return g.op("Add", below, g.op("Mul", above, weight))
