"""Chapter headings in plain text, where nothing marks them but their words."""

from __future__ import annotations

import re

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
_HOLDING = "part|book|volume|teil|buch|band|partie|livre|tome|parte|libro|libr[oe]|tomo|deel"
_HELD = (
    "chapter|letter|stave|act|scene|canto|section|lesson|lecture|adventure|kapitel|brief|akt|chapitre|lettre|acte|scène|"
    "capítulo|capitulo|carta|acto|capitolo|lettera|atto|canto|hoofdstuk|rozdział|глава|κεφάλαιο|kapitola|kapitla"
)
_ALONE = (
    "prologue|epilogue|preface|foreword|introduction|afterword|conclusion|postscript|interlude|dedication|"
    "acknowledgements?|acknowledgments?|author's note|vorwort|nachwort|einleitung|prolog|epilog|préface|avant-propos|"
    "épilogue|prólogo|epílogo|prefacio|introducción|prologo|epilogo|prefazione|introduzione"
)
# Behind the number: nothing, or a title that is parted from it or begins with a capital, a digit or a quote.
_TITLE = r"(?:\s*[.:—–-]+)?(?:\s+(?P<title>[\"“‘'«¿¡(]*[^\W_a-zà-öø-ÿ].{0,100}))?|\s*[.:—–-]+\s*(?P<parted>\S.{0,100})"
_NUMBERED = re.compile(rf"(?:(?P<part>(?i:{_HOLDING}))|(?i:{_HELD}))\s+{_NUMBER}(?:{_TITLE})\.?", re.DOTALL)
_ORDINAL = re.compile(
    rf"(?:[Tt]he |THE )?(?:\d{{1,3}}\.|(?i:{_ORDINALS}))\s+(?i:(?P<part>{_HOLDING})|{_HELD})[.:]?",
)
_APPENDIX = re.compile(rf"(?i:appendix|anhang|annexe|{_ALONE})(?:\s+[A-Z\d])?[.:]?")
_LONGEST = 160


def depth_of_heading(paragraph: str) -> int:
    """1 for the heading of a part, 2 for that of a chapter, 0 for a paragraph that is neither.

    "CHAPTER I", "Chapter 3: The Sea", "PART TWO", "THE SECOND BOOK", "2. Kapitel", "Preface"; but not "Chapter 3 says
    that…", nor several in one paragraph, which are a table of contents.
    """
    if len(paragraph) > _LONGEST or paragraph.count("\n") > 2:
        return 0
    lines = [line.strip() for line in paragraph.split("\n")]
    whole = " ".join(lines)
    if any(_match(line) for line in lines[1:]):
        return 0
    found = _match(whole)
    if found is None or whole.endswith((",", ";")):
        return 0
    return 1 if found.groupdict().get("part") else 2


def _match(line: str) -> re.Match[str] | None:
    return _NUMBERED.fullmatch(line) or _ORDINAL.fullmatch(line) or _APPENDIX.fullmatch(line)
