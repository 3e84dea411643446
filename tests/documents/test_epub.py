from __future__ import annotations

import zipfile
from contextlib import suppress

import pytest

from tests.documents.books import CONTAINER, epub, package, titles_and_texts, xhtml
from tts.documents.document import Cover
from tts.documents.reading import read_document
from tts.errors import TtsError
from tts.text.passage import SpokenAs

PAGE = "application/xhtml+xml"
NAV = xhtml(
    '<nav epub:type="toc"><ol><li><a href="text/one.xhtml">Part One</a><ol>'
    '<li><a href="text/two.xhtml#first">The <i>first</i></a></li>'
    '<li><a href="text/two.xhtml#second">The second</a></li>'
    '</ol></li><li><a href="text/end%20notes.xhtml">After</a></li></ol></nav>'
    '<nav epub:type="page-list"><ol><li><a href="text/two.xhtml#p1">1</a></li></ol></nav>'
)
FILES = [
    ("nav", "nav.xhtml", PAGE, "nav"),
    ("one", "text/one.xhtml", PAGE, ""),
    ("two", "text/two.xhtml", PAGE, ""),
    ("three", "text/end%20notes.xhtml", PAGE, ""),
]


def test_chapters_are_those_of_the_table_of_contents(tmp_path):
    book = epub(
        tmp_path / "a.epub",
        {
            "OEBPS/book.opf": package(FILES),
            "OEBPS/nav.xhtml": NAV,
            "OEBPS/text/one.xhtml": xhtml("<h1>Part One</h1>"),
            "OEBPS/text/two.xhtml": xhtml(
                '<h2 id="first">I</h2><p>It began.</p><div><span id="second"/><h2>II</h2>'
                '<p>It went on<a epub:type="noteref" href="#n">1</a>.</p>'
                '<aside epub:type="footnote" id="n">No.</aside></div>'
            ),
            "OEBPS/text/end notes.xhtml": xhtml("<h3>A last heading</h3><p>It ended.</p>"),
        },
    )
    document = read_document(book)
    assert (document.title, document.author, document.language) == ("The & Book", "Ann Lee", "en-gb")
    assert titles_and_texts(document) == [
        ("Part One, The first", "Part One\n\nI\n\nIt began."),
        ("The second", "II\n\nIt went on."),
        ("After", "A last heading\n\nIt ended."),
    ]
    assert [chapter.passage.warnings for chapter in document.chapters] == [(), ("A footnote is not read.",), ()]


def test_parts_name_their_first_chapters(tmp_path):
    contents = xhtml(
        "<nav epub:type='toc'><ol><li><a href='a.xhtml'>Part One</a><ol><li><a href='b.xhtml'>One</a></li></ol></li>"
        "<li><a href='c.xhtml'>Part Two</a><ol><li><a href='d.xhtml'>Two</a></li></ol></li></ol></nav>"
    )
    names = {"a": "<h1>Part One</h1>", "b": "<p>B.</p>", "c": "<h1>Part Two</h1>", "d": "<p>D.</p>"}
    files = [("nav", "nav.xhtml", PAGE, "nav"), *((name, f"{name}.xhtml", PAGE, "") for name in names)]
    pages = {f"OEBPS/{name}.xhtml": xhtml(body) for name, body in names.items()}
    book = epub(tmp_path / "a.epub", {"OEBPS/book.opf": package(files), "OEBPS/nav.xhtml": contents, **pages})
    assert titles_and_texts(read_document(book)) == [
        ("Part One, One", "Part One\n\nB."),
        ("Part Two, Two", "Part Two\n\nD."),
    ]


