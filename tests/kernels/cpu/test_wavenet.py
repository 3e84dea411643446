"""The compiled loop against the reference, which is the definition."""

import pytest
import torch

from tests.kernels.tiny_wavenet import SHAPES, tiny_conditions, tiny_noise, tiny_weights
from tts.kernels import wavenet_reference as reference
from tts.kernels.cpu import wavenet as cpu
from tts.kernels.execution import reference_only, set_compute_threads
from tts.kernels.wavenet import Conditions, Utterance, generate_all


@pytest.mark.parametrize("given", ["frames", "frames that end within a block", "samples"])
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_it_is_the_reference(name, given):
    """Over more samples than any layer reads back, for every item of a batch; free-running, and forced."""
    weights, hop_length = tiny_weights(name), 12 if "within" in given else 16
    conditions = tiny_conditions(15, hop_length, 5, given != "samples")
    n = 15 * hop_length
    noise = tiny_noise(name, n, 5)
    generated, expected = cpu.generate(weights, conditions, noise), reference.generate(weights, conditions, noise)
    assert generated.samples.dtype == expected.samples.dtype
    assert generated.parameters is None
    assert len(expected.samples.unique()) > 10
    torch.testing.assert_close(generated.samples, expected.samples, rtol=0, atol=1e-5)
    forced = expected.samples.roll(1, 1)
    generated, expected = (
        cpu.generate(weights, conditions, noise, forced),
        reference.generate(weights, conditions, noise, forced),
    )
    torch.testing.assert_close(generated.samples, expected.samples, rtol=0, atol=1e-5)
    torch.testing.assert_close(generated.parameters, expected.parameters, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["logistics", "gaussian"])
def test_a_stream_is_the_same_in_every_bit_by_itself_and_on_any_number_of_threads(name):
    weights, conditions, noise = tiny_weights(name), tiny_conditions(6, 16, 5), tiny_noise(name, 96, 5)
    whole = cpu.generate(weights, conditions, noise).samples
    part = Conditions(conditions.frames[3:4], conditions.spread[3:4], conditions.samples[3:4], 16)
    assert torch.equal(cpu.generate(weights, part, noise[3:4]).samples, whole[3:4])
    try:
        for n_threads in (1, 3):
            set_compute_threads(n_threads)
            assert torch.equal(cpu.generate(weights, conditions, noise).samples, whole)
    finally:
        set_compute_threads(None)


def test_negative_noise_selects_the_likeliest_class():
    weights, conditions = tiny_weights("mulaw"), tiny_conditions(5, 16, 2)
    still = torch.full((2, 80, 1), -1.0, dtype=torch.float64)
    assert torch.equal(
        cpu.generate(weights, conditions, still).samples, reference.generate(weights, conditions, still).samples
    )


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_bfloat16_is_exact_to_three_digits(name):
    weights, conditions, noise = tiny_weights(name), tiny_conditions(6, 16, 2), tiny_noise(name, 96, 2)
    forced = cpu.generate(weights, conditions, noise).samples
    exact = cpu.generate(weights, conditions, noise, forced).parameters
    rough = cpu.generate(weights, conditions, noise, forced, "bfloat16").parameters
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, rtol=0, atol=0.02)


@pytest.mark.parametrize("given", ["frames", "frames that end within a block", "samples"])
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_utterances_of_any_lengths_are_each_the_same_by_themselves(name, given):
    weights, hop_length = tiny_weights(name), 12 if "within" in given else 16
    rows = []
    for n_frames in (3, 9, 1, 6, 9):
        conditions = tiny_conditions(n_frames, hop_length, 1, given != "samples")
        rows.append(Utterance(conditions, tiny_noise(name, n_frames * hop_length, 1)))
    by_itself = [cpu.generate(weights, *row).samples[0] for row in rows]
    try:
        for n_threads in (1, 2, 4):
            set_compute_threads(n_threads)
            together = generate_all(weights, rows)
            assert [row.dtype for row in together] == [row.dtype for row in by_itself]
            assert all(torch.equal(a, b) for a, b in zip(together, by_itself, strict=True))
    finally:
        set_compute_threads(None)
    with reference_only():
        for a, b in zip(generate_all(weights, rows), by_itself, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
