"""What pictures need beside the two tables: the experiment that made them, and its problems."""

from __future__ import annotations

import json

from optilab.errors import InputError
from optilab.experiment import Experiment
from optilab.grid import cells, problem_label
from optilab.problems import Problem
from optilab.store import Results
from optilab.validation import validated


def experiment_of(results: Results) -> Experiment:
    """The experiment as it was last run into this folder."""
    try:
        content = json.loads((results.folder / "experiment.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(results.folder / 'experiment.json')!r} can't be read: {error}") from None
    given = {name: value for name, value in content.items() if value is not None and value != []}
    return validated(Experiment, given, "experiment.json")


def problems_of(results: Results) -> dict[str, Problem]:
    """Each problem of the experiment by its label."""
    experiment = experiment_of(results)
    return {problem_label(experiment, cell): cell.plan(0).problem for cell in cells(experiment)}
