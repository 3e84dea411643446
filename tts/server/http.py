"""The HTTP interface: OpenAI's speech API, captions, lists of voices, documents, health, metrics and the page."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

import tts
from tts.errors import TtsError, UsageError
from tts.server.encoding import FORMATS
from tts.server.engine import BusyError, Engine, Speech, SpeechError
from tts.server.metrics import Metrics
from tts.server.requests import Naming, SpeechBody, speech_request
from tts.server.security import Guard, Rules, error_document
from tts.server.speech import Spoken
from tts.server.voices import voice_list
from tts.server.websocket import serve_stream

PAGE = Path(__file__).parent / "page"
MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""The names that clients expect; any name is accepted, and the voice decides."""

_RETRY_SECONDS = 2
_STATUS = {"request": 400, "voice": 500, "internal": 500}
_CLIENT_GONE = 499

logger = logging.getLogger("tts.server")


@dataclass(frozen=True)
class ServerSettings:
    naming: Naming = field(default_factory=Naming)
    rules: Rules = field(default_factory=Rules)
    most_characters: int = 100_000
    log_texts: bool = False
    closing_seconds: float = 30.0
    """How long what is being spoken may go on when the server is ended."""


class ClientGoneError(Exception):
    """The client closed its connection before there was anything to send."""


