import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.tiny_corpus import SMALL_TACOTRON2
from tts.kernels.execution import reference_only
from tts.models import tacotron2
from tts.models.base import MelRequest
from tts.models.tacotron2 import (
    FINISHED_FRAMES,
    PADDING_STOP_LOGIT,
    STUCK_FRAMES,
    AlignmentWatch,
    DecoderState,
    Tacotron2,
    Tacotron2Dimensions,
    alignment_failure,
    best_path,
    delay_one_frame,
    forward_with_alignment,
    frame_limit,
    interpolate_frames,
    masked,
    monotonic_durations,
    resampled_frames,
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


def test_a_row_of_a_batch_is_what_it_is_on_its_own(network):
    both = network.infer(IDS, LENGTHS, max_frames=20, stop_threshold=1.0, generators=generators(1, 2))
    single = network.infer(IDS[1:, :4], LENGTHS[1:], max_frames=20, stop_threshold=1.0, generators=generators(2))
    torch.testing.assert_close(both.mel[1:], single.mel, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(both.alignments[1:, :, :4], single.alignments, rtol=1e-4, atol=1e-5)
    assert both.alignments[1, :, 4:].abs().max() == 0


def test_a_row_that_stopped_early_does_not_depend_on_the_frames_after(network):
    """The postnet of the shorter row reads zeros beyond its end, as it would on its own."""
    given = torch.randn(2, 5, 9, generator=torch.Generator().manual_seed(0))
    network.decoder.prenet.p = 0.0
    together = masked(network(IDS, LENGTHS, given, torch.tensor([9, 6])))
    single = network(IDS[1:, :4], LENGTHS[1:], given[1:, :, :6], torch.tensor([6]))
    network.decoder.prenet.p = 0.5
    torch.testing.assert_close(together.mel[1:, :, :6], single.mel, rtol=1e-4, atol=1e-5)
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
    assert frames.lengths.tolist() == [index + 1 for index in fired]
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
    """Sentences of all lengths, at other speeds and with random numbers of their own."""
    random = np.random.default_rng(0)
    sizes = (9, 30, 4, 17, 58, 1, 25)
    ids = [random.integers(0, SMALL.n_symbols, size).tolist() for size in sizes]
    return [MelRequest(each, 1 + i / 4, 0.0, 1.0, np.random.default_rng(i)) for i, each in enumerate(ids)]


def assert_each_is_what_it_is_on_its_own(network):
    together, single = requests(), requests()
    made = network.speak_all(together)
    for request, again, result in zip(together, single, made, strict=True):
        (expected,) = network.speak_all([again])
        assert torch.equal(result.mel, expected.mel)
        assert torch.equal(result.durations, expected.durations)
        assert result.failure == expected.failure
        assert request.generator.random() == again.generator.random()
    return made


@pytest.mark.parametrize("stop_bias", [-20.0, -0.08])
def test_a_batch_of_requests_is_each_on_its_own(endless, stop_bias):
    """Some are ended by their watch or limit after many blocks of random numbers, some stop at once."""
    network = copy.deepcopy(endless)
    with torch.no_grad():
        network.decoder.attention.energy.weight.mul_(30)
        network.decoder.to_stop.bias.fill_(stop_bias)
    made = assert_each_is_what_it_is_on_its_own(network)
    lengths = [result.mel.shape[1] for result in made]
    assert min(lengths) < 32
    assert max(lengths) > 64
    assert "the attention never came to the end" in {result.failure for result in made}
    with reference_only():
        assert_each_is_what_it_is_on_its_own(network)


def test_more_than_a_batch_is_spoken_in_several(endless, monkeypatch):
    monkeypatch.setattr(tacotron2, "MAX_ROWS", 3)
    assert_each_is_what_it_is_on_its_own(endless)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.25, 3.0])
def test_speed_divides_the_frames(endless, speed):
    usual, changed = (endless.speak(IDS[0], speed=each, generator=np.random.default_rng(3)) for each in (1.0, speed))
    assert changed.mel.shape[1] == round(usual.mel.shape[1] / speed)
    assert int(changed.durations.sum()) == changed.mel.shape[1]


