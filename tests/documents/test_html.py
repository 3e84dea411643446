from __future__ import annotations

import pytest

from tts.documents.document import Block
from tts.documents.html import read_page
from tts.documents.reading import read_document
from tts.text.passage import SpokenAs


def texts(html, language=None):
    return [block.text for block in read_page(html, language).blocks]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One.<p>Two <b>and</b>\n  <i>more</i>.</p>three", ["One.", "Two and more.", "three"]),
        ("a<br>b<br/>\nc &amp; d&nbsp;e &#8212; f &lt;g>", ["a\nb\nc & d\xa0e — f <g>"]),
        ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
        ("<p>a</p><hr>b<!-- c <p>d --><![CDATA[x]]>e", ["a", "bxe"]),
        ("<ul><li>a<li>b<ol><li>c</li><li><p>d</p><p>e</p></ol>f</ul>", ["a", "b", "1. c", "2. d", "e", "f"]),
        ("<ol start=9><li>a</li><li></li><li>b</li></ol>", ["9. a", "11. b"]),
        ("<dl><dt>a<dd>b<dt>c<dd>d</dl>", ["a", "b", "c", "d"]),
        ("<table><caption>T</caption><tr><th>a<th>b.<th>c<tr><td>d<td><td>e</table>f", ["T", "a, b. c", "d, e", "f"]),
        ("<table><tr><td><p>" + "long " * 50 + "</p><td>b</table>", ["long " * 49 + "long", "b"]),
        ("a <img src=x alt='A dog.'> b <img alt=''><img alt='cover'><img alt='pic_1.PNG'>", ["a A dog. b"]),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</ruby>を", ["漢字を"]),
        ("<p>He said <q>no</q>.</p>", ["He said “no”."]),
        ("<pre>a\n  b\n</pre>", ["a\n  b"]),
        ("soft\xadly zero\u200bwidth", ["softly zerowidth"]),
        ("x<sup>2</sup> 1<sup>st</sup> word<sup><a href='#n'>[3]</a></sup>", ["x² 1st word"]),
        ("word<sup><a href='http://x/y'>3</a></sup>", ["word³"]),
        (
            "<del>a</del><s>b</s><span hidden>c</span><span aria-hidden=true>d</span><b style='display: none'>e</b>f",
            ["bf"],
        ),
        ("<script>a</script><style>b</style><nav>c</nav><svg><title>d</title></svg><select><option>e</select>f", ["f"]),
        ("<title>t</title><textarea>a</textarea><noscript>b</noscript>c", ["c"]),
        ("<script>if (a < b) '</p>'</script>c", ["c"]),
        ("<header>a</header><main><p>b</p></main><footer>c</footer>", ["b"]),
        ("<main></main>a", ["a"]),
        ("a < b and c <d", ["a < b and c"]),
        ("</p></div>a</span>b", ["ab"]),
        ("<p><span class='pagenum'><a id=p1>[1]</a></span>Alice<span class=x>.</span></p>", ["Alice."]),
        ("", []),
    ],
)
def test_what_is_read_of_a_page(html, expected):
    assert texts(html) == expected


def test_headings_have_their_level():
    blocks = read_page("<h1>a <em>b</em></h1><h3>c</h3>d<h6>e</h6>").blocks
    assert blocks == [Block("a b", 1), Block("c", 3), Block("d"), Block("e", 6)]


def test_text_in_another_language_gets_a_note():
    page = read_page(
        "<html lang=en-US><p lang=en>a</p><p>  The <i lang='fr'>mot <b>juste</b></i>, <i lang=de>Wort</i>."
        "<p lang=EN_gb>b <span lang='bad tag'>c</span></p><p xml:lang='de'>d <span lang=en-us>e</span>"
    )
    assert page.language == "en-us"
    assert [(block.text, block.notes) for block in page.blocks] == [
        ("a", ()),
        ("The mot juste, Wort.", (SpokenAs(4, 13, language="fr"), SpokenAs(15, 19, language="de"))),
        ("b c", (SpokenAs(0, 3, language="en-gb"),)),
        ("d e", (SpokenAs(0, 2, language="de"),)),
    ]


