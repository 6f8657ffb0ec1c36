"""Parts of the table of speeds besides networks: measuring, plain functions, growth; every row that is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import optilab
from speed import functions, growth, measuring, returns
from speed.table import Row


def test_exponents_are_fitted() -> None:
    """Those of powers are exact; a curve has its points, then the exponents of all of it and of its larger half."""
    assert growth.fitted([1, 2, 4, 8], [3, 12, 48, 192]) == pytest.approx(2)
    rows = list(growth.curve("width", {float(n): lambda n=n: n**1.5 for n in (1, 2, 4, 8)}, 2))  # type: ignore[misc]
    assert [(row.x, row.values[0]) for row in rows[:2]] == [(1.0, 1e3), (2.0, pytest.approx(1e3 * 2**1.5))]
    assert [row.case.partition("width")[2] for row in rows[4:]] == ["", ", the larger half"]
    assert np.allclose([row.values for row in rows[4:]], 1.5)


@pytest.mark.parametrize("quick", [True, False])
def test_growth_has_every_curve(monkeypatch: pytest.MonkeyPatch, quick: bool) -> None:
    """Examples, width, depth, runs, rows of history: a point at each size and two exponents each; then workers."""
    for name in ("an_epoch", "a_grid", "measuring"):
        monkeypatch.setattr(growth, name, lambda *_: lambda: 1.0)
    monkeypatch.setattr(growth, "problem_of", lambda *_, **__: None)
    monkeypatch.setattr(growth, "workers", lambda *_: iter([Row("growth", "workers", "optilab", "", [1.0])]))
    rows = list(growth.rows(2, quick))
    wanted = growth.sizes(quick)
    assert list(wanted) == ["examples", "neurons of a layer", "hidden layers", "runs of a grid", "rows of history"]
    for name, sizes in wanted.items():
        assert [row.x for row in rows if row.series == name] == sizes
        assert sum(row.case.startswith(f"exponent of time against {name}") for row in rows) == 2
    assert rows[-1].case == "workers"


def test_growth_in_workers_and_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker does a run of one epoch a second: two do twice the work of one, and 500,000 epochs take 500,000 s over the cores."""
    monkeypatch.setattr(growth, "EVERY_CORE", {0, 1})
    monkeypatch.setattr(growth, "returns", lambda _, n: returns.Returns(seen=[(1.0, 1, 0.0), (2.0, 1 + n, 0.0)]))
    rows = {row.case: row.values for row in growth.workers(2, quick=True)}
    assert rows["workers: 2"] == [2.0, 2.0]
    assert rows["2 workers, times the work of one, 16 runs"] == [2.0, 2.0]
    for count in (2, 16, 64):
        (hours,) = (values for case, values in rows.items() if case.endswith(f"to {count} cores"))
        assert hours == pytest.approx([500_000 / 3600 / count] * 2)


def test_rows_of_history_are_counted() -> None:
    """A run is measured once more than it has intervals, and its time is of this process."""
    assert growth.measuring(20)() > 0


def test_overhead_is_time_that_is_not_training() -> None:
    """Of two workers in 3 s, 4 s were training of 20 runs: 100 ms each; from the first batch on, 2 s and 10 runs."""
    seen = returns.Returns(seen=[(1.0, 10, 1.0), (2.0, 15, 2.0), (3.0, 20, 4.0)])
    assert seen.overhead(2, ready=False) == pytest.approx(1e3 * (6 - 4) / 20)
    assert seen.overhead(2, ready=True) == pytest.approx(1e3 * (4 - 3) / 10)
    assert seen.throughput() == pytest.approx(10 / 2)
    assert returns.Returns(seen=[(2.0, 10, 1.0)]).throughput() == pytest.approx(5)


def test_a_new_experiment_comes_back_from_workers() -> None:
    """All runs are counted, and their training is part of the time."""
    seen = returns.returns(functions.tiny(20), 1).seen
    assert seen[-1][1] == 20
    assert 0 < seen[-1][2] < seen[-1][0]


def test_functions_have_steps_and_overhead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each rule and its aim, and the overhead of tiny runs with and without the start of the workers."""
    monkeypatch.setattr(functions, "nanoseconds", lambda rule, steps, rounds: [50.0] * rounds)
    monkeypatch.setattr(functions, "returns", lambda *_: returns.Returns(seen=[(1.0, 10, 0.5), (2.0, 20, 1.0)]))
    rows = list(functions.rows(2))
    assert [row.unit for row in rows] == ["ns", "ns", "ms", "ms"]
    assert [row.target for row in rows] == [60.0, 100.0, 0.4, None]
    assert ["10,000" in row.case for row in rows] == [False, False, True, True]


def test_steps_are_timed_without_measuring() -> None:
    """As many rounds as are asked for, each in nanoseconds."""
    found = functions.nanoseconds("sgd", 1000, 2)
    assert len(found) == 2
    assert all(1 < value < 1e5 for value in found)


def test_the_digits_experiment_is_the_bundled_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick trial has one seed and epoch, and measures as often an epoch; rows are its share in percent, and its seconds."""
    whole, quick = measuring.experiment(), measuring.experiment(quick=True)
    assert whole.name == quick.name == "digits"
    assert (quick.seeds, quick.budget.epochs, quick.measure) == (1, 1, whole.measure)
    monkeypatch.setattr(measuring, "share", lambda chosen: (12.5, 3.0))
    assert [(row.unit, list(row.values)) for row in measuring.rows(5)] == [("%", [12.5] * 3), ("s", [3.0] * 3)]


def test_shares_of_measuring_are_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three seconds of measuring and one of training over two runs are 75 % of 4 s."""

    class Made:
        runs = pd.DataFrame({"train_seconds": [0.5, 0.5], "measure_seconds": [1.0, 2.0]})

    monkeypatch.setattr(optilab, "run", lambda *_, **__: Made)
    assert measuring.share(measuring.experiment()) == pytest.approx((75.0, 4.0))
