"""What an entry of a sentences file becomes: a job that can be synthesized, or a result with the reason why not.

`BatchJob` and `BatchResult` are what travels between the reader, the workers and the manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain, count
from pathlib import Path

from tts.audio.writer import format_of, output_rate
from tts.batch.entry import (
    Entry,
    check_name,
    convert_option,
    describe_control_in_name,
    describe_control_in_text,
)
from tts.batch.naming import Claims, FileNames, numbered
from tts.batch.settings import BatchDefaults, WorkerSetup
from tts.errors import TtsError, UsageError
from tts.options import SynthesisOptions
from tts.synthesis.subtitles import timing_suffix
from tts.text.lexicon import user_lexicon_files
from tts.voice.choices import check_choices
from tts.voice.load import runtime_or_default
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, file_sha256
from tts.voice.store import find_vocoder, find_voice, voice_folders

MAX_CHARACTERS = 10_000
"""Of one utterance: more than ten minutes of speech, which are in memory at once."""

_LONGEST_ID = 500
# A file whose every line names another voice is a mistake, and must not fill the memory.
_MOST_VOICES_CACHED = 1000

MakeKey = Callable[[str, VoiceManifest, SynthesisOptions, str, "int | None"], str]
"""text, voice, options, suffix, sample rate → the key that says whether a file is this utterance (`KeyMaker`)."""


@dataclass(frozen=True)
class BatchJob:
    """One utterance to synthesize: everything that its samples depend on beside the `WorkerSetup`."""

    id: str
    line: int
    """Its line in the sentences file, from 1."""
    file: str
    """Name of its audio file in the output folder; the suffix is the format."""
    text: str
    voice: str
    """A name, or the path of a folder."""
    options: SynthesisOptions
    sample_rate: int | None
    """Of the file, in Hz; None: the voice's, or the nearest that the format supports."""
    key: str
    """Identifies the utterance, so that a file made earlier can be recognised (`KeyMaker`)."""
    timings: str | None = None
    """Name of its timings file in the output folder, whose suffix is the format; None: there is to be none."""

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files that it becomes."""
        return (self.file,) if self.timings is None else (self.file, self.timings)


@dataclass(frozen=True)
class BatchResult:
    """The result of one utterance: a line of the manifest."""

    id: str
    line: int
    key: str = ""
    file: str | None = None
    """Its name in the output folder; None: there is no file."""
    size: int = 0
    """Of the file, in bytes."""
    seconds: float = 0.0
    """Of audio."""
    rtf: float = 0.0
    """Seconds of one core or GPU for one second of audio; a batch's time is divided among its utterances."""
    warnings: tuple[str, ...] = ()
    error: str | None = None
    """Why there is no file, in one sentence."""
    timings: str | None = None
    """Name of the timings file in the output folder, if one was requested."""

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all its files."""
        return tuple(name for name in (self.file, self.timings) if name is not None)


@dataclass(frozen=True)
class ResolvedVoice:
    """An installed voice, with the vocoder that the options name."""

    manifest: VoiceManifest
    name: str
    """A name by which any process finds the voice: its own, or the absolute path of a folder."""
    vocoder: str | None
    """The same for the vocoder."""


class VoiceResolver:
    """Finds voices with their vocoders and acoustic models, and caches failures too."""

    def __init__(self) -> None:
        self._cache: dict[tuple[str, str | None, str | None, str | None], ResolvedVoice | TtsError] = {}

    def find(self, voice: str, options: SynthesisOptions) -> ResolvedVoice:
        """The voice of this name, with the networks that the options name.

        Raises:
            UsageError: there is no such voice, or it lacks the vocoder, the acoustic model or the speaker.
            TtsError: its manifest is broken.
        """
        names = (voice, options.vocoder, options.acoustic, options.speaker)
        found = self._cache.get(names)
        if found is None:
            if len(self._cache) >= _MOST_VOICES_CACHED:
                self._cache.clear()
            try:
                manifest = find_voice(voice)
                vocoder = options.vocoder
                check_choices(manifest, acoustic=options.acoustic, vocoder=vocoder, speaker=options.speaker)
                if vocoder is not None and vocoder not in manifest.vocoders:
                    vocoder = _global_name(vocoder, find_vocoder(manifest, vocoder)[0])
                found = ResolvedVoice(manifest, _global_name(voice, manifest), vocoder)
            except TtsError as error:
                # A new one without the traceback, which would keep all its frames alive.
                found = type(error)(str(error))
            except (OSError, ValueError, RuntimeError):
                # Not a path of this system: a name that is too long, the home of an unknown user.
                with_vocoder = f" with a vocoder {options.vocoder!r}" if options.vocoder else ""
                found = UsageError(f"There is no voice {voice!r}{with_vocoder}.")
            self._cache[names] = found
        if isinstance(found, TtsError):
            raise type(found)(str(found))
        return found


def _global_name(name: str, manifest: VoiceManifest) -> str:
    """A worker may have another working folder, in which a relative path means something else."""
    return name if voice_folders().get(name) == manifest.folder else str(Path(manifest.folder).absolute())


class KeyMaker:
    """Makes the keys of a run; hashes each lexicon and each voice's manifest once.

    `version` is this program's: another version may produce other samples.

    Raises:
        TtsError: the lexicon cannot be read.
    """

    def __init__(self, setup: WorkerSetup, version: str) -> None:
        # Without the device: a run may be resumed on another machine.
        settings = {field.name: getattr(setup, field.name) for field in fields(setup) if field.name != "device"}
        lexicon = _file_hash(setup.lexicon) if setup.lexicon else None
        settings |= {"runtime": runtime_or_default(setup.runtime), "lexicon": lexicon}
        self._run = {"version": version, "setup": settings}
        self._voices: dict[tuple[Path, str | None], list[str]] = {}
        self._lexicons: dict[str, list[str]] = {}

    def __call__(
        self, text: str, voice: VoiceManifest, options: SynthesisOptions, suffix: str, sample_rate: int | None
    ) -> str:
        """SHA-256 in hexadecimal; `suffix` (".wav") is the file's, `sample_rate` the requested one in Hz.

        Raises:
            UsageError: the voice has no such vocoder.
            TtsError: a manifest or the user's lexicon cannot be read.
        """
        if voice.language not in self._lexicons:
            self._lexicons[voice.language] = [_file_hash(path) for path in user_lexicon_files(voice.language)]
        values = {name: getattr(options, name) for name in SynthesisOptions.names()}
        # 1.0 and 1 are the same value: a line of JSON may contain either.
        values = {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in values.items()}
        content = {
            **self._run,
            "text": text,
            "voice": self._voice_hashes(voice, options.vocoder),
            "lexicons": self._lexicons[voice.language],
            "options": values,
            "suffix": suffix.lower(),
            "sample_rate": sample_rate,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()

    def _voice_hashes(self, voice: VoiceManifest, vocoder: str | None) -> list[str]:
        """Hashes of the manifests of all networks; a manifest contains the hashes of its networks' files."""
        cache_key = (voice.folder, vocoder)
        if cache_key not in self._voices:
            owner, name = (voice, "") if vocoder is None else find_vocoder(voice, vocoder)
            borrowed = [] if owner is voice else [_file_hash(owner.folder / MANIFEST_FILE), name]
            self._voices[cache_key] = [_file_hash(voice.folder / MANIFEST_FILE), *borrowed]
        return self._voices[cache_key]


