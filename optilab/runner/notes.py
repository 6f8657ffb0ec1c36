"""What a person should know of an experiment's data before they believe its results."""

from __future__ import annotations

from optilab.experiment.experiment import Experiment
from optilab.experiment.resolve import build_problem


def dataset_notes(experiment: Experiment) -> list[str]:
    """A sentence for each thing that was noticed when datasets were prepared, each once."""
    found = []
    for place, table in experiment.every_problem:
        problem = build_problem(table, experiment.precision, place)
        found += [f"{problem.parameters.get('dataset', problem.name)}: {note}" for note in problem.notes]
    return list(dict.fromkeys(found))
