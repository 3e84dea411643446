"""The trainers by the name of the network they train."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.errors import UsageError
from tts.training.recipe import Recipe, typed
from tts.training.schedule import Schedule
from tts.voice.store import suggestion

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from tts.training.data import PreparedCorpus
    from tts.training.loop import Trainer

# Network → module and class: nothing is imported before it is asked for.
TRAINERS = {
    "aligner": ("tts.training.align", "AlignerTrainer"),
    "fastspeech2": ("tts.training.acoustic", "AcousticTrainer"),
    "tacotron2": ("tts.training.tacotron2", "Tacotron2Trainer"),
    "vocos": ("tts.training.vocoder", "VocosTrainer"),
    "source_filter": ("tts.training.vocoder", "SourceFilterTrainer"),
    "waveglow": ("tts.training.waveglow", "WaveGlowTrainer"),
    "lapped_waveglow": ("tts.training.waveglow", "LappedWaveGlowTrainer"),
    "wavenet": ("tts.training.wavenet", "WaveNetTrainer"),
    "hifigan": ("tts.training.hifigan", "HiFiGANTrainer"),
}


def trainer_class(network: str) -> type[Trainer[Any]]:
    """The trainer of a network.

    Raises:
        UsageError: there is none.
    """
    if network not in TRAINERS:
        raise UsageError(f"No trainer trains the network {network!r}; {suggestion(network, TRAINERS)}")
    module, name = TRAINERS[network]
    trainer: type[Trainer[Any]] = getattr(import_module(module), name)
    return trainer


def check_recipe(recipe: Recipe, corpus: PreparedCorpus) -> tuple[Any, Any, Schedule]:
    """The recipe's dimensions, settings and schedule, whole.

    Raises:
        UsageError: it names an option or setting that does not exist, or gives it a wrong value.
    """
    cls = trainer_class(recipe.network)
    given = cls.options_from(corpus)
    if taken := sorted(given.keys() & recipe.options.keys()):
        raise UsageError(f"options.{taken[0]} follows from the corpus: leave it out of the recipe.")
    dimensions = typed(cls.Dimensions, {**recipe.options, **given}, "options")
    return dimensions, typed(cls.Settings, recipe.settings, "settings"), typed(Schedule, recipe.schedule, "schedule")


def build_trainer(recipe: Recipe, corpus: PreparedCorpus, run: Path, fabric: Fabric) -> Trainer[Any]:
    """The recipe's trainer, at step 0; raises like `check_recipe`."""
    dimensions, settings, schedule = check_recipe(recipe, corpus)
    return trainer_class(recipe.network)(corpus, dimensions, settings, schedule, run, fabric)
