"""Plain text as paragraphs and headings, which only their words distinguish; and Markdown as the HTML it stands for."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from tts.documents.document import Block, one_line, remove_invisible
from tts.documents.markdown import render

_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
# A row of asterisks, dashes or the like between two scenes.
_SCENE_BREAK = re.compile(r"(?:[*•·~_=#—–-]\s*){3,}|[*•·#]\s*")
# Transcribers write italics between underscores.
_ITALICS = re.compile(r"(?<![\w_])_([^_]{1,400})_(?![\w_])")
_PICTURE = re.compile(r"\[Illustration(?::\s*([^\[\]]{1,500}))?\s*\]")
# The lines of a wrapped text are shorter than this.
_WIDE_LINE = re.compile(r"^[^\n]{121}", re.MULTILINE)
_LINE = re.compile(r"^[^\S\n]*\S", re.MULTILINE)

_TENS = "twenty|thirty|forty|fifty"
_CARDINALS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    f"eighteen|nineteen|{_TENS}"
)
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    "sixteenth|seventeenth|eighteenth|nineteenth|twentieth|last|erste[sr]?|zweite[sr]?|dritte[sr]?|vierte[sr]?|"
    "fünfte[sr]?|sechste[sr]?|siebe?n?te[sr]?|achte[sr]?|neunte[sr]?|zehnte[sr]?|elfte[sr]?|zwölfte[sr]?"
)
_NUMBER = (
    rf"(?:\d{{1,4}}|[IVXLCDM]{{1,9}}|[ivxlcdm]{{1,9}}|(?i:(?:the )?(?:(?:{_TENS})[ -])?(?:{_CARDINALS}|{_ORDINALS})))"
)
_PART_WORDS = "part|book|volume|teil|buch|band|partie|livre|tome|parte|libro|libr[oe]|tomo|deel"
_CHAPTER_WORDS = (
    "chapter|letter|stave|act|scene|canto|section|lesson|lecture|adventure|kapitel|brief|akt|chapitre|lettre|acte|scène|"
    "capítulo|capitulo|carta|acto|capitolo|lettera|atto|canto|hoofdstuk|rozdział|глава|κεφάλαιο|kapitola|kapitla"
)
_UNNUMBERED_WORDS = (
    "prologue|epilogue|preface|foreword|introduction|afterword|conclusion|postscript|interlude|dedication|"
    "acknowledgements?|acknowledgments?|author's note|vorwort|nachwort|einleitung|prolog|epilog|préface|avant-propos|"
    "épilogue|prólogo|epílogo|prefacio|introducción|prologo|epilogo|prefazione|introduzione"
)
# After the number: nothing, or a title that punctuation separates or that begins with a capital, a digit or a quote.
_TITLE = r"(?:\s*[.:—–-]+)?(?:\s+(?P<title>[\"“‘'«¿¡(]*[^\W_a-zà-öø-ÿ].{0,100}))?|\s*[.:—–-]+\s*(?P<parted>\S.{0,100})"
_NUMBERED = re.compile(rf"(?:(?P<part>(?i:{_PART_WORDS}))|(?i:{_CHAPTER_WORDS}))\s+{_NUMBER}(?:{_TITLE})\.?", re.DOTALL)
_ORDINAL = re.compile(
    rf"(?:[Tt]he |THE )?(?:\d{{1,3}}\.|(?i:{_ORDINALS}))\s+(?i:(?P<part>{_PART_WORDS})|{_CHAPTER_WORDS})[.:]?",
)
_UNNUMBERED = re.compile(rf"(?i:appendix|anhang|annexe|{_UNNUMBERED_WORDS})(?:\s+[A-Z\d])?[.:]?")
_LONGEST_HEADING = 160

_FRONT_MATTER = re.compile(
    r"(?P<rule>---|\+\+\+)[ \t]*\n(?P<lines>.*?)\n(?:(?P=rule)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_FRONT_MATTER_FIELD = re.compile(r"^(title|author|lang(?:uage)?)\s*[:=]\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST_FRONT_MATTER = 1 << 16


_BROKEN_WORD = re.compile(r"(?<=[^\W_])[-‐¬]\n(?=[^\W_])")
_SOFT_HYPHEN = re.compile("\xad[ \t]*(?:\r\n?|\n)[ \t]*(?=[^\\W_])")
_WORD_BEFORE = re.compile(r"[\w‐-]*[-‐¬]\Z")
_WORD_AFTER = re.compile(r"\w*")
_HYPHENATED = re.compile(r"\w+(?:[-‐]\w+)+")
# "two- and three-year", "Vor- und Nachteile".
_SUSPENDING = frozenset(("and", "or", "to", "und", "oder", "bzw", "et", "ou", "e", "o", "y"))
# A word that the hyphen joins to the next one, unless that is only a suffix; and the last but one of "mother-in-law".
_COMPOUNDED = frozenset(
    ("well", "self", "ill", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
)
_COMPOUNDED_WITHIN = frozenset(["a", "and", "at", "by", "for", "in", "of", "off", "on", "out", "the", "to", "up"])
_SUFFIXES = frozenset(["able", "er", "ers", "est", "ing", "ish", "ly", "ness", "th", "ed"])


def hyphenated_words(text: str) -> frozenset[str]:
    """The words of a text that are written with hyphens within a line, in lower case."""
    return frozenset(word.lower() for word in _HYPHENATED.findall(text))


def joined_at_hyphen(before: str, after: str, hyphenated: Container[str] = ()) -> str:
    """A line that ends with a hyphen, and the next one, as one text: a word that is split between them is joined.

    The hyphen stays before a capital or digit, in a word that the document has with it elsewhere (`hyphenated`), and in
    known compounds.
    """
    found = _WORD_BEFORE.search(before)
    first = found.group()[:-1].lower() if found else ""
    following = _WORD_AFTER.match(after)
    second = following.group().lower() if following else ""
    if second in _SUSPENDING:
        return f"{before} {after}"
    last = re.split("[-‐]", first)[-1]
    is_compound = (last in _COMPOUNDED and second not in _SUFFIXES) or (last != first and last in _COMPOUNDED_WITHIN)
    if not after[:1].islower() or is_compound or f"{first}-{second}" in hyphenated:
        return f"{before.removesuffix('¬').removesuffix('-').removesuffix('‐')}-{after}"
    return before[:-1] + after


def read_plain(text: str) -> Iterator[Block]:
    """The paragraphs of a text, between empty lines; where lines are not wrapped, every line is one.

    What looks like the heading of a part or chapter begins one.
    """
    text = remove_invisible(_SOFT_HYPHEN.sub("", text))
    # Lines are wrapped unless one in ten is longer than any page is wide.
    n_lines = sum(1 for _ in _LINE.finditer(text))
    is_wrapped = sum(1 for _ in _WIDE_LINE.finditer(text)) * 10 <= n_lines
    separator = _EMPTY_LINES if is_wrapped else re.compile(r"\n")
    hyphenated = hyphenated_words(text) if is_wrapped else frozenset()
    start = 0
    while start <= len(text):
        found = separator.search(text, start)
        paragraph = text[start : found.start() if found else len(text)]
        start = found.end() if found else len(text) + 1
        paragraph = _PICTURE.sub(lambda picture: picture[1] or "", _ITALICS.sub(r"\1", paragraph))
        paragraph = "\n".join(line.strip() for line in paragraph.strip().split("\n"))
        if is_wrapped and _BROKEN_WORD.search(paragraph):
            lines: list[str] = []
            for line in paragraph.split("\n"):
                if lines and _BROKEN_WORD.search(f"{lines[-1][-2:]}\n{line[:1]}"):
                    lines[-1] = joined_at_hyphen(lines[-1], line, hyphenated)
                else:
                    lines.append(line)
            paragraph = "\n".join(lines)
        if not paragraph or _SCENE_BREAK.fullmatch(paragraph):
            continue
        if depth := depth_of_heading(paragraph):
            title = " ".join(paragraph.split())
            yield Block(title, depth, chapter_title=one_line(title), chapter_depth=depth)
        else:
            yield Block(paragraph)


def depth_of_heading(paragraph: str) -> int:
    """1 for the heading of a part, 2 for that of a chapter, 0 for a paragraph that is neither.

    "CHAPTER I", "Chapter 3: The Sea", "PART TWO", "THE SECOND BOOK", "2. Kapitel", "Preface"; but not "Chapter 3 says
    that…", nor several in one paragraph, which are a table of contents.
    """
    if len(paragraph) > _LONGEST_HEADING or paragraph.count("\n") > 2:
        return 0
    lines = [line.strip() for line in paragraph.split("\n")]
    heading = " ".join(lines)
    if any(_match_heading(line) for line in lines[1:]):
        return 0
    found = _match_heading(heading)
    if found is None or heading.endswith((",", ";")):
        return 0
    return 1 if found.groupdict().get("part") else 2


def _match_heading(line: str) -> re.Match[str] | None:
    return _NUMBERED.fullmatch(line) or _ORDINAL.fullmatch(line) or _UNNUMBERED.fullmatch(line)


def markdown_to_html(text: str) -> tuple[str, dict[str, str]]:
    """Markdown (`tts.documents.markdown`) → HTML, and title, author and language from its front matter.

    Front matter is YAML or TOML of one line per field.

    Raises:
        TtsError: markdown-it-py is not installed.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, str] = {}
    if found := _FRONT_MATTER.match(text, 0, _LONGEST_FRONT_MATTER):
        fields = {key.lower(): value.strip("\"'") for key, value in _FRONT_MATTER_FIELD.findall(found["lines"])}
        if "lang" in fields:
            fields.setdefault("language", fields["lang"])
        text = text[found.end() :]
    return render(text), fields
