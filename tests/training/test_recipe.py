"""Recipes: bases, overrides, types, and the values that their names promise."""

import pytest

from tests.tiny_voice import MEL
from tts.errors import TtsError, UsageError
from tts.models.hifigan import HiFiGAN
from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.source_filter import SourceFilterDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.training.recipe import FORMER_NAMES, Schedule, all_recipes, load_recipe, recipe_files, typed
from tts.training.trainer import trainer_class
from tts.training.vocoder import SpectralSettings


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
def test_built_in_recipes_are_valid(recipe):
    trainer = trainer_class(recipe.network)
    assert (trainer.kind, trainer.network_name) == (recipe.kind, recipe.network)
    typed(trainer.Settings, recipe.settings, "settings")
    typed(Schedule, recipe.schedule, "schedule")
    # The corpus gives the other dimensions.
    given = {} if recipe.kind == "vocoder" else {"n_symbols": 57, "n_mels": 80}
    typed(trainer.Dimensions, {**recipe.options, **given}, "options")


def test_a_base_is_changed_key_by_key(tmp_path):
    (tmp_path / "mine.toml").write_text('base = "tacotron2-small"\n[schedule]\nsteps = 3\n', "utf-8")
    (tmp_path / "other.toml").write_text('base = "mine.toml"\ndescription = "Other."\n', "utf-8")
    recipe = load_recipe(str(tmp_path / "other.toml"), ["schedule.betas=[0.5, 0.6]", "settings.max_frames = 7"])
    small = load_recipe("tacotron2-small")
    assert (recipe.name, recipe.description, recipe.options) == ("other", "Other.", small.options)
    assert recipe.schedule == {**small.schedule, "steps": 3, "betas": [0.5, 0.6]}
    assert recipe.settings == {**small.settings, "max_frames": 7}
    assert typed(Schedule, recipe.schedule, "schedule").betas == (0.5, 0.6)


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        ("steps = 3", UsageError, "has an unknown key"),
        ("base = 'mine.toml'", UsageError, "is its own base"),
        ("base = 'vocoos'", UsageError, "There is no recipe 'vocoos'; did you mean vocos?"),
        ("description = 'x'", UsageError, "lacks its kind and network"),
        ("description = 'x'\nkind = 'talker'\nnetwork = 'vocos'", UsageError, "not 'talker'"),
        ("schedule = 3", UsageError, "schedule must be a table"),
        ("[schedule", TtsError, "is not valid TOML"),
    ],
)
def test_an_invalid_recipe_is_refused(tmp_path, content, error, sentence):
    (tmp_path / "mine.toml").write_text(content, "utf-8")
    with pytest.raises(error) as refused:
        load_recipe(str(tmp_path / "mine.toml"))
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"betas": [0.9]}, r"betas must be a list \(a number, a number\), not \[0.9\]"),
        ({"steps": True}, "steps must be a whole number, not True"),
        ({"steps": 2.5}, "steps must be a whole number, not 2.5"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, not 'fast'"),
    ],
)
def test_values_of_the_wrong_type_are_refused(table, sentence):
    with pytest.raises(UsageError, match=sentence):
        typed(Schedule, table, "schedule")


def test_an_integer_is_a_number_and_a_list_may_be_one_of_several_types():
    assert typed(Schedule, {"learning_rate": 1}, "schedule").learning_rate == 1
    assert typed(SpectralSettings, {"mels": ["a.npy", "b.npy"]}, "settings").mels == ("a.npy", "b.npy")
    assert typed(SpectralSettings, {"mels": "a.npy"}, "settings").mels == "a.npy"


def test_the_learning_rate_rises_and_falls():
    schedule = Schedule(steps=100, learning_rate=1.0, warmup_steps=10)
    assert schedule.rate(0) == pytest.approx(0.1)
    assert schedule.rate(50) == pytest.approx(0.51)
    assert schedule.rate(100) == pytest.approx(0.02)


def test_the_critics_learning_rate_falls_to_a_share():
    schedule = Schedule(steps=100, critic_learning_rate=1.0, critic_last_share=0.1)
    assert [schedule.critic_rate(step) for step in (0, 50, 100, 200)] == pytest.approx([1.0, 0.55, 0.1, 0.1])
    assert Schedule(steps=100, critic_learning_rate=0.5).critic_rate(70) == 0.5