def test_another_speed_interpolates_between_frames():
    mel = torch.tensor([[0.0, 10.0, 20.0, 30.0]])
    same, faster, slower = (
        interpolate_frames(mel, resampled_frames(4, speed, mel.device)).tolist() for speed in (1.0, 2.0, 0.5)
    )
    assert same == mel.tolist()
    assert faster == [[5.0, 25.0]]
    assert slower == [[0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]]


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


class Given(nn.Module):
    """An attention that returns the given alignment and records its own weights."""

    def __init__(self, attention: nn.Module, alignment: Tensor) -> None:
        super().__init__()
        self.attention, self.alignment = attention, alignment
        self.memory = attention.memory
        self.own: list[Tensor] = []

    def forward(self, query: Tensor, state: DecoderState) -> Tensor:
        self.own.append(self.attention(query, state))
        return self.alignment[:, len(self.own) - 1]


@pytest.fixture
def small():
    """Without the prenet's dropout, in float64."""
    torch.manual_seed(3)
    made = Tacotron2(Tacotron2Dimensions(9, 8, **SMALL_TACOTRON2)).eval()
    made.decoder.prenet.p = 0.0
    return made.double()


@pytest.fixture
def batch():
    """ids, lengths, mel, mel_lengths"""
    torch.manual_seed(4)
    return torch.randint(9, (2, 7)), torch.tensor([5, 7]), torch.randn(2, 8, 12).double(), torch.tensor([12, 9])


@pytest.fixture
def alignment():
    torch.manual_seed(5)
    weights = torch.rand(2, 12, 7).double()
    weights[0, :, 5:] = 0
    return weights / weights.sum(2, keepdim=True)


def assert_same(ours, theirs):
    torch.testing.assert_close(ours.mel_before_postnet, theirs.mel_before_postnet)
    torch.testing.assert_close(ours.mel, theirs.mel)
    torch.testing.assert_close(ours.stop_logits, theirs.stop_logits)


@torch.no_grad()
def test_all_frames_at_once_are_those_made_one_by_one(small, batch, alignment):
    at_once = forward_with_alignment(small, *batch, alignment)
    given = small.decoder.attention = Given(small.decoder.attention, alignment)
    assert_same(at_once, small(*batch))
    torch.testing.assert_close(at_once.alignments, torch.stack(given.own, 1))


@torch.no_grad()
def test_enough_echoes_end_in_the_attentions_own_weights(small, batch, alignment):
    """Each echo corrects at least one more frame: the first is correct whatever the history is."""
    own = small(*batch)
    assert not torch.allclose(forward_with_alignment(small, *batch, alignment).mel, own.mel, atol=1e-3)
    echoed = forward_with_alignment(small, *batch, alignment, echoes=12)
    assert_same(echoed, own)
    torch.testing.assert_close(echoed.alignments, own.alignments)


def test_with_an_echo_the_frames_train_the_attention(small, batch, alignment):
    """With the given alignment, the frames do not depend on the attention."""
    energy = small.decoder.attention.energy.weight
    for echoes, has_gradient in ((0, False), (1, True)):
        frames = forward_with_alignment(small, *batch, alignment, echoes=echoes)
        (gradient,) = torch.autograd.grad(frames.mel.sum(), energy, allow_unused=True)
        assert (gradient is not None) == has_gradient


def test_dropout_is_on_in_training_only(small, batch, alignment):
    first, second = (forward_with_alignment(small, *batch, alignment).mel for _ in range(2))
    assert torch.equal(first, second)
    small.train()
    first, second = (forward_with_alignment(small, *batch, alignment).mel for _ in range(2))
    assert not torch.equal(first, second)


def test_a_frame_later():
    assert delay_one_frame(torch.tensor([[[1.0], [2.0], [3.0]]])).flatten().tolist() == [0, 1, 2]


N_SYMBOLS = 30


def attention(path, n_symbols=N_SYMBOLS, strength=0.9):
    """Weights [T, symbols] that follow a path, with the rest spread evenly."""
    weights = torch.full((len(path), n_symbols), (1 - strength) / n_symbols)
    weights[torch.arange(len(path)), torch.tensor(path)] += strength
    return weights


def even(n_frames_each=4):
    return [symbol for symbol in range(N_SYMBOLS) for _ in range(n_frames_each)]


def test_an_even_attention_is_fine():
    assert alignment_failure(attention(even()), stopped=True) is None


