import pytest

from tts.errors import TtsError, UsageError
from tts.training.recipe import all_recipes, load_recipe, typed
from tts.training.schedule import Schedule
from tts.training.trainers import TRAINERS, trainer_class
from tts.training.vocoder import VocoderSettings


@pytest.mark.parametrize("recipe", all_recipes(), ids=lambda recipe: recipe.name)
def test_the_recipes_that_ship_are_right(recipe):
    trainer = trainer_class(recipe.network)
    assert (trainer.kind, trainer.network_name) == (recipe.kind, recipe.network)
    typed(trainer.Settings, recipe.settings, "settings")
    typed(Schedule, recipe.schedule, "schedule")
    # What follows from the corpus aside.
    given = {} if recipe.kind == "vocoder" else {"n_symbols": 57, "n_mels": 80}
    typed(trainer.Dimensions, {**recipe.options, **given}, "options")


def test_a_base_is_overlaid_key_by_key(tmp_path):
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
        ("description = 'x'", UsageError, "does not say its kind and network"),
        ("description = 'x'\nkind = 'talker'\nnetwork = 'vocos'", UsageError, "not 'talker'"),
        ("schedule = 3", UsageError, "schedule must be a table"),
        ("[schedule", TtsError, "is not TOML"),
    ],
)
def test_a_recipe_that_is_not_right_is_refused(tmp_path, content, error, sentence):
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
def test_values_of_the_wrong_kind_are_refused(table, sentence):
    with pytest.raises(UsageError, match=sentence):
        typed(Schedule, table, "schedule")


def test_a_whole_number_is_a_number_and_a_list_one_of_several():
    assert typed(Schedule, {"learning_rate": 1}, "schedule").learning_rate == 1
    assert typed(VocoderSettings, {"mels": ["a.npy", "b.npy"]}, "settings").mels == ("a.npy", "b.npy")
    assert typed(VocoderSettings, {"mels": "a.npy"}, "settings").mels == "a.npy"


def test_an_unknown_network_is_refused():
    with pytest.raises(UsageError, match=r"No trainer trains the network 'tacotron'; did you mean tacotron2\?"):
        trainer_class("tacotron")
    assert "tacotron2" in TRAINERS


def test_the_learning_rate_rises_and_falls():
    schedule = Schedule(steps=100, learning_rate=1.0, warmup_steps=10)
    assert schedule.rate(0) == pytest.approx(0.1)
    assert schedule.rate(50) == pytest.approx(0.51)
    assert schedule.rate(100) == pytest.approx(0.02)
