import io
import sys

import pytest

from tts.cli.console import confirm, download_bar
from tts.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("no\n", False), ("", False)]
)
def test_a_question_at_the_terminal(monkeypatch, answer, agreed):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", screen)
    assert confirm("Go on?", yes=False, refusal="") is agreed
    assert screen.getvalue() == "tts: Go on? [y/N] "


def test_a_question_to_nobody(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert confirm("Go on?", yes=True, refusal="Say --yes.")
    with pytest.raises(UsageError, match=r"Say --yes\."):
        confirm("Go on?", yes=False, refusal="Say --yes.")


def test_the_bar_shows_on_a_terminal_only(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with download_bar("model[bold].ckpt", quiet=False) as progress:
        progress(1_000_000, 2_000_000)
    assert "model[bold].ckpt" in screen.getvalue()
    assert "2.0 MB" in screen.getvalue()
    for quiet, stream in ((True, Terminal()), (False, io.StringIO())):
        monkeypatch.setattr(sys, "stderr", stream)
        with download_bar("x", quiet=quiet) as progress:
            progress(1, 2)
        assert stream.getvalue() == ""
