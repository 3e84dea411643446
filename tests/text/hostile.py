"""Lines that nobody should have to read, made from a seed, and a check that reading them loses nothing in silence."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tts.errors import UsageError
from tts.text.passage import Passage
from tts.text.reading import Reading
from tts.text.segment import Segment

# Signs that lay a text out and are not read; what is invisible, a mark on a letter or punctuation is none that counts.
_LAYOUT = frozenset("*_~`#|^<>\\")
_COUNTED = ("L", "N", "S")


class Reader(Protocol):
    """What a frontend does here."""

    def segments(self, passage: Passage) -> Iterator[Segment]: ...

    def read(self, passage: Passage) -> Reading: ...


@dataclass
class Outcome:
    """What became of a line."""

    n_segments: int = 0
    refused: bool = False
    silent: set[str] = field(default_factory=set)
    """Characters that were neither read nor told."""
    slowest_segment: float = 0.0
    seconds: float = 0.0


def read_line(line: str, read: Callable[[str], Passage], frontend: Reader) -> Outcome:
    """Read a line to its phonemes. A UsageError is an answer; any other error is not caught."""
    outcome = Outcome()
    started = time.perf_counter()
    try:
        passage = read(line)
    except UsageError:
        outcome.refused = True
        return outcome
    position = 0
    last = time.perf_counter()
    for segment in frontend.segments(passage):
        assert not passage.text[position : segment.start].strip(), "segments leave out text"
        reading = frontend.read(passage.part(segment.start, segment.end))
        now = time.perf_counter()
        outcome.slowest_segment = max(outcome.slowest_segment, now - last)
        outcome.silent |= lost_in_silence(passage.text[segment.start : segment.end], reading)
        outcome.n_segments += 1
        position = segment.end
        last = time.perf_counter()
    assert not passage.text[position:].strip(), "segments leave out the end"
    outcome.seconds = time.perf_counter() - started
    return outcome


def lost_in_silence(text: str, reading: Reading) -> set[str]:
    """Give the letters, digits and symbols of a text that are in no word with phonemes, and in no warning."""
    read = bytearray(len(text))
    for word in reading.words:
        if reading.phonemes[word.first : word.last].strip():
            read[word.start : word.end] = b"\1" * (word.end - word.start)
    told = " ".join(reading.warnings)
    return {
        character
        for place, character in enumerate(text)
        if not read[place] and counts(character) and character not in told and f"U+{ord(character):04X}" not in told
    }


def counts(character: str) -> bool:
    """Tell whether a character should be read or told: a letter, a digit or a symbol that is not layout."""
    category = unicodedata.category(character)
    return category[0] in _COUNTED and category != "Sk" and character not in _LAYOUT


def hostile_lines(seed: int, n: int) -> Iterator[tuple[str, str]]:
    """Yield n lines, each with the name of its kind, all kinds alike often."""
    rng = random.Random(seed)
    for number in range(n):
        name, make = _KINDS[number % len(_KINDS)]
        yield name, make(rng)


def ssml_lines(seed: int, n: int) -> Iterator[tuple[str, str]]:
    """Yield n lines that claim to be SSML."""
    rng = random.Random(seed)
    for number in range(n):
        name, make = _SSML_KINDS[number % len(_SSML_KINDS)]
        yield name, make(rng)


def _joined(rng: random.Random, pieces: Sequence[str], most: int = 60, between: Sequence[str] = ("", " ")) -> str:
    return "".join(rng.choice(pieces) + rng.choice(between) for _ in range(rng.randint(1, most)))


def _planes(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(1, 40)))


def _assigned(rng: random.Random) -> str:
    """Characters of the basic plane that mean something, in short words."""
    letters = []
    while len(letters) < 60:
        character = chr(rng.randrange(0x20, 0x10000))
        if unicodedata.category(character)[0] in "LNSPM":
            letters += [character, rng.choice(["", "", " "])]
    return "".join(letters)


def _script(rng: random.Random) -> str:
    """A run of one block, as a text in one script is."""
    start = rng.choice(range(0xA0, 0x1F000, 0x40))
    return "".join(
        rng.choice([chr(start + rng.randrange(0x40)), chr(start + rng.randrange(0x40)), " "]) for _ in range(50)
    )


def _controls(rng: random.Random) -> str:
    controls = [
        chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F))
    ]
    controls += [*map(chr, range(0x2060, 0x2070)), "\ufeff", "\ufff9", "\ufffd", "\uffff", "\U000e0001", "\U000e0020"]
    return _joined(rng, [*controls, "word", "two", "3", "."], 50)


def _directions(rng: random.Random) -> str:
    return _joined(
        rng,
        [
            "\u200e",
            "\u200f",
            "\u202a",
            "\u202b",
            "\u202c",
            "\u202e",
            "\u2066",
            "\u2069",
            "שלום",
            "مرحبا",
            "abc",
            "12",
            "(",
            ")",
        ],
    )


def _stacked(rng: random.Random) -> str:
    marks = [
        chr(code)
        for code in (*range(0x300, 0x370), *range(0x483, 0x488), *range(0x1AB0, 0x1AC0), *range(0x20D0, 0x20F1))
    ]
    word = rng.choice(["hello", "a", "Zalgo text here", "5", "", " ", "ب", "क"])
    return "".join(
        letter + "".join(rng.choices(marks, k=rng.choice([0, 1, 5, 40]))) for letter in word or "x"
    ) + rng.choice(marks)


def _emoji(rng: random.Random) -> str:
    people = [
        "👨‍👩‍👧‍👦",
        "👩🏽‍🚀",
        "🏳️‍🌈",
        "🇩🇪",
        "🇺",
        "🏴\U000e0067\U000e0062\U000e007f",
        "1️⃣",
        "❤️",
        "❤",
        "☺︎",
        "🫠",
        "🪿",
        "👍🏿",
        "🏿",
        "\u200d",
        "\ufe0f",
    ]
    return _joined(rng, [*people, "ok", "!", "5", "👩", "🚀", chr(rng.randrange(0x1F300, 0x1FB00))], 25)


def _mixed(rng: random.Random) -> str:
    words = [
        "hello",
        "привет",
        "你好",
        "こんにちは",
        "안녕",
        "สวัสดี",
        "नमस्ते",
        "שלום",
        "سلام",
        "γειά",
        "ðæt",
        "ქართული",
        "አማርኛ",
        "ᏣᎳᎩ",
        "தமிழ்",
        "ꦗꦮ",
        "𓂀",
        "𝕳𝖊𝖑𝖑𝖔",
        "ﬁne",
        "Ⅷ",
        "①",
        "½",
        "٣",
        "५",
        "ｆｕｌｌ",
    ]
    return _joined(rng, words, 20, ["", " ", ", ", ". ", "-", "。", "/"])


def _brackets(rng: random.Random) -> str:
    return _joined(
        rng, [*"\"'“”‘’«»‹›()[]{}<>「」『』【】", "[[", "]]", "](/", "/)", "word", "no", ".", "?", "[pause", "1s]"], 50
    )


def _soup(rng: random.Random) -> str:
    return _joined(
        rng,
        [*"0123456789", *"0123456789", *"+-*/=%$€£#@&^~|\\:;.,!?°§©®™×÷≤∞√π", "e", "x", "kg", "1e9", "½", "²"],
        50,
        ["", "", " "],
    )


def _numbers(rng: random.Random) -> str:
    pieces = [
        "1,234,567.89",
        "1.2.3.4",
        "12/31/1999",
        "99/99/9999",
        "25:61",
        "$-5",
        "€1.000,00",
        "1-800-FLOWERS",
        "0x1F",
        "1e-300",
        "MCMXCIX",
        "3rd",
        "22th",
        "°C",
        "½kg",
        "00",
        "007",
        "9" * 40,
        "1.",
        ".5",
        "5.",
        "-",
        "–",
    ]
    return _joined(rng, pieces, 15)


def _addresses(rng: random.Random) -> str:
    pieces = [
        "http://",
        "www.",
        "a@b",
        "@",
        ".com",
        "/",
        "?q=1&r=2",
        "#x",
        "file.tar.gz",
        "C:\\dir\\",
        "~/.config",
        "${HOME}",
        "<b>",
        "</b>",
        "&amp;",
        "%20",
        "::",
        "->",
        "e.g.",
        "Dr.",
        "St.",
    ]
    return _joined(rng, pieces, 20)


def _markup(rng: random.Random) -> str:
    pieces = [
        "[word](/wɜːd/)",
        "[word](/",
        "[[həlˈoʊ]]",
        "[[",
        "]]",
        "[pause 0.5s]",
        "[pause 99999999s]",
        "[pause -1s]",
        "[pause]",
        "[a](http://b.c)",
        "\\[",
        "**bold**",
        "*",
        "# ",
        "- ",
        "1. ",
        "> ",
        "| a | b |",
        "```",
        "![x](y)",
        "word",
        "[](/a/)",
        "[ ](/a/)",
        "[x](//)",
        "[😀](/smaɪl/)",
    ]
    return _joined(rng, pieces, 20, ["", " ", "\n"])


def _surrogates(rng: random.Random) -> str:
    return _joined(rng, ["\ud83d", "\ude00", "\ud800", "\udfff", "word", "😀", "."], 30)


def _repeated(rng: random.Random) -> str:
    unit = rng.choice(
        [
            "a",
            "A",
            ".",
            "-",
            "1",
            " 1",
            "(",
            "a ",
            "!",
            "1.",
            "a.b",
            "é",
            "ß",
            "漢",
            "ก",
            "😀",
            "\u0301",
            "\u200d",
            "Mr. ",
            "I",
            "IV ",
            "$",
            "1/",
            "1:",
            "@a.",
            "x-",
            "’",
            "ha",
            "\t",
            "=",
            "&",
            "%",
            "½",
            "٣",
            "#",
        ]
    )
    return unit * rng.randint(1, 2000)


def _words(rng: random.Random) -> str:
    """Ordinary words in an extraordinary order."""
    pieces = [
        "the",
        "Dr.",
        "Mr",
        "U.S.",
        "No.",
        "read",
        "lead",
        "I",
        "a",
        "A",
        "it's",
        "’tis",
        "rock'n'roll",
        "AT&T",
        "iOS",
        "C++",
        "e-mail",
        "co-op",
        "naïve",
        "3rd",
        "5kg",
        "p.m.",
        "etc.",
        "—",
        "…",
        "?!",
        ";",
        "vs.",
        "Ph.D.",
        "X",
        "II",
        "O'Neil",
        "10%",
    ]
    return _joined(rng, pieces, 60, [" ", " ", "", "\n", "  ", "\u00a0"])


_KINDS: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("planes", _planes),
    ("assigned", _assigned),
    ("script", _script),
    ("controls", _controls),
    ("directions", _directions),
    ("stacked", _stacked),
    ("emoji", _emoji),
    ("mixed", _mixed),
    ("brackets", _brackets),
    ("soup", _soup),
    ("numbers", _numbers),
    ("addresses", _addresses),
    ("markup", _markup),
    ("surrogates", _surrogates),
    ("repeated", _repeated),
    ("words", _words),
)


def _bomb(rng: random.Random) -> str:
    levels = rng.randint(2, 12)
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE speak [<!ENTITY a0 "ha">{entities}]><speak>&a{levels - 1};</speak>'


def _outside(rng: random.Random) -> str:
    target = rng.choice(["file:///etc/passwd", "http://localhost:1/", "/dev/zero", "php://x"])
    kind = rng.choice(["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"]).format(target)
    return f"<!DOCTYPE speak [{kind}]><speak>&x;</speak>"


def _broken(rng: random.Random) -> str:
    whole = _tags(rng)
    place = rng.randrange(len(whole))
    return rng.choice([whole[:place], whole[place:], whole[:place] + rng.choice("<>&\"'\0\x1b\ud800") + whole[place:]])


def _tags(rng: random.Random) -> str:
    opened: list[str] = []
    pieces = ["<speak>"]
    for _ in range(rng.randint(1, 30)):
        tag, attributes = rng.choice(_TAGS)
        move = rng.random()
        if move < 0.4:
            pieces.append(
                rng.choice(
                    ["Hello there.", "5", "a", " ", "😀", "&amp;", "&#65;", "Dr. No", "<!-- x -->", "<![CDATA[<b>]]>"]
                )
            )
        elif move < 0.7 and opened:
            pieces.append(f"</{opened.pop()}>")
        else:
            value = rng.choice(_VALUES)
            written = " ".join(
                f'{attribute}="{value if rng.random() < 0.7 else rng.choice(_VALUES)}"' for attribute in attributes
            )
            pieces.append(f"<{tag} {written}{'/' if tag in {'break', 'mark'} else ''}>")
            opened += [] if tag in {"break", "mark"} else [tag]
    pieces += [f"</{tag}>" for tag in reversed(opened)]
    return "".join([*pieces, "</speak>"])


_TAGS = (
    ("p", ()), ("s", ()), ("break", ("time",)), ("break", ("strength",)), ("break", ()), ("mark", ("name",)),
    ("say-as", ("interpret-as",)), ("say-as", ("interpret-as", "format")), ("phoneme", ("ph",)),
    ("phoneme", ("alphabet", "ph")), ("sub", ("alias",)), ("prosody", ("rate",)), ("prosody", ("pitch", "volume")),
    ("emphasis", ("level",)), ("voice", ("name",)), ("lang", ("xml:lang",)), ("audio", ("src",)), ("x:y", ("z",)),
    ("w", ("role",)), ("speak", ()),
)  # fmt: skip
_VALUES = (
    "", "x", "500ms", "1s", "-1s", "1e99s", "99999h", "weak", "x-strong", "fast", "+10%", "-100%", "0%", "1e400%", "+5st",
    "NaN", "inf", "date", "cardinal", "characters", "telephone", "ipa", "x-sampa", "həlˈoʊ", "de", "zz-ZZ", "😀", "&lt;",
    "heart", "..", "\u202e", "strong", "mdy", "٣",
)  # fmt: skip


def _deep(rng: random.Random) -> str:
    depth = rng.choice([10, 200, 3000])
    tag = rng.choice(["p", "prosody rate='fast'", "emphasis", "x", "lang xml:lang='de'"])
    return f"<speak>{f'<{tag}>' * depth}deep{f'</{tag.split()[0]}>' * depth}</speak>"


def _plain(rng: random.Random) -> str:
    return f"<speak>{_soup(rng).replace('&', '&amp;').replace('<', '&lt;')}</speak>"


def _hostile_content(rng: random.Random) -> str:
    return f"<speak><s>{rng.choice(_KINDS)[1](rng)}</s></speak>"


_SSML_KINDS: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    ("bomb", _bomb),
    ("outside", _outside),
    ("broken", _broken),
    ("tags", _tags),
    ("deep", _deep),
    ("soup in SSML", _plain),
    ("hostile in SSML", _hostile_content),
)
