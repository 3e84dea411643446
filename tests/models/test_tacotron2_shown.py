import pytest
import torch
from torch import Tensor, nn

from tests.tiny_corpus import SMALL_TACOTRON2
from tts.models.tacotron2 import DecoderState, Tacotron2, Tacotron2Dimensions
from tts.models.tacotron2_shown import delayed, forward_shown

LENGTHS, FRAMES = torch.tensor([5, 7]), torch.tensor([12, 9])


class Told(nn.Module):
    """Attention that says what it is told, and keeps what it would have said."""

    def __init__(self, attention: nn.Module, alignment: Tensor) -> None:
        super().__init__()
        self.attention, self.alignment = attention, alignment
        self.memory = attention.memory
        self.said: list[Tensor] = []

    def forward(self, query: Tensor, state: DecoderState) -> Tensor:
        self.said.append(self.attention(query, state))
        return self.alignment[:, len(self.said) - 1]


@pytest.fixture
def network():
    torch.manual_seed(3)
    made = Tacotron2(Tacotron2Dimensions(9, 8, **SMALL_TACOTRON2)).eval()
    made.decoder.prenet.p = 0.0
    return made


@pytest.fixture
def batch():
    """ids, lengths, mel, mel_lengths"""
    torch.manual_seed(4)
    return torch.randint(9, (2, 7)), LENGTHS, torch.randn(2, 8, 12), FRAMES


@pytest.fixture
def alignment():
    torch.manual_seed(5)
    said = torch.rand(2, 12, 7)
    said[0, :, 5:] = 0
    return said / said.sum(2, keepdim=True)


def assert_same(ours, theirs):
    assert torch.allclose(ours.mel_before_postnet, theirs.mel_before_postnet, atol=1e-5)
    assert torch.allclose(ours.mel, theirs.mel, atol=1e-5)
    assert torch.allclose(ours.stop_logits, theirs.stop_logits, atol=1e-5)


@torch.no_grad()
def test_all_frames_at_once_are_those_made_one_by_one(network, batch, alignment):
    shown = forward_shown(network, *batch, alignment)
    told = network.decoder.attention = Told(network.decoder.attention, alignment)
    assert_same(shown, network(*batch))
    assert torch.allclose(shown.alignments, torch.stack(told.said, 1), atol=1e-6)


@torch.no_grad()
def test_enough_echoes_end_in_what_the_attention_says_by_itself(network, batch, alignment):
    """Each echo puts at least one more frame right: the first is so whatever the attention is told."""
    own = network(*batch)
    assert not torch.allclose(forward_shown(network, *batch, alignment).mel, own.mel, atol=1e-3)
    echoed = forward_shown(network, *batch, alignment, echoes=12)
    assert_same(echoed, own)
    assert torch.allclose(echoed.alignments, own.alignments, atol=1e-5)


def test_an_echo_teaches_the_attention_by_the_frames(network, batch, alignment):
    """Shown the alignment, the frames say nothing about where the attention looks."""
    energy = network.decoder.attention.energy.weight
    for echoes, hears in ((0, False), (1, True)):
        frames = forward_shown(network, *batch, alignment, echoes=echoes)
        (gradient,) = torch.autograd.grad(frames.mel.sum(), energy, allow_unused=True)
        assert (gradient is not None) == hears


def test_dropout_is_on_in_training_alone(network, batch, alignment):
    assert torch.equal(forward_shown(network, *batch, alignment).mel, forward_shown(network, *batch, alignment).mel)
    network.train()
    assert not torch.equal(forward_shown(network, *batch, alignment).mel, forward_shown(network, *batch, alignment).mel)


def test_a_frame_later():
    assert delayed(torch.tensor([[[1.0], [2.0], [3.0]]])).flatten().tolist() == [0, 1, 2]
