"""WaveNet's loop over samples as r9y9/wavenet_vocoder writes it, in PyTorch: a layer's past is a buffer that moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot

if TYPE_CHECKING:
    from tts.kernels.wavenet import Conditions, Generated, Layer, Weights


@torch.inference_mode()
def generate(
    weights: Weights,
    conditions: Conditions,
    noise: Tensor,
    told: Tensor | None = None,
    precision: str = "float32",
) -> Generated:
    """See `tts.kernels.wavenet.generate`; the weights are used as they are, whatever the precision."""
    from tts.kernels.wavenet import Generated

    heard = conditions.at_sample_rate().transpose(1, 2).contiguous()
    batch, n_steps = heard.shape[:2]
    buffers = [_buffer(layer, batch) for layer in weights.layers]
    sample = noise.new_full((batch,), weights.silence)
    samples, parameters = [], []
    for t in range(n_steps):
        predicted = _parameters(weights, buffers, sample if told is None else told[:, t], heard[:, t])
        sample = drawn(weights.kind, predicted, noise[:, t], weights.least_log_scale)
        samples.append(sample)
        if told is not None:
            parameters.append(predicted)
    made = torch.stack(samples, 1)
    made = made.long() if weights.kind == "mulaw" else made.to(weights.first.dtype)
    return Generated(made, torch.stack(parameters, 1) if told is not None else None)


def _buffer(layer: Layer, batch: int) -> Tensor:
    _, n_residual, n_taps = layer.dilated.shape
    return layer.dilated.new_zeros(batch, (n_taps - 1) * layer.dilation + 1, n_residual)


def _parameters(weights: Weights, buffers: list[Tensor], sample: Tensor, heard: Tensor) -> Tensor:
    """The sample before [B] and what is heard beside it [B, channels] → parameters [B, n_outputs]."""
    classes = weights.kind == "mulaw"
    given = one_hot(sample.long(), len(weights.last)) if classes else sample[:, None]
    x = linear(given.to(weights.first.dtype), weights.first[:, :, 0], weights.first_bias)
    skips: Tensor | None = None
    running = math.sqrt(0.5) if weights.running_skips else 1.0
    at_the_end = 1.0 if weights.running_skips else math.sqrt(1 / len(weights.layers))
    for layer, buffer in zip(weights.layers, buffers, strict=True):
        x, skip = _layer(layer, buffer, x, heard)
        skips = skip if skips is None else (skips + skip) * running
    assert skips is not None
    hidden = linear(torch.relu(skips * at_the_end), weights.hidden[:, :, 0], weights.hidden_bias)
    return linear(torch.relu(hidden), weights.last[:, :, 0], weights.last_bias)


def _layer(layer: Layer, buffer: Tensor, x: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
    """Equation 2 of the paper with what is heard added inside both functions: x [B, residual] → (x, skip)."""
    buffer[:, :-1] = buffer[:, 1:].clone()
    buffer[:, -1] = x
    taps = buffer[:, :: layer.dilation].flatten(1)
    # Weights [gate, residual, taps] with the inputs of a tap side by side.
    y = linear(taps, layer.dilated.transpose(1, 2).flatten(1), layer.dilated_bias)
    y = y + linear(heard, layer.condition[:, :, 0], layer.condition_bias)
    signal, gate = y.chunk(2, dim=1)
    gated = torch.tanh(signal) * torch.sigmoid(gate)
    skip = linear(gated, layer.skip[:, :, 0], layer.skip_bias)
    return (x + linear(gated, layer.residual[:, :, 0], layer.residual_bias)) * math.sqrt(0.5), skip


def drawn(kind: str, parameters: Tensor, noise: Tensor, least_log_scale: float) -> Tensor:
    """parameters [B, n_outputs] and noise [B, k], as `tts.kernels.wavenet.generate` says → samples [B]."""
    if kind == "mulaw":
        return _drawn_class(parameters, noise[:, 0])
    mean, log_scale = parameters[:, 0], parameters[:, -1]
    if kind == "logistics":
        logits, means, log_scales = parameters.chunk(3, -1)
        # The Gumbel-max trick.
        chosen = one_hot((logits + noise[:, :-1]).argmax(-1), logits.shape[1])
        mean, log_scale = (means * chosen).sum(-1), (log_scales * chosen).sum(-1)
    return (mean + torch.exp(log_scale.clamp(min=least_log_scale)) * noise[:, -1]).clamp(-1, 1).to(parameters.dtype)


def _drawn_class(logits: Tensor, uniform: Tensor) -> Tensor:
    """The inverse of the cumulative distribution: how many of its values do not exceed the uniform number."""
    cumulative = torch.softmax(logits.double(), -1).cumsum(-1)
    found = torch.searchsorted(cumulative, uniform[:, None].contiguous(), right=True)[:, 0]
    return torch.where(uniform < 0, logits.argmax(-1), found.clamp(max=logits.shape[1] - 1))
