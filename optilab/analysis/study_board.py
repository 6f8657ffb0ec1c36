"""What tables and reports show of studies: their times, AlgoPerf's score over problems, and how both came about."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from optilab.analysis.cells import LINE, cell_numbers, tried
from optilab.analysis.given import Given
from optilab.analysis.goal import Goal, unit_of
from optilab.analysis.phrases import Scale
from optilab.analysis.profiles import profile_score
from optilab.analysis.studies import over_studies, studied_goal
from optilab.records.histories import history_of
from optilab.records.statuses import LASTED
from optilab.texts import shortened

_WIDTH, _FEW = 40, 6  # letters of a label, and labels, in the note


@dataclass(frozen=True)
class StudyBoard:
    """Times over studies.

    times: as of `optilab.analysis.study_times`. unit: what the times count. note: how they came about, in words. scores: AlgoPerf's
    score by method, the best first; None with fewer than two problems or methods. score_note: how these came about; "" without them.
    """

    times: pd.DataFrame
    unit: str
    note: str
    scores: pd.Series[float] | None
    score_note: str


def study_board(found: Given) -> StudyBoard | None:
    """The studies of results that are ready; None where there is nothing to tell: no target, and no line with two studies and two trials.

    >>> from optilab.analysis.given import given
    >>> study_board(given(pd.DataFrame({"problem": "p", "label": "ours", "seed": [0], "final_test_cost": 0.5}))) is None
    True
    """
    if not found.cells or "run_id" not in found.runs:
        return None
    to = studied_goal(found)
    if to is None or to.by not in found.history or to.measure not in found.history or not _several(tried(found.runs)):
        return None
    times = over_studies(found, to)
    wide = times.pivot(index="problem", columns="label", values="time")
    scores = profile_score(wide) if min(wide.shape) > 1 else None
    runs = tried(found.runs)
    history = history_of(found.history, runs["run_id"])
    note = " ".join([*_method(to, runs), *_cautions(times, to, runs), *_absent(found, runs)])
    return StudyBoard(times, unit_of(history, to.by), note, scores, _score_note(scores, len(wide)))


def _several(runs: pd.DataFrame) -> bool:
    """Whether a line has two studies and two trials."""
    lines = runs.assign(cell=cell_numbers(runs)).groupby(LINE)[["seed", "cell"]].nunique()
    return bool((lines > 1).all(axis=1).any())


def _method(to: Goal, runs: pd.DataFrame) -> list[str]:
    """How times come about."""
    scale = Scale.of(to.measure)
    study = "one seed of tuning" if runs["role"].eq("tuning").any() else "one seed"
    return [
        f"Time to {scale.with_article} of {scale.value(to.target)} as AlgoPerf counts it: the median over studies of the time of each "
        "study's fastest trial.",
        f"A study is {study}, a trial one combination of hyperparameters; a study in which no trial reached the target is infinitely "
        "late, and takes part in the median.",
        "The fastest trial is picked by this very time, so a new run takes longer as a rule.",
    ]


def _cautions(times: pd.DataFrame, to: Goal, runs: pd.DataFrame) -> list[str]:
    """What to know before methods are compared by their times."""
    said = []
    if not to.measure.startswith("valid_"):
        said.append(f"AlgoPerf sets targets on validation, this one is of the {Scale.of(to.measure).name}.")
    if times["trials"].nunique() > 1:
        said.append("The numbers of trials are unequal, which favours methods with more.")
    if times["studies"].nunique() > 1:
        said.append("The numbers of studies are unequal; a line in which nothing is random has one.")
    if lost := int((~runs["status"].isin(LASTED)).sum()):
        said.append(f"Of {len(runs)} runs {lost} did not last: what these reached, they reached before.")
    return said


def _absent(found: Given, runs: pd.DataFrame) -> list[str]:
    """The sentence on methods of which no run was one of tuning, if there are any."""
    absent = list(dict.fromkeys(found.runs.loc[~found.runs["label"].isin(runs["label"]), "label"].astype(str)))
    names = "; ".join(shortened(label, _WIDTH) for label in absent[:_FEW])
    more = f"; and {len(absent) - _FEW} more" if len(absent) > _FEW else ""
    return [f"Without runs of tuning, and so not in the table: {names}{more}."] if absent else []


def _score_note(scores: pd.Series[float] | None, problems: int) -> str:
    """How scores came about."""
    if scores is None:
        return ""
    return (
        f"The score is AlgoPerf's: the area under the performance profile of these times over {problems} problems, from 1 to 4 times as long as "
        "the fastest method; 1 for the fastest on every problem, 0 for one that is never within 4 times. It is relative: other methods in "
        "the table may change it. Pictures of the performance profile are of the compared runs, at the chosen hyperparameters, and so have "
        "other scores."
    )
