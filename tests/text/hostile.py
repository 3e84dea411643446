"""Hostile lines made from a seed (text, also with inline markup, and would-be SSML), and how they are read.

It is checked that every letter, digit and symbol of a line is in a word with phonemes or named in a warning.
"""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tts.errors import UsageError
from tts.text.frontend import Frontend
from tts.text.passage import Passage
from tts.text.reading import Reading, is_readable


@dataclass
class Outcome:
    """The result of reading a line."""

    n_segments: int = 0
    refused: bool = False
    silent: set[str] = field(default_factory=set)
    """Characters that were neither read nor named in a warning."""
    slowest_segment: float = 0.0
    seconds: float = 0.0


def read_line(line: str, read: Callable[[str], Passage], frontend: Frontend) -> Outcome:
    """Read a line to its phonemes. A UsageError is a valid answer; any other error is not caught."""
    outcome = Outcome()
    started = time.perf_counter()
    try:
        passage = read(line)
    except UsageError:
        outcome.refused = True
        return outcome
    position = 0
    last = time.perf_counter()
    for segment, reading in frontend.read_sentences(passage):
        assert not passage.text[position : segment.start].strip(), "segments leave out text"
        now = time.perf_counter()
        outcome.slowest_segment = max(outcome.slowest_segment, now - last)
        outcome.silent |= unread_characters(passage.text[segment.start : segment.end], reading)
        outcome.n_segments += 1
        position = segment.end
        last = time.perf_counter()
    assert not passage.text[position:].strip(), "segments leave out the end"
    outcome.seconds = time.perf_counter() - started
    return outcome


def unread_characters(text: str, reading: Reading) -> set[str]:
    """Return the letters, digits and symbols of a text that are in no word with phonemes, and in no warning."""
    read = bytearray(len(text))
    for word in reading.words:
        if reading.phonemes[word.first : word.last].strip():
            read[word.start : word.end] = b"\1" * (word.end - word.start)
    warnings = " ".join(reading.warnings)
    return {
        character
        for i, character in enumerate(text)
        if not read[i]
        and is_readable(character)
        and character not in warnings
        and f"U+{ord(character):04X}" not in warnings
    }


Make = Callable[[random.Random], str]


def hostile_lines(seed: int, n: int) -> Iterator[tuple[str, str]]:
    """Yield n lines, each with the name of its kind, all kinds alike often."""
    return _lines(_KINDS, seed, n)


def ssml_lines(seed: int, n: int) -> Iterator[tuple[str, str]]:
    """Yield n lines that claim to be SSML."""
    return _lines(_SSML_KINDS, seed, n)


def _lines(kinds: Sequence[Make], seed: int, n: int) -> Iterator[tuple[str, str]]:
    rng = random.Random(seed)
    for number in range(n):
        make = kinds[number % len(kinds)]
        yield make.__name__.strip("_"), make(rng)


def _of(pieces: str) -> list[str]:
    return pieces.split()


def _joined(rng: random.Random, pieces: Sequence[str], most: int = 60, between: Sequence[str] = ("", " ")) -> str:
    return "".join(rng.choice(pieces) + rng.choice(between) for _ in range(rng.randint(1, most)))


def _ranges(*bounds: tuple[int, int]) -> list[str]:
    return [chr(code) for first, last in bounds for code in range(first, last + 1)]


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
    block = rng.choice(range(0xA0, 0x1F000, 0x40))
    return _joined(rng, _ranges((block, block + 0x3F)), 50, ["", "", " "])


_CONTROLS = _ranges(
    (0, 31), (0x7F, 0x9F), (0xAD, 0xAD), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFD), (0xFFFF, 0xFFFF), (0xE0001, 0xE0001), (0xE0020, 0xE0020),
)  # fmt: skip
_DIRECTIONS = _ranges((0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069), (0x61C, 0x61C))
_MARKS = _ranges((0x300, 0x36F), (0x483, 0x487), (0x1AB0, 0x1ABF), (0x20D0, 0x20F0))


def _controls(rng: random.Random) -> str:
    return _joined(rng, [*_CONTROLS, *_of("word two 3 .")], 50)