def test_sections_of_a_chapter_with_words_of_its_own_are_no_chapters(tmp_path):
    contents = xhtml(
        "<nav epub:type='toc'><ol><li><a href='a.xhtml'>One</a>"
        "<ol><li><a href='a.xhtml#s'>Section</a></li></ol></li></ol></nav>"
    )
    files = [("nav", "nav.xhtml", PAGE, "nav"), ("a", "a.xhtml", PAGE, "")]
    body = "<h1>One</h1><p>First.</p><h2 id='s'>Section</h2><p>Second.</p>"
    book = epub(
        tmp_path / "a.epub",
        {"OEBPS/book.opf": package(files), "OEBPS/nav.xhtml": contents, "OEBPS/a.xhtml": xhtml(body)},
    )
    assert titles_and_texts(read_document(book)) == [("One", "One\n\nFirst.\n\nSection\n\nSecond.")]


def test_the_contents_of_an_older_book_and_its_guide(tmp_path):
    ncx = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "ncx-2005-1.dtd">'
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>No</text></docTitle><navMap>'
        '<navPoint id="1"><navLabel><text>Chapter &#x41;</text></navLabel><content src="one.html"/></navPoint>'
        '<navPoint id="2"><navLabel><text>Chapter B</text></navLabel><content src="two.html#top"/></navPoint>'
        "</navMap></ncx>"
    )
    files = [
        ("c", "cover.html", PAGE, ""),
        ("o", "one.html", PAGE, ""),
        ("o2", "more.html", PAGE, ""),
        ("t", "two.html", PAGE, ""),
        ("n", "notes.html", PAGE, ""),
        ("x", "extra.html", PAGE, ""),
        ("ncx", "toc.ncx", "application/x-dtbncx+xml", ""),
        ("pic", "pic.png", "image/jpeg", ""),
    ]
    guide = '<guide><reference type="cover" href="cover.html"/><reference type="notes" href="notes.html"/></guide>'
    spine = (
        "".join(f'<itemref idref="{id}"/>' for id in ("c", "o", "o2", "t", "n")) + '<itemref idref="x" linear="no"/>'
    )
    picture = b"\x89PNG\r\n\x1a\n and more"
    opf = package(files, guide=guide, spine=spine, toc=' toc="ncx"', metadata='<meta name="cover" content="pic"/>')
    book = epub(
        tmp_path / "a.epub",
        {
            "OEBPS/book.opf": opf,
            "OEBPS/toc.ncx": ncx,
            "OEBPS/cover.html": xhtml("<p>The cover.</p>"),
            "OEBPS/one.html": xhtml("<p>One.</p>"),
            "OEBPS/more.html": xhtml('<p xml:lang="fr">Encore.</p>'),
            "OEBPS/two.html": xhtml("<p>Two.</p>"),
            "OEBPS/notes.html": xhtml("<p>1. A note.</p>"),
            "OEBPS/extra.html": xhtml("<p>Beside the rest.</p>"),
            "OEBPS/pic.png": picture,
        },
    )
    document = read_document(book)
    assert titles_and_texts(document) == [("Chapter A", "One.\n\nEncore."), ("Chapter B", "Two.")]
    assert document.chapters[0].passage.notes == (SpokenAs(6, 13, language="fr"),)
    assert document.chapters[1].passage.warnings == ("A page of notes is not read.",)
    assert document.cover == Cover(picture, ".png")


def test_without_contents_pages_and_headings_are_chapters(tmp_path):
    files = [("a", "a.xhtml", PAGE, ""), ("b", "b.xhtml", PAGE, "")]
    pages = {
        "OEBPS/a.xhtml": xhtml("<p>Words.</p>", title="The start"),
        "OEBPS/b.xhtml": xhtml("<h1>One</h1><p>1.</p><h1>Two</h1><p>2.</p>"),
    }
    book = epub(tmp_path / "a.epub", {"OEBPS/book.opf": package(files), **pages})
    assert titles_and_texts(read_document(book)) == [
        ("The start", "Words."),
        ("One", "One\n\n1."),
        ("Two", "Two\n\n2."),
    ]


def encryption(algorithm):
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/></enc:EncryptedData></encryption>'
    )


def small_book(path, **more):
    files = [("a", "a.xhtml", PAGE, "")]
    return epub(path, {"OEBPS/book.opf": package(files), "OEBPS/a.xhtml": xhtml("<p>Words.</p>"), **more})