def test_silent_letters_and_skipped_marks_at_the_end_are_fine():
    path = [symbol for symbol in even() if symbol not in (10, 11, 12, 28, 29)]
    assert alignment_failure(attention(path), stopped=True) is None


@pytest.mark.parametrize(
    ("path", "stopped", "failure"),
    [
        (even(), False, "never came to the end"),
        (even()[:60], True, "stopped before the end"),
        (even(1), True, "stopped before the end"),
        ([symbol for symbol in even() if not 8 <= symbol < 20], True, "skipped a part"),
        (even()[:80] + even()[20:], True, "went back"),
    ],
)
def test_each_failure_is_named(path, stopped, failure):
    assert failure in alignment_failure(attention(path), stopped=stopped)


def test_an_attention_without_focus_is_named():
    assert "spread" in alignment_failure(attention(even(), strength=0.2), stopped=True)


def frames_until_over(path, max_frames=10_000):
    watch = AlignmentWatch(N_SYMBOLS, max_frames)
    for n_frames, weights in enumerate(attention(path), 1):
        if watch.is_over(weights):
            return n_frames, watch.has_finished
    return None


def test_the_watch_does_not_end_an_even_attention():
    assert frames_until_over(even(8)) is None


def test_the_watch_ends_what_is_stuck_even_between_two_symbols():
    stuck = [5, 6] * STUCK_FRAMES
    n_frames, has_finished = frames_until_over(even()[:20] + stuck)
    assert not has_finished
    assert n_frames <= 20 + STUCK_FRAMES + 3


def test_the_watch_ends_what_stays_at_the_end():
    n_frames, has_finished = frames_until_over(even() + [N_SYMBOLS - 1] * 1000)
    assert has_finished
    assert n_frames <= len(even()) + FINISHED_FRAMES


def test_the_watch_ends_what_has_too_many_frames():
    assert frames_until_over(even(8), max_frames=33) == (33, False)


def test_the_best_path_never_goes_back():
    weights = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0], [0.0, 0.1, 0.9]], np.float32)
    # The third frame by itself is symbol 0, which after a 1 would be going back; and 0 0 0 2 is worth less.
    assert best_path(weights).tolist() == [0, 1, 1, 2]


def test_the_best_path_is_the_best_of_all():
    weights = np.random.default_rng(0).random((5, 3)).astype(np.float32)
    paths = [p for p in np.ndindex(*[3] * 5) if all(a <= b for a, b in pairwise(p))]
    best = max(paths, key=lambda p: np.log(weights[np.arange(5), list(p)]).sum())
    assert best_path(weights).tolist() == list(best)


def test_durations_add_up_to_the_requested_frames():
    frames = torch.arange(0, 4 * N_SYMBOLS, 2)
    durations = monotonic_durations(attention(even()), frames)
    assert durations.tolist() == [2] * N_SYMBOLS


def test_the_embedding_of_the_speaker_is_added_to_the_encoded_text():
    torch.manual_seed(0)
    network = Tacotron2(replace(SMALL, n_speakers=2)).eval()
    alone = Tacotron2(SMALL).eval()
    weights = network.state_dict()
    embedding = weights.pop("speaker_embed.weight")
    alone.load_state_dict(weights)
    mix = torch.tensor([[0.0, 1.0], [0.25, 0.75]])
    expected = alone.encode(IDS, LENGTHS) + (mix @ embedding)[:, None]
    expected[1, 4:] = 0
    torch.testing.assert_close(network.encode(IDS, LENGTHS, mix), expected)


def test_speakers_of_a_batch_each_speak_as_on_their_own():
    torch.manual_seed(0)
    network = Tacotron2(replace(SMALL, n_speakers=2)).eval()
    mixes = ((), ((0, 1.0),), ((1, 1.0),), ((0, 0.5), (1, 0.5)))

    def requests():
        return [MelRequest([1, 2, 3], 1.0, 0.0, 1.0, np.random.default_rng(0), mix) for mix in mixes]

    together = [result.mel for result in network.speak_all(requests())]
    for mel, request in zip(together, requests(), strict=True):
        assert torch.equal(mel, network.speak_all([request])[0].mel)
    assert torch.equal(together[0], together[1])
    assert not any(torch.equal(together[1], other) for other in together[2:])
