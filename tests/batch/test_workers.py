"""What workers promise, whatever runs them: processes of this machine, or Ray."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import soundfile
import torch

from tests.batch.fakes import ScriptedFolder
from tests.tiny_voice import FRAMES_PER_SYMBOL, MEL
from tts.batch.dispatch import dispatch
from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchJob
from tts.batch.workers import WorkerLostError, default_worker_count, worker_device
from tts.errors import TtsError, UsageError
from tts.kernels.execution import set_compute_threads
from tts.options import SynthesisOptions

SECONDS = 60


def job(voice, id, text="Hello."):
    return BatchJob(id, 1, f"{id}.wav", text, str(voice), SynthesisOptions(), None, "key")


def outcome(row):
    return row.id, row.file, row.error


def test_every_job_has_its_row_and_its_file(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 2)
    ids = [[f"{worker}-{number}" for number in range(3)] for worker in range(workers.count)]
    futures = [workers.submit(n, [job(pulse_voice, id) for id in ids[n]]) for n in range(2) for _ in range(2)]
    answers = [future.result(SECONDS) for future in futures]
    assert [[outcome(row) for row in rows] for rows in answers] == [
        [(id, f"{id}.wav", None) for id in ids[n]] for n in range(2) for _ in range(2)
    ]
    for row in (row for rows in answers for row in rows):
        assert (tmp_path / row.file).stat().st_size == row.size
        samples, rate = soundfile.read(tmp_path / row.file)
        assert (len(samples) / rate, row.key) == (row.seconds, "key")
        assert len(samples) % (FRAMES_PER_SYMBOL * MEL.hop_length) == 0


def test_timings_stand_beside_the_audio(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 1)
    (row,) = workers.submit(0, [replace(job(pulse_voice, "a", "Hello. Hello."), timings="a.json")]).result(SECONDS)
    timings = json.loads((tmp_path / row.timings).read_text("utf-8"))
    assert (row.files, timings["seconds"]) == (("a.wav", "a.json"), round(row.seconds, 6))
    assert [sentence["text"] for sentence in timings["sentences"]] == ["Hello.", "Hello."]


def test_a_job_that_fails_fails_alone_and_a_full_folder_stops_all(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 1)
    jobs = [job(pulse_voice, id) for id in ("a", "refused", "b")]
    rows = workers.submit(0, [*jobs, job(tmp_path / "nowhere", "c")]).result(SECONDS)
    assert [outcome(row) for row in rows] == [
        ("a", "a.wav", None),
        ("refused", None, "refused.wav is refused."),
        ("b", "b.wav", None),
        ("c", None, f"{tmp_path / 'nowhere'} is not a voice: it has no voice.toml."),
    ]
    with pytest.raises(FolderFullError) as message:
        workers.submit(0, [job(pulse_voice, "full")]).result(SECONDS)
    assert str(message.value) == "The disk is full."


def test_what_a_lost_worker_had_is_lost_and_another_takes_its_place(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 2)
    deadly, other = [workers.submit(n, [job(pulse_voice, id)]) for n, id in enumerate(("die-once", "a"))]
    with pytest.raises(WorkerLostError):
        deadly.result(SECONDS)
    with pytest.raises(WorkerLostError):
        workers.submit(0, [job(pulse_voice, "b")]).result(SECONDS)
    assert outcome(other.result(SECONDS)[0]) == ("a", "a.wav", None)
    workers.replace(0)
    rows = workers.submit(0, [job(pulse_voice, id) for id in ("die-once", "b")]).result(SECONDS)
    assert [outcome(row) for row in rows] == [("die-once", "die-once.wav", None), ("b", "b.wav", None)]


def test_a_run_goes_on_when_a_worker_is_killed(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 2)
    ids = ["a", "b", "die-once", "c", "d", "e"]
    batches = [[job(pulse_voice, id) for id in ids[start : start + 2]] for start in range(0, len(ids), 2)]
    rows = list(dispatch(workers, batches))
    assert sorted(map(outcome, rows)) == sorted((id, f"{id}.wav", None) for id in ids)
    assert (tmp_path / "die-once.wav.died").exists()


def test_workers_that_are_closed_have_ended(make_workers, pulse_voice, tmp_path):
    workers = make_workers(ScriptedFolder(tmp_path), 1)
    workers.submit(0, [job(pulse_voice, "a")]).result(SECONDS)
    unanswered = workers.submit(0, [job(pulse_voice, str(number), "Hello. " * 200) for number in range(8)])
    workers.close()
    with pytest.raises(TtsError):
        unanswered.result(SECONDS)


@pytest.fixture
def three_gpus(monkeypatch):
    monkeypatch.setattr("tts.voice.load.may_have_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)


def test_a_machine_without_gpus_has_a_worker_a_core():
    try:
        set_compute_threads(7)
        assert default_worker_count("auto") == default_worker_count("cpu") == 7
    finally:
        set_compute_threads(None)
    assert worker_device(1, "auto") == "cpu"


@pytest.mark.usefixtures("three_gpus")
def test_gpus_are_taken_in_turns_unless_one_is_named():
    assert [default_worker_count(device) for device in ("auto", "cuda", "cuda:1")] == [3, 3, 1]
    assert [worker_device(worker, "auto") for worker in range(4)] == ["cuda:0", "cuda:1", "cuda:2", "cuda:0"]
    assert [worker_device(worker, "cuda:1") for worker in range(2)] == ["cuda:1"] * 2
    assert worker_device(2, "cpu") == "cpu"


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="cuda"):
        default_worker_count("cuda:9")
