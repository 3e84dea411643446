import sys

import numpy as np
import pytest

from tts.benchmark import memory
from tts.benchmark.memory import forget_peak, peak_mb, resident_mb


def test_a_peak_is_seen_and_on_linux_forgotten():
    before = peak_mb()
    held = np.ones(25_000_000)
    during = peak_mb()
    assert during >= before
    del held
    if forget_peak():
        assert peak_mb() < during - 100
    else:
        assert not sys.platform.startswith("linux")


def test_where_no_peak_can_be_forgotten_it_is_the_whole_process(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    assert not forget_peak()
    assert peak_mb() > 10


@pytest.mark.parametrize(("platform", "mb"), [("linux", 102.4), ("darwin", 0.1)])
def test_units(monkeypatch, platform, mb):
    monkeypatch.setattr(sys, "platform", platform)
    assert resident_mb(100_000) == pytest.approx(mb)
