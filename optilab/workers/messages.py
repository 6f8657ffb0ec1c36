"""What a runner and its workers send each other: names and numbers as JSON, histories as bytes. Nothing is pickled."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.records.columns import COLUMNS
from optilab.records.statuses import Status
from optilab.texts import encodable

OUTCOMES = "outcomes"  # file in a worker's folder, of outcomes one after another
_LENGTHS = struct.Struct("<II")  # of an outcome's facts and of its history, in bytes


class _Facts(NamedTuple):
    """The fields of an `Outcome`."""

    status: Status
    message: str
    traceback: str
    steps: int
    last_finite_step: int
    compile_seconds: float
    train_seconds: float
    measure_seconds: float
    log: NDArray[np.float64]


class Outcome(_Facts):
    """What came of one run; the fields are columns of `runs`.

    message, traceback: of a plugin, and yet texts that every file and stream can hold.
    log: its history, [measurement, column].
    """

    __slots__ = ()

    def __new__(cls, status: Status, message: str, traceback: str, *rest: Any, **named: Any) -> Outcome:
        """With what can't be encoded in its texts escaped."""
        return _Facts.__new__(cls, status, encodable(message), encodable(traceback), *rest, **named)

    def pack(self) -> bytes:
        """As bytes, to be followed by those of the next outcome."""
        facts = json.dumps(self[:-1]).encode()
        log = np.ascontiguousarray(self.log).tobytes()
        return _LENGTHS.pack(len(facts), len(log)) + facts + log


def lost(status: Status, message: str, traceback: str = "") -> Outcome:
    """The outcome of a run of which nothing came back."""
    return Outcome(status, message, traceback, 0, 0, 0.0, 0.0, 0.0, np.zeros((0, len(COLUMNS))))


def unpack(packed: bytes) -> Iterator[Outcome]:
    """The outcomes in some bytes; one that was cut off is left out."""
    place = 0
    while place + _LENGTHS.size <= len(packed):
        facts, log = _LENGTHS.unpack_from(packed, place)
        place += _LENGTHS.size
        if place + facts + log > len(packed):
            return
        values: list[Any] = json.loads(packed[place : place + facts])
        rows = np.frombuffer(packed, np.float64, log // 8, place + facts)
        yield Outcome._make([*values, rows.reshape(-1, len(COLUMNS))])
        place += facts + log


class Reply(NamedTuple):
    """What comes back for a batch: outcomes of its first runs, in order; the others were not begun.

    versions, host: what made them, and where. compiled: how many functions had to be compiled for them.
    """

    outcomes: bytes
    versions: str
    host: str
    compiled: int