def test_steps_of_the_critics_alone_do_not_count_as_updates():
    schedule = Schedule(steps=1000, learning_rate=1.0, warmup_steps=10, adversarial_from=2, critic_only_steps=3)
    assert [schedule.trains_network(step) for step in range(7)] == [True, True, False, False, False, True, True]
    assert [schedule.n_updates(step) for step in range(7)] == [0, 1, 2, 2, 2, 2, 3]
    assert schedule.rate(5) == pytest.approx(0.3, abs=1e-3)
    assert schedule.rate(13) == pytest.approx(1.0, abs=1e-3)
    assert all(Schedule().trains_network(step) and Schedule().n_updates(step) == step for step in (0, 10**9, 10**9 + 5))


def test_the_aligned_recipe_is_source_filter_with_gains_within_frames():
    recipe = load_recipe("source-filter-aligned")
    trainer = trainer_class(recipe.network)
    assert typed(trainer.Dimensions, recipe.options, "options") == SourceFilterDimensions(envelope_steps=4)
    settings = typed(trainer.Settings, recipe.settings, "settings")
    assert settings == SpectralSettings(
        mels=("mels-acoustic.npy", "mels-acoustic.npy", "mels.npy"),
        predicted_pitch=0.3,
        aligned_pulses=True,
        batch_size=8,
        segment_frames=80,
        critics_per_step=3,
        critic_bands=(0.5, 0.5, 0.5, 1.0),
        standard_critics=True,
        relative_features=True,
        feature_weight=3.75,
    )
    schedule = typed(Schedule, recipe.schedule, "schedule")
    assert (schedule.critic_rate(0), schedule.critic_rate(schedule.steps)) == pytest.approx((8e-4, 8e-5))
    assert [schedule.n_updates(step) for step in (149, 150, 151)] == [0, 0, 1]


def dimensions(name):
    recipe = load_recipe(name)
    return typed(trainer_class(recipe.network).Dimensions, recipe.options, "options")


def test_the_published_sizes_are_the_networks_defaults():
    assert dimensions("waveglow") == WaveGlowDimensions()
    assert dimensions("wavenet-mol") == WaveNetDimensions()


@pytest.mark.parametrize(("name", "millions"), [("hifigan-v1", 13.92), ("hifigan-v2", 0.92), ("hifigan-v3", 1.46)])
def test_hifigan_has_the_published_number_of_parameters(name, millions):
    network = HiFiGAN(MEL, dimensions(name))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.02)


def test_the_small_ones_are_small():
    waveglow, wavenet = LappedWaveGlow(MEL, dimensions("waveglow-small")), WaveNet(MEL, dimensions("wavenet-small"))
    assert wavenet.excitation is not None
    sizes = [sum(p.numel() for p in network.parameters()) for network in (waveglow, wavenet)]
    assert sizes[0] < 6e6
    assert sizes[1] < 2e6
    assert dimensions("waveglow-small") == LappedWaveGlowDimensions()


def test_waveglow_in_groups_is_conditioned_on_pulses():
    assert WaveGlow(MEL, dimensions("waveglow-groups")).excitation is not None


def test_a_distilled_recipe_is_its_base_with_a_teacher_and_perhaps_a_guide():
    for name in ("waveglow-small", "wavenet-small"):
        base, distilled = load_recipe(name), load_recipe(f"{name}-distilled")
        assert distilled.settings == {**base.settings, "teacher": "heart"}
        guide = {"guide_blocks": 6, "guide_envelope_steps": 4} if name == "wavenet-small" else {}
        assert (distilled.options, distilled.schedule) == ({**base.options, **guide}, base.schedule)


@pytest.mark.parametrize(("former", "name"), FORMER_NAMES.items())
def test_former_names_work_but_are_not_listed(tmp_path, former, name):
    assert load_recipe(former) == load_recipe(name)
    assert former not in recipe_files()
    (tmp_path / "mine.toml").write_text(f'base = "{former}"\n', "utf-8")
    assert load_recipe(str(tmp_path / "mine.toml")).table == load_recipe(name).table
