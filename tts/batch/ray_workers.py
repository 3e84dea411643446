"""Workers on Ray: on the machines of a cluster, or on a small cluster of our own on this one.

Ray starts the processes, carries jobs and rows, and tells when a worker is gone. It repeats nothing by itself: what was
lost is made again by those who submitted it, as with the workers of this machine.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import tts
from tts.batch.folder import OutputFolder
from tts.batch.job import Job, Row, Setup
from tts.batch.local_folder import LocalFolder
from tts.batch.ray_actor import RayActor
from tts.batch.ray_cluster import connection, first_sentence
from tts.batch.workers import BATCHES_AT_A_TIME, WorkerLostError, Workers
from tts.errors import TtsError, UsageError
from tts.kernels.threads import THREADS_VARIABLE, available_cores

# Until a worker must run: its machine may read Python and this package from a slow disk, or be busy with others' work.
START_SECONDS = 300.0
REPLACE_SECONDS = 60.0
# To be gone once it is killed.
_END_SECONDS = 5.0


@dataclass
class _Actor:
    """A worker's process somewhere; `is_gone`: it has answered no more."""

    handle: Any
    is_gone: bool = False


class RayWorkers(Workers):
    """Some workers on Ray, of one CPU with one compute thread each, or with a share of a GPU.

    count: None is as many as the cluster has room for. address: see `tts.batch.ray_cluster.connection`. gpus: the share
    of a GPU that each worker takes, above 0 and up to 1; they then compute on it.

    Raises:
        TtsError: Ray is missing, nobody answers at the address, or the workers cannot start.
        UsageError: what is asked for contradicts itself.
    """

    def __init__(
        self,
        setup: Setup,
        folder: OutputFolder,
        count: int | None = None,
        *,
        address: str | None = None,
        gpus: float | None = None,
    ) -> None:
        self._recipe = pickle.dumps((_setup_of_workers(setup, gpus), folder))
        self._sign: str | None = None
        self._gpus = gpus
        self._actors: list[_Actor] = []
        self._resources = ExitStack()
        try:
            self._ray = self._resources.enter_context(connection(address, count or available_cores()))
            self._kind = self._ray.remote(RayActor).options(**_actor_options(gpus))
            self._sign = self._resources.enter_context(_sign_in(folder))
            count = _checked_count(count, room(self._ray.nodes(), gpus), gpus)
            self._actors = self._started(count, START_SECONDS)
        # Ctrl-C too leaves nobody running.
        except BaseException:
            self.close()
            raise

    @property
    def count(self) -> int:
        return len(self._actors)

    def submit(self, worker: int, jobs: Sequence[Job]) -> Future[list[Row]]:
        actor, answer = self._actors[worker], Future[list[Row]]()
        # From here on it cannot be cancelled: a batch that was handed over runs.
        answer.set_running_or_notify_cancel()
        try:
            reference = actor.handle.make.remote(list(jobs))
            reference.future().add_done_callback(partial(_pass_on, answer, actor))
        # The connection of Ray's client to its cluster.
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            answer.set_exception(_as_told(error))
        return answer

    def replace(self, worker: int) -> None:
        """Have a new worker in the place of a lost one; where a machine went with it, another does its work too."""
        lost = self._actors[worker]
        lost.is_gone = True
        self._kill([lost])
        left = list({id(actor): actor for actor in self._actors if not actor.is_gone}.values())
        try:
            if room(self._ray.nodes(), self._gpus) <= len(left):
                raise TtsError("The Ray cluster has no room any more for a worker in the place of a lost one.")
            [self._actors[worker]] = self._started(1, REPLACE_SECONDS)
        except TtsError:
            if not left:
                raise
            self._actors[worker] = left[worker % len(left)]

    def close(self) -> None:
        actors, self._actors = self._actors, []
        self._kill([actor for actor in actors if not actor.is_gone])
        self._resources.close()

    def _started(self, count: int, seconds: float) -> list[_Actor]:
        """New ones, which get ready side by side.

        Raises:
            TtsError: one cannot, or not in time; they are all ended then.
        """
        actors: list[_Actor] = []
        try:
            actors += [_Actor(self._kind.remote()) for _ in range(count)]
            starts = [
                actor.handle.start.remote(tts.__version__, os.getcwd(), self._recipe, self._sign) for actor in actors
            ]
            end = time.monotonic() + seconds
            for start in starts:
                self._ray.get(start, timeout=max(0.0, end - time.monotonic()))
        except BaseException as error:
            self._kill(actors)
            if isinstance(error, self._ray.exceptions.GetTimeoutError):
                late = f"Ray did not start {count} workers within {seconds:g} s"
                raise TtsError(f"{late}; the cluster may be busy: ask for fewer with --jobs.") from error
            if _lacks_package(error):
                raise TtsError(
                    f"The machines of the Ray cluster lack this program; install utter-tts {tts.__version__} on each."
                ) from error
            if isinstance(error, self._ray.exceptions.RayError):
                raise _as_told(error) from error
            raise
        return actors

    def _kill(self, actors: Sequence[_Actor]) -> None:
        """End some, and wait until they are gone, so that nobody writes any more."""
        handles = list({id(actor): actor.handle for actor in actors}.values())
        if not handles:
            return
        # Who cannot be reached any more cannot be killed.
        with suppress(self._ray.exceptions.RayError, ConnectionError):
            for handle in handles:
                self._ray.kill(handle)
            last = [handle.make.remote([]) for handle in handles]
            self._ray.wait(last, num_returns=len(last), timeout=_END_SECONDS)


