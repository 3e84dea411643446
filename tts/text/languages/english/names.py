"""English rules for abbreviations, names with Roman numerals, and postal addresses."""

from __future__ import annotations

import re

from tts.text.full_stops import stop_ends_sentence
from tts.text.languages.english import (
    AMBIGUOUS_STATES,
    CHAPTERS,
    DIRECTIONS,
    LEADING,
    NUMBERED,
    PLAIN_STREETS,
    RULERS,
    SAINTS,
    SENTENCE_STARTERS,
    STATES,
    STREETS,
    TITLES,
    TOWNS,
    TRAILING,
)
from tts.text.languages.english.numbers import cardinal, digits, ordinal, paired, spell
from tts.text.languages.language import Rule, roman_value, split_words
from tts.text.spoken import DIGITS, Pattern, either

_CLOSING = frozenset({"", ")", "]", "}"})


def kept_stop(found: re.Match[str]) -> str:
    """Give "." where the stop that a match ends with also ends its sentence and others follow; else nothing.

    At the very end of a text the stop belongs to the abbreviation, as nothing shows whether it is two stops in one.
    """
    text, after = found.string, found.end()
    if text[after - 1] != "." or text[after : after + 1] in _CLOSING or text[after : after + 40].isspace():
        return ""
    return "." if stop_ends_sentence(text, after - 1) else ""


# "Dr. Smith et al." is "Doctor Smith and others"; dotted letters become plain ones.
abbreviations = Rule("abbreviation")
# "No." is a word too, and so is "Ch.": only before a digit are these abbreviations.
_BEFORE_DIGITS = frozenset({"no", "nos", "nr", "art", "ed", "p", "pt", "bk", "ch", "ver"})
_DOTTED_LETTERS = r"(?<![\w.])[A-Za-z](?:\.[A-Za-z])+(?![\w.])"
_DOTTED = Pattern(_DOTTED_LETTERS)
_NAME_FOLLOWS = Pattern(r" ?[A-Z(\"']")
_PAIR_FOLLOWS = Pattern(r" (?:and|or) ")
# Small Roman numerals are words already.
_NUMBER_FOLLOWS = Pattern(
    r" ?(?:[0-9]|[IVXL]+\b|(?:(?:twen|thir)ty(?:-\w+)?|\w+teen|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve)\b)"
)


def _numbered(found: re.Match[str]) -> str:
    """Speak what stands before a number: "No. 5", "Fig. IV"; give nothing if it is none of these."""
    word, text, end = found[1], found.string, found.end()
    key = next((form for form in (word, word.capitalize(), word.lower()) if form in NUMBERED), "")
    if not key or not _NUMBER_FOLLOWS.match(text, end):
        return ""
    if word.lower() in _BEFORE_DIGITS and not text[end:].lstrip(" ")[:1].isdigit():
        return ""  # "No. I said no."
    spoken = NUMBERED[key]
    spoken = spoken.capitalize() if word[0].isupper() and word not in {"No", "Nos", "Nr"} else spoken
    return spoken if text[end] == " " else f"{spoken} "


_slashed = Rule("abbreviation", hint=Pattern("/"))
abbreviations.then(_slashed)


@_slashed.replaces(r"(?<![\w/])w/(?:o(?![\w/'])|(?= ?[a-z0-9]))")
def _with(found: re.Match[str]) -> str:
    return "without" if found.group().endswith("o") else "with"


# The letters of some initialisms are joined by a slash that nobody speaks.
_LETTER_PAIRS = "TCP/IP|AC/DC|HIV/AIDS|GNU/Linux|OS/2"


@_slashed.replaces(rf"(?<![\w/'.-])(?:(?!N/A)[A-Z]/[A-Z]|{_LETTER_PAIRS})(?![\w/']|-[A-Z])")
def _letters_with_slash(found: re.Match[str]) -> str:
    first, second = found.group().split("/")
    return f"{first}-{second}" if "A" in (first, second) else f"{first} {second}"


_slashed.replace(Pattern(r"(?<![\w/])(?:n/a|N/A)(?![\w/])"), "not applicable")
_slashed.replace(Pattern(r"(?<![\w/])c/o(?= [A-Z\"])"), "care of")


@abbreviations.replaces(r"\bPh\.? ?D\b\.?", needs=("Ph",))
def _degree(found: re.Match[str]) -> str:
    return "PhD" + kept_stop(found)


