"""Problems and optimizers of stored runs, rebuilt for pictures.

What rebuilds them is imported only then: most pictures need no plugin and no compiler.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from optilab.analysis.cells import LINE
from optilab.errors import ResultsWarning
from optilab.figures.captions import name_of
from optilab.store import Results
from optilab.store.wanted import wanted

if TYPE_CHECKING:
    from optilab.experiment.cell import Cell
    from optilab.problems.problem import Problem


def problems_of(results: Results) -> dict[str, Problem]:
    """Each problem of the runs by its label; none where the runs don't say how they were made. InputError if one can't be rebuilt."""
    if "spec" not in results.runs:
        return {}
    from optilab.experiment.cell import stored_plan

    first = results.runs.drop_duplicates("problem")
    specs = zip(first["problem"], first["spec"], strict=True)
    return {label: stored_plan(spec, results.folder).problem for label, spec in specs}


def as_in_the_file(results: Results, labels: Iterable[str]) -> list[str]:
    """The labels in the order of the experiment's file; where that is not known, the control first, and the others as they come."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)  # whoever loaded the results was told
        table = wanted(results.folder)
    known = [] if table is None or "label" not in table.column_names else table.column("label").to_pylist()
    first = [*known, *([] if results.control is None else [results.control])]
    place = {label: k for k, label in enumerate(dict.fromkeys(first))}
    return sorted(dict.fromkeys(labels), key=lambda label: place.get(label, len(place)))


def learning_rates(results: Results, best: pd.DataFrame) -> str:
    """Sentences for lines whose rules have separate learning rates: the history holds that of the first rule."""
    if "spec" not in best:
        return ""
    from optilab.experiment.cell import stored_cell

    first = best.drop_duplicates(LINE)
    owners = {
        f" Of {name_of(label)}, the learning rate is that of {owner}."
        for label, spec in zip(first["label"], first["spec"], strict=True)
        if (owner := _owner(stored_cell(spec, results.folder)))
    }
    return "".join(sorted(owners))


def _owner(cell: Cell) -> str:
    """The rule whose learning rate the history holds, if the cell's rules have separate ones; else empty."""
    from optilab.experiment.resolve import bound_schedules
    from optilab.plugins.chain import chain

    optimizer = chain(cell.optimizer)
    names = [optimizer.rule_parameters[k].qualified for k in optimizer.positions_of("lr")]
    own = {*cell.hyperparameters, *(schedule.of for schedule in bound_schedules(cell.schedule, ""))}
    return f"{names[0].removesuffix('.lr')} (its rules have their own)" if len(names) > 1 and own & set(names) else ""
