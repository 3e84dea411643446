import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.parity.__main__ import main, results

FIXTURES = Path(__file__).parent / "fixtures"
FOLDERS = sorted({path.parent for path in FIXTURES.rglob("*.npz")})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(FIXTURES)))
def test_reproduces_the_reference(folder):
    lines = list(results(folder))
    assert len(lines) > 0
    assert [line for good, line in lines if not good] == []


def test_a_wrong_number_misses(tmp_path, capsys):
    shutil.copytree(FIXTURES / "hifigan_small", tmp_path / "hifigan_small")
    path = tmp_path / "hifigan_small" / "v3_like" / "io.npz"
    arrays = dict(np.load(path))
    arrays["audio"][0, 0, 100] += 1e-3
    np.savez(path, **arrays)
    assert main(tmp_path) == 1
    assert capsys.readouterr().out.startswith("MISS  hifigan_small/v3_like generator.pth io audio: largest relative")


def test_arrays_of_no_known_kind_miss(tmp_path, capsys):
    np.savez(tmp_path / "what.npz", a=np.zeros(3))
    assert main(tmp_path) == 1
    assert "no check knows these arrays" in capsys.readouterr().out


def test_nothing_to_check_is_not_good(tmp_path):
    assert main(tmp_path) == 1
