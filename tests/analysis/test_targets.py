"""Times to targets and the share of targets reached, worked out by hand and counted plainly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.runs import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from optilab.analysis.censoring import expected_running_time, median_time
from optilab.analysis.targets import ecdf, log_targets, time_to_target
from optilab.errors import InputError

INF, NAN = math.inf, math.nan
value = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, INF, NAN])
histories = st.lists(st.lists(value, min_size=1, max_size=5), min_size=1, max_size=5).map(
    lambda costs: history_of(*costs)
)


def times(history: pd.DataFrame, target: float, **options: Any) -> list[tuple[Any, ...]]:
    """Run, time and whether it reached the target, of each run, by training cost and steps."""
    return list(time_to_target(history, target, "train_cost", "step", **options).itertuples(index=False, name=None))


def test_the_first_time_counts() -> None:
    """A cost reaches a target that it equals; later rises change nothing; who never does is censored at the end."""
    history = history_of([9, 2, 5, 1], [9, 8], [1, 9])
    assert times(history, 2) == [("run0", 10, True), ("run1", 10, False), ("run2", 0, True)]
    found = time_to_target(history, 2, "train_cost", "step")
    assert found.columns.tolist() == ["run_id", "time", "reached"]
    assert median_time(found["time"], found["reached"]).estimate == 10
    assert expected_running_time(found["time"], found["reached"]) == 10


def test_an_accuracy_rises_to_its_target() -> None:
    """As its name says; a measure whose name says nothing falls, unless it is said to rise."""
    history = history_of([0.1, 0.9, 0.5]).rename(columns={"train_cost": "test_accuracy"})
    assert time_to_target(history, 0.9).iloc[0].tolist() == ["run0", 0.5, True]
    other = history.rename(columns={"test_accuracy": "exam"})
    assert time_to_target(other, 0.9, "exam").iloc[0].tolist() == ["run0", 0, True]
    assert time_to_target(other, 0.9, "exam", ascending=True).iloc[0].tolist() == ["run0", 0.5, True]


def test_what_diverged_reaches_nothing() -> None:
    """Infinite and missing values, of either sign; the run is there, censored at its last measurement."""
    assert times(history_of([9, INF], [9, NAN], [9, -INF]), 5) == [(f"run{k}", 10, False) for k in range(3)]
    rising = history_of([0.1, INF])
    assert times(rising, 0.5, ascending=True) == [("run0", 10, False)]


def test_a_run_without_rows_is_censored_at_the_start() -> None:
    """It failed before its first measurement; only a list of all runs can tell of it."""
    history = history_of([9, 1])
    assert times(history, 2, run_ids=["run1", "run0"]) == [("run0", 10, True), ("run1", 0, False)]
    found = ecdf(history, [2], "train_cost", "step", run_ids=["run1", "run0"])
    assert found["share"].tolist() == [0.5]
    assert times(history[:0], 2) == []
    assert ecdf(history[:0], [2], "train_cost", "step").empty


def test_a_run_that_diverged_is_not_one_that_might_have_won() -> None:
    """Censored where it diverged it would leave the others alone at risk; it counts to the end of the longest run."""
    history = history_of([9, INF], [9, INF], [9, 9, 9, 1], [9, 5, 1])
    naive, found = (time_to_target(history, 2, "train_cost", "step", never=never) for never in ([], ["run1", "run0"]))
    assert median_time(naive["time"], naive["reached"]).estimate == 20
    assert found["time"].tolist() == [30, 30, 30, 20]
    assert found["reached"].tolist() == [False, False, True, True]
    assert median_time(found["time"], found["reached"]).estimate == 30
    assert times(history, 9, never=["run0"])[0] == ("run0", 0, True)
    assert times(history, 0, run_ids=[f"run{k}" for k in range(5)], never=["run4"])[-1] == ("run4", 30, False)
    assert times(history[:0], 0) == []


def test_the_share_of_pairs_by_hand() -> None:
    """Two runs and three targets are six pairs; the last row is the end of the longest run."""
    found = ecdf(history_of([9, 4, 1, 0.5], [9, 9, 1]), [4, 1, 0.1], "train_cost", "step")
    assert found.columns.tolist() == ["time", "share", "low", "high"]
    assert found["time"].tolist() == [10, 20, 30]
    assert found["share"].tolist() == pytest.approx([1 / 6, 4 / 6, 4 / 6])
    nothing = ecdf(history_of([9, 8]), [1], "train_cost", "step")
    assert nothing[["time", "share"]].to_numpy().tolist() == [[10, 0]]


def test_the_share_of_one_target_is_scipys() -> None:
    """The distribution of first times, of which misses are censored at the end that all runs have in common."""
    rng = np.random.default_rng(2)
    history = history_of(*(rng.uniform(0, 9, 12).tolist() for _ in range(15)))
    found = ecdf(history, [0.5], "train_cost", "step")
    first = time_to_target(history, 0.5, "train_cost", "step")
    hits, misses = first.loc[first["reached"], "time"], first.loc[~first["reached"], "time"]
    assert min(len(hits), len(misses)) > 2
    expected = stats.ecdf(stats.CensoredData(uncensored=hits, right=misses)).cdf
    assert found["share"].tolist() == pytest.approx(expected.evaluate(found["time"]).tolist())


def test_the_band_is_hoeffdings() -> None:
    """Where no run or each has reached all it is Clopper and Pearson's; between, both ends are at the bound."""
    none = ecdf(history_of(*[[9.0, 9.0]] * 8), [1], "train_cost", "step").iloc[-1]
    clopper = stats.binomtest(0, 8).proportion_ci(method="exact")
    assert (none["low"], none["high"]) == (0, pytest.approx(clopper.high))
    every = ecdf(history_of(*[[9.0, 1.0]] * 8), [1], "train_cost", "step").iloc[-1]
    assert (every["low"], every["high"]) == (pytest.approx(1 - clopper.high), 1)
    some = ecdf(history_of(*[[9.0, 1.0]] * 2, *[[9.0, 9.0]] * 6), [1], "train_cost", "step", confidence=0.9).iloc[-1]
    for mean in (some["low"], some["high"]):
        divergence = 0.25 * np.log(0.25 / mean) + 0.75 * np.log(0.75 / (1 - mean))
        assert 8 * divergence == pytest.approx(np.log(2 / 0.1))
    exact = stats.binomtest(2, 8).proportion_ci(0.9, method="exact")
    assert some["low"] < exact.low < 0.25 < exact.high < some["high"]


