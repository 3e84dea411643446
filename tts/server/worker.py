"""One worker process of the server: it speaks several requests in turns, a piece at a time.

A request is a generator that is advanced by one piece at a turn. Requests that have not been heard yet come first, so
that a long text does not delay the first sound of a short one; then clients take turns, and the requests of each.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from tts.batch.settings import WorkerSetup
from tts.errors import TtsError, UsageError
from tts.interrupts import accept_interrupts
from tts.server.encoding import Encoder, stream_format
from tts.server.speech import Event, Failed, Finished, SpeechRequest, Spoken
from tts.voice.manifest import MANIFEST_FILE
from tts.voice.store import find_voice, voice_folders

if TYPE_CHECKING:
    from tts.synthesis.voice import Piece, Voice
    from tts.text.incremental import IncrementalText, Part

PIECES_AHEAD = 6
"""A request waits when the client has not taken this many pieces: what is computed ahead is kept in memory."""

logger = logging.getLogger("tts.server")


@dataclass
class _Job:
    """A request in progress."""

    number: int
    request: SpeechRequest
    client: str
    events: Iterator[Event | None]
    untaken: int = 0
    """Pieces that were sent and that the client has not taken yet."""
    is_heard: bool = False
    last_turn: int = 0
    needs_text: bool = False
    is_ended: bool = False
    parts: deque[Part] = field(default_factory=deque)
    incremental: IncrementalText | None = None

    @property
    def is_ready(self) -> bool:
        return self.untaken < PIECES_AHEAD and not (self.needs_text and not self.parts and not self.is_ended)


class Voices:
    """The loaded voices. When their files exceed `limit` bytes, the ones used least recently are dropped."""

    def __init__(self, setup: WorkerSetup, limit: int) -> None:
        self._setup, self._limit = setup, limit
        self._voices: OrderedDict[str, tuple[Voice, float, int]] = OrderedDict()

    def get(self, name: str) -> Voice:
        """An installed voice by its name; it is loaded again if it was installed anew.

        Raises:
            UsageError: there is no such voice.
            TtsError: it cannot be loaded.
        """
        from tts.synthesis.voice import load_voice

        manifest = find_voice(name, by_folder=False)
        changed = (voice_folders()[name] / MANIFEST_FILE).stat().st_mtime
        if name not in self._voices or self._voices[name][1] != changed:
            setup = self._setup
            voice = load_voice(
                name,
                device=setup.device,
                runtime=setup.runtime,
                precision=setup.precision,
                lexicon=setup.lexicon,
                system_espeak=setup.system_espeak,
            )
            self._voices[name] = voice, changed, manifest.size
        self._voices.move_to_end(name)
        while len(self._voices) > 1 and sum(size for _, _, size in self._voices.values()) > self._limit:
            self._voices.popitem(last=False)
        return self._voices[name][0]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._voices)


def serve(connection: Connection, setup: WorkerSetup, threads: int, voice_bytes: int) -> None:
    """Main function of a worker's process: requests in, pieces out, until the other end is closed."""
    # Signals of the terminal reach every process; only the first one handles them, and closes this connection.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    accept_interrupts()
    from tts.kernels.execution import set_compute_threads

    set_compute_threads(threads)
    with suppress(EOFError, OSError):
        _Worker(connection, Voices(setup, voice_bytes)).run()


