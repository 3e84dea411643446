from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from tests.documents.books import titles_and_texts
from tts.documents.plain import depth_of_heading
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


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_book_of_project_gutenberg(tmp_path, line_end):
    document = read(tmp_path / "a.txt", BOOK.replace("\n", line_end))
    title = "Alice's Adventures in Wonderland"
    assert (document.title, document.author, document.language) == (title, "Lewis Carroll", "en")
    assert titles_and_texts(document) == [
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
    assert titles_and_texts(document) == [
        ("a", "Begin.\n\nChapter 1\n\nChapter 2"),
        ("Chapter 1", "Chapter 1\n\nOne."),
        ("Chapter 2", "Chapter 2\n\nTwo."),
    ]


def test_parts_and_their_chapters(tmp_path):
    text = "PART ONE\n\nChapter 1\n\nA.\n\nChapter 2\n\nB.\n\nPART TWO\n\nChapter 1\n\nC."
    assert titles_and_texts(read(tmp_path / "a.txt", text)) == [
        ("PART ONE, Chapter 1", "PART ONE\n\nChapter 1\n\nA."),
        ("Chapter 2", "Chapter 2\n\nB."),
        ("PART TWO, Chapter 1", "PART TWO\n\nChapter 1\n\nC."),
    ]


def test_a_line_is_a_paragraph_where_lines_are_not_wrapped(tmp_path):
    line = "A paragraph that nobody wrapped goes on and on. " * 5
    document = read(tmp_path / "a.txt", f"Chapter 1\n{line}\n{line}\n")
    assert titles_and_texts(document) == [("Chapter 1", f"Chapter 1\n\n{line.strip()}\n\n{line.strip()}")]


def test_a_text_without_headings_is_one_chapter(tmp_path):
    document = read(tmp_path / "letter.txt", "Hello.\n\nBye.\n")
    assert (document.title, document.author, document.language) == (None, None, None)
    assert titles_and_texts(document) == [("letter", "Hello.\n\nBye.")]


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
def test_hostile_texts_are_read_quickly(tmp_path, text):
    read(tmp_path / "a.txt", text + " z")


MARKDOWN = """---
title: "The *book*"
author: 'Ann Lee'
lang: de-AT
tags: [a]
---
Before.

# One *nice* `head`

Some **bold**, _slanted_ and ~~struck~~ text [with a link](http://x/y "t")[^1] \\*and\\*
wrapped. ![A dog](dog.png) <b>Tag</b>

- a
- b
  1. c

| x | y |
|---|---|
| 1 | **2** |

```python
x = 1
```

    y = 2

[^1]: The note
    goes on.

Second
------

> A quote.

***

### Third

End &amp; out. <script>no</script>
"""


def read_markdown(path, content):
    path.write_text(content, "utf-8")
    document = read_document(path)
    return document, [(chapter.title, chapter.passage.text) for chapter in document.chapters]


def test_marks_are_gone_and_headings_are_chapters(tmp_path):
    document, chapters = read_markdown(tmp_path / "a.md", MARKDOWN)
    assert (document.title, document.author, document.language) == ("The *book*", "Ann Lee", "de-at")
    assert chapters == [
        ("The *book*", "Before."),
        (
            "One nice head",
            "One nice head\n\nSome bold, slanted and struck text with a link *and* wrapped. A dog Tag\n\n"
            "a\n\nb\n\n1. c\n\nx, y\n\n1, 2",
        ),
        ("Second", "Second\n\nA quote.\n\nThird\n\nEnd & out."),
    ]
    warnings = [chapter.passage.warnings for chapter in document.chapters]
    assert warnings == [(), ("2 blocks of code are not read.", "A footnote is not read."), ()]


def test_the_only_heading_of_the_first_level_is_the_title(tmp_path):
    document, chapters = read_markdown(tmp_path / "a.md", "# The book\n\n## One\n\nA.\n\n## Two\n\nB.\n")
    assert document.title == "The book"
    assert chapters == [("One", "The book\n\nOne\n\nA."), ("Two", "Two\n\nB.")]


def test_front_matter_may_be_toml_and_a_rule_is_none(tmp_path):
    document, chapters = read_markdown(tmp_path / "a.md", '+++\ntitle = "T"\nlanguage = "fr"\n+++\nText.')
    assert (document.title, document.language, chapters) == ("T", "fr", [("T", "Text.")])
    document, chapters = read_markdown(tmp_path / "b.md", "---\n\nText.")
    assert (document.title, chapters) == (None, [("b", "Text.")])


def test_the_library_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    message = r"^Reading \.md needs markdown-it-py: install it with pip install 'utter-tts\[documents\]'\.$"
    with pytest.raises(TtsError, match=message):
        read_markdown(tmp_path / "a.md", "x")


@pytest.mark.parametrize(
    "text",
    [
        ">" * 5_000,
        "- " * 5_000,
        "[" * 20_000,
        "*a " * 20_000,
        "`" * 50_000,
        "---\n" + "a: b\n" * 20_000,
        "[^a]: x\n" * 5_000,
        "==a " * 10_000,
        "[[a " * 10_000,
        "$a " * 10_000,
        "$$\n" * 10_000,
        "^[a " * 10_000,
    ],
)
def test_hostile_markdown_is_read_quickly(tmp_path, text):
    # A fence that is never closed holds all the rest.
    with suppress(TtsError):
        read_markdown(tmp_path / "a.md", f"{text}\n\nz")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A ==marked== word, ==**two** words==.", "A marked word, two words."),
        ("a == b, C++ and ++new++, `==code==`", "a == b, C++ and new, ==code=="),
        ("- [ ] open task\n- [x] *done* task\n- [link](x) and [ ] no", "open task\n\ndone task\n\nlink and [ ] no"),
        ("1. [X] first\n2. second", "1. first\n\n2. second"),
        ("~~struck~~, H~2~O, 2^10^, ~5 and ~6", "struck, H2O, 2¹⁰, ~5 and ~6"),
        ("Term\n: Its definition.", "Term\nIts definition."),
        ("With $x + y$ for $5 and $6.", "With x + y for $5 and $6."),
        ("> [!NOTE]\n> Careful.\n\n> [!tip] My title\n> Text.", "Note: Careful.\n\nMy title\nText."),
        ('!!! warning "Look out"\n    Text.\n\n::: info\nInside.\n:::', "Look out: Text.\n\nInside."),
        ("[TOC]\n\nText {.red #x} end.\n\n*[HTML]: Hyper Text", "Text end."),
        ("See [[Page|the page]] and [[Other]]![[a.png]]", "See the page and Other"),
        ("So it is [@doe99, p. 3]. %%hidden%%", "So it is."),
        ("Good :smile: 10:30:45", "Good 😄 10:30:45"),
        ("Press <Enter>, <kbd>Esc</kbd>, type <name>.\n\n<name>", "Press <Enter>, Esc, type <name>.\n\n<name>"),
        ("<div>a</div>\n\n<!-- b -->c<br>d", "a\n\nc\nd"),
    ],
)
def test_extensions_of_markdown(tmp_path, written, read):
    document, chapters = read_markdown(tmp_path / "a.md", written)
    assert chapters == [("a", read)]
    assert document.chapters[0].passage.warnings == ()


