"""The table of columns, and what is said of statuses."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from optilab.records.columns import (
    AXES,
    COLUMNS,
    LINEAR,
    MEASUREMENTS,
    MEASURES,
    REPEATABLE,
    RESERVED,
    TABLES,
    X,
    Y,
)
from optilab.records.statuses import CONCLUSIVE, FAILURES, LASTED, UNFINISHED, Status, cost_or_infinity


@pytest.mark.parametrize("table", TABLES)
def test_a_name_stands_for_one_column(table: str) -> None:
    """No two columns of a table have the same name; both begin with run_id and end with commit."""
    names = [column.name for column in TABLES[table]]
    assert len(set(names)) == len(names)
    assert (names[0], names[-1]) == ("run_id", "commit")


def test_every_measure_has_its_final_and_best_value() -> None:
    """As columns of `runs`, which no hyperparameter may be called."""
    assert {f"{which}_{name}" for which in ("final", "best") for name in MEASURES} < RESERVED


def test_only_clocks_differ_between_repetitions() -> None:
    """Whatever is measured in seconds is a clock, and nothing else is."""
    assert set(COLUMNS) - set(REPEATABLE) == {name for name in COLUMNS if name.endswith("seconds")}


def test_what_is_drawn_has_a_name_for_its_axis() -> None:
    """Time with its unit; a column belongs on one axis, and an accuracy is linear."""
    assert set(AXES) == {*X, *Y} == set(COLUMNS) - {"w_0", "w_1"}
    assert not set(X) & set(Y)
    assert AXES["cpu_seconds"] == "processor time (seconds)"
    assert AXES["train_cost"] == "training cost"
    assert LINEAR & set(Y) == {column.name for column in MEASUREMENTS if column.ascending}


def test_every_status_belongs_to_one_group() -> None:
    """A run lasted, diverged, failed or was given up."""
    assert sorted([*CONCLUSIVE, *FAILURES, *UNFINISHED]) == sorted(get_args(Status))
    assert set(CONCLUSIVE) - set(LASTED) == {"diverged"}


def test_a_run_that_did_not_last_counts_as_infinite() -> None:
    """Whatever its last cost; so does a cost that is not finite. Every status is told, and a single run as well as many."""
    for status in get_args(Status):
        assert cost_or_infinity(0.25, status) == (0.25 if status in LASTED else math.inf)
    runs = pd.DataFrame({"status": ["budget", "budget", "pruned", "target"], "cost": [1.5, math.nan, 0.0, -math.inf]})
    found = cost_or_infinity(runs["cost"], runs["status"])
    assert found.tolist() == [1.5, math.inf, math.inf, math.inf]
    assert cost_or_infinity(np.zeros(0), []).shape == (0,)
