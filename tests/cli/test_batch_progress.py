from __future__ import annotations

import sys

import pytest

from tts.batch.jobs import BatchResult
from tts.batch.manifest import Summary
from tts.cli.batch_progress import MOST_TOLD, batch_progress, progress_told, summary_told

FAILED = BatchResult("gap", 17, error="The text is empty.")


def summary(**counts):
    made = Summary("out", "out/manifest.jsonl")
    for name, value in counts.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def ten_seconds_in(monkeypatch):
    monkeypatch.setattr(Summary, "wall_seconds", 12.0)
    monkeypatch.setattr(Summary, "making_seconds", 10.0)


@pytest.mark.parametrize("quiet", [True, False])
def test_failures_are_told_with_their_lines(capsys, quiet):
    with batch_progress(100, quiet=quiet) as progress:
        progress.update(summary(), FAILED)
        progress.update(summary(), BatchResult("line 18", 18, error="The id is empty."))
        progress.update(summary(), BatchResult("fine", 19, file="fine.wav"))
        progress.update(summary())
        progress.warn("a column is left out")
    assert capsys.readouterr().err.splitlines() == [
        "tts: line 17 (gap): The text is empty.",
        "tts: line 18: The id is empty.",
        "tts: warning: a column is left out",
    ]


def test_of_many_failures_the_manifest_is_told(capsys):
    with batch_progress(None, quiet=True) as progress:
        for _ in range(3 * MOST_TOLD):
            progress.update(summary(), FAILED)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == "tts: more fail; the manifest names them all: out/manifest.jsonl"


@pytest.mark.usefixtures("ten_seconds_in")
def test_a_line_now_and_then(capsys, monkeypatch):
    with batch_progress(300, quiet=False) as progress:
        monkeypatch.setattr(progress, "seconds_between", 0.0)
        progress.update(summary(done=91, failed=10, skipped=100, seconds=250.0))
    # A hundred after the first in ten seconds, and 99 to go.
    assert capsys.readouterr().err == "tts: 201 of 300, 10 failed, 25.0 s of audio a second, 0:00:10 left\n"


@pytest.mark.usefixtures("ten_seconds_in")
def test_where_the_total_is_not_known_no_time_is_told():
    assert progress_told(summary(done=5, seconds=50.0), None) == "5.0 s of audio a second"
    assert progress_told(summary(skipped=5), 10) == "5 skipped"


def test_while_workers_start_nothing_is_foretold():
    assert progress_told(summary(), 10) == "workers start"


@pytest.mark.usefixtures("ten_seconds_in")
def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with batch_progress(300, quiet=False) as progress:
        progress.update(summary(done=100, seconds=250.0), FAILED)
        assert type(progress).__name__ == "Bar"
    assert "line 17 (gap): The text is empty." in capsys.readouterr().err


@pytest.mark.usefixtures("ten_seconds_in")
def test_the_end():
    assert summary_told(summary(done=3, failed=1, seconds=9.0)) == (
        "3 done, 1 failed (9.0 s of audio in 12.0 s); the manifest is out/manifest.jsonl"
    )
    assert summary_told(summary(skipped=2)) == "2 skipped; the manifest is out/manifest.jsonl"
    assert summary_told(summary()) == "nothing to do; the manifest is out/manifest.jsonl"
