"""Searches that go by generations: what a sampler is told, what is given up, and what changes nothing."""

from __future__ import annotations

import json
import math
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optilab import store
from optilab.errors import InputError
from optilab.executors import Pool
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.runner.observer import Observer
from optilab.runner.progress import status_of
from optilab.runner.replay import replay
from optilab.runner.rows import Finished
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.workers.environment import host, versions
from optilab.workers.maker import Maker
from optilab.workers.messages import Batch

INLINE, ONE, TWO = Way("inline"), Way(workers=1), Way(workers=2)

SAMPLERS = '''
"""Samplers that remember what they are told, or give nonsense."""

import json
from pathlib import Path

from optilab import hookimpl, sampler
from optilab.search.sampler import Sampler

TOLD = Path({told!r})


class Halving(Sampler):
    """Ask near the best, nearer and nearer; the first points lie evenly."""

    def __init__(self, ranges):
        self.ranges, self.best, self.width, self.told = ranges, None, 1.0, []

    def ask(self, count):
        centre = self.best or {{n: (r.low * r.high) ** 0.5 for n, r in self.ranges.items()}}
        self.width *= 0.5
        return [
            {{n: min(max(c * 10 ** (self.width * (k - count / 2)), self.ranges[n].low), self.ranges[n].high)
              for n, c in centre.items()}}
            for k in range(count)
        ]

    def tell(self, trials):
        self.told += [[dict(t.point), t.cost, t.given_up_after] for t in trials]
        TOLD.write_text(json.dumps(self.told))
        best = min(self.told, key=lambda told: told[1] if told[2] is None else float("inf"))
        self.best = best[0]


@sampler
def halving(ranges, samples, seed):
    """A sampler that learns."""
    return Halving(ranges)


@sampler
def few(ranges, samples, seed):
    """One point too few."""
    return [{{name: found.low for name, found in ranges.items()}}] * (samples - 1)


@sampler
def other_names(ranges, samples, seed):
    """Points of something else."""
    return [{{"nonsense": 0.1}}] * samples


class Blank(Sampler):
    """Points that are no numbers."""

    def ask(self, count):
        return [{{name: float("nan") for name in self.ranges}}] * count

    def tell(self, trials):
        pass


@sampler
def blank(ranges, samples, seed):
    """A sampler whose points are no numbers."""
    made = Blank()
    made.ranges = ranges
    return made


class Breaking(Halving):
    """Fails at the second generation."""

    def tell(self, trials):
        raise KeyError("lr")


@sampler
def breaking(ranges, samples, seed):
    """A sampler that fails once it is told."""
    return Breaking(ranges)


@sampler
def hopeless(ranges, samples, seed):
    """A sampler that fails at once."""
    return [None] * (1 // 0)


@sampler
def nothing(ranges, samples, seed):
    """Points that are none."""
    return [None] * samples


@sampler
def words(ranges, samples, seed):
    """Points of words."""
    return [{{name: "large" for name in ranges}}] * samples


@hookimpl
def optilab_samplers():
    return [halving, few, other_names, blank, breaking, hopeless, nothing, words]
'''


