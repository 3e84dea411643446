"""The compiled loop against the reference, which is the definition."""

import pytest
import torch

from tests.kernels.tiny_wavenet import SHAPES, tiny_conditions, tiny_noise, tiny_weights
from tts.kernels.choice import reference_only
from tts.kernels.cpu import wavenet as cpu
from tts.kernels.reference import wavenet as reference
from tts.kernels.threads import set_compute_threads
from tts.kernels.wavenet import Conditions, Row, generate_all


@pytest.mark.parametrize("heard", ["frames", "frames that end within a block", "samples"])
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_it_is_the_reference(name, heard):
    """Over more samples than any layer looks back, for every item of a batch; drawn freely, and told."""
    weights, hop_length = tiny_weights(name), 12 if "within" in heard else 16
    conditions = tiny_conditions(15, hop_length, 5, heard != "samples")
    n = 15 * hop_length
    noise = tiny_noise(name, n, 5)
    drawn, expected = cpu.generate(weights, conditions, noise), reference.generate(weights, conditions, noise)
    assert drawn.samples.dtype == expected.samples.dtype
    assert drawn.parameters is None
    assert len(expected.samples.unique()) > 10
    torch.testing.assert_close(drawn.samples, expected.samples, rtol=0, atol=1e-5)
    told = expected.samples.roll(1, 1)
    drawn, expected = (
        cpu.generate(weights, conditions, noise, told),
        reference.generate(weights, conditions, noise, told),
    )
    torch.testing.assert_close(drawn.samples, expected.samples, rtol=0, atol=1e-5)
    torch.testing.assert_close(drawn.parameters, expected.parameters, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["logistics", "gaussian"])
def test_a_stream_is_the_same_to_the_bit_alone_and_on_any_number_of_threads(name):
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


def test_the_likeliest_class_is_taken_for_negative_noise():
    weights, conditions = tiny_weights("mulaw"), tiny_conditions(5, 16, 2)
    still = torch.full((2, 80, 1), -1.0, dtype=torch.float64)
    assert torch.equal(
        cpu.generate(weights, conditions, still).samples, reference.generate(weights, conditions, still).samples
    )


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_bfloat16_keeps_three_digits(name):
    weights, conditions, noise = tiny_weights(name), tiny_conditions(6, 16, 2), tiny_noise(name, 96, 2)
    told = cpu.generate(weights, conditions, noise).samples
    exact = cpu.generate(weights, conditions, noise, told).parameters
    rough = cpu.generate(weights, conditions, noise, told, "bfloat16").parameters
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, rtol=0, atol=0.02)


@pytest.mark.parametrize("heard", ["frames", "frames that end within a block", "samples"])
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_utterances_of_any_lengths_are_each_what_they_are_alone(name, heard):
    weights, hop_length = tiny_weights(name), 12 if "within" in heard else 16
    rows = []
    for n_frames in (3, 9, 1, 6, 9):
        conditions = tiny_conditions(n_frames, hop_length, 1, heard != "samples")
        rows.append(Row(conditions, tiny_noise(name, n_frames * hop_length, 1)))
    alone = [cpu.generate(weights, *row).samples[0] for row in rows]
    try:
        for n_threads in (1, 2, 4):
            set_compute_threads(n_threads)
            made = generate_all(weights, rows)
            assert [row.dtype for row in made] == [row.dtype for row in alone]
            assert all(torch.equal(a, b) for a, b in zip(made, alone, strict=True))
    finally:
        set_compute_threads(None)
    with reference_only():
        for a, b in zip(generate_all(weights, rows), alone, strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
