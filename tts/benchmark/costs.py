"""What a network must compute and read for one second of audio, and how fast this machine can do it at best.

Costs follow from the dimensions. Products are counted as the network is published, each a multiplication and an
addition: what an implementation saves by algebra (folded weights, conditioning projected at the rate of the mel) counts
as speed. Of the memory traffic only the unavoidable is counted: weights once per step that depends on the one before,
or once per utterance where no step does, and the activations that pass from layer to layer where every layer is fused
into one pass. Limits are products per second and bytes per second, measured in the same run as speech.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise

import torch
from torch import Tensor, nn

from tts.audio.mel_settings import MelSettings
from tts.benchmark.presets import BYTES_PER_WEIGHT
from tts.models.fastspeech2 import FastSpeech2Dimensions
from tts.models.hifigan import OUTER_KERNEL_SIZE, HiFiGANDimensions
from tts.models.tacotron2 import Tacotron2Dimensions
from tts.models.waveglow import WaveGlowDimensions
from tts.models.wavenet import WaveNetDimensions

# English, read, of the public mel. NVIDIA's own measurement has 128 symbols for some seven seconds, 600 frames.
FRAMES_PER_SYMBOL = 5
# The length of the text that Tacotron 2's attention reads.
TEXT_SYMBOLS = 128


@dataclass(frozen=True)
class Cost:
    """The cost of one second of audio of one utterance.

    `macs`: products; `steps` that depend on each other, each of which reads `step_weights` weights, shared by all rows
    of a batch; `numbers`: activations that are written and read between layers.
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

    # The upsampling of the mel.
    rate = mel.sample_rate / mel.hop_length
    macs += 0.0 if d.upsampling == "transposed" else rate * mel.n_mels**2 * (2 * d.context_frames + 1)
    for scale in d.upsample_scales:
        if d.upsampling == "transposed":
            macs += rate * mel.n_mels * d.upsample_height * scale
        rate *= scale
        if d.upsampling == "stretch":
            macs += rate * mel.n_mels * d.upsample_height * (2 * scale + 1)

    # A class is looked up, not multiplied; and the mel's part does not depend on the samples.
    return Cost(macs, steps, d.n_layers * layer + head + residual)


@cost_of.register
def _(d: Tacotron2Dimensions, mel: MelSettings) -> Cost:
    """Of a text of `TEXT_SYMBOLS`."""
    frames = mel.sample_rate / mel.hop_length
    prenet = _chain(d.n_mels, *[d.prenet_channels] * d.n_prenet_layers)
    output = d.decoder_rnn_channels + d.encoder_channels
    first = 4 * d.attention_rnn_channels * (d.prenet_channels + d.encoder_channels + d.attention_rnn_channels)
    second = 4 * d.decoder_rnn_channels * (d.attention_rnn_channels + d.encoder_channels + d.decoder_rnn_channels)
    query = d.attention_rnn_channels * d.attention_channels
    frame = prenet + first + second + query + output * (d.n_mels + 1)
    location = d.location_filters * (2 * d.location_kernel_size + d.attention_channels)
    attention = TEXT_SYMBOLS * (location + d.attention_channels + d.encoder_channels)
    postnet = _chain(d.n_mels, *[d.postnet_channels] * (d.n_postnet_convolutions - 1), d.n_mels)
    macs = frames * (frame + attention + postnet * d.postnet_kernel_size)

    convolutions = _chain(d.embedding_channels, *[d.encoder_channels] * d.n_encoder_convolutions)
    half = d.encoder_channels // 2
    lstm = 2 * 4 * half * (d.encoder_channels + half)
    symbol = convolutions * d.encoder_kernel_size + lstm + d.encoder_channels * d.attention_channels
    # Each frame reads the encoder's output and the key of every symbol.
    memory = TEXT_SYMBOLS * (d.encoder_channels + d.attention_channels)
    return Cost(macs + frames / FRAMES_PER_SYMBOL * symbol, frames, frame + memory)


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
    return Cost(frames * (symbol / FRAMES_PER_SYMBOL + frame), numbers=frames * moved)


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


SIDE = 1024
# Far more than any cache holds.
FAR_BYTES = 256_000_000
# Each figure is the best of the tries that fit in this time: other load can only slow them.
TRY_SECONDS = 0.3


