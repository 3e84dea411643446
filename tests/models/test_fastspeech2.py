import math
from dataclasses import replace

import pytest
import torch

from tests.tiny_voice import ACOUSTIC
from tts.models.base import MelRequest
from tts.models.fastspeech2 import (
    BinnedEmbedding,
    FastSpeech2,
    FastSpeech2Dimensions,
    positions_in_symbols,
    regulate_length,
    round_durations,
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC)).eval()
    network.duration_predictor.out.bias.data.fill_(math.log(5.0))
    return network


def test_rounding_is_of_boundaries_not_of_durations():
    durations = torch.full((1, 5), 0.5)
    assert round_durations(durations).sum() == 2
    assert round_durations(torch.tensor([[1.4, 1.4, 1.4]])).tolist() == [[1, 2, 1]]


def test_length_regulator_repeats_each_symbol():
    x = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    frames = regulate_length(x, torch.tensor([[2, 0, 1], [1, 3, 1]]))
    assert frames.squeeze(-1).tolist() == [[1, 1, 3, 0, 0], [4, 5, 5, 5, 6]]


def test_positions_in_a_symbol():
    expected = torch.tensor([[[0.25, 0.75, math.log(2)], [0.75, 0.25, math.log(2)], [0.5, 0.5, 0.0]]])
    torch.testing.assert_close(positions_in_symbols(torch.tensor([[2, 1]])), expected)


def test_binned_embedding_blends_neighbours():
    embedding = BinnedEmbedding((0.0, 3.0), 4, 1)
    embedding.embed.weight.data = torch.tensor([[0.0], [10.0], [20.0], [40.0]])
    values = embedding(torch.tensor([[-1.0, 0.5, 2.0, 2.5, 9.0]])).flatten()
    torch.testing.assert_close(values, torch.tensor([0.0, 5.0, 20.0, 30.0, 40.0]), atol=0.05, rtol=0)


@torch.inference_mode()
def test_an_utterance_does_not_depend_on_its_batch(network):
    network.double()
    short, long = torch.tensor([1, 5, 6, 2]), torch.tensor([1, 9, 8, 7, 6, 5, 4, 2])
    padded = torch.nn.utils.rnn.pad_sequence([short, long], batch_first=True)
    together = network(padded, torch.tensor([4, 8]))
    single = network(short[None], torch.tensor([4]))
    n_frames = int(single.durations.sum())
    assert together.durations[0].tolist() == [*single.durations[0].tolist(), 0, 0, 0, 0]
    torch.testing.assert_close(together.mel[0, :, :n_frames], single.mel[0])


def test_given_durations_pitch_and_energy_are_used(network):
    ids, lengths = torch.tensor([[1, 5, 2]]), torch.tensor([3])
    durations, energy = torch.tensor([[2, 3, 1]]), torch.zeros(1, 3)
    low = network(ids, lengths, durations, torch.full((1, 6), 7.0), energy)
    high = network(ids, lengths, durations, torch.full((1, 6), 8.0), energy)
    assert low.mel.shape == (1, 80, 6)
    assert not torch.equal(low.mel, high.mel)
    assert torch.equal(low.log_f0, high.log_f0)


def test_speed_divides_durations_and_pitch_is_in_semitones(network):
    network.double()
    ids = torch.tensor([1, 5, 6, 7, 2])
    normal, slow, octave = network.speak(ids), network.speak(ids, speed=0.5), network.speak(ids, pitch=12.0)
    # Twice the time, up to the rounding of the last boundary in both; an octave is twice the frequency.
    assert slow.mel.shape[1] == pytest.approx(2 * normal.mel.shape[1], abs=1)
    torch.testing.assert_close(octave.f0, 2 * normal.f0)
    assert slow.durations.sum() == slow.mel.shape[1]


def test_postnet_adds_to_the_mel():
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC, n_postnet_layers=2)).eval()
    result = network(torch.tensor([[1, 5, 2]]), torch.tensor([3]), torch.tensor([[2, 2, 2]]))
    difference = result.mel - result.mel_before_postnet
    torch.testing.assert_close(difference, network.postnet(result.mel_before_postnet))
    assert difference.abs().max() > 0


def test_a_blend_speaks_by_the_weighted_mean_of_the_embeddings():
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC, n_speakers=2)).eval()
    network.duration_predictor.out.bias.data.fill_(math.log(5.0))
    request = MelRequest([1, 2, 3], 1.0, 0.0, 1.0, None)
    mixes = ((), ((0, 1.0),), ((1, 1.0),), ((0, 0.25), (1, 0.75)))
    nobody, first, second, blend = network.speak_all([replace(request, speakers=mix) for mix in mixes])
    assert torch.equal(nobody.mel, first.mel)
    assert not torch.equal(first.mel, second.mel)
    for weight in (network.speaker_embed.weight.data, network.speaker_pitch.weight.data):
        weight[0] = 0.25 * weight[0] + 0.75 * weight[1]
    torch.testing.assert_close(network.speak(torch.tensor([1, 2, 3])).mel, blend.mel)


def test_a_single_speaker_has_no_embedding(network):
    assert not any("speaker" in key for key in network.state_dict())
    ids = torch.tensor([1, 2, 3])
    assert torch.equal(network.speak(ids).mel, network.speak(ids, speakers=((0, 1.0),)).mel)
