"""Batches and the processes that make them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.errors import InputError
from optilab.executors import Pool, executor
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.plugins import loading
from optilab.records.columns import COLUMNS
from optilab.runner.dispatch import Dispatch
from optilab.runner.jobs import Job, jobs, tasks
from optilab.runner.rows import summaries
from optilab.runner.run import run_experiment
from optilab.runner.session import FailedFast, Way
from optilab.store import done, load
from optilab.workers import supervisor
from optilab.workers.environment import _check_versions, versions
from optilab.workers.local import _AtOnce
from optilab.workers.messages import Outcome, unpack
from optilab.workers.process import GRACE, WorkerProcess

SLOW = '''
import time

from optilab import feedback, hookimpl


@feedback()
def slow(seconds=0.1):
    """Take a while over each measurement."""
    while True:
        time.sleep(seconds)
        yield 1.0


@hookimpl
def optilab_schedules():
    return [slow]
'''


def wanted(tmp_path: Path, seeds: int, **changes: Any) -> list[Job]:
    """Jobs of one cell."""
    optimizer = {"use": "sgd", "lr": 0.01, **changes}
    content = {
        "name": "b",
        "seeds": seeds,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 20},
        "optimizers": [optimizer],
    }
    experiment = Experiment.model_validate(content)
    return jobs(experiment, tasks(experiment, grid_of(experiment).cells, tmp_path), "evaluation")


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
    assert [o[:-1] for o in back] == [o[:-1] for o in made]
    assert all(a.log.tobytes() == b.log.tobytes() for a, b in zip(back, made, strict=True))
    if made and cut:
        assert len(list(unpack(packed[: -min(cut, len(made[-1].pack()))]))) == len(made) - 1


@given(counts=st.lists(st.integers(0, 4), max_size=6), seed=st.integers(0, 99))
def test_the_summary_of_runs(counts: list[int], seed: int) -> None:
    """Final is the last, best the lowest of those that are numbers, the highest for an accuracy; without history neither is."""
    stream = np.random.default_rng(seed)
    logs = [
        np.where(stream.random((n, len(COLUMNS))) < 0.2, np.nan, stream.normal(size=(n, len(COLUMNS)))) for n in counts
    ]
    found = summaries(logs)
    for name, best in (("train_cost", np.nanmin), ("test_accuracy", np.nanmax)):
        for k, log in enumerate(logs):
            values = log[:, COLUMNS.index(name)]
            final = values[-1] if len(values) else np.nan
            assert np.array_equal(found[f"final_{name}"][k], final, equal_nan=True)
            expected = best(values) if np.isfinite(values).any() else np.nan
            assert np.array_equal(found[f"best_{name}"][k], expected, equal_nan=True)


def message(batch: list[Job], **changes: Any) -> dict[str, Any]:
    """What a worker is sent."""
    found: dict[str, Any] = json.loads(Dispatch(Pool(_AtOnce(), lambda: 1))._message(batch))
    return found | changes


def test_a_batch_ends_when_its_time_is_up(tmp_path: Path, watching: supervisor.Supervisor) -> None:
    """What was not begun comes back without an outcome; at least one run is made."""
    batch = wanted(tmp_path, 5)
    reply = watching.work(message(batch, quantum=0.0))
    assert len(list(unpack(reply.outcomes))) == 1
    reply = watching.work(message(batch, quantum=60.0))
    assert len(list(unpack(reply.outcomes))) == 5


def test_what_a_killed_worker_had_finished_is_kept(tmp_path: Path, watching: supervisor.Supervisor) -> None:
    """The run that it was at is made by another one, and those before are not made again."""
    (tmp_path / "slow_here.py").write_text(SLOW, "utf-8")
    loading.use_file(tmp_path / "slow_here.py")
    batch = wanted(tmp_path, 12, schedule={"use": "slow", "seconds": 0.005})
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
    asked = message(wanted(tmp_path, 1))
    monkeypatch.setattr("sys.path", ["/nowhere"])
    with pytest.raises(InputError, match=r"(?s)worker processes don't start: exit code 1: .*ModuleNotFoundError"):
        watching.work(asked)


def test_batches_grow_to_half_a_second(tmp_path: Path) -> None:
    """The first run of a kind goes alone; then as many as take about half a second, and fewer towards the end."""
    sizes: list[int] = []

    class Counting(_AtOnce):
        """Answers with runs that have taken a hundredth of a second."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Note how many there are."""
            runs = json.loads(args[0])["runs"]
            sizes.append(len(runs))
            outcome = Outcome("budget", "", "", 1, 1, 0.0, 0.01, 0.0, np.zeros((1, len(COLUMNS))))
            future: Future[Any] = Future()
            future.set_result((outcome.pack() * len(runs), "{}", "here", 0))
            return future

    made = [one for some in Dispatch(Pool(Counting(), lambda: 2)).finished(wanted(tmp_path, 1000)) for one in some]
    assert len({one.job.run_id for one in made}) == 1000
    assert sizes[0] == 1
    assert max(sizes) in (49, 50)
    assert sizes[-1] <= 2


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), InputError("refused")])
def test_an_executor_that_fails_is_an_error_of_the_whole(tmp_path: Path, error: Exception) -> None:
    """No run is taken for failed because of it."""

    class Failing(_AtOnce):
        """Makes nothing."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Fail."""
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    with pytest.raises(InputError, match=r"refused|the executor can't make runs: OSError: .*Too many open files"):
        list(Dispatch(Pool(Failing(), lambda: 2)).finished(wanted(tmp_path, 3)))