class Counted(Observer):
    """Remembers which runs were made, and what it was told of the stages."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.stages: list[tuple[str, int, int, int]] = []

    def started(self, role: str, missing: int, done: int, stale: int, later: int) -> None:
        self.stages.append((role, missing, done, later))

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        self.made += [run.job.run_id for run in runs]


class Interrupting(Counted):
    """Interrupts once so many runs have been made."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        super().finished(runs, running)
        if len(self.made) >= self._after:
            raise KeyboardInterrupt


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the sampler `halving` puts down what it is told."""
    path = tmp_path / "samplers.py"
    path.write_text(SAMPLERS.format(told=str(tmp_path / "told.json")), "utf-8")
    loading.use_file(path)
    return tmp_path / "told.json"


def experiment(method: str = "halving", prune_after: float | None = None, **changes: Any) -> Experiment:
    """Twenty learning rates of two optimizers and one more beside, on a curved valley."""
    search = {"method": method, "generation": 6} | ({} if prune_after is None else {"prune_after": prune_after})
    given = {
        "name": "searched",
        "seeds": 2,
        "budget": {"steps": 40},
        "measure": {"steps": 4},
        "problem": {"use": "rosenbrock", "start": "random"},
        "tuning": {"seeds": 2},
        "search": search,
        "optimizers": [
            {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}, "samples": 20},
            {"use": "adam", "lr": {"log_uniform": [1e-5, 10.0]}, "samples": 20},
            {"use": "momentum", "lr": [1e-4, 1e-3]},
        ],
    }
    return Experiment.model_validate({**given, **changes})


def table(results: store.Results) -> pd.DataFrame:
    """All measurements, clocks aside, with how each run ended."""
    off = ["seconds", "cpu_seconds"]
    kept = results.runs[["run_id", "role", "label", "status", "message", "steps"]]
    return results.history.drop(columns=off).merge(kept, on="run_id").sort_values(["run_id", "step"], ignore_index=True)


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


def test_stages_are_told_by_generation(tmp_path: Path, told: Path) -> None:
    """What is known beforehand belongs to the first; each says how many will be chosen yet."""
    observer = Counted()
    run_experiment(experiment(), tmp_path / "r", INLINE, observer)
    tuning = [stage for stage in observer.stages if stage[0] == "tuning"]
    assert [later for *_, later in tuning] == [56, 32, 8, 0]
    assert tuning[0][1] == 2 * (6 + 6 + 2)
    assert all(done + missing + later <= 84 for _, missing, done, later in tuning)


def test_more_samples_go_on_from_there(tmp_path: Path, told: Path) -> None:
    """The generations before the last are what they were."""
    entry = {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}}
    run_experiment(experiment(optimizers=[{**entry, "samples": 12}]), tmp_path / "r", INLINE)
    observer = Counted()
    run_experiment(experiment(optimizers=[{**entry, "samples": 18}]), tmp_path / "r", INLINE, observer)
    assert [missing for role, missing, *_ in observer.stages if role == "tuning"][:2] == [0, 0]


def test_a_sampler_is_told_what_came_of_its_points(tmp_path: Path, told: Path) -> None:
    """The median over the seeds of tuning, infinite where that many diverged; in the order in which it asked."""
    asked = experiment(
        optimizers=[{"use": "sgd", "lr": {"log_uniform": [1e-6, 10.0]}, "samples": 12}], tuning={"seeds": 3}
    )
    runs = run_experiment(asked, tmp_path / "r", INLINE).runs
    runs = runs[runs["role"] == "tuning"]
    costs = runs["final_train_cost"].where(runs["status"] == "budget", np.inf)
    expected = costs.groupby(runs["lr"]).median()
    heard = json.loads(told.read_text())
    assert len(heard) == 12
    assert [cost for _, cost, _ in heard] == [expected[point["lr"]] for point, *_ in heard]
    assert math.inf in expected.to_list()
    assert all(given_up is None for *_, given_up in heard)


def test_the_best_of_a_search_is_evaluated_on_other_seeds(tmp_path: Path, told: Path) -> None:
    """One cell of each line, the one with the lowest median, however it was found."""
    runs = run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE).runs
    for label, line in runs.groupby("label"):
        tuned, evaluated = (line[line["role"] == role] for role in ("tuning", "evaluation"))
        costs = tuned["final_train_cost"].where(tuned["status"] == "budget", np.inf)
        assert set(evaluated["lr"]) == {costs.groupby(tuned["lr"]).median().idxmin()}, label
        assert not set(evaluated["seed"]) & set(tuned["seed"])


def test_what_was_given_up_says_why_and_can_be_replayed(tmp_path: Path, told: Path) -> None:
    """Its status is "pruned", its history ends where it was given up, and it is the same again."""
    results = run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE)
    pruned = results.runs[results.runs["status"] == "pruned"]
    for row in pruned.head(3).to_dict("records"):
        assert row["message"].startswith(f"given up after step {row['steps']}: its lowest train_cost up to there, ")
        assert 10 <= row["steps"] < 40
        again = replay(tmp_path / "r", row["run_id"])
        assert again.identical
        assert again.measurements == row["measurements"] == row["steps"] // 4 + 1
    assert (pruned["role"] == "tuning").all()


def test_what_was_given_up_is_made_in_full_where_that_is_wanted(tmp_path: Path, told: Path) -> None:
    """Without giving up, all runs come to their end; with it again, those that are there in full count as given up."""
    asked = experiment(prune_after=0.25)
    first = run_experiment(asked, tmp_path / "r", INLINE)
    heard = told.read_text()
    pruned = set(first.runs.loc[first.runs["status"] == "pruned", "run_id"])
    observer = Counted()
    every = run_experiment(experiment(), tmp_path / "r", INLINE, observer)
    assert "pruned" not in set(every.runs["status"])
    assert pruned & set(observer.made)
    again = Counted()
    run_experiment(asked, tmp_path / "r", INLINE, again)
    assert not set(again.made) & set(every.runs["run_id"])
    assert told.read_text() == heard


def test_other_limits_give_up_again(tmp_path: Path, told: Path) -> None:
    """A run that would be given up at another step is made again, and ends where it would have from the start."""
    late = run_experiment(experiment(prune_after=0.75), tmp_path / "late", INLINE)
    run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE)
    found = run_experiment(experiment(prune_after=0.75), tmp_path / "r", INLINE)
    pd.testing.assert_frame_equal(table(found), table(late), check_exact=True)


def test_points_that_are_known_beforehand_can_be_given_up_too(tmp_path: Path) -> None:
    """The points of a sampler that doesn't learn are the same; only some of their runs end early."""
    full = run_experiment(
        Experiment.model_validate(experiment("sobol").model_dump() | {"search": {}}), tmp_path / "full", INLINE
    )
    some = run_experiment(experiment("sobol", prune_after=0.25), tmp_path / "some", INLINE)
    tuned = [r.runs[r.runs["role"] == "tuning"] for r in (full, some)]
    assert set(tuned[0]["run_id"]) == set(tuned[1]["run_id"])
    assert (tuned[1]["status"] == "pruned").sum() > 5
    one, other = (
        r.runs.loc[r.runs["role"] == "evaluation", ["label", "lr"]].drop_duplicates("label") for r in (full, some)
    )
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_a_point_that_is_asked_for_again_is_not_made_again(tmp_path: Path, told: Path) -> None:
    """Among few whole numbers, a sampler comes back to the same ones."""
    asked = experiment(
        optimizers=[{"use": ["sgd", "lookahead"], "lr": 1e-3, "sync_period": {"integer": [2, 4]}, "samples": 12}],
        tuning={},
    )
    observer = Counted()
    runs = run_experiment(asked, tmp_path / "r", INLINE, observer).runs
    assert len(runs[runs["role"] == "tuning"]) <= 3
    assert len(observer.made) == len(set(observer.made))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "haling"}, r"search\.method: unknown sampler 'haling'.*halving"),
        ({"tuning": None}, r"search: the sampler halving learns from runs, .*add a table \[tuning\]"),
        ({"tuning": None, "method": "sobol", "prune_after": 0.5}, r"search: prune_after compares runs, .*\[tuning\]"),
        ({"method": "few"}, r"the sampler few gave 19 points where 20 were asked for"),
        ({"method": "other_names"}, r"the sampler other_names gave the point .*where a number for each of lr"),
        ({"method": "blank"}, r"the sampler blank gave the point .*nan"),
        ({"method": "nothing"}, r"the sampler nothing gave the point None where a number for each of lr"),
        ({"method": "words"}, r"the sampler words gave the point .*large.* where a number for each of lr"),
        ({"method": "breaking"}, r"the sampler breaking has failed: KeyError: 'lr', in line \d+ of .*samplers\.py"),
        (
            {"method": "hopeless"},
            r"the sampler hopeless has failed: ZeroDivisionError: .*, in line \d+ of .*samplers\.py",
        ),
        (
            {"optimizers": [{"use": "sgd", "lr": {"uniform": [-1.0, 1.0]}, "samples": 8}]},
            r"optimizers\[0\]: lr = -1.* is out of range",
        ),
        (
            {
                "optimizers": [
                    {"use": "sgd", "lr": {"log_uniform": [1e-6, 1.0]}, "samples": 8, "label": label} for label in "ab"
                ]
            },
            r"optimizers\[1\]: 'b' is the same as 'a' of optimizers\[0\]; leave one out",
        ),
    ],
)
def test_searches_that_can_not_be(tmp_path: Path, told: Path, changes: dict[str, Any], message: str) -> None:
    """Each is told in one message; nothing was made that the experiment doesn't want."""
    with pytest.raises(InputError, match=message):
        run_experiment(experiment(**changes), tmp_path / "r", INLINE)


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


def test_prune_after_is_a_share(tmp_path: Path) -> None:
    """From the first step on, but not the last."""
    for wrong in (-0.1, 1.0, 2):
        with pytest.raises(ValueError, match="prune_after"):
            experiment(prune_after=wrong)


def test_an_interrupted_search_wants_more_than_is_known(tmp_path: Path, told: Path) -> None:
    """Its status says that others are chosen later; that of a finished one doesn't."""
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(), tmp_path / "r", INLINE, Interrupting(30))
    status = status_of(tmp_path / "r")
    assert status.more
    assert 28 < status.wanted < 84
    run_experiment(experiment(), tmp_path / "r", INLINE)
    assert not status_of(tmp_path / "r").more
