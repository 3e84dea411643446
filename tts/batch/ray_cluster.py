"""Being connected to Ray: to a cluster that runs already, or to one of our own that lasts as long as the run.

One of our own is quiet and private: it listens on this machine only, asks for a token that nobody else has, tells
nobody that it is used, and keeps its files in a temporary folder that goes with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tts.errors import TtsError, UsageError

OWN = "local"
ADDRESS_VARIABLE = "RAY_ADDRESS"
CONNECT_SECONDS = 10.0

# Rows are small and go past it; Ray refuses much less.
_OBJECT_STORE_BYTES = 100_000_000
_FOLDER_PREFIX = "tts-ray-"
_LOCK_FILE = "running"
# Ray puts sockets some 75 characters deep into its folder, and their path may have 107.
_LONGEST_FOLDER = 30
_CLIENT_PORT = 10001


def import_ray() -> Any:
    """Ray, imported.

    Raises:
        TtsError: it is not installed.
    """
    # Ray reads these when it is imported.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise TtsError("--engine ray needs Ray; install it with: pip install 'utter-tts[cluster]'") from error
    return ray


@contextmanager
def connection(address: str | None, n_cpus: int) -> Iterator[Any]:
    """Ray, connected to the cluster at `address` ("auto", host:port, ray://host:port) until the block ends.

    None is what RAY_ADDRESS says, or else, like "local", a cluster of our own on this machine with room for `n_cpus`
    workers. Where this process is connected already, that connection serves and stays.

    Raises:
        TtsError: Ray is not installed, does not start, or nobody answers.
        UsageError: the address cannot be one.
    """
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        yield ray
        return
    chosen = address or os.environ.get(ADDRESS_VARIABLE) or OWN
    with _own_cluster(n_cpus) if chosen == OWN else _cluster_at(chosen) as ray:
        yield ray


def check_answers(address: str) -> None:
    """See that something listens at an address before Ray, which tries for minutes, is asked to connect.

    Raises:
        TtsError: nobody listens there.
        UsageError: it is no address.
    """
    if address == "auto":
        return
    host, port = _host_and_port(address)
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise TtsError(
            f"No Ray cluster answers at {address}: {error.strerror or error}; is it running, and reached from here?"
        ) from error


def _host_and_port(address: str) -> tuple[str, int]:
    scheme, separator, rest = address.rpartition("://")
    host, colon, port = rest.rpartition(":")
    if separator and scheme == "ray" and not colon:
        host, port = rest, str(_CLIENT_PORT)
    if (separator and scheme != "ray") or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"{address!r} is no address of a Ray cluster; write auto, HOST:PORT or ray://HOST:PORT.")
    return host.strip("[]"), int(port)


@contextmanager
def _own_environment() -> Iterator[None]:
    """What Ray and all its processes read from the environment, as long as the block lasts."""
    ours = {
        # Whatever the name says, it decides on Linux too whether Ray's ports are open to other machines.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # A token of our own: Ray would write one into the user's home.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _own_cluster(n_cpus: int) -> Iterator[Any]:
    with _own_environment(), _own_folder() as folder:
        settings = {
            "num_cpus": n_cpus,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "_temp_dir": str(folder),
            # Ray would carry what `uv run` was started with over to its workers; they are on this machine as we are.
            "_skip_env_hook": True,
        }
        ray = import_ray()
        with _connected(ray, OWN, "Ray could not be started on this machine", settings):
            yield ray


@contextmanager
def _cluster_at(address: str) -> Iterator[Any]:
    # Before Ray is imported, which takes a while.
    check_answers(address)
    ray = import_ray()
    with _connected(ray, address, f"No Ray cluster can be used at {address}", {}):
        yield ray


@contextmanager
def _connected(ray: Any, address: str, failure: str, settings: Mapping[str, Any]) -> Iterator[None]:
    try:
        with _signals_kept():
            ray.init(address, log_to_driver=False, logging_level="ERROR", **settings)
    except ImportError as error:
        raise TtsError(
            f"{failure}: {address} needs Ray's client; install it with: pip install 'ray[client]'"
        ) from error
    # Ray fails with whatever its layers fail with: ConnectionError, RuntimeError, TimeoutError, ValueError, its own.
    except Exception as error:
        ray.shutdown()
        raise TtsError(f"{failure}: {first_sentence(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def first_sentence(error: BaseException) -> str:
    """What an error of Ray says, without its advice and tracebacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).split(". ")[0].rstrip(".") + "."


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray puts a handler of its own on SIGTERM; what a signal does is for the command line to say."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder for Ray's sockets and logs, gone at the end; those of runs that were killed go at the start."""
    parent = _short_temporary_folder()
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=parent))
    lock = FileLock(folder / _LOCK_FILE)
    try:
        with lock:
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _short_temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir())
    return folder if len(str(folder)) <= _LONGEST_FOLDER or sys.platform == "win32" else Path("/tmp")


def _sweep(parent: Path) -> None:
    for lock in parent.glob(f"{_FOLDER_PREFIX}*/{_LOCK_FILE}"):
        # A younger one may be about to be locked; one of another user's, or one in use, cannot be.
        with suppress(OSError, Timeout):
            if time.time() - lock.stat().st_mtime > 60:
                with FileLock(lock, timeout=0):
                    shutil.rmtree(lock.parent, ignore_errors=True)