@abbreviations.replaces(r"\bet al\b\.?", needs=("et al",))
def _others(found: re.Match[str]) -> str:
    return "and others" + kept_stop(found)


# Any word with a stop; the tables decide.
@abbreviations.replaces(r"(?<![\w.])([A-Za-z](?:\.[A-Za-z]|[A-Za-z]){0,12})\.(?![\w.])", needs=".")
def _stopped(found: re.Match[str]) -> str:
    """Speak a word with a stop: a title, what leads to a number or an example, or what ends a name or a phrase."""
    word, text, end = found[1], found.string, found.end()
    if word in TITLES and (_NAME_FOLLOWS.match(text, end) or (len(word) < 6 and _PAIR_FOLLOWS.match(text, end))):
        return TITLES[word]
    if numbered := _numbered(found):
        return numbered

    lower, following = word.lower(), text[end : end + 2]
    # "e.g." and the like end no sentence; some are that only before a year or a name.
    leads = lower in LEADING and not (len(word) == 1 and word.isupper())
    if lower in {"c", "ca", "est"}:
        leads = leads and following[-1:].isdigit()
    elif lower == "v":
        leads = leads and following[-1:].isupper()
    if leads:
        return LEADING[lower].capitalize() if word[0].isupper() and not word.isupper() else LEADING[lower]

    if word in TRAILING:
        return TRAILING[word] + kept_stop(found)
    return spell(word.replace(".", "")) + kept_stop(found) if _DOTTED.match(word) else found.group()


# Words that lost their end in verse or dialect, and would be spelled: "over th' hills".
_elided = Rule("abbreviation", hint=Pattern(r"['’](?<=[hoiytIYT].) ?[A-Za-z]", needs="'’"))
abbreviations.then(_elided)
_elided.replace(
    Pattern(r"\b[Tt]h['’](?= ?[A-Za-z])(?!e\b)", needs=("h'", "h’")), lambda found: found.group()[0] + "he "
)
_elided.replace(Pattern(r"o'(?<=[a-z] o') (?=[a-z])|o'(?<=[a-z] o')(?= th)", needs=("o'",)), "of ")
_elided.replace(Pattern(r"\b([Ww])i' (?=[a-z])", needs=("i'",)), r"\1ith ")
_elided.replace(Pattern(r"([Yy])(?<!\w.)' (?=[a-z])", needs=("y'", "Y'")), r"\1ou ")
_elided.replace(Pattern(r"([Tt])(?<![\w'].)' (?=[a-z])", needs=("t'", "T'")), r"\1he ")
_elided.replace(
    Pattern(r"([iI])(?<![\w'].)' (?=th)", needs=("i'", "I'")), lambda found: "in " if found[1] == "i" else "In "
)

_inner_stops = Rule("abbreviation", hint=Pattern(r"\.[A-Za-z0-9]", needs="."))


@_inner_stops.replaces(r"(?<![\w.])([A-Za-z]{1,5})\.(?=[0-9]|[A-Z][a-z])", needs=".")
def _without_space(found: re.Match[str]) -> str:
    """Speak "No.5" and "Dr.Smith", where the space is missing."""
    if found.string[found.end()].isdigit():
        return _numbered(found) or found.group()
    return f"{TITLES[found[1]]} " if found[1] in TITLES else found.group()


@_inner_stops.replaces(_DOTTED_LETTERS, needs=".")
def _dotted_letters(found: re.Match[str]) -> str:
    return spell(found.group().replace(".", ""))


abbreviations.then(_inner_stops)


@abbreviations.replaces(
    r"\b(?:(Mr|Mrs|Ms|Dr|Messrs)(?= [A-Z])|(?<= )(Jr|Sr|Inc|Ltd|Corp|etc)\b(?!\.)|(vs|approx)\b(?!\.))",
    needs=("Mr ", "Mrs ", "Ms ", "Dr ", "Messrs ", " Jr", " Sr", " Inc", " Ltd", " Corp", " etc", "vs", "approx"),
)
def _without_stop(found: re.Match[str]) -> str:
    title, name, leading = found.groups()
    return TITLES[title] if title else TRAILING[name] if name else LEADING[leading]


_initials = Rule("abbreviation", hint=Pattern(r"[A-Z]\.", needs="."))
abbreviations.then(_initials)