def test_languages_of_cells_move_with_them():
    (row,) = read_page("<table lang=en><tr><td>a<td lang=fr>b c</table>", "en").blocks
    assert (row.text, row.notes) == ("a, b c", (SpokenAs(3, 6, language="fr"),))


def test_self_closed_elements_end_in_xhtml_only():
    xhtml = (
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body><p/>a<nav/>b</body>"
    )
    assert texts(xhtml) == ["ab"]
    assert texts("<p>a<nav/>b</nav>c") == ["ac"]


def test_omitted_content_is_reported():
    blocks = read_page(
        "<pre><code>x</code></pre><pre class=highlight>y</pre><p>a<aside role=doc-footnote>z</aside>"
        "<section role=doc-endnotes>w</section><div id=pg-header>v</div>"
    ).blocks
    assert [block.omitted for block in blocks if not block.text] == ["code", "code", "footnote", "notes", "licence"]
    assert [block.text for block in blocks if block.text] == ["a"]


def test_anchors_are_found_where_they_stand():
    html = "<p id=a>1</p><h2>2 <a name='b'></a>3</h2><span id=c></span><p id=d>4</p>"
    blocks = read_page(html, anchors=frozenset("abc")).blocks
    assert [block.anchors for block in blocks] == [("a",), ("b",), ("c",)]


def test_a_page_of_project_gutenberg(tmp_path):
    path = tmp_path / "a.html"
    path.write_text(
        "<html lang=en><title>The Project Gutenberg eBook of A Book</title>"
        "<section class='pg-boilerplate' id=pg-header>"
        "<h2>The Project Gutenberg eBook</h2></section><h1>A Book</h1><h2>by Ann Lee</h2>"
        "<h2>CHAPTER I.<br>Down</h2><p>It began.</p><h2>CHAPTER II.<br>Up</h2><p>It ended.</p>"
        "<section id=pg-footer>Licence.</section>"
    )
    document = read_document(path)
    assert document.title == "A Book"
    assert [(chapter.title, chapter.passage.text) for chapter in document.chapters] == [
        ("CHAPTER I. Down", "A Book\n\nby Ann Lee\n\nCHAPTER I.\nDown\n\nIt began."),
        ("CHAPTER II. Up", "CHAPTER II.\nUp\n\nIt ended."),
    ]


def test_a_page_is_a_document(tmp_path):
    path = tmp_path / "a.html"
    path.write_text(
        "<!doctype html><html lang=fr><head><meta charset=utf-8><title>Le livre</title>"
        "<meta name=author content='A. B.'>"
        "<body><p>Avant.<h1>Un</h1><p>Premier.<h2>Deux</h2>Second.<pre><code>x</code></pre><h3>Trois</h3>Fin."
    )
    document = read_document(path)
    assert (document.title, document.author, document.language) == ("Le livre", "A. B.", "fr")
    assert [(chapter.title, chapter.passage.text, chapter.passage.warnings) for chapter in document.chapters] == [
        ("Le livre", "Avant.", ()),
        ("Un", "Un\n\nPremier.", ()),
        ("Deux", "Deux\n\nSecond.\n\nTrois\n\nFin.", ("A block of code is not read.",)),
    ]


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000 + "x",
        "<p lang=de>" * 50_000 + "x",
        "<ul><li>" * 30_000 + "</ul>" * 30_000 + "x",
        "<i>" * 30_000 + "<p></i>" * 30_000 + "x",
        "<table><tr><td>" * 20_000 + "</table>x" * 20_000,
        "<a " * 100_000,
        "<a b='" * 100_000,
        "<!--" * 100_000,
        "<![CDATA[" * 100_000,
        "<a" + " " * 1_000_000,
        "<" * 200_000,
        "&#x" + "f" * 500_000,
        "<title></titl" * 50_000,
        "<q>" * 100_000,
        "<font size=1>" * 300 + "<p>" * 50_000,
    ],
)
def test_hostile_pages_are_read_quickly(html):
    read_page(html)
