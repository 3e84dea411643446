"""The rules of English in their order, and those for signs and for addresses on the internet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from tts.text.characters import tidy
from tts.text.languages.characters import emoji, unreadable
from tts.text.languages.english import ADDRESS_SIGNS, DOUBLED, SIGN_NAMES, dates, formulas, measures, names, numbers
from tts.text.languages.english.numbers import cardinal, digits, year
from tts.text.languages.language import BEYOND_ASCII, Language, Rule, split_words
from tts.text.languages.tags import key_combinations, tags
from tts.text.spoken import Pattern

# Addresses on the internet, file names, handles, hashtags: "a.bc@gmail.com" becomes "a dot BC at gmail dot com".
electronic = Rule("electronic", needs="@#:/.\\", hint=Pattern(r"[@#]|:/|\w\.\w|/\w|\.[A-Za-z]|\\"))
_TOP_LEVEL = (
    "com|org|net|edu|gov|mil|int|io|ai|app|dev|info|biz|me|tv|co|uk|us|ca|de|fr|it|es|nl|ch|at|se|no|jp|cn|in|au|nz|eu"
    "|ie|be|br|dk|fi|gr|hu|kr|mx|pl|pt|ru|tr|ua|za|xyz|online|store|shop|blog|news|museum"
)
_FILE_TYPES = (
    "pdf|html?|txt|docx?|xlsx?|pptx?|csv|tsv|json|xml|ya?ml|toml|ini|py|js|ts|css|md|jpe?g|png|gif|svg|tiff?|mp[34]|wav"
    "|flac|ogg|opus|zip|gz|tgz|tar|exe|dll|sh|cpp|java|rs|log|cfg|epub"
)
_EMAIL = r"(?:mailto:)?[\w+](?:[\w.+%=~&!'-]{0,62}[\w+-])?@[\w-]+(?:\.[\w-]+)+"
_URL = r"(?:https?|ftp|file|ssh|git)://[^\s<>\"]+|www\.[^\s<>\"]+"
_HOST = r"(?:localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3}):[0-9]{2,5}(?:/[^\s<>\"]*)?"
_DOMAIN = (
    rf"[a-zA-Z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,8}}\.(?:(?:{_TOP_LEVEL})(?::[0-9]{{1,5}})?(?:/[^\s<>\"]*)?"
    rf"|{_FILE_TYPES})(?![\w@])"
)
_TRAILING_MARKS = Pattern(r"[.,;:!?)\]}'*_-]{1,40}\Z")
_ADDRESS_PARTS = Pattern(r"[A-Za-z]+|[0-9]+|[^\W\d_]+|[\W_]")
_WORDS_OF_PARTS = {
    **{"jpg": "jpeg", "png": "PNG", "json": "jason", "yml": "yaml"},
    # What would be an abbreviation elsewhere; "etc" is "et cetera" for espeak-ng too.
    **{"etc": "E T C", "approx": "A-P-P-R-O-X", "inc": "inc", "ltd": "LTD", "corp": "corp"},
    **{"jr": "JR", "sr": "SR", "vs": "VS", "ii": "I I", "iii": "I I I", "iv": "I V", "vi": "V I"},
}
_READ_AS_WORDS = frozenset({"jpeg", "gmail", "gif"})
_COUNTRIES = frozenset(split_words("de fr it us io ai eu uk es at se be ie ua za au no"))
_VOWELS = frozenset("aeiouy")


def _address_part(part: str) -> str:
    if part.isdecimal():
        round_number = len(part) in range(4, 7) and part.endswith("000") and part[0] != "0"
        return cardinal(int(part)) if round_number else digits(part)
    if not part.isascii():
        return part
    if not part[0].isalpha():
        return ADDRESS_SIGNS.get(part, "")
    lower = part.lower()
    if lower in _READ_AS_WORDS:
        return lower
    if lower in _WORDS_OF_PARTS:
        return _WORDS_OF_PARTS[lower]
    if part.isupper() or len(part) == 1:
        return part
    # Two letters (country codes) and what has no vowel are spelled; espeak-ng spells what is in capitals.
    return part.upper() if lower in _COUNTRIES or (not _VOWELS & set(lower) and len(part) <= 5) else part


def _address_words(address: str) -> str:
    """The words of an address, every mark of it by its name."""
    return " ".join(word for word in map(_address_part, _ADDRESS_PARTS.compiled.findall(address)) if word)


_FILE_NAME = (
    rf"[\w+-]+(?:\.[\w+-]+)*\.(?:{_FILE_TYPES}|c|h|hpp|go|rb|php|jsx|tsx|java|lock|conf|env|bak|tmp|db|sql|bat|so)"
)


@electronic.replaces(r"(?<![\w/.<])(?:~|\.{1,2})?(?:/[\w.+-]+){2,}/?", re.ASCII, needs="/")
@electronic.replaces(r"(?<![\w/.<])~/[\w.+-]+/?(?![\w/])", re.ASCII, needs="/")
@electronic.replaces(
    r"(?<![\w/.<])/(?:etc|usr|var|tmp|home|opt|dev|bin|lib|root|mnt|proc|sys|srv|boot)/?(?![\w/]|\.\w)",
    re.ASCII,
    needs="/",
)
@electronic.replaces(
    rf"(?<![\w@/\\.+:-])(?:\.{{1,2}}/|~/)?(?:[\w.+-]{{1,64}}/){{1,16}}{_FILE_NAME}(?::[0-9]{{1,6}}){{0,2}}(?![\w@])",
    re.ASCII,
    needs="/",
)
@electronic.replaces(r"(?<![\w/\\])[A-Za-z]:/(?:[\w.+-]+/)*[\w.+-]+/?", re.ASCII, needs=(":/",))
@electronic.replaces(r"(?<![\w\\])(?:[A-Za-z]:|\\)\\(?:[\w.+-]+\\)*[\w.+-]*", re.ASCII, needs="\\")
@electronic.replaces(
    rf"(?<![^\s(\"'])\.(?:{_FILE_TYPES}|git\w*|bash\w*|zsh\w*|vim\w*|ssh|env|config|profile|local|cache|htaccess|npmrc)(?![\w@.])",
    re.ASCII,
    needs=".",
)
@electronic.replaces(rf"(?<![\w@/.+-])(?:{_EMAIL}|{_URL}|{_HOST}|{_DOMAIN})", re.ASCII, needs=".:@")
def _address_or_path(found: re.Match[str]) -> str:
    """Speak an address but for the marks behind it, which belong to the sentence."""
    written = found.group()
    marks = _TRAILING_MARKS.compiled.search(written, max(0, len(written) - 40))
    tail = marks.group() if marks else ""
    # A bracket that the address opens is closed by it: "…/C_(language)".
    for opening, closing in ("()", "[]"):
        is_open = written.count(opening, 0, len(written) - len(tail)) > written.count(
            closing, 0, len(written) - len(tail)
        )
        if is_open and closing in tail:
            tail = tail[tail.index(closing) + 1 :]
    address = written[: len(written) - len(tail)]
    return _address_words(address) + tail if address else written


@electronic.replaces(r"(?<![\w#&])#([0-9A-Fa-f]{6})(?!\w)", needs="#")
def _color(found: re.Match[str]) -> str:
    letters = " ".join(digits(character) if character.isdigit() else character.upper() for character in found[1])
    return "hash " + re.sub(r"\bA (?=[A-Za-z])", "A-", letters)


# "#A12-B" and "SN#4711" are numbers of something: what follows mixes capitals and digits, or is digits behind letters.
electronic.replace(
    Pattern(r"(?<![a-z0-9_#&])#(?=(?:[A-Z]{1,4}-?[0-9]|[0-9]{1,8}[A-Z-])(?:-?[A-Z0-9])*(?![\w/]))", needs="#"),
    lambda found: " number " if found.string[found.start() - 1 : found.start()].isalpha() else "number ",
)
electronic.replace(
    Pattern(r"(?<=[A-Z])#(?P<digits>[0-9]+)(?![\w/]|[.,][0-9])", needs="#"),
    lambda found: f" number {digits(found['digits']) if len(found['digits']) > 2 else found['digits']}",
)
_YEAR_BEHIND = re.compile(r"(?<=[A-Za-z])(?:19|20)[0-9]{2}\Z")


@electronic.replaces(r"(?<![\w@#])([@#])(?=_{0,8}[A-Za-z])(\w+)(#?)", re.ASCII, needs="@#")
def _handle(found: re.Match[str]) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found[2])
    behind = _YEAR_BEHIND.search(name)
    number = f" {year(int(behind.group()))}" if behind else ""
    name = name[: behind.start()] if behind else name
    after = " hash" if found[3] else ""
    return f"{'at' if found[1] == '@' else 'hash'} {_address_words(name)}{number}{after}"


electronic.replace(Pattern(r"(?<![\w.])\.(?=[A-Z]{2,}\b)", needs="."), "dot ")


# A sign by itself in quotes is meant as one: "Press '_' twice." It has its own name there, not "at" or "and".
quoted_signs = Rule("symbol", needs={*"\"'`", BEYOND_ASCII})
_QUOTED_NAMES = {
    **{sign: name for sign, name in ADDRESS_SIGNS.items() if sign not in "'"},
    **{".": "period", "-": "hyphen", "=": "equals sign", "$": "dollar sign", "%": "percent sign", "@": "at sign"},
    **{"+": "plus sign", "<": "less than sign", ">": "greater than sign", "`": "backtick", '"': "quotation mark"},
    **{"'": "apostrophe", "€": "euro sign", "£": "pound sign", "°": "degree sign", "—": "dash", "–": "dash"},
}
_QUOTABLE = re.escape("".join(_QUOTED_NAMES))
_SIGN_KEYS = r"key|keys|button|character|characters|symbol|symbols|sign|signs"
_ONLY_STOPS = frozenset(".,!?-—–")


def _quoted_sign(found: re.Match[str]) -> str:
    """Name each sign of what is in quotes; only stops ("?!", "...") mean silence or surprise."""
    quoted = found["signs"]
    if len(quoted) > 1 and (set(quoted) <= _ONLY_STOPS or not set(quoted).isdisjoint("'\"`")):
        return found.group()
    return f"{found['open']}{' '.join(map(_QUOTED_NAMES.__getitem__, quoted))}{found['close']}"


for _open, _close in (("'", "'"), ('"', '"'), ("‘", "’"), ("“", "”"), ("`", "`"), ("«", "»")):
    quoted_signs.replace(
        Pattern(rf"(?<!\w)(?P<open>{_open})(?P<signs>[{_QUOTABLE}]{{1,3}})(?P<close>{_close})(?!\w)", needs=_open),
        _quoted_sign,
    )


# What is named as a key or typed is a sign as well: "Press _ twice", "the # key".
typed_signs = Rule("symbol", needs={*"_*|~^#\\<>/"})
typed_signs.replace(
    Pattern(
        rf"(?:(?P<before>\b(?:[Pp]ress|[Tt]ype|[Hh]it|[Ee]nter) (?:the |an? )?)(?P<sign>[_*|~^#\\<>/])"
        r"(?=[.,;!?]? |[.,;!?]?\Z)"
        rf"|(?P<the>\b(?:[Tt]he|[Aa]n?|[Oo]ne|[Ee]ach) )(?P<key>[_*|~^#\\<>/])(?= (?:{_SIGN_KEYS})\b))"
    ),
    lambda found: f"{found['before'] or found['the']}{_QUOTED_NAMES[found['sign'] or found['key']]}",
)


# Stretched words: "Sooooo" is "So", "goooood" is "good"; of a word without vowels two stay ("Shhhh").
stretched = Rule("text", hint=Pattern(r"(?i:([a-z])\1\1)"))
_LETTER_RUN = Pattern(r"([A-Za-z])\1+", re.IGNORECASE)


@stretched.replaces(
    r"(?<![\w.@/#&-])(?![ivxlcdm]+\b|[IVXLCDM]+\b|[Ww]{3}\b|[Zz]{3}\b|[Xx]{3}\b|[Aa]{3}s?\b|IEEE\b)[A-Za-z]*([A-Za-z])(?i:\1){2}[A-Za-z]*(?![\w@/]|\.[a-z])"
)
def _stretched_word(found: re.Match[str]) -> str:
    written = found.group()
    if not _VOWELS & set(written.lower()):
        return re.sub(r"(?i)([a-z])\1{2,}", lambda run: run.group()[:2], written)
    once = re.sub(r"(?i)([a-z])\1{2,}", r"\1", written)
    twice = re.sub(r"(?i)([a-z])\1{2,}", r"\1\1", written)
    if twice.lower() in DOUBLED:
        return twice
    # Other letters may have been doubled only to stretch it ("heyyy"), or belong to it ("looong").
    return once if len(once) > 1 else twice


# The keys of a keyboard that are written short.
_KEYS = {
    **{"Ctrl": "Control", "Strg": "Control", "Cmd": "Command", "Win": "Windows", "Opt": "Option"},
    **{"Esc": "Escape", "Del": "Delete", "Ins": "Insert", "PgUp": "Page Up", "PgDn": "Page Down", "Bksp": "Backspace"},
}

# The operators of an equation or comparison, "1-2=5", where a hyphen is surely a minus.
equations = Rule("math", needs="=<>×÷")
_OPERATORS = {
    **{"=": "equals", "+": "plus", "-": "minus", "*": "times", "/": "divided by", "^": "to the power of"},
    **{"<": "is less than", ">": "is greater than"},
}
_COMPARISONS = {"<=": "is at most", ">=": "is at least", "!=": "is not equal to", "==": "equals"}
_TERM = r"(?:[0-9]+(?:\.[0-9]+)?|[a-zA-Z]\b|\.[0-9]+)[a-z]?"
_POWER = r"(?<=[\w)])\^(?:\(?([+-]?[0-9]+)\)?|([a-z])\b)"


@equations.replaces(" ?([×÷]) ?", needs="×÷")
def _product(found: re.Match[str]) -> str:
    return " times " if found[1] == "×" else " divided by "


equations.replace(Pattern(r"(?<=[0-9]) ?[xX] ?(?=[0-9.]+ ?=)", needs="xX"), " times ")


@equations.replaces(" ?(<=|>=|!=|==)(?!=) ?", needs="=")
def _comparison(found: re.Match[str]) -> str:
    return f" {_COMPARISONS[found[1]]} "


@equations.replaces(rf"(?<![\w.-])-?{_TERM}(?: ?[-+*/=<>^] ?-?{_TERM})+(?![\w/-])", needs="=<>")
def _equation(found: re.Match[str]) -> str:
    written = found.group()
    if not any(mark in written for mark in "=<>"):
        return written
    written = re.sub(_POWER, _power, written)
    spaced = re.sub(r" ?([-+*/=<>^]) ?", lambda operator: f" {_OPERATORS[operator[1]]} ", written)
    return re.sub(r"\bA (?=[a-z])", "A-", spaced).strip()


# "x^2" is "x squared", "2^10" "two to the power of ten"; and Greek letters by themselves.
powers = Rule("math", needs={"^", BEYOND_ASCII})


@powers.replaces(_POWER, needs="^")
def _power(found: re.Match[str]) -> str:
    if found[2]:
        return f" to the power of {found[2]}"
    value = int(found[1][:40])
    return {2: " squared", 3: " cubed"}.get(value) or f" to the power of {cardinal(value)}"


@powers.replaces(r"(?<![^\W\d_])[Α-ΡΣ-Ωα-ω](?![^\W\d_])")
def _greek_letter(found: re.Match[str]) -> str:
    space = " " if found.string[found.start() - 1 : found.start()].isdigit() else ""
    return space + unicodedata.name(found.group()).split()[-1].lower()


# Signs that are read aloud by name; those of markup are removed, others are named in `left_out`.
signs = Rule("symbol", needs={*"@%&=+<>*_|~^#/\\`", BEYOND_ASCII})
_NAMES = {
    **{"&": "and", "@": "at", "%": "percent", "‰": "per mille", "±": "plus or minus", "§": "section", "§§": "sections"},
    **{"©": "copyright", "°": "degrees", "=": "equals", "+": "plus", "\\": "backslash"},
}
_UNSPOKEN = Pattern(r"[#<>~^]+", needs="#<>~^")
_NOISE = Pattern(r"\b(?:sign|with|symbol|n-ary)\b ?")
signs.replace(Pattern(r"\b([A-G])#(?!\w)", needs="#"), r"\1 sharp")
signs.replace(Pattern(r"(?<![\w*])\*{1,3}(?=\S)([^*\n]{1,300}?)(?<=\S)\*{1,3}(?![\w*])", needs="*"), r"\1")


@signs.replaces(r"(?<=[\w%)]) ?(\+) ?(?=[\w(])|(?<=[\w%)]) ([*^]) (?=[\w(])", needs="+*^")
def _sum(found: re.Match[str]) -> str:
    return f" {_OPERATORS[found[1] or found[2]]} "


signs.replace(Pattern(r"(?<=\w)\*(?=\w)", needs="*"), " asterisk ")


@signs.replaces(r"(?<=[\w%)]) ([=<>]) (?=[\w(\-])", needs="=<>")
def _spaced_operator(found: re.Match[str]) -> str:
    return f" {_OPERATORS[found[1]]} "


@signs.replaces(r"(?<!\w)([<>]) ?(?=[0-9$£€.]|[a-z]+ )", needs="<>")
def _compared(found: re.Match[str]) -> str:
    return "less than " if found[1] == "<" else "more than "


signs.replace(Pattern(r"(?<=\w) / (?=\w)", needs="/"), " slash ")


@signs.replaces("§§|[&@%‰±§©°=+\\\\]")
def _named_sign(found: re.Match[str]) -> str:
    return f" {_NAMES[found.group()]} "


signs.replace(Pattern(r"[*_|`]+|(?<![\w#])#+(?=\s)|~~+|#(?=\w)|(?<=\w)#", needs="*_|`#~"), " ")
signs.then(lambda text: text.drop(_UNSPOKEN))


@lru_cache(4096)
def _sign_name(character: str) -> str:
    """The name of a sign of mathematics or money, rare ones by Unicode's; other characters stay."""
    if character in SIGN_NAMES:
        return f" {SIGN_NAMES[character]} "
    if unicodedata.category(character) not in {"Sm", "Sc"}:
        return character
    return f" {_NOISE.compiled.sub('', unicodedata.name(character).lower()).strip()} "


