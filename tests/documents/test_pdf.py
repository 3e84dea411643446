from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from pypdf import PdfReader
from pypdf.errors import DependencyError

from tests.documents.books import pdf, titles_and_texts
from tts.documents.pdf import Line, Opening, _read_outline, join_lines, remove_running_heads
from tts.documents.reading import read_document
from tts.errors import TtsError

PAGES = [
    [
        "The Head 1",
        ("I: The start", 72, 680, 18),
        ("This is a line of text that is as long as all the others are, an exam-", 72, 650, 12),
        ("ple of lines; its well-known hyphens stay, as in this word that is well-", 72, 636, 12),
        ("known, and it ends soon.", 72, 622, 12),
        ("The next paragraph has no indent, but it begins where the last was short", 72, 608, 12),
        ("and goes on to the next page, where", 72, 594, 12),
    ],
    [
        "2 The Head",
        "it ends.",
        ("An indented one is a paragraph of its own, whose first line is a full line", 90, 692, 12),
        "and whose second one is not the end of it as there is no stop at all here",
        ("A gap begins one, too.", 72, 600, 12),
    ],
    ["The Head 3", "II The end", "", "It ends."],
]


def test_lines_become_paragraphs_and_the_outline_chapters(tmp_path):
    path = pdf(
        tmp_path / "a.pdf",
        PAGES,
        outline=[("I: The start", 0), ("The rest", 1), ("II  The End", 2)],
        information="/Title (The book) /Author (Ann Lee)",
        language="en-US",
    )
    document = read_document(path)
    assert (document.title, document.author, document.language) == ("The book", "Ann Lee", "en-us")
    assert titles_and_texts(document) == [
        (
            "I: The start",
            "I: The start\n\n"
            "This is a line of text that is as long as all the others are, an example of lines; its well-known hyphens "
            "stay, as in this word that is well-known, and it ends soon.\n\n"
            "The next paragraph has no indent, but it begins where the last was short "
            "and goes on to the next page, where",
        ),
        (
            "The rest",
            "it ends.\n\nAn indented one is a paragraph of its own, whose first line is a full line "
            "and whose second one is not the end of it as there is no stop at all here\n\nA gap begins one, too.",
        ),
        ("II The End", "II The end\n\nIt ends."),
    ]


def test_without_an_outline_headings_are_known_by_their_words(tmp_path):
    pages = [
        ["Chapter 1", "", "A sentence goes on"],
        ["across the page."],
        ["Chapter 2", "", "End."],
        ["CHAPTER 3", "", "x"],
    ]
    assert titles_and_texts(read_document(pdf(tmp_path / "a.pdf", pages))) == [
        ("Chapter 1", "Chapter 1\n\nA sentence goes on across the page."),
        ("Chapter 2", "Chapter 2\n\nEnd."),
        ("CHAPTER 3", "CHAPTER 3\n\nx"),
    ]


def lines(*texts):
    return [Line(text, 72, 700 - 14 * n, 12) for n, text in enumerate(texts)]


def texts(pages):
    return [[line.text for line in page] for page in remove_running_heads(pages)]


def test_heads_and_page_numbers_are_gone():
    pages = [lines("A Book", "One.", "more", "– 5 –"), lines("A BOOK", "x", "– 6 –"), lines("a book", "y", "– 7 –")]
    assert texts(pages) == [["One.", "more"], ["x"], ["y"]]
    numbers = ("ix", "x", "xi")
    pages = [lines(f"Page {n + 1} of 9", f"a{n}", f"b{n * n}", number) for n, number in enumerate(numbers)]
    assert texts(pages) == [["a0", "b0"], ["a1", "b1"], ["a2", "b4"]]


def test_what_only_looks_like_a_head_stays():
    pages = [
        lines("Chapter 1", "a"),
        lines("b"),
        lines("c"),
        lines("Chapter 2", "d"),
        lines("e"),
        lines("Chapter 3", "f"),
    ]
    assert texts(pages) == [["Chapter 1", "a"], ["b"], ["c"], ["Chapter 2", "d"], ["e"], ["Chapter 3", "f"]]
    assert texts([lines("1", "a")]) == [["1", "a"]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["exam-", "ple"], "example"),
        (["Anglo-", "Saxon"], "Anglo-Saxon"),
        (["well-", "known"], "well-known"),
        (["1990-", "1995"], "1990-1995"),
        (["a -", "b"], "a - b"),
        (["oﬃce", "ﬁnd"], "office find"),
        (["a"], "a"),
    ],
)
def test_hyphens_at_the_end_of_a_line(written, expected):
    assert join_lines(written, {"well-known"}) == expected


def test_what_is_below_an_entry_without_a_page_is_on_its_level():
    class Reader:
        def get_destination_page_number(self, entry):
            return entry.page

    def entry(title, page=None):
        return SimpleNamespace(title=title, page=page)

    outline = [
        entry("Preface", 0),
        *(entry("Part One"), [entry("Chapter 1", 1), [entry("Section", 1)], entry("Chapter 2", 2)]),
        *(entry("Part Two", 3), [entry("Chapter 3", 4), [entry("Section", 4)]]),
    ]
    assert list(_read_outline(Reader(), outline)) == [
        Opening("Preface", 0, 1),
        *(Opening("Chapter 1", 1, 1), Opening("Section", 1, 2), Opening("Chapter 2", 2, 1)),
        *(Opening("Part Two", 3, 1), Opening("Chapter 3", 4, 2)),
    ]