def test_a_run_that_is_lost_again_and_again_counts_as_crashed(tmp_path: Path) -> None:
    """A machine that goes away with a batch costs nothing; a run with which it does so three times is given up."""

    class GoneError(Exception):
        """The machine is gone."""

    class Losing(_AtOnce):
        """Goes away with whatever has the seed 1 in it."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Make the others."""
            runs = json.loads(args[0])["runs"]
            future: Future[Any] = Future()
            if any(seed == 1 for _, seed, *_ in runs):
                future.set_exception(GoneError("no heartbeat"))
            else:
                outcome = Outcome("budget", "", "", 1, 1, 0.0, 0.0, 0.0, np.zeros((1, len(COLUMNS))))
                future.set_result((outcome.pack() * len(runs), "{}", "here", 0))
            return future

    pool = Pool(Losing(), lambda: 1, lost=(GoneError,))
    made = {one.job.seed: one.outcome for some in Dispatch(pool).finished(wanted(tmp_path, 6)) for one in some}
    assert [made[seed].status for seed in range(6)] == ["budget", "crashed", *["budget"] * 4]
    assert made[1].message == "lost with its worker 3 times: GoneError: no heartbeat"
    trouble = Pool(Losing(), lambda: 1, lambda: "the cable is cut", lost=(GoneError,))
    with pytest.raises(InputError, match="the cable is cut"):
        list(Dispatch(trouble).finished(wanted(tmp_path, 3)))


def test_an_executor_is_a_plugin_of_a_few_lines(tmp_path: Path) -> None:
    """Any Executor of the standard library makes runs, by the name of the function that yields it."""
    (tmp_path / "threads_plugin.py").write_text(
        "from concurrent.futures import ThreadPoolExecutor\n\n"
        "from optilab import executor, hookimpl\nfrom optilab.executors import Pool\n\n\n"
        "@executor\ndef threads(workers=1):\n    with ThreadPoolExecutor(workers) as found:\n"
        "        yield Pool(found, lambda: workers)\n\n\n"
        "@hookimpl\ndef optilab_executors():\n    return [threads]\n",
        "utf-8",
    )
    loading.use_file(tmp_path / "threads_plugin.py")
    content = {
        "name": "b",
        "seeds": 3,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 20},
        "optimizers": [{"use": "sgd", "lr": 0.1}],
    }
    run_experiment(Experiment.model_validate(content), tmp_path / "r", Way("threads", workers=2))
    supervisor.close()
    assert [status for status, _ in done(tmp_path / "r").values()] == ["budget"] * 3


def test_failing_fast_stops_at_one_failure_in_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch that it was in is kept whole, and no other is begun."""
    batches: list[list[int]] = []

    class Canned(_AtOnce):
        """Answers with runs that take no time; the one with the seed 7 has failed."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Make them up."""
            batches.append([seed for _, seed, *_ in json.loads(args[0])["runs"]])
            packed = b""
            for seed in batches[-1]:
                status: Any = "failed" if seed == 7 else "budget"
                packed += Outcome(status, "", "", 1, 1, 0.0, 0.0, 0.0, np.zeros((1, len(COLUMNS)))).pack()
            future: Future[Any] = Future()
            future.set_result((packed, "{}", "here", 0))
            return future

    @contextmanager
    def pool(_: Way) -> Iterator[Pool]:
        yield Pool(Canned(), lambda: 1)

    monkeypatch.setattr(Way, "pool", pool)
    content = {
        "name": "b",
        "seeds": 40,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 20},
        "optimizers": [{"use": "sgd", "lr": 0.1}],
    }
    with pytest.raises(FailedFast):
        run_experiment(Experiment.model_validate(content), tmp_path / "r", Way("inline", fail_fast=True))
    (unlucky,) = (batch for batch in batches if 7 in batch)
    assert len(unlucky) > 2
    assert sum(map(len, batches)) < 40
    kept = load(tmp_path / "r").runs.set_index("seed")["status"]
    assert set(unlucky) <= set(kept.index)
    assert kept[kept == "failed"].index.tolist() == [7]


def test_a_run_has_some_grace_after_its_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that may still end its run by itself is left alone; the clock begins anew with each run that it finishes."""
    killed: list[float] = []
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    worker = object.__new__(WorkerProcess)
    worker._process = SimpleNamespace(kill=lambda: killed.append(now))  # type: ignore[assignment]
    worker._outcomes = tmp_path / "outcomes"
    worker._outcomes.write_bytes(b"")
    worker.overdue, worker._waiting, worker._size, worker._since = False, False, 0, now
    now = 100 + 5 + GRACE
    worker.check(5.0)
    assert not killed
    worker._outcomes.write_bytes(b"one more")
    now += 1
    worker.check(5.0)
    now += 5 + GRACE
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
    _check_versions(json.dumps({**here, "blas": "numpy: openblas 0.3.30 Another"}))
    with pytest.raises(InputError, match=r"has other versions: scipy .* where 0\.1 is asked for"):
        _check_versions(json.dumps({**here, "scipy": "0.1"}))


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


def test_an_executor_is_a_generator() -> None:
    """What isn't is told where it is written."""
    with pytest.raises(InputError, match="nothing is not a generator: an executor yields its Pool once"):

        @executor
        def nothing() -> Any:
            return None
