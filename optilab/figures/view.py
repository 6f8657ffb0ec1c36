"""What a picture is to show of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.best import best_runs, unchosen
from optilab.analysis.cells import identified
from optilab.experiment.question import question_of
from optilab.figures.axes import checked_x, checked_y
from optilab.records.question import Question
from optilab.store import Results

if TYPE_CHECKING:
    from optilab.training.plan import Plan
    from optilab.training.run import Run

_MOST_BYTES = 2**26  # of the weights that a repeated run had on its way


class TrainAgain(Protocol):
    """Repeats a run of a plan and a seed for its weights, which results don't hold; heard: as for `Training.finish`."""

    def __call__(self, plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None, /) -> Run:
        """The run."""


def _not_again(plan: Plan, seed: int, heard: Callable[[Run], bool] | None = None) -> Run:
    raise NotImplementedError("this view can't repeat runs")


@dataclass(frozen=True)
class Repeated:
    """A run that was made again.

    way: its weights at each measurement, [measurement, weight]; None where they would fill the memory.
    """

    plan: Plan
    run: Run
    way: NDArray[np.floating] | None


@dataclass(frozen=True)
class View:
    """Results, and what of them a picture is to show.

    x, y: columns of the history, for the kinds that have such axes; x is None for the one that fits. asked: whether somebody asked for
        this y; else kinds that compare show what the question compares.
    train_again: repeats a run, for the kinds that need its weights.
    more: further y, for the kinds that show several.
    parameters: hyperparameters that were asked for, for the kinds that show some; empty for those that matter most.
    """

    results: Results
    x: str | None = None
    y: str = "train_cost"
    train_again: TrainAgain = field(default=_not_again)
    more: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    asked: bool = False
    _made: dict[tuple[Any, int], Repeated] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def measures(self) -> tuple[str, ...]:
        """All y."""
        return (self.y, *self.more)

    @cached_property
    def question(self) -> Question:
        """What is asked of the results. InputError if the experiment in their folder is missing or can't be read."""
        return question_of(self.results)

    @cached_property
    def best(self) -> pd.DataFrame:
        """The runs of evaluation of the best cells, as of `best_runs`: the same for all pictures of this view."""
        return best_runs(self.results.runs, self.question.chosen_by)

    @cached_property
    def unchosen(self) -> pd.DataFrame:
        """The lines without a best cell, as of `analysis.best.unchosen`."""
        return unchosen(self.results.runs, self.question.chosen_by)

    def again(self, spec: Any, seed: int) -> Repeated:
        """A run of a column `spec` and a seed, repeated bit for bit: once for all pictures of this view.

        InputError if it can't be built today, or takes too long.
        """
        from optilab.experiment.cell import stored_plan

        key = (spec, seed)
        if key not in self._made:
            plan = stored_plan(spec, self.results.folder)
            way: list[NDArray[np.floating]] = []

            def heard(run: Run) -> bool:
                if len(way) * run.w.nbytes < _MOST_BYTES:
                    way.append(run.w.copy())
                return True

            run = self.train_again(plan, seed, heard)
            self._made[key] = Repeated(plan, run, np.array(way) if 0 < len(way) == len(run.log) else None)
        return self._made[key]


def view_of(results: Results, x: str | None = None, y: str | None = None, **more: Any) -> View:
    """A view of results as they were read: their lines get identities and names of their own.

    x, y: columns of the history; None for those that fit. more: other fields of View. InputError for a column that is none.
    """
    named = replace(results, runs=identified(results.runs))
    return View(named, checked_x(named, x), checked_y(named, y), asked=y is not None, **more)