@_initials.replaces(r"(?<![\w.'-])((?:[A-Z]\. ?){1,6})(?=[A-Z][a-z])", needs=".")
def _initials_of_a_name(found: re.Match[str]) -> str:
    """Speak the initials of a name, "J. R. R. Tolkien"; but "Plan B. Then we" is the end of a sentence."""
    written = found[1]
    stop = found.start() + len(written.rstrip()) - 1
    if written.endswith(" ") and stop_ends_sentence(found.string, stop):
        return found.group()
    letters = re.findall(r"[A-Z]", written)
    return re.sub(r"\bA ", "A-", " ".join(letters) + " ")


# Roman numerals behind a numbered thing ("Chapter IV"), a name ("Henry VIII", "Sam II"), by themselves below 50.
roman = Rule("roman")
_WORD_BEFORE = Pattern(r"(?:([A-Z][a-z]+)\.? )?([A-Za-z]+)\.? \Z")
_CROWNS = frozenset(split_words("King Queen Pope Emperor Empress Tsar Czar Sultan Pharaoh Antipope"))
_ARTICLES = frozenset(split_words("an An the The by via her his my"))
# "Chapter I says …" and "the part I play": a lone I before a word in small letters is the pronoun, but for wars.
_PRONOUN_FOLLOWS = Pattern(r"(?:'[a-z]| (?!(?:was|of|and|is|in|had|died|to|by|the|as|ended|began|until|at|on)\b)[a-z])")
_ANYTHING_FOLLOWS = Pattern(r"'|[ ]?\w")
_AGE_FOLLOWS = Pattern(r" (?:[Cc]entur(?:y|ies)|[Dd]ynasty|[Aa]rrondissement)\b")
_INFUSION_FOLLOWS = Pattern(
    r" (?:drip|fluids?|lines?|bags?|therapy|antibiotics?|medications?|access|catheter|push|needles?|pump|drugs?)\b"
)
_LETTERS_TOO = {"model": "VX", "factor": "X"}
# Behind these a single L or C is a numeral; elsewhere ("Appendix C") it is a letter.
_LONG_WORKS = frozenset({"chapter", "psalm", "canto", "verse", "page"})
roman.replace(Pattern(r"I(?<=[a-z] I) ?[-–] ?(?=[IVX]{2,}\b)", needs="-–"), "one to ")


@roman.replaces(r"([IVXLCDM](?<![\w.&/'-].)[IVXLCDM]*)(st|nd|rd|th)?(?![\w&/]|\.[A-Za-z]|'(?!s\b))")
def _numeral(found: re.Match[str]) -> str:
    written, value = found[1], roman_value(found[1])
    if value is None:
        return found.group()
    if found[2]:
        return ordinal(value) if len(written) > 1 and value < 50 else found.group()
    before = _WORD_BEFORE.search(found.string[max(0, found.start() - 32) : found.start()])
    if before is None:
        return _unnamed(found, value, "")
    title, word = before.groups()
    thing = word.lower().removesuffix("s") if word.lower() not in CHAPTERS else word.lower()
    if thing in CHAPTERS and (word[0].isupper() or len(written) > 1 or written == "I"):
        return cardinal(value) if _counts(found, word, thing) else written
    is_name = word in RULERS or (title in _CROWNS and word.istitle())
    is_pronoun = written == "I" and _PRONOUN_FOLLOWS.match(found.string, found.end())
    if is_name and not is_pronoun and set(written) <= set("IVX"):
        return f"the {ordinal(value)}"
    return _unnamed(found, value, word)


def _counts(found: re.Match[str], word: str, thing: str) -> bool:
    """Whether the numeral behind a numbered thing is one, and no letter or pronoun."""
    written = found[1]
    if written == "I":
        if word.islower():
            return not _ANYTHING_FOLLOWS.match(found.string, found.end())
        return thing == "war" or not _PRONOUN_FOLLOWS.match(found.string, found.end())
    if len(written) > 1:
        return True
    return (written in "VX" and written not in _LETTERS_TOO.get(thing, "")) or (
        written in "LC" and thing in _LONG_WORKS
    )


