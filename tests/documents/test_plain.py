from __future__ import annotations

import pytest

from tts.documents.headings import depth_of_heading
from tts.documents.reading import read_document
from tts.errors import TtsError

BOOK = """\ufeffThe Project Gutenberg eBook of Alice

Title: Alice's Adventures
       in Wonderland

Author: Lewis Carroll

Language: English

*** START OF THE PROJECT GUTENBERG EBOOK ALICE ***

[Illustration]

Alice's Adventures

Contents

 CHAPTER I.     Down the Rabbit-Hole
 CHAPTER II.    The Pool of Tears


CHAPTER I.
Down the Rabbit-Hole


Alice was beginning to get _very tired_ of sitting by her
sister on the bank.

      *      *      *      *

[Illustration: The White Rabbit]

Chapter 2 comes later.

CHAPTER II.
The Pool of Tears

“Curiouser!”

THE END

*** END OF THE PROJECT GUTENBERG EBOOK ALICE ***

Updated editions will replace the previous one.
"""
LICENCE = "The licence that Project Gutenberg puts around a text is not read."


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path)


def told(document):
    return [(chapter.title, chapter.passage.text) for chapter in document.chapters]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_book_of_project_gutenberg(tmp_path, line_end):
    document = read(tmp_path / "a.txt", BOOK.replace("\n", line_end))
    title = "Alice's Adventures in Wonderland"
    assert (document.title, document.author, document.language) == (title, "Lewis Carroll", "en")
    assert told(document) == [
        (
            title,
            "Alice's Adventures\n\nContents\n\nCHAPTER I.     Down the Rabbit-Hole\nCHAPTER II.    The Pool of Tears",
        ),
        (
            "CHAPTER I. Down the Rabbit-Hole",
            "CHAPTER I. Down the Rabbit-Hole\n\n"
            "Alice was beginning to get very tired of sitting by her\nsister on the bank.\n\n"
            "The White Rabbit\n\nChapter 2 comes later.",
        ),
        ("CHAPTER II. The Pool of Tears", "CHAPTER II. The Pool of Tears\n\n“Curiouser!”\n\nTHE END"),
    ]
    assert [chapter.passage.warnings for chapter in document.chapters] == [(LICENCE,), (), ()]


def test_a_table_of_contents_in_paragraphs_is_no_row_of_chapters(tmp_path):
    document = read(tmp_path / "a.txt", "Begin.\n\nChapter 1\n\nChapter 2\n\nChapter 1\n\nOne.\n\nChapter 2\n\nTwo.\n")
    assert told(document) == [
        ("a", "Begin.\n\nChapter 1\n\nChapter 2"),
        ("Chapter 1", "Chapter 1\n\nOne."),
        ("Chapter 2", "Chapter 2\n\nTwo."),
    ]


def test_parts_and_their_chapters(tmp_path):
    text = "PART ONE\n\nChapter 1\n\nA.\n\nChapter 2\n\nB.\n\nPART TWO\n\nChapter 1\n\nC."
    assert told(read(tmp_path / "a.txt", text)) == [
        ("PART ONE, Chapter 1", "PART ONE\n\nChapter 1\n\nA."),
        ("Chapter 2", "Chapter 2\n\nB."),
        ("PART TWO, Chapter 1", "PART TWO\n\nChapter 1\n\nC."),
    ]


def test_a_line_is_a_paragraph_where_lines_are_not_wrapped(tmp_path):
    line = "A paragraph that nobody wrapped goes on and on. " * 5
    document = read(tmp_path / "a.txt", f"Chapter 1\n{line}\n{line}\n")
    assert told(document) == [("Chapter 1", f"Chapter 1\n\n{line.strip()}\n\n{line.strip()}")]


def test_a_text_without_headings_is_one_chapter(tmp_path):
    document = read(tmp_path / "letter.txt", "Hello.\n\nBye.\n")
    assert (document.title, document.author, document.language) == (None, None, None)
    assert told(document) == [("letter", "Hello.\n\nBye.")]


@pytest.mark.parametrize(
    ("paragraph", "depth"),
    [
        ("CHAPTER I", 2),
        ("CHAPTER I.\nDown the Rabbit-Hole", 2),
        ("Chapter 3: The Sea", 2),
        ("Chapter 1 Loomings", 2),
        ("Chapter Twenty-One", 2),
        ("Chapter I—A Start", 2),
        ("CHAPTER THE FIRST", 2),
        ("STAVE ONE: MARLEY'S GHOST", 2),
        ("Act I", 2),
        ("2. Kapitel", 2),
        ("Erstes Kapitel", 2),
        ("Capítulo 4", 2),
        ("Preface", 2),
        ("EPILOGUE", 2),
        ("APPENDIX B", 2),
        ("PART TWO", 1),
        ("BOOK ONE: 1805", 1),
        ("THE SECOND BOOK", 1),
        ("Teil 1", 1),
        ("Chapter 3 says that we go.", 0),
        ("Chapter 3, as amended", 0),
        ("CHAPTER I. Down\nCHAPTER II. Tears", 0),
        ("Part of the reason", 0),
        ("Book me a room.", 0),
        ("Letter to a friend", 0),
        ("I saw it.", 0),
        ("Chapter 1 " + "Long " * 40, 0),
    ],
)
def test_headings(paragraph, depth):
    assert depth_of_heading(paragraph) == depth


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    document = read(tmp_path / "a.TXT", f"{mark}Größe – 漢字 😀".encode(encoding))
    assert told(document) == [("a", "Größe – 漢字 😀")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Gr\xf6\xdfe", r"a\.txt is no text in UTF-8: byte 2 cannot be read; save it as UTF-8 first\."),
        (b"\xff\xfea\x00b", r"a\.txt is no text in UTF-16: byte 4 cannot be read"),
        ("text".encode("utf-16-le"), r"a\.txt is no text in UTF-8: it holds zero bytes"),
        (b" \n\n\x01\n", "There is no text in"),
        (b"", "There is no text in"),
        (b"a" * ((32 << 20) + 1), "is larger than 32 MB"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, message):
    with pytest.raises(TtsError, match=message):
        read(tmp_path / "a.txt", content)


@pytest.mark.parametrize(
    "text",
    [
        "_" * 300_000,
        "_a" * 100_000,
        "* " * 100_000 + "x",
        "\n \n" * 100_000,
        "Chapter " * 30_000,
        "[Illustration: " * 30_000,
        "CHAPTER I\n\n" * 20_000,
        "*** START OF THE " * 10_000,
        "a\n" * 200_000,
        "Title: a\n " * 30_000 + "\n\n*** START OF THE X\n\ny",
        " " * 500_000 + "x",
    ],
)
def test_hostile_texts_take_no_time(tmp_path, text):
    read(tmp_path / "a.txt", text + " z")