def _directions(rng: random.Random) -> str:
    return _joined(rng, [*_DIRECTIONS, *_of("שלום مرحبا abc 12 ( )")])


def _stacked(rng: random.Random) -> str:
    word = rng.choice(["hello", "a", "Zalgo text here", "5", "ب", "क", " "])
    return "".join(letter + "".join(rng.choices(_MARKS, k=rng.choice([0, 1, 5, 40]))) for letter in word)


def _emoji(rng: random.Random) -> str:
    known = "👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇩🇪 🇺 🏴\U000e0067\U000e0062\U000e007f 1️⃣ ❤️ ❤ ☺︎ 🫠 🪿 👍🏿 🏿 \u200d \ufe0f ok ! 5 👩 🚀"
    return _joined(rng, [*_of(known), chr(rng.randrange(0x1F300, 0x1FB00))], 25)


def _mixed(rng: random.Random) -> str:
    words = """hello привет 你好 こんにちは 안녕 สวัสดี नमस्ते שלום سلام γειά ðæt ქართული አማርኛ ᏣᎳᎩ தமிழ் ꦗꦮ 𓂀 𝕳𝖊𝖑𝖑𝖔 ﬁne Ⅷ
        ① ½ ٣ ५ ｆｕｌｌ"""
    return _joined(rng, _of(words), 20, ["", " ", ", ", ". ", "-", "。", "/"])


def _brackets(rng: random.Random) -> str:
    return _joined(rng, [*"\"'“”‘’«»‹›()[]{}<>「」『』【】", *_of("[[ ]] ](/ /) word no . ? [pause 1s]")], 50)


def _soup(rng: random.Random) -> str:
    signs = "+-*/=%$€£#@&^~|\\:;.,!?°§©®™×÷≤∞√π"
    return _joined(rng, [*"01234567890123456789", *signs, *_of("e x kg 1e9 ½ ²")], 50, ["", "", " "])


def _numbers(rng: random.Random) -> str:
    pieces = """1,234,567.89 1.2.3.4 12/31/1999 99/99/9999 25:61 $-5 €1.000,00 1-800-FLOWERS 0x1F 1e-300 MCMXCIX 3rd
        22th °C ½kg 00 007 9999999999999999999999999999999999999999 1. .5 5. - –"""
    return _joined(rng, _of(pieces), 15)


def _addresses(rng: random.Random) -> str:
    pieces = """http:// www. a@b @ .com / ?q=1&r=2 #x file.tar.gz C:\\dir\\ ~/.config ${HOME} <b> </b> &amp; %20 :: ->
        e.g. Dr. St."""
    return _joined(rng, _of(pieces), 20)


def _markup(rng: random.Random) -> str:
    pieces = """[word](/wɜːd/) [word](/ [[həlˈoʊ]] [[ ]] [pause] [a](http://b.c) \\[ **bold** * # - 1. > |a|b| ```
        ![x](y) word [](/a/) [x](//) [😀](/smaɪl/)"""
    pauses = ["[pause 0.5s]", "[pause 99999999s]", "[pause -1s]", "[pause 1e999s]", "[ ](/a/)"]
    return _joined(rng, [*_of(pieces), *pauses], 20, ["", " ", "\n"])


def _surrogates(rng: random.Random) -> str:
    return _joined(rng, ["\ud83d", "\ude00", "\ud800", "\udfff", "word", "😀", "."], 30)


def _repeated(rng: random.Random) -> str:
    units = """a A . - 1 ( ! 1. a.b é ß 漢 ก 😀 \u0301 \u200d I $ 1/ 1: @a. x- ’ ha = & % ½ ٣ # ᏣᎳᎩ-नमस्ते"""
    return rng.choice([*_of(units), " 1", "a ", "Mr. ", "IV ", "\t", "\u00a0a"]) * rng.randint(1, 2000)


def _words(rng: random.Random) -> str:
    """Ordinary words in an extraordinary order."""
    pieces = """the Dr. Mr U.S. No. read lead I a A it's ’tis rock'n'roll AT&T iOS C++ e-mail co-op naïve 3rd 5kg p.m.
        etc. — … ?! ; vs. Ph.D. X II O'Neil 10%"""
    return _joined(rng, _of(pieces), 60, [" ", " ", "", "\n", "  ", "\u00a0"])


