"""Times to target as AlgoPerf counts them, from the runs of tuning, against tables that were worked out by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.analysis import profile_score, study_times
from optilab.records.chosen import TimeToTarget
from optilab.records.question import Question

INF, NAN = math.inf, math.nan
GOAL = Question(measure="valid_accuracy", target=0.9)
Times = list[list[float]]


def results(
    problem: str = "p", *, role: str = "tuning", question: Question | None = GOAL, **times: Times
) -> SimpleNamespace:
    """Results with a run for each label, study (row) and cell (column), which is at an accuracy of 0.95 from that epoch on; NaN: there is no run."""
    runs, history = [], []
    for label, studies in times.items():
        for (seed, cell), epoch in np.ndenumerate(np.array(studies, float)):
            if math.isnan(epoch):
                continue
            run = f"{problem} {label} {seed} {cell}"
            runs.append({"run_id": run, "problem": problem, "label": label, "seed": 100 + seed, "lr": 0.1 * (cell + 1)})
            history += [(run, 0.0, 0.1), (run, 50.0, 0.5 if math.isinf(epoch) else 0.97)]
            history += [] if math.isinf(epoch) else [(run, epoch, 0.95)]
    table = pd.DataFrame(runs).assign(role=role, status="budget", optimizer="o", schedule="constant", batch_size=8)
    table = table.assign(final_valid_accuracy=0.5, final_train_cost=0.5)
    there = pd.DataFrame(history, columns=["run_id", "epoch", "valid_accuracy"])
    return SimpleNamespace(runs=table, history=there, question=question)


def together(*every: SimpleNamespace) -> SimpleNamespace:
    """Results of several problems, or roles, as one."""
    runs, history = (
        pd.concat([getattr(one, name) for one in every], ignore_index=True) for name in ("runs", "history")
    )
    return SimpleNamespace(runs=runs, history=history, question=every[0].question)


def rows(found: pd.DataFrame) -> list[list[Any]]:
    """The table without its unit."""
    return found.drop(columns="by").to_numpy().tolist()


QUICK = [[9.0, 3, INF, 8, 7], [4, 6, INF, INF, 5], [INF, INF, INF, INF, INF]]
SLOW = [[20.0, 11, 30, INF, 12], [INF, INF, INF, INF, INF], [INF, INF, INF, INF, INF]]


def test_three_studies_of_five_trials() -> None:
    """Minima 3, 4 and none have the median 4; a method that missed two studies of three is infinitely late; the fastest stands first."""
    found = study_times(results(slow=SLOW, quick=QUICK))
    assert rows(found) == [["p", "quick", 3, 5, 2, 4.0], ["p", "slow", 3, 5, 1, INF]]
    assert found["by"].tolist() == ["epoch", "epoch"]


def test_two_studies_and_one() -> None:
    """The median of two is half way between them, infinite where one missed; that of one is its fastest trial's time."""
    found = study_times(results(both=[[4.0, 8], [9, 7]], one=[[4.0, 8], [INF, INF]], alone=[[6.0, 2]]))
    assert rows(found) == [["p", "alone", 1, 2, 1, 2.0], ["p", "both", 2, 2, 2, 5.5], ["p", "one", 2, 2, 1, INF]]


def test_runs_of_evaluation_are_no_studies_where_others_were_tuned() -> None:
    """They are new runs at the hyperparameters that tuning chose."""
    tuned, new = results(a=[[5.0, 7], [6, 9]]), results(a=[[1.0]], role="evaluation")
    new.runs["run_id"], new.history["run_id"] = "new", "new"
    assert rows(study_times(together(tuned, new))) == [["p", "a", 2, 2, 2, 5.5]]


def test_without_tuning_the_seeds_of_evaluation_are_the_studies() -> None:
    """As the cells among which the best is chosen are tried on them."""
    assert rows(study_times(results(a=[[5.0, 7], [6, 9]], role="evaluation"))) == [["p", "a", 2, 2, 2, 5.5]]
    there = results(a=[[5.0], [6.0], [8.0]])
    there.runs = there.runs[["run_id", "problem", "label", "seed", "final_valid_accuracy"]]  # anybody's
    assert rows(study_times(there)) == [["p", "a", 3, 1, 3, 6.0]]


