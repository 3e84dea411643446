from __future__ import annotations

from pathlib import Path

import pytest
from lightning_fabric import Fabric

from tests.tiny_corpus import tiny_recipe, write_tiny_corpus
from tts.training.data import PreparedCorpus
from tts.training.run import TrainingRun, start_fabric
from tts.training.trainer import build_trainer


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("tiny") / "prepared")


@pytest.fixture(scope="session")
def fabric() -> Fabric:
    return start_fabric("cpu")


@pytest.fixture
def make_run(tiny_corpus, tmp_path, fabric):
    """Return a function that makes a run of a tiny network; keyword arguments are keys of the schedule."""

    def make(network: str, name: str = "run", *, corpus: Path = tiny_corpus, **schedule: object) -> TrainingRun:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        recipe = tiny_recipe(network, **{"steps": 6, "learning_rate": 1e-3, "log_every": 1, **schedule})
        return TrainingRun(build_trainer(recipe, PreparedCorpus(corpus), folder, fabric), recipe)

    return make
