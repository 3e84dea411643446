"""The installed voices as clients are told of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tts.errors import TtsError
from tts.voice.choices import controls_of
from tts.voice.manifest import VoiceManifest, load_manifest
from tts.voice.store import voice_folders


def speaking_voices() -> list[VoiceManifest]:
    """The installed voices that can be read, without vocoder packages."""
    voices = []
    for folder in voice_folders().values():
        with suppress(TtsError):
            voices.append(load_manifest(folder))
    return [voice for voice in voices if voice.speaks]


def describe(voice: VoiceManifest) -> dict[str, Any]:
    """A voice as JSON: what can be chosen of it."""
    return {
        "id": voice.name,
        "name": voice.name,
        "description": voice.description,
        "language": voice.language,
        "licence": voice.licence,
        "sample_rate": voice.sample_rate,
        "speakers": [
            {
                "id": speaker.name,
                "name": speaker.name,
                "language": speaker.language or voice.language,
                "sex": speaker.sex or None,
            }
            for speaker in voice.speakers
        ],
        "acoustics": list(voice.acoustics),
        "default_acoustic": voice.default_acoustic or None,
        "vocoders": list(voice.vocoders),
        "default_vocoder": voice.default_vocoder or None,
        "controls": controls_of(voice),
    }


def voice_list() -> list[dict[str, Any]]:
    """Each voice, and after it each of its speakers as VOICE/SPEAKER, for clients that only know voices."""
    found = []
    for voice in speaking_voices():
        found.append(describe(voice))
        if len(voice.speakers) > 1:
            found += [
                {
                    "id": f"{voice.name}/{speaker.name}",
                    "name": f"{voice.name}/{speaker.name}",
                    "language": speaker.language or voice.language,
                    "speaker_of": voice.name,
                }
                for speaker in voice.speakers
            ]
    return found
