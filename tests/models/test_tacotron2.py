import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from tts.kernels.choice import reference_only
from tts.models import tacotron2
from tts.models.stages import MelRequest
from tts.models.tacotron2 import (
    PADDING_STOP_LOGIT,
    Tacotron2,
    Tacotron2Dimensions,
    at_times,
    frame_limit,
    masked,
    stretched,
)

SMALL = Tacotron2Dimensions(
    n_symbols=12,
    n_mels=5,
    embedding_channels=8,
    encoder_channels=8,
    attention_rnn_channels=10,
    decoder_rnn_channels=12,
    prenet_channels=6,
    attention_channels=7,
    location_filters=4,
    location_kernel_size=5,
    postnet_channels=8,
)
IDS = torch.tensor([[1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 0, 0, 0]])
LENGTHS = torch.tensor([7, 4])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = Tacotron2(SMALL).eval()
    for name, buffer in made.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2.0)
    return made


def generators(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


def test_a_row_of_a_batch_is_what_it_is_alone(network):
    both = network.infer(IDS, LENGTHS, max_frames=20, stop_threshold=1.0, generators=generators(1, 2))
    alone = network.infer(IDS[1:, :4], LENGTHS[1:], max_frames=20, stop_threshold=1.0, generators=generators(2))
    torch.testing.assert_close(both.mel[1:], alone.mel, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(both.alignments[1:, :, :4], alone.alignments, rtol=1e-4, atol=1e-5)
    assert both.alignments[1, :, 4:].abs().max() == 0


def test_a_row_that_stopped_early_does_not_hear_the_frames_after(network):
    """The postnet of the shorter row reads zeros beyond its end, as it would alone."""
    given = torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(0))
    network.decoder.prenet.p = 0.0
    together = masked(network(IDS, LENGTHS, given, torch.tensor([9, 6])))
    alone = network(IDS[1:, :4], LENGTHS[1:], given[1:, :, :6], torch.tensor([6]))
    network.decoder.prenet.p = 0.5
    torch.testing.assert_close(together.mel[1:, :, :6], alone.mel, rtol=1e-4, atol=1e-5)
    assert together.mel[1, :, 6:].abs().max() == 0
    assert together.stop_logits[1, 6:].tolist() == [PADDING_STOP_LOGIT] * 3


def test_teacher_forcing_on_its_own_frames_is_inference(network):
    network.decoder.prenet.p = 0.0
    spoken = network.infer(IDS, LENGTHS, max_frames=15, stop_threshold=1.0)
    forced = network(IDS, LENGTHS, spoken.mel_before_postnet, spoken.lengths)
    network.decoder.prenet.p = 0.5
    torch.testing.assert_close(forced.mel, spoken.mel, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(forced.stop_logits, spoken.stop_logits, rtol=1e-4, atol=1e-5)


def test_the_same_seed_draws_the_same_dropout(network):
    first, same, other = (
        network.infer(IDS[:1], LENGTHS[:1], max_frames=70, stop_threshold=1.0, generators=generators(seed)).mel
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, same)
    assert not torch.allclose(first, other)


def test_the_frame_that_stops_is_kept(network):
    free = network.infer(IDS, LENGTHS, max_frames=30, stop_threshold=1.0, generators=generators(1, 2))
    stops = torch.sigmoid(free.stop_logits)
    threshold = float(stops[:, 5:].max(dim=1).values.min()) - 1e-4
    fired = [int((row > threshold).nonzero()[0]) for row in stops]
    frames = network.infer(IDS, LENGTHS, max_frames=30, stop_threshold=threshold, generators=generators(1, 2))
    assert frames.lengths.tolist() == [place + 1 for place in fired]
    assert frames.mel.shape[2] == max(fired) + 1


@pytest.fixture
def endless(network):
    bias = network.decoder.to_stop.bias
    usual = bias.detach().clone()
    with torch.no_grad():
        bias.fill_(-20)
    yield network
    with torch.no_grad():
        bias.copy_(usual)


def test_speaking_without_an_end_is_a_failure_that_ends(endless):
    result = endless.speak(torch.arange(40) % SMALL.n_symbols)
    assert result.failure is not None
    assert result.mel.shape[1] <= frame_limit(40)
    assert int(result.durations.sum()) == result.mel.shape[1]


def requests():
    """Sentences of all lengths, at other speeds and with draws of their own."""
    random = np.random.default_rng(0)
    sizes = (9, 30, 4, 17, 58, 1, 25)
    ids = [random.integers(0, SMALL.n_symbols, size).tolist() for size in sizes]
    return [MelRequest(each, 1 + i / 4, 0.0, 1.0, np.random.default_rng(i)) for i, each in enumerate(ids)]


def assert_each_is_what_it_is_alone(network):
    together, alone = requests(), requests()
    made = network.speak_all(together)
    for request, again, result in zip(together, alone, made, strict=True):
        (expected,) = network.speak_all([again])
        assert torch.equal(result.mel, expected.mel)
        assert torch.equal(result.durations, expected.durations)
        assert result.failure == expected.failure
        assert request.generator.random() == again.generator.random()
    return made


@pytest.mark.parametrize("stop_bias", [-20.0, -0.08])
def test_what_is_spoken_together_is_what_it_is_alone(endless, stop_bias):
    """Some are ended by their watch or limit after many blocks of draws, some stop at once."""
    network = copy.deepcopy(endless)
    with torch.no_grad():
        network.decoder.attention.energy.weight.mul_(30)
        network.decoder.to_stop.bias.fill_(stop_bias)
    made = assert_each_is_what_it_is_alone(network)
    lengths = [result.mel.shape[1] for result in made]
    assert min(lengths) < 32
    assert max(lengths) > 64
    assert "the attention never came to the end" in {result.failure for result in made}
    with reference_only():
        assert_each_is_what_it_is_alone(network)


def test_more_than_a_batch_is_spoken_in_several(endless, monkeypatch):
    monkeypatch.setattr(tacotron2, "MOST_ROWS", 3)
    assert_each_is_what_it_is_alone(endless)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.25, 3.0])
def test_speed_divides_the_frames(endless, speed):
    usual, changed = (endless.speak(IDS[0], speed=each, generator=np.random.default_rng(3)) for each in (1.0, speed))
    assert changed.mel.shape[1] == round(usual.mel.shape[1] / speed)
    assert int(changed.durations.sum()) == changed.mel.shape[1]


def test_stretching_reads_straight_lines_between_frames():
    mel = torch.tensor([[0.0, 10.0, 20.0, 30.0]])
    assert at_times(mel, stretched(4, 1.0, mel.device)).tolist() == mel.tolist()
    assert at_times(mel, stretched(4, 2.0, mel.device)).tolist() == [[5.0, 25.0]]
    assert at_times(mel, stretched(4, 0.5, mel.device)).tolist() == [[0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]]


def test_training_drops_out_of_the_lstms(network):
    given = torch.randn(2, 5, 9)
    network.decoder.prenet.p = 0.0
    network.decoder.dimensions = replace(SMALL, rnn_dropout=0.5)
    network.decoder.train()
    torch.manual_seed(0)
    first = network(IDS, LENGTHS, given, torch.tensor([9, 9])).stop_logits
    second = network(IDS, LENGTHS, given, torch.tensor([9, 9])).stop_logits
    network.eval()
    network.decoder.dimensions, network.decoder.prenet.p = SMALL, 0.5
    assert not torch.equal(first, second)
