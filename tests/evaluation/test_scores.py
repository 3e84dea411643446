import pytest

from tts.evaluation.metrics import WordErrors
from tts.evaluation.scores import (
    COLUMNS,
    ScoredItem,
    ScoredUtterance,
    Scores,
    System,
    mean_rows,
    score_table,
    shown_columns,
)

RECORDING, COPY = System("recording"), System("copy", "vocos")


def items():
    recording = ScoredUtterance(RECORDING, Scores())
    copies = [
        ScoredUtterance(COPY, Scores(mcd=1.0, f0_cents=None, wer=1.0), WordErrors(2, 2), "no"),
        ScoredUtterance(COPY, Scores(mcd=2.0, f0_cents=30, wer=0.0), WordErrors(0, 18), "yes"),
    ]
    return [ScoredItem(name, name, (recording, copy)) for name, copy in zip("ab", copies, strict=True)]


def test_means_leave_out_what_was_not_measured_and_count_words_not_sentences():
    recording, copy = mean_rows(items())
    assert recording == ScoredUtterance(RECORDING, Scores())
    assert copy.system == COPY
    assert (copy.scores.mcd, copy.scores.f0_cents, copy.scores.wer) == (1.5, 30, pytest.approx(0.1))


def test_the_table_has_the_columns_that_have_figures():
    headings, rows = score_table(items())
    assert headings == ["system", "MCD dB", "F0 cents", "WER %"]
    assert rows == [["recording", "-", "-", "-"], ["copy: vocos", "1.50", "30", "10.0"]]
    assert shown_columns([ScoredUtterance(RECORDING, Scores())]) == []


def test_every_score_has_a_column():
    assert [column.key for column in COLUMNS] == list(Scores().document())


def test_no_items_no_rows():
    assert mean_rows([]) == []
