"""What can be chosen of a voice: its networks, and its speakers by a name, a number, or a blend with weights."""

from __future__ import annotations

import math

from tts.errors import UsageError
from tts.models.base import SpeakerMix
from tts.voice.load import network_title
from tts.voice.manifest import VoiceManifest
from tts.voice.store import find_vocoder, suggestion

MAX_LISTED = 12
"""A voice with more speakers than this is not listed in an error message."""

CONTROLS = {
    "fastspeech2": ("speed", "pitch", "energy"),
    "tacotron2": ("speed",),
    "piper": ("speed", "noise_scale", "noise_w"),
    "kokoro": ("speed",),
}
"""What each network has control over; a test compares it with the networks."""


def check_choices(
    voice: VoiceManifest, *, acoustic: str | None = None, vocoder: str | None = None, speaker: str | None = None
) -> None:
    """Raise UsageError if the voice has no such acoustic model, vocoder or speaker; None is the voice's own choice."""
    if voice.end_to_end is not None and (acoustic is not None or vocoder is not None):
        flag = "--vocoder" if vocoder is not None else "--acoustic"
        title = network_title(voice.end_to_end.network)
        raise UsageError(
            f"{voice.name} is a single network from text to samples ({title}), without two stages: leave {flag} out."
        )
    # Unlike a vocoder, an acoustic model cannot be borrowed from another voice.
    if acoustic is not None and acoustic not in voice.acoustics:
        problem = f"The voice {voice.name} has no acoustic model {acoustic!r}"
        raise UsageError(f"{problem}; {suggestion(acoustic, voice.acoustics)}")
    if vocoder is not None:
        find_vocoder(voice, vocoder)
    resolve_speaker(voice, speaker)


def resolve_speaker(voice: VoiceManifest, requested: str | None) -> SpeakerMix:
    """The speakers that `requested` names: "anna", "3" (an index from 0), "anna:60,ben:40"; None is the default.

    A name takes precedence over a number. Weights are relative; a speaker without one has the weight 1. A voice without
    a list of speakers returns an empty mix.

    Raises:
        UsageError: there is no such speaker, or a weight is not a number above 0.
    """
    indices = {speaker.name: index for index, speaker in enumerate(voice.speakers)}
    if requested is None:
        return ((indices.get(voice.default_speaker, 0), 1.0),) if voice.speakers else ()
    if not voice.speakers:
        raise UsageError(f"The voice {voice.name} has a single speaker: leave --speaker out.")
    if requested in indices:
        # Also where a name has a colon or a comma in it.
        return ((indices[requested], 1.0),)

    weights: dict[int, float] = {}
    for part in requested.split(","):
        name, colon, written = (each.strip() for each in part.strip().rpartition(":"))
        if not colon:
            name, written = written, "1"
        try:
            weight = float(written)
        except ValueError:
            weight = math.nan
        if not (0 < weight < math.inf):
            raise UsageError(f"A speaker's weight must be a number above 0, not {written!r}: anna:60,ben:40.")
        index = _index(voice, name, indices)
        weights[index] = weights.get(index, 0.0) + weight
    total = sum(weights.values())
    return tuple((index, weight / total) for index, weight in weights.items())


def _index(voice: VoiceManifest, name: str, indices: dict[str, int]) -> int:
    if name in indices:
        return indices[name]
    if name.isascii() and name.isdigit() and int(name) < len(voice.speakers):
        return int(name)
    problem = f"The voice {voice.name} has no speaker {name!r}"
    if len(indices) > MAX_LISTED and suggestion(name, indices).startswith("there are"):
        last = len(indices) - 1
        raise UsageError(f"{problem}: it has {len(indices)}, numbered from 0 to {last}; tts voices info lists them.")
    raise UsageError(f"{problem}; {suggestion(name, indices)}")


def controls_of(voice: VoiceManifest, acoustic: str | None = None) -> list[str]:
    """The options with which the voice's network changes its speech: speed, pitch, energy, noise_scale, noise_w.

    `acoustic` None is the voice's default. No network is loaded.
    """
    component = voice.end_to_end or voice.acoustics[acoustic or voice.default_acoustic]
    return list(CONTROLS[component.network])