class Server:
    """What the routes share: the engine, the settings and the counters."""

    def __init__(self, engine: Engine, settings: ServerSettings) -> None:
        self.engine, self.settings = engine, settings
        self.metrics = Metrics(engine)

    async def begin(self, body: Any, request: Request, format: str | None = None) -> tuple[Speech, Spoken | None]:
        """Submit a request and wait for its first piece; None: it has no piece at all.

        Raises:
            UsageError, SpeechError: it cannot be spoken.
            BusyError: the queue is full.
            ClientGoneError: nobody waits for it any more.
        """
        most = self.settings.most_characters
        if len(body.input) > most:
            raise UsageError(f"The text has {len(body.input)} characters; at most {most} are spoken in one request.")
        wanted = await asyncio.to_thread(speech_request, body, self.settings.naming, format=format)
        client = request.client.host if request.client else ""
        started = time.perf_counter()
        speech = self.engine.submit(wanted, client)
        if self.settings.log_texts:
            logger.info("text for %s by %s: %r", client, wanted.voice, body.input)
        first = asyncio.ensure_future(anext(speech, None))
        gone = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait({first, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                raise ClientGoneError
            self.metrics.first_audio.observe(time.perf_counter() - started)
            return speech, first.result()
        except BaseException:
            speech.cancel()
            raise
        finally:
            for task in (first, gone):
                task.cancel()

    async def pieces(self, speech: Speech, first: Spoken | None, n_characters: int) -> AsyncIterator[Spoken]:
        if first is not None:
            yield first
            async for piece in speech:
                yield piece
        self.metrics.count(speech, n_characters)


class SpeechResponse(StreamingResponse):
    """A body that is streamed while it is spoken; the work stops when the client goes away."""

    def __init__(self, speech: Speech, content: AsyncIterator[bytes], media_type: str, ignored: list[str]) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        if ignored:
            names = ", ".join(ignored).encode("ascii", "backslashreplace").decode()[:200]
            headers["X-Tts-Ignored"] = "".join(each for each in names if each.isprintable())
        super().__init__(content, media_type=media_type, headers=headers)
        self._speech = speech

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SpeechError as error:
            # The headers are sent. A body that does not end tells the client that it is not complete.
            logger.warning("a request failed after its first audio: %s", error)
        finally:
            self._speech.cancel()


def create_app(engine: Engine, settings: ServerSettings) -> FastAPI:
    """The application; it starts and closes the engine."""
    server = Server(engine, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        yield
        await engine.close(settings.closing_seconds)

    app = FastAPI(
        title="utter-tts",
        version=tts.__version__,
        description="Speech from text, on this machine.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.server = server
    _add_errors(app)
    _add_speech(app, server)
    _add_lists(app, server)
    _add_page(app)

    @app.websocket("/v1/audio/stream")
    async def stream(websocket: WebSocket) -> None:
        await serve_stream(websocket, engine, settings.naming, settings.most_characters)

    app.add_middleware(Guard, rules=settings.rules)
    app.add_middleware(server.metrics.counting)
    return app


def _add_speech(app: FastAPI, server: Server) -> None:
    @app.post("/v1/audio/speech", response_class=StreamingResponse, summary="Speak a text")
    async def speak(body: SpeechBody, request: Request) -> Response:
        speech, first = await server.begin(body, request)
        pieces = server.pieces(speech, first, len(body.input))
        if body.stream_format == "sse":
            return SpeechResponse(speech, _sse(speech, pieces, len(body.input)), "text/event-stream", body.ignored)
        return SpeechResponse(speech, _audio(speech, pieces), FORMATS[body.response_format].media_type, body.ignored)

    @app.post("/v1/audio/captioned", summary="Speak a text, with the time of each word")
    @app.post("/dev/captioned_speech", include_in_schema=False)
    async def caption(body: SpeechBody, request: Request) -> Response:
        speech, first = await server.begin(body, request)
        captions = _captions(speech, server.pieces(speech, first, len(body.input)))
        if body.stream:
            lines = (json.dumps(each, ensure_ascii=False).encode() + b"\n" async for each in captions)
            return SpeechResponse(speech, lines, "application/x-ndjson", body.ignored)
        parts = [each async for each in captions]
        audio = b"".join(base64.b64decode(each["audio"]) for each in parts)
        timestamps = [word for each in parts for word in each["timestamps"]]
        return JSONResponse(
            {
                "audio": base64.b64encode(audio).decode(),
                "audio_format": body.response_format,
                "timestamps": timestamps,
                "seconds": speech.finished.seconds if speech.finished else 0.0,
            }
        )

    @app.post("/v1/documents", summary="The chapters of a document")
    async def read(request: Request, name: str) -> dict[str, Any]:
        content = await request.body()
        return await asyncio.to_thread(_chapters, name, content)


async def _audio(speech: Speech, pieces: AsyncIterator[Spoken]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if piece.data:
            yield piece.data
    if speech.finished is not None and speech.finished.data:
        yield speech.finished.data


async def _sse(speech: Speech, pieces: AsyncIterator[Spoken], n_characters: int) -> AsyncIterator[bytes]:
    """OpenAI's events. Tokens are those of its language models; here they are characters and tenths of a second."""
    async for data in _audio(speech, pieces):
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})
    n_tenths = round(10 * speech.finished.seconds) if speech.finished else 0
    usage = {"input_tokens": n_characters, "output_tokens": n_tenths, "total_tokens": n_characters + n_tenths}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


async def _captions(speech: Speech, pieces: AsyncIterator[Spoken]) -> AsyncIterator[dict[str, Any]]:
    """One document per piece; the last has the rest of the encoder."""
    async for piece in pieces:
        yield _caption(piece, piece.data, speech.request.format)
    if speech.finished is not None and speech.finished.data:
        end = speech.finished.seconds
        yield _caption(Spoken(b"", end, end), speech.finished.data, speech.request.format)


def _caption(piece: Spoken, data: bytes, format: str) -> dict[str, Any]:
    return {
        "audio": base64.b64encode(data).decode(),
        "audio_format": format,
        "text": piece.text,
        "start_time": round(piece.start, 4),
        "end_time": round(piece.end, 4),
        "timestamps": piece.timestamps,
        "warnings": list(piece.warnings),
    }


def _chapters(name: str, content: bytes) -> dict[str, Any]:
    """The chapters of a document that a client sends. Its name only says what it is; nothing is read by it."""
    import tempfile

    from tts.documents.reading import read_document

    # What is left of a path is a name, and of a name its printable end.
    safe = "".join(filter(str.isprintable, Path(name.replace("\\", "/")).name))[-80:]
    if safe in ("", ".", ".."):
        raise UsageError("The document needs a name, for its suffix says what it is: ?name=book.epub")
    with tempfile.TemporaryDirectory(prefix="tts-") as folder:
        path = Path(folder) / safe
        path.write_bytes(content)
        document = read_document(path)
    return {
        "title": document.title,
        "language": document.language,
        "chapters": [{"title": each.title, "text": each.passage.text} for each in document.chapters],
        "warnings": [warning for each in document.chapters for warning in each.passage.warnings],
    }


def _add_lists(app: FastAPI, server: Server) -> None:
    @app.get("/v1/models", summary="The names that clients may give as the model")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(name) for name in MODELS]}

    @app.get("/v1/models/{name}", summary="One of these names")
    async def model(name: str) -> dict[str, Any]:
        if name not in MODELS:
            raise HTTPException(404, f"There is no model {name[:80]!r}; there are: {', '.join(MODELS)}.")
        return _model(name)

    @app.get("/v1/audio/voices", summary="The installed voices, their speakers and vocoders")
    async def voices() -> dict[str, Any]:
        return {"voices": await asyncio.to_thread(voice_list), "default": server.settings.naming.default}

    @app.get("/health", summary="Whether the server answers")
    async def health() -> JSONResponse:
        is_closing = server.engine.is_closing
        return JSONResponse({"status": "closing" if is_closing else "ok"}, 503 if is_closing else 200)

    @app.get("/metrics", summary="Counters in the text format of Prometheus")
    async def metrics() -> Response:
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "utter-tts"}


