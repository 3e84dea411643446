"""What an entry becomes: a job that can be spoken, or a row that tells why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, count
from typing import Any

from tts.audio.writer import format_of, output_rate
from tts.batch.asked import checked_name, converted
from tts.batch.characters import control_in_name, control_in_text
from tts.batch.entry import Entry
from tts.batch.job import Job, Row
from tts.batch.naming import Claims, FileNames, numbered
from tts.batch.speakers import Speakers
from tts.errors import TtsError, UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.manifest import VoiceManifest
from tts.voice.store import DEFAULT_VOICE

MAX_CHARACTERS = 10_000
"""Of one utterance: more than ten minutes of speech, which are in memory at once."""

_LONGEST_ID = 500

Key = Callable[[str, VoiceManifest, SynthesisOptions, str, "int | None"], str]
"""text, voice, options, suffix, sample rate → what tells whether a file is this utterance (`tts.batch.key`)."""


@dataclass(frozen=True)
class Defaults:
    """What the command line says for all entries; what a line says of itself goes before it."""

    voice: str = DEFAULT_VOICE
    options: SynthesisOptions = field(default_factory=SynthesisOptions)
    format: str = "wav"
    sample_rate: int | None = None
    naming: str = "id"


class JobMaker:
    """Makes a job of every entry that can be spoken, and a row of every other; each has an id that no other has.

    Raises:
        UsageError: the defaults name what is unknown, or contradict each other.
        TtsError: their voice is broken.
    """

    def __init__(self, defaults: Defaults, claims: Claims, key: Key, max_characters: int = MAX_CHARACTERS) -> None:
        self._defaults, self._claims, self._key = defaults, claims, key
        self._max_characters = max_characters
        self._names = FileNames(defaults.naming, claims)
        self._speakers = Speakers()
        self._suffix = _suffix(defaults.format)
        self._options = lru_cache(maxsize=1024)(lambda own: replace(defaults.options, **dict(own)))
        speaker = self._speakers.find(defaults.voice, defaults.options)
        output_rate(format_of("-", defaults.format), speaker.manifest.sample_rate, defaults.sample_rate)

    def make(self, entry: Entry) -> Job | Row:
        """What becomes of an entry; the sentence of a row that failed does not repeat its line."""
        id, problem = self._claimed_id(entry)
        if id is None:
            return Row(self._id_of_line(entry.line), entry.line, error=problem)
        # Before anything else is looked at: a line that is put right later does not change the names of others.
        stem = self._names.stem(id, entry.text, entry.line, self._suffix_of(entry))
        if entry.problem is not None:
            return Row(id, entry.line, error=entry.problem)
        try:
            return self._job(entry, id, stem)
        except TtsError as error:
            return Row(id, entry.line, error=str(error))

    def _job(self, entry: Entry, id: str, stem: str) -> Job:
        text = self._checked_text(entry.text)
        own = {name: converted(name, value) for name, value in entry.options.items()}
        kind = format_of("-", str(own.pop("format", self._defaults.format)))
        asked_rate = own.pop("sample_rate", None)
        sample_rate = self._defaults.sample_rate if asked_rate is None else int(asked_rate)
        options = self._options(tuple(sorted(own.items()))) if own else self._defaults.options
        voice = self._defaults.voice if entry.voice is None else checked_name("The voice", entry.voice)
        speaker = self._speakers.find(voice, options)
        output_rate(kind, speaker.manifest.sample_rate, sample_rate)
        suffix = kind.suffixes[0]
        # The key is of what was asked: the place of a folder does not change what is in it.
        key = self._key(text, speaker.manifest, options, suffix, sample_rate)
        return Job(id, entry.line, stem + suffix, text, speaker.name, speaker.options(options), sample_rate, key)

    def _checked_text(self, text: str) -> str:
        text = text.strip()
        if not text:
            raise UsageError("The text is empty.")
        if len(text) > self._max_characters:
            raise UsageError(
                f"The text has {len(text):,} characters; an utterance has at most {self._max_characters:,}: split it."
            )
        if control := control_in_text(text):
            raise UsageError(f"The text has {control}")
        return text

    def _claimed_id(self, entry: Entry) -> tuple[str | None, str | None]:
        """The entry's id, now its own; or None, and why it can have none."""
        if entry.id is None and entry.problem is not None:
            return None, entry.problem
        id = numbered(entry.line) if entry.id is None else entry.id.strip()
        if problem := _id_problem(id):
            return None, entry.problem or problem
        line = self._claims.claim_id(id, entry.line)
        if line is None:
            return id, None
        if entry.id is None:
            return None, f"The id {id!r}, which this line gets for want of its own, stands on line {line} already."
        return None, f"The id {id!r} stands on line {line} already: give each line its own."

    def _id_of_line(self, line: int) -> str:
        """An id for the row of an entry that has none which can be used."""
        ids = chain([f"line {line}"], (f"line {line} ({again})" for again in count(2)))
        return next(id for id in ids if self._claims.claim_id(id, line) is None)

    def _suffix_of(self, entry: Entry) -> str:
        try:
            return _suffix(converted("format", entry.options["format"])) if "format" in entry.options else self._suffix
        except UsageError:
            return self._suffix


def _id_problem(id: str) -> str | None:
    if not id:
        return "The id is empty."
    if len(id) > _LONGEST_ID:
        return f"The id has {len(id):,} characters; it can have {_LONGEST_ID}."
    control = control_in_name(id)
    return f"The id has {control}" if control else None


def _suffix(format: Any) -> str:
    return format_of("-", str(format)).suffixes[0]
