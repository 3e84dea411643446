"""The engine of the server: a queue with a fair share for each client, and worker processes that speak.

Everything here runs in the event loop of one thread; a thread per worker receives what its process sends.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import threading
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.resource_tracker import ensure_running
from types import TracebackType
from typing import Any

from tts.batch.settings import WorkerSetup
from tts.batch.workers import worker_device
from tts.errors import TtsError
from tts.interrupts import starting_process
from tts.server.speech import Event, Failed, Fault, Finished, SpeechRequest, Spoken
from tts.server.worker import serve

# A new interpreter: a forked process would inherit locks of threads that it does not have.
_CONTEXT = multiprocessing.get_context("spawn")
_TERMINATION_SECONDS = 2.0
_RESTART_SECONDS = 1.0
_CLOSING = "The server is about to end."

logger = logging.getLogger("tts.server")


@dataclass(frozen=True)
class EngineSettings:
    """How the engine works. `workers` processes compute on `threads` threads each."""

    workers: int = 1
    threads: int = 1
    setup: WorkerSetup = field(default_factory=WorkerSetup)
    preloaded: tuple[str, ...] = ()
    """Voices that are loaded at the start."""
    voice_bytes: int = 1_000_000_000
    """What the files of the voices that a worker keeps loaded may have in all."""
    most_waiting: int = 256
    """Requests that wait for a worker; beyond them the server is busy."""
    most_per_worker: int = 4
    """Requests that a worker speaks in turns."""
    request_seconds: float = 600.0
    """A request is ended after this time, however much of it has been spoken."""


class BusyError(TtsError):
    """The queue is full, or the server is about to end."""


class SpeechError(TtsError):
    """A request failed; `fault` says why."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class Speech:
    """One request in the engine: an asynchronous iterator of its pieces. Closing it stops the work for it.

    `finished` is set after the last piece. If the request fails, iterating raises SpeechError.
    """

    def __init__(self, engine: Engine, number: int, request: SpeechRequest, client: str) -> None:
        self.number, self.request, self.client = number, request, client
        self.finished: Finished | None = None
        self._engine = engine
        self._worker: _Worker | None = None
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._unsent: list[tuple[str, str]] = []
        self._is_over = False
        self.is_heard = False
        self._expiry = asyncio.get_running_loop().call_later(engine.settings.request_seconds, self._expire)

    def __aiter__(self) -> AsyncIterator[Spoken]:
        return self

    async def __anext__(self) -> Spoken:
        if self.finished is not None:
            raise StopAsyncIteration
        event = await self._events.get()
        if isinstance(event, Spoken):
            if self._worker is not None and not self._is_over:
                self._worker.send("taken", self.number)
            return event
        self._end()
        if isinstance(event, Failed):
            if event.fault == "busy":
                raise BusyError(event.message)
            raise SpeechError(event.fault, event.message)
        self.finished = event
        raise StopAsyncIteration

    async def __aenter__(self) -> Speech:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def add(self, text: str) -> None:
        """More of a text that arrives in pieces."""
        self._send("text", text)

    def flush(self) -> None:
        """Speak what is there of the text, although it may not end a sentence."""
        self._send("flush", "")

    def end(self) -> None:
        """The text is complete."""
        self._send("end", "")

    def cancel(self) -> None:
        """Stop the work for this request; nothing happens if it is done."""
        if not self._is_over:
            if self._worker is not None:
                self._worker.send("cancel", self.number)
            self._end()

    def _send(self, kind: str, text: str) -> None:
        if self._worker is None:
            self._unsent.append((kind, text))
        elif not self._is_over:
            self._worker.send(kind, self.number, text)

    def _begin(self, worker: _Worker) -> None:
        self._worker = worker
        worker.send("speak", self.number, self.request, self.client)
        for kind, text in self._unsent:
            worker.send(kind, self.number, text)
        self._unsent.clear()

    def _receive(self, event: Event) -> None:
        self.is_heard = True
        self._events.put_nowait(event)
        if not isinstance(event, Spoken):
            # Its place at the worker is free, also while the client still takes the last pieces.
            self._end()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._expiry.cancel()
            self._engine._remove(self)

    def _expire(self) -> None:
        seconds = self._engine.settings.request_seconds
        self.cancel()
        self._events.put_nowait(Failed("request", f"The request took longer than {seconds:g} seconds and was ended."))


