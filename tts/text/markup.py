"""Inline markup of plain text, pronunciations and pauses in brackets, and the builder that composes passages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from tts.text.passage import Bookmark, Level, Note, Passage, Pause, Pronunciation, stronger

LONGEST_PAUSE = 30.0
"""Seconds; a longer pause is a mistake."""

MEDIUM_PAUSE = 0.5
"""Seconds of a pause without a length."""

_LENGTH = re.compile(
    r"([+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+))\s*(?:(m|milli)?(?:s|secs?|seconds?))", re.IGNORECASE | re.ASCII
)
_MOST_WARNINGS = 50
_LONGEST_SHOWN = 60
# A pause before a mark that closes what was said: the space belonged to the tag, since nobody writes "word .".
_CLOSING = re.compile(r"[.,;:!?…)\]}”»]+(?=\s|\Z)")


def shown(written: str) -> str:
    """Return what an author wrote on one line, shortened, with a replacement for each unprintable character."""
    plain = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(written[: 2 * _LONGEST_SHOWN].split()))
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[: _LONGEST_SHOWN - 1]}…"


def quoted(written: str) -> str:
    """Return what an author wrote as `shown`, in quotation marks."""
    return f'"{shown(written)}"'


class Mark(NamedTuple):
    """A position in a passage under construction, at which a span begins."""

    length: int
    n_pieces: int
    n_notes: int


class PassageBuilder:
    """Composes a passage from left to right: words, whitespace between them, pauses and other notes.

    Whitespace is added before the next word only, so that none is left at either end; a pause or a bookmark stands
    after the whitespace, at the next word.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._space = ""
        self._spaces: dict[int, int] = {}
        self._pauses: dict[int, tuple[float | None, Level]] = {}
        self._bookmarks: list[tuple[int, str]] = []
        self._notes: list[tuple[int, Note]] = []
        self._n_marks = 0
        self._warnings: dict[str, None] = {}

    def warn(self, sentence: str) -> None:
        """Add a warning; a repeated one is added once."""
        self._warnings[sentence] = None

    def write(self, words: str) -> None:
        """Add words without whitespace at their ends; without whitespace before them they continue the last word."""
        if not words:
            return
        space = self._space if self._length else ""
        if space and self._length in self._pauses and "\n" not in space:
            # Around a pause one space is left, or none before a mark that closes what was said.
            timed = self._pauses[self._length][0] is not None
            space = "" if timed and _CLOSING.match(words) else space[:1]
        if space:
            self._spaces[self._length] = len(space)
            self._pieces.append(space)
        self._pieces.append(words)
        self._length += len(space) + len(words)
        self._space = ""

    def space(self, whitespace: str = " ") -> None:
        """Require whitespace before the next word; of several, the one with the most line breaks is used."""
        if not self._space or whitespace.count("\n") > self._space.count("\n"):
            self._space = whitespace

    def text(self, text: str) -> None:
        """Add a text unchanged."""
        core = text.strip()
        n_before = len(text) - len(text.lstrip()) if core else len(text)
        self._append_space(text[:n_before])
        self.write(core)
        self._append_space(text[n_before + len(core) :])

    def _append_space(self, whitespace: str) -> None:
        if self._length not in self._pauses:
            self._space += whitespace
        elif whitespace:
            self.space(whitespace)

    def pause(self, seconds: float | None, level: Level = "") -> None:
        """Add a pause here; the lengths of several in a row add up, and the strongest level is used."""
        before, strongest = self._pauses.get(self._length, (None, ""))
        if seconds is not None and before is not None and seconds + before > LONGEST_PAUSE:
            self.warn(f"Pauses in a row add up to more than {LONGEST_PAUSE:g} seconds and are shortened to that.")
        total = before if seconds is None else min((before or 0.0) + seconds, LONGEST_PAUSE)
        self._pauses[self._length] = (total, stronger(level, strongest))

    def bookmark(self, name: str) -> None:
        """Name this position."""
        self._bookmarks.append((self._length, name))

    def mark(self) -> Mark:
        """Return this position, at which a span begins."""
        self._n_marks += 1
        return Mark(self._length, len(self._pieces), self._n_marks)

    def span(self, mark: Mark) -> tuple[int, int] | None:
        """Return what was written since a mark, [start, end); None if that is nothing."""
        if self._length == mark.length:
            return None
        return mark.length + self._spaces.get(mark.length, 0), self._length

    def words(self, mark: Mark) -> str:
        """Return the words since a mark."""
        return "".join(self._pieces[mark.n_pieces :]).strip()

    def note(self, mark: Mark, note: Note) -> None:
        """Add a note on a span that began at a mark."""
        self._notes.append((mark.n_notes, note))

    def move_pauses_behind(self, mark: Mark) -> None:
        """Move the pauses and bookmarks since a mark behind what was written since: it is spoken as one."""
        moved = []
        while self._pauses and next(reversed(self._pauses)) > mark.length:
            moved.append(self._pauses.popitem()[1])
        for seconds, level in reversed(moved):
            self.pause(seconds, level)
        for i in range(len(self._bookmarks) - 1, -1, -1):
            if self._bookmarks[i][0] <= mark.length:
                break
            self._bookmarks[i] = (self._length, self._bookmarks[i][1])

    def passage(self) -> Passage:
        """Return the passage; of very many warnings, only the first and their number."""
        notes = [note for _, note in sorted(self._notes, key=lambda numbered: numbered[0])]
        for at, (seconds, level) in self._pauses.items():
            # A boundary before the first word or after the last one separates nothing.
            if seconds is not None or 0 < at < self._length:
                notes.append(Pause(at + self._spaces.get(at, 0), seconds, level))
        notes += [Bookmark(at + self._spaces.get(at, 0), name) for at, name in self._bookmarks]

        warnings = tuple(self._warnings)
        if len(warnings) > _MOST_WARNINGS:
            warnings = (*warnings[:_MOST_WARNINGS], f"There are {len(warnings) - _MOST_WARNINGS} more such warnings.")
        return Passage("".join(self._pieces), tuple(notes), warnings)


