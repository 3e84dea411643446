"""From a text as its author wrote it to the sentences that are spoken, with their silence, voice and prosody."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise, takewhile
from typing import NamedTuple

import numpy as np
import numpy.random

from tts.errors import TtsError
from tts.options import SynthesisOptions, TextInput
from tts.synthesis.timing import BookmarkPosition
from tts.text.frontend import Frontend
from tts.text.passage import NEUTRAL, Bookmark, Level, Passage, Pause, Prosody, SpokenAs
from tts.text.reading import Reading
from tts.text.segment import Segment
from tts.text.symbols import Encoded

NOTHING_TO_SPEAK = "There is nothing to speak in this text: it has no word, number or letter."
_STRENGTH: tuple[Level, ...] = ("", "clause", "sentence", "paragraph")

FrontendFor = Callable[[str | None], Frontend]
"""The frontend of a voice that the text names; None is the voice that was loaded.

Raises TtsError where there is no such voice, or its speech cannot stand beside the other's.
"""


class ProsodySpan(NamedTuple):
    """A range, [first, last) of the phonemes, with a prosody of its own."""

    prosody: Prosody
    first: int
    last: int


@dataclass(frozen=True)
class Sentence:
    """A sentence as written and as read, and how it is spoken; `index` counts the spoken sentences before it."""

    text: str
    reading: Reading
    encoded: Encoded
    index: int
    opens: Level = "sentence"
    """The boundary before it."""
    silence: float = 0.0
    """Seconds of silence before it."""
    voice: str | None = None
    """Another voice than that of the text, by name."""
    prosody: tuple[ProsodySpan, ...] = ()
    """The words with a prosody of their own."""
    bookmarks: tuple[BookmarkPosition, ...] = ()
    cut: tuple[bool, bool] = (False, False)
    """Whether it continues the previous sentence, and is continued by the next, without a boundary or pause."""
    notices: tuple[str, ...] = ()
    """Warnings from reading it, and from what stands before it and cannot be spoken."""

    @property
    def phonemes(self) -> str:
        return self.reading.phonemes

    @property
    def is_silent(self) -> bool:
        return not self.encoded.ids

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self.encoded.dropped:
            return self.notices
        return (*self.notices, f"symbols this voice does not know were left out: {' '.join(self.encoded.dropped)}")

    def generator(self, seed: int) -> np.random.Generator:
        return random_generator(sentence_seed(seed, self.index, self.phonemes))

    def n_silent(self, sample_rate: int) -> int:
        """Samples of silence before it."""
        return round(self.silence * sample_rate)


@dataclass(frozen=True)
class Script:
    """A text that was read, and the options to speak it with, later or elsewhere, by the voice that read it."""

    sentences: tuple[Sentence, ...]
    options: SynthesisOptions


def sentence_seed(seed: int, index: int, phonemes: str) -> int:
    """A seed that belongs to one sentence of one text, whatever else is spoken in the same process."""
    digest = hashlib.sha256(f"{seed}:{index}:{phonemes}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def random_generator(seed: int) -> np.random.Generator:
    """The source of all random numbers of one sentence."""
    return np.random.default_rng(seed)


def passage_of(text: str | Passage, kind: TextInput, language: str = "en-us") -> Passage:
    """A text in a language, with what its author marked in it; a passage is returned as it is.

    Raises:
        UsageError: it should be SSML and is not.
    """
    if isinstance(text, Passage):
        return text
    if kind == "ssml":
        from tts.text.ssml import read_ssml

        return read_ssml(text, language)
    if kind == "text":
        from tts.text.markup import read_markup

        return read_markup(text)
    return Passage(text)


class Continued(NamedTuple):
    """A text continues another: after so many spoken sentences, and this boundary."""

    n_spoken: int
    opens: Level


def read_sentences(
    passage: Passage, options: SynthesisOptions, frontend_for: FrontendFor, continued: Continued | None = None
) -> Iterator[Sentence]:
    """The sentences with something to speak; at the end a silent one, if the text ends with a pause or a bookmark.

    Raises:
        TtsError: there is nothing to speak, and the text does not continue another.
    """
    reader = _Reader(passage, options, frontend_for, continued)
    for segment, following in pairwise(chain(reader.segments(), [None])):
        if segment and (sentence := reader.read(segment, following)):
            yield sentence
    if not reader.index and continued is None:
        raise TtsError(NOTHING_TO_SPEAK)
    if ending := reader.ending():
        yield ending


def silence_of(level: Level, options: SynthesisOptions) -> float:
    """Seconds of silence that belong to a boundary."""
    if level == "paragraph":
        return options.paragraph_silence
    return options.sentence_silence if level == "sentence" else options.clause_silence if level == "clause" else 0.0


@dataclass
class _Boundary:
    """What lies between two spoken sentences. `seconds` is the silence that the text asks for, if it does."""

    level: Level = ""
    seconds: float | None = None
    bookmarks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, opens: Level, notes: Iterator[Pause | Bookmark]) -> None:
        self.level = max(self.level, opens, key=_STRENGTH.index)
        for note in notes:
            if isinstance(note, Bookmark):
                self.bookmarks.append(note.name)
            elif note.seconds is not None:
                self.seconds = (self.seconds or 0.0) + note.seconds
            else:
                self.level = max(self.level, note.level, key=_STRENGTH.index)


class _Reader:
    def __init__(
        self, passage: Passage, options: SynthesisOptions, frontend_for: FrontendFor, continued: Continued | None
    ) -> None:
        self.index, opens = continued or (0, "")
        self._passage, self._options, self._frontend_for = passage, options, frontend_for
        self._is_continued = False
        self._notes = deque(note for note in passage.notes if isinstance(note, (Pause, Bookmark)))
        self._boundary = _Boundary(opens, warnings=list(passage.warnings))

    def segments(self) -> Iterator[Segment]:
        if self._options.input != "phonemes":
            yield from self._frontend_for(None).segments(self._passage)
            return
        # Phonemes are typed one sentence per line.
        start = 0
        for line in self._passage.text.splitlines(keepends=True):
            if content := line.strip():
                begin = start + line.index(content)
                yield Segment(begin, begin + len(content), "sentence")
            start += len(line)

    def read(self, segment: Segment, following: Segment | None) -> Sentence | None:
        """The sentence of a segment; None: there is nothing to speak in it."""
        self._boundary.add(segment.opens, self._notes_before(segment.start + 1))
        passage = self._passage.part(segment.start, segment.end)
        voice, frontend = self._voice(passage)
        reading = Reading(passage.text) if self._options.input == "phonemes" else frontend.read(passage)
        self._boundary.warnings += reading.warnings
        bookmarks = [
            BookmarkPosition(note.name, note.start - segment.start)
            for note in self._notes_before(segment.end)
            if isinstance(note, Bookmark)
        ]
        if not frontend.speakable(reading.phonemes):
            self._boundary.bookmarks += [bookmark.name for bookmark in bookmarks]
            return None

        before, self._boundary = self._boundary, _Boundary()
        silence = before.seconds
        if silence is None:
            silence = silence_of(before.level, self._options) if self.index else 0.0
        is_continued = following is not None and following.opens == ""
        if following is not None and is_continued:
            before_next = takewhile(lambda note: note.start <= following.start, self._notes)
            is_continued = not any(isinstance(note, Pause) for note in before_next)
        sentence = Sentence(
            text=passage.text,
            reading=reading,
            encoded=frontend.encode(reading.phonemes),
            index=self.index,
            opens=before.level,
            silence=silence,
            voice=voice,
            prosody=_prosody_spans(passage, reading),
            bookmarks=(*(BookmarkPosition(name, 0) for name in before.bookmarks), *bookmarks),
            notices=tuple(before.warnings),
            cut=(self._is_continued, is_continued),
        )
        self.index += 1
        self._is_continued = is_continued
        return sentence

    def ending(self) -> Sentence | None:
        """What comes after the last sentence, if anything does: a pause, bookmarks, warnings."""
        end = self._boundary
        end.add("", self._notes_before(len(self._passage.text) + 1))
        if not (end.seconds or end.bookmarks or end.warnings):
            return None
        return Sentence(
            text="",
            reading=Reading(""),
            encoded=Encoded([], [], (), []),
            index=self.index,
            opens="",
            silence=end.seconds or 0.0,
            bookmarks=tuple(BookmarkPosition(name, 0) for name in end.bookmarks),
            notices=tuple(end.warnings),
        )

    def _notes_before(self, end: int) -> Iterator[Pause | Bookmark]:
        """The remaining pauses and bookmarks before a character; they are removed."""
        while self._notes and self._notes[0].start < end:
            yield self._notes.popleft()

    def _voice(self, passage: Passage) -> tuple[str | None, Frontend]:
        """The innermost voice that the text names, if it is available, and the frontend that reads for it."""
        names = [note.voice for note in passage.notes if isinstance(note, SpokenAs) and note.voice is not None]
        if names:
            try:
                return names[-1], self._frontend_for(names[-1])
            except TtsError as error:
                self._boundary.warnings.append(
                    f"the text asks for the voice {names[-1]!r}, and another speaks: {error}"
                )
        return None, self._frontend_for(None)


def _prosody_spans(passage: Passage, reading: Reading) -> tuple[ProsodySpan, ...]:
    """The words with a prosody of their own, each run with the marks and spaces that follow it."""
    notes = [note for note in passage.notes if isinstance(note, SpokenAs) and note.prosody != NEUTRAL]
    if not notes:
        return ()

    def prosody_at(start: int) -> Prosody:
        prosody = NEUTRAL
        # The notes nest.
        for note in notes:
            if note.start <= start < note.end:
                prosody = note.prosody.within(prosody)
        return prosody

    found = []
    firsts = [0, *(word.first for word in reading.words[1:]), len(reading.phonemes)]
    spans = zip(reading.words, pairwise(firsts), strict=False)
    for prosody, run in groupby(spans, key=lambda span: prosody_at(span[0].start)):
        bounds = [bound for _, bound in run]
        if prosody != NEUTRAL:
            found.append(ProsodySpan(prosody, bounds[0][0], bounds[-1][1]))
    return tuple(found)
