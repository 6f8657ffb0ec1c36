"""Remarks on the data of an experiment, to be read before its results are believed."""

from __future__ import annotations

from optilab.experiment.experiment import Experiment
from optilab.experiment.resolve import build_problem


def dataset_notes(experiment: Experiment) -> list[str]:
    """The remarks made when datasets were prepared, each once, with the dataset's name.

    InputError for a problem that can't be built.
    """
    found = []
    for place, table in experiment.every_problem:
        problem = build_problem(table, experiment.precision, place)
        found += [f"{problem.parameters.get('dataset', problem.name)}: {note}" for note in problem.notes]
    return list(dict.fromkeys(found))
