from __future__ import annotations

import pytest
import torch

from tts.batch.placing import device_of, usual_count
from tts.errors import UsageError
from tts.kernels.threads import set_compute_threads


@pytest.fixture
def three_gpus(monkeypatch):
    monkeypatch.setattr("tts.voice.devices.may_have_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)


def test_a_machine_without_gpus_has_a_worker_a_core():
    try:
        set_compute_threads(7)
        assert usual_count("auto") == usual_count("cpu") == 7
    finally:
        set_compute_threads(None)
    assert device_of(1, "auto") == "cpu"


@pytest.mark.usefixtures("three_gpus")
def test_gpus_are_taken_in_turns_unless_one_is_named():
    assert [usual_count(device) for device in ("auto", "cuda", "cuda:1")] == [3, 3, 1]
    assert [device_of(worker, "auto") for worker in range(4)] == ["cuda:0", "cuda:1", "cuda:2", "cuda:0"]
    assert [device_of(worker, "cuda:1") for worker in range(2)] == ["cuda:1"] * 2
    assert device_of(2, "cpu") == "cpu"


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="cuda"):
        usual_count("cuda:9")
