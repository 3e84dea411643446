"""Runs the server: the engine, and what listens for clients, in one event loop until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tts.errors import TtsError, UsageError
from tts.extras import is_installed
from tts.server.engine import Engine, EngineSettings
from tts.server.http import ServerSettings, create_app

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_REQUEST_SECONDS = 30.0
"""A client that sends no complete request head for this long is disconnected."""
_KEEP_ALIVE_SECONDS = 15
_MOST_HEADER_BYTES = 32_768

OnStart = Callable[[str, Sequence[str]], None]

logger = logging.getLogger("tts.server")


@dataclass(frozen=True)
class Address:
    host: str
    port: int


def run_server(
    address: Address,
    engine: EngineSettings,
    settings: ServerSettings,
    wyoming: Sequence[str] = (),
    zeroconf: str | None = None,
    on_start: OnStart = lambda url, addresses: None,
) -> int | None:
    """Serve until a signal comes; returns its number. `on_start` is called with the addresses of page and Wyoming.

    Raises:
        UsageError: an address of Wyoming is none, or none of them can be announced as `zeroconf`.
        TtsError: an address is in use, or a worker cannot be started.
    """
    if wyoming:
        from tts.server.wyoming import check_address

        for uri in wyoming:
            check_address(uri)
    if zeroconf is not None:
        if not any(uri.startswith("tcp:") for uri in wyoming):
            raise UsageError("--zeroconf announces an address of --wyoming: give one, tcp://HOST:PORT.")
        if not is_installed("zeroconf"):
            raise TtsError("--zeroconf needs zeroconf, which is not installed: pip install zeroconf.")
    return asyncio.run(_serve(address, Engine(engine), settings, wyoming, zeroconf, on_start))


async def _serve(
    address: Address,
    engine: Engine,
    settings: ServerSettings,
    wyoming: Sequence[str],
    zeroconf: str | None,
    on_start: OnStart,
) -> int | None:
    listener = _listen(address)
    url = _url(listener)
    config = uvicorn.Config(
        create_app(engine, settings),
        http=_Protocol,
        ws="websockets-sansio",
        ws_max_size=settings.rules.most_bytes,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=round(settings.closing_seconds),
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
    server = _Server(config, engine)
    serving = asyncio.create_task(server.serve([listener]))
    addresses: list[str] = []
    stack = AsyncExitStack()
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        if server.started:
            if wyoming:
                from tts.server.wyoming import wyoming_servers

                naming, most = settings.naming, settings.most_characters
                addresses = await stack.enter_async_context(wyoming_servers(wyoming, engine, naming, most, zeroconf))
            on_start(url, addresses)
        await serving
    except TtsError:
        # An address is in use: nothing is served by half.
        server.should_exit = True
        await serving
        raise
    finally:
        await stack.aclose()
        listener.close()
    if not server.started:
        raise TtsError("The server could not start; its log says why.")
    return server.received


class _Server(uvicorn.Server):
    """Uvicorn's server, which at a signal ends what is being spoken, and then itself, without a traceback."""

    def __init__(self, config: uvicorn.Config, engine: Engine) -> None:
        super().__init__(config)
        self.received: int | None = None
        self._engine = engine

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.received is None:
            self._engine.refuse_all()
        self.received = self.received or sig
        super().handle_exit(sig, frame)


class _Protocol(H11Protocol):
    """HTTP/1.1 for which a connection without a request is closed after a while."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._first_request = self.loop.call_later(_REQUEST_SECONDS, self._close_without_request)

    def _close_without_request(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._first_request.cancel()
        super().connection_lost(exc)


def _listen(address: Address) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise TtsError(f"There is no address {address.host!r} to listen at: {error.strerror}.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        hint = "choose another port with --port" if error.errno == 98 else "choose another address"
        raise TtsError(f"Nothing can listen at {address.host}:{address.port} ({error.strerror}): {hint}.") from error
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
