"""Which WaveNet loop computes, its conditioning, and how the reference samples."""

import pytest
import torch

from tests.kernels.tiny_wavenet import tiny_conditions, tiny_noise, tiny_weights
from tts.kernels import wavenet
from tts.kernels import wavenet_reference as reference
from tts.kernels.cpu import wavenet as cpu
from tts.kernels.execution import reference_only


def chosen(weights):
    return wavenet._implementation(weights)


def test_float32_on_the_cpu_is_compiled_unless_only_the_reference_is_allowed():
    weights = tiny_weights("logistics")
    assert chosen(weights) is cpu.generate
    with reference_only():
        assert chosen(weights) is reference.generate
    weights.first = weights.first.double()
    assert chosen(weights) is reference.generate
    weights.first = torch.zeros(1, device="meta")
    assert chosen(weights) is reference.generate


@pytest.mark.parametrize("hop_length", [8, 6])
def test_a_sample_depends_on_the_frames_around_it(hop_length):
    conditions = tiny_conditions(7, hop_length, 2)
    channels = conditions.at_sample_rate()
    t = 3 * hop_length + 5
    expected = sum(conditions.frames[1, :, 3 + o] * conditions.spread[1, t, (3 + o) % 5] for o in range(-2, 3))
    torch.testing.assert_close(channels[1, :6, t], expected)
    assert torch.equal(channels[:, 6:], conditions.samples)
    # The first sample has no frames before it.
    expected = sum(conditions.frames[0, :, o] * conditions.spread[0, 0, o] for o in range(3))
    torch.testing.assert_close(channels[0, :6, 0], expected)


@pytest.mark.parametrize("frames", [True, False])
def test_a_cut_is_the_same_but_for_its_edges(frames):
    conditions = tiny_conditions(12, 8, 2, frames)
    channels = conditions.cut(3, 8).at_sample_rate()
    assert channels.shape[2] == 64
    torch.testing.assert_close(channels[:, :, 16:48], conditions.at_sample_rate()[:, :, 40:72])


def test_the_receptive_field_counts_all_taps():
    # Two stacks of dilations 1, 2, 4 with three taps.
    assert tiny_weights("logistics").receptive_field == 1 + 2 * 2 * 7


def test_forced_samples_give_parameters():
    weights, conditions = tiny_weights("gaussian"), tiny_conditions(3, 8, 2)
    noise = tiny_noise("gaussian", 24, 2)
    generated = reference.generate(weights, conditions, noise)
    assert generated.parameters is None
    before = torch.nn.functional.pad(generated.samples, (1, 0))[:, :-1]
    forced = reference.generate(weights, conditions, noise, before)
    assert torch.equal(forced.samples, generated.samples)
    mean, log_scale = forced.parameters.double().unbind(-1)
    again = (mean + torch.exp(log_scale.clamp(min=-7)) * noise[..., 0]).clamp(-1, 1)
    torch.testing.assert_close(again.float(), generated.samples)


def test_a_class_is_found_in_the_cumulative_distribution():
    logits = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log().expand(5, -1)
    uniform = torch.tensor([[0.05], [0.15], [0.35], [0.99], [-1.0]], dtype=torch.float64)
    assert reference.sample_from("mulaw", logits, uniform, 0.0).tolist() == [0, 1, 2, 3, 3]


def test_logistics_are_sampled_by_the_greatest_of_logits_and_noise():
    parameters = torch.tensor([[0.0, 1.0, -0.5, 0.5, 0.0, -2.0]])

    def sample(*noise):
        return reference.sample_from("logistics", parameters, torch.tensor([noise], dtype=torch.float64), -7.0).item()

    assert sample(2.0, 0.0, 0.1) == pytest.approx(-0.5 + 0.1)
    assert sample(0.0, 0.0, 3.0) == pytest.approx(0.5 + 3 * 2.718281828**-2)