def _add_page(app: FastAPI) -> None:
    headers = {
        "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(PAGE / "index.html", headers=headers)

    @app.get("/page/{name}", include_in_schema=False)
    async def page_file(name: str) -> Response:
        # A list, not a path: nothing else of this machine can be named.
        names = {path.name: path for path in PAGE.iterdir() if path.is_file()}
        if name not in names:
            raise HTTPException(404, "There is no such file.")
        return FileResponse(names[name], headers=headers)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        from tts.server.reference import reference_page

        return HTMLResponse(reference_page(app.openapi()), headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every failure in OpenAI's form."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = [str(each) for each in first["loc"] if each != "body"]
        param = ".".join(where) or None
        problem = first["msg"]
        if first["type"] == "json_invalid":
            message, param = "The body is not JSON.", None
        elif first["type"] == "missing" and not param:
            message = "There is no body: it must be a JSON object."
        else:
            message = f"{param}: {problem}." if param else f"{problem}."
        return _failure(400, message, "invalid_request_error", param)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        response = _failure(error.status_code, str(error.detail), "invalid_request_error")
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> JSONResponse:
        response = _failure(503, str(error), "server_error", code="server_busy")
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
        return response

    @app.exception_handler(SpeechError)
    async def failed(request: Request, error: SpeechError) -> JSONResponse:
        kind = "invalid_request_error" if error.fault == "request" else "server_error"
        return _failure(_STATUS[error.fault], str(error), kind)

    @app.exception_handler(TtsError)
    async def unusable(request: Request, error: TtsError) -> JSONResponse:
        return _failure(400, str(error), "invalid_request_error")

    @app.exception_handler(ClientGoneError)
    async def gone(request: Request, error: ClientGoneError) -> Response:
        return Response(status_code=_CLIENT_GONE)


def _failure(status: int, message: str, kind: str, param: str | None = None, code: str | None = None) -> JSONResponse:
    # Text from a request may hold halves of characters, which UTF-8 has no bytes for.
    message = message.encode("utf-8", "replace").decode("utf-8")
    param = param and param.encode("utf-8", "replace").decode("utf-8")[:80]
    return JSONResponse(error_document(message, kind, param, code), status)
