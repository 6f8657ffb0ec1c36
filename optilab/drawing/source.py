"""What pictures need beside the two tables: the problems that the runs were made on."""

from __future__ import annotations

from optilab.cell import stored_plan
from optilab.problems import Problem
from optilab.store import Results


def problems_of(results: Results) -> dict[str, Problem]:
    """Each problem of the runs by its label. InputError if one of them can't be made today."""
    first = results.runs.drop_duplicates("problem")
    specs = zip(first["problem"], first["spec"], strict=True)
    return {label: stored_plan(spec, results.folder, 0).problem for label, spec in specs}