@pytest.mark.parametrize("status", ["diverged", "failed", "crashed", "timeout", "pruned"])
def test_a_run_that_did_not_last_has_reached_the_target_only_before(status: str) -> None:
    """Its arrival stays one; without it, it is a miss, however short it was and whether or not anything of it was measured."""
    there = results(a=[[4.0, 2], [6, 5], [8, 7]])
    there.runs.loc[there.runs["lr"] > 0.15, "status"] = status
    assert rows(study_times(there)) == [["p", "a", 3, 2, 3, 5.0]]
    cut = there.history["run_id"].str.endswith(" 1") & (there.history["epoch"] > 0)
    there.history = there.history[~cut]
    assert rows(study_times(there)) == [["p", "a", 3, 2, 3, 6.0]]
    there.history = there.history[~there.history["run_id"].str.endswith(" 1")]
    assert rows(study_times(there)) == [["p", "a", 3, 2, 3, 6.0]]


def test_a_cell_without_a_run_in_a_study_missed_it_there() -> None:
    """The others of the study decide."""
    assert rows(study_times(results(a=[[4.0, 2], [6, NAN], [NAN, 9]]))) == [["p", "a", 3, 2, 3, 6.0]]


def test_a_run_without_chance_stands_in_every_study() -> None:
    """Alone it is one study; beside cells in which something is random it counts in each of theirs."""
    there = results(alone=[[7.0, 5], [7, 5]], mixed=[[9.0, 4, 6], [INF, NAN, INF], [NAN, NAN, INF]])
    there.runs["is_random"] = there.runs["label"].ne("alone") & ~there.runs["lr"].between(0.15, 0.25)  # the middle cell
    assert rows(study_times(there)) == [["p", "mixed", 3, 3, 3, 4.0], ["p", "alone", 1, 2, 1, 5.0]]
    there.runs["is_random"] = True
    assert rows(study_times(there))[1] == ["p", "mixed", 3, 3, 1, INF]


def test_the_target_is_that_of_the_question_of_the_argument_or_of_the_stop() -> None:
    """An argument comes first; runs that ended at a target set it where nothing else does."""
    there = results(a=[[4.0, 2], [6, 5]])
    assert study_times(there, target=0.97)["time"].tolist() == [50.0]
    assert study_times(there, target=0.98)["time"].tolist() == [INF]
    asked = Question(measure="valid_accuracy", target=0.05)
    assert study_times(there, question=asked)["time"].tolist() == [0.0]
    there.question = Question(stopped_at={"valid_accuracy": 0.9})
    there.runs["status"] = "target"
    assert study_times(there)["time"].tolist() == [3.5]
    there.question = None
    assert study_times(there, "valid_accuracy", target=0.9)["time"].tolist() == [3.5]


def test_a_target_by_the_time_to_which_was_tuned_stands_in() -> None:
    """Where the question has none of its own."""
    there = results(a=[[4.0, 2], [6, 5]])
    there.runs["time_to_target"] = 1.0
    by = TimeToTarget("valid_accuracy", 0.97)
    there.question = Question(measure="train_cost", chosen_by=by)
    assert study_times(there)["time"].tolist() == [50.0]
    there.question = Question(measure="valid_accuracy", target=0.9, chosen_by=by)
    assert study_times(there)["time"].tolist() == [3.5]


def test_a_cost_is_reached_from_above() -> None:
    """The lowest is the best; the time may be that of another column."""
    there = results(a=[[4.0, 2], [6, 5]])
    there.history = there.history.assign(
        train_cost=1 - there.history["valid_accuracy"], seconds=there.history["epoch"] / 2
    )
    found = study_times(there, "train_cost", target=0.1, by="seconds")
    assert found[["time", "by"]].to_numpy().tolist() == [[1.75, "seconds"]]


