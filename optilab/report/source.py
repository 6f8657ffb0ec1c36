"""Results on their way into a page, with what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from optilab.analysis.answer import answered, only_if_asked
from optilab.analysis.board import board
from optilab.analysis.findings import Findings
from optilab.analysis.given import Given, given
from optilab.experiment.question import question_of
from optilab.figures.axes import is_table
from optilab.figures.view import View, view_of
from optilab.records.question import Question
from optilab.store import Results


@dataclass(frozen=True)
class Source:
    """Results of one folder or file. name: that tells them from the others on the page."""

    name: str
    results: Results
    question: Question

    @cached_property
    def ready(self) -> Given:
        """The results, completed for the analysis. InputError where they can't be compared."""
        return given(self.results, question=self.question)

    @cached_property
    def findings(self) -> Findings:
        """The verdict. InputError where there can't be one."""
        return answered(self.ready) if only_if_asked(self.ready) else self._compared

    @cached_property
    def _compared(self) -> Findings:
        return answered(self.ready, always=True)

    @cached_property
    def board(self) -> pd.DataFrame:
        """The leaderboard, as by `optilab.analysis.leaderboard`. InputError where there can't be one."""
        return board(self.ready, self._compared)

    @cached_property
    def view(self) -> View:
        """What pictures are drawn of: the question stands on the page, and not on each of them."""
        asked = replace(self.results, question=replace(self.question, text=""))
        return view_of(asked)


def sources_of(every: list[Results]) -> list[Source]:
    """Results as sources, each with a name of its own. InputError where the experiment of one can't be read."""
    names: dict[str, int] = {}
    found = []
    for results in every:
        name = str(results.runs["experiment"].iloc[0]) if is_table(results) else results.folder.absolute().name
        names[name] = names.get(name, 0) + 1
        found.append(Source(name if names[name] == 1 else f"{name} ({names[name]})", results, question_of(results)))
    return found
