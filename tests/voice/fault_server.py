"""An HTTP server on this machine that misbehaves as requested, one fault per request, and counts what it sends."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_BLOCK = 1 << 16


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultServer

    def do_GET(self) -> None:
        server = self.server
        server.requests.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        fault = server.faults.popleft() if server.faults else server.always
        try:
            fault(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    @property
    def content(self) -> bytes:
        return self.server.files[self.path.split("?")[0]]

    def answer(self, status: int, headers: Mapping[str, object], body: bytes | memoryview = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        for start in range(0, len(body), _BLOCK):
            self.wfile.write(body[start : start + _BLOCK])
            self.server.sent += len(body[start : start + _BLOCK])

    def log_message(self, *_: object) -> None:
        """Nothing: pytest's output needs none."""


class FaultServer(ThreadingHTTPServer):
    """`files` by path; `faults` are used up one per request, then `always` answers. `sent` counts bytes of bodies."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.etag: str | None = '"one"'
        self.faults: deque[Fault] = deque()
        self.always: Fault = serve
        self.requests: list[dict[str, str]] = []
        self.sent = 0
        self.released = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


Fault = Callable[[Handler], None]


def serve(handler: Handler) -> None:
    """Correctly: the complete file, or the rest from an offset if the file is still the same."""
    _serve(handler, len(handler.content))


def cut_after(n_bytes: int) -> Fault:
    """Promise everything, send so many bytes, hang up."""

    def fault(handler: Handler) -> None:
        _serve(handler, n_bytes)
        handler.close_connection = True

    return fault


def hold_after(n_bytes: int) -> Fault:
    """Send so many bytes, then nothing until the server is released."""

    def fault(handler: Handler) -> None:
        _serve(handler, n_bytes)
        handler.server.released.wait(30)
        handler.close_connection = True

    return fault


def ignore_range(handler: Handler) -> None:
    handler.answer(200, {"Content-Length": len(handler.content)}, memoryview(handler.content))


def status(code: int, **headers: object) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, {"Content-Length": 0, **named})


def redirect(location: str) -> Fault:
    return status(302, Location=location)


def drip(n_bytes: int, pause: float) -> Fault:
    """One byte at a time."""

    def fault(handler: Handler) -> None:
        handler.answer(200, {"Content-Length": len(handler.content)})
        for i in range(n_bytes):
            handler.wfile.write(handler.content[i : i + 1])
            if handler.server.released.wait(pause):
                return

    return fault


def headers_only(**headers: object) -> Fault:
    """The complete file under other headers, and the end of the connection."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def fault(handler: Handler) -> None:
        handler.answer(200, named, memoryview(handler.content))
        handler.close_connection = True

    return fault


def _serve(handler: Handler, n_bytes: int) -> None:
    content, etag = handler.content, handler.server.etag
    same = handler.headers.get("If-Range") in (None, etag)
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "") if same else None
    start = int(wanted[1]) if wanted else 0
    if wanted and start >= len(content):
        handler.answer(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": 0})
        return
    headers: dict[str, object] = {"Content-Length": len(content) - start, **({"ETag": etag} if etag else {})}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    handler.answer(206 if wanted else 200, headers, memoryview(content)[start : start + n_bytes])
