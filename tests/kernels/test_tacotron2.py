from itertools import pairwise

import pytest
import torch

from tts.kernels import execution
from tts.kernels.execution import WeightCache, reference_only
from tts.kernels.tacotron2 import FRAMES_PER_CHECK, DecoderWeights, Ending, Lstm, decode

BATCH, N_SYMBOLS, N_MELS, ENCODER, PRENET, ATTENTION = 3, 11, 7, 12, 9, 35
LENGTHS = torch.tensor([11, 6, 9])
ENDLESS = Ending(max_frames=FRAMES_PER_CHECK + 7, stop_threshold=1.0)


def weights(n_prenet_layers=2, seed=0):
    """Sizes that fill no panel, and numbers large enough for the attention to choose among symbols."""
    generator = torch.Generator().manual_seed(seed)

    def matrix(n_out, n_in, *more):
        return torch.randn(n_out, n_in, *more, generator=generator) * 1.2 * n_in**-0.5

    def lstm(n_in, n):
        return Lstm(matrix(4 * n, n_in), matrix(4 * n, n), matrix(4 * n, 1)[:, 0], matrix(4 * n, 1)[:, 0])

    widths = (N_MELS, *[PRENET] * n_prenet_layers)
    return DecoderWeights(
        prenet=tuple(matrix(n_out, n_in) for n_in, n_out in pairwise(widths)),
        attention_rnn=lstm(PRENET + ENCODER, 13),
        query=matrix(ATTENTION, 13),
        memory=matrix(ATTENTION, ENCODER),
        location_filters=matrix(4, 2, 5),
        location=matrix(ATTENTION, 4),
        energy=4 * matrix(1, ATTENTION),
        decoder_rnn=lstm(13 + ENCODER, 10),
        frame=matrix(N_MELS, 10 + ENCODER),
        frame_bias=torch.zeros(N_MELS),
        stop=matrix(1, 10 + ENCODER),
        stop_bias=torch.zeros(1),
    )


def memory(batch=BATCH):
    return torch.randn(batch, N_SYMBOLS, ENCODER, generator=torch.Generator().manual_seed(1))


class Masks:
    """The same dropout for every implementation, with the number of frames and the rows that it was called for."""

    def __init__(self, n_layers=2, rows=slice(None)):
        generator = torch.Generator().manual_seed(2)
        all_masks = torch.rand(400, n_layers, 8, PRENET, generator=generator) >= 0.5
        self.masks = all_masks[:, :, rows].float() * 2
        self.n_drawn = 0
        self.running = []

    def __call__(self, n_frames, running):
        self.n_drawn += n_frames
        self.running.append(running)
        return self.masks[self.n_drawn - n_frames : self.n_drawn, :, :]


def run(ending=ENDLESS, precision="float32", rows=slice(0, BATCH), network=None, draw=None):
    network = network or weights()
    draw = draw or Masks(len(network.prenet), rows)
    return decode(network, memory(8)[rows], LENGTHS.repeat(3)[rows], draw, ending, precision)


def by_reference(*arguments, **options):
    with reference_only():
        return run(*arguments, **options)


def assert_equal(one, other, tolerance=1e-4):
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("n_prenet_layers", [1, 2, 3])
def test_it_is_what_the_reference_computes(n_prenet_layers):
    network = weights(n_prenet_layers)
    assert_equal(run(network=network), by_reference(network=network))


@pytest.mark.parametrize(("precision", "error"), [("bfloat16", 0.02), ("int8", 0.05)])
def test_fewer_bits_are_about_the_same(precision, error):
    short = ENDLESS._replace(max_frames=6)
    exact, rough = run(short), run(short, precision)
    difference = (rough.frames - exact.frames).abs().mean() / exact.frames.abs().mean()
    assert 0 < difference < error


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_the_number_of_threads_and_of_rows_changes_no_bit(precision):
    try:
        execution.set_compute_threads(1)
        all_rows = run(precision=precision, rows=slice(0, 7))
        for n_threads, row in ((1, 0), (2, 3), (3, 6)):
            execution.set_compute_threads(n_threads)
            by_itself = run(precision=precision, rows=slice(row, row + 1))
            assert all(torch.equal(a[0], b[row]) for a, b in zip(by_itself, all_rows, strict=True))
    finally:
        execution.set_compute_threads(None)


