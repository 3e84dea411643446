import os
import threading

import numpy as np
import pytest
from numba import njit

from tts.kernels.cpu.team import meet, run_together, share


@njit(nogil=True)
def add_up_each_others(rank, n_members, barrier, numbers, n_steps):
    """Every member adds one to its place, and after each step looks at all of them."""
    for step in range(1, n_steps + 1):
        numbers[rank] += 1
        meet(barrier, n_members)
        for other in range(n_members):
            if numbers[other] != step:
                raise ValueError("met too early")
        meet(barrier, n_members)


@njit(nogil=True)
def fall_or_wait(rank, n_members, barrier, falling):
    if rank == falling:
        raise ValueError("fell")
    meet(barrier, n_members)


@njit(nogil=True)
def fill_ones_share(rank, n_members, barrier, numbers):
    first, end = share(len(numbers), rank, n_members)
    for i in range(first, end):
        numbers[i] += 10 * rank + 1


@pytest.mark.parametrize("n_members", [1, 2, 3])
def test_members_wait_for_each_other(n_members):
    numbers = np.zeros(n_members, np.int64)
    run_together(add_up_each_others, numbers, 500, n_members=n_members)
    assert numbers.tolist() == [500] * n_members


@pytest.mark.parametrize("falling", [0, 1, 2])
def test_when_one_falls_nobody_waits_for_ever(falling):
    with pytest.raises(ValueError, match="fell"):
        run_together(fall_or_wait, falling, n_members=3)
    numbers = np.zeros(3, np.int64)
    run_together(add_up_each_others, numbers, 2, n_members=3)
    assert numbers.tolist() == [2] * 3


@pytest.mark.parametrize(("n", "n_members"), [(7, 1), (7, 2), (7, 3), (2, 3)])
def test_everything_falls_to_exactly_one(n, n_members):
    numbers = np.zeros(n, np.int64)
    run_together(fill_ones_share, numbers, n_members=n_members)
    assert np.all(numbers % 10 == 1)
    assert np.all(np.diff(numbers) >= 0)


def test_teams_of_several_callers_take_turns():
    all_numbers = [np.zeros(3, np.int64) for _ in range(4)]
    callers = [
        threading.Thread(target=run_together, args=(add_up_each_others, numbers, 20), kwargs={"n_members": 3})
        for numbers in all_numbers
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [numbers.tolist() for numbers in all_numbers] == [[20] * 3] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system starts processes in another way")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own():
    run_together(add_up_each_others, np.zeros(2, np.int64), 1, n_members=2)
    child = os.fork()
    if child == 0:
        numbers = np.zeros(2, np.int64)
        run_together(add_up_each_others, numbers, 5, n_members=2)
        os._exit(0 if numbers.tolist() == [5, 5] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
