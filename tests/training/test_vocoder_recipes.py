"""The recipes of vocoders say what they are named for."""

import pytest

from tests.tiny_voice import MEL
from tts.models.hifigan import HiFiGAN
from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.training.recipe import all_recipes, load_recipe, typed
from tts.training.schedule import Schedule
from tts.training.trainers import trainer_class

VOCODERS = [recipe for recipe in all_recipes() if recipe.kind == "vocoder"]


def dimensions(name):
    recipe = load_recipe(name)
    return typed(trainer_class(recipe.network).Dimensions, recipe.options, "options")


@pytest.mark.parametrize("recipe", VOCODERS, ids=lambda recipe: recipe.name)
def test_every_value_has_its_place(recipe):
    trainer = trainer_class(recipe.network)
    assert trainer.kind == "vocoder"
    assert trainer.network_name == recipe.network
    typed(trainer.Dimensions, recipe.options, "options")
    typed(trainer.Settings, recipe.settings, "settings")
    typed(Schedule, recipe.schedule, "schedule")


def test_the_published_sizes_are_the_networks_defaults():
    assert dimensions("waveglow") == WaveGlowDimensions()
    assert dimensions("wavenet-mol") == WaveNetDimensions()


@pytest.mark.parametrize(("name", "millions"), [("hifigan-v1", 13.92), ("hifigan-v2", 0.92), ("hifigan-v3", 1.46)])
def test_hifigan_has_as_many_weights_as_the_paper_says(name, millions):
    network = HiFiGAN(MEL, dimensions(name))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.02)


def test_the_small_ones_are_small():
    waveglow, wavenet = LappedWaveGlow(MEL, dimensions("waveglow-small")), WaveNet(MEL, dimensions("wavenet-small"))
    assert wavenet.excitation is not None
    sizes = [sum(p.numel() for p in network.parameters()) for network in (waveglow, wavenet)]
    assert sizes[0] < 6e6
    assert sizes[1] < 2e6
    assert dimensions("waveglow-small") == LappedWaveGlowDimensions()


def test_waveglow_in_groups_hears_pulses():
    assert WaveGlow(MEL, dimensions("waveglow-groups")).excitation is not None


def test_a_taught_one_is_its_base_with_a_teacher_and_perhaps_a_guide():
    for name in ("waveglow-small", "wavenet-small"):
        base, taught = load_recipe(name), load_recipe(f"{name}-taught")
        assert taught.settings == {**base.settings, "teacher": "heart"}
        guide = {"guide_blocks": 6} if name == "wavenet-small" else {}
        assert (taught.options, taught.schedule) == ({**base.options, **guide}, base.schedule)
