"""From a WaveNet to the compiled loop of `tts.kernels.cpu.wavenet`, where that can be had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.kernels.cpu import wavenet as kernel
from tts.models.wavenet_steps import Steps

if TYPE_CHECKING:
    from tts.models.wavenet import WaveNet

KINDS = {"mulaw": kernel.MULAW, "logistics": kernel.LOGISTICS, "gaussian": kernel.GAUSSIAN}


@torch.inference_mode()
def generate(network: WaveNet, condition: Tensor, numbers: Sequence[Tensor]) -> Tensor:
    """See `WaveNet.generate` and `WaveNet.condition`; on the CPU in float32."""
    steps = Steps(network, condition)
    weights, drawing = packed_weights(steps), drawing_of(network)
    noise = drawing_noise(network, numbers)
    first_input = float(network.first_input(1)[0])
    memories = [kernel.empty_memory(weights, first_input) for _ in range(len(condition))]
    samples = np.empty((len(condition), condition.shape[2]))
    done = 0
    for chunk in steps.condition_chunks():
        part = chunk.permute(1, 0, 2, 3).contiguous().numpy()
        end = done + part.shape[1]
        for row, memory in enumerate(memories):
            samples[row, done:end] = kernel.run(weights, drawing, memory, part[row], noise[row, done:end])
        done = end
    made = torch.from_numpy(samples)
    return made.long() if network.dimensions.output == "mulaw" else made.float()


def packed_weights(steps: Steps) -> kernel.PackedWeights:
    net, layers = steps.network, steps.layers
    arrays = {
        "first": steps.first,
        "first_bias": net.first.bias,
        "taps": torch.stack([layer.taps for layer in layers]),
        "dilations": torch.tensor([layer.dilation for layer in layers]),
        "out": torch.stack([layer.out for layer in layers]),
        "out_bias": torch.stack([layer.out_bias for layer in layers]),
        "hidden": net.hidden.weight[:, :, 0].T,
        "hidden_bias": net.hidden.bias,
        "last": net.out.weight[:, :, 0].T,
        "last_bias": net.out.bias,
    }
    return kernel.PackedWeights(**{name: _packed(tensor) for name, tensor in arrays.items()})


def _packed(tensor: Tensor | None) -> npt.NDArray[Any]:
    assert tensor is not None
    packed: npt.NDArray[Any] = tensor.detach().contiguous().numpy()
    return packed


def drawing_of(network: WaveNet) -> kernel.Drawing:
    d = network.dimensions
    # In the kernel no scale is below e^-87, where float32 ends.
    least = -87.0 if d.sampling_log_scale_min is None else d.sampling_log_scale_min
    return kernel.Drawing(
        KINDS[d.output], least, d.running_skips, 1.0 if d.running_skips else math.sqrt(1 / d.n_layers)
    )


def drawing_noise(network: WaveNet, numbers: Sequence[Tensor]) -> npt.NDArray[np.float64]:
    """The distribution's random numbers, each [steps, B, ...], as what the kernel adds and multiplies: [B, steps, k].

    For logistics a Gumbel draw a component and one of the logistic; else the numbers as they are.
    """
    if network.dimensions.output == "logistics":
        choice, place = numbers
        columns = [-torch.log(-torch.log(choice)), (torch.log(place) - torch.log(1 - place))[..., None]]
    else:
        columns = [numbers[0][..., None]]
    noise: npt.NDArray[np.float64] = torch.cat(columns, -1).double().transpose(0, 1).contiguous().numpy()
    return noise
