from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from tts.documents.reading import read_document
from tts.errors import TtsError

SOURCE = """---
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


def read(path, content):
    path.write_text(content, "utf-8")
    document = read_document(path)
    return document, [(chapter.title, chapter.passage.text) for chapter in document.chapters]


def test_marks_are_gone_and_headings_are_chapters(tmp_path):
    document, chapters = read(tmp_path / "a.md", SOURCE)
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
    document, chapters = read(tmp_path / "a.md", "# The book\n\n## One\n\nA.\n\n## Two\n\nB.\n")
    assert document.title == "The book"
    assert chapters == [("One", "The book\n\nOne\n\nA."), ("Two", "Two\n\nB.")]


def test_front_matter_may_be_toml_and_a_rule_is_none(tmp_path):
    document, chapters = read(tmp_path / "a.md", '+++\ntitle = "T"\nlanguage = "fr"\n+++\nText.')
    assert (document.title, document.language, chapters) == ("T", "fr", [("T", "Text.")])
    document, chapters = read(tmp_path / "b.md", "---\n\nText.")
    assert (document.title, chapters) == (None, [("b", "Text.")])


def test_the_library_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    message = r"^Reading \.md needs markdown-it-py: install it with pip install 'utter-tts\[documents\]'\.$"
    with pytest.raises(TtsError, match=message):
        read(tmp_path / "a.md", "x")


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
    ],
)
def test_hostile_markdown_takes_no_time(tmp_path, text):
    # A fence that is never closed holds all the rest.
    with suppress(TtsError):
        read(tmp_path / "a.md", f"{text}\n\nz")