def stopping(threshold):
    return ENDLESS._replace(max_frames=100, stop_threshold=threshold)


@pytest.mark.parametrize("rows_leave", [True, False])
def test_rows_end_on_their_first_stop_and_the_last_ends_it_all(rows_leave):
    free = torch.sigmoid(run(stopping(1.0)).stop_logits)
    # Exceeded by every row, at different frames, and by none in its first frames.
    threshold = float(free[:, 5:].max(dim=1).values.min()) - 1e-4
    ends = [int((row > threshold).nonzero()[0]) + 1 for row in free]
    ending = stopping(threshold)._replace(rows_leave=rows_leave)
    decoded, reference = run(ending), by_reference(ending)
    assert len(set(ends)) > 1
    assert decoded.lengths.tolist() == ends
    assert decoded.frames.shape[1] == max(ends)
    assert_equal(decoded, reference)
    after = decoded.frames[ends.index(min(ends)), min(ends) :]
    assert bool((after == 0).all()) == rows_leave


class Watch:
    """Records the attention of each row, and ends the row after a number of frames."""

    def __init__(self, *lasts):
        self.lasts, self.seen = lasts, [[] for _ in lasts]

    def __call__(self, row, attention):
        self.seen[row].append(attention.clone())
        return len(self.seen[row]) == self.lasts[row]


@pytest.mark.parametrize("last", [1, 20, FRAMES_PER_CHECK, FRAMES_PER_CHECK + 1, 70])
def test_is_over_is_called_for_every_frame_in_order_and_ends_on_that_frame(last):
    watch = Watch(last)
    decoded = run(stopping(1.0)._replace(is_over=watch), rows=slice(0, 1))
    assert decoded.lengths.tolist() == [last]
    assert torch.equal(torch.stack(watch.seen[0]), decoded.alignments[0])
    assert_equal(decoded, by_reference(stopping(1.0)._replace(is_over=Watch(last)), rows=slice(0, 1)))


@pytest.mark.parametrize("lasts", [(70, 3, 40), (1, 64, 32)])
def test_is_over_ends_each_row_separately(lasts):
    watch = Watch(*lasts)
    decoded = run(stopping(1.0)._replace(is_over=watch))
    assert decoded.lengths.tolist() == list(lasts)
    for row, last in enumerate(lasts):
        assert torch.equal(torch.stack(watch.seen[row]), decoded.alignments[row, :last])
        by_itself = run(stopping(1.0)._replace(is_over=Watch(last), max_frames=last), rows=slice(row, row + 1))
        assert torch.equal(decoded.frames[row, :last], by_itself.frames[0])
    assert_equal(decoded, by_reference(stopping(1.0)._replace(is_over=Watch(*lasts))))


@pytest.mark.parametrize("rows_leave", [True, False])
@pytest.mark.parametrize("speak", [run, by_reference])
def test_draw_receives_the_running_rows(speak, rows_leave):
    draw = Masks(rows=slice(0, BATCH))
    speak(stopping(1.0)._replace(is_over=Watch(70, 3, 40), rows_leave=rows_leave), draw=draw)
    ended = [[True, True, True], [True, False, True], [True, False, False]]
    assert draw.running == (ended if rows_leave else [[True] * 3] * 3)


def test_is_over_is_not_called_after_the_stop():
    free = torch.sigmoid(run(stopping(1.0), rows=slice(0, 1)).stop_logits)
    threshold = float(free[0, 3:20].max()) - 1e-4
    watch = Watch(None)
    decoded = run(stopping(threshold)._replace(is_over=watch), rows=slice(0, 1))
    assert len(watch.seen[0]) == decoded.lengths[0] == decoded.frames.shape[1]


def test_weights_are_packed_again_when_they_change():
    network, cache = weights(), WeightCache()

    def decoded(precision="float32"):
        return decode(network, memory(), LENGTHS, Masks(rows=slice(0, BATCH)), ENDLESS, precision, cache).frames

    first = decoded()
    assert torch.equal(decoded(), first)
    assert not torch.equal(decoded("int8"), first)
    network.decoder_rnn.hidden.mul_(0.5)
    changed = decoded()
    assert not torch.equal(changed, first)
    assert torch.equal(changed, run(network=network).frames)