def test_the_band_counts_runs_and_not_pairs() -> None:
    """Fifty targets of a run say no more than one of how runs differ."""
    history = history_of([9, 1], [9, 1], [9, 9])
    one = ecdf(history, [1], "train_cost", "step")
    many = ecdf(history, np.linspace(1, 8, 50), "train_cost", "step")
    pd.testing.assert_frame_equal(one, many)


def test_the_band_covers_as_it_says() -> None:
    """Of 300 samples of 10 runs that share their luck over all targets, 95% or more have the true share within."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(300):
        ends = rng.uniform(0, 1, 10)
        found = ecdf(history_of(*([1.0, end] for end in ends)), [0.25, 0.5, 0.75], "train_cost", "step").iloc[-1]
        held += found["low"] <= 0.5 <= found["high"]
    assert held / 300 >= 0.95


def test_targets_are_in_steps_of_the_logarithm() -> None:
    """From the highest first cost to the lowest of all; each end is met to the last bit."""
    history = history_of([100, 0.3, 7], [50, 0.7, 1e9])
    found = log_targets(history, "train_cost", 11, by="step")
    assert (found[0], found[-1], len(found)) == (100, 0.3, 11)
    assert np.diff(np.log(found)).tolist() == pytest.approx([np.log(0.3 / 100) / 10] * 10)
    assert len(log_targets(history, "train_cost")) == 50
    assert log_targets(history, "train_cost", 1).tolist() == [0.3]
    assert ecdf(history[:3], found, "train_cost", "step")["share"].iloc[-1] == 1


def test_targets_of_an_accuracy_are_those_of_its_error() -> None:
    """The error falls in equal steps; one without an error is beyond the last target."""
    history = history_of([0.0, 0.9, 0.99], [0.5, 0.6, 1.0]).rename(columns={"train_cost": "test_accuracy"})
    found = log_targets(history, count=3)
    assert found.tolist() == pytest.approx([0, 0.9, 0.99])
    assert found[-1] == 0.99
    perfect = history_of([1.0, 1.0]).rename(columns={"train_cost": "test_accuracy"})
    assert log_targets(perfect).tolist() == [1]


def test_targets_where_nothing_falls() -> None:
    """A run that only gets worse, and one at zero from the start, have one target; what diverged at once begins later."""
    assert log_targets(history_of([1, 2, 3]), "train_cost").tolist() == [1]
    assert log_targets(history_of([0, 0]), "train_cost").tolist() == [0]
    assert log_targets(history_of([8, 0]), "train_cost").tolist() == [8]
    assert log_targets(history_of([INF, 4, 1], [NAN]), "train_cost", 3).tolist() == [4, 2, 1]


@given(history=histories, target=st.sampled_from([0.1, 0.25, 1.0, 3.0]), rising=st.booleans(), data=st.data())
@settings(max_examples=25)
def test_order_does_not_matter(history: pd.DataFrame, target: float, rising: bool, data: st.DataObject) -> None:
    """Rows and columns in another order give the same results, which are those of a plain count."""
    mixed = history.loc[data.draw(st.permutations(range(len(history)))), data.draw(st.permutations(list(history)))]
    found = time_to_target(history, target, "train_cost", "step", ascending=rising)
    pd.testing.assert_frame_equal(found, time_to_target(mixed, target, "train_cost", "step", ascending=rising))
    for name, time, reached in found.itertuples(index=False):
        own = history[(history["run_id"] == name)]
        cost = own["train_cost"]
        hits = own["step"][np.isfinite(cost) & (cost >= target if rising else cost <= target)]
        assert (time, reached) == ((hits.min(), True) if len(hits) else (own["step"].max(), False))
    share = ecdf(history, [target], "train_cost", "step", ascending=rising)
    pd.testing.assert_frame_equal(share, ecdf(mixed, [target, target], "train_cost", "step", ascending=rising))
    for time, part, low, high in share.to_numpy().tolist():
        assert part == pytest.approx((found["reached"] & (found["time"] <= time)).mean())
        assert 0 <= low <= part <= high <= 1
    if np.isfinite(history["train_cost"]).any():
        aims = log_targets(history, "train_cost", 5, by="step")
        assert aims.tolist() == log_targets(mixed, "train_cost", 5, by="step").tolist()
        assert (np.diff(aims) < 0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": "cost"}, "unknown column of history 'cost': known are .*train_cost"),
        ({"by": "stap"}, "unknown column of history 'stap': did you mean 'step'.*"),
        ({"history": pd.DataFrame({"step": [0]})}, "unknown column of history 'run_id': known is step"),
        (
            {"history": history_of([1.0, 1.0]).assign(step=[0, NAN])},
            "step: nan in 1 row; a time is finite and at least 0",
        ),
        ({"history": history_of([1.0, 1.0]).assign(step=-1)}, "step: -1.0 in 2 rows; a time is finite and at least 0"),
        ({"history": history_of([1.0]).assign(run_id=None)}, "run_id: is missing in a row of history, .*"),
        ({"history": history_of([1.0]).assign(train_cost="low")}, "train_cost: a value of this column .* is no number"),
    ],
)
def test_what_is_no_history_is_refused(changes: dict[str, Any], message: str) -> None:
    """By every function, with the name of the column."""
    usual = {"history": history_of([1.0]), "measure": "train_cost", "by": "step"}
    for function, more in ((time_to_target, {"target": 1}), (ecdf, {"targets": [1]}), (log_targets, {})):
        with pytest.raises(InputError, match=f"^{message}$"):
            function(**{**usual, **more, **changes})


def test_targets_are_finite_numbers() -> None:
    """One at least; runs are among those named; a confidence is a probability."""
    history = history_of([1.0])
    with pytest.raises(InputError, match=r"^target: \[inf\] must be one finite number or more$"):
        time_to_target(history, INF, "train_cost")
    with pytest.raises(InputError, match=r"^targets: \[\] must be one finite number or more$"):
        ecdf(history, [], "train_cost")
    with pytest.raises(InputError, match=r"^targets\[\d\] is NaN"):
        ecdf(history, [1, NAN], "train_cost")
    with pytest.raises(InputError, match=r"^run_ids: 'run0' of history is not among them$"):
        time_to_target(history, 1, "train_cost", run_ids=["run1"])
    with pytest.raises(InputError, match=r"^never: 'run1' is no run of history$"):
        time_to_target(history, 1, "train_cost", never=["run1"])
    with pytest.raises(InputError, match=r"^confidence must lie between 0 and 1, not 2"):
        ecdf(history, [1], "train_cost", confidence=2)


@pytest.mark.parametrize(
    ("costs", "options", "message"),
    [
        ([1.0], {"count": 0}, "count: 0 targets are none; 1 or more"),
        ([1.0, -2.0], {}, "train_cost: -2.0 is below 0; targets in logarithmic steps need none"),
        ([50.0], {"ascending": True}, "train_cost: 50.0 is above 1; targets in logarithmic steps need none"),
        ([INF, NAN], {}, "train_cost: no value is finite, so there is nothing to aim at"),
    ],
)
def test_what_has_no_logarithm_is_refused(costs: list[float], options: dict[str, Any], message: str) -> None:
    """Costs below 0, accuracies above 1, and no values at all."""
    with pytest.raises(InputError, match=f"^{message}$"):
        log_targets(history_of(costs), "train_cost", **options)
