"""What a client asks the server to speak, and what it receives: plain data that its processes exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tts.options import SynthesisOptions
from tts.synthesis.timing import TimedWord

Fault = Literal["request", "voice", "internal", "busy"]
"""Why a request fails: it cannot be right, its voice cannot be used, this program has an error, or it ends."""


@dataclass(frozen=True)
class SpeechRequest:
    """A text and how it is spoken; `text` is None if it arrives in pieces while it is spoken.

    `voice` is the name of an installed voice, `format` one of `tts.server.encoding.FORMATS`; a `sample_rate` of None is
    the default of the format.
    """

    text: str | None
    voice: str
    format: str = "mp3"
    sample_rate: int | None = None
    options: SynthesisOptions = field(default_factory=SynthesisOptions)


@dataclass(frozen=True)
class Spoken:
    """A piece of speech: a sentence, or a part of a long one (`goes_on`: not its first part).

    `data` is audio in the requested format; it may be empty, because an encoder waits for more. Times are seconds from
    the start of the whole audio; `start` to `end` is the complete sentence with the silence before it.
    """

    data: bytes
    start: float
    end: float
    text: str = ""
    phonemes: str = ""
    words: tuple[TimedWord, ...] = ()
    warnings: tuple[str, ...] = ()
    goes_on: bool = False

    @property
    def timestamps(self) -> list[dict[str, Any]]:
        """Its words as JSON."""
        return [
            {"word": word.text, "start_time": round(word.start, 4), "end_time": round(word.end, 4)}
            for word in self.words
        ]


@dataclass(frozen=True)
class Finished:
    """All of a text has been spoken; `data` is what the encoder had left."""

    data: bytes
    seconds: float
    compute_seconds: float


@dataclass(frozen=True)
class Failed:
    """A text cannot be spoken, or not to its end; `message` is a sentence for the client."""

    fault: Fault
    message: str


Event = Spoken | Finished | Failed