def _unnamed(found: re.Match[str], value: int, word: str) -> str:
    """Speak a numeral that only looks like one: two letters at least, and below fifty."""
    written, text, end = found[1], found.string, found.end()
    if len(written) < 2 or not set(written) <= set("IVXL") or value > 49:
        return written
    if _AGE_FOLLOWS.match(text, end):
        return ordinal(value)
    if word.istitle() and word not in SENTENCE_STARTERS and value < 20 and written != "XX":
        return ordinal(value)
    if written in {"XL", "XX", "XXX"} or (
        written == "IV" and (_INFUSION_FOLLOWS.match(text, end) or word in _ARTICLES)
    ):
        return written
    return cardinal(value)


_SHORT_CHAPTERS = frozenset(split_words("fig vol ch chap sec pt bk eq p pp"))


@roman.replaces(r"[ivx](?<= .)[ivx]{1,5}\b(?!['.]?[A-Za-z])")
def _small_numeral(found: re.Match[str]) -> str:
    value = roman_value(found.group().upper())
    before = _WORD_BEFORE.search(found.string[max(0, found.start() - 32) : found.start()])
    thing = before[2].lower().removesuffix("s") if before else ""
    return found.group() if value is None or thing not in CHAPTERS | _SHORT_CHAPTERS else cardinal(value)


# espeak-ng would call these "roman six": a number where something is enumerated, else letters ("the vi editor").
_SPELLED_NUMERALS = frozenset({"iv", "vi", "xi", "xv", "xx", "xxx"})


@roman.replaces(
    r"(?<![\w.'/-])(?:[ivx]{2,6}|xl[ivx]{1,4})(?![\w'/-]|\.[A-Za-z])",
    needs=("ii", "iv", "vi", "ix", "xi", "xv", "xx", "xl"),
)
def _lone_small_numeral(found: re.Match[str]) -> str:
    written, text = found.group(), found.string
    value = roman_value(written.upper())
    if value is None:
        return written
    is_enumerated = text[found.end() : found.end() + 1] == ")" or not text[: found.start()].strip()
    if written in _SPELLED_NUMERALS and not is_enumerated:
        return " ".join(written.upper())
    return cardinal(value)


# Addresses: "1428 Elm St." is "fourteen twenty-eight Elm Street", "St. Louis" "Saint Louis".
_SUFFIX = either(STREETS)
_DIRECTION = either(DIRECTIONS)
_NAME = r"(?:[A-Z][A-Za-z']*|[0-9]{1,3}(?:st|nd|rd|th))"
_SHORT_ORDINAL = Pattern(r"([0-9]{1,3})(?:st|nd|rd|th)")
_NEXT_NAME = Pattern(r" ([A-Z][a-z]{0,30})")
_HINT = either({word[:2] for word in (*STREETS, *STREETS.values(), "ST", "Box", "Way")})
addresses = Rule("address", hint=Pattern(rf"(?:{_HINT})|, [A-Z]{{2}}"))


def _street_name(written: str) -> str:
    return _SHORT_ORDINAL.compiled.sub(lambda found: ordinal(int(found[1])).capitalize(), written)


@addresses.replaces(
    rf"(?P<no>\b[Nn]o\. )?(?<![\w.,$-])(?P<number>[0-9]{{1,5}})(?P<letter>[A-Z]?) (?:(?P<direction>{_DIRECTION})\.? )?"
    rf"(?P<name>{_NAME}(?: {_NAME}){{0,2}})"
    rf" (?:(?P<suffix>{_SUFFIX})\b(?P<stop>\.?)|(?P<full>{either({*STREETS.values(), 'Way'})})\b)"
    rf"(?: (?P<side>{_DIRECTION})\b\.?(?=,|\Z))?",
    needs=DIGITS,
)
def _house(found: re.Match[str]) -> str:
    number = paired(found["number"], "zero") if len(found["number"]) < 5 else cardinal(int(found["number"]))
    letter = f" {found['letter']}" if found["letter"] else ""
    direction = f"{DIRECTIONS[found['direction']]} " if found["direction"] else ""
    street = found["full"] or STREETS[found["suffix"]] + kept_stop(found)
    side = f" {DIRECTIONS[found['side']]}" if found["side"] else ""
    no = f"{'N' if found['no'][0] == 'N' else 'n'}umber " if found["no"] else ""
    return f"{no}{number}{letter} {direction}{_street_name(found['name'])} {street}{side}"


