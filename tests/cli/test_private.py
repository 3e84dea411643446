"""Nothing that the package or its dependencies do writes outside of the request or touches the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.tiny_corpus import recipe_text, write_tiny_corpus

# Python imports this at its start, in every process: it records and refuses what leaves the machine.
GUARD = """
import os, sys

def refuse(event, values):
    if event == "socket.connect":
        host = values[1][0] if isinstance(values[1], tuple) else "localhost"
    elif event == "socket.sendto":
        host = values[1][0] if isinstance(values[1], tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = values[0]
    else:
        return
    if host not in (None, "", "localhost", "::1", "0.0.0.0") and not str(host).startswith("127."):
        with open(os.environ["GUARD_LOG"], "a") as log:
            log.write(f"{event} {host} by {sys.argv[:1]}\\n")
        raise OSError("the network is closed")

sys.addaudithook(refuse)
"""

API = "import tts, onnxruntime; print(tts.load_voice('random').say('Hello.').sample_rate)"
HEART = "import tts; print(tts.load_voice('heart').say('Hello.').sample_rate)"

COMMANDS = {
    "say": ["-m", "tts", "say", "Hello.", "-o", "a.wav", "--voice", "heart", "--plot", "a.png"],
    "say with PyTorch": [
        "-m",
        "tts",
        "say",
        "Hello.",
        "-o",
        "a.mp3",
        "--voice",
        "random",
        "--runtime",
        "torch",
        "--volume",
        "-20",
    ],
    "phonemes": ["-m", "tts", "text", "phonemes", "Hello."],
    "batch": ["-m", "tts", "batch", "lines.txt", "-o", "out", "--jobs", "1", "--voice", "heart", "--quiet"],
    "Python": ["-c", API],
    "Python with graphs": ["-c", HEART],
    "doctor": ["-m", "tts", "doctor"],
    "batch on Ray": ["-m", "tts", "batch", "lines.txt", "-o", "out", "--engine", "ray", "--jobs", "1", "--quiet"],
    "prepare": ["-m", "tts", "train", "prepare", "recordings", "-o", "again", "--jobs", "1", "--quiet"],
    "train": [
        *("-m", "tts", "train", "acoustic", "prepared", "-o", "run", "--recipe", "recipe.toml", "--device", "cpu"),
        *("--set", "schedule.steps=2", "--quiet"),
    ],
    "evaluate": [
        "-m",
        "tts",
        "evaluate",
        "prepared",
        "--split",
        "val",
        "--limit",
        "1",
        "--vocoder",
        "griffinlim",
        "-o",
        "report",
    ],
    "bench": ["-m", "tts", "bench", "--text", "Hello.", "--repeat", "1", "--threads", "1", "--plot", "bench.png"],
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """What the commands read."""
    folder = tmp_path_factory.mktemp("private")
    (folder / "guard").mkdir()
    (folder / "guard" / "sitecustomize.py").write_text(GUARD)
    (folder / "lines.txt").write_text("Hello.\nGood morning.\n")
    write_tiny_corpus(folder / "prepared")
    (folder / "recipe.toml").write_text(recipe_text("fastspeech2"))
    (folder / "recordings" / "wavs").mkdir(parents=True)
    times = np.arange(22050) / 22050
    samples = 0.3 * np.sin(2 * np.pi * 200 * times) * np.sin(2 * np.pi * 3 * times) ** 2
    soundfile.write(folder / "recordings" / "wavs" / "one.wav", samples, 22050)
    (folder / "recordings" / "metadata.csv").write_text("one|Hello there.\n")
    return folder


@pytest.mark.parametrize("has_cache", [True, False], ids=["writable", "closed"])
@pytest.mark.parametrize("name", COMMANDS)
def test_only_what_was_requested_is_written_and_nothing_is_looked_up(name, has_cache, work, voices_folder, tmp_path):
    home, temporary, log = tmp_path / "home", Path("/tmp") / f"tts-test-{os.getpid()}", tmp_path / "network.txt"
    home.mkdir()
    temporary.mkdir()
    if not has_cache:
        # Files, so that nobody can create folders there, not even an administrator.
        for folder in (".cache", ".config", ".local", ".matplotlib", ".ray", ".triton"):
            (home / folder).touch()
    for path in work.iterdir():
        (tmp_path / path.name).symlink_to(path)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join((str(work / "guard"), str(Path(__file__).parents[2]))),
        "OMP_NUM_THREADS": "1",
        "GUARD_LOG": str(log),
        "TTS_VOICES_DIR": str(voices_folder),
        "TTS_VOICE": "random",
    }
    try:
        done = subprocess.run(
            [sys.executable, *COMMANDS[name]], cwd=tmp_path, env=environment, capture_output=True, timeout=200
        )
        left = sorted(path.name for path in temporary.iterdir())
    finally:
        subprocess.run(["rm", "-rf", str(temporary)], check=True)
    assert not log.exists(), log.read_text()
    assert done.returncode == 0, done.stderr.decode()
    # Messages of our own: training reports its progress.
    assert [line for line in done.stderr.decode().splitlines() if not line.startswith("tts: ")] == []
    files = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file() and path.stat().st_size}
    assert {file for file in files if not file.startswith(".cache/utter/")} == set()
    assert left == []


PROCESSES = """
import os, torch
from pathlib import Path
from tts.training.run import start_fabric

fabric = start_fabric("cpu", 2)
total = fabric.all_reduce(torch.tensor([1.0 + fabric.global_rank]), reduce_op="sum")
mine = {os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
rows = [row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()[1:]]
addresses = {row[1].partition(":")[0] for row in rows if f"socket:[{row[9]}]" in mine}
print(f"{total.item():g} {' '.join(sorted(addresses))}\\n", end="", flush=True)
fabric.barrier()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the table of sockets of Linux")
def test_training_processes_of_one_machine_only_use_the_loopback_interface(tmp_path):
    (tmp_path / "processes.py").write_text(PROCESSES)
    (tmp_path / "temporary").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GLOO", "MASTER", "SLURM"))},
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(
        [sys.executable, "processes.py"], cwd=tmp_path, env=environment, capture_output=True, timeout=200
    )
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(done.stdout.decode().splitlines()) == ["3 0100007F"] * 2
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_variable_of_the_user_stays(monkeypatch):
    command = [sys.executable, "-c", "import os, tts; print(os.environ['ORT_DISABLE_TELEMETRY'])"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    del environment["ORT_DISABLE_TELEMETRY"]
    for ours, expected in (({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")):
        done = subprocess.run(command, env=environment | ours, capture_output=True, check=True)
        assert done.stdout.decode().strip() == expected


@pytest.mark.parametrize(("has_cache", "expected"), [(True, "cache/utter/numba"), (False, "tmp/tts-")])
def test_compiled_code_is_kept_where_it_can_be(tmp_path, monkeypatch, has_cache, expected):
    (tmp_path / "tmp").mkdir()
    if not has_cache:
        (tmp_path / "cache").touch()
    code = (
        "import tts.dependencies as d, os, sys; from pathlib import Path; package = str(Path(d.__file__).parent);"
        "is_writable = d._is_writable;"
        "d._is_writable = lambda folder: not str(folder).startswith(package) and is_writable(folder);"
        "import tts.kernels.cpu.team; print(os.environ['NUMBA_CACHE_DIR'])"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().startswith(str(tmp_path / expected))
    assert list((tmp_path / "tmp").iterdir()) == []
