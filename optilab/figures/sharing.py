"""Work that this process shares with copies of it, one for each further core."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

_MOST = 255  # pieces: their numbers travel as bytes


def shared(work: Callable[[int], Result], count: int, processes: int, long: Collection[int] = ()) -> Iterator[Result]:
    """Yields work(0), work(1), ..., work(count - 1), done by so many processes at once where the system can copy one safely: on Linux.

    What raised, warned or died anywhere is done again here when its turn comes: so errors, warnings and their order are those of one
    process, in which nothing is done before it is asked for.

    long: numbers of pieces that take long: several processes begin with these, so that none is left with one at the end.
    work: does a piece, by its number; its results must survive being pickled, and doing a piece twice must do no harm.
    """
    several = processes > 1 and 1 < count <= _MOST and sys.platform == "linux"
    done = _by_several(work, count, min(processes, count), long) if several else {}
    for number in range(count):
        yield done[number] if number in done else work(number)


def _by_several(work: Callable[[int], Result], count: int, processes: int, long: Collection[int]) -> dict[int, Result]:
    """The results of what could be done. Each process takes the next number from a pipe as soon as it has time."""
    numbers, giving = os.pipe()
    os.write(giving, bytes(sorted(range(count), key=lambda number: number not in long)))
    os.close(giving)
    freezes = not gc.get_freeze_count()
    if freezes:  # what is there now is looked through for garbage by none of the processes
        gc.freeze()
    others: dict[int, int] = {}  # id of a process -> where its results come from
    try:
        for _ in range(processes - 1):
            process, answers = _copy(work, numbers)
            others[process] = answers
        done = _taken(work, numbers)
        for answers in others.values():
            done |= _received(answers)
    finally:
        if freezes:
            gc.unfreeze()
        os.read(numbers, count)  # so that nobody begins anything more
        os.close(numbers)
        for process, answers in others.items():
            os.close(answers)
            os.waitpid(process, 0)
    return done


def _copy(work: Callable[[int], Result], numbers: int) -> tuple[int, int]:
    """Start a copy of this process that works and then ends. Returns its id, and where its results come from."""
    answers, answering = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of threads: those of Arrow are idle, and know that they may be copied
        process = os.fork()
    if process:
        os.close(answering)
        return process, answers
    try:
        os.close(answers)
        with os.fdopen(answering, "wb") as file:
            file.write(pickle.dumps(_taken(work, numbers)))
    finally:
        os._exit(0)  # whatever happened: what follows, here and above, is for the process that was copied


def _taken(work: Callable[[int], Result], numbers: int) -> dict[int, Result]:
    """The results of what this process does, but for pieces that raise or warn."""
    done: dict[int, Result] = {}
    while number := os.read(numbers, 1):
        with suppress(Exception), warnings.catch_warnings(record=True) as warned:
            found = work(number[0])
            if not warned:
                done[number[0]] = found
    return done


def _received(answers: int) -> dict[int, Result]:
    """The results of another process; none of one that died."""
    with os.fdopen(answers, "rb", closefd=False) as file:
        content = file.read()
    found: dict[int, Result] = pickle.loads(content) if content else {}
    return found
