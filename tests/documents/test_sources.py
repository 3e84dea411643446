from __future__ import annotations

import pytest

from tests.documents.books import titles_and_texts
from tts.documents.reading import read_document
from tts.errors import TtsError, UsageError


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_document(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    document = read(tmp_path / "a.TXT", f"{mark}Größe – 漢字 😀".encode(encoding))
    assert titles_and_texts(document) == [("a", "Größe – 漢字 😀")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"Gr\xf6\xdfe",
            r"a\.txt is no text in UTF-8: byte 2 cannot be read; save it as UTF-8 first \(it looks like windows-1252",
        ),
        (b"\xff\xfea\x00b", r"a\.txt is no text in UTF-16: byte 4 cannot be read"),
        (
            "text".encode("utf-16-le"),
            r"a\.txt is no text in UTF-8: it holds zero bytes.* so try --encoding utf-16-le\)\.",
        ),
        (b" \n\n\x01\n", "There is no text in"),
        (b"", "There is no text in"),
        (b"a" * ((32 << 20) + 1), "is larger than 32 MB"),
    ],
)
def test_files_without_text_are_refused(tmp_path, content, message):
    with pytest.raises(TtsError, match=message):
        read(tmp_path / "a.txt", content)


@pytest.mark.parametrize(
    ("content", "text", "warnings"),
    [
        ("<p>é</p>".encode(), "é", ()),
        (b"<meta charset='iso-8859-1'><p>\xe9\x93", "é“", ()),
        (b"<?xml version='1.0' encoding='windows-1251'?><p>\xe6", "ж", ()),
        (b"<meta http-equiv=x content='text/html; charset=shift_jis'>\x8a\xbf", "漢", ()),
        ("\ufeff<meta charset=latin1>é".encode("utf-16-le"), "é", ()),
        (b"<meta charset=nonsense>\xc3\xa9", "é", ()),
        (b"\xe9", "é", ("a.htm does not say how it is encoded, and was read as Windows-1252.",)),
        (b"<meta charset=utf-8>\xe9x", "\ufffdx", ("a.htm is not the utf-8 that it says it is.",)),
    ],
)
def test_encodings_of_pages(tmp_path, content, text, warnings):
    path = tmp_path / "a.htm"
    path.write_bytes(content)
    (chapter,) = read_document(path).chapters
    assert (chapter.passage.text, chapter.passage.warnings) == (text, warnings)


@pytest.mark.parametrize(
    ("name", "encoding", "text"),
    [
        ("a.txt", "windows-1252", "Größe – “café”"),
        ("a.txt", "Shift_JIS", "吾輩は猫である。"),
        ("a.md", "gbk", "你好，世界。"),
        ("a.htm", "windows-1251", "<p>Привет"),
        ("a.txt", "utf-16-le", "Hello there."),
    ],
)
def test_an_encoding_that_is_named(tmp_path, name, encoding, text):
    (tmp_path / name).write_bytes(text.encode(encoding))
    (chapter,) = read_document(tmp_path / name, encoding).chapters
    assert chapter.passage.text == text.removeprefix("<p>")


@pytest.mark.parametrize(
    ("name", "encoding", "message"),
    [
        ("a.txt", "nonsense", "There is no encoding 'nonsense'; common ones are"),
        ("a.txt", "base64", "There is no encoding 'base64'"),
        ("a.txt", "ascii", "a.txt is no text in ascii: byte 0 cannot be read; it looks like shift_jis."),
        ("a.pdf", "gbk", "--encoding is for text and HTML; a.pdf says itself how it is encoded."),
    ],
)
def test_an_encoding_that_does_not_fit(tmp_path, name, encoding, message):
    (tmp_path / name).write_bytes("吾輩は猫である。".encode("shift_jis"))
    with pytest.raises(UsageError) as error:
        read_document(tmp_path / name, encoding)
    assert str(error.value).startswith(message)