class Engine:
    """Speaks requests by worker processes. `start` it, and `close` it at the end."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._workers: list[_Worker] = []
        self._waiting: OrderedDict[str, deque[Speech]] = OrderedDict()
        """By client, in the order in which they take turns."""
        self._speeches: dict[int, Speech] = {}
        self._numbers = count(1)
        self._is_closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def n_active(self) -> int:
        return len(self._speeches) - self.n_waiting

    @property
    def n_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    async def start(self) -> None:
        """Start the workers and load the first voices.

        Raises:
            TtsError: a worker cannot be started.
        """
        for number in range(self.settings.workers):
            self._workers.append(_Worker(number, self))
        await asyncio.gather(*(worker.loaded.wait() for worker in self._workers))
        if any(worker.is_gone for worker in self._workers):
            await self.close(0)
            raise TtsError("A worker process has ended at its start; tts doctor says what works here.")

    def refuse_all(self) -> None:
        """Refuse what waits and what comes from now on; what is being spoken goes on."""
        self._is_closing = True
        for speech in [speech for queue in self._waiting.values() for speech in queue]:
            speech._receive(Failed("busy", _CLOSING))

    async def close(self, seconds: float) -> None:
        """Refuse what waits, let what is being spoken end for up to so many seconds, and end the workers."""
        self.refuse_all()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in self._workers))

    def submit(self, request: SpeechRequest, client: str) -> Speech:
        """Queue a request of a client.

        Raises:
            BusyError: the queue is full, or the server is about to end.
        """
        if self._is_closing:
            raise BusyError(_CLOSING)
        if self.n_waiting >= self.settings.most_waiting:
            raise BusyError(f"The server is busy: {self.n_waiting} requests are waiting.")
        speech = Speech(self, next(self._numbers), request, client)
        self._speeches[speech.number] = speech
        self._waiting.setdefault(client, deque()).append(speech)
        self._idle.clear()
        self._dispatch()
        return speech

    def _dispatch(self) -> None:
        """Give waiting requests to workers that have a place."""
        while self._waiting:
            client, queue = next(iter(self._waiting.items()))
            worker = self._worker_for(queue[0].request.voice)
            if worker is None:
                return
            speech = queue.popleft()
            # The next request of this client waits until the others had their turn.
            del self._waiting[client]
            if queue:
                self._waiting[client] = queue
            worker.speeches[speech.number] = speech
            speech._begin(worker)

    def _worker_for(self, voice: str) -> _Worker | None:
        """The worker with the fewest requests, of those that have the voice if one of them has a place."""
        most = self.settings.most_per_worker
        free = [worker for worker in self._workers if not worker.is_gone and len(worker.speeches) < most]
        fewest = min((len(worker.speeches) for worker in free), default=0)
        return min(
            free,
            key=lambda worker: (
                len(worker.speeches) > fewest + 1,
                voice not in worker.voices,
                # First pieces are made one after the other.
                sum(not speech.is_heard for speech in worker.speeches.values()),
                len(worker.speeches),
            ),
            default=None,
        )

    def _remove(self, speech: Speech) -> None:
        self._speeches.pop(speech.number, None)
        if speech._worker is not None:
            speech._worker.speeches.pop(speech.number, None)
        elif (queue := self._waiting.get(speech.client)) is not None:
            with suppress(ValueError):
                queue.remove(speech)
            if not queue:
                del self._waiting[speech.client]
        if not self._speeches:
            self._idle.set()
        if not self._is_closing:
            self._dispatch()

    def _replace(self, worker: _Worker) -> None:
        """A worker's process is gone, and its requests with it."""
        if self._is_closing:
            return
        logger.error("worker %d has ended; another takes its place", worker.number)
        worker.is_gone = True
        lost = list(worker.speeches.values())
        for speech in lost:
            # A request that ends one worker must not end them all.
            speech._receive(Failed("internal", "The process that spoke this has ended."))
        # Not at once: what ends it at its start would end the next one too.
        asyncio.get_running_loop().call_later(_RESTART_SECONDS, self._restart, worker.number)

    def _restart(self, number: int) -> None:
        if not self._is_closing:
            self._workers[number] = _Worker(number, self)
            self._dispatch()


class _Worker:
    """A worker process, and the thread here that receives its events."""

    def __init__(self, number: int, engine: Engine) -> None:
        settings = engine.settings
        self.number = number
        self.speeches: dict[int, Speech] = {}
        self.is_gone = False
        self.voices: set[str] = set(settings.preloaded)
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._unloaded = set(settings.preloaded)
        self.loaded = asyncio.Event()
        self._connection, remote_end = _CONTEXT.Pipe()
        setup = replace(settings.setup, device=worker_device(number, settings.setup.device))
        arguments = (remote_end, setup, settings.threads, settings.voice_bytes)
        self._process = _CONTEXT.Process(target=serve, args=arguments, daemon=True)
        ensure_running()
        with starting_process():
            self._process.start()
        remote_end.close()
        threading.Thread(target=self._receive, daemon=True).start()
        for name in settings.preloaded:
            self.send("load", name)
        if not self._unloaded:
            self.loaded.set()

    def send(self, *message: Any) -> None:
        if message[0] == "speak":
            self.voices.add(message[2].voice)
        with suppress(OSError):
            self._connection.send(message)

    def end(self) -> None:
        """End the process, after the piece that it computes."""
        self.send("quit")
        self._process.join(_TERMINATION_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()

    def _receive(self) -> None:
        call: Callable[..., Any] = self._loop.call_soon_threadsafe
        with suppress(RuntimeError):  # The loop is closed.
            try:
                while True:
                    call(self._handle, *self._connection.recv())
            except (EOFError, OSError):
                call(self._gone)

    def _handle(self, kind: str, *rest: Any) -> None:
        if kind == "loaded":
            self._unloaded.discard(rest[0])
            if not self._unloaded:
                self.loaded.set()
        elif (speech := self.speeches.get(rest[0])) is not None:
            speech._receive(rest[1])

    def _gone(self) -> None:
        self.loaded.set()
        self._engine._replace(self)
