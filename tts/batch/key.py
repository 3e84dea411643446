"""What an utterance's samples depend on, in one word: where two keys are equal, the files are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from tts.batch.job import Setup
from tts.errors import TtsError
from tts.synthesis.options import SynthesisOptions
from tts.text.user_lexicon import user_lexicon_files
from tts.voice.computing import engine_asked_for
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, file_sha256
from tts.voice.store import find_vocoder


class KeyMaker:
    """Makes the keys of a run's utterances; reads each lexicon once and each voice's manifest once.

    `version` is this program's: another one may speak otherwise.

    Raises:
        TtsError: the lexicon cannot be read.
    """

    def __init__(self, setup: Setup, version: str) -> None:
        self._run = {"version": version, "setup": _settings(setup)}
        self._voices: dict[tuple[Path, str | None], list[str]] = {}
        self._lexicons: dict[str, list[str]] = {}

    def __call__(
        self, text: str, voice: VoiceManifest, options: SynthesisOptions, suffix: str, sample_rate: int | None
    ) -> str:
        """SHA-256 in hexadecimal; `suffix` (".wav") is that of the file, `sample_rate` what is asked of it.

        Raises:
            UsageError: the voice has no such vocoder.
            TtsError: a manifest or the user's lexicon cannot be read.
        """
        told = {
            **self._run,
            "text": text,
            "voice": self._voice(voice, options.vocoder),
            "lexicons": self._lexicon(voice.language),
            "options": {name: _plain(getattr(options, name)) for name in SynthesisOptions.names()},
            "suffix": suffix.lower(),
            "sample_rate": sample_rate,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode("ascii")).hexdigest()

    def _voice(self, voice: VoiceManifest, vocoder: str | None) -> list[str]:
        """The hashes of the manifests of all that speaks; a manifest holds those of its networks' files."""
        place = (voice.folder, vocoder)
        if place not in self._voices:
            lender, name = (voice, "") if vocoder is None else find_vocoder(voice, vocoder)
            lent = [] if lender is voice else [_hash_of(lender.folder / MANIFEST_FILE), name]
            self._voices[place] = [_hash_of(voice.folder / MANIFEST_FILE), *lent]
        return self._voices[place]

    def _lexicon(self, language: str) -> list[str]:
        """The hashes of the user's own lexicons."""
        if language not in self._lexicons:
            self._lexicons[language] = [_hash_of(path) for path in user_lexicon_files(language)]
        return self._lexicons[language]


def _settings(setup: Setup) -> dict[str, Any]:
    """All of it but the device, which is where and not what: a run may go on on another machine."""
    settings = {field.name: getattr(setup, field.name) for field in fields(setup) if field.name != "device"}
    lexicon = _hash_of(setup.lexicon) if setup.lexicon else None
    return {**settings, "runtime": engine_asked_for(setup.runtime), "lexicon": lexicon}


def _hash_of(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error


def _plain(value: Any) -> Any:
    """1.0 is 1: a line of JSON may say either."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
