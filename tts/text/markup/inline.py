"""What an author may write between brackets in plain text: pronunciations and pauses."""

from __future__ import annotations

import re
from dataclasses import replace

from tts.text.markup.composing import Composer
from tts.text.markup.lengths import MEDIUM_PAUSE, pause_seconds
from tts.text.markup.remarks import quoted
from tts.text.passage import Passage, Pronunciation

# Every repetition ends at the next bracket and has a limit, so that no text is searched twice. "![" opens a picture.
_TAG = re.compile(
    r"\\\["
    r"|\[\[(?P<ipa>[^\[\]\n]{1,300})\]\]"
    r"|(?<!!)\[(?P<words>[^\[\]]{1,300})\]\((?P<said>/[^()\[\]\n]{0,300})\)"
    r"|\[ ?pause\b(?P<length>[^\[\]\n]{0,60})\](?!\([^\s()\[\]]{0,300}\))",
    re.IGNORECASE | re.ASCII,
)
# Phonemes: small Latin letters, those of the phonetic alphabet, its modifiers and diacritics; digits, which are tones
# for espeak-ng; the marks of a sentence. Capitals and other alphabets tell names of pages and paths from them.
_IPA = re.compile(
    r"[a-z0-9 .,;:!?'|…‖‿↗↘↓↑βθχλ\-\u00df-\u00f6\u00f8-\u036f\u1d00-\u1dff\u2070-\u209f\ua700-\ua71f\uab30-\uab6f]+"
)


def read_markup(text: str) -> Passage:
    """Read `[word](/ipa/)`, `[[ipa]]`, `[pause 0.5s]` and `[pause]`; what else is in brackets stays text.

    A backslash before a bracket writes it. A pause leaves one blank between the words beside it.
    """
    if "[" not in text:
        return Passage(text)
    composer = Composer()
    position = 0
    for found in _TAG.finditer(text):
        composer.run(text[position : found.start()])
        if not _read(found, composer):
            composer.run(found.group())
        position = found.end()
    composer.run(text[position:])
    passage = composer.passage()
    as_it_is = not passage.notes and passage.text == text.strip()
    return replace(passage, text=text) if as_it_is else passage


def _read(found: re.Match[str], composer: Composer) -> bool:
    """Carry a tag out; False where it is none."""
    if found["ipa"]:
        return _pronounced(found["ipa"], found["ipa"], composer)
    if found["words"]:
        return _overruled(found, composer)
    if found["length"] is not None:
        return _paused(found, composer)
    composer.run("[")
    return True


def _overruled(found: re.Match[str], composer: Composer) -> bool:
    said = found["said"]
    if len(said) > 2 and said.endswith("/") and "\n\n" not in found["words"]:
        return _pronounced(found["words"], said[1:-1], composer)
    if any("ɐ" <= c <= "ˤ" for c in said):
        composer.remarks.add(
            f"{quoted(found.group())} is read as text: write a pronunciation as in [word](/ipa/), with both slashes."
        )
    return False


def _pronounced(words: str, ipa: str, composer: Composer) -> bool:
    ipa = ipa.strip()
    if not words.strip() or not _is_ipa(ipa):
        return False
    n_before = len(words) - len(words.lstrip())
    composer.run(words[:n_before])
    beginning = composer.begin()
    composer.write(words.strip())
    stretch = composer.stretch(beginning)
    if stretch:
        composer.note(beginning, Pronunciation(*stretch, ipa))
    composer.run(words[n_before + len(words.strip()) :])
    return True


def _is_ipa(written: str) -> bool:
    """Tell phonemes from other things that stand between the same marks: names of pages, paths."""
    return bool(_IPA.fullmatch(written)) and any(c.isalpha() for c in written)


def _paused(found: re.Match[str], composer: Composer) -> bool:
    length = found["length"].strip()
    seconds = pause_seconds(length, composer.remarks) if length else MEDIUM_PAUSE
    if seconds is None:
        composer.remarks.add(
            f"{quoted(found.group())} is read as text: write a pause as [pause], [pause 0.5s] or [pause 500ms]."
        )
        return False
    composer.pause(seconds)
    composer.blank()
    return True
