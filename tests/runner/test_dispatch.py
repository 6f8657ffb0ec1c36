"""Jobs sent to an executor in batches, and the outcomes that come back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optilab.errors import InputError
from optilab.executors import Pool, executor
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.records.columns import COLUMNS
from optilab.runner.dispatch import Dispatch
from optilab.runner.rows import summaries
from optilab.runner.run import run_experiment
from optilab.runner.session import FailedFast, Way
from optilab.store import done, load
from optilab.workers import supervisor
from optilab.workers.local import _AtOnce
from optilab.workers.messages import Batch, Outcome
from tables import jobs_of_one_cell


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


def on_a_bowl(seeds: int) -> Experiment:
    """An experiment of one cell."""
    content = {
        "name": "b",
        "seeds": seeds,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 20},
        "optimizers": [{"use": "sgd", "lr": 0.1}],
    }
    return Experiment.model_validate(content)


def test_batches_grow_to_half_a_second(tmp_path: Path) -> None:
    """The first run of a kind goes alone; then as many as take about half a second, and fewer towards the end."""
    sizes: list[int] = []

    class Counting(_AtOnce):
        """Answers with runs that have taken a hundredth of a second."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Note how many there are."""
            runs = Batch.from_json(args[0]).runs
            sizes.append(len(runs))
            outcome = Outcome("budget", "", "", 1, 1, 0.0, 0.01, 0.0, np.zeros((1, len(COLUMNS))))
            future: Future[Any] = Future()
            future.set_result((outcome.pack() * len(runs), "{}", "here", 0))
            return future

    made = [
        one for some in Dispatch(Pool(Counting(), lambda: 2)).finished(jobs_of_one_cell(tmp_path, 1000)) for one in some
    ]
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
        list(Dispatch(Pool(Failing(), lambda: 2)).finished(jobs_of_one_cell(tmp_path, 3)))


def test_a_run_that_is_lost_again_and_again_counts_as_crashed(tmp_path: Path) -> None:
    """A machine that goes away with a batch costs nothing; a run with which it does so three times is given up."""

    class GoneError(Exception):
        """The machine is gone."""

    class Losing(_AtOnce):
        """Goes away with whatever has the seed 1 in it."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Make the others."""
            runs = Batch.from_json(args[0]).runs
            future: Future[Any] = Future()
            if any(run.seed == 1 for run in runs):
                future.set_exception(GoneError("no heartbeat"))
            else:
                outcome = Outcome("budget", "", "", 1, 1, 0.0, 0.0, 0.0, np.zeros((1, len(COLUMNS))))
                future.set_result((outcome.pack() * len(runs), "{}", "here", 0))
            return future

    pool = Pool(Losing(), lambda: 1, lost=(GoneError,))
    made = {
        one.job.seed: one.outcome for some in Dispatch(pool).finished(jobs_of_one_cell(tmp_path, 6)) for one in some
    }
    assert [made[seed].status for seed in range(6)] == ["budget", "crashed", *["budget"] * 4]
    assert made[1].message == "lost with its worker 3 times: GoneError: no heartbeat"
    trouble = Pool(Losing(), lambda: 1, lambda: "the cable is cut", lost=(GoneError,))
    with pytest.raises(InputError, match="the cable is cut"):
        list(Dispatch(trouble).finished(jobs_of_one_cell(tmp_path, 3)))


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
    run_experiment(on_a_bowl(seeds=3), tmp_path / "r", Way("threads", workers=2))
    supervisor.close_workers()
    assert [status for status, _ in done(tmp_path / "r").values()] == ["budget"] * 3


def test_failing_fast_stops_at_one_failure_in_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch that it was in is kept whole, and no other is begun."""
    batches: list[list[int]] = []

    class Canned(_AtOnce):
        """Answers with runs of a tenth of a second; the one with the seed 7 has failed."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            """Make them up."""
            batches.append([run.seed for run in Batch.from_json(args[0]).runs])
            packed = b""
            for seed in batches[-1]:
                status: Any = "failed" if seed == 7 else "budget"
                packed += Outcome(status, "", "", 1, 1, 0.0, 0.1, 0.0, np.zeros((1, len(COLUMNS)))).pack()
            future: Future[Any] = Future()
            future.set_result((packed, "{}", "here", 0))
            return future

    @contextmanager
    def pool(_: Way) -> Iterator[Pool]:
        yield Pool(Canned(), lambda: 1)

    monkeypatch.setattr(Way, "pool", pool)
    with pytest.raises(FailedFast):
        run_experiment(on_a_bowl(seeds=40), tmp_path / "r", Way("inline", fail_fast=True))
    (unlucky,) = (batch for batch in batches if 7 in batch)
    assert len(unlucky) > 2
    assert sum(map(len, batches)) < 40
    kept = load(tmp_path / "r").runs.set_index("seed")["status"]
    assert set(unlucky) <= set(kept.index)
    assert kept[kept == "failed"].index.tolist() == [7]


def test_an_executor_is_a_generator() -> None:
    """What isn't is told where it is written."""
    with pytest.raises(InputError, match="nothing is not a generator: an executor yields its Pool once"):

        @executor
        def nothing() -> Any:
            return None
