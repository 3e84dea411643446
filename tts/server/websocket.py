"""Text that arrives in pieces over a WebSocket, and speech that goes back as its sentences are complete.

The client sends JSON: {"type": "start", …the fields of a speech request…}, {"type": "text", "text": …}, "flush",
"end", "cancel". It receives {"type": "started"}, and for each piece {"type": "sentence"} followed by one binary message
of audio, then {"type": "done"}; {"type": "error"} ends one text, not the connection.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from tts.errors import TtsError, UsageError
from tts.server.encoding import FORMATS
from tts.server.engine import Engine, Speech
from tts.server.requests import Naming, SpeechBody, speech_request
from tts.server.security import error_document

_MOST_MESSAGE_CHARACTERS = 100_000


async def serve_stream(websocket: WebSocket, engine: Engine, naming: Naming, most_characters: int) -> None:
    """Serve one connection until its client closes it."""
    await websocket.accept()
    connection = _Connection(websocket, engine, naming, most_characters)
    try:
        while True:
            text = await websocket.receive_text()
            try:
                await connection.handle(text)
            except TtsError as error:
                await connection.fail(str(error))
    except (WebSocketDisconnect, KeyError, RuntimeError):
        # KeyError: a binary message, which has no text. RuntimeError: closed while an answer was sent.
        with suppress(RuntimeError):
            await websocket.close(1003)
    finally:
        await connection.stop()


class _Connection:
    """One client: at most one text at a time."""

    def __init__(self, websocket: WebSocket, engine: Engine, naming: Naming, most_characters: int) -> None:
        self._websocket, self._engine, self._naming, self._most = websocket, engine, naming, most_characters
        self._speech: Speech | None = None
        self._sending: asyncio.Task[None] | None = None
        self._n_characters = 0

    async def handle(self, text: str) -> None:
        """One message of the client; raises UsageError if it cannot be right."""
        message = _parsed(text)
        kind = message.pop("type", None)
        if kind == "start":
            await self.stop()
            await self._start(message)
        elif kind == "cancel":
            await self.stop()
            await self._send({"type": "cancelled"})
        elif kind not in ("text", "flush", "end"):
            raise UsageError("A message has the type start, text, flush, end or cancel.")
        elif self._speech is None:
            raise UsageError("There is no text to go on with: send a message of the type start first.")
        elif kind == "text":
            added = message.get("text")
            if not isinstance(added, str):
                raise UsageError("A message of the type text has the field text.")
            self._n_characters += len(added)
            if self._n_characters > self._most:
                await self.stop()
                raise UsageError(f"At most {self._most} characters are spoken at once.")
            self._speech.add(added.encode("utf-8", "replace").decode("utf-8"))
        elif kind == "flush":
            self._speech.flush()
        else:
            self._speech.end()

    async def _start(self, message: dict[str, Any]) -> None:
        try:
            body = SpeechBody(**{"response_format": "pcm", **message, "input": ""})
        except ValidationError as error:
            first = error.errors()[0]
            raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
        wanted = await asyncio.to_thread(speech_request, body, self._naming)
        if wanted.options.input != "text":
            raise UsageError("Text that arrives in pieces cannot be SSML or phonemes.")
        if wanted.options.loudness is not None:
            raise UsageError("loudness needs the whole text: leave it out.")
        client = self._websocket.client.host if self._websocket.client else ""
        self._speech = self._engine.submit(replace(wanted, text=None), client)
        self._n_characters = 0
        media_type = FORMATS[wanted.format].media_type
        await self._send({"type": "started", "voice": wanted.voice, "format": wanted.format, "media_type": media_type})
        self._sending = asyncio.create_task(self._send_pieces(self._speech))

    async def stop(self) -> None:
        """End the current text, if there is one."""
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._sending
        if self._speech is not None:
            self._speech.cancel()
        self._speech = self._sending = None

    async def fail(self, message: str) -> None:
        message = message.encode("utf-8", "replace").decode("utf-8")
        await self._send({"type": "error", **error_document(message, "invalid_request_error")})

    async def _send_pieces(self, speech: Speech) -> None:
        try:
            async for piece in speech:
                sentence = {
                    "type": "sentence",
                    "text": piece.text,
                    "goes_on": piece.goes_on,
                    "start_time": round(piece.start, 4),
                    "end_time": round(piece.end, 4),
                    "timestamps": piece.timestamps,
                    "warnings": list(piece.warnings),
                }
                await self._send(sentence)
                await self._websocket.send_bytes(piece.data)
            assert speech.finished is not None
            if speech.finished.data:
                await self._websocket.send_bytes(speech.finished.data)
            await self._send({"type": "done", "seconds": round(speech.finished.seconds, 4)})
        except TtsError as error:
            await self.fail(str(error))
        finally:
            if self._speech is speech:
                self._speech = None

    async def _send(self, document: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(document, ensure_ascii=False))


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _MOST_MESSAGE_CHARACTERS:
        raise UsageError(f"A message has at most {_MOST_MESSAGE_CHARACTERS} characters.")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise UsageError("A message is a JSON object.")
    return message
