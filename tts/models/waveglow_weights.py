"""A WaveGlow's weights as `tts.kernels.waveglow` wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from tts.kernels.waveglow import FlowWeights, LayerWeights, Stretch, WaveGlowWeights

if TYPE_CHECKING:
    from tts.models.waveglow import Flow, WaveGlow


def plain_weights(network: WaveGlow) -> WaveGlowWeights:
    """The network's own tensors, not copies; only the inverses of the 1x1 convolutions are new."""
    from tts.models.waveglow import SampleCondition

    stretch = None
    if isinstance(network.upsample, SampleCondition):
        stretch = Stretch(*_tensors(network.upsample.stretch), network.mel.hop_length)
    flows = tuple(_flow(network.flow(k)) for k in range(network.dimensions.n_flows))
    return WaveGlowWeights(flows, stretch, network.dimensions.n_group, network.dimensions.n_early_every)


def _flow(flow: Flow) -> FlowWeights:
    transform = flow.transform
    layers = tuple(
        LayerWeights(*_tensors(layer.dilated), *_tensors(layer.condition), *_tensors(layer.out))
        for layer in transform.gated_layers()
    )
    unmix = flow.mix.inverted().detach()
    return FlowWeights(unmix, *_tensors(transform.start), layers, *_tensors(transform.end))


def _tensors(convolution: nn.Conv1d | nn.ConvTranspose1d) -> tuple[Tensor, Tensor]:
    assert convolution.bias is not None
    return convolution.weight.detach(), convolution.bias.detach()
