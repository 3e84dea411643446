"""One try of a download over HTTP: the request, what the answer means, the bytes (RFC 9110)."""

from __future__ import annotations

import ipaddress
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx

from tts.errors import TtsError
from tts.voice.part import Identity, PartFile
from tts.voice.retry import TryFailedError, retry_after_seconds

Progress = Callable[[int, int | None], None]
"""Called with the bytes here so far and the whole length, None where the server does not say it."""

_REDIRECTS = (301, 302, 303, 307, 308)
_AGAIN = (408, 425, 429)
_REASONS = {
    401: "its server asks for a login",
    403: "its server does not give it out (403)",
    404: "there is no such file (404)",
    410: "the file is gone (410)",
    451: "it may not be given out there (451)",
}


class WrongFileError(TtsError):
    """What came, or would come, is not the file that was asked for."""


@dataclass(frozen=True)
class Expected:
    """What is known beforehand: exact `size` in bytes, `sha256` in hexadecimal."""

    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Patience:
    """How long one try may take: seconds to connect and between bytes, and the least speed.

    A try ends when fewer than `slowest` bytes a second came for `window` seconds. `largest` bounds files whose size
    nobody has told.
    """

    connect: float = 20.0
    read: float = 30.0
    slowest: float = 1000.0
    window: float = 60.0
    redirects: int = 8
    largest: int = 16 << 30
    clock: Callable[[], float] = time.monotonic


def receive(
    client: httpx.Client, url: str, part: PartFile, expected: Expected, patience: Patience, progress: Progress
) -> None:
    """Bring `part` to its whole length with one request, going on where it stands.

    Raises:
        TryFailedError: it may work another time.
        TtsError: it will not.
    """
    if not _can_go_on(part, url, expected):
        part.restart(None)
    if part.length and part.is_complete:
        return
    with _answer(client, url, _range_headers(part), patience) as response:
        if _agree(response, url, part, expected, patience):
            _read(response, part, patience, progress)


def _can_go_on(part: PartFile, url: str, expected: Expected) -> bool:
    """Whether the bytes here may be added to: the server, or the hash at the end, must be able to tell a change."""
    identity = part.identity
    if identity is None or identity.url != url or expected.size not in (None, identity.length):
        return part.length == 0
    return identity.validator is not None or expected.sha256 is not None


def _range_headers(part: PartFile) -> dict[str, str]:
    if not part.length:
        return {}
    condition = part.identity.validator if part.identity else None
    return {"Range": f"bytes={part.length}-", **({"If-Range": condition} if condition else {})}


@contextmanager
def _answer(client: httpx.Client, url: str, headers: Mapping[str, str], patience: Patience) -> Iterator[httpx.Response]:
    """The answer after all redirects, with its body still to come; closed at the end."""
    address = httpx.URL(url)
    for _ in range(patience.redirects + 1):
        response = client.send(client.build_request("GET", address, headers=headers), stream=True)
        if response.status_code not in _REDIRECTS or "location" not in response.headers:
            try:
                yield response
            finally:
                response.close()
            return
        response.close()
        address = _next_address(address, response.headers["location"])
    raise TtsError(f"{shown(url)} cannot be downloaded: its server sends it round in circles (redirects).")


def _next_address(address: httpx.URL, location: str) -> httpx.URL:
    try:
        following = address.join(location)
    except httpx.InvalidURL:
        raise TtsError(f"{shown(str(address))} cannot be downloaded: it leads to an address that is none.") from None
    if following.scheme not in ("http", "https") or not following.host:
        kind = following.scheme or "no"
        raise TtsError(f"{shown(str(address))} cannot be downloaded: it leads to a {kind}: address, not to the web.")
    if address.scheme == "https" and following.scheme == "http" and not _is_loopback(following.host):
        raise TtsError(
            f"{shown(str(address))} cannot be downloaded: it leads from https to unprotected http ({following.host})."
        )
    return following


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _agree(response: httpx.Response, url: str, part: PartFile, expected: Expected, patience: Patience) -> bool:
    """Make `part` ready for the answer's body; False when nothing is missing."""
    status = response.status_code
    if status == 416 and part.length:
        return _agree_on_no_range(response, part)
    if status not in (200, 206):
        raise _refused(response, url)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise TtsError(f"{shown(url)} cannot be downloaded: its server packs it although it was asked not to.")
    if status == 206:
        _agree_on_range(response, part)
    else:
        identity = _identity(response, url)
        _check_length(identity, response, expected, patience, url)
        part.restart(identity)
    _check_room(part, url)
    return True