@addresses.replaces(
    rf"\b(?P<name>[A-Z][a-z]+(?:'s)?|[0-9]{{1,3}}(?:st|nd|rd|th)) (?P<suffix>{_SUFFIX})\b(?!')(?P<stop>\.?)"
)
def _street(found: re.Match[str]) -> str:
    """Expand a street without a house number: St. and Dr. only where no name follows that they could belong to."""
    suffix, name = found["suffix"], found["name"]
    if suffix not in PLAIN_STREETS:
        following = _NEXT_NAME.match(found.string, found.end())
        continues = following is not None and following[1] not in SENTENCE_STARTERS
        if (
            continues
            or suffix not in {"St", "Dr", "Sq", "Ln"}
            or name in SENTENCE_STARTERS
            or (not found["stop"] and suffix == "Dr")
        ):
            return found.group()
    return f"{_street_name(name)} {STREETS[suffix]}{kept_stop(found)}"


_TOWN_BEFORE = Pattern(
    r"(?:\b(?P<where>[Ii]n|[Nn]ear|[Ff]rom|[Oo]utside|[Aa]round) )?(?:[A-Z][a-z.']+ ){0,2}(?P<town>[A-Z][a-z]+)\Z"
)
_DEGREES = frozenset(split_words("MA MD MS PA"))


@addresses.replaces(r"(?<=[a-z]), ([A-Z]{2})\b(?:(?= ([0-9]{5})(?:-[0-9]{4})?\b)|(?=[.,;:!?)]|\Z| [a-z]))")
def _state(found: re.Match[str]) -> str:
    """Speak the state behind a town; a code that is a word or a degree too ("OR", "MD") needs a sign of the town."""
    code = found[1]
    if code not in STATES:
        return found.group()
    before = _TOWN_BEFORE.search(found.string[max(0, found.start() - 48) : found.start()])
    if code in AMBIGUOUS_STATES and not found[2]:
        where = before["where"] if before else None
        is_in_town = where and (code not in _DEGREES or where.lower() != "from")
        if not before or not (is_in_town or before["town"] in TOWNS[code]):
            return found.group()
    elif not found[2] and (not before or before["town"] in SENTENCE_STARTERS):
        return found.group()
    return f", {STATES[code]}"


@addresses.replaces(
    rf"\b({either({*STATES.values(), *STATES})}) ([0-9]{{5}})(-[0-9]{{4}})?\b(?![,.]?[0-9])", needs=DIGITS
)
def _zip_code(found: re.Match[str]) -> str:
    more = f", {digits(found[3])}" if found[3] else ""
    return f"{found[1]} {digits(found[2])}{more}"


@addresses.replaces(r"\b(P\.? ?O\.? Box|PO Box) ([0-9]+)\b", needs=DIGITS)
def _box(found: re.Match[str]) -> str:
    return f"PO Box {digits(found[2]) if len(found[2]) > 4 else paired(found[2])}"


addresses.replace(Pattern(r"\b(?:St|ST)\.? (?=[A-Z][a-z])"), "Saint ")


# The same in small letters: "123 main st" is a street, "st louis" a saint, and "dr" a doctor where no number is.
_small_addresses = Rule("address")
_SMALL_STREETS = {short.lower(): name for short, name in STREETS.items() if short not in {"Av", "Sq", "Ter", "Cir"}}
_SMALL_DIRECTION = either(direction.lower() for direction in DIRECTIONS)
_SMALL_HINTS = tuple(f" {short}" for short in _SMALL_STREETS)
# Few texts have one of these words, and looking for them is cheaper than the patterns.
_SMALL_WORDS = frozenset(
    word + mark
    for word in (*_SMALL_STREETS, "rt", "rte", "Hwy", "Rt", "Rte")
    for mark in ("", ".", ",", ".,", ";", ":", "!", "?", ")", ".)", '"', '."')
)
small_addresses = Rule(
    "address", lambda text: text if _SMALL_WORDS.isdisjoint(text.text.split()) else _small_addresses(text)
)
_SMALL_SUFFIX = either(_SMALL_STREETS)
_NO_NAME = (
    r"(?!(?:a|an|the|and|or|of|to|in|is|at|on|for|by|with|from|my|your|his|her|our|their|its|this|that|was|are|were|has|had"
    r"|am|pm|st|nd|rd|th|ft|mg|kg|lb|sq|per|more|than)\b)"
)
_ENDS_ADDRESS = (
    r"(?=[,;:!?)]|\.(?:\s|\Z)|\.?(?:\Z|\n)"
    r"| (?:and|or|in|near|at|is|to|from|on|by|between|was|for|until|past|with|apt|unit|suite|ste|corner|before|after"
    r"|where|[nsew]|north|south|east|west|[A-Z])\b| #)"
)