def test_protected_books_are_refused_and_scrambled_fonts_are_not(tmp_path):
    name = "META-INF/encryption.xml"
    book = small_book(tmp_path / "a.epub", **{name: encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")})
    with pytest.raises(TtsError, match=r"^a\.epub is protected against copying \(DRM\)"):
        read_document(book)
    book = small_book(tmp_path / "b.epub", **{name: encryption("http://www.idpf.org/2008/embedding")})
    assert titles_and_texts(read_document(book)) == [("A page", "Words.")]


def test_missing_pages_are_reported(tmp_path):
    files = [("a", "a.xhtml", PAGE, ""), ("b", "gone.xhtml", PAGE, "")]
    book = epub(tmp_path / "a.epub", {"OEBPS/book.opf": package(files), "OEBPS/a.xhtml": xhtml("<p>Words.</p>")})
    assert read_document(book).chapters[0].passage.warnings == ("a.epub lists OEBPS/gone.xhtml, but does not have it.",)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"META-INF/container.xml": "<container/>"}, "names no book"),
        ({"META-INF/container.xml": CONTAINER}, r"OEBPS/book\.opf is missing"),
        ({"OEBPS/book.opf": package([])}, "There is no text in"),
        ({"OEBPS/book.opf": "no XML \x00 <<< &"}, "There is no text in"),
    ],
)
def test_books_that_are_broken_inside_are_refused(tmp_path, files, message):
    with pytest.raises(TtsError, match=message):
        read_document(epub(tmp_path / "a.epub", files))