def seconds(written: str) -> float | None:
    """Return the length that "0.5s" or "500ms" names, in seconds; None if it is neither."""
    found = _LENGTH.fullmatch(written.strip())
    if not found:
        return None
    value = float(found[1].replace(",", "."))
    return value / 1000 if found[2] else value


def pause_seconds(written: str, builder: PassageBuilder) -> float | None:
    """Return the same for a pause; a length below 0 or above 30 seconds becomes that, with a warning."""
    length = seconds(written)
    if length is None:
        return None
    allowed = min(max(length, 0.0), LONGEST_PAUSE)
    if allowed != length:
        builder.warn(f"A pause lasts 0 to {LONGEST_PAUSE:g} seconds: {quoted(written)} is read as {allowed:g} s.")
    return allowed


# Every repetition ends at the next bracket and has a limit, so that the work is linear. "![" begins a picture.
_TAG = re.compile(
    r"\\\["
    r"|\[\[(?P<ipa>[^\[\]\n]{1,300})\]\]"
    r"|(?<!!)\[(?P<words>[^\[\]]{1,300})\]\((?P<target>/[^()\[\]\n]{0,300})\)"
    r"|\[ ?pause\b(?P<length>[^\[\]\n]{0,60})\](?!\([^\s()\[\]]{0,300}\))",
    re.IGNORECASE | re.ASCII,
)
# Phonemes: small Latin letters, those of the phonetic alphabet, its modifiers and diacritics; digits, which are tones
# for espeak-ng; the marks of a sentence. Capitals and other alphabets occur in names of pages and in paths.
_IPA = re.compile(
    r"[a-z0-9 .,;:!?'|…‖‿↗↘↓↑βθχλ\-\u00df-\u00f6\u00f8-\u036f\u1d00-\u1dff\u2070-\u209f\ua700-\ua71f\uab30-\uab6f]+"
)


def read_markup(text: str) -> Passage:
    """Read `[word](/ipa/)`, `[[ipa]]`, `[pause 0.5s]` and `[pause]`; anything else in brackets stays text.

    A backslash before a bracket writes it. A pause leaves one space between the words beside it.
    """
    if "[" not in text:
        return Passage(text)
    builder = PassageBuilder()
    position = 0
    for found in _TAG.finditer(text):
        builder.text(text[position : found.start()])
        is_markup = False
        if found["ipa"]:
            is_markup = _add_pronunciation(found["ipa"], found["ipa"], builder)
        elif target := found["target"]:
            if len(target) > 2 and target.endswith("/") and "\n\n" not in found["words"]:
                is_markup = _add_pronunciation(found["words"], target[1:-1], builder)
            elif any("ɐ" <= c <= "ˤ" for c in target):
                builder.warn(
                    f"{quoted(found.group())} is read as text: write a pronunciation as in [word](/ipa/), with both "
                    "slashes."
                )
        elif found["length"] is not None:
            length = found["length"].strip()
            pause = pause_seconds(length, builder) if length else MEDIUM_PAUSE
            if pause is None:
                builder.warn(
                    f"{quoted(found.group())} is read as text: write a pause as [pause], [pause 0.5s] or [pause 500ms]."
                )
            else:
                builder.pause(pause)
                builder.space()
                is_markup = True
        else:
            builder.text("[")
            is_markup = True
        if not is_markup:
            builder.text(found.group())
        position = found.end()
    builder.text(text[position:])
    passage = builder.passage()
    is_unchanged = not passage.notes and passage.text == text.strip()
    return replace(passage, text=text) if is_unchanged else passage


def _add_pronunciation(words: str, ipa: str, builder: PassageBuilder) -> bool:
    """Add words that are spoken as IPA; return False if it is something else: the name of a page, a path."""
    ipa, core = ipa.strip(), words.strip()
    if not core or not _IPA.fullmatch(ipa) or not any(map(str.isalpha, ipa)):
        return False
    n_before = len(words) - len(words.lstrip())
    builder.text(words[:n_before])
    mark = builder.mark()
    builder.write(core)
    if span := builder.span(mark):
        builder.note(mark, Pronunciation(*span, ipa))
    builder.text(words[n_before + len(core) :])
    return True