@pytest.mark.parametrize("rise", [3, 5, 8])
@pytest.mark.parametrize(
    ("before", "raised", "after", "read"),
    [
        ("This is a claim", "12", "that needs a note.", "This is a claim that needs a note."),
        ("This is a claim.", "1,2", "Next it goes on.", "This is a claim. Next it goes on."),
        ("In the year 1998", "3", "it began.", "In the year 1998 it began."),
        ("A word", "*", "with a star.", "A word with a star."),
        ("The area is 5 m", "2", "and more.", "The area is 5 m² and more."),
        ("It is 10", "-5", "of it.", "It is 10⁻⁵ of it."),
        ("On the 1", "st", "of May.", "On the 1st of May."),
    ],
)
def test_raised_marks_cut_no_sentence(tmp_path, rise, before, raised, after, read):
    x = 72 + 6 * len(before)
    line = [(before, 72, 700, 12), (raised, x, 700 + rise, 7), (after, x + 14, 700, 12)]
    page = [*line, ("and ends.", 72, 686, 12), ("7 A small line below.", 72, 600, 7)]
    (chapter,) = read_document(pdf(tmp_path / "a.pdf", [page])).chapters
    assert chapter.passage.text == f"{read} and ends.\n\n7 A small line below."


def test_a_raised_mark_at_the_end_of_a_line(tmp_path):
    page = [("This is a claim", 72, 700, 12), ("12", 160, 706, 7), ("that needs a note.", 72, 686, 12)]
    (chapter,) = read_document(pdf(tmp_path / "a.pdf", [page])).chapters
    assert chapter.passage.text == "This is a claim that needs a note."


def test_pictures_of_pages_are_refused(tmp_path):
    with pytest.raises(TtsError, match=r"a\.pdf holds pictures of pages and no text: recognise it first"):
        read_document(pdf(tmp_path / "a.pdf", [[], []]))


def test_encrypted_files_are_refused(tmp_path):
    encrypted = "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{0}> /U <{0}> >> /ID [<00> <00>]".format("41" * 32)
    with pytest.raises(TtsError, match=r"^a\.pdf is encrypted: save it without its password first\.$"):
        read_document(pdf(tmp_path / "a.pdf", [["x"]], extra=encrypted))


ENCRYPTED = Path(__file__).with_name("encrypted")
NEEDS = "is encrypted with AES, which needs cryptography: install it with pip install 'utter-tts[documents]'."
HAS_CRYPTOGRAPHY = importlib.util.find_spec("cryptography") is not None


@pytest.mark.parametrize("name", ["aes-128", "aes-256"])
def test_encrypted_files_without_a_password_are_read_or_say_what_they_need(name):
    path = ENCRYPTED / f"{name}.pdf"
    if HAS_CRYPTOGRAPHY:
        assert titles_and_texts(read_document(path)) == [(name, "Some words.")]
        return
    with pytest.raises(TtsError) as refused:
        read_document(path)
    assert str(refused.value) == f"{name}.pdf {NEEDS}"


def test_a_password_is_asked_for_where_it_can_be_known():
    with pytest.raises(TtsError) as refused:
        read_document(ENCRYPTED / "aes-256-password.pdf")
    reason = "is encrypted: save it without its password first." if HAS_CRYPTOGRAPHY else NEEDS
    assert str(refused.value) == f"aes-256-password.pdf {reason}"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DependencyError("cryptography>=3.1 is required for AES algorithm"), NEEDS),
        (
            DependencyError("brotli is required for BrotliDecode."),
            "needs brotli, which is not installed (brotli is requ",
        ),
        (
            ImportError("No module named 'PIL'", name="PIL"),
            "needs PIL, which is not installed (No module named 'PIL').",
        ),
    ],
)
@pytest.mark.parametrize("method", ["__init__", "decrypt", "root_object"])
def test_a_missing_library_is_no_damaged_file(monkeypatch, error, message, method):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(PdfReader, method, property(fail) if method == "root_object" else fail)
    if method == "root_object":
        # Reading needs it first of all; an encrypted file may fail before.
        monkeypatch.setattr(PdfReader, "is_encrypted", False)
    with pytest.raises(TtsError) as refused:
        read_document(ENCRYPTED / "aes-128.pdf")
    assert str(refused.value).startswith(f"aes-128.pdf {message}")


def test_damaged_files_end_in_a_sentence_or_a_document(tmp_path):
    path = pdf(tmp_path / "a.pdf", [["Some words."]])
    complete = path.read_bytes()
    for content in (b"", b"%PDF-1.4", b"text", complete[:200], b"%PDF-1.4\n" + b"1 0 obj << /A " * 1000):
        path.write_bytes(content)
        with pytest.raises(TtsError, match=r"^a\.pdf cannot be read as a PDF: it is damaged"):
            read_document(path)
    for offset in range(0, len(complete), 9):
        path.write_bytes(complete[:offset] + bytes([complete[offset] ^ 0xFF]) + complete[offset + 1 :])
        with suppress(TtsError):
            read_document(path)
    with pytest.raises(TtsError, match=r"none\.pdf cannot be read: No such file"):
        read_document(tmp_path / "none.pdf")


def test_the_library_is_named_where_it_is_missing(tmp_path, monkeypatch):
    path = pdf(tmp_path / "a.pdf", [["x"]])
    monkeypatch.setitem(sys.modules, "pypdf", None)
    message = r"^Reading \.pdf needs pypdf: install it with pip install 'utter-tts\[documents\]'\.$"
    with pytest.raises(TtsError, match=message):
        read_document(path)
