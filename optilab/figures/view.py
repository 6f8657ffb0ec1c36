"""What a picture is to show of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from optilab.experiment.cell import stored_plan
from optilab.experiment.question import question_of
from optilab.records.question import Question
from optilab.store import Results
from optilab.training.plan import Plan
from optilab.training.run import Run

TrainAgain = Callable[[Plan, int], Run]  # of a plan and a seed: repeats a run for its weights, which results don't hold


def _not_again(plan: Plan, seed: int) -> Run:
    raise NotImplementedError("this view can't repeat runs")


@dataclass(frozen=True)
class View:
    """Results, and what of them a picture is to show.

    x, y: columns of the history, for the kinds that have such axes; x is None for the one that fits.
    train_again: repeats a run, for the kinds that need its weights.
    more: further y, for the kinds that show several.
    """

    results: Results
    x: str | None = None
    y: str = "train_cost"
    train_again: TrainAgain = field(default=_not_again)
    more: tuple[str, ...] = ()
    _made: dict[tuple[Any, int], tuple[Plan, Run]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def measures(self) -> tuple[str, ...]:
        """All y."""
        return (self.y, *self.more)

    @cached_property
    def question(self) -> Question:
        """What is asked of the results. InputError if the experiment in their folder is missing or can't be read."""
        return question_of(self.results)

    def again(self, spec: Any, seed: int) -> tuple[Plan, Run]:
        """The plan of a run, by its column `spec`, and the run itself, repeated bit for bit: once for all pictures of this view.

        InputError if it can't be built today, or takes too long.
        """
        key = (spec, seed)
        if key not in self._made:
            plan = stored_plan(spec, self.results.folder)
            self._made[key] = plan, self.train_again(plan, seed)
        return self._made[key]
