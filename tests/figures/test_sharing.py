"""Work that copies of this process share: nothing of it shows but the time."""

from __future__ import annotations

import gc
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from optilab.figures.kinds import KINDS
from optilab.figures.sharing import shared
from optilab.store import Results
from pictures import draw

PROCESSES = [1, 2, 3]
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


def elsewhere(hurt: Callable[[], object]) -> Callable[[int], int]:
    """Work of which piece 1 hurts any other process than this one; piece 0 leaves the others to such a process."""
    here = os.getpid()

    def work(number: int) -> int:
        if os.getpid() == here:
            time.sleep(0.3 if number == 0 else 0)
        else:
            hurt()
        return number * number

    return work


@pytest.mark.parametrize("processes", PROCESSES)
def test_results_come_in_order(processes: int) -> None:
    """However many processes share them, and however long each takes."""

    def work(number: int) -> int:
        time.sleep(0.02 * (number % 2))
        return number * number

    assert list(shared(work, 6, processes)) == [0, 1, 4, 9, 16, 25]
    assert list(shared(work, 0, processes)) == []


@linux
def test_other_processes_take_their_share() -> None:
    """Of two pieces that take a while each process does one; with one process nothing is done elsewhere."""

    def work(number: int) -> int:
        time.sleep(0.2)
        return os.getpid()

    assert len(set(shared(work, 2, 2))) == 2
    assert set(shared(work, 2, 1)) == {os.getpid()}


@linux
def test_what_takes_long_is_begun_first(tmp_path: Path) -> None:
    """By several processes; results come in order all the same, and what is garbage is collected as before."""

    def work(number: int) -> int:
        with (tmp_path / "begun").open("a") as file:
            file.write(f"{number} ")
        time.sleep(0.1)
        return number * number

    gc.unfreeze()
    try:
        assert list(shared(work, 6, 2, long={4, 5})) == [0, 1, 4, 9, 16, 25]
        assert gc.get_freeze_count() == 0
    finally:
        gc.freeze()
    begun = (tmp_path / "begun").read_text().split()
    assert set(begun[:2]) == {"4", "5"}
    assert sorted(begun) == list("012345")


@linux
@pytest.mark.parametrize("hurt", [lambda: os._exit(1), lambda: os.kill(os.getpid(), 9), lambda: 1 / 0, sys.exit])
def test_what_another_process_could_not_do_is_done_here(hurt: Callable[[], object]) -> None:
    """Whether it died, was killed, or raised: no result is missing, and no process is left."""
    assert list(shared(elsewhere(hurt), 4, 2)) == [0, 1, 4, 9]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("processes", PROCESSES)
def test_the_first_error_in_order_is_raised(processes: int) -> None:
    """After the results before it, whichever process has met which error first."""

    def work(number: int) -> int:
        if number == 2:
            time.sleep(0.1)
        if number >= 2:
            raise ValueError(f"piece {number}")
        return number

    results = shared(work, 5, processes)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="piece 2"):
        next(results)


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_warning_is_heard_here(processes: int) -> None:
    """Once, wherever the piece was done first."""

    def work(number: int) -> int:
        if number == 1:
            warnings.warn("of piece 1", UserWarning, stacklevel=1)
        return number

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert list(shared(work, 3, processes)) == [0, 1, 2]
    assert [str(warning.message) for warning in heard] == ["of piece 1"]


def test_one_process_does_nothing_before_it_is_asked_for() -> None:
    """So that a first error comes before any later work."""
    begun: list[int] = []
    results = shared(begun.append, 3, 1)
    assert begun == []
    next(results)
    assert begun == [0]


def test_pictures_are_the_same_with_one_process_and_with_two(two_weights: Results, tmp_path: Path) -> None:
    """Byte by byte, with the same sentences; and the paths are in the order of the kinds."""
    files, told = {}, {}
    for processes in (1, 2):
        told[processes] = list[str]()
        paths = draw(two_weights, tell=told[processes].append, out=tmp_path / str(processes), processes=processes)
        files[processes] = {path.name: path.read_bytes() for path in paths}
    assert files[1] == files[2]
    assert list(files[2]) == [f"{name}.png" for name in KINDS if f"{name}.png" in files[2]]
    assert len(files[2]) > 5
    assert told[1] == told[2]
