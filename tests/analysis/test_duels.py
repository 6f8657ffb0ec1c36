"""Win rates: how often one method beats another on the same seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from analysis.published import tabular_seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.analysis.duels import win_rates


def table(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    """Runs of problem, label, seed and value."""
    return pd.DataFrame(rows, columns=["problem", "label", "seed", "value"])


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.0, 1, 2, np.inf])))
)
def test_rates_of_both_sides_add_up(rows: list[tuple[int, int, int, float]]) -> None:
    """A beats B as often as B doesn't beat A; no order of rows changes a rate."""
    values = table(*((f"p{p}", f"m{m}", s, v) for p, m, s, v in rows)).drop_duplicates(["problem", "label", "seed"])
    rates = win_rates(values).rates
    both = (rates + rates.T).to_numpy()
    assert np.isnan(both[np.isnan(rates)]).all()
    np.testing.assert_allclose(both[~np.isnan(both)], 1)
    pd.testing.assert_frame_equal(rates, win_rates(values.sample(frac=1, random_state=0)).rates)


def test_rates_are_those_of_a_loop() -> None:
    """Of published results: the mean over data sets of the share of seeds on which one score is the higher."""
    published = tabular_seeds().query("opt in ['muon', 'adamw', 'sgd']")
    values = table(*published[["ds", "opt", "seed"]].assign(cost=-published["test"]).itertuples(index=False))
    found = win_rates(values)
    shares = []
    for _, there in published.groupby("ds"):
        by_seed = there.pivot(index="seed", columns="opt", values="test")
        gap = by_seed["muon"] - by_seed["adamw"]
        shares.append((gap.gt(0).sum() + 0.5 * gap.eq(0).sum()) / len(gap))
    assert np.isclose(found.rates["adamw"]["muon"], np.mean(shares))
    assert found.pairs.loc["muon", "adamw"] == 170


def test_problems_have_the_same_weight() -> None:
    """A problem with many seeds counts as much as one with a single seed."""
    rows = [("p", "a", s, 1.0) for s in range(9)] + [("p", "b", s, 2.0) for s in range(9)]
    assert win_rates(table(*rows, ("q", "a", 0, 2.0), ("q", "b", 0, 1.0))).rates.loc["a", "b"] == 0.5


def test_two_lost_runs_tie_and_one_loses() -> None:
    """An infinite value loses to any finite one."""
    rates = win_rates(
        table(("p", "a", 0, np.inf), ("p", "a", 1, 1.0), ("p", "b", 0, np.inf), ("p", "b", 1, np.inf))
    ).rates
    assert rates["b"]["a"] == 0.75


def test_without_a_seed_in_common_there_is_no_rate() -> None:
    """It is NaN, and there are no pairs."""
    found = win_rates(table(("p", "a", 0, 1.0), ("p", "b", 1, 2.0)))
    assert np.isnan(found.rates["b"]["a"])
    assert found.pairs.loc["a", "b"] == 0


def test_a_method_without_chance_meets_every_seed() -> None:
    """Its one run is paired with each run of the other."""
    values = table(("p", "a", 0, 2.0), ("p", "b", 0, 1.0), ("p", "b", 1, 3.0), ("p", "b", 2, 4.0))
    found = win_rates(values.assign(is_random=[False, True, True, True]))
    assert np.isclose(found.rates["b"]["a"], 2 / 3)
    assert found.pairs.loc["a", "b"] == 3
