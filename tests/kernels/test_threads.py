import pytest
import torch

from tts.errors import UsageError
from tts.kernels import threads


@pytest.fixture(autouse=True)
def _nothing_asked(monkeypatch):
    monkeypatch.delenv(threads.THREADS_VARIABLE, raising=False)
    yield
    threads.set_compute_threads(None)


def test_a_thread_a_core_unless_told_otherwise(monkeypatch):
    assert threads.compute_threads() == threads.available_cores()
    monkeypatch.setenv(threads.THREADS_VARIABLE, "3")
    assert threads.compute_threads() == 3
    threads.set_compute_threads(5)
    assert threads.compute_threads() == 5


@pytest.mark.parametrize("told", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_refused(monkeypatch, told):
    monkeypatch.setenv(threads.THREADS_VARIABLE, told)
    with pytest.raises(UsageError, match="TTS_THREADS"):
        threads.compute_threads()


def test_no_thread_at_all_is_refused():
    with pytest.raises(UsageError, match="1 thread or more to compute, not 0"):
        threads.set_compute_threads(0)


def test_one_compute_thread_holds_pytorch_and_lets_go():
    before = torch.get_num_threads()
    with threads.one_compute_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
