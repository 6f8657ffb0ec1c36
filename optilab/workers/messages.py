"""What a runner and its workers send each other: names and numbers as JSON, histories as bytes. Nothing is pickled."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optilab.records.columns import COLUMNS
from optilab.records.statuses import Status
from optilab.search.median_rule import Limits
from optilab.texts import encodable

OUTCOMES = "outcomes"  # file in a worker's folder, of outcomes one after another
_LENGTHS = struct.Struct("<II")  # of an outcome's facts and of its history, in bytes


@dataclass(frozen=True)
class BatchCell:
    """The common part of some runs of a batch: the spec of their cell, and the digest of the code that they execute."""

    spec: Mapping[str, Any]
    code: str


@dataclass(frozen=True)
class BatchRun:
    """A run of a batch. cell, limits: indices into those of the batch; limits is None for a run that is never pruned."""

    cell: int
    seed: int
    run_id: str
    limits: int | None = None


@dataclass(frozen=True)
class Batch:
    """Runs that a worker is asked for, in order.

    session: the runner's; a worker serves one at a time. versions: of the packages that the runner has.
    plugins: files to load. quantum: seconds after which no further run is begun.
    time_limit: seconds that each run may take. live: whether measurements are sent as they are taken.
    apart: whether each run is trained by itself, as after a worker has died.
    """

    session: str
    versions: Mapping[str, str]
    plugins: Sequence[str]
    quantum: float
    time_limit: float | None
    live: bool
    cells: Sequence[BatchCell]
    limits: Sequence[Limits]
    runs: Sequence[BatchRun]
    apart: bool = False

    def after(self, count: int) -> Batch:
        """The same batch without its first `count` runs."""
        return replace(self, runs=self.runs[count:])

    def to_json(self) -> str:
        """One line of JSON. TypeError for a spec that JSON can't hold."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        content["cells"] = [asdict(cell) for cell in self.cells]
        content["limits"] = [limits.as_json() for limits in self.limits]
        content["runs"] = [asdict(run) for run in self.runs]
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str) -> Batch:
        """Inverse of `to_json`. ValueError, KeyError or TypeError for any other text."""
        content = json.loads(text)
        content["cells"] = [BatchCell(**cell) for cell in content["cells"]]
        content["limits"] = [Limits.of_json(limits) for limits in content["limits"]]
        content["runs"] = [BatchRun(**run) for run in content["runs"]]
        return cls(**content)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The outcome of one run; the fields are columns of `runs`.

    message, traceback: written by plugins; what UTF-8 can't encode in them is escaped.
    log: its history, [measurement, column].
    """

    status: Status
    message: str
    traceback: str
    steps: int
    last_finite_step: int
    compile_seconds: float
    train_seconds: float
    measure_seconds: float
    log: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("message", "traceback"):
            object.__setattr__(self, name, encodable(getattr(self, name)))

    @property
    def facts(self) -> dict[str, Any]:
        """All fields but the history."""
        return {name: getattr(self, name) for name in FACTS}

    def pack(self) -> bytes:
        """The outcome as bytes; those of several can be joined."""
        facts = json.dumps(self.facts).encode()
        log = np.ascontiguousarray(self.log).tobytes()
        return _LENGTHS.pack(len(facts), len(log)) + facts + log


FACTS = tuple(field.name for field in fields(Outcome) if field.name != "log")


def lost(status: Status, message: str, traceback: str = "") -> Outcome:
    """The outcome of a run that was lost with its worker: no step, no measurement."""
    return Outcome(status, message, traceback, 0, 0, 0.0, 0.0, 0.0, np.zeros((0, len(COLUMNS))))


def unpack(packed: bytes) -> Iterator[Outcome]:
    """The outcomes in some bytes; one that was cut off is left out."""
    for facts, log, end in _frames(packed):
        rows = np.frombuffer(packed, np.float64, (end - log) // 8, log)
        yield Outcome(**json.loads(packed[facts:log]), log=rows.reshape(-1, len(COLUMNS)))


def whole(packed: bytes) -> tuple[int, bytes]:
    """The number of complete outcomes in some bytes, and these bytes without one that was cut off."""
    ends = [end for _, _, end in _frames(packed)]
    return len(ends), packed[: ends[-1]] if ends else b""


def _frames(packed: bytes) -> Iterator[tuple[int, int, int]]:
    """For each complete outcome, the offsets at which its facts begin, its history begins, and its history ends."""
    end = 0
    while end + _LENGTHS.size <= len(packed):
        facts, log = _LENGTHS.unpack_from(packed, end)
        begin = end + _LENGTHS.size
        end = begin + facts + log
        if end > len(packed):
            return
        yield begin, begin + facts, end


class Reply(NamedTuple):
    """A worker's answer to a batch: outcomes of its first runs, in order; the others were not begun.

    versions, host: of the process that has computed them. compiled: how many functions had to be compiled for them.
    """

    outcomes: bytes
    versions: str
    host: str
    compiled: int
