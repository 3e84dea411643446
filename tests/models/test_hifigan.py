import pytest
import torch
from torch import nn

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions

MEL = MelSettings(n_fft=64, hop_length=8, n_mels=5)
TINY = HiFiGANDimensions(
    channels=8,
    upsample_rates=(4, 2),
    upsample_kernel_sizes=(8, 4),
    block_kernel_sizes=(3, 5),
    block_dilations=((1, 2), (2, 3)),
)


def hifigan(**changes):
    torch.manual_seed(0)
    return HiFiGAN(MEL, HiFiGANDimensions(**{**TINY.__dict__, **changes})).eval()


def a_mel(batch=2, n_frames=12):
    return torch.randn(batch, MEL.n_mels, n_frames, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("two_convolutions", [True, False])
@torch.no_grad()
def test_a_batch_is_its_items(two_convolutions):
    network, mel = hifigan(two_convolutions=two_convolutions).double(), a_mel(3).double()
    together = network(mel)
    assert together.shape == (3, 12 * 8)
    assert together.abs().max() <= 1
    for i in range(3):
        torch.testing.assert_close(network(mel[i : i + 1])[0], together[i])


@torch.no_grad()
def test_blocks_are_averaged_not_summed():
    network = hifigan()
    stage = network.stages[0]
    x = torch.randn(1, 8, 5)
    up = stage.up(x)
    assert up.shape == (1, 4, 20)
    torch.testing.assert_close(stage(x), (stage.blocks[0](up) + stage.blocks[1](up)) / 2)
    block = stage.blocks[0]
    first = up + block.plain[0](nn.functional.leaky_relu(block.dilated[0](nn.functional.leaky_relu(up, 0.1)), 0.1))
    second = block.dilated[1](nn.functional.leaky_relu(first, 0.1))
    expected = first + block.plain[1](nn.functional.leaky_relu(second, 0.1))
    torch.testing.assert_close(block(up), expected)
    torch.testing.assert_close(network.hum(4), network(torch.zeros(1, 5, 4)))


@torch.no_grad()
def test_repeated_edge_frames_are_cut_off_again():
    network, mel = hifigan(edge_frames=3, padding_mode="reflect"), a_mel(1)
    longer = torch.cat([mel[:, :, :1].expand(-1, -1, 3), mel, mel[:, :, -1:].expand(-1, -1, 3)], dim=2)
    expected = hifigan(padding_mode="reflect")(longer)[:, 3 * 8 : -3 * 8]
    torch.testing.assert_close(network(mel), expected)


def test_steps_up_must_make_a_hop():
    with pytest.raises(TtsError, match=r"\(2, 2\) do not make 8 samples"):
        hifigan(upsample_rates=(2, 2), upsample_kernel_sizes=(4, 4))
