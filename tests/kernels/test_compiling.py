import numba
import pytest

import tts.cli.speaking
import tts.kernels.cpu  # listens to Numba from here on
from tts.cli import say
from tts.kernels.compiling import compiling, when_compiling


@pytest.fixture(autouse=True)
def _nobody_is_told():
    yield
    when_compiling(None)


def test_the_first_compiling_is_told_of_and_no_other():
    told = []
    when_compiling(lambda: told.append("once"))
    one, other = numba.njit(lambda x: x + 1), numba.njit(lambda x: x + 2)
    assert one(1) == 2
    assert told == ["once"]
    assert (one(2), other(1)) == (3, 3)
    assert told == ["once"]


@pytest.mark.parametrize(("quiet", "told"), [(False, 1), (True, 0)])
def test_who_waits_for_speech_is_told(monkeypatch, capsys, quiet, told):
    class Report:
        warnings = ()

    def speak(*_):
        compiling()
        compiling()
        return Report()

    monkeypatch.setattr(tts.cli.speaking, "speak", speak)
    say._speak(None, "text", None, None, quiet=quiet)
    assert capsys.readouterr().err.count("compiling for this machine") == told
