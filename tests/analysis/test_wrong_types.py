"""What of a wrong type the statistics are handed is told in a message, never by a traceback."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import optilab.analysis
from optilab import InputError

analysis: Any = optilab.analysis
SCORES = pd.DataFrame({"a": [1.0, 2, 1, 3], "b": [2.0, 3, 2, 4]})
RUNS = pd.DataFrame({"problem": "p", "label": ["a", "b"], "seed": 0, "run_id": ["r", "s"], "final_test_cost": 0.1})
RESULTS = SimpleNamespace(
    runs=RUNS.assign(role="tuning"), history=pd.DataFrame({"run_id": ["r", "s"], "epoch": 1.0, "test_cost": 0.1})
)
HISTORY = pd.DataFrame({"run_id": ["r", "r"], "epoch": [0.0, 1.0], "test_cost": [0.5, 0.1]})
TWENTY = list(range(20))
ODD: tuple[Any, ...] = (
    "x",
    "0.95",
    None,
    2.5,
    True,
    [],
    [[1, 2]],
    {},
    object(),
    10**400,
    1j,
    pd.NA,
    pd.Series([1.0, 2.0]),
    SCORES,
)

CALLS: dict[str, dict[str, Any]] = {
    "arrival_verdict": {
        **{"runs": RUNS, "history": RESULTS.history, "target": 0.5, "measure": "test_cost", "control": "a"},
        **{"by": "epoch", "unit": "epochs", "confidence": 0.95},
    },
    "against_control": {"scores": SCORES, "control": "a"},
    "cliffs_delta": {"a": [1, 2], "b": [2, 3]},
    "critical_difference": {"k": 3, "n": 5},
    "data_profile": {"evaluations": SCORES, "n_weights": {0: 1, 1: 1, 2: 1, 3: 1}},
    "ecdf": {"history": HISTORY, "targets": [0.5], "measure": "test_cost"},
    "expected_running_time": {"times": [1, 2], "reached": [True, False]},
    "friedman_from_mean_ranks": {"mean_ranks": [1, 2], "n": 5, "ties": 0.0},
    "held_out_by_name": {"problems": ["a", "a_b"]},
    "holm": {"p": [0.1, 0.2]},
    "interval": {"values": TWENTY, "statistic": "median", "confidence": 0.95, "method": None, "seed": 0},
    "log_targets": {"history": HISTORY, "measure": "test_cost", "count": 3},
    "magnitude": {"delta": 0.2},
    "median_of_studies": {"times": [[1, 2], [2, 3]]},
    "paired": {"a": TWENTY, "b": TWENTY, "confidence": 0.95, "seed": 0, "lowest": True, "method": None},
    "performance_profile": {"times": SCORES},
    "power_of": {"difference": 1.0, "n": 10, "alpha": 0.05},
    "profile_score": {"times": SCORES, "r_max": 4.0, "held_out": None, "points": 100},
    "proportion": {"successes": 1, "n": 4},
    "ranks": {"scores": SCORES, "lowest": True, "alpha": 0.05},
    "seeds_for_significance": {"comparisons": 1},
    "seeds_needed": {"difference": 1.0, "power": 0.8},
    "sensitivity_width": {"settings": [0.1, 1, 10], "values": [3, 1, 2], "within": 0.1, "lowest": True},
    "smallest_difference": {"n": 5},
    "study_times": {"results": RESULTS, "measure": "test_cost", "target": 0.5, "by": "epoch"},
    "survival": {"times": [1, 2], "reached": [1, 0], "confidence": 0.95},
    "time_to_target": {"history": HISTORY, "target": 0.5, "measure": "test_cost", "run_ids": None, "never": ()},
    "tuning_curve": {"values": [1, 2, 3], "lowest": True},
}


@pytest.mark.parametrize("name", CALLS)
def test_no_argument_of_a_wrong_type_makes_a_traceback(name: str) -> None:
    """Each argument, replaced by things of many types, is taken or refused with a message."""
    function = getattr(analysis, name)
    function(**CALLS[name])
    for argument in CALLS[name]:
        for odd in ODD:
            with suppress(InputError):
                function(**{**CALLS[name], argument: odd})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.paired(TWENTY, TWENTY, "0.95"), "confidence must be a number, not '0.95'"),
        (lambda: analysis.interval(TWENTY, confidence=None), "confidence must be a number, not None"),
        (lambda: analysis.paired(TWENTY, TWENTY, seed=-1), "seed must be a whole number of at least 0, not -1"),
        (lambda: analysis.interval(TWENTY, "mean", seed="x"), "seed must be a whole number of at least 0, not 'x'"),
        (lambda: analysis.paired(TWENTY, TWENTY, lowest="no"), "lowest must be True or False, not 'no'"),
        (lambda: analysis.seeds_needed("1"), "difference must be a number, not '1'"),
        (lambda: analysis.smallest_p(10**400), r"n must be a whole number of at most 2\^53, not a whole number of about"),
        (lambda: analysis.ranks([[1, 2]]), r"scores must be a DataFrame, a row a problem .*, not \[\[1, 2\]\]"),
        (lambda: analysis.against_control([[1, 2]], "c"), "scores must be a DataFrame"),
        (lambda: analysis.profile_score(SCORES, points=2.5), "points must be a whole number"),
        (lambda: analysis.profile_score(SCORES, held_out=[1]), r"held_out must be a mapping .*, not \[1\]"),
        (lambda: analysis.held_out_by_name("abc"), "problems must be a list of names, not 'abc'"),
        (lambda: analysis.held_out_by_name([1]), "problems must be a list of names; 1 is none"),
        (lambda: analysis.data_profile(SCORES, 3), "n_weights must be a mapping of problems .*, not 3"),
        (lambda: analysis.log_targets(1, 0.001), "history must be a DataFrame, with a row a measurement, not 1"),
        (lambda: analysis.log_targets(HISTORY, 5), "measure must be a name such as test_accuracy, not 5"),
        (lambda: analysis.time_to_target(HISTORY, 0.5, "test_cost", run_ids=5), "run_ids must be a list of names of runs"),
        (lambda: analysis.holm([10**400]), "p must be numbers"),
        (lambda: analysis.holm([0.1, float("nan")]), r"p\[1\] is NaN; one that could not be had counts as 1"),
        (lambda: analysis.survival([1, 2], [True, None]), r"reached\[1\] is NaN; say of each whether it is true"),
        (lambda: analysis.time_to_target(pd.concat([HISTORY, HISTORY[["epoch"]]], axis=1), 0.5, "test_cost"), "history has the column 'epoch' twice"),
    ],
)  # fmt: skip
def test_the_message_names_the_argument(call: Any, message: str) -> None:
    """It says what is accepted, and what it got."""
    with pytest.raises(InputError, match=message):
        call()


def test_a_control_may_be_a_number() -> None:
    """Columns that are numbers are found by the number, and by its text."""
    scores = SCORES.rename(columns={"a": 1, "b": 2})
    for control in (1, "1", np.int64(1)):
        assert analysis.against_control(scores, control).index.tolist() == [2]
