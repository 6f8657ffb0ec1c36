"""Searches that go by generations: neither order nor workers nor interruptions change them."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from runner.searching import Counted, Interrupting, experiment, table

from optilab import store
from optilab.errors import InputError
from optilab.executors import Pool
from optilab.runner.progress import status_of
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.workers.environment import host, versions
from optilab.workers.maker import Maker
from optilab.workers.messages import Batch

INLINE, ONE, TWO = Way("inline"), Way(workers=1), Way(workers=2)


class Backwards(Executor):
    """Makes batches in a thread of this process, the one that was submitted last first."""

    def __init__(self) -> None:
        self._asked: queue.LifoQueue[Any] = queue.LifoQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._maker = Maker()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take a batch; one thread makes all of them."""
        future: Future[Any] = Future()
        self._asked.put((future, args[0]))
        if not self._thread.is_alive():
            self._thread.start()
        return future

    def _work(self) -> None:
        while True:
            future, message = self._asked.get()
            if future.set_running_or_notify_cancel():
                outcomes = b"".join(outcome.pack() for outcome in self._maker.make(Batch.from_json(message)))
                future.set_result((outcomes, versions(), host(), 0))


@pytest.mark.parametrize("prune_after", [None, 0.25])
def test_neither_order_nor_interruptions_change_a_search(
    tmp_path: Path, told: Path, prune_after: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, with the last batch first, and interrupted four times on the way: every run is the same, bit for bit."""
    entry = {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}, "samples": 18}
    asked = experiment(prune_after=prune_after, optimizers=[entry, {"use": "momentum", "lr": [1e-4, 1e-3]}])
    expected = run_experiment(asked, tmp_path / "inline", INLINE)
    heard = told.read_text()
    statuses = set(expected.runs["status"])
    assert ("pruned" in statuses) == (prune_after is not None)
    assert "diverged" in statuses
    for after in (2, 4, 5, 6):
        with pytest.raises(KeyboardInterrupt):
            run_experiment(asked, tmp_path / "stopped", INLINE, Interrupting(after))
    monkeypatch.setattr(Way, "pool", lambda _: nullcontext(Pool(Backwards(), lambda: 2)))
    for folder in ("backwards", "stopped"):
        found = run_experiment(asked, tmp_path / folder, INLINE)
        pd.testing.assert_frame_equal(table(found), table(expected), check_exact=True)
        assert told.read_text() == heard


@pytest.mark.slow
@pytest.mark.parametrize("prune_after", [None, 0.25])
def test_neither_workers_nor_interruptions_change_a_search(
    tmp_path: Path, told: Path, prune_after: float | None
) -> None:
    """In this process, by one worker, by two, and interrupted four times on the way: every run is the same, bit for bit."""
    asked = experiment(prune_after=prune_after)
    expected = run_experiment(asked, tmp_path / "inline", INLINE)
    heard = told.read_text()
    for name, way in (("one", ONE), ("two", TWO)):
        pd.testing.assert_frame_equal(
            table(run_experiment(asked, tmp_path / name, way)), table(expected), check_exact=True
        )
        assert told.read_text() == heard
    for after in (3, 9, 15, 21):
        with pytest.raises(KeyboardInterrupt):
            run_experiment(asked, tmp_path / "stopped", TWO, Interrupting(after))
    pd.testing.assert_frame_equal(
        table(run_experiment(asked, tmp_path / "stopped", TWO)), table(expected), check_exact=True
    )
    assert told.read_text() == heard


@pytest.mark.parametrize("prune_after", [None, 0.25])
def test_a_search_that_is_done_makes_nothing(tmp_path: Path, told: Path, prune_after: float | None) -> None:
    """Started again, all that it asks for is there, what was given up as well."""
    asked, first, second = experiment(prune_after=prune_after), Counted(), Counted()
    run_experiment(asked, tmp_path / "r", INLINE, first)
    before = table(store.load(tmp_path / "r"))
    run_experiment(asked, tmp_path / "r", INLINE, second)
    assert len(first.made) == len(set(first.made)) > 60
    assert second.made == []
    pd.testing.assert_frame_equal(table(store.load(tmp_path / "r")), before)
    assert status_of(tmp_path / "r").missing == 0


def test_runs_that_are_lost_on_the_way_are_told(tmp_path: Path, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that can't read what it has just made ends with a message, and is made whole by the next start."""

    def damaged(folder: Path) -> store.Results:
        found = store.load(folder)
        return store.Results(found.folder, found.runs[1:], found.history)

    monkeypatch.setattr("optilab.runner.tuning.store", SimpleNamespace(load=damaged))
    with pytest.raises(InputError, match="has lost runs that it had; the same command makes them again"):
        run_experiment(experiment(), tmp_path / "r", INLINE)
    monkeypatch.undo()
    assert run_experiment(experiment(), tmp_path / "r", INLINE).runs["status"].ne("failed").all()


def test_an_interrupted_search_wants_more_than_is_known(tmp_path: Path, told: Path) -> None:
    """Its status says that others are chosen later; that of a finished one doesn't."""
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(), tmp_path / "r", INLINE, Interrupting(30))
    status = status_of(tmp_path / "r")
    assert status.more
    assert 28 < status.wanted < 84
    run_experiment(experiment(), tmp_path / "r", INLINE)
    assert not status_of(tmp_path / "r").more