def _file_hash(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error


class JobMaker:
    """Makes a job of every entry that can be synthesized, and a failed result of every other, each with a unique id.

    Raises:
        UsageError: the defaults name something unknown, or contradict each other.
        TtsError: their voice is broken.
    """

    def __init__(
        self, defaults: BatchDefaults, claims: Claims, make_key: MakeKey, max_characters: int = MAX_CHARACTERS
    ) -> None:
        self._defaults, self._claims, self._make_key = defaults, claims, make_key
        self._max_characters = max_characters
        self._names = FileNames(defaults.naming, claims)
        self._voices = VoiceResolver()
        self._suffix = format_of("-", defaults.format).suffixes[0]
        self._timings = None if defaults.timings is None else timing_suffix(defaults.timings)
        self._options = lru_cache(maxsize=1024)(lambda own: replace(defaults.options, **dict(own)))
        voice = self._voices.find(defaults.voice, defaults.options)
        output_rate(format_of("-", defaults.format), voice.manifest.sample_rate, defaults.sample_rate)

    def make(self, entry: Entry) -> BatchJob | BatchResult:
        """The job of an entry, or its failed result, whose message does not repeat the line."""
        id, problem = self._claim_id(entry)
        if id is None:
            # An id for the result of an entry whose own cannot be used.
            line = entry.line
            ids = chain([f"line {line}"], (f"line {line} ({again})" for again in count(2)))
            id = next(id for id in ids if self._claims.claim_id(id, line) is None)
            return BatchResult(id, line, error=problem)

        # Before anything else is checked: correcting this line later must not change the names of other files.
        suffix = self._suffix
        if "format" in entry.options:
            with suppress(UsageError):
                suffix = format_of("-", str(convert_option("format", entry.options["format"]))).suffixes[0]
        stem = self._names.stem(id, entry.text, entry.line, suffix)
        if entry.problem is not None:
            return BatchResult(id, entry.line, error=entry.problem)
        try:
            return self._job(entry, id, stem)
        except TtsError as error:
            return BatchResult(id, entry.line, error=str(error))

    def _claim_id(self, entry: Entry) -> tuple[str | None, str | None]:
        """The id of the entry, which is now reserved; or None, and the reason."""
        if entry.id is None and entry.problem is not None:
            return None, entry.problem
        id = numbered(entry.line) if entry.id is None else entry.id.strip()
        problem = None
        if not id:
            problem = "The id is empty."
        elif len(id) > _LONGEST_ID:
            problem = f"The id has {len(id):,} characters; it can have {_LONGEST_ID}."
        elif control := describe_control_in_name(id):
            problem = f"The id has {control}"
        if problem is not None:
            return None, entry.problem or problem

        line = self._claims.claim_id(id, entry.line)
        if line is None:
            return id, None
        if entry.id is None:
            return None, f"The id {id!r}, which this line gets because it has none, is the id of line {line} already."
        return None, f"The id {id!r} is the id of line {line} already: give each line its own."

    def _job(self, entry: Entry, id: str, stem: str) -> BatchJob:
        text = entry.text.strip()
        if not text:
            raise UsageError("The text is empty.")
        if len(text) > self._max_characters:
            raise UsageError(
                f"The text has {len(text):,} characters; an utterance has at most {self._max_characters:,}: split it."
            )
        if control := describe_control_in_text(text):
            raise UsageError(f"The text has {control}")

        own = {name: convert_option(name, value) for name, value in entry.options.items()}
        kind = format_of("-", str(own.pop("format", self._defaults.format)))
        own_timings = own.pop("timings", None)
        timings = self._timings if own_timings is None else timing_suffix(str(own_timings))
        own_rate = own.pop("sample_rate", None)
        sample_rate = self._defaults.sample_rate if own_rate is None else int(own_rate)
        options = self._options(tuple(sorted(own.items()))) if own else self._defaults.options
        voice_name = self._defaults.voice if entry.voice is None else check_name("The voice", entry.voice)
        voice = self._voices.find(voice_name, options)
        output_rate(kind, voice.manifest.sample_rate, sample_rate)
        suffix = kind.suffixes[0]
        # The key holds the name as requested: moving a voice's folder does not change its content.
        key = self._make_key(text, voice.manifest, options, suffix, sample_rate)
        if options.vocoder != voice.vocoder:
            options = replace(options, vocoder=voice.vocoder)
        return BatchJob(
            *(id, entry.line, stem + suffix, text, voice.name, options, sample_rate, key),
            timings=None if timings is None else stem + timings,
        )
