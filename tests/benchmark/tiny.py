"""Presets of tiny networks."""

from tests.tiny_voice import TACOTRON2
from tts.benchmark.presets import Preset

TINY = {
    "tiny-waveglow": Preset(
        "waveglow", "vocoder", "a test", {"n_flows": 2, "n_early_every": 1, "n_layers": 1, "channels": 4}
    ),
    "tiny-wavenet": Preset(
        "wavenet",
        "vocoder",
        "a test",
        {
            "n_outputs": 6,
            "n_layers": 2,
            "n_stacks": 1,
            "residual_channels": 4,
            "gate_channels": 4,
            "skip_channels": 4,
        },
    ),
    "tiny-mulaw": Preset(
        "wavenet",
        "vocoder",
        "a test",
        {
            "output": "mulaw",
            "n_outputs": 16,
            "n_layers": 2,
            "n_stacks": 1,
            "residual_channels": 4,
            "gate_channels": 4,
            "skip_channels": 4,
            "preemphasis": 0.0,
            "gain": 1.0,
        },
    ),
    "tiny-hifigan": Preset("hifigan", "vocoder", "a test", {"channels": 16}),
    "tiny-tacotron2": Preset(
        "tacotron2",
        "acoustic",
        "a test",
        TACOTRON2 | {"n_symbols": 9},
    ),
    "tiny-fastspeech2": Preset(
        "fastspeech2",
        "acoustic",
        "a test",
        {
            "n_symbols": 9,
            "channels": 8,
            "encoder_hidden": 16,
            "n_encoder_blocks": 1,
            "decoder_hidden": 16,
            "n_decoder_blocks": 1,
            "predictor_channels": 8,
            "n_bins": 16,
        },
    ),
}
