"""What runs inside a process of Ray: a worker like any other, once it is known to be of the same version."""

from __future__ import annotations

import os
import pickle
import platform
from contextlib import suppress
from typing import TYPE_CHECKING

import tts
from tts.errors import TtsError

if TYPE_CHECKING:
    from tts.batch.job import Job, Row
    from tts.batch.worker import Worker


class RayActor:
    """One worker; Ray calls its methods from as many threads as it takes batches at a time."""

    _worker: Worker

    def start(self, version: str, folder: str, recipe: bytes, sign: str | None) -> None:
        """Get ready, as `tts` of `version` in its working folder `folder` asks.

        Not the constructor: what that raises, Ray tells as a worker that died. recipe: setup and output folder, pickled
        so that nothing of another version is read before the versions were compared. sign: a file of the output folder.

        Raises:
            TtsError: another version of this package is installed here, or the output folder is another one here.
        """
        if version != tts.__version__:
            raise TtsError(
                f"{platform.node()} of the Ray cluster has utter-tts {tts.__version__} and this machine {version}; "
                "install the same version on both."
            )
        # Paths that the user gave count from there, where the machines share it.
        with suppress(OSError):
            os.chdir(folder)
        from tts.batch.worker import Worker
        from tts.kernels.threads import set_compute_threads

        set_compute_threads(1)
        setup, output = pickle.loads(recipe)
        if sign is not None and output.size(sign) is None:
            raise TtsError(
                f"{platform.node()} of the Ray cluster does not see the output folder; name one that all its machines "
                "share, or an address such as s3://BUCKET/FOLDER."
            )
        self._worker = Worker(setup, output)

    def make(self, jobs: list[Job]) -> list[Row]:
        """See `tts.batch.workers.Workers.submit`."""
        return self._worker.make(jobs)
