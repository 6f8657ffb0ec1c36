"""What a picture compares: the runs of the chosen cells, by which measure, with which control; and the words about it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from optilab.analysis.length import bound_text, bound_to_length
from optilab.analysis.measured import first_measured
from optilab.errors import InputError
from optilab.figures.axes import usual_x
from optilab.figures.captions import chosen_on, ended_text, name_of, over_seeds, several_of, without_chance_text
from optilab.figures.view import View
from optilab.plots.scales import showable
from optilab.records.chosen import nothing_chosen
from optilab.records.histories import history_of
from optilab.records.shown import Shown
from optilab.records.statuses import LASTED


@dataclass(frozen=True)
class Compared:
    """What is compared in a picture.

    runs: runs of evaluation of the chosen cells. measure: by whose values. control: a label, or None where the control has no runs.
    """

    view: View
    runs: pd.DataFrame
    measure: str
    control: str | None

    @classmethod
    def of(cls, view: View) -> Compared | None:
        """What a view compares; None where there are no runs of evaluation, or none of them has a value of the measure."""
        question = view.question
        runs = view.best
        if not len(runs):
            return None
        measure = view.y if view.asked else question.measure or first_measured(runs)
        if f"final_{measure}" not in runs or runs[f"final_{measure}"].isna().all():
            return None
        known = set(runs["label"])
        control = question.control or str(view.results.runs["label"].iloc[0])
        return cls(view, runs, measure, control if control in known else None)

    @property
    def problems(self) -> list[str]:
        """The problems, in the order of the runs."""
        return list(dict.fromkeys(self.runs["problem"].astype(str)))

    def bound_to_length(self) -> str:
        """The sentence on lines that a run of another length would not follow, for pictures of what lies before the end; "" without any."""
        labels = [name_of(label) for label in bound_to_length(self.runs)]
        return f" The {bound_text(labels)}" if labels else ""

    @property
    def history(self) -> pd.DataFrame:
        """The measurements of the runs."""
        every = self.view.results.history
        return history_of(every, self.runs["run_id"])

    @property
    def shown(self) -> Shown:
        """How the measure is shown."""
        return Shown.of(self.measure)

    @property
    def name(self) -> str:
        """The measure's name; functions have no training cost, only a cost."""
        accuracies = self.history.get("train_accuracy", pd.Series(dtype=float))
        function = self.runs["batch_size"].eq(1).all() and not accuracies.notna().any()
        return self.shown.name.removeprefix("training " if function else "")

    @property
    def time(self) -> str:
        """The column of the history that counts time: what was asked for, or steps of functions and epochs of networks."""
        return self.view.x or usual_x(self.history)

    def lost_ids(self) -> list[str]:
        """Names of the runs that did not last, which will never reach a target any more."""
        return self.runs.loc[~self.runs["status"].isin(LASTED), "run_id"].tolist()

    def refuse_nothing(self) -> None:
        """InputError where no run has a final value that an axis can show."""
        lasted = self.runs[self.runs["status"].isin(LASTED)]
        if not showable(pd.Series(self.shown.values(lasted[f"final_{self.measure}"]))).any():
            raise InputError(f"no run lasted to a finite {self.shown.name}")

    def seeds(self) -> str:
        """Over how many seeds, and how hyperparameters were chosen: the end of a sentence, without its stop."""
        results = self.view.results
        return over_seeds(self.runs) + without_chance_text(self.runs) + chosen_on(results, self.view.question.chosen_by)

    def lost(self) -> str:
        """The sentence that counts runs that did not last, by label, problem and status; "" if all did."""
        return ended_text(self.runs)

    def left_out(self) -> str:
        """The sentence that names the lines of which no cell could be chosen; "" if there are none."""
        several = len(self.problems) > 1
        lines = self.view.unchosen.to_dict("records")
        names = [name_of(one["label"]) + (f" on {name_of(one['problem'])}" if several else "") for one in lines]
        return (
            f" Not shown: {several_of(names, ', ')} ({nothing_chosen(self.view.question.chosen_by)})." if names else ""
        )
