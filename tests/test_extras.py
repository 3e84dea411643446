import pytest

from tts import extras
from tts.errors import TtsError
from tts.extras import EXTRAS, missing, require


def test_what_is_installed_is_not_missing():
    assert missing("torch", "WaveGlow") is None
    require("torch", "WaveGlow")


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(extras, "is_installed", lambda module: False)
    with pytest.raises(TtsError) as refused:
        require("torch", "WaveGlow")
    assert str(refused.value) == "WaveGlow needs PyTorch, which is not installed: pip install 'utter-tts[torch]'."


def test_only_the_modules_that_are_needed_are_looked_for(monkeypatch):
    monkeypatch.setattr(extras, "is_installed", lambda module: module == "pypdf")
    assert missing("documents", "Reading .pdf", "pypdf") is None
    sentence = missing("documents", "Reading .md", "markdown_it")
    assert sentence == "Reading .md needs markdown-it-py, which is not installed: pip install 'utter-tts[documents]'."
    assert missing("documents", "Reading") == sentence.replace("Reading .md", "Reading")


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_extra_names_its_packages(extra, monkeypatch):
    monkeypatch.setattr(extras, "is_installed", lambda module: False)
    assert f"[{extra}]" in str(missing(extra, "It"))
