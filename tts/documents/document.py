"""What every format is read into: blocks (paragraphs and headings), and the chapters and the document they become."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tts.errors import UsageError
from tts.text.passage import Bookmark, Note, Passage, Pause, SpokenAs

# Characters for layout only: controls other than tabs and line breaks, soft hyphens, characters of zero width.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffb]")
_WHITESPACE = re.compile(r"\s+")
_LONGEST_TITLE = 120

_OMITTED = {
    "code": ("A block of code is not read.", "{} blocks of code are not read."),
    "formula": ("A formula is not read.", "{} formulas are not read."),
    "footnote": ("A footnote is not read.", "{} footnotes are not read."),
    "licence": ("The licence that Project Gutenberg puts around a text is not read.",) * 2,
    "notes": ("A page of notes is not read.", "{} pages of notes are not read."),
    "index": ("The index is not read.",) * 2,
}
"""What `Block.omitted` may be → the warning about one of them, and about several."""

_LICENCE_START = re.compile(r"\*{3}\s*START OF (?:THE|THIS) .{1,300}", re.DOTALL | re.IGNORECASE)
_LICENCE_END = re.compile(
    r"\*{3}\s*END OF (?:THE|THIS) .{1,300}|End of (?:the )?Project Gutenberg(?:'s|’s)? .{1,300}", re.DOTALL
)
_LICENCE_FIELD = re.compile(r"^(Title|Author|Language):[ \t]*(\S.*(?:\n(?!\w+:)\S.*){0,3})$", re.MULTILINE)

_CHAPTER_RANGE = re.compile(r"\s*(\d{1,6})\s*(?:(-)\s*(\d{1,6})?\s*)?")

_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,4}")
# "Undetermined", "several" and "none" in place of a language (ISO 639-2).
_NO_LANGUAGES = ("und", "mul", "zxx", "mis")
_LANGUAGE_NAMES = {
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "italian": "it",
    "japanese": "ja",
    "latin": "la",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
}


@dataclass(frozen=True)
class Chapter:
    """A titled part of a document. Its passage includes the headings as paragraphs; empty lines separate paragraphs."""

    title: str
    passage: Passage


@dataclass(frozen=True)
class Cover:
    """A picture: the content of a file, and its suffix, .jpg or .png."""

    content: bytes
    suffix: str


@dataclass(frozen=True)
class Document:
    """A text in reading order, in one or more chapters; metadata that the file does not give is None.

    `language` is a BCP 47 tag in lower case.
    """

    title: str | None
    author: str | None
    language: str | None
    chapters: tuple[Chapter, ...]
    cover: Cover | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph, or a heading of `level` 1 to 6; with `omitted` (a kind of content) it marks unread content instead.

    A block with a `chapter_title` begins a chapter; chapters of `chapter_depth` 1 contain those of depth 2.
    """

    text: str
    level: int = 0
    notes: tuple[SpokenAs, ...] = ()
    anchors: tuple[str, ...] = ()
    """Ids in it that a table of contents may link to."""
    chapter_title: str | None = None
    chapter_depth: int = 1
    omitted: str = ""


@dataclass
class _Section:
    title: str | None
    depth: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def has_only_headings(self) -> bool:
        return all(block.level or not has_words(block.text) for block in self.blocks if not block.omitted)


def remove_invisible(text: str) -> str:
    """The text without characters that are there for the layout only, and with line feeds for all line breaks."""
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))


def has_words(text: str) -> bool:
    """Whether there is anything to say in a text: a letter, a digit, money or an emoji; ornaments ("⁂") say nothing."""
    return any(one.isalnum() or one >= "\U0001f000" or unicodedata.category(one) == "Sc" for one in text)


def one_line(text: str) -> str:
    """A text with single spaces for all whitespace, shortened to the length of a title."""
    line = _WHITESPACE.sub(" ", text).strip()
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"


def begin_chapters_at_headings(blocks: Iterable[Block], deepest: int = 2) -> Iterator[Block]:
    """The blocks, where each heading down to the level `deepest` begins a chapter."""
    for block in blocks:
        begins = 0 < block.level <= deepest and block.chapter_title is None
        yield replace(block, chapter_title=one_line(block.text), chapter_depth=block.level) if begins else block


def remove_licence(blocks: Iterable[Block]) -> tuple[list[Block], dict[str, str]]:
    """The blocks between Project Gutenberg's marks of a book's start and end, where there are any.

    Returns also the fields before the start (Title, Author, Language). A removed licence leaves one omitted block.
    """
    body: list[Block] = []
    fields: dict[str, str] = {}
    for block in blocks:
        if _LICENCE_START.fullmatch(block.text) and not any(one.omitted == "licence" for one in body):
            before = "\n\n".join(one.text for one in body)
            fields = {found[1]: " ".join(found[2].split()) for found in _LICENCE_FIELD.finditer(before)}
            body = [Block("", omitted="licence")]
        elif body and _LICENCE_END.fullmatch(block.text):
            if body[0].omitted != "licence":
                body.append(Block("", omitted="licence"))
            break
        else:
            body.append(block)
    return body, fields


