"""Workers on Ray: on the machines of a cluster, or on a private cluster on this machine.

Ray starts the processes, transfers jobs and results, and reports when a worker is gone. It repeats nothing itself: what
was lost is submitted again by `tts.batch.dispatch`, as for the workers of this machine.
"""

from __future__ import annotations

import os
import pickle
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import tts
from tts.batch.folders import LocalFolder, OutputFolder
from tts.batch.jobs import BatchJob, BatchResult
from tts.batch.ray_cluster import connection, first_sentence
from tts.batch.settings import WorkerSetup
from tts.batch.workers import BATCHES_IN_FLIGHT, WorkerLostError, Workers
from tts.errors import TtsError, UsageError
from tts.kernels.execution import THREADS_VARIABLE, available_cores

if TYPE_CHECKING:
    from tts.batch.worker import Worker

START_SECONDS = 300.0
"""Until a worker must run: its machine may read Python and this package from a slow disk, or be busy."""
REPLACE_SECONDS = 60.0
# Until a killed worker must be gone.
_END_SECONDS = 5.0


class RayActor:
    """The process of one worker; Ray calls its methods from `BATCHES_IN_FLIGHT` threads."""

    _worker: Worker

    def start(self, version: str, folder: str, pickled: bytes, marker: str | None) -> None:
        """Get ready, for a client of `version` with the working folder `folder`.

        This is not the constructor, because Ray reports what that raises as a dead worker. pickled: setup and output
        folder, so that nothing of another version is read before the versions are compared. marker: the name of a file
        in the output folder.

        Raises:
            TtsError: another version of this package is installed here, or the output folder is another one here.
        """
        if version != tts.__version__:
            raise TtsError(
                f"{platform.node()} of the Ray cluster has utter-tts {tts.__version__} and this machine {version}; "
                "install the same version on both."
            )
        # The user's paths are relative to it, if the machines share it.
        with suppress(OSError):
            os.chdir(folder)
        from tts.batch.worker import Worker
        from tts.kernels.execution import set_compute_threads

        set_compute_threads(1)
        setup, output = pickle.loads(pickled)
        if marker is not None and output.size(marker) is None:
            raise TtsError(
                f"{platform.node()} of the Ray cluster does not see the output folder; name one that all its machines "
                "share, or an address such as s3://BUCKET/FOLDER."
            )
        self._worker = Worker(setup, output)

    def make(self, jobs: list[BatchJob]) -> list[BatchResult]:
        """See `tts.batch.workers.Workers.submit`."""
        return self._worker.make(jobs)


@dataclass
class _ActorHandle:
    handle: Any
    is_gone: bool = False
    """It does not answer any more."""