def test_footnotes_in_a_line_and_formulas_are_named(tmp_path):
    written = "A claim^[with its note].\n\n$$\n\\frac{a}{b}\n$$\n\nEnd.\n\n$$x$$\n"
    document, chapters = read_markdown(tmp_path / "a.md", written)
    assert chapters == [("a", "A claim.\n\nEnd.")]
    assert document.chapters[0].passage.warnings == ("A footnote is not read.", "2 formulas are not read.")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A nega-\ntive answer.", "A negative answer."),
        ("A nega-  \n   tive answer\nand more.", "A negative answer\nand more."),
        ("A nega\xad\ntive and nega‐\ntive and nega¬\ntive.", "A negative and negative and negative."),
        ("Anglo-\nSaxon, 1990-\n1995.", "Anglo-Saxon, 1990-1995."),
        ("A well-\nknown, self-\nish, twenty-\none.", "A well-known, selfish, twenty-one."),
        ("A low-cost thing. A low-\ncost thing.", "A low-cost thing. A low-cost thing."),
        ("My mother-in-\nlaw.", "My mother-in-law."),
        ("Two- and three-, four-\nand five-year.", "Two- and three-, four- and five-year."),
        ("Die Unter-\nscheidung, Vor-\nund Nachteile.", "Die Unterscheidung, Vor- und Nachteile."),
        ("He said -\nand left--\nat once.", "He said -\nand left--\nat once."),
        ("ex-\nam-\nple", "example"),
        ("- one\n- two", "- one\n- two"),
    ],
)
def test_words_that_are_split_at_the_end_of_a_line_are_joined(tmp_path, written, read):
    (tmp_path / "a.txt").write_bytes(written.encode())
    assert titles_and_texts(read_document(tmp_path / "a.txt")) == [("a", read)]
