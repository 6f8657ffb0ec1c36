"""The target that results are to reach, and how late each method reaches it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from optilab.analysis.given import Given
from optilab.analysis.targets import time_to_target
from optilab.records.columns import in_words
from optilab.records.histories import history_of
from optilab.records.statuses import LASTED

_TIMES = ("epoch", "step", "seconds")  # columns of a history, in order of preference


@dataclass(frozen=True)
class Goal:
    """A target, and how the time to it is told.

    measure: of which target is a value. by: the column of the history that has times. ended_there: whether runs ended at it, so that
    their last values are those that happened to come first beyond it.
    """

    measure: str
    target: float
    by: str
    ended_there: bool


def goal(found: Given) -> Goal | None:
    """The target of the question, or else that at which runs ended; None where there is neither.

    >>> from optilab.analysis.given import given
    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": [0], "final_test_cost": 0.5, "run_id": "r"})
    >>> goal(given(runs)) is None
    True
    """
    asked, runs = found.question, found.chosen
    stop = asked.stopped_at if "status" in runs and runs["status"].eq("target").any() else {}
    measure, target = found.measure, asked.target
    if target is None and stop:
        (measure, target), *_ = stop.items()
    if target is None:
        return None
    history = history_of(found.history, runs["run_id"])
    by = next((name for name in _TIMES if name in history and history[name].notna().all()), _TIMES[0])
    return Goal(measure, target, by, measure in stop)


def unit_of(history: pd.DataFrame, by: str) -> str:
    """What a column of times counts, in words: epochs, or steps where these are the same, as on a function; seconds.

    >>> unit_of(pd.DataFrame({"epoch": [1.0, 2.0], "step": [1, 2]}), "epoch")
    'steps'
    """
    if by == "epoch" and {"step", "epoch"} <= set(history) and (history["epoch"] == history["step"]).all():
        return "steps"
    return by if by == "seconds" else in_words(by)


def lateness(found: Given, to: Goal) -> dict[tuple[str, str], float]:
    """The median time to a target, by problem and label; a run that missed it is infinitely late.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(3), "run_id": range(3), "final_train_cost": 0.5})
    >>> history = pd.DataFrame({"run_id": range(3), "epoch": [2.0, 4.0, 1.0], "train_cost": [0.5, 0.5, 0.7]})
    >>> none = runs.iloc[:0]
    >>> from optilab.records.question import Question
    >>> found = Given(runs, history, runs, none, Question(measure="train_cost", control="ours"), False)
    >>> lateness(found, Goal("train_cost", 0.6, "epoch", True))
    {('p', 'ours'): 4.0}
    """
    runs = found.chosen
    lost = runs.loc[~runs["status"].isin(LASTED), "run_id"] if "status" in runs else ()
    history = history_of(found.history, runs["run_id"])
    times = time_to_target(history, to.target, to.measure, to.by, run_ids=runs["run_id"], never=lost)
    late = times.set_index("run_id")["time"].where(times.set_index("run_id")["reached"], math.inf)
    lines = runs.assign(late=runs["run_id"].map(late)).groupby(["problem", "label"])
    return {(str(problem), str(label)): float(own["late"].median()) for (problem, label), own in lines}