def test_the_score_over_problems() -> None:
    """p: 4 against 8; q: infinite against 3. Within 4 times the fastest: one is 2 times as long on p, (4 - 2) / 3, and never on q."""
    found = study_times(together(results("p", a=[[8.0]], b=[[4.0]]), results("q", a=[[3.0]], b=[[INF]])))
    scores = profile_score(found.pivot(index="problem", columns="label", values="time"), points=None)
    assert scores.to_dict() == pytest.approx({"a": (2 / 3 + 1) / 2, "b": 1 / 2})


def test_names_that_two_lines_share_are_told_apart() -> None:
    """Each is a row of its own."""
    there = together(results(a=[[4.0]]), results("q", a=[[6.0]]))
    there.runs = there.runs.assign(problem="p", problem_id=["one", "two"], line_id="a")
    assert study_times(there)["time"].tolist() == [4.0, 6.0]
    assert study_times(there)["problem"].nunique() == 2


tables = st.integers(1, 4).flatmap(
    lambda cells: st.lists(
        st.lists(st.integers(1, 40).map(float) | st.just(INF) | st.just(NAN), min_size=cells, max_size=cells).filter(
            lambda study: not np.isnan(study).all()
        ),
        min_size=1,
        max_size=5,
    )
)


@settings(max_examples=20, deadline=None)
@given(a=tables, b=tables, seed=st.integers(0, 2**32 - 1))
def test_times_are_numpys_and_shuffled_rows_change_nothing(a: Times, b: Times, seed: int) -> None:
    """The median of the minima that leave out what is missing; neither the order of runs nor that of measurements enters."""
    there = results(a=a, b=b)
    found = study_times(there)
    times = found.set_index("label")["time"]
    for label, table in (("a", a), ("b", b)):
        assert times[label] == np.median(np.nanmin(np.array(table), axis=1))
    there.runs = there.runs.sample(frac=1, random_state=seed)
    there.history = there.history.sample(frac=1, random_state=seed)
    asked = Question("", control="a", measure="valid_accuracy", target=0.9)
    pd.testing.assert_frame_equal(found, study_times(there, question=asked))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"question": Question()},
            r"target: there is none to be reached; give target = 0\.9, or such a line under \[comparison\]",
        ),
        ({"target": INF}, r"target: \[inf\] must be one finite number or more"),
        ({"by": "epochs"}, "unknown by 'epochs': did you mean 'epoch'\\?"),
        ({"measure": "valid_acuracy"}, "unknown measure 'valid_acuracy': did you mean 'valid_accuracy'\\?"),
        ({"measure": "train_cost", "target": 0.1}, "unknown column of history 'train_cost': .*"),
    ],
)
def test_what_can_not_be_told_is_refused(options: dict[str, Any], message: str) -> None:
    """The message says what is to be given."""
    with pytest.raises(ValueError, match=f"^{message}$"):
        study_times(results(a=[[1.0]]), **options)


def test_no_runs_and_runs_of_which_nothing_is_left() -> None:
    """No rows; and times that are infinite."""
    there = results(a=QUICK)
    there.history = there.history[:0]
    assert rows(study_times(there)) == [["p", "a", 3, 5, 0, INF]]
    there.runs = there.runs[:0]
    assert study_times(there).empty
    assert study_times(there).columns.tolist() == ["problem", "label", "studies", "trials", "reached", "time", "by"]


def test_a_table_alone_has_no_times() -> None:
    """Neither without a history, nor without the names of runs."""
    runs = results(a=[[1.0]]).runs
    with pytest.raises(ValueError, match=r"^unknown column of history 'valid_accuracy'"):
        study_times(runs, "valid_accuracy", target=0.9)
    with pytest.raises(
        ValueError, match=r"^runs has no column 'run_id', which says of which run a row of the history is$"
    ):
        study_times(runs.drop(columns=["run_id", "role"]), "valid_accuracy", target=0.9)
