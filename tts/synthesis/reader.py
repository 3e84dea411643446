"""A text as its author wrote it → the sentences that are spoken, each with the silence before it and its prosody."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise, takewhile

from tts.errors import TtsError
from tts.synthesis.options import SynthesisOptions, TextInput
from tts.synthesis.sentence import Mannered, Place, Sentence
from tts.text.frontend import Frontend
from tts.text.passage import NEUTRAL, Bookmark, Level, Passage, Pause, Prosody, SpokenAs
from tts.text.reading import Reading
from tts.text.segment import Segment

NOTHING_TO_SPEAK = "There is nothing to speak in this text: it has no word, number or letter."
_STRENGTH: tuple[Level, ...] = ("", "clause", "sentence", "paragraph")


FrontendFor = Callable[[str | None], Frontend]
"""What reads for the voice of a name in the text; None is the voice that was asked for.

Raises TtsError where there is no such voice, or its speech cannot stand beside the other's.
"""


def passage_of(text: str | Passage, kind: TextInput, language: str = "en-us") -> Passage:
    """A text in a language, with what its author marked in it; a passage is one already.

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


def read_sentences(passage: Passage, options: SynthesisOptions, frontend_for: FrontendFor) -> Iterator[Sentence]:
    """Those in which there is something to speak; at the end one of silence alone, if the text ends with a pause.

    Raises:
        TtsError: there is nothing to speak.
    """
    reader = _Reader(passage, options, frontend_for)
    for segment, following in pairwise(chain(reader.segments(), [None])):
        if segment and (sentence := reader.read(segment, following)):
            yield sentence
    if not reader.index:
        raise TtsError(NOTHING_TO_SPEAK)
    if ending := reader.ending():
        yield ending


@dataclass
class _Gap:
    """What lies between two sentences that are spoken."""

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

    def silence(self, options: SynthesisOptions, *, is_first: bool) -> float:
        """Seconds: what the text asks for, else what belongs to the boundary; before the first sentence, none."""
        if self.seconds is not None:
            return self.seconds
        return 0.0 if is_first else silence_of(self.level, options)


def silence_of(level: Level, options: SynthesisOptions) -> float:
    """Seconds of silence that belong to a boundary."""
    if level == "paragraph":
        return options.paragraph_silence
    return options.sentence_silence if level == "sentence" else options.clause_silence if level == "clause" else 0.0


class _Reader:
    def __init__(self, passage: Passage, options: SynthesisOptions, frontend_for: FrontendFor) -> None:
        self.index = 0
        self._passage, self._options, self._frontend_for = passage, options, frontend_for
        self._goes_on = False
        self._places = deque(note for note in passage.notes if isinstance(note, (Pause, Bookmark)))
        self._gap = _Gap(warnings=list(passage.warnings))

    def segments(self) -> Iterator[Segment]:
        if self._options.input == "phonemes":
            return _lines(self._passage.text)
        return self._frontend_for(None).segments(self._passage)

    def read(self, segment: Segment, following: Segment | None) -> Sentence | None:
        """The sentence, which another one follows or not; None: there is nothing to speak in it."""
        self._gap.add(segment.opens, self._places_before(segment.start + 1))
        passage = self._passage.part(segment.start, segment.end)
        voice, frontend = self._voice(passage)
        reading = Reading(passage.text) if self._options.input == "phonemes" else frontend.read(passage)
        self._gap.warnings += reading.warnings
        within = self._places_before(segment.end)
        inner = [Place(note.name, note.start - segment.start) for note in within if isinstance(note, Bookmark)]
        if not frontend.speakable(reading.phonemes):
            self._gap.bookmarks += [place.name for place in inner]
            return None
        gap, self._gap = self._gap, _Gap()
        goes_on = following is not None and following.opens == "" and not self._pauses_before(following.start + 1)
        sentence = Sentence(
            text=passage.text,
            reading=reading,
            encoded=frontend.encode(reading.phonemes),
            index=self.index,
            opens=gap.level,
            silence=gap.silence(self._options, is_first=not self.index),
            voice=voice,
            manners=_manners(passage, reading),
            bookmarks=(*(Place(name, 0) for name in gap.bookmarks), *inner),
            notices=tuple(gap.warnings),
            cut=(self._goes_on, goes_on),
        )
        self.index += 1
        self._goes_on = goes_on
        return sentence

    def ending(self) -> Sentence | None:
        """What comes after the last sentence, if anything does."""
        gap = self._gap
        gap.add("", self._places_before(len(self._passage.text) + 1))
        if not (gap.seconds or gap.bookmarks or gap.warnings):
            return None
        return Sentence.of_silence(gap.seconds or 0.0, self.index, gap.bookmarks, gap.warnings)

    def _places_before(self, end: int) -> Iterator[Pause | Bookmark]:
        """The pauses and bookmarks before a character that were not met yet."""
        while self._places and self._places[0].start < end:
            yield self._places.popleft()

    def _pauses_before(self, end: int) -> bool:
        """Tell whether a pause that was not met yet stands before a character."""
        return any(isinstance(place, Pause) for place in takewhile(lambda place: place.start < end, self._places))

    def _voice(self, passage: Passage) -> tuple[str | None, Frontend]:
        """Who speaks it: the innermost voice that the text names, if it can."""
        names = [note.voice for note in passage.notes if isinstance(note, SpokenAs) and note.voice is not None]
        if names:
            try:
                return names[-1], self._frontend_for(names[-1])
            except TtsError as error:
                self._gap.warnings.append(f"the text asks for the voice {names[-1]!r}, and another speaks: {error}")
        return None, self._frontend_for(None)


def _manners(passage: Passage, reading: Reading) -> tuple[Mannered, ...]:
    """The words in a prosody of their own, each run with the marks and blanks that follow it."""
    notes = [note for note in passage.notes if isinstance(note, SpokenAs) and note.prosody != NEUTRAL]
    if not notes:
        return ()
    found = []
    firsts = [0, *(word.first for word in reading.words[1:]), len(reading.phonemes)]
    spans = zip(reading.words, pairwise(firsts), strict=False)
    for prosody, run in groupby(spans, key=lambda span: _manner_at(notes, span[0].start)):
        bounds = [bound for _, bound in run]
        if prosody != NEUTRAL:
            found.append(Mannered(prosody, bounds[0][0], bounds[-1][1]))
    return tuple(found)


def _manner_at(notes: Sequence[SpokenAs], start: int) -> Prosody:
    """That of a word, whose notes nest."""
    prosody = NEUTRAL
    for note in notes:
        if note.start <= start < note.end:
            prosody = note.prosody.within(prosody)
    return prosody


def _lines(text: str) -> Iterator[Segment]:
    """Phonemes are typed a sentence a line."""
    start = 0
    for line in text.splitlines(keepends=True):
        content = line.strip()
        if content:
            begin = start + line.index(content)
            yield Segment(begin, begin + len(content), "sentence")
        start += len(line)
