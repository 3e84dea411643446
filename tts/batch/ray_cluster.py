"""The connection to Ray: to a running cluster, or to a private one that lasts as long as the run.

The private cluster only listens on this machine, requires a token that nobody else has, reports no usage, and keeps its
files in a temporary folder that is removed with it.
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

PRIVATE = "local"
ADDRESS_VARIABLE = "RAY_ADDRESS"
CONNECT_SECONDS = 10.0

# Results are small and do not go through it; Ray refuses much less.
_OBJECT_STORE_BYTES = 100_000_000
# Ray reads these when it is imported; a value of the user's stays.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without it Ray warns that one day workers without a GPU will see all GPUs. Ours are configured not to use them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Each retry needs half a minute if something else than Ray listens.
    "RAY_NUM_REDIS_GET_RETRIES": "2",
}
_FOLDER_PREFIX = "tts-ray-"
_LOCK_FILE = "running"
# Ray's sockets lie some 75 characters deep in its folder, and their path may have 107.
_LONGEST_FOLDER = 30
_CLIENT_PORT = 10001


def import_ray() -> Any:
    """The module `ray`.

    Raises:
        TtsError: it is not installed.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise TtsError("--engine ray needs Ray; install it with: pip install 'utter-tts[cluster]'") from error
    return ray


@contextmanager
def connection(address: str | None, n_cpus: int) -> Iterator[Any]:
    """`ray`, connected to the cluster at `address` ("auto", host:port, ray://host:port) until the block ends.

    None is the value of RAY_ADDRESS, or else, like "local", a private cluster on this machine with room for `n_cpus`
    workers. If this process is connected already, that connection is used and stays open.

    Raises:
        TtsError: Ray is not installed, does not start, or nothing answers.
        UsageError: it is not an address.
    """
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        yield ray
        return
    chosen = address or os.environ.get(ADDRESS_VARIABLE) or PRIVATE
    if chosen != PRIVATE:
        # Before Ray is imported, which is slow.
        check_answers(chosen)
        ray = import_ray()
        with _connected(ray, chosen, f"No Ray cluster can be used at {chosen}", {}):
            yield ray
        return
    with _private_folder() as folder, _private_environment(folder):
        settings = {
            "num_cpus": n_cpus,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            "_temp_dir": str(folder),
            # Ray would restart workers with the command line of `uv run`; they are on this machine as we are.
            "_skip_env_hook": True,
            # Ray would ask a server of Google for the kind of a TPU, which we do not use.
            "resources": {"TPU": 0},
        }
        ray = import_ray()
        # Even without usage data, a process of Ray asks the addresses at which clouds describe a machine, unless it
        # finds this file in the home. Workers get the user's home back by their environment.
        (folder / "ray_bootstrap_config.yaml").write_text("provider: {type: local}\n", encoding="utf-8")
        with _connected(ray, PRIVATE, "Ray could not be started on this machine", settings, home=folder):
            yield ray


def check_answers(address: str) -> None:
    """Check that something listens at an address before Ray connects, which would try for minutes.

    Raises:
        TtsError: nothing listens there.
        UsageError: it is not an address.
    """
    if address == "auto":
        return
    scheme, separator, rest = address.rpartition("://")
    host, colon, port = rest.rpartition(":")
    if separator and scheme == "ray" and not colon:
        host, port = rest, str(_CLIENT_PORT)
    if (separator and scheme != "ray") or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"{address!r} is not an address of a Ray cluster; write auto, HOST:PORT or ray://HOST:PORT.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise TtsError(
            f"No Ray cluster answers at {address}: {error.strerror or error}; is it running, and reachable from here?"
        ) from error


@contextmanager
def _connected(
    ray: Any, address: str, failure: str, settings: Mapping[str, Any], home: Path | None = None
) -> Iterator[None]:
    # Ray installs a handler of its own for SIGTERM; the command line decides what signals do.
    is_main_thread = threading.current_thread() is threading.main_thread()
    handlers = (
        {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)} if is_main_thread else {}
    )
    try:
        try:
            with _variables({} if home is None else {"HOME": str(home)}):
                ray.init(address, log_to_driver=False, logging_level="ERROR", **settings)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    except ImportError as error:
        raise TtsError(
            f"{failure}: {address} needs Ray's client; install it with: pip install 'ray[client]'"
        ) from error
    # Ray raises whatever its layers raise: ConnectionError, RuntimeError, TimeoutError, ValueError, its own.
    except Exception as error:
        ray.shutdown()
        raise TtsError(f"{failure}: {first_sentence(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def first_sentence(error: BaseException) -> str:
    """The message of an error of Ray, without its advice and tracebacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    # The error of another machine stands below the traceback from there.
    message = f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return message.split(". ")[0].rstrip(".") + "."


@contextmanager
def _private_environment(folder: Path) -> Iterator[None]:
    """What Ray and all its processes read from the environment, while the block runs."""
    ours = {
        # In spite of its name it decides on Linux too whether Ray's ports are open to other machines.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # A token of our own: Ray would write one into the user's home.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        # Temporary files of workers, such as a copy of espeak-ng's library, are removed with the folder.
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
    }
    with _variables(ours):
        yield


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables with these values, while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for Ray's sockets and logs, removed at the end; folders of killed runs are removed at the start."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > _LONGEST_FOLDER and sys.platform != "win32":
        parent = Path("/tmp")
    for lock_path in parent.glob(f"{_FOLDER_PREFIX}*/{_LOCK_FILE}"):
        # A younger one may be about to be locked; one of another user, or one in use, cannot be locked.
        with suppress(OSError, Timeout):
            if time.time() - lock_path.stat().st_mtime > 60:
                with FileLock(lock_path, timeout=0):
                    shutil.rmtree(lock_path.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=parent))
    try:
        with FileLock(folder / _LOCK_FILE):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