def chapters_of(
    blocks: Iterable[Block], title: str, warnings: Sequence[str] = (), *, parts_only: bool = False
) -> tuple[Chapter, ...]:
    """The chapters that blocks form. `title` names the text before the first of them, or all of it without chapters.

    Headings without words below them join the next chapter if that is deeper (the title of a part), else they
    become paragraphs of the previous chapter; so do ornaments. With `parts_only`, depth 2 counts only where depth 1
    is such a part. `warnings` are about all of the document, and go to the first chapter.
    """
    sections = [_Section(None, 1)]
    for block in blocks:
        if block.chapter_title is not None:
            sections.append(_Section(block.chapter_title or title, block.chapter_depth))
        sections[-1].blocks.append(block)
    sections = [section for section in sections if section.blocks]

    if parts_only:
        # Deeper sections become part of a chapter that has text of its own.
        merged: list[_Section] = []
        for section in sections:
            outer = merged[-1] if merged else None
            if outer and outer.title is not None and section.depth > outer.depth and not outer.has_only_headings:
                outer.blocks += section.blocks
            else:
                merged.append(section)
        sections = merged

    chapters: list[Chapter] = []
    for section in _merge_bare_headings(sections):
        omitted = Counter(block.omitted for block in section.blocks if block.omitted)
        section_warnings = (_OMITTED[kind][count > 1].format(count) for kind, count in omitted.items())
        pieces: list[str] = []
        notes: list[SpokenAs] = []
        offset = 0
        for block in section.blocks:
            if block.text and not block.omitted:
                notes += (replace(note, start=note.start + offset, end=note.end + offset) for note in block.notes)
                pieces.append(block.text)
                offset += len(block.text) + 2
        passage_warnings = (*section_warnings,) if chapters else (*warnings, *section_warnings)
        chapters.append(Chapter(section.title or title, Passage("\n\n".join(pieces), tuple(notes), passage_warnings)))
    return tuple(chapters)


def _merge_bare_headings(sections: Sequence[_Section]) -> list[_Section]:
    """The sections that have text; headings without text join the next deeper section, or else the previous one."""
    n_of_depth = Counter(section.depth for section in sections)
    merged: list[_Section] = []
    bare: list[_Section] = []

    def bare_blocks() -> list[Block]:
        blocks = [block for section in bare for block in section.blocks]
        bare.clear()
        return blocks

    for section in sections:
        is_deeper = bool(bare) and section.depth > bare[-1].depth
        if bare and not is_deeper and merged:
            merged[-1].blocks += bare_blocks()
        if section.has_only_headings:
            bare.append(section)
            continue
        # The only section of its depth is the title of the document, not that of a part.
        parts = [each.title for each in bare if is_deeper and n_of_depth[each.depth] > 1]
        titles = [title for title in (*parts, section.title) if title]
        section.title = one_line(", ".join(titles)) if titles else None
        section.blocks[:0] = bare_blocks()
        merged.append(section)
    if bare and merged:
        merged[-1].blocks += bare_blocks()
    elif bare:
        merged.append(_Section(bare[0].title, 1, bare_blocks()))
    return merged


def select_chapters(chapters: Sequence[Chapter], numbers: str) -> Sequence[Chapter]:
    """The chapters that "3", "3-5" or "3-" names, counted from 1.

    Raises:
        UsageError: it names none.
    """
    found = _CHAPTER_RANGE.fullmatch(numbers)
    if found is None:
        raise UsageError(f"--chapter must be a number or a range such as 3-5, not {numbers!r}.")
    first = int(found[1])
    last = int(found[3]) if found[3] else len(chapters) if found[2] else first
    if not 1 <= first <= last <= len(chapters):
        there = "is one chapter" if len(chapters) == 1 else f"are {len(chapters)} chapters"
        raise UsageError(f"There is no chapter {numbers.strip()}: there {there}; tts text chapters FILE lists them.")
    return chapters[first - 1 : last]


def join_chapters(chapters: Sequence[Chapter]) -> Passage:
    """The chapters as one passage, with a bookmark named by its title where each begins."""
    pieces: list[str] = []
    notes: list[Note] = []
    warnings: list[str] = []
    offset = 0
    for chapter in chapters:
        notes.append(Bookmark(offset, chapter.title))
        for note in chapter.passage.notes:
            if isinstance(note, (Pause, Bookmark)):
                notes.append(replace(note, start=note.start + offset))
            else:
                notes.append(replace(note, start=note.start + offset, end=note.end + offset))
        warnings += chapter.passage.warnings
        pieces.append(chapter.passage.text)
        offset += len(chapter.passage.text) + 2
    return Passage("\n\n".join(pieces), tuple(notes), tuple(dict.fromkeys(warnings)))


def language_tag(written: str | None) -> str | None:
    """A BCP 47 tag in lower case from a tag or an English name of a language; None where it is neither."""
    plain = (written or "").strip().replace("_", "-").lower()
    tag = _LANGUAGE_NAMES.get(plain, plain)
    return tag if _LANGUAGE_TAG.fullmatch(tag) and tag.split("-")[0] not in _NO_LANGUAGES else None


def same_language(one: str | None, other: str | None) -> bool:
    """Whether one tag is the other or includes it: en and en-us are the same, en-gb and en-us are not."""
    if one is None or other is None:
        return one == other
    return one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-")
