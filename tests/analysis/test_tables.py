"""Tables of runs that anybody hands over: what they lack is filled in or named, and is the same for all statistics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optilab import InputError
from optilab.analysis import arrival_verdict, leaderboard, tuning_effort, verdict
from optilab.records.statuses import FINISHED

COSTS = np.array([0.30, 0.31, 0.29, 0.33, 0.30, 0.28, 0.32, 0.31])
ASKED = (verdict, leaderboard)


def table(measure: str = "test_cost", **values: Any) -> pd.DataFrame:
    """Runs of evaluation: for each label its values, by seed from 0."""
    frames = [
        pd.DataFrame({"problem": "p", "label": label, "seed": range(len(found)), f"final_{measure}": found})
        for label, found in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


RUNS = table(base=COSTS, ours=COSTS - 0.05)


def changed(row: int, name: str, value: Any) -> pd.DataFrame:
    """The runs with another value in one cell."""
    runs = RUNS.astype({name: object})
    runs.loc[row, name] = value
    return runs


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (changed(3, "label", None), r"runs, row 3 \(seed 3, problem 'p'\): label is missing; name it"),
        (changed(3, "label", np.nan), r"row 3 .*: label is missing"),
        (changed(9, "problem", pd.NA), r"row 9 \(label 'ours', seed 1\): problem is missing"),
        (changed(2, "seed", np.nan), r"row 2 \(label 'base', problem 'p'\): seed is missing; .*makes no pair"),
        (changed(3, "final_test_cost", np.nan), r"row 3 \(label 'base', seed 3, problem 'p'\): final_test_cost is missing; "),
        (changed(3, "final_test_cost", "low"), r"final_test_cost must hold numbers"),
        (RUNS.assign(final_test_cost=np.nan), r"row 0 .*: final_test_cost is missing \(16 runs in all\)"),
        (RUNS.drop(columns="final_test_cost"), r"runs has no measure, a column such as final_test_cost; its columns are problem"),
        (RUNS.assign(role="train"), r"row 0 .*: role is 'train'; it is evaluation or tuning"),
        (pd.concat([RUNS, RUNS[["label"]]], axis=1), "runs has the column 'label' twice"),
        (pd.DataFrame(), "runs has no column 'problem'; it has no columns"),
        (RUNS.assign(status=["ok"] * 15 + ["nonsense"]), r"unknown status 'nonsense': accepted are budget, .*pruned; and ok, .* for budget"),
        (RUNS.assign(status="OOM"), "unknown status 'OOM'"),
        (RUNS.assign(status=1), "unknown status 1"),
        ([RUNS], "results must be a DataFrame of runs"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_runs(ask: Any, runs: Any, message: str) -> None:
    """What is missing, or is not known, is named with its row; all functions on runs say the same."""
    with pytest.raises(InputError, match=message):
        ask(runs)


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"which": "nix"}, "unknown which 'nix': known are best, final"),
        ({"which": ["final"]}, "unknown which"),
        ({"measure": 5}, "measure must be the name of one, such as test_cost, not 5"),
        ({"measure": "test_cots"}, "unknown measure 'test_cots': did you mean 'test_cost'"),
        ({"question": "why"}, "question must be an optilab.Question or None, not 'why'"),
        ({"confidence": "0.95"}, "confidence must be a number, not '0.95'"),
        ({"control": "bse"}, "unknown label 'bse': did you mean 'base'"),
    ],
)
def test_what_can_not_be_asked(ask: Any, asked: dict[str, Any], message: str) -> None:
    """An argument that is no good is named, with what is accepted."""
    with pytest.raises(InputError, match=message):
        ask(RUNS, **asked)


def test_labels_may_be_numbers() -> None:
    """Labels are compared as texts, whatever they are, and so is the control."""
    runs = RUNS.assign(label=[1] * 8 + [2] * 8)
    assert verdict(runs, control=1).comparisons["label"].tolist() == ["2"]  # type: ignore[arg-type]
    assert verdict(runs, control="2").comparisons["label"].tolist() == ["1"]
    kinds = runs.assign(label=runs["label"].astype("category"), problem=pd.Series(7, runs.index))
    assert leaderboard(kinds)["label"].tolist() == ["2", "1"]


@pytest.mark.parametrize("word", [*FINISHED, "budget", "COMPLETED", " Ok ", None, np.nan])
def test_other_words_for_a_run_that_finished(word: Any) -> None:
    """The words that a table in a file may have are those of a DataFrame too; none means that it finished."""
    runs = RUNS.assign(status=pd.Series([word] * 16, dtype=object))
    assert verdict(runs).sentences == verdict(RUNS).sentences
    assert leaderboard(runs)["statuses"].tolist() == ["8 budget", "8 budget"]


def test_a_run_that_diverged_may_have_no_value() -> None:
    """It is infinitely bad; also where that is all there is of a measure."""
    runs = RUNS.assign(status=["diverged"] + ["ok"] * 15, final_test_cost=[np.nan, *RUNS["final_test_cost"][1:]])
    assert "base did not last on 1 of 8 seeds" in str(verdict(runs))
    none = RUNS.assign(status="diverged", final_test_cost=np.nan)
    assert verdict(none).measure == "test_cost"
    assert leaderboard(none)["median"].tolist() == [np.inf, np.inf]


def test_a_role_alone_makes_cells() -> None:
    """The other columns that tell cells apart are filled in, so that hyperparameters are chosen."""
    runs = pd.concat([RUNS.assign(lr=lr, final_test_cost=RUNS["final_test_cost"] + lr) for lr in (0.0, 0.5)])
    runs = runs.assign(role="evaluation")
    told = leaderboard(runs)
    assert told[["label", "hyperparameters", "n", "trials"]].values.tolist() == [
        ["ours", "lr=0*", 8, 2],
        ["base", "lr=0*", 8, 2],
    ]
    assert "ours is better than base" in str(verdict(runs))
    effort = tuning_effort(runs.assign(run_id=range(32)), pd.DataFrame({"run_id": range(32), "epoch": 2.0}))
    assert effort[["label", "trials", "epochs"]].values.tolist() == [["base", 2, 32.0], ["ours", 2, 32.0]]


def test_effort_needs_a_role_and_a_history() -> None:
    """What is missing is named."""
    history = pd.DataFrame({"run_id": [0], "epoch": [1.0]})
    with pytest.raises(InputError, match="runs has no column 'role'"):
        tuning_effort(RUNS, history)
    with pytest.raises(InputError, match="history must be a DataFrame with the column 'epoch'"):
        tuning_effort(RUNS.assign(role="tuning"), history[["run_id"]])


def test_no_runs_are_no_comparison() -> None:
    """A table with columns and without rows has an empty leaderboard."""
    assert leaderboard(RUNS[:0]).empty
    assert verdict(RUNS[:0]).sentences == ("No runs to compare.",)
    only_tuned = RUNS.assign(role="tuning")
    assert verdict(only_tuned).comparisons.empty


@pytest.mark.parametrize("measure", ["test_accuracy", "top5_accuracy"])
@pytest.mark.parametrize("ask", ASKED)
def test_an_accuracy_is_a_share(ask: Any, measure: str) -> None:
    """One in percent would be shown a hundred times as large: the message says what to do."""
    runs = table(measure, base=[0.9] * 6, ours=[0.91] * 5 + [90.3])
    with pytest.raises(
        InputError, match=rf"label 'ours', seed 5.*final_{measure} is 90.3; .*divide those in percent by 100"
    ):
        ask(runs)
    ask(table(measure, base=[1.0] * 6, ours=[0.0] * 5 + [-np.inf]))
    ask(table("score", base=[90.0] * 6, ours=[91.0] * 6))


def test_seeds_without_a_partner_are_told() -> None:
    """As of a table in a file; results that have notes say so there."""
    runs = RUNS.drop(index=[2, 15])
    told = verdict(runs).sentences[-1]
    assert (
        told
        == "Not all ran on the same seeds (7 each, but different ones): pairs are made of the seeds that two have in common."
    )
    assert verdict(SimpleNamespace(runs=runs)).sentences[-1] == told
    assert told not in verdict(SimpleNamespace(runs=runs, notes=(told,))).sentences
    assert "Not all ran" not in str(verdict(RUNS))
    fixed = pd.concat([RUNS[:8], RUNS[8:9]]).assign(is_random=[True] * 8 + [False])
    assert "Not all ran" not in str(verdict(fixed))


def test_rows_may_have_any_index() -> None:
    """The index of a table is none of its columns, and may name a row twice."""
    runs = pd.concat([RUNS[:8].assign(lr=0.1), RUNS[8:].reset_index(drop=True).assign(lr=0.2)]).assign(
        role="evaluation"
    )
    pd.testing.assert_frame_equal(leaderboard(runs), leaderboard(runs.reset_index(drop=True)))


def test_one_epoch_is_not_epochs() -> None:
    """A time of 1 has a unit in the singular."""
    history = pd.DataFrame({"run_id": range(16), "epoch": [1.0] * 8 + [2.0] * 8, "test_cost": 0.1})
    told = arrival_verdict(RUNS.assign(run_id=range(16)), history, 0.5, "test_cost", "base")
    assert told.sentences[0] == "base reaches a test cost of 0.5 in 1 epoch."
    assert "ours reaches it in 2 epochs" in told.sentences[1]


def test_times_to_a_target_know_the_same_words() -> None:
    """A run of status "finished" that missed the target is not one that diverged."""
    runs = RUNS.assign(run_id=range(16), status="finished")
    history = pd.DataFrame({"run_id": range(16), "epoch": 4.0, "test_cost": [0.1] * 8 + [0.9] * 8})
    told = arrival_verdict(runs, history, 0.5, "test_cost", "base")
    assert told.sentences == arrival_verdict(runs.assign(status="budget"), history, 0.5, "test_cost", "base").sentences
    with pytest.raises(InputError, match="runs has no column 'run_id'"):
        arrival_verdict(RUNS, history, 0.5, "test_cost", "base")