def _small_stop(found: re.Match[str]) -> str:
    """The stop behind a short form, where it also ends the sentence."""
    return "." if found.string[found.end() - 1] == "." and kept_stop(found) else ""


@_small_addresses.replaces(
    rf"(?<![\w.,$:/-])(?P<number>[0-9]{{1,5}})(?P<letter>[a-z]?) (?:(?P<direction>{_SMALL_DIRECTION})\.? )?"
    rf"(?P<name>(?:{_NO_NAME}[a-z]{{2,}}|[0-9]{{1,3}}(?:st|nd|rd|th))(?: {_NO_NAME}[a-z']{{2,}}){{0,2}}?)"
    rf" (?P<suffix>{_SMALL_SUFFIX})\b(?: (?P<side>ne|nw|se|sw)\b|\.(?=,| [a-z0-9])|{_ENDS_ADDRESS}\.?)",
    needs=_SMALL_HINTS,
)
def _small_house(found: re.Match[str]) -> str:
    number = paired(found["number"], "zero") if len(found["number"]) < 5 else cardinal(int(found["number"]))
    letter = f" {found['letter'].upper()}" if found["letter"] else ""
    direction = f" {DIRECTIONS[found['direction'].upper()].lower()}" if found["direction"] else ""
    name = _SHORT_ORDINAL.compiled.sub(lambda short: ordinal(int(short[1])), found["name"])
    side = f" {DIRECTIONS[found['side'].upper()].lower()}" if found["side"] else ""
    return f"{number}{letter}{direction} {name} {_SMALL_STREETS[found['suffix']].lower()}{side}{_small_stop(found)}"


# Behind an ordinal or a name: "5th st", "park ave", "sunset blvd".
@_small_addresses.replaces(
    r"(?<![\w.,/-])(?P<number>[0-9]{1,3})(?:st|nd|rd|th) (?P<suffix>st|ave|blvd|rd|ln|ct|pl)\b(?!')\.?",
    needs=_SMALL_HINTS,
)
def _small_numbered_street(found: re.Match[str]) -> str:
    return f"{ordinal(int(found['number']))} {_SMALL_STREETS[found['suffix']].lower()}{_small_stop(found)}"


@_small_addresses.replaces(
    rf"(?<=[a-z] )(?<!\bthe )(?<!\ba )(?P<suffix>blvd|pkwy|hwy|expy|rd|ave|st)\b(?!')(?! [0-9])"
    rf"(?:\.(?=,| [a-z0-9])|{_ENDS_ADDRESS}\.?)",
    needs=(" blvd", " pkwy", " hwy", " expy", " rd", " ave", " st"),
)
def _small_street(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 24) : found.start() - 1].replace("-", " ").split(" ")
    if before[-1] in _NUMBER_WORDS:
        return found.group()  # the wrong ending of "11st"
    return f"{_SMALL_STREETS[found['suffix']].lower()}{_small_stop(found)}"


_small_addresses.replace(
    Pattern(r"\b(?:(?P<large>H)wy|hwy)\.? (?=[0-9])", needs=("wy ", "wy.")),
    lambda found: "Highway " if found["large"] else "highway ",
)
_small_addresses.replace(
    Pattern(r"\b(?:(?P<large>R)te?|rte?)\.? (?=[0-9]{1,3}\b)", needs=("Rt", "rt ", "rte")),
    lambda found: "Route " if found["large"] else "route ",
)
_NUMBER_WORDS = frozenset(cardinal(number) for number in (*range(20), *range(20, 100, 10)))
_SAINTS = either(SAINTS)
_small_addresses.replace(
    Pattern(rf"st(?<!\wst)(?<!\w[.'-]st)\.? (?=(?:{_SAINTS})(?:'?s)?\b)", needs=("st ", "st. ")), "saint "
)
_small_addresses.replace(
    Pattern(
        r"dr(?<!\wdr)(?<!(?:st|nd|rd|th) dr)(?:\.? (?=[a-z])|(?<=\bthe dr)|(?<=\bmy dr))(?!\w*=)",
        needs=("dr ", "dr. ", "the dr", "my dr"),
    ),
    lambda found: "doctor" + (" " if found.group().endswith(" ") else ""),
)