def _agree_on_no_range(response: httpx.Response, part: PartFile) -> bool:
    """There is nothing from here on: either all is here, or the file has become shorter."""
    found = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("content-range", ""))
    known = part.identity.length if part.identity else None
    if found and int(found[1]) == part.length and known in (None, part.length):
        return False
    part.restart(None)
    raise TryFailedError("the file changed on the server meanwhile")


def _agree_on_range(response: httpx.Response, part: PartFile) -> None:
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("content-range", ""))
    if not part.length or not found or int(found[1]) != part.length or part.identity is None:
        part.restart(None)
        raise TryFailedError("its server sent another part of the file than was asked for")
    etag, total = _strong_etag(response), None if found[3] == "*" else int(found[3])
    known = part.identity
    other_tag = etag is not None and (known.validator or "").startswith('"') and etag != known.validator
    other_length = total is not None and known.length is not None and total != known.length
    if other_tag or other_length:
        part.restart(None)
        raise TryFailedError("the file changed on the server meanwhile")


def _identity(response: httpx.Response, url: str) -> Identity:
    length = response.headers.get("content-length", "")
    return Identity(url, _validator(response), int(length) if length.isdecimal() else None)


def _strong_etag(response: httpx.Response) -> str | None:
    etag = response.headers.get("etag", "")
    return etag if re.fullmatch(r'"[^"]*"', etag) else None


def _validator(response: httpx.Response) -> str | None:
    """What If-Range can carry: a strong ETag, or a date that is old enough to be strong (RFC 9110, 8.8.2.2)."""
    if etag := _strong_etag(response):
        return etag
    modified = response.headers.get("last-modified")
    try:
        age = parsedate_to_datetime(response.headers["date"]) - parsedate_to_datetime(str(modified))
    except (KeyError, ValueError, TypeError):
        return None
    return modified if age >= timedelta(seconds=60) else None


def _check_length(
    identity: Identity, response: httpx.Response, expected: Expected, patience: Patience, url: str
) -> None:
    """Refuse before a byte is read what cannot become the right file."""
    length = identity.length
    if expected.size is not None and length not in (None, expected.size):
        raise WrongFileError(f"{shown(url)} is not the file it should be: it has {length} bytes, not {expected.size}.")
    if length is not None and length > patience.largest:
        raise TtsError(f"{shown(url)} is larger ({length / 1e9:.0f} GB) than any voice.")
    delimited = length is not None or "chunked" in response.headers.get("transfer-encoding", "")
    if not delimited and expected == Expected():
        raise TtsError(
            f"The server of {shown(url)} does not say how long the file is, so a cut one could not be told: "
            "give its --sha256."
        )


def _check_room(part: PartFile, url: str) -> None:
    length = part.identity.length if part.identity else None
    free = shutil.disk_usage(part.path.parent).free
    if length is not None and length - part.length > free:
        raise TtsError(
            f"There is no room for {shown(url)}: {(length - part.length) / 1e6:.0f} MB are needed in "
            f"{part.path.parent}, {free / 1e6:.0f} MB are free."
        )


def _refused(response: httpx.Response, url: str) -> Exception:
    status = response.status_code
    if status in _AGAIN or status >= 500:
        reason = {429: "its server has had too many requests (429)"}.get(status, f"its server has trouble ({status})")
        return TryFailedError(reason, retry_after_seconds(response.headers.get("retry-after")))
    reason = _REASONS.get(status, f"its server answers {status}")
    return TtsError(f"{shown(url)} cannot be downloaded: {reason}.")


def _read(response: httpx.Response, part: PartFile, patience: Patience, progress: Progress) -> None:
    length = part.identity.length if part.identity else None
    since, mark = patience.clock(), part.length
    progress(part.length, length)
    for data in response.iter_raw():
        part.write(data)
        progress(part.length, length)
        if part.length > (patience.largest if length is None else length):
            part.restart(None)
            raise TryFailedError("more bytes came than its server had said")
        now = patience.clock()
        if now - since >= patience.window:
            if part.length - mark < patience.slowest * (now - since):
                raise TryFailedError(f"it came too slowly (less than {patience.slowest / 1000:.3g} kB a second)")
            since, mark = now, part.length
    if length is not None and part.length < length:
        raise TryFailedError(f"the connection ended after {part.length} of {length} bytes")


def shown(url: str) -> str:
    """An address for the eye: without a password and without what follows the path, which may be secret."""
    address = httpx.URL(url)
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{address.host}{port}{address.path}"
