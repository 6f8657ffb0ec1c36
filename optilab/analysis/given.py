"""Anybody's results, made ready for the analysis: what they must have, and what is filled in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pandas as pd

from optilab.analysis.aligned import quantiles
from optilab.analysis.best import best_runs, unchosen
from optilab.analysis.cells import identified
from optilab.analysis.measured import first_measured
from optilab.analysis.tables import check_values, columns_of, runs_table
from optilab.errors import InputError, unknown
from optilab.records.columns import HEAD, TAIL, as_costs
from optilab.records.measures import is_ascending, summary
from optilab.records.question import Question
from optilab.records.statuses import LASTED, cost_or_infinity
from optilab.texts import counted, shown

_WHICH = ("final", "best")
_OWN = frozenset(column.name for column in (*HEAD, *TAIL))
_NO_HISTORY = ("run_id", "step", "epoch", "seconds")


class WithRuns(Protocol):
    """Whatever has a table of runs; and maybe .history, .question and .control."""

    @property
    def runs(self) -> pd.DataFrame: ...  # noqa: D102


@dataclass(frozen=True)
class Given:
    """Results, ready for the analysis.

    runs, history: tables, names told apart. chosen: the runs of evaluation of the best cell of each line, which are compared.
    lost: lines of which no cell could be chosen, as of `analysis.best.unchosen`. question: with its measure and its control filled in.
    cells: whether hyperparameters are told, so that cells can be.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    chosen: pd.DataFrame
    lost: pd.DataFrame
    question: Question
    cells: bool

    @property
    def measure(self) -> str:
        """What is compared."""
        assert self.question.measure is not None
        return self.question.measure

    @property
    def control(self) -> str:
        """The label that the others are compared with."""
        assert self.question.control is not None
        return self.question.control


def given(
    results: pd.DataFrame | WithRuns,
    measure: str | None = None,
    control: str | None = None,
    question: Question | None = None,
    which: str = "final",
) -> Given:
    """Results, checked and completed.

    results: a table of runs, or whatever has one as .runs. A table has the columns problem, label, seed, and {which}_ of the measure.
    One without the column role holds runs of evaluation alone, one cell a label. question: in place of that of the results; measure,
    control: in place of those of the question.

    InputError where there is no such table, a column is missing, the label or the measure is unknown, or it was not measured.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(3), "final_test_cost": 0.5})
    >>> given(runs).measure, given(runs).control
    ('test_cost', 'ours')
    """
    if str(which) not in _WHICH:
        raise unknown("which", str(which), _WHICH)
    runs, history, asked = _tables(results)
    asked = _asked(question) or asked
    cells = "role" in runs
    runs = runs_table(runs, cells=cells)
    wanted = _wanted(runs, measure, asked, which)
    if measure is not None and measure != asked.measure:
        asked = replace(asked, measure=measure, target=None)
    by = asked.chosen_by
    if cells and not (by in runs and runs[by].notna().any()):
        by = summary(wanted or _first(runs, "final"), "final")
    runs = identified(runs if cells else runs[[name for name in runs if _is_own(str(name))]])
    chosen = best_runs(runs, by) if cells else runs
    lost = unchosen(runs, by) if cells else pd.DataFrame({"label": [], "problem": []})
    labels = list(dict.fromkeys([*chosen["label"].astype(str), *lost["label"].astype(str)]))
    asked = replace(asked, measure=wanted or _first(chosen, which), chosen_by=by)
    control = asked.control if control is None else control
    first = next(iter([*labels, *runs["label"].astype(str)]), "")
    asked = replace(asked, control=first if control is None else str(control))
    if labels and asked.control not in labels:
        raise unknown("label", str(asked.control), labels)
    found = Given(runs, history, chosen, lost, asked, cells)
    is_ascending(found.measure)  # raises where that isn't known
    check_values(chosen, found.measure, f"{which}_{found.measure}")
    if "status" in chosen:
        _check_measured(chosen, found.measure, f"{which}_{found.measure}")
    return found


