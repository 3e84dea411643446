from __future__ import annotations

import pytest

from tts.documents.document import Chapter, join_chapters, one_line, select_chapters
from tts.errors import UsageError
from tts.text.passage import Bookmark, Passage, Pause, SpokenAs

CHAPTERS = (
    Chapter("One", Passage("Abc.", (SpokenAs(0, 3, language="fr"),), ("first",))),
    Chapter("Two", Passage("De.\n\nFg.", (Pause(5, 1.0), SpokenAs(5, 8, language="de")), ("second", "first"))),
    Chapter("Three", Passage("Hi.")),
)


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [("1", "One"), ("2-3", "Two Three"), (" 2 - 2 ", "Two"), ("2-", "Two Three"), ("1-3", "One Two Three")],
)
def test_chapters_are_selected_by_number(wanted, titles):
    assert " ".join(chapter.title for chapter in select_chapters(CHAPTERS, wanted)) == titles


@pytest.mark.parametrize("wanted", ["0", "4", "2-4", "3-2", "0-1"])
def test_chapters_that_are_not_there_are_refused(wanted):
    with pytest.raises(UsageError, match=f"^There is no chapter {wanted}: there are 3 chapters; tts text chapters"):
        select_chapters(CHAPTERS, wanted)


@pytest.mark.parametrize("wanted", ["", "One", "1,2", "-1", "1-2-3", "1.5"])
def test_invalid_ranges_are_refused(wanted):
    with pytest.raises(UsageError, match="must be a number or a range such as 3-5"):
        select_chapters(CHAPTERS, wanted)


def test_joined_chapters_keep_their_notes_and_have_bookmarks():
    passage = join_chapters(CHAPTERS)
    assert passage.text == "Abc.\n\nDe.\n\nFg.\n\nHi."
    assert passage.warnings == ("first", "second")
    assert set(passage.notes) == {
        Bookmark(0, "One"),
        SpokenAs(0, 3, language="fr"),
        Bookmark(6, "Two"),
        Pause(11, 1.0),
        SpokenAs(11, 14, language="de"),
        Bookmark(16, "Three"),
    }


def test_titles_are_short():
    assert one_line(" a\n b ") == "a b"
    assert one_line("x" * 121) == "x" * 119 + "…"
