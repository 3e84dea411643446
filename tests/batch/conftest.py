from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tts.batch.folders import OutputFolder
from tts.batch.ray_cluster import connection
from tts.batch.ray_workers import RayWorkers
from tts.batch.settings import WorkerSetup
from tts.batch.workers import LocalWorkers, Workers

MakeWorkers = Callable[[OutputFolder, int], Workers]


@pytest.fixture(scope="package")
def ray_cluster() -> Iterator[None]:
    """A small cluster of real processes on this machine: it takes seconds to start, and all tests share it."""
    with connection("local", 2):
        yield


@pytest.fixture(params=["local", "ray"])
def make_workers(request: pytest.FixtureRequest) -> Iterator[MakeWorkers]:
    """Makes workers of either engine, which are closed at the end; what goes for one must go for the other."""
    if request.param == "ray":
        request.getfixturevalue("ray_cluster")
    engine = {"local": LocalWorkers, "ray": RayWorkers}[request.param]
    with ExitStack() as stack:
        yield lambda folder, count: stack.enter_context(engine(WorkerSetup(), folder, count))
