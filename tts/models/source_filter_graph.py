"""The network of the source-filter vocoder (`source_filter.py`) as an ONNX graph: all that has weights.

The source, the Fourier transforms and the noise stay outside (`onnx_source_filter.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tts.audio.mel_settings import MelSettings
from tts.models.excitation import F0_CENTRE_HZ, mel_to_bins
from tts.models.graph_builder import GraphBuilder
from tts.models.vocos import VocosDimensions

N_PITCH_BLOCKS = 3


def source_filter_graph(mel: MelSettings, d: VocosDimensions, weight_shapes: Mapping[str, Sequence[int]]) -> bytes:
    """The graph: mel [n_mels, T], told_f0 [T] in Hz (0: hear it in the mel) → f0 [T] in Hz and, a bin of a frame,
    the gain and the phase of the pulses and the gain of the noise, each [T + 1, n_bins].
    """
    g = GraphBuilder("source_filter", weight_shapes)
    told = g.input("mel", np.float32, [mel.n_mels, "frames"]), g.input("told_f0", np.float32, ["frames"])
    frames = g.op("Transpose", told[0], perm=[1, 0])
    heard = g.op("Where", g.op("Greater", told[1], g.constant(0)), told[1], _pitch(g, frames))
    octaves = g.op("Log", g.op("Div", heard, g.constant(F0_CENTRE_HZ)))
    octaves = g.op("Div", octaves, g.constant(np.log(2)))
    features = g.op("Concat", frames, g.op("Unsqueeze", octaves, g.constant([1], np.int64)), axis=1)
    # One more frame, because the inverse transform is centred: T frames give (T - 1) hops.
    last = g.op("Slice", features, g.constant([-1], np.int64), g.constant([2**31], np.int64))
    features = g.op("Concat", features, last, axis=0)
    corrections = g.ops("Split", 3, g.linear("head", _backbone(g, d, features)), axis=1, num_outputs=3)
    of_mel = g.op("Slice", features, g.constant([0], np.int64), g.constant([mel.n_mels], np.int64),
                  g.constant([1], np.int64))  # fmt: skip
    envelope = g.op("MatMul", of_mel, g.sparse("spread", mel_to_bins(mel).numpy().T))
    n_bins = mel.n_fft // 2 + 1
    for name, correction in zip(("pulse_gain", "noise_gain"), corrections, strict=False):
        gain = g.op("Exp", g.op("Min", g.op("Add", envelope, correction), g.constant(6)))
        g.output(name, gain, np.float32, ["frames_and_one", n_bins])
    g.output("phase", corrections[2], np.float32, ["frames_and_one", n_bins])
    g.output("f0", heard, np.float32, ["frames"])
    return g.model()


def _pitch(g: GraphBuilder, frames: str) -> str:
    """`PitchFromMel`: mel [T, n_mels] → F0 in Hz [T]."""
    x = g.layer_norm("pitch.norm", g.time_first(g.conv("pitch.embed", g.channels_first(frames))))
    for i in range(N_PITCH_BLOCKS):
        x = g.convnext_block(f"pitch.blocks.{i}", x)
    octaves = g.op("Squeeze", g.linear("pitch.out", x), g.constant([1], np.int64))
    octaves = g.op("Clip", octaves, g.constant(-2), g.constant(2))
    return g.op("Mul", g.op("Pow", g.constant(2), octaves), g.constant(F0_CENTRE_HZ))


def _backbone(g: GraphBuilder, d: VocosDimensions, features: str) -> str:
    """`ConvNeXtBackbone`: features [T, n_inputs] → [T, channels]."""
    x = g.layer_norm("backbone.norm", g.time_first(g.conv("backbone.embed", g.channels_first(features))))
    for i in range(d.n_blocks):
        x = g.convnext_block(f"backbone.blocks.{i}", x)
    return g.layer_norm("backbone.final_norm", x)
