from __future__ import annotations

import os
from pathlib import Path

# One thread computes unless threads are what is tested: beside another busy process, two wait for each other. OpenMP
# reads its number when it is loaded, here and in the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from tests.tiny_voice import write_pulse_voice, write_random_voice

# Triton reads this when it is imported, which other packages do too: its programs then run in an interpreter.
os.environ["TRITON_INTERPRET"] = "1"

# The processes that tests start compile the package once, and not each anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whoever runs the tests may have a lexicon of their own.
os.environ["TTS_NO_USER_LEXICON"] = "1"


@pytest.fixture(scope="session", autouse=True)
def _compute_threads() -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.fixture(scope="session")
def voices_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both tiny voices."""
    folder = tmp_path_factory.mktemp("voices")
    write_pulse_voice(folder)
    write_random_voice(folder)
    return folder


@pytest.fixture
def pulse_voice(voices_folder: Path) -> Path:
    return voices_folder / "pulse"


@pytest.fixture
def random_voice(voices_folder: Path) -> Path:
    return voices_folder / "random"
