"""A file from the web by HTTP (RFC 9110): complete and correct, or not at all; an interrupted one is resumed."""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import json
import os
import random
import re
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

import httpx

from tts.errors import TtsError, UsageError
from tts.files import write_text

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and the total, None if the server does not state it."""

_BLOCK_BYTES = 1 << 20
_REDIRECTS = (301, 302, 303, 307, 308)
_RETRYABLE = (408, 425, 429)
_REASONS = {
    401: "its server requires a login",
    403: "its server does not give it out (403)",
    404: "there is no such file (404)",
    410: "the file is gone (410)",
    451: "it may not be given out there (451)",
}


class WrongFileError(TtsError):
    """What was received, or would be, is not the expected file."""


class MissingFileError(TtsError):
    """The server has no such file."""


class RetryableError(Exception):
    """An attempt that failed, while another may succeed: `reason` completes "it could not be downloaded: …".

    `retry_after` is the wait in seconds that the server requested.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """Waits double from `first_wait` to `longest_wait` seconds, each varied at random by up to half of it.

    `attempts` are counted anew after every `progress` bytes; a server that requests a wait longer than
    `longest_retry_after` is given up. `random` returns numbers from 0 to 1.
    """

    attempts: int = 6
    progress: int = 64 * 1024
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Seconds before the next attempt, after this many failures in a row."""
        own = min(self.longest_wait, self.first_wait * 2.0 ** (failures - 1)) * (0.5 + self.random())
        return max(own, retry_after or 0.0)


@dataclass(frozen=True)
class TransferLimits:
    """Limits of one attempt: seconds to connect and between bytes, and the lowest speed.

    An attempt ends if fewer than `min_speed` bytes a second arrived for `window` seconds. `max_bytes` limits every
    file.
    """

    connect: float = 20.0
    read: float = 30.0
    min_speed: float = 1000.0
    window: float = 60.0
    max_redirects: int = 8
    max_bytes: int = 16 << 30
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class DownloadPolicy:
    """How a download reacts to a server that fails or is slow."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: TransferLimits = field(default_factory=TransferLimits)


@dataclass(frozen=True)
class Downloaded:
    path: Path
    size: int
    sha256: str


def download(
    url: str,
    destination: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    mirror: str | None = None,
    progress: Progress = lambda done, total: None,
    policy: DownloadPolicy | None = None,
) -> Downloaded:
    """Download the file at `url` to `destination`, through `destination`.part.

    `size` (bytes) and `sha256` are checked if they are known. With `mirror` the file is requested there (see
    `mirrored`). Proxies are those of the environment.

    Raises:
        UsageError: `url` or `mirror` is not a web address.
        WrongFileError: the file is not the expected one.
        TtsError: it cannot be downloaded; what was received is kept for the next time if that is of use.
    """
    import tts

    address = mirrored(url, mirror) if mirror else web_address(url)
    policy = policy or DownloadPolicy()
    timeout = httpx.Timeout(policy.limits.read, connect=policy.limits.connect)
    # Identity: lengths and ranges then count the bytes as they are sent.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"utter-tts/{tts.__version__}"}
    with PartFile(destination) as part:
        try:
            client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise TtsError(f"The proxy in the environment (HTTPS_PROXY, ALL_PROXY) cannot be used: {error}.") from error
        with client:
            transfer = _Transfer(client, address, part, size, sha256.lower() if sha256 else None, policy, progress)
            resumed = part.length > 0
            transfer.run()
            # The earlier bytes may have been of another file: start over once.
            if resumed and transfer.difference():
                part.restart(None)
                transfer.run()
        if difference := transfer.difference():
            part.discard()
            raise WrongFileError(f"{redacted(address)} is not the file it should be: {difference}.")
        length, digest = part.length, part.sha256
        return Downloaded(part.finish(), length, digest)


# Addresses.


def mirrored(url: str, mirror: str) -> str:
    """Where a mirror has the file of an address: MIRROR/HOST/PATH, as `wget -x` lays files out."""
    address = httpx.URL(web_address(url))
    return f"{web_address(mirror).rstrip('/')}/{address.host}{address.path}"