_KINDS = (
    _planes, _assigned, _script, _controls, _directions, _stacked, _emoji, _mixed, _brackets, _soup, _numbers,
    _addresses, _markup, _surrogates, _repeated, _words,
)  # fmt: skip


def _bomb(rng: random.Random) -> str:
    levels = rng.randint(2, 12)
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE speak [<!ENTITY a0 "ha">{entities}]><speak>&a{levels - 1};</speak>'


def _outside(rng: random.Random) -> str:
    target = rng.choice(_of("file:///etc/passwd http://localhost:1/ /dev/zero php://x"))
    kind = rng.choice(["<!ENTITY x SYSTEM '{}'>", "<!ENTITY % x SYSTEM '{}'> %x;"]).format(target)
    return f"<!DOCTYPE speak [{kind}]><speak>&x;</speak>"


def _broken(rng: random.Random) -> str:
    whole = _tags(rng)
    place = rng.randrange(len(whole))
    wrong = rng.choice(["<", ">", "&", '"', "'", "\0", "\x1b", "\ud800"])
    return rng.choice([whole[:place], whole[place:], whole[:place] + wrong + whole[place:]])


_EMPTY = {"break", "mark"}
_TAGS = (
    ("p", ()), ("s", ()), ("break", ("time",)), ("break", ("strength",)), ("break", ()), ("mark", ("name",)),
    ("say-as", ("interpret-as",)), ("say-as", ("interpret-as", "format")), ("phoneme", ("ph",)),
    ("phoneme", ("alphabet", "ph")), ("sub", ("alias",)), ("prosody", ("rate",)), ("prosody", ("pitch", "volume")),
    ("emphasis", ("level",)), ("voice", ("name",)), ("lang", ("xml:lang",)), ("audio", ("src",)), ("x:y", ("z",)),
    ("w", ("role",)), ("speak", ()),
)  # fmt: skip
_VALUES = _of(
    """x 500ms 1s -1s 1e99s 99999h weak x-strong fast +10% -100% 0% 1e400% +5st NaN inf date cardinal characters
    telephone ipa x-sampa həlˈoʊ de zz-ZZ 😀 &lt; heart .. \u202e strong mdy ٣ time fraction unit ordinal digits"""
)
_CONTENTS = ["Hello there.", "5", "a", " ", "😀", "&amp;", "&#65;", "Dr. No", "<!-- x -->", "<![CDATA[<b>]]>", "3/4/99"]


def _tags(rng: random.Random) -> str:
    opened: list[str] = []
    pieces = ["<speak>"]
    for _ in range(rng.randint(1, 30)):
        move = rng.random()
        if move < 0.4:
            pieces.append(rng.choice(_CONTENTS))
        elif move < 0.7 and opened:
            pieces.append(f"</{opened.pop()}>")
        else:
            tag, attributes = rng.choice(_TAGS)
            written = "".join(f' {name}="{rng.choice([*_VALUES, ""])}"' for name in attributes)
            pieces.append(f"<{tag}{written}{'/' if tag in _EMPTY else ''}>")
            opened += [] if tag in _EMPTY else [tag]
    pieces += [f"</{tag}>" for tag in reversed(opened)]
    return "".join([*pieces, "</speak>"])


def _deep(rng: random.Random) -> str:
    depth = rng.choice([10, 200, 3000])
    tag = rng.choice(["p", "prosody rate='fast'", "emphasis", "x", "lang xml:lang='de'"])
    return f"<speak>{f'<{tag}>' * depth}deep{f'</{tag.split()[0]}>' * depth}</speak>"


def _escaped(rng: random.Random) -> str:
    content = rng.choice(_KINDS)(rng).replace("&", "&amp;").replace("<", "&lt;")
    return f"<speak><s>{content}</s></speak>"


def _unescaped(rng: random.Random) -> str:
    return f"<speak><s>{rng.choice(_KINDS)(rng)}</s></speak>"


_SSML_KINDS = (_bomb, _outside, _broken, _tags, _deep, _escaped, _unescaped)