class _Worker:
    def __init__(self, connection: Connection, voices: Voices) -> None:
        self._connection, self._voices = connection, voices
        self._jobs: dict[int, _Job] = {}
        self._turns = count(1)
        self._clients: dict[str, int] = {}
        self._messages: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()

    def run(self) -> None:
        """Work until the connection is closed; raises EOFError or OSError then."""
        # The pipe is emptied by a thread of its own: the server must never wait for this process.
        Thread(target=self._receive, daemon=True).start()
        while True:
            job = self._next_job()
            while job is None or not self._messages.empty():
                message = self._messages.get()
                if message is None:
                    raise EOFError
                self._handle(*message)
                job = self._next_job()
            self._advance(job)

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._messages.put(self._connection.recv())
        self._messages.put(None)

    def _next_job(self) -> _Job | None:
        ready = [job for job in self._jobs.values() if job.is_ready]
        return min(ready, key=lambda job: (job.is_heard, self._clients[job.client], job.last_turn), default=None)

    def _handle(self, kind: str, *rest: Any) -> None:
        if kind == "quit":
            raise EOFError
        if kind == "load":
            self._load(*rest)
        elif kind == "speak":
            number, request, client = rest
            job = _Job(number, request, client, iter(()))
            job.events = self._speak(job)
            self._jobs[number] = job
            self._clients.setdefault(client, 0)
        elif (job := self._jobs.get(rest[0])) is not None:  # type: ignore[assignment]
            if kind == "taken":
                job.untaken -= 1
            elif kind == "cancel":
                self._remove(job)
            elif kind == "text":
                self._attempt(job, lambda: self._add_text(job, rest[1]))
            elif kind == "flush":
                self._attempt(job, lambda: self._flush(job))
            elif kind == "end":
                self._attempt(job, lambda: self._flush(job))
                job.is_ended = True

    def _load(self, name: str) -> None:
        """Load a voice before it is asked for, and speak a word: the first sentence pays for nothing then."""
        try:
            voice = self._voices.get(name)
            list(voice.stream("Ready."))
        except Exception as error:
            logger.warning("the voice %s cannot be loaded: %s", name, error)
        self._connection.send(("loaded", name))

    def _advance(self, job: _Job) -> None:
        """One turn of one request."""
        job.last_turn = self._clients[job.client] = next(self._turns)

        def turn() -> None:
            event = next(job.events)
            job.needs_text = event is None
            if event is not None:
                job.is_heard = True
                job.untaken += 1
                self._connection.send(("event", job.number, event))
            if isinstance(event, Finished):
                self._remove(job)

        self._attempt(job, turn)

    def _attempt(self, job: _Job, step: Callable[[], None]) -> None:
        """Run a step of a request; an error in it ends this request and no other."""
        try:
            step()
            return
        except OSError as error:
            if self._connection.closed or isinstance(error, BrokenPipeError):
                raise
            failure = Failed("internal", f"{error}.")
        except _VoiceError as error:
            failure = Failed("voice", str(error))
        except TtsError as error:
            failure = Failed("request", str(error))
        except Exception as error:
            logger.exception("a request failed")
            failure = Failed("internal", f"This cannot be spoken ({type(error).__name__}: {error}).")
        self._connection.send(("event", job.number, failure))
        self._remove(job)

    def _remove(self, job: _Job) -> None:
        self._jobs.pop(job.number, None)
        job.events = iter(())
        if not any(other.client == job.client for other in self._jobs.values()):
            self._clients.pop(job.client, None)

    def _speak(self, job: _Job) -> Iterator[Event | None]:
        """The events of a request; None: more text is needed."""
        request = job.request
        kind = stream_format(request.format, request.sample_rate)
        started = time.perf_counter()
        voice = self._prepared(request)
        encoder = Encoder(kind, voice.manifest.sample_rate, request.sample_rate)
        seconds, compute_seconds = 0.0, time.perf_counter() - started
        pieces = self._pieces(job, voice)
        while True:
            started = time.perf_counter()
            try:
                piece = next(pieces)
            except StopIteration:
                break
            if piece is None:
                yield None
                continue
            data = encoder.encode(piece.audio)
            compute_seconds += time.perf_counter() - started
            yield _spoken(piece, data, seconds)
            seconds += piece.audio.seconds
        yield Finished(encoder.finish(), seconds, compute_seconds)

    def _prepared(self, request: SpeechRequest) -> Voice:
        """The voice of a request with its networks; raises UsageError if the request is wrong, else _VoiceError."""
        try:
            voice = self._voices.get(request.voice)
            vocoder = request.options.vocoder
            if vocoder is not None and vocoder not in voice.manifest.vocoders and vocoder not in voice_folders():
                # Not the path of a folder: that is for those who may read the files of this machine.
                raise UsageError(f"The voice {request.voice} has no vocoder {vocoder!r}.")
            voice.prepare(request.options)
        except UsageError:
            raise
        except TtsError as error:
            raise _VoiceError(str(error)) from error
        return voice

    def _pieces(self, job: _Job, voice: Voice) -> Iterator[Piece | None]:
        request = job.request
        if request.text is not None:
            yield from voice.stream(request.text, request.options)
            return
        yield from voice.stream_parts(self._parts(job), request.options)

    def _parts(self, job: _Job) -> Iterator[Part | None]:
        """The parts of a text that arrives in pieces; None: more text is needed."""
        while job.parts or not job.is_ended:
            yield job.parts.popleft() if job.parts else None

    def _add_text(self, job: _Job, text: str) -> None:
        job.parts += self._incremental(job).add(text)

    def _flush(self, job: _Job) -> None:
        job.parts += self._incremental(job).flush()

    def _incremental(self, job: _Job) -> IncrementalText:
        if job.incremental is None:
            from tts.text.incremental import IncrementalText

            language = find_voice(job.request.voice, by_folder=False).language
            job.incremental = IncrementalText(language)
        return job.incremental


class _VoiceError(Exception):
    """A voice cannot be used, whatever the text is."""


def _spoken(piece: Piece, data: bytes, offset: float) -> Spoken:
    words = tuple(replace(word, start=offset + word.start, end=offset + word.end) for word in piece.words)
    return Spoken(
        data,
        offset,
        offset + (piece.audio.seconds if piece.goes_on else piece.seconds),
        piece.text,
        piece.phonemes,
        words,
        piece.warnings,
        piece.goes_on,
    )
