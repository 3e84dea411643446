"""Which implementation computes, on how many threads, and with which cached weights."""

import copy

import numba
import pytest
import torch
from torch import nn

import tts.cli.say
import tts.kernels.cpu  # listens to Numba from here on
from tts.errors import UsageError
from tts.kernels.execution import (
    THREADS_VARIABLE,
    WeightCache,
    available_cores,
    compute_threads,
    cuda_kernels_chosen,
    cuda_kernels_wanted,
    is_reference_only,
    notify_compiling,
    one_compute_thread,
    reference_only,
    set_compute_threads,
    when_compiling,
)


def test_only_the_reference_computes_inside():
    assert not is_reference_only()
    with reference_only():
        assert is_reference_only()
    assert not is_reference_only()


def test_kernels_on_a_gpu_are_off_by_default(monkeypatch):
    monkeypatch.delenv("TTS_CUDA_KERNELS", raising=False)
    assert not cuda_kernels_wanted()
    monkeypatch.setenv("TTS_CUDA_KERNELS", "1")
    assert cuda_kernels_wanted()
    assert cuda_kernels_chosen(torch.device("cuda"))
    assert not cuda_kernels_chosen(torch.device("cpu"))
    with reference_only():
        assert not cuda_kernels_chosen(torch.device("cuda"))


@pytest.fixture(autouse=True)
def _default_threads(monkeypatch):
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)
    yield
    set_compute_threads(None)


def test_one_thread_per_core_by_default(monkeypatch):
    assert compute_threads() == available_cores()
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert compute_threads() == 3
    set_compute_threads(5)
    assert compute_threads() == 5


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_refused(monkeypatch, value):
    monkeypatch.setenv(THREADS_VARIABLE, value)
    with pytest.raises(UsageError, match="TTS_THREADS"):
        compute_threads()


def test_no_thread_at_all_is_refused():
    with pytest.raises(UsageError, match="must be 1 or more, not 0"):
        set_compute_threads(0)


def test_one_compute_thread_is_for_pytorch_inside_only():
    before = torch.get_num_threads()
    with one_compute_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.fixture(autouse=True)
def _no_notice():
    yield
    when_compiling(None)


def test_the_first_compilation_is_reported_and_no_other():
    notices = []
    when_compiling(lambda: notices.append("once"))
    one, other = numba.njit(lambda x: x + 1), numba.njit(lambda x: x + 2)
    assert one(1) == 2
    assert notices == ["once"]
    assert (one(2), other(1)) == (3, 3)
    assert notices == ["once"]


@pytest.mark.parametrize(("quiet", "n_notices"), [(False, 1), (True, 0)])
def test_the_command_line_reports_compilation(monkeypatch, capsys, quiet, n_notices):
    class Report:
        warnings = ()

    def speak(*_):
        notify_compiling()
        notify_compiling()
        return Report()

    monkeypatch.setattr(tts.cli.say, "speak", speak)
    tts.cli.say.speak_with_progress(None, "text", None, None, quiet=quiet)
    assert capsys.readouterr().err.count("compiling for this machine") == n_notices


@pytest.fixture
def is_new():
    """Gets a value computed from a layer's weights, and returns whether it was computed anew."""
    cache, n_computed = WeightCache(), [0]

    def was_computed(layer, *settings):
        before = n_computed[0]

        def compute():
            n_computed[0] += 1
            return float(layer.weight.detach().sum())

        assert cache.get(compute, list(layer.parameters()), *settings) == pytest.approx(
            float(layer.weight.detach().sum())
        )
        return n_computed[0] > before

    was_computed.cache = cache
    return was_computed


def test_a_value_is_cached_until_weights_or_settings_change(is_new):
    layer = nn.Linear(3, 2)
    assert is_new(layer)
    assert not is_new(layer)
    assert is_new(layer, "int8")
    with torch.no_grad():
        layer.bias.add_(1)
    assert is_new(layer, "int8")
    layer.load_state_dict(nn.Linear(3, 2).state_dict())
    assert is_new(layer, "int8")
    layer.double()
    assert is_new(layer, "int8")
    layer.weight = nn.Parameter(layer.weight.detach().clone())
    assert is_new(layer, "int8")
    assert not is_new(layer, "int8")


def test_a_copy_of_a_cache_is_empty(is_new):
    layer = nn.Linear(3, 2)
    is_new(layer)
    is_new.cache = copy.deepcopy(is_new.cache)
    assert is_new.cache._value is None
