from __future__ import annotations

import pytest

from tts.documents.reading import read_document
from tts.errors import TtsError, UsageError


@pytest.mark.parametrize(("name", "ending"), [("a.docx", "has the suffix .docx"), ("a", "has no suffix")])
def test_unknown_kinds_are_refused_with_the_known(tmp_path, name, ending):
    with pytest.raises(UsageError) as refused:
        read_document(tmp_path / name)
    known = ".txt, .md, .html, .htm, .xhtml, .epub, .pdf"
    assert str(refused.value) == f"{tmp_path / name} {ending}; documents that can be read have one of {known}."


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".epub", ".pdf"])
def test_files_that_are_missing_or_folders_are_reported(tmp_path, suffix):
    with pytest.raises(TtsError, match="cannot be read"):
        read_document(tmp_path / f"none{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(TtsError, match="cannot be read"):
        read_document(tmp_path / f"folder{suffix}")
