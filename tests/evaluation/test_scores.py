import pytest

from tts.evaluation.report import table
from tts.evaluation.scores import COLUMNS, Scored, ScoredItem, Scores, System, mean_rows, shown_columns
from tts.evaluation.words import WordErrors

RECORDING, COPY = System("recording"), System("copy", "vocos")


def items():
    rows = [
        (Scored(RECORDING, Scores()), Scored(COPY, Scores(mcd=1.0, f0_cents=None, wer=1.0), WordErrors(2, 2), "no")),
        (Scored(RECORDING, Scores()), Scored(COPY, Scores(mcd=2.0, f0_cents=30, wer=0.0), WordErrors(0, 18), "yes")),
    ]
    return [ScoredItem(name, name, row) for name, row in zip("ab", rows, strict=True)]


def test_means_leave_out_what_was_not_measured_and_count_words_not_sentences():
    recording, copy = mean_rows(items())
    assert recording == Scored(RECORDING, Scores())
    assert copy.system == COPY
    assert (copy.scores.mcd, copy.scores.f0_cents, copy.scores.wer) == (1.5, 30, pytest.approx(0.1))


def test_the_table_has_the_columns_that_have_figures():
    headings, rows = table(items())
    assert headings == ["system", "MCD dB", "F0 cents", "WER %"]
    assert rows == [["recording", "-", "-", "-"], ["copy: vocos", "1.50", "30", "10.0"]]
    assert shown_columns([Scored(RECORDING, Scores())]) == []


def test_every_score_has_a_column():
    assert [column.key for column in COLUMNS] == list(Scores().document())


def test_no_items_no_rows():
    assert mean_rows([]) == []
