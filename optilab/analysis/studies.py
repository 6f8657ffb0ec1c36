"""Studies as AlgoPerf counts them: how long a method and its tuning take to a target, from the runs in which it was tuned.

Dahl et al., "Benchmarking neural network training algorithms", 2023 (arXiv 2306.07179).
MLCommons AlgoPerf, RULES.md, section "External tuning ruleset".
"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from optilab.analysis.cells import LINE, NAMES, cell_numbers, tried
from optilab.analysis.given import Given, WithRuns, given
from optilab.analysis.goal import Goal, goal
from optilab.analysis.levels import number, word
from optilab.analysis.targets import time_to_target
from optilab.errors import InputError, unknown
from optilab.records.chosen import TimeToTarget
from optilab.records.histories import history_of
from optilab.records.question import Question
from optilab.records.statuses import LASTED

_COLUMNS = ["problem", "label", "studies", "trials", "reached", "time", "by"]


def study_times(
    results: pd.DataFrame | WithRuns,
    measure: str | None = None,
    *,
    target: float | None = None,
    by: str | None = None,
    question: Question | None = None,
) -> pd.DataFrame:
    """AlgoPerf's time to target of each method on each problem: the median over studies of the time of each study's fastest trial.

    time = median over s of min over c of t[s, c], with t[s, c] the time at which the run of cell c on seed s first measured a value as
    good as the target, infinite where it never did (`optilab.analysis.median_of_studies`). A study is one seed of tuning, a trial one
    cell, that is one set of hyperparameters. A run that diverged, failed or was pruned has reached the target only if it had before; a
    cell that has no run on the seed of a study missed it there. A run in which nothing is random is made once, and stands in every study
    of its line. A study in which no trial reached the target takes part in the median as infinite, so that the time is infinite where
    half of the studies or more missed it.

    The fastest trial is picked by the time that is reported, in each study anew: the time says what training with so much tuning comes
    to, not how long a new run at the best hyperparameters takes, which `optilab.analysis.verdict` tells. Methods are comparable where they
    had equally many trials. AlgoPerf has 3 studies of 5 trials, draws other trials in each study, counts seconds, and sets its targets on
    validation, as `measure = "valid_accuracy"` under [comparison] does. Here all studies of a line try the same cells.

    results: as of `optilab.analysis.verdict`, with a history. The runs of tuning count where there are any, else those of evaluation,
        whose seeds are the studies then.
    measure: in place of that of the question. target: a value of it, in place of that of the question, or else of that at which runs
        ended, or else of that by the time to which hyperparameters were chosen.
    by: the column of times in the history: epoch, step, seconds; None for the first of these three that no row lacks.
    question: in place of the results' own.

    Returns a row a line, on each problem the fastest first, then by name: problem, label, studies and trials (how many), reached (number
    of studies in which a trial reached the target), time (in the unit of `by`), by. A method without runs of tuning has no row where
    others have some. For AlgoPerf's score over problems hand the times to `optilab.analysis.profile_score`, as in the example.

    Raises InputError as `verdict` and `time_to_target` do, and where there is no target, no such column of times, or no column run_id.

    Source: Dahl et al. 2023, section 4; AlgoPerf RULES.md, section "External tuning ruleset".

    >>> runs = pd.DataFrame({"problem": "p", "label": ["a"] * 4 + ["b"] * 2, "lr": [1, 1, 2, 2, 1, 1], "seed": [0, 1] * 3, "role": "tuning"})
    >>> runs = runs.assign(optimizer="o", schedule="constant", batch_size=1, status="budget", run_id=range(6), final_train_cost=0.1)
    >>> history = pd.DataFrame({"run_id": range(6), "epoch": [9.0, 4, 5, 8, 6, 7], "train_cost": [0.1] * 5 + [0.9]})
    >>> from types import SimpleNamespace
    >>> times = study_times(SimpleNamespace(runs=runs, history=history), "train_cost", target=0.2)
    >>> times.drop(columns="by").values.tolist()
    [['p', 'a', 2, 2, 2, 4.5], ['p', 'b', 2, 1, 1, inf]]
    >>> from optilab.analysis import profile_score
    >>> profile_score(times.pivot(index="problem", columns="label", values="time")).to_dict()
    {'a': 1.0, 'b': 0.0}
    """
    found = given(results, measure, question=question)
    if "run_id" not in found.runs:
        raise InputError("runs has no column 'run_id', which says of which run a row of the history is")
    if target is not None:
        found = replace(
            found,
            question=replace(found.question, measure=found.measure, target=number(target, "target"), reference=None),
        )
    to = studied_goal(found)
    if to is None:
        raise InputError("target: there is none to be reached; give target = 0.9, or such a line under [comparison]")
    if by is not None and word(by, "by", "epoch") not in found.history:
        raise unknown("by", by, [str(name) for name in found.history if name != "run_id"])
    return over_studies(found, to if by is None else replace(to, by=by))


def studied_goal(found: Given) -> Goal | None:
    """The target of studies: as `goal` finds it, in the runs in which hyperparameters were tried, or else that by the time to which they were chosen.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": [0], "final_test_cost": 0.5, "run_id": "r"})
    >>> studied_goal(given(runs)) is None
    True
    """
    asked, runs = found.question, replace(found, chosen=_tried(found))
    by = asked.chosen_by
    if (to := goal(runs)) is not None or not isinstance(by, TimeToTarget):
        return to
    return goal(replace(runs, question=replace(asked, measure=by.measure, target=by.target)))


def over_studies(found: Given, to: Goal) -> pd.DataFrame:
    """The times of `study_times`, of results that are ready.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(3), "final_test_cost": 0.5, "run_id": range(3)})
    >>> history = pd.DataFrame({"run_id": range(3), "epoch": [2.0, 4.0, 1.0], "test_cost": [0.5, 0.5, 0.9]})
    >>> ready = replace(given(runs), history=history)
    >>> over_studies(ready, Goal("test_cost", 0.6, "epoch", False))["time"].tolist()
    [4.0]
    """
    runs = _tried(found)
    lost = runs.loc[~runs["status"].isin(LASTED), "run_id"] if "status" in runs else ()
    history = history_of(found.history, runs["run_id"])
    times = time_to_target(history, to.target, to.measure, to.by, run_ids=runs["run_id"], never=lost)
    late = times.set_index("run_id")["time"].mask(~times["reached"].to_numpy(), math.inf)
    runs = runs.assign(late=runs["run_id"].map(late).astype(float), cell=cell_numbers(runs) if found.cells else 0)
    lines = runs.groupby(LINE, sort=False).agg(**{name: (name, "first") for name in NAMES}, trials=("cell", "nunique"))
    fastest = _fastest(runs)
    lines["reached"] = fastest.lt(math.inf).groupby(level=LINE).sum()
    studies = fastest.groupby(level=LINE)
    lines["studies"] = studies.size()
    lines["time"] = studies.median()  # as by `median_of_studies`: an infinite one takes part
    return lines.assign(by=to.by)[_COLUMNS].sort_values(["problem", "time", "label"], ignore_index=True)


def _tried(found: Given) -> pd.DataFrame:
    """The runs in which hyperparameters were tried; all, where nothing says what they were for."""
    return tried(found.runs) if found.cells else found.runs


def _fastest(runs: pd.DataFrame) -> pd.Series[float]:
    """The time of the fastest trial in each study of each line, with index LINE and seed."""
    fixed = runs["is_random"].eq(False) if "is_random" in runs else pd.Series(False, runs.index)
    alone = fixed.groupby([runs[name] for name in LINE]).transform("all")
    runs = runs.assign(seed=runs["seed"].where(~alone, 0))  # one study, as all would be alike
    fastest = runs[~fixed | alone].groupby([*LINE, "seed"], dropna=False)["late"].min()
    if not fixed.any():
        return fastest
    always = runs[fixed].groupby(LINE)["late"].min().rename("always")
    return fastest.to_frame().join(always, on=LINE).min(axis=1)
