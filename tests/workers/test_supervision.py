"""Batches as messages, and the worker processes that they go to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.errors import InputError
from optilab.executors import Pool
from optilab.plugins import loading
from optilab.records.columns import COLUMNS
from optilab.runner.dispatch import Dispatch
from optilab.runner.jobs import Job
from optilab.search.median_rule import Limits
from optilab.workers import process, supervisor
from optilab.workers.environment import check_versions, versions
from optilab.workers.local import _AtOnce
from optilab.workers.messages import Batch, Outcome, unpack, whole
from strangers import SLOW
from tables import jobs_of_one_cell


@pytest.fixture
def watching() -> Iterator[supervisor.Supervisor]:
    """A supervisor that leaves no worker behind."""
    found = supervisor.Supervisor("s")
    yield found
    found.close()


numbers = st.floats(allow_nan=False)
outcomes = st.builds(
    Outcome,
    status=st.sampled_from(["budget", "failed"]),
    message=st.text(),
    traceback=st.text(),
    steps=st.integers(0, 2**40),
    last_finite_step=st.integers(0, 2**40),
    compile_seconds=numbers,
    train_seconds=numbers,
    measure_seconds=numbers,
    log=st.integers(0, 3).map(lambda n: np.random.default_rng(n).normal(size=(n, len(COLUMNS)))),
)


@given(made=st.lists(outcomes, max_size=4), cut=st.integers(0, 40))
def test_outcomes_survive_as_bytes(made: list[Outcome], cut: int) -> None:
    """Each comes back as it was, to the last bit; of what was cut off, the last is missing and no other."""
    packed = b"".join(outcome.pack() for outcome in made)
    back = list(unpack(packed))
    assert [o.facts for o in back] == [o.facts for o in made]
    assert whole(packed) == (len(made), packed)
    assert all(a.log.tobytes() == b.log.tobytes() for a, b in zip(back, made, strict=True))
    if made and cut:
        short = packed[: -min(cut, len(made[-1].pack()))]
        assert len(list(unpack(short))) == len(made) - 1
        assert whole(short) == (len(made) - 1, b"".join(outcome.pack() for outcome in made[:-1]))


def message(batch: list[Job], **changes: Any) -> Batch:
    """What a worker is sent."""
    return replace(Dispatch(Pool(_AtOnce(), lambda: 1))._batch(batch), **changes)


def test_a_batch_is_encoded_once(tmp_path: Path) -> None:
    """It comes back from its line of JSON as it was, jobs of one cell share its spec, and no text in it is JSON again."""
    few = Limits("train_cost", {0: 2.0, 10: 0.1 + 0.2}, 5)
    batch = [
        replace(job, limits=limits) for job, limits in zip(jobs_of_one_cell(tmp_path, 3), (few, None, few), strict=True)
    ]
    sent = message(batch)
    line = sent.to_json()
    assert Batch.from_json(line) == sent
    assert "\n" not in line
    assert "\\" not in line
    assert (len(sent.cells), len(sent.limits)) == (1, 1)
    assert [(run.seed, run.run_id, run.limits) for run in sent.runs] == [
        (job.seed, job.run_id, None if job.limits is None else 0) for job in batch
    ]
    assert sent.after(2).runs == sent.runs[2:]


def test_a_batch_ends_when_its_time_is_up(tmp_path: Path, watching: supervisor.Supervisor) -> None:
    """What was not begun comes back without an outcome; at least one run is made."""
    batch = jobs_of_one_cell(tmp_path, 5)
    reply = watching.work(message(batch, quantum=0.0))
    assert len(list(unpack(reply.outcomes))) == 1
    reply = watching.work(message(batch, quantum=60.0))
    assert len(list(unpack(reply.outcomes))) == 5


def test_what_a_killed_worker_had_finished_is_kept(tmp_path: Path, watching: supervisor.Supervisor) -> None:
    """The run that it was at is made by another one, and those before are not made again."""
    (tmp_path / "slow_here.py").write_text(SLOW, "utf-8")
    loading.use_file(tmp_path / "slow_here.py")
    batch = jobs_of_one_cell(tmp_path, 12, schedule={"use": "slow", "seconds": 0.005})
    alone = watching.work(message(batch, quantum=60.0))
    (first,) = watching.pids
    times: list[float] = []

    def kill() -> None:
        time.sleep(0.3)
        times.append(time.monotonic())
        os.kill(first, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    reply = watching.work(message(batch, quantum=60.0))
    killer.join()
    made = list(unpack(reply.outcomes))
    assert [o.log[:, COLUMNS.index("train_cost")].tolist() for o in made] == [
        o.log[:, COLUMNS.index("train_cost")].tolist() for o in unpack(alone.outcomes)
    ]
    assert watching.pids != [first]


def test_workers_that_can_not_start_are_told(
    tmp_path: Path, watching: supervisor.Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an error of the whole, with what they said; no run is taken for crashed."""
    asked = message(jobs_of_one_cell(tmp_path, 1))
    monkeypatch.setattr("sys.path", ["/nowhere"])
    with pytest.raises(InputError, match=r"(?s)worker processes don't start: exit code 1: .*ModuleNotFoundError"):
        watching.work(asked)


def test_a_run_has_some_grace_after_its_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that may still end its run by itself is left alone; the clock begins anew with each run that it finishes."""
    killed: list[float] = []
    now = 100.0
    monkeypatch.setattr("optilab.workers.process.time.monotonic", lambda: now)
    worker = object.__new__(process.WorkerProcess)
    worker._process = SimpleNamespace(kill=lambda: killed.append(now))  # type: ignore[assignment]
    worker._outcomes = tmp_path / "outcomes"
    worker._outcomes.write_bytes(b"")
    worker.overdue, worker._waiting, worker._size, worker._since = False, False, 0, now
    now = 100 + 5 + process.GRACE
    worker.check(5.0)
    assert not killed
    worker._outcomes.write_bytes(b"one more")
    now += 1
    worker.check(5.0)
    now += 5 + process.GRACE
    worker.check(5.0)
    assert not killed
    assert not worker.overdue
    worker._waiting = True  # it compiles
    now += 1
    worker.check(5.0)
    assert not killed
    worker._waiting = False
    worker.check(5.0)
    assert killed == [now]
    assert worker.overdue


def test_another_blas_kernel_is_not_refused_and_other_versions_are() -> None:
    """The kernel comes with the processor; whoever has other packages can install these."""
    here = json.loads(versions())
    assert "numpy: " in here["blas"]
    check_versions({**here, "blas": "numpy: openblas 0.3.30 Another"})
    with pytest.raises(InputError, match=r"has other versions: scipy .* where 0\.1 is asked for"):
        check_versions({**here, "scipy": "0.1"})


def test_the_blas_kernel_is_the_one_that_is_used() -> None:
    """OpenBLAS is told to use another than the processor's: it is recorded, for NumPy's library and SciPy's."""
    code = "from optilab.workers.environment import blas; print(blas())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OPENBLAS_CORETYPE": "Nehalem"}
    )
    if "openblas" not in done.stdout:
        pytest.skip("there is no OpenBLAS")
    assert done.stdout.count("Nehalem") == done.stdout.count("openblas") > 0