class RayWorkers(Workers):
    """Workers on Ray, each with one CPU and one compute thread, or with a share of a GPU.

    count: None is as many as the cluster has room for. address: see `tts.batch.ray_cluster.connection`. gpus: the share
    of a GPU for each worker, above 0 and up to 1; with it they compute on the GPU.

    Raises:
        TtsError: Ray is not installed, nothing answers at the address, or the workers cannot start.
        UsageError: the arguments contradict each other.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        folder: OutputFolder,
        count: int | None = None,
        *,
        address: str | None = None,
        gpus: float | None = None,
    ) -> None:
        self._pickled = pickle.dumps((_actor_setup(setup, gpus), folder))
        self._marker: str | None = None
        self._gpus = gpus
        self._actors: list[_ActorHandle] = []
        self._resources = ExitStack()
        environment = {name: value for name, value in os.environ.items() if name.startswith("TTS_")}
        if "HOME" in os.environ:
            environment["HOME"] = os.environ["HOME"]
        # Libraries with threads of their own read one of these when they are loaded.
        one_thread = (THREADS_VARIABLE, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= dict.fromkeys(one_thread, "1")
        try:
            self._ray = self._resources.enter_context(connection(address, count or available_cores()))
            self._actor_class = self._ray.remote(RayActor).options(
                num_cpus=1,
                num_gpus=gpus or 0,
                max_concurrency=BATCHES_IN_FLIGHT,
                max_restarts=0,
                max_task_retries=0,
                runtime_env={"env_vars": environment},
            )
            self._marker = self._resources.enter_context(_marker_file(folder))
            capacity = worker_capacity(self._ray.nodes(), gpus)
            needs = "one CPU each" if gpus is None else f"one CPU and {gpus:g} of a GPU each"
            if capacity == 0:
                raise TtsError(f"The Ray cluster has no room for a worker; workers need {needs}.")
            if count is not None and count > capacity:
                raise TtsError(
                    f"The Ray cluster has room for {capacity} workers with {needs}, not for {count}; "
                    "request fewer with --jobs."
                )
            self._actors = self._start(capacity if count is None else count, START_SECONDS)
        # Ctrl-C too must leave no worker running.
        except BaseException:
            self.close()
            raise

    @property
    def count(self) -> int:
        return len(self._actors)

    def submit(self, worker: int, jobs: Sequence[BatchJob]) -> Future[list[BatchResult]]:
        actor, answer = self._actors[worker], Future[list[BatchResult]]()
        # It cannot be cancelled from here on: a submitted batch runs.
        answer.set_running_or_notify_cancel()
        try:
            reference = actor.handle.make.remote(list(jobs))
            reference.future().add_done_callback(partial(_forward, answer, actor))
        # ConnectionError: that of Ray's client to its cluster.
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            answer.set_exception(_translate(error))
        return answer

    def replace(self, worker: int) -> None:
        """Start a new worker in place of a lost one; if its machine is lost too, another worker does its work."""
        lost = self._actors[worker]
        lost.is_gone = True
        self._kill([lost])
        left = list({id(actor): actor for actor in self._actors if not actor.is_gone}.values())
        try:
            if worker_capacity(self._ray.nodes(), self._gpus) <= len(left):
                raise TtsError("The Ray cluster has no room for a worker in place of a lost one.")
            [self._actors[worker]] = self._start(1, REPLACE_SECONDS)
        except TtsError:
            if not left:
                raise
            self._actors[worker] = left[worker % len(left)]

    def close(self) -> None:
        actors, self._actors = self._actors, []
        self._kill([actor for actor in actors if not actor.is_gone])
        self._resources.close()

    def _start(self, count: int, seconds: float) -> list[_ActorHandle]:
        """Start new actors in parallel.

        Raises:
            TtsError: one fails or needs too long; all are ended then.
        """
        actors: list[_ActorHandle] = []
        try:
            actors += [_ActorHandle(self._actor_class.remote()) for _ in range(count)]
            arguments = (tts.__version__, os.getcwd(), self._pickled, self._marker)
            starts = [actor.handle.start.remote(*arguments) for actor in actors]
            end = time.monotonic() + seconds
            for start in starts:
                self._ray.get(start, timeout=max(0.0, end - time.monotonic()))
        except BaseException as error:
            self._kill(actors)
            if isinstance(error, self._ray.exceptions.GetTimeoutError):
                late = f"Ray did not start {count} workers within {seconds:g} s"
                raise TtsError(f"{late}; the cluster may be busy: request fewer with --jobs.") from error
            # Ray reports it as the text of a traceback.
            if "No module named 'tts" in str(error):
                raise TtsError(
                    f"The machines of the Ray cluster lack this program; install utter-tts {tts.__version__} on each."
                ) from error
            if isinstance(error, self._ray.exceptions.RayError):
                raise _translate(error) from error
            raise
        return actors

    def _kill(self, actors: Sequence[_ActorHandle]) -> None:
        """End actors and wait until they are gone, so that none writes any more."""
        handles = list({id(actor): actor.handle for actor in actors}.values())
        if not handles:
            return
        # An actor that cannot be reached cannot be killed.
        with suppress(self._ray.exceptions.RayError, ConnectionError):
            for handle in handles:
                self._ray.kill(handle)
            last = [handle.make.remote([]) for handle in handles]
            self._ray.wait(last, num_returns=len(last), timeout=_END_SECONDS)


@contextmanager
def _marker_file(folder: OutputFolder) -> Iterator[str | None]:
    """Name of an empty file in a local folder, by which workers check that theirs is the same; None if it is remote."""
    if not isinstance(folder, LocalFolder):
        yield None
        return
    # If a killed run leaves it, it is swept like any temporary file.
    marker = folder.path / f".tts-{os.urandom(6).hex()}"
    try:
        marker.touch()
        yield marker.name
    finally:
        with suppress(OSError):
            marker.unlink()


def worker_capacity(nodes: Iterable[Mapping[str, Any]], gpus: float | None) -> int:
    """Number of workers that fit on idle machines as `ray.nodes` describes them; each needs a CPU."""
    capacity = 0
    for node in nodes:
        if not node["Alive"]:
            continue
        resources = node["Resources"]
        cpus = int(resources.get("CPU", 0))
        # 1e-6, because 1 / 0.2 may be 4.999….
        capacity += cpus if gpus is None else min(cpus, int(resources.get("GPU", 0)) * int(1 / gpus + 1e-6))
    return capacity


def _actor_setup(setup: WorkerSetup, gpus: float | None) -> WorkerSetup:
    """The setup for an actor, which only sees the GPU that Ray assigns to it, or none."""
    if gpus is None:
        if setup.device.startswith("cuda"):
            raise UsageError(
                f"--device {setup.device} with --engine ray needs --gpus, the share of a GPU for each worker."
            )
        return replace(setup, device="cpu")
    if not 0 < gpus <= 1:
        raise UsageError(f"--gpus is the share of a GPU for each worker, above 0 and up to 1, not {gpus:g}.")
    if setup.device not in ("auto", "cuda"):
        raise UsageError(f"--gpus and --device {setup.device} contradict each other; omit --device.")
    return replace(setup, device="cuda")


def _forward(answer: Future[list[BatchResult]], actor: _ActorHandle, done: Future[list[BatchResult]]) -> None:
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
        return
    translated = _translate(error)
    actor.is_gone |= isinstance(translated, WorkerLostError)
    answer.set_exception(translated)


def _translate(error: BaseException) -> TtsError:
    """An error of Ray as ours: what a worker raised as it is, a worker that is gone as WorkerLostError."""
    import ray.exceptions

    if not isinstance(error, ray.exceptions.RayTaskError):
        return WorkerLostError("A worker on Ray is gone: it was killed, ran out of memory, or its machine was lost.")
    if isinstance(error.cause, TtsError):
        return error.cause
    translated = TtsError(f"A worker failed ({type(error.cause).__name__}: {first_sentence(error.cause)}).")
    # Its traceback on the other machine, for --debug.
    translated.__cause__ = error
    return translated
