"""What a network must compute and fetch for one second of audio, from its dimensions alone.

Products are counted as the network is published, each a multiplication and an addition: what an implementation saves by
algebra (folded weights, conditioning projected at the rate of the mel) counts as speed. Of the traffic only what cannot
be avoided is counted: weights once for each step that depends on the one before, or once an utterance where no step
does, and where every layer is fused into one pass what goes from layer to layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise

from torch import nn

from tts.audio.mel_settings import MelSettings
from tts.models.fastspeech2 import FastSpeech2Dimensions
from tts.models.hifigan import OUTER_KERNEL_SIZE, HiFiGANDimensions
from tts.models.tacotron2 import Tacotron2Dimensions
from tts.models.waveglow import WaveGlowDimensions
from tts.models.wavenet import WaveNetDimensions

# English, read, of the public mel. NVIDIA's own measurement has 128 symbols for some seven seconds, 600 frames.
FRAMES_A_SYMBOL = 5
# How long a text Tacotron 2's attention looks over.
TEXT_SYMBOLS = 128


@dataclass(frozen=True)
class Cost:
    """Of one second of audio of one utterance.

    `macs`: products; `steps` that depend on each other, each of which reads `step_weights` weights, which all rows of
    a batch share; `numbers`: activations that go from layer to layer, in and out.
    """

    macs: float
    steps: float = 0.0
    step_weights: float = 0.0
    numbers: float = 0.0

    @property
    def gflop(self) -> float:
        return 2 * self.macs / 1e9


@singledispatch
def cost_of(dimensions: object, mel: MelSettings) -> Cost:
    """The cost of a network of these dimensions for mels of these settings."""
    raise TypeError(f"no formula for {type(dimensions).__name__}")


@cost_of.register
def _(d: WaveGlowDimensions, mel: MelSettings) -> Cost:
    """The published kind; `condition_channels` is 0."""
    groups = mel.sample_rate / d.n_group
    channels, condition = d.channels, mel.n_mels * d.n_group
    macs = mel.sample_rate / mel.hop_length * mel.n_mels**2 * d.upsample_kernel_size
    for width in d.flow_channels():
        layer = 2 * channels * (d.kernel_size * channels + condition) + 2 * channels * channels
        # The last layer has a skip only.
        network = d.n_layers * layer - channels * channels + width // 2 * channels + channels * 2 * (width - width // 2)
        macs += groups * (network + width * width)
    # A layer reads what it adds to and writes it: the residual stream, and the sum of skips.
    return Cost(macs, numbers=groups * d.n_flows * d.n_layers * 4 * channels)


@cost_of.register
def _(d: WaveNetDimensions, mel: MelSettings) -> Cost:
    """Without pulses, guide and shaping."""
    n_inputs = d.n_outputs if d.output == "mulaw" else 1
    residual, gates, skips = d.residual_channels, d.gate_channels, d.skip_channels
    condition = mel.n_mels * gates
    layer = d.kernel_size * residual * gates + gates // 2 * (residual + skips)
    head = skips * skips + skips * d.n_outputs
    steps = float(mel.sample_rate)
    macs = steps * (n_inputs * residual + d.n_layers * (layer + condition) + head)
    # A class is looked up, not multiplied; and the mel's part does not depend on the samples.
    return Cost(macs + _upsampling_macs(d, mel), steps, d.n_layers * layer + head + residual)


def _upsampling_macs(d: WaveNetDimensions, mel: MelSettings) -> float:
    rate = mel.sample_rate / mel.hop_length
    macs = 0.0 if d.upsampling == "transposed" else rate * mel.n_mels**2 * (2 * d.context_frames + 1)
    for scale in d.upsample_scales:
        if d.upsampling == "transposed":
            macs += rate * mel.n_mels * d.upsample_height * scale
        rate *= scale
        if d.upsampling == "stretch":
            macs += rate * mel.n_mels * d.upsample_height * (2 * scale + 1)
    return macs


@cost_of.register
def _(d: Tacotron2Dimensions, mel: MelSettings) -> Cost:
    """Of a text of `TEXT_SYMBOLS`."""
    frames = mel.sample_rate / mel.hop_length
    prenet = _chain(d.n_mels, *[d.prenet_channels] * d.n_prenet_layers)
    heard = d.decoder_rnn_channels + d.encoder_channels
    first = 4 * d.attention_rnn_channels * (d.prenet_channels + d.encoder_channels + d.attention_rnn_channels)
    second = 4 * d.decoder_rnn_channels * (d.attention_rnn_channels + d.encoder_channels + d.decoder_rnn_channels)
    query = d.attention_rnn_channels * d.attention_channels
    frame = prenet + first + second + query + heard * (d.n_mels + 1)
    location = d.location_filters * (2 * d.location_kernel_size + d.attention_channels)
    attention = TEXT_SYMBOLS * (location + d.attention_channels + d.encoder_channels)
    postnet = _chain(d.n_mels, *[d.postnet_channels] * (d.n_postnet_convolutions - 1), d.n_mels)
    macs = frames * (frame + attention + postnet * d.postnet_kernel_size)
    return Cost(macs + frames / FRAMES_A_SYMBOL * _tacotron2_symbol(d), frames, frame + TEXT_SYMBOLS * _memory(d))


def _memory(d: Tacotron2Dimensions) -> int:
    """What each frame reads of a symbol: what the encoder made of it, and its key."""
    return d.encoder_channels + d.attention_channels


def _tacotron2_symbol(d: Tacotron2Dimensions) -> float:
    convolutions = _chain(d.embedding_channels, *[d.encoder_channels] * d.n_encoder_convolutions)
    half = d.encoder_channels // 2
    lstm = 2 * 4 * half * (d.encoder_channels + half)
    return convolutions * d.encoder_kernel_size + lstm + d.encoder_channels * d.attention_channels


@cost_of.register
def _(d: FastSpeech2Dimensions, mel: MelSettings) -> Cost:
    """Without a postnet; the attention's own products, some of a percent, are left out."""
    frames, c = mel.sample_rate / mel.hop_length, d.channels
    encoder = 4 * c * c + d.encoder_kernel_size * c * d.encoder_hidden + d.encoder_hidden * c
    predictor = 5 * _chain(c, d.predictor_channels, d.predictor_channels) + d.predictor_channels
    decoder = c * d.decoder_kernel_size + 2 * c * d.decoder_hidden
    symbol = d.n_encoder_blocks * encoder + 2 * predictor
    frame = d.n_decoder_blocks * decoder + predictor + 3 * c + c * d.n_mels
    moved = d.n_decoder_blocks * 2 * c
    return Cost(frames * (symbol / FRAMES_A_SYMBOL + frame), numbers=frames * moved)


@cost_of.register
def _(d: HiFiGANDimensions, mel: MelSettings) -> Cost:
    rate = mel.sample_rate / mel.hop_length
    macs = rate * mel.n_mels * d.channels * OUTER_KERNEL_SIZE
    moved, channels = 0.0, d.channels
    for up, kernel_size in zip(d.upsample_rates, d.upsample_kernel_sizes, strict=True):
        macs += rate * channels * (channels // 2) * kernel_size
        rate, channels = rate * up, channels // 2
        for size, dilations in zip(d.block_kernel_sizes, d.block_dilations, strict=True):
            n_convolutions = len(dilations) * (2 if d.two_convolutions else 1)
            macs += rate * n_convolutions * size * channels**2
            # A pair of convolutions is one pass over its input.
            moved += rate * len(dilations) * 2 * channels
    return Cost(macs + rate * channels * OUTER_KERNEL_SIZE, numbers=moved)


def count_weights(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _chain(*widths: int) -> int:
    """Weights of dense layers one after the other."""
    return sum(math.prod(pair) for pair in pairwise(widths))
