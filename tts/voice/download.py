"""A file from the web: whole and right, or not at all; an interrupted one goes on where it stopped."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tts.errors import TtsError, UsageError
from tts.voice.part import PartFile
from tts.voice.retry import RetryPolicy, TryFailedError
from tts.voice.transfer import Expected, Patience, Progress, WrongFileError, receive, shown

__all__ = ["Downloaded", "Manners", "WrongFileError", "download", "mirrored", "shown"]


@dataclass(frozen=True)
class Downloaded:
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Manners:
    """How a download behaves towards a server that does not."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    patience: Patience = field(default_factory=Patience)


def download(
    url: str,
    destination: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    mirror: str | None = None,
    progress: Progress = lambda done, total: None,
    manners: Manners | None = None,
) -> Downloaded:
    """Bring the file at `url` to `destination`, through `destination`.part.

    `size` (bytes) and `sha256` are checked where they are known. With `mirror` the file is asked for there (see
    `mirrored`). Proxies are those of the environment.

    Raises:
        UsageError: `url` or `mirror` is no web address.
        WrongFileError: the file is not the one expected.
        TtsError: it cannot be had; what came so far is kept for the next time where that is of use.
    """
    address = mirrored(url, mirror) if mirror else web_address(url)
    expected = Expected(size, sha256.lower() if sha256 else None)
    manners = manners or Manners()
    with PartFile(destination) as part, _client(manners.patience) as client:
        resumed = part.length > 0
        _receive_all(client, address, part, expected, manners, progress)
        # The bytes of before may have been of another file: once more from the start.
        if resumed and _difference(part, expected):
            part.restart(None)
            _receive_all(client, address, part, expected, manners, progress)
        if difference := _difference(part, expected):
            part.discard()
            raise WrongFileError(f"{shown(address)} is not the file it should be: {difference}.")
        length, digest = part.length, part.sha256
        return Downloaded(part.finish(), length, digest)


def mirrored(url: str, mirror: str) -> str:
    """Where a mirror has the file of an address: MIRROR/HOST/PATH, as `wget -x` lays files out."""
    address = httpx.URL(web_address(url))
    return f"{web_address(mirror).rstrip('/')}/{address.host}{address.path}"


def web_address(url: str) -> str:
    """The address itself.

    Raises:
        UsageError: it is not http or https.
    """
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise UsageError(f"{url} is not an address.") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise UsageError(f"{url} is not a web address: it must begin with https:// or http://.")
    return url


def _receive_all(
    client: httpx.Client, url: str, part: PartFile, expected: Expected, manners: Manners, progress: Progress
) -> None:
    """Try until all bytes are here; tries are counted anew whenever a good deal more has come than ever before."""
    policy, failures, most = manners.retry, 0, part.length
    while True:
        try:
            with _told_plainly(url):
                return receive(client, url, part, expected, manners.patience, progress)
        except TryFailedError as interruption:
            failures = 1 if part.length >= most + policy.progress else failures + 1
            most = max(most, part.length)
            _wait(url, interruption, failures, policy)


def _wait(url: str, interruption: TryFailedError, failures: int, policy: RetryPolicy) -> None:
    """Sleep before the next try.

    Raises:
        TtsError: enough were made, or the server wants to be left alone for too long.
    """
    reason, asked = interruption.reason, interruption.retry_after
    if asked is not None and asked > policy.longest_retry_after:
        raise TtsError(
            f"{shown(url)} could not be downloaded: {reason} and it asks to wait {asked / 60:.0f} minutes; "
            "run the command again then, it goes on where it stopped."
        )
    if failures >= policy.tries:
        raise TtsError(
            f"{shown(url)} could not be downloaded: {reason}, {failures} times in a row; "
            "run the command again later, it goes on where it stopped."
        )
    policy.sleep(policy.wait(failures, asked))


def _difference(part: PartFile, expected: Expected) -> str | None:
    if expected.size is not None and part.length != expected.size:
        return f"it has {part.length} bytes, not {expected.size}"
    if expected.sha256 is not None and part.sha256 != expected.sha256:
        return f"its sha256 is {part.sha256}, not {expected.sha256}"
    return None


@contextmanager
def _told_plainly(url: str) -> Iterator[None]:
    """Turn what the HTTP library raises into what can be tried again and what cannot."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise TryFailedError("its server does not answer") from None
    except httpx.TimeoutException:
        raise TryFailedError("its server fell silent") from None
    except httpx.ConnectError as error:
        if _is_certificate_problem(error):
            raise TtsError(f"{shown(url)} cannot be downloaded: its server's certificate is not trusted.") from error
        raise TryFailedError("its server cannot be reached") from None
    except httpx.ProxyError as error:
        raise TryFailedError(f"the proxy refuses ({error})") from None
    except httpx.TransportError:
        raise TryFailedError("the connection broke off") from None
    except httpx.HTTPError as error:
        raise TtsError(f"{shown(url)} cannot be downloaded: {error}.") from error


def _is_certificate_problem(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _client(patience: Patience) -> httpx.Client:
    import tts

    timeout = httpx.Timeout(patience.read, connect=patience.connect)
    # Identity: a length and a range are of the bytes as they are sent.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"utter-tts/{tts.__version__}"}
    try:
        return httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise TtsError(f"The proxy in the environment (HTTPS_PROXY, ALL_PROXY) cannot be used: {error}.") from error
