"""The bodies of requests, made from the one table of options, and what of an installed voice a client may name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from tts.errors import UsageError
from tts.options import BATCH_COLUMNS, OPTIONS, SynthesisOptions, TextInput
from tts.server.encoding import FORMATS, stream_format
from tts.server.speech import SpeechRequest
from tts.voice.choices import check_choices
from tts.voice.manifest import VoiceManifest
from tts.voice.store import find_voice, installed_voices, voice_folders

OPENAI_VOICES = (
    *("alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin"),
    "cedar",
)
"""The names that clients of OpenAI's service use; each is an alias of a voice here."""

# Kokoro-FastAPI's blends: "af_heart(2)+bf_emma(1)".
_BLEND = re.compile(r"\s*([^\s()+,:]+)\s*(?:\(\s*([^()]*)\)\s*)?")
# `input` is the text here, as in OpenAI's API; the others are fields of that API.
_RENAMED = {"input": "input_type"}
_OWN = ("voice", "format", "sample_rate")


class VoiceId(BaseModel):
    id: str


class SpeechBody(BaseModel):
    """OpenAI's fields; `speech_body` adds those of the table of options. Unknown fields are ignored and named."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    model: str = Field("", description="Any name; what speaks is the voice.")
    input: str = Field(description="The text.")
    voice: str | VoiceId | None = Field(
        None, description="An installed voice, VOICE/SPEAKER, the name of a speaker, or one of OpenAI's names."
    )
    response_format: Literal[tuple(FORMATS)] = Field("mp3", description="The audio format.")  # type: ignore[valid-type]
    sample_rate: int | None = Field(None, description="Hz; pcm has 24000, the others the voice's rate.")
    stream_format: Literal["audio", "sse"] = Field("audio", description="Audio, or server-sent events.")
    instructions: str | None = Field(None, description="Accepted and ignored: these voices take no instructions.")
    stream: bool = Field(True, description="For captioned speech: one object per piece, or one in all.")

    def options(self) -> SynthesisOptions:
        """The options of the text; raises UsageError for values outside of their limits."""
        values = {name: getattr(self, _RENAMED.get(name, name)) for name in SynthesisOptions.names()}
        return SynthesisOptions(**values)

    @property
    def ignored(self) -> list[str]:
        return sorted([*(self.model_extra or {}), *(["instructions"] if self.instructions else [])])


def _option_fields() -> dict[str, Any]:
    """The fields of the options that one text may have."""
    fields: dict[str, Any] = {}
    for name in BATCH_COLUMNS:
        if name in _OWN or name not in SynthesisOptions.names():
            continue
        option = OPTIONS[name]
        kind: Any = TextInput if name == "input" else option.kind
        limits: dict[str, Any] = {}
        if option.limits is not None:
            limits["ge"] = option.kind(option.limits[0])
            if math.isfinite(option.limits[1]):
                limits["le"] = option.kind(option.limits[1])
        # The voice, and so the options of the loaded voice, are those of the server unless a request names others.
        default = None if option.owner == "voice" else option.default
        fields[_RENAMED.get(name, name)] = (
            kind if default is not None else kind | None,
            Field(default, description=f"{option.help}.", **limits),
        )
    return fields


SpeechBody = create_model("SpeechBody", __base__=SpeechBody, **_option_fields())  # type: ignore[misc]


@dataclass(frozen=True)
class Naming:
    """How voices may be named: `default` where none is, and other names for them (OpenAI's, or the user's own)."""

    default: str = "heart"
    aliases: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, requested: str | None, speaker: str | None = None) -> tuple[VoiceManifest, str | None]:
        """The voice and the speaker that a request names.

        "joe", "kokoro/bf_emma", "bf_emma" if a voice has such a speaker, "af_heart(2)+bf_emma(1)", or an alias. No
        name is the path of a folder.

        Raises:
            UsageError: there is no such voice or speaker.
        """
        name = requested or self.default
        if name in self.aliases:
            name = self.aliases[name]
        elif name in OPENAI_VOICES and name not in voice_folders():
            name = self._like(name) or self.default
        voice, named = self._find(name)
        speaker = speaker or named
        check_choices(voice, speaker=speaker)
        return voice, speaker

    def _find(self, name: str) -> tuple[VoiceManifest, str | None]:
        folders = voice_folders()
        if name in folders:
            return find_voice(name, by_folder=False), None
        voice, slash, speaker = name.partition("/")
        if slash and voice in folders:
            return find_voice(voice, by_folder=False), speaker
        if blend := _blend(name):
            first = blend.split(",")[0].partition(":")[0]
            for manifest in installed_voices():
                if any(speaker.name == first for speaker in manifest.speakers):
                    return manifest, blend
        return find_voice(name, by_folder=False), None

    def _like(self, name: str) -> str | None:
        """A speaker that carries a name of OpenAI's, as Kokoro's af_alloy and am_echo."""
        for manifest in installed_voices():
            for speaker in manifest.speakers:
                if speaker.name.endswith(f"_{name}"):
                    return f"{manifest.name}/{speaker.name}"
        return None


def _blend(name: str) -> str | None:
    """Kokoro-FastAPI's blend, or a single name, as `--speaker` has it; None if it is neither."""
    parts = []
    for part in name.split("+"):
        found = _BLEND.fullmatch(part)
        if found is None:
            return None
        parts.append(found[1] if found[2] is None else f"{found[1]}:{found[2]}")
    return ",".join(parts)


def speech_request(body: Any, naming: Naming, *, format: str | None = None) -> SpeechRequest:
    """The request to the engine.

    Raises:
        UsageError: it cannot be right: an unknown voice, speaker, vocoder or format, a value outside of its limits.
    """
    name = body.voice.id if isinstance(body.voice, VoiceId) else body.voice
    manifest, speaker = naming.resolve(name, body.speaker)
    options = replace(body.options(), speaker=speaker)
    if options.acoustic is not None or options.vocoder is not None:
        _check_networks(manifest, options.acoustic, options.vocoder)
    chosen = format or body.response_format
    stream_format(chosen, body.sample_rate)
    return SpeechRequest(body.input, manifest.name, chosen, body.sample_rate, options)


def _check_networks(manifest: VoiceManifest, acoustic: str | None, vocoder: str | None) -> None:
    """Refuse networks that the voice does not have; a vocoder's name is never the path of a folder."""
    is_known = vocoder is None or vocoder in manifest.vocoders or vocoder in voice_folders()
    if manifest.end_to_end is None and not is_known:
        raise UsageError(
            f"The voice {manifest.name} has no vocoder {vocoder!r}; it has {', '.join(manifest.vocoders)}."
        )
    check_choices(manifest, acoustic=acoustic, vocoder=vocoder)