@contextmanager
def _sign_in(folder: OutputFolder) -> Iterator[str | None]:
    """The name of an empty file in a folder of this machine, by which workers know that theirs is the same; or None."""
    if not isinstance(folder, LocalFolder):
        yield None
        return
    # Where a killed run leaves it, it is swept like any half file.
    sign = folder.path / f".tts-{os.urandom(6).hex()}"
    try:
        sign.touch()
        yield sign.name
    finally:
        with suppress(OSError):
            sign.unlink()


def room(nodes: Iterable[Mapping[str, Any]], gpus: float | None) -> int:
    """How many workers fit on the machines that `ray.nodes` tells of, empty as they may be; each takes a CPU."""
    return sum(_room_of(node["Resources"], gpus) for node in nodes if node["Alive"])


def _room_of(resources: Mapping[str, float], gpus: float | None) -> int:
    cpus = int(resources.get("CPU", 0))
    if gpus is None:
        return cpus
    # A hair above: 1 / 0.2 may come out as 4.999….
    return min(cpus, int(resources.get("GPU", 0)) * int(1 / gpus + 1e-6))


def _checked_count(asked: int | None, there: int, gpus: float | None) -> int:
    if asked is not None and asked <= there:
        return asked
    share = "a CPU each" if gpus is None else f"a CPU and {gpus:g} of a GPU each"
    if there == 0:
        raise TtsError(f"The Ray cluster has no room for a worker; workers take {share}.")
    if asked is not None:
        raise TtsError(
            f"The Ray cluster has room for {there} workers with {share}, not for {asked}; ask for fewer with --jobs."
        )
    return there


def _setup_of_workers(setup: Setup, gpus: float | None) -> Setup:
    """The same for a worker, which sees the GPU that Ray gave it, or none."""
    if gpus is None:
        if setup.device.startswith("cuda"):
            raise UsageError(
                f"--device {setup.device} with --engine ray needs --gpus, the share of a GPU a worker takes."
            )
        return replace(setup, device="cpu")
    if not 0 < gpus <= 1:
        raise UsageError(f"--gpus is the share of a GPU that each worker takes, above 0 and up to 1, not {gpus:g}.")
    if setup.device not in ("auto", "cuda"):
        raise UsageError(f"--gpus and --device {setup.device} contradict each other; leave --device away.")
    return replace(setup, device="cuda")


def _actor_options(gpus: float | None) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name.startswith("TTS_")}
    # Whatever brings threads of its own reads one of these when it is loaded.
    environment |= {THREADS_VARIABLE: "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {
        "num_cpus": 1,
        "num_gpus": gpus or 0,
        "max_concurrency": BATCHES_AT_A_TIME,
        "max_restarts": 0,
        "max_task_retries": 0,
        "runtime_env": {"env_vars": environment},
    }


def _lacks_package(error: BaseException) -> bool:
    """Whether this package cannot be imported there; Ray tells that with the text of a traceback."""
    return "No module named 'tts" in str(error)


def _pass_on(answer: Future[list[Row]], actor: _Actor, done: Future[list[Row]]) -> None:
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
        return
    told = _as_told(error)
    actor.is_gone |= isinstance(told, WorkerLostError)
    answer.set_exception(told)


def _as_told(error: BaseException) -> TtsError:
    """What a worker raised, as it raised it; a worker that is gone as WorkerLostError."""
    import ray.exceptions

    if not isinstance(error, ray.exceptions.RayTaskError):
        return WorkerLostError("A worker on Ray is gone: it was killed, ran out of memory, or its machine was lost.")
    if isinstance(error.cause, TtsError):
        return error.cause
    told = TtsError(f"A worker failed ({type(error.cause).__name__}: {first_sentence(error.cause)}).")
    # Its traceback on the other machine, for --debug.
    told.__cause__ = error
    return told