def web_address(url: str) -> str:
    """Return the address; raise UsageError if it is not http or https."""
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise UsageError(f"{url} is not an address.") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise UsageError(f"{url} is not a web address: it must begin with https:// or http://.")
    return url


def redacted(url: str) -> str:
    """An address as it may be printed: without a password and without the query, which may be secret."""
    address = httpx.URL(url)
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{address.host}{port}{address.path}"


def redirect_target(address: httpx.URL, location: str) -> httpx.URL:
    """The address that a redirect leads to.

    Raises:
        TtsError: it is no web address, or leads from https to http on another machine.
    """
    failed = f"{redacted(str(address))} cannot be downloaded: "
    try:
        target = address.join(location)
    except httpx.InvalidURL:
        raise TtsError(f"{failed}it redirects to an invalid address.") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise TtsError(f"{failed}it redirects to a {target.scheme or 'no'}: address, not to the web.")
    if address.scheme == "https" and target.scheme == "http":
        try:
            is_loopback = ipaddress.ip_address(target.host).is_loopback
        except ValueError:
            is_loopback = target.host == "localhost"
        if not is_loopback:
            raise TtsError(f"{failed}it redirects from https to unprotected http ({target.host}).")
    return target


# The transfer.


@dataclass
class _Transfer:
    """The transfer of one file into `part`; `size` (bytes) and `sha256` of the file if they are known beforehand."""

    client: httpx.Client
    url: str
    part: PartFile
    size: int | None
    sha256: str | None
    policy: DownloadPolicy
    progress: Progress

    def run(self) -> None:
        """Repeat attempts until all bytes are here, counting them anew whenever many more bytes arrived than before.

        Raises:
            TtsError: the file cannot be downloaded, or not now.
        """
        retry, failures, most = self.policy.retry, 0, self.part.length
        while True:
            try:
                return self._attempt()
            except RetryableError as error:
                failure = error
            except httpx.HTTPError as error:
                failure = RetryableError(_connection_problem(error, self.url))
            failures = 1 if self.part.length >= most + retry.progress else failures + 1
            most = max(most, self.part.length)
            failed = f"{redacted(self.url)} could not be downloaded: {failure.reason}"
            requested = failure.retry_after
            if requested is not None and requested > retry.longest_retry_after:
                raise TtsError(
                    f"{failed} and it asks to wait {requested / 60:.0f} minutes; run the command again then, it "
                    "resumes where it stopped."
                )
            if failures >= retry.attempts:
                raise TtsError(
                    f"{failed}, {failures} times in a row; run the command again later, it resumes where it stopped."
                )
            retry.sleep(retry.wait(failures, requested))

    def difference(self) -> str | None:
        """How the file differs from what is known of it, as the end of a sentence; None if it does not."""
        if self.size is not None and self.part.length != self.size:
            return f"it has {self.part.length} bytes, not {self.size}"
        if self.sha256 is not None and self.part.sha256 != self.sha256:
            return f"its sha256 is {self.part.sha256}, not {self.sha256}"
        return None

    def _attempt(self) -> None:
        """Complete `part` with one request, from where it stands.

        Raises:
            RetryableError, httpx.HTTPError: another attempt may succeed.
            TtsError: none will.
        """
        part, identity = self.part, self.part.identity
        # Bytes may be added to only if the server, or the hash at the end, would notice another file.
        if identity is None or identity.url != self.url or self.size not in (None, identity.length):
            can_resume = part.length == 0
        else:
            can_resume = identity.validator is not None or self.sha256 is not None
        if not can_resume:
            part.restart(None)
        if part.length and part.is_complete:
            return
        headers = {}
        if part.length:
            headers["Range"] = f"bytes={part.length}-"
            if part.identity and part.identity.validator:
                headers["If-Range"] = part.identity.validator
        with self._response(headers) as response:
            if not self._accept(response):
                return
            limits = self.policy.limits
            length = part.identity.length if part.identity else None
            window_start, window_length = limits.clock(), part.length
            self.progress(part.length, length)
            for data in response.iter_raw():
                part.write(data)
                self.progress(part.length, length)
                if part.length > (limits.max_bytes if length is None else length):
                    part.restart(None)
                    raise RetryableError("its server sent more bytes than it had stated")
                now = limits.clock()
                if now - window_start >= limits.window:
                    if part.length - window_length < limits.min_speed * (now - window_start):
                        raise RetryableError(f"it was too slow (less than {limits.min_speed / 1000:.3g} kB a second)")
                    window_start, window_length = now, part.length
            if length is not None and part.length < length:
                raise RetryableError(f"the connection ended after {part.length} of {length} bytes")

    @contextmanager
    def _response(self, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """The response after all redirects, with its body still to be read; closed at the end."""
        address = httpx.URL(self.url)
        for _ in range(self.policy.limits.max_redirects + 1):
            response = self.client.send(self.client.build_request("GET", address, headers=headers), stream=True)
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                try:
                    yield response
                finally:
                    response.close()
                return
            response.close()
            address = redirect_target(address, response.headers["location"])
        raise TtsError(f"{redacted(self.url)} cannot be downloaded: its server redirects without end.")

    def _accept(self, response: httpx.Response) -> bool:
        """Prepare `part` for the response's body; False if nothing is missing."""
        status, part = response.status_code, self.part
        content_range = response.headers.get("content-range", "")
        failed = f"{redacted(self.url)} cannot be downloaded: "
        if status == 416 and part.length:
            # There is nothing after the bytes received: they are all, or the file has become shorter.
            total = re.fullmatch(r"bytes \*/(\d+)", content_range)
            known = part.identity.length if part.identity else None
            if total and int(total[1]) == part.length and known in (None, part.length):
                return False
            part.restart(None)
            raise RetryableError("the file changed on the server meanwhile")
        if status in _RETRYABLE or status >= 500:
            reason = "its server has had too many requests (429)" if status == 429 else f"its server failed ({status})"
            raise RetryableError(reason, retry_after_seconds(response.headers.get("retry-after")))
        if status not in (200, 206):
            kind = MissingFileError if status in (404, 410) else TtsError
            raise kind(f"{failed}{_REASONS.get(status, f'its server answers {status}')}.")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TtsError(f"{failed}its server compresses it although the request forbids that.")

        stated = Identity.stated_by(response, self.url)
        if status == 206:
            found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", content_range)
            if not part.length or not found or int(found[1]) != part.length or part.identity is None:
                part.restart(None)
                raise RetryableError("its server sent another part of the file than requested")
            tags = [identity.validator for identity in (stated, part.identity) if identity.has_tag]
            lengths = [part.identity.length, None if found[3] == "*" else int(found[3])]
            if len({*tags}) > 1 or len({*lengths} - {None}) > 1:
                part.restart(None)
                raise RetryableError("the file changed on the server meanwhile")
        else:
            # What cannot become the right file is refused before a byte is read.
            url, length = redacted(self.url), stated.length
            if self.size is not None and length not in (None, self.size):
                raise WrongFileError(f"{url} is not the file it should be: it has {length} bytes, not {self.size}.")
            if length is not None and length > self.policy.limits.max_bytes:
                raise TtsError(f"{url} is larger ({length / 1e9:.0f} GB) than any voice.")
            is_chunked = "chunked" in response.headers.get("transfer-encoding", "")
            if length is None and not is_chunked and self.size is None and self.sha256 is None:
                raise TtsError(
                    f"The server of {url} does not say how long the file is, so a truncated one could not be noticed: "
                    "give its --sha256."
                )
            part.restart(stated)

        free = shutil.disk_usage(part.path.parent).free
        expected = part.identity.length if part.identity else None
        if expected is not None and expected - part.length > free:
            raise TtsError(
                f"There is no room for {redacted(self.url)}: {(expected - part.length) / 1e6:.0f} MB are needed in "
                f"{part.path.parent}, {free / 1e6:.0f} MB are free."
            )
        return True


def _connection_problem(error: httpx.HTTPError, url: str) -> str:
    """Why an attempt failed, in words, if another may succeed; raises TtsError if none can."""
    if isinstance(error, httpx.ConnectTimeout):
        return "its server does not answer"
    if isinstance(error, httpx.TimeoutException):
        return "its server stopped sending"
    if isinstance(error, httpx.ConnectError):
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
                reason = "its server's certificate is not trusted"
                raise TtsError(f"{redacted(url)} cannot be downloaded: {reason}.") from error
            cause = cause.__cause__ or cause.__context__
        return "its server cannot be reached"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refuses ({error})"
    if isinstance(error, httpx.TransportError):
        return "the connection was interrupted"
    raise TtsError(f"{redacted(url)} cannot be downloaded: {error}.") from error


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """The header Retry-After, a number of seconds or a date (RFC 9110, 10.2.3); None if it says nothing."""
    if value is None:
        return None
    # isdecimal on its own is true for digits of other scripts too.
    if value.strip().isascii() and value.strip().isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, float((date - (now or datetime.now(timezone.utc))).total_seconds()))


