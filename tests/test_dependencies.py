"""Where CUDA and Triton cache programs. They run on a GPU only, so that the tests check their settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CUDA = "from tts.dependencies import prepare_cuda; prepare_cuda()"
TRITON = "import tts.kernels.cuda.triton_program, triton.knobs; print(triton.knobs.cache.dir)"


@pytest.fixture
def run(tmp_path):
    """Runs Python code in a home of its own; returns what it prints."""

    def run(code, **variables):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            **variables,
        }
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout.strip()

    return run


def variables_of(run, names, **variables):
    printed = run(f"{CUDA}; import os; print(*[os.environ.get(name) for name in {names!r}])", **variables)
    return dict(zip(names, printed.split(), strict=True))


def test_programs_for_gpus_are_cached_in_the_cache_folder(run, tmp_path):
    cache = tmp_path / ".cache" / "utter"
    expected = {
        "CUDA_CACHE_PATH": str(cache / "cuda"),
        "CUDA_CACHE_DISABLE": "None",
        "PYTORCH_KERNEL_CACHE_PATH": str(cache / "torch-kernels"),
        "USE_PYTORCH_KERNEL_CACHE": "None",
    }
    assert variables_of(run, [*expected]) == expected
    assert sorted(path.name for path in cache.iterdir()) == ["cuda", "torch-kernels"]


def test_programs_for_gpus_are_not_cached_where_nothing_can_be_written(run, tmp_path):
    (tmp_path / ".cache").touch()
    expected = {
        "CUDA_CACHE_PATH": "None",
        "CUDA_CACHE_DISABLE": "1",
        "PYTORCH_KERNEL_CACHE_PATH": "None",
        "USE_PYTORCH_KERNEL_CACHE": "0",
    }
    assert variables_of(run, [*expected]) == expected


def test_folders_of_the_user_stay(run, tmp_path):
    own = {"CUDA_CACHE_DISABLE": "0", "PYTORCH_KERNEL_CACHE_PATH": "/nowhere"}
    expected = {"CUDA_CACHE_PATH": "None", **own, "USE_PYTORCH_KERNEL_CACHE": "None"}
    assert variables_of(run, [*expected], **own) == expected
    assert list(tmp_path.iterdir()) == []


def test_triton(run, tmp_path):
    pytest.importorskip("triton")
    assert run(TRITON) == str(tmp_path / ".cache" / "utter" / "triton")
    assert run(TRITON, TRITON_CACHE_DIR="/nowhere") == "/nowhere"
    folder = Path(run(TRITON, XDG_CACHE_HOME="/dev/null"))
    assert folder.name.startswith("tts-")
    assert not folder.exists()