signs.replace(Pattern(r"[^\x00-\x7f]"), lambda found: _sign_name(found.group()))


class English(Language):
    """English; dates in digits are month first only in America ("en", "en-us", "en-us-nyc")."""

    def rules(self) -> Sequence[Rule]:
        # What needs the most context goes first: once a date or a price is words, no later rule can read its digits as
        # a plain number. Years come after measures, because "1980 kg" is no year.
        return (
            emoji("en", "symbol"),
            tags,
            stretched,
            formulas.formulas,
            quoted_signs,
            Rule("text", tidy),
            typed_signs,
            key_combinations(_KEYS),
            electronic,
            measures.dimensions,
            equations,
            dates.day_ranges,
            dates.dates(day_first=self.code not in {"en", "en-us", "en-us-nyc"}),
            dates.times,
            numbers.telephone,
            measures.money,
            names.addresses,
            names.small_addresses,
            measures.measures,
            measures.rates,
            powers,
            names.roman,
            names.abbreviations,
            numbers.paired_numbers,
            numbers.paragraphs,
            numbers.ordinals,
            numbers.fractions,
            numbers.serials,
            dates.years,
            numbers.plain_numbers,
            numbers.remaining_digits,
            signs,
            Rule("script", needs={BEYOND_ASCII}, hint=Pattern("[ıŉſ\u0180-\U0010ffff]")).then(unreadable("en")),
        )
