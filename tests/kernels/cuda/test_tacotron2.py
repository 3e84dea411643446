"""The decoder's block of frames without its CUDA graph, against the reference. No GPU is needed.

In float64: random networks magnify the last bits from frame to frame.
"""

import pytest
import torch

from tests.kernels.test_tacotron2 import Watch
from tests.models.test_tacotron2 import IDS, LENGTHS, SMALL
from tts.kernels import tacotron2 as kernel
from tts.kernels import tacotron2_reference as reference
from tts.kernels.cuda import tacotron2 as cuda
from tts.kernels.execution import WeightCache, reference_only
from tts.kernels.tacotron2 import DecoderWeights, Ending, Lstm
from tts.models.tacotron2 import Tacotron2

N_MELS, CHANNELS, N_LAYERS = 5, 6, 2


def random(*shape, seed=0, scale=0.3):
    return scale * torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + sum(shape)))


def lstm(n_in, n_out):
    return Lstm(random(4 * n_out, n_in), random(4 * n_out, n_out), random(4 * n_out), random(4 * n_out, seed=1))


def random_weights():
    return DecoderWeights(
        prenet=(random(CHANNELS, N_MELS), random(CHANNELS, CHANNELS)),
        attention_rnn=lstm(CHANNELS + 8, 10),
        query=random(7, 10),
        memory=random(7, 8),
        location_filters=random(4, 2, 5, scale=1.0),
        location=random(7, 4, scale=1.0),
        energy=random(7, scale=2.0)[None],
        decoder_rnn=lstm(10 + 8, 12),
        frame=random(N_MELS, 20, scale=1.0),
        frame_bias=random(N_MELS),
        stop=random(1, 20, scale=1.0, seed=8),
        stop_bias=random(1),
    )


def drawing(batch, calls):
    generator = torch.Generator().manual_seed(3)

    def draw(n, running):
        calls.append((n, running))
        return 2 * (torch.rand(n, N_LAYERS, batch, CHANNELS, generator=generator) > 0.5).double()

    return draw


@pytest.fixture
def decoder():
    return cuda.GraphedDecoder(random_weights())


def both(decoder, ending, batch=2, n_symbols=7):
    memory, lengths = random(batch, n_symbols, 8, scale=1.0), torch.tensor([n_symbols, 4][:batch])
    calls, calls_by_reference = [], []
    decoded = cuda.decode(decoder, memory, lengths, drawing(batch, calls), ending)
    expected = reference.decode(decoder.weights, memory, lengths, drawing(batch, calls_by_reference), ending)
    assert calls == calls_by_reference
    return decoded, expected


def assert_equal(decoded, expected):
    assert decoded.lengths.tolist() == expected.lengths.tolist()
    for a, b in zip(decoded, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("max_frames", [1, 15, 16, 17, 70])
def test_frames_are_those_of_the_reference_up_to_the_last(decoder, max_frames):
    decoded, expected = both(decoder, Ending(max_frames, stop_threshold=1.0))
    assert decoded.frames.shape == (2, max_frames, N_MELS)
    assert decoded.alignments.shape == (2, max_frames, 7)
    assert_equal(decoded, expected)


@pytest.mark.parametrize("rows_leave", [True, False])
def test_each_row_ends_with_its_own_stop(decoder, rows_leave):
    never = both(decoder, Ending(60, stop_threshold=1.0))[1].stop_logits
    # A threshold that the rows pass in different blocks of frames.
    highest = torch.sigmoid(never).cummax(1).values
    threshold = next(t for t in highest.unique().tolist() if (highest <= t).sum(1).tolist() == [27, 3])
    decoded, expected = both(decoder, Ending(60, threshold, rows_leave=rows_leave))
    assert decoded.lengths.tolist() == [28, 4]
    assert decoded.frames.shape[1] == 28
    assert_equal(decoded, expected)
    assert bool((decoded.frames[1, 4:] == 0).all()) is rows_leave


def test_is_over_is_called_for_every_frame_and_may_end_a_row(decoder):
    watches = []

    def ending():
        watches.append(Watch(21, 37))
        return Ending(60, stop_threshold=1.0, is_over=watches[-1])

    calls, calls_by_reference = [], []
    memory, lengths = random(2, 7, 8, scale=1.0), torch.tensor([7, 4])
    decoded = cuda.decode(decoder, memory, lengths, drawing(2, calls), ending())
    expected = reference.decode(decoder.weights, memory, lengths, drawing(2, calls_by_reference), ending())
    assert decoded.lengths.tolist() == [21, 37]
    assert calls == calls_by_reference == [(32, [True, True]), (32, [False, True])]
    assert_equal(decoded, expected)
    for seen, seen_by_reference in zip(*(watch.seen for watch in watches), strict=True):
        torch.testing.assert_close(torch.stack(seen), torch.stack(seen_by_reference), rtol=0, atol=1e-9)


def test_a_block_is_used_again_for_lengths_of_its_width(decoder):
    first, _ = both(decoder, Ending(20, stop_threshold=1.0))
    copied = first.frames.clone()
    other, expected = both(decoder, Ending(20, stop_threshold=1.0), n_symbols=30)
    assert_equal(other, expected)
    assert torch.equal(first.frames, copied)
    assert decoder.block(2, 7, copied) is decoder.block(2, 32, copied)
    assert decoder.block(2, 7, copied) is not decoder.block(2, 33, copied)
    assert decoder.block(2, 7, copied) is not decoder.block(1, 7, copied)


def test_a_decoder_serves_inside_and_outside_of_inference_mode(decoder):
    with torch.inference_mode():
        both(decoder, Ending(5, stop_threshold=1.0))
    assert_equal(*both(decoder, Ending(5, stop_threshold=1.0)))


def test_weights_that_are_written_to_are_used(decoder):
    both(decoder, Ending(5, stop_threshold=1.0))
    decoder.weights.frame.mul_(2)
    assert_equal(*both(decoder, Ending(5, stop_threshold=1.0)))


def test_the_operation_caches_its_graphs_until_a_weight_changes(monkeypatch):
    """As on a GPU where they are enabled; the cache is the network's."""
    monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: True)
    decoded, decoder_of = [], cuda.GraphedDecoder
    monkeypatch.setattr(cuda, "GraphedDecoder", lambda weights: decoded.append(weights) or decoder_of(weights))
    weights, cache, memory, lengths = random_weights(), WeightCache(), random(1, 7, 8, scale=1.0), torch.tensor([7])

    def frames():
        return kernel.decode(weights, memory, lengths, drawing(1, []), Ending(5, 1.0), cache=cache).frames

    first = frames()
    assert torch.equal(frames(), first)
    assert len(decoded) == 1
    weights.location.mul_(2)
    with reference_only():
        expected = frames()
    torch.testing.assert_close(frames(), expected, rtol=0, atol=1e-9)
    assert len(decoded) == 2
    assert not torch.equal(expected, first)


def test_the_network_decodes_the_same_by_its_graphs(monkeypatch):
    torch.manual_seed(0)
    network = Tacotron2(SMALL).double().eval()
    # Without dropout no random numbers are needed.
    network.decoder.prenet.p = 0.0

    def inferred():
        return network.infer(IDS, LENGTHS, max_frames=37, stop_threshold=1.0)

    with reference_only():
        expected = inferred()
    monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: True)
    decoded = inferred()
    assert decoded.lengths.tolist() == expected.lengths.tolist()
    torch.testing.assert_close(decoded.mel, expected.mel, rtol=0, atol=1e-9)
    torch.testing.assert_close(decoded.alignments, expected.alignments, rtol=0, atol=1e-9)
