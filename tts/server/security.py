"""Who may ask the server, and how much: host names, origins, the API key, the size and time of a request.

A page in the user's browser may send requests to a server on the same machine. It is kept out by the Host header,
which names another server if a foreign name was made to point here (DNS rebinding), and by the Origin header.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tts.errors import TtsError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = ("/health",)
"""What answers without an API key; the page's files do too, for they hold no data."""


@dataclass(frozen=True)
class Rules:
    """`hosts` are names by which the server may be addressed, beside its own; `origins` those of pages elsewhere."""

    api_key: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    most_bytes: int = 2_000_000
    most_document_bytes: int = 50_000_000
    body_seconds: float = 30.0


class RefusedError(TtsError):
    """A request that the rules refuse, with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def error_document(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's API returns it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


class Guard:
    """An ASGI application around another: it refuses requests, and hands on those with a complete body."""

    def __init__(self, app: App, rules: Rules) -> None:
        self._app, self._rules = app, rules
        self._own_names = {"localhost", "testserver", socket.gethostname().lower(), *map(str.lower, rules.hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            origin = self._check(scope, headers)
            if scope["type"] == "http":
                if origin is not None:
                    send = _with_cors(send, origin)
                    if scope["method"] == "OPTIONS":
                        await _answer(send, 204, b"", "text/plain")
                        return
                receive = await self._with_body(scope, headers, receive)
        except RefusedError as refusal:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)})
                return
            kind = "authentication_error" if refusal.status == 401 else "invalid_request_error"
            await _answer(send, refusal.status, json.dumps(error_document(str(refusal), kind)).encode())
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: dict[str, str]) -> str | None:
        """Raise RefusedError, or return the origin of a page elsewhere that may ask."""
        host = _host(headers.get("host", ""))
        if self._rules.api_key is None and not self._is_own(host):
            raise RefusedError(421, f"This server is not addressed as {host!r}: allow it by --allow-host {host}.")
        origin = headers.get("origin")
        elsewhere = None
        if origin is not None and _host(urlsplit(origin).netloc) != host:
            if origin not in self._rules.origins:
                raise RefusedError(403, "A page of another origin may not ask: allow it by --allow-origin.")
            elsewhere = origin
        is_open = scope["path"] in OPEN_PATHS or _is_page(scope["path"]) or scope.get("method") == "OPTIONS"
        if self._rules.api_key is not None and not is_open and not self._has_key(scope, headers):
            raise RefusedError(401, "The API key is missing or wrong: send it as Authorization: Bearer KEY.")
        return elsewhere

    def _is_own(self, host: str) -> bool:
        """A name of this machine, or an address: no foreign name can point here without being one."""
        if host in self._own_names:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True

    def _has_key(self, scope: Scope, headers: dict[str, str]) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            given = ""
        if scope["type"] == "websocket" and not given:
            # A browser cannot give a WebSocket a header.
            given = parse_qs(scope["query_string"].decode("latin-1")).get("api_key", [""])[0]
        return hmac.compare_digest(given.strip().encode(), (self._rules.api_key or "").encode())

    async def _with_body(self, scope: Scope, headers: dict[str, str], receive: Receive) -> Receive:
        """A `receive` that returns the complete body at first; what comes later is that the client has gone."""
        most = self._rules.most_document_bytes if scope["path"] == "/v1/documents" else self._rules.most_bytes
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            raise RefusedError(413, f"The body is larger than {most} bytes.")
        body = bytearray()

        async def read() -> None:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "The client has gone.")
                body.extend(message.get("body", b""))
                if len(body) > most:
                    raise RefusedError(413, f"The body is larger than {most} bytes.")
                if not message.get("more_body"):
                    return

        try:
            await asyncio.wait_for(read(), self._rules.body_seconds)
        except asyncio.TimeoutError:
            raise RefusedError(408, "The body did not arrive in time.") from None
        is_given = False

        async def receive_body() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()
            is_given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        return receive_body


def _host(header: str) -> str:
    """The host of a Host header, in lower case and without its port and the brackets of an IPv6 address."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return header


def _is_page(path: str) -> bool:
    return path == "/" or path.startswith("/page/")


def _with_cors(send: Send, origin: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-headers", b"authorization, content-type"),
                (b"access-control-allow-methods", b"GET, POST"),
                (b"vary", b"Origin"),
            ]
        await send(message)

    return send_with_headers


async def _answer(send: Send, status: int, body: bytes, media_type: str = "application/json") -> None:
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    if status in (408, 413):
        # The rest of the body is not read.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
