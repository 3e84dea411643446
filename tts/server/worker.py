"""One worker process of the server: it speaks several requests in turns, a piece at a time.

A request is a generator that is advanced by one piece at a turn. One thread makes the first pieces, another of lower
priority the rest, so that a long text does not delay the first sound of a short one; clients take turns, and the
requests of each.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from threading import Condition, Lock, Thread
from typing import TYPE_CHECKING, Any

from tts.batch.settings import WorkerSetup
from tts.errors import TtsError, UsageError
from tts.interrupts import accept_interrupts
from tts.server.encoding import FORMATS, Encoder, stream_format
from tts.server.speech import Event, Failed, Finished, SpeechRequest, Spoken
from tts.voice.manifest import MANIFEST_FILE
from tts.voice.store import find_voice, voice_folders

if TYPE_CHECKING:
    from tts.synthesis.voice import Piece, Voice
    from tts.text.incremental import IncrementalText, Part

PIECES_AHEAD = 6
"""A request waits when the client has not taken this many pieces: what is computed ahead is kept in memory."""

# As the command nice has it.
_LOWER_PRIORITY = 10

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
    is_busy: bool = False
    """It is being advanced at the moment."""
    last_turn: int = 0
    waits_for_text: bool = False
    is_ended: bool = False
    parts: deque[Part] = field(default_factory=deque)
    incremental: IncrementalText | None = None

    @property
    def is_ready(self) -> bool:
        has_text = not self.waits_for_text or bool(self.parts) or self.is_ended
        return not self.is_busy and self.untaken < PIECES_AHEAD and has_text


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
    # PyTorch reads it when it is imported.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from tts.kernels.execution import set_compute_threads

    set_compute_threads(threads)
    with suppress(EOFError, OSError):
        _Worker(connection, Voices(setup, voice_bytes)).run()
    # Without waiting for what is being computed: nobody hears it.
    os._exit(0)


class _Worker:
    def __init__(self, connection: Connection, voices: Voices) -> None:
        self._connection, self._voices = connection, voices
        self._jobs: dict[int, _Job] = {}
        self._turns = count(1)
        self._clients: dict[str, int] = {}
        """When each client had its last turn."""
        self._changed = Condition()
        """Holds the lock of the jobs; notified when one may have become ready."""
        self._loading, self._sending, self._exclusive = Lock(), Lock(), Lock()

    def run(self) -> None:
        """Work until the connection is closed; raises EOFError or OSError then."""
        for of_heard in (False, True):
            Thread(target=self._work, args=(of_heard,), daemon=True).start()
        while True:
            self._handle(*self._connection.recv())

    def _work(self, of_heard: bool) -> None:
        """Advance the requests that have been heard already, or those that have not."""
        if of_heard:
            _lower_priority()
        while True:
            with self._changed:
                while (job := self._next_job(of_heard)) is None:
                    self._changed.wait()
                job.is_busy = True
                job.last_turn = self._clients[job.client] = next(self._turns)
            # PyTorch and the compiled kernels have settings and threads that two threads cannot share.
            with self._exclusive if "torch" in sys.modules else nullcontext():
                self._advance(job)
            with self._changed:
                job.is_busy = False
                self._changed.notify_all()

    def _next_job(self, of_heard: bool) -> _Job | None:
        ready = [job for job in self._jobs.values() if job.is_heard == of_heard and job.is_ready]
        return min(ready, key=lambda job: (self._clients[job.client], job.last_turn), default=None)

    def _handle(self, kind: str, *rest: Any) -> None:
        if kind == "quit":
            raise EOFError
        if kind == "load":
            self._load(*rest)
            return
        if kind in ("text", "flush", "end") and (written := self._jobs.get(rest[0])) is not None:
            self._attempt(written, partial(self._add_text, written, kind, rest[1]))
        with self._changed:
            if kind == "speak":
                number, request, client = rest
                self._jobs[number] = job = _Job(number, request, client, iter(()))
                job.events = self._speak(job)
                self._clients.setdefault(client, 0)
            elif (found := self._jobs.get(rest[0])) is not None:
                if kind == "taken":
                    found.untaken -= 1
                elif kind == "cancel":
                    self._remove(found)
            self._changed.notify_all()

    def _load(self, name: str) -> None:
        """Load a voice before it is asked for, and speak a word: the first sentence pays for nothing then."""
        try:
            with self._loading:
                voice = self._voices.get(name)
            for kind in FORMATS.values():
                Encoder(kind, voice.manifest.sample_rate).finish()
            list(voice.stream("Ready."))
        except Exception as error:
            logger.warning("the voice %s cannot be loaded: %s", name, error)
        self._send("loaded", name)

    def _advance(self, job: _Job) -> None:
        """One turn of one request."""

        def turn() -> None:
            event = next(job.events)
            if event is None:
                return
            job.is_heard = True
            with self._changed:
                job.untaken += 1
            self._send("event", job.number, event)
            if isinstance(event, Finished):
                with self._changed:
                    self._remove(job)

        self._attempt(job, turn)

    def _attempt(self, job: _Job, step: Callable[[], None]) -> None:
        """Run a step of a request; an error in it ends this request and no other."""
        try:
            step()
            return
        except StopIteration:
            # It was cancelled meanwhile.
            return
        except _VoiceError as error:
            failure = Failed("voice", str(error))
        except TtsError as error:
            failure = Failed("request", str(error))
        except Exception as error:
            logger.exception("a request failed")
            failure = Failed("internal", f"This cannot be spoken ({type(error).__name__}: {error}).")
        self._send("event", job.number, failure)
        with self._changed:
            self._remove(job)

    def _send(self, *message: Any) -> None:
        with self._sending, suppress(OSError):
            # If the other end is closed, the thread that receives ends this process.
            self._connection.send(message)

    def _remove(self, job: _Job) -> None:
        self._jobs.pop(job.number, None)
        job.events = iter(())
        if not any(other.client == job.client for other in self._jobs.values()):
            self._clients.pop(job.client, None)

    def _speak(self, job: _Job) -> Iterator[Event | None]:
        """The events of a request; None is a turn without one."""
        request = job.request
        kind = stream_format(request.format, request.sample_rate)
        started = time.perf_counter()
        with self._loading:
            voice = self._prepared(request)
        yield None
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
            job.waits_for_text = not job.parts
            yield job.parts.popleft() if job.parts else None
        job.waits_for_text = False

    def _add_text(self, job: _Job, kind: str, text: str) -> None:
        """More of a text that arrives in pieces, or its end."""
        if job.incremental is None:
            from tts.text.incremental import IncrementalText

            job.incremental = IncrementalText(find_voice(job.request.voice, by_folder=False).language)
        job.parts += job.incremental.add(text) if kind == "text" else job.incremental.flush()
        job.is_ended = kind == "end"


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


def _lower_priority() -> None:
    """Let this thread yield to those that make the first pieces."""
    if sys.platform == "linux":
        # On Linux threads have priorities of their own.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWER_PRIORITY)