def _asked(question: Any) -> Question | None:
    if question is not None and not isinstance(question, Question):
        raise InputError(f"question must be an optilab.Question or None, not {shown(question)}")
    return question


def _wanted(runs: pd.DataFrame, measure: Any, asked: Question, which: str) -> str | None:
    """The measure that is asked for, None if none is. InputError where its column is missing."""
    if measure is not None and not isinstance(measure, str):
        raise InputError(f"measure must be the name of one, such as test_cost, not {shown(measure)}")
    wanted = measure or asked.measure
    if wanted is not None and f"{which}_{wanted}" not in runs:
        known = [str(name) for name in runs if str(name).startswith(f"{which}_")]
        if measure is None or not known:
            raise InputError(f"runs has no column {f'{which}_{wanted}'!r}; {columns_of(runs)}")
        raise unknown("measure", wanted, [name.removeprefix(f"{which}_") for name in known])
    return wanted


def _first(runs: pd.DataFrame, which: str) -> str:
    """The first measure that has values, or else that has a column. InputError where there is none."""
    found = first_measured(runs)
    if f"{which}_{found}" in runs:
        return found
    known = [str(name).removeprefix(f"{which}_") for name in runs if str(name).startswith(f"{which}_")]
    if not known:
        raise InputError(f"runs has no measure, a column such as {which}_test_cost; {columns_of(runs)}")
    return known[0]


def with_target(question: Question, runs: pd.DataFrame) -> Question:
    """The question with the target that its reference has set in these runs; unchanged where it has none, or did not last.

    It is the quantile over evaluation seeds of the best value of the measure in each run; a run that did not last is infinitely bad.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(3), "status": "budget", "role": "evaluation"})
    >>> runs = runs.assign(optimizer="o", schedule="constant", batch_size=1, run_id=["r", "s", "t"], final_train_cost=1.0)
    >>> asked = Question(measure="test_cost", reference=("ours", 0.5))
    >>> with_target(asked, runs.assign(best_test_cost=[0.4, 0.1, 0.2])).target
    0.2
    """
    if question.reference is None or question.measure is None:
        return question
    label, quantile = question.reference
    column = summary(question.measure, "best")
    if column not in runs:
        return question
    chosen = best_runs(runs, question.chosen_by)
    costs = cost_or_infinity(as_costs(question.measure, chosen[column]), chosen["status"])[chosen["label"] == label]
    if not len(costs):
        return question
    target = float(
        as_costs(
            question.measure,
            quantiles(costs[None, :], [quantile if not is_ascending(question.measure) else 1 - quantile]),
        )[0, 0]
    )
    return replace(question, target=target if math.isfinite(target) else None)


def _tables(results: Any) -> tuple[pd.DataFrame, pd.DataFrame, Question]:
    """The table of runs, the history, and the question that the results bring."""
    none = pd.DataFrame({name: pd.Series(dtype=object if name == "run_id" else float) for name in _NO_HISTORY})
    if isinstance(results, pd.DataFrame):
        return results, none, Question()
    runs, history = getattr(results, "runs", None), getattr(results, "history", None)
    if not isinstance(runs, pd.DataFrame):
        raise InputError(f"results must be a DataFrame of runs, or have one as .runs, not {shown(results)}")
    asked = getattr(results, "question", None) or Question(control=getattr(results, "control", None))
    return runs, history if isinstance(history, pd.DataFrame) else none, asked


def _is_own(name: str) -> bool:
    """Whether a column is one of optilab's, or a final or best value; others may be hyperparameters, or anything."""
    return name in _OWN or name in ("problem_id", "line_id") or name.startswith(("final_", "best_"))


def _check_measured(runs: pd.DataFrame, measure: str, column: str) -> None:
    """InputError where a run has come to its end and has no value of the measure."""
    bare = runs[runs["status"].isin(LASTED) & runs[column].isna()]
    if len(bare):
        first, many = bare.iloc[0], counted(len(bare), "run")
        raise InputError(
            f"{measure} was not measured in {many}: first in seed {first['seed']} of {shown(first['label'])} on "
            f"{shown(first['problem'])}"
        )
