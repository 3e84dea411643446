"""The output of a run as its user names it: a folder by its path, or any other by its address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tts.batch.local_folder import LocalFolder, prepare_folder
from tts.batch.remote_folder import RemoteFolder, is_address
from tts.errors import UsageError


def output_folder(where: str) -> LocalFolder | RemoteFolder:
    """The folder at a path or an address, ready to be written; it is made where it is missing.

    Raises:
        TtsError: nothing can be written there, or a package for it is missing.
        UsageError: it cannot be an output.
    """
    if not is_address(where):
        return LocalFolder(prepare_folder(Path(where).absolute()))
    if where.lower().startswith("file://"):
        return LocalFolder(prepare_folder(_path_of(where)))
    folder = RemoteFolder(where)
    folder.prepare()
    return folder


def _path_of(address: str) -> Path:
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise UsageError(f"{address} names no folder of this machine; write file:///FOLDER, or its path alone.")
    return Path(url2pathname(parts.path))