@dataclass(frozen=True)
class Setting:
    """How a network runs: at most `seconds` of audio per run, `batch` utterances at once."""

    device: torch.device
    precision: str = "float32"
    seconds: float = 5.0
    batch: int = 1


@dataclass(frozen=True)
class Limits:
    """Matrix products in 10^9 operations per second, and main memory in GB per second.

    `products` is the number format of those products. `copy_gb_per_second` counts both reads and writes.
    """

    products: str
    gflop_per_second: float
    copy_gb_per_second: float
    read_gb_per_second: float


@dataclass(frozen=True)
class Limit:
    """The least real-time factor that a network can have here, by its products and by what it must read.

    `read_gb_per_second` is the rate for as many bytes as one step reads, in whatever cache fits them; None: no steps.
    """

    compute_rtf: float
    memory_rtf: float
    read_gb_per_second: float | None

    @property
    def rtf(self) -> float:
        return max(self.compute_rtf, self.memory_rtf)


def measure_limits(device: torch.device, threads: int, precision: str) -> Limits:
    """On a CPU weights of fewer bits are widened before they are multiplied, so products are in float32."""
    products = torch.bfloat16 if device.type == "cuda" and precision != "float32" else torch.float32
    return Limits(
        str(products).removeprefix("torch."),
        gemm_rate(device, products) / 1e9,
        copy_rate(device) / 1e9,
        read_rate(device, FAR_BYTES, threads) / 1e9,
    )


def limit_of(cost: Cost, weights: int, limits: Limits, setting: Setting, threads: int, seconds: float) -> Limit:
    """The limit of a network of so many weights, for utterances of `seconds`."""
    size = BYTES_PER_WEIGHT[setting.precision]
    # Activations are float32 on a CPU.
    activation = 2 if setting.device.type == "cuda" and setting.precision != "float32" else 4
    memory_rtf = cost.numbers * activation / (1e9 * limits.copy_gb_per_second)
    rate = None
    if cost.steps:
        rate = read_rate(setting.device, round(cost.step_weights * size), threads)
        memory_rtf += cost.steps * cost.step_weights * size / rate / setting.batch
    else:
        memory_rtf += weights * size / (1e9 * limits.read_gb_per_second) / (setting.batch * seconds)
    return Limit(cost.gflop / limits.gflop_per_second, memory_rtf, rate and rate / 1e9)


def gemm_rate(device: torch.device, products: torch.dtype) -> float:
    """Operations per second of a product of two square matrices, on PyTorch's threads."""
    side = SIDE if device.type == "cpu" else 8 * SIDE
    a, b = (torch.randn(side, side, device=device, dtype=products) for _ in range(2))
    out = torch.empty_like(a)
    return 2 * side**3 / _best_seconds(lambda: torch.mm(a, b, out=out), device)


def copy_rate(device: torch.device) -> float:
    """Bytes per second, read and written, in main memory."""
    source = torch.zeros(FAR_BYTES // 4, device=device)
    target = torch.empty_like(source)
    return 2 * FAR_BYTES / _best_seconds(lambda: target.copy_(source), device)


def read_rate(device: torch.device, n_bytes: int, threads: int) -> float:
    """Bytes per second of reading the same `n_bytes` repeatedly, each thread its own part."""
    if device.type != "cpu":
        numbers = torch.zeros(max(1, n_bytes // 4), device=device)
        return numbers.nbytes / _best_seconds(lambda: numbers.sum(), device)
    parts = [torch.zeros(max(1, n_bytes // 4 // threads)) for _ in range(threads)]
    # A call costs about a microsecond, which limits the repetitions for few bytes.
    times = min(max(1, round(4e7 / n_bytes)), 200)

    def read_part(part: Tensor) -> None:
        torch.set_num_threads(1)
        for _ in range(times):
            part.sum()

    with ThreadPoolExecutor(threads) as pool:
        read = times * sum(part.nbytes for part in parts)
        return read / _best_seconds(lambda: list(pool.map(read_part, parts)), device)


def _best_seconds(action: Callable[[], object], device: torch.device) -> float:
    """The shortest duration of the action, after a first call."""
    action()
    _finish(device)
    best, end = float("inf"), time.perf_counter() + TRY_SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        action()
        _finish(device)
        best = min(best, time.perf_counter() - start)
    return best


def _finish(device: torch.device) -> None:
    """Wait for what a GPU still has to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