# What is on the disk.


@dataclass(frozen=True)
class Identity:
    """Which file the bytes are of: its address, the server's strong validator (for If-Range), its length in bytes."""

    url: str
    validator: str | None
    length: int | None

    @classmethod
    def stated_by(cls, response: httpx.Response, url: str) -> Identity:
        """What a response says: a strong validator is a strong ETag or an old enough date (RFC 9110, 8.8.2.2)."""
        headers = response.headers
        length, tag = headers.get("content-length", ""), headers.get("etag", "")
        validator = tag if re.fullmatch(r'"[^"]*"', tag) else None
        if validator is None:
            modified = headers.get("last-modified")
            with suppress(KeyError, ValueError, TypeError):
                age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(str(modified))
                validator = modified if age >= timedelta(seconds=60) else None
        return cls(url, validator, int(length) if length.isdecimal() else None)

    @property
    def has_tag(self) -> bool:
        """Whether the validator is an ETag."""
        return (self.validator or "").startswith('"')


class PartFile:
    """`destination`.part with the bytes and `destination`.part.json with their `identity`; both stay after a failure.

    The hash is updated along with the bytes. Use as a context manager.
    """

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.path = destination.with_name(f"{destination.name}.part")
        self._notes = destination.with_name(f"{destination.name}.part.json")
        self.identity: Identity | None = None
        self.length = 0
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None

    def __enter__(self) -> PartFile:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what was written is in the file also if the process is killed.
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                self._digest.update(block)
                self.length += len(block)
        # Notes that are missing or truncated count as none: the transfer starts over.
        with suppress(OSError, ValueError, TypeError):
            self.identity = Identity(**json.loads(self._notes.read_text("utf-8")))
        known = None if self.identity is None else self.identity.length
        if self.length and (self.identity is None or (known is not None and self.length > known)):
            self.restart(None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        self._file.close()
        if not self.length:
            self.path.unlink(missing_ok=True)
            self._notes.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def is_complete(self) -> bool:
        """Whether all bytes that the server stated are here."""
        return self.identity is not None and self.identity.length == self.length

    def restart(self, identity: Identity | None) -> None:
        """Discard all bytes; those to come are of `identity`."""
        assert self._file is not None
        # The bytes go before the notes change: at no moment are there notes of one file and bytes of another.
        self._file.truncate(0)
        self.length, self._digest, self.identity = 0, hashlib.sha256(), identity
        if identity is None:
            self._notes.unlink(missing_ok=True)
            return
        try:
            write_text(self._notes, json.dumps(asdict(identity)))
        except OSError as error:
            raise _unwritable(self._notes, error) from error

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            TtsError: the disk is full, or cannot be written; earlier bytes stay.
        """
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            try:
                written = self._file.write(rest)
            except OSError as error:
                raise _unwritable(self.path, error) from error
            self._digest.update(rest[:written])
            self.length += written
            rest = rest[written:]

    def finish(self) -> Path:
        """Rename the complete file, synced to the disk, to `destination`."""
        assert self._file is not None
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.path, self.destination)
        self._notes.unlink(missing_ok=True)
        return self.destination

    def discard(self) -> None:
        """Remove the file and its notes."""
        assert self._file is not None
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> TtsError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TtsError(
            f"The disk of {path.parent} is full: make room and run the command again, it resumes where it stopped."
        )
    return TtsError(f"{path} cannot be written: {error.strerror}.")
