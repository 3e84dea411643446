"""What is Ray's alone; what it shares with the workers of this machine is in test_workers.py."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import tts
from tests.batch.fakes import ScriptedFolder, job
from tts.batch.folders import LocalFolder
from tts.batch.ray_cluster import check_answers, connection, first_sentence
from tts.batch.ray_workers import RayWorkers, worker_capacity
from tts.batch.settings import WorkerSetup
from tts.errors import TtsError, UsageError

SECONDS = 60

RUN = """
import sys
from pathlib import Path
from tests.batch.fakes import job
from tts.batch.settings import WorkerSetup
from tts.batch.folders import LocalFolder
from tts.batch.ray_workers import RayWorkers

with RayWorkers(WorkerSetup(), LocalFolder(Path(sys.argv[1])), 1) as workers:
    print(*[row.file for row in workers.submit(0, [job(1, voice=sys.argv[2])]).result(60)])
"""


@pytest.fixture
def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_workers_hear_where_the_run_was_started_and_compute_with_one_thread(
    ray_cluster, pulse_voice, tmp_path, monkeypatch
):
    monkeypatch.chdir(pulse_voice.parent)
    monkeypatch.setenv("TTS_VOICES_DIR", str(pulse_voice.parent))
    monkeypatch.setenv("TTS_THREADS", "2")
    jobs = [replace(job(1, voice="pulse"), file="environment.wav"), job(2, voice="./pulse")]
    with RayWorkers(WorkerSetup(), ScriptedFolder(tmp_path), None, address="local") as workers:
        assert workers.count == 2
        rows = workers.submit(1, jobs).result(SECONDS)
    assert [(row.file, row.error) for row in rows] == [("environment.wav", None), ("002.wav", None)]
    heard = json.loads((tmp_path / "environment.wav.json").read_text("utf-8"))
    wanted = {"TTS_VOICES_DIR": str(pulse_voice.parent), "TTS_THREADS": "1", "OMP_NUM_THREADS": "1"}
    assert {name: heard[name] for name in wanted} == wanted


def test_another_version_on_the_cluster_is_refused(ray_cluster, tmp_path, monkeypatch):
    installed = tts.__version__
    monkeypatch.setattr(tts, "__version__", "0.0.1")
    with pytest.raises(TtsError) as message:
        RayWorkers(WorkerSetup(), ScriptedFolder(tmp_path), 1)
    assert str(message.value).endswith(
        f" of the Ray cluster has utter-tts {installed} and this machine 0.0.1; install the same version on both."
    )


@dataclass(frozen=True)
class LocalFolderOfAnotherMachine(LocalFolder):
    """A folder that workers find empty, as on a machine that does not share it."""

    def __reduce__(self):
        return LocalFolder, (self.path / "elsewhere",)


def test_an_output_folder_that_is_not_shared_is_refused(ray_cluster, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(TtsError) as message:
        RayWorkers(WorkerSetup(), LocalFolderOfAnotherMachine(tmp_path), 1)
    assert str(message.value).endswith(
        " of the Ray cluster does not see the output folder; name one that all its machines share, "
        "or an address such as s3://BUCKET/FOLDER."
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["elsewhere"]


def test_more_workers_than_there_is_room_for_are_refused(ray_cluster, tmp_path):
    with pytest.raises(TtsError) as message:
        RayWorkers(WorkerSetup(), ScriptedFolder(tmp_path), 3)
    assert str(message.value) == (
        "The Ray cluster has room for 2 workers with one CPU each, not for 3; request fewer with --jobs."
    )


def test_a_run_of_its_own_is_quiet_and_leaves_nothing(ray_cluster, pulse_voice, tmp_path):
    home, temporary = tmp_path / "home", Path("/tmp") / f"tts-test-{os.getpid()}"
    home.mkdir()
    temporary.mkdir()
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary)}
    # Those that the cluster of these tests has been given.
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "TEMP", "TMP"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", RUN, tmp_path, pulse_voice],
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("001.wav\n", "", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001.wav", "home"]
    assert list(home.rglob("*")) == []
    temporary.rmdir()


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_nobody_at_the_address_is_told_at_once(address, free_port):
    place = address.format(free_port)
    with pytest.raises(TtsError) as message:
        check_answers(place)
    assert str(message.value) == (
        f"No Ray cluster answers at {place}: Connection refused; is it running, and reachable from here?"
    )


@pytest.mark.parametrize("address", ["somewhere", "http://somewhere:80", "host:port", ":6379", "host:70000"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError) as message:
        check_answers(address)
    assert str(message.value) == (
        f"{address!r} is not an address of a Ray cluster; write auto, HOST:PORT or ray://HOST:PORT."
    )


def test_without_ray_the_way_to_get_it_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TtsError) as message, connection("local", 1):
        pass
    assert str(message.value) == "--engine ray needs Ray; install it with: pip install 'utter-tts[cluster]'"


@pytest.mark.parametrize(
    ("device", "gpus", "sentence"),
    [
        ("cuda", None, "--device cuda with --engine ray needs --gpus, the share of a GPU for each worker."),
        ("cuda:1", 0.5, "--gpus and --device cuda:1 contradict each other; omit --device."),
        ("auto", 2.0, "--gpus is the share of a GPU for each worker, above 0 and up to 1, not 2."),
        ("auto", 0.0, "--gpus is the share of a GPU for each worker, above 0 and up to 1, not 0."),
    ],
)
def test_devices_that_contradict_are_refused(device, gpus, sentence, tmp_path):
    with pytest.raises(UsageError) as message:
        RayWorkers(WorkerSetup(device), ScriptedFolder(tmp_path), 1, gpus=gpus)
    assert str(message.value) == sentence


def test_room_is_counted_machine_by_machine():
    nodes = [
        {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}},
        {"Alive": True, "Resources": {"CPU": 4.0}},
        {"Alive": True, "Resources": {"CPU": 2.0, "GPU": 1.0}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
        {"Alive": True, "Resources": {}},
    ]
    assert worker_capacity(nodes, None) == 14
    assert worker_capacity(nodes, 1.0) == 3
    assert worker_capacity(nodes, 0.2) == 10
    assert worker_capacity(nodes, 0.3) == 8


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("It broke. Please do this. And that.", "It broke."),
        (
            "Failure on the server:\nTraceback\n  File x\nValueError: it broke",
            "Failure on the server: ValueError: it broke.",
        ),
        ("", "RuntimeError."),
    ],
)
def test_one_sentence_of_what_ray_says(message, sentence):
    assert first_sentence(RuntimeError(message)) == sentence