def test_what_is_no_archive_is_refused(tmp_path):
    book = tmp_path / "a.epub"
    complete = small_book(tmp_path / "complete.epub").read_bytes()
    for content in (b"", b"PK\x03\x04", b"text", complete[:-30], complete[: len(complete) // 2]):
        book.write_bytes(content)
        with pytest.raises(TtsError, match=r"^a\.epub is broken"):
            read_document(book)
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(TtsError, match="is no EPUB"):
        read_document(book)
    with pytest.raises(TtsError, match="cannot be read"):
        read_document(tmp_path / "none.epub")


def test_every_byte_that_is_wrong_ends_in_a_sentence_or_a_book(tmp_path):
    complete = bytearray(small_book(tmp_path / "complete.epub").read_bytes())
    book = tmp_path / "a.epub"
    for offset in range(0, len(complete), 7):
        damaged = bytearray(complete)
        damaged[offset] ^= 0xFF
        book.write_bytes(damaged)
        with suppress(TtsError):
            read_document(book)


def test_bombs_are_refused(tmp_path):
    big = "<p>" + "a" * (17 << 20) + "</p>"
    with pytest.raises(TtsError, match="unpacks to more than any book has"):
        read_document(small_book(tmp_path / "a.epub", **{"OEBPS/a.xhtml": big}))


def book_of(path, contents, pages, *, ncx=False, spine=None, names=None):
    """A book of pages by their names, with a table of contents; `names` are those of members that differ."""
    kind = "application/x-dtbncx+xml" if ncx else PAGE
    files = [("nav", "toc.ncx" if ncx else "nav.xhtml", kind, "" if ncx else "nav")]
    files += [(name, f"{name}.xhtml", PAGE, "") for name in pages]
    opf = package(
        files, spine="".join(f'<itemref idref="{name}"/>' for name in pages if spine is None or name in spine)
    )
    members = {f"OEBPS/{name}.xhtml": xhtml(body) for name, body in pages.items()}
    return epub(path, {"OEBPS/book.opf": opf, f"OEBPS/{files[0][1]}": contents, **members})


def nav(items):
    return xhtml(f"<nav epub:type='toc'><ol>{items}</ol></nav>")


def entry(title, href=None, inner=""):
    label = f"<a href='{href}.xhtml'>{title}</a>" if href else f"<span>{title}</span>"
    return f"<li>{label}{inner and f'<ol>{inner}</ol>'}</li>"


def ncx(points):
    return (
        '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>No</text></docTitle>'
        f"<navMap>{points}</navMap></ncx>"
    )


def point(title, href=None, inner=""):
    content = f"<content src='{href}.xhtml'/>" if href else ""
    return f"<navPoint><navLabel><text>{title}</text></navLabel>{content}{inner}</navPoint>"


FIVE = {name: f"<h2>{name}</h2><p>Words of {name}.</p>" for name in ("p", "c1", "c2", "c3", "c4")}
FIVE_CHAPTERS = [
    ("Preface", "p\n\nWords of p."),
    *((f"Chapter {n}", f"c{n}\n\nWords of c{n}.") for n in range(1, 5)),
]


@pytest.mark.parametrize(("contents", "item"), [(nav, entry), (ncx, point)])
@pytest.mark.parametrize("part", [None, "missing", "notread"])
def test_the_chapters_of_parts_that_link_to_nothing(tmp_path, contents, item, part):
    parts = [
        item(f"Part {word}", part, item(f"Chapter {n}", f"c{n}") + item(f"Chapter {n + 1}", f"c{n + 1}"))
        for word, n in (("One", 1), ("Two", 3))
    ]
    text = contents(item("Preface", "p") + "".join(parts))
    pages = {**FIVE, "notread": "<p>Beside the book.</p>"}
    book = book_of(tmp_path / "a.epub", text, pages, ncx=contents is ncx, spine=FIVE)
    assert titles_and_texts(read_document(book)) == FIVE_CHAPTERS
    # Several levels without links.
    text = contents(item("Preface", "p") + item("Volume", None, "".join(parts)))
    book = book_of(tmp_path / "b.epub", text, pages, ncx=contents is ncx, spine=FIVE)
    assert titles_and_texts(read_document(book)) == FIVE_CHAPTERS


@pytest.mark.parametrize("title_page", ["<h1>Part</h1>", "<p><img src='part.png' alt=''/></p>", "<p>⁂</p>"])
def test_parts_may_be_pictures_or_ornaments(tmp_path, title_page):
    items = entry("Preface", "p") + entry("One", "t1", entry("Chapter 1", "c1") + entry("Chapter 2", "c2"))
    items += entry("Two", "t2", entry("Chapter 3", "c3") + entry("Chapter 4", "c4"))
    order = {"p": FIVE["p"], "t1": title_page, "c1": FIVE["c1"], "c2": FIVE["c2"], "t2": title_page}
    pages = {**order, "c3": FIVE["c3"], "c4": FIVE["c4"]}
    document = read_document(book_of(tmp_path / "a.epub", nav(items), pages))
    assert [chapter.title for chapter in document.chapters] == [
        "Preface", "One, Chapter 1", "Chapter 2", "Two, Chapter 3", "Chapter 4",
    ]  # fmt: skip


def test_chapters_three_levels_down(tmp_path):
    chapters = [entry(f"Chapter {n}", f"c{n}", entry(f"Section {n}", f"c{n}")) for n in range(1, 5)]
    items = entry("Volume 1", "v", entry("Book 1", "b1", chapters[0] + chapters[1]))
    items += entry("Volume 2", "w", entry("Book 2", "b2", chapters[2] + chapters[3]))
    bare = {name: f"<h1>{name}</h1>" for name in ("v", "b1", "w", "b2")}
    order = ("v", "b1", "c1", "c2", "w", "b2", "c3", "c4")
    pages = {name: (bare | FIVE)[name] for name in order}
    document = read_document(book_of(tmp_path / "a.epub", nav(items), pages))
    assert [chapter.title for chapter in document.chapters] == [
        "Volume 1, Book 1, Chapter 1", "Chapter 2", "Volume 2, Book 2, Chapter 3", "Chapter 4",
    ]  # fmt: skip


def test_sections_on_the_page_of_their_chapter_are_no_chapters(tmp_path):
    section = "<li><a href='c1.xhtml#s'>Section</a></li>"
    items = entry("Part", None, entry("Chapter 1", "c1", section) + entry("Chapter 2", "c2"))
    pages = {"c1": "<h1>C1</h1><p>A.</p><h2 id='s'>S</h2><p>B.</p>", "c2": "<p>C.</p>"}
    assert titles_and_texts(read_document(book_of(tmp_path / "a.epub", nav(items), pages))) == [
        ("Chapter 1", "C1\n\nA.\n\nS\n\nB."),
        ("Chapter 2", "C."),
    ]


@pytest.mark.parametrize(
    "ornament", ["⁂", "* * *", "❦", "—", "• • •", "<span>~</span>", "&#160;", "<img alt='' src='o.png'/>"]
)
@pytest.mark.parametrize("has_contents", [True, False])
def test_pages_of_ornaments_are_no_chapters(tmp_path, ornament, has_contents):
    names = ("c1", "break", "c2", "end")
    pages = {"c1": "<p>One.</p>", "break": f"<p>{ornament}</p>", "c2": "<p>Two.</p>", "end": f"<h1>{ornament}</h1>"}
    items = "".join(entry(name, name) for name in names) if has_contents else ""
    document = read_document(book_of(tmp_path / "a.epub", nav(items), pages))
    assert [chapter.title for chapter in document.chapters] == (["c1", "c2"] if has_contents else ["A page"] * 2)
    assert all(any(one.isalnum() for one in chapter.passage.text) for chapter in document.chapters)


@pytest.mark.parametrize(
    ("href", "member"),
    [
        ("Text/Chapter1.xhtml", "OEBPS/text/chapter1.xhtml"),
        ("chapter%201.xhtml", "OEBPS/chapter%201.xhtml"),
        ("chapter 1.xhtml", "OEBPS/chapter%201.xhtml"),
        ("chapter%201.xhtml", "OEBPS/chapter 1.xhtml"),
        ("chapter%25201.xhtml", "OEBPS/chapter%201.xhtml"),
        ("text/a.xhtml", "OEBPS\\text\\a.xhtml"),
        ("./text/../a.xhtml", "OEBPS/A.XHTML"),
        ("/OEBPS/a.xhtml", "oebps/a.xhtml"),
        ("caf%C3%A9.xhtml", "OEBPS/cafe\u0301.xhtml"),
        ("café.xhtml", "OEBPS/CAF%c3%a9.xhtml"),
    ],
)
def test_members_may_be_named_otherwise_than_listed(tmp_path, href, member):
    contents = nav(f"<li><a href='{href}#x'>One</a></li><li><a href='{href.lower()}#y'>Two</a></li>")
    files = [("nav", "nav.xhtml", PAGE, "nav"), ("a", href, PAGE, "")]
    page = xhtml("<p id='x'>First.</p><p id='y'>Second.</p>")
    path = tmp_path / "a.epub"
    epub(path, {"OEBPS/Book.opf": package(files), "OEBPS/nav.xhtml": contents, member: page})
    document = read_document(path)
    assert titles_and_texts(document) == [("One", "First."), ("Two", "Second.")]
    assert document.chapters[0].passage.warnings == ()


def test_of_members_that_differ_in_case_each_is_read(tmp_path):
    files = [("a", "a.xhtml", PAGE, ""), ("b", "A.xhtml", PAGE, "")]
    pages = {"OEBPS/a.xhtml": xhtml("<p>Small.</p>"), "OEBPS/A.xhtml": xhtml("<p>Large.</p>")}
    book = epub(tmp_path / "a.epub", {"OEBPS/book.opf": package(files), **pages})
    assert [text for _, text in titles_and_texts(read_document(book))] == ["Small.", "Large."]


def test_names_in_utf8_without_the_flag_that_says_so(tmp_path):
    files = [("a", "caf%C3%A9.xhtml", PAGE, "")]
    path = epub(tmp_path / "a.epub", {"OEBPS/book.opf": package(files), "OEBPS/cafXX.xhtml": xhtml("<p>Words.</p>")})
    path.write_bytes(path.read_bytes().replace(b"cafXX", "café".encode()))
    assert titles_and_texts(read_document(path)) == [("A page", "Words.")]
