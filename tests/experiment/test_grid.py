"""The grid of an experiment: its cells and its problems."""

from __future__ import annotations

from typing import Any

from grids import BASE, adam, grid
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of, problem_labels
from optilab.experiment.resolve import table_key


def test_a_cell_that_is_written_twice_runs_once() -> None:
    """Values and entries that are repeated, or equal once defaults are filled in, are one cell."""
    assert len(grid(**adam(lr=[0.1, 0.1, 0.2]))) == 2
    twice = [{"use": "adam", "lr": [0.1, 0.2]}, {"use": "adam", "lr": 0.2, "beta1": 0.9}, {"use": "adam", "lr": 0.1}]
    assert len(grid(optimizers=twice)) == 2
    problems = {"problem": None, "problems": [{"use": "bowl"}, {"use": "bowl", "condition": 20}]}
    assert len(grid(**problems)) == 1


def test_labels_of_problems_name_only_what_varies() -> None:
    """A problem is called by its name, and by the parameters that tell it from its namesakes."""

    def labels(*problems: dict[str, Any]) -> list[str]:
        experiment = Experiment.model_validate({**BASE, "problem": None, "problems": list(problems)})
        labels = problem_labels(experiment)
        return [labels[table_key(cell.problem)] for cell in grid_of(experiment).cells]

    assert labels({"use": "bowl", "condition": 5}) == ["bowl"]
    assert labels({"use": "bowl"}, {"use": "rosenbrock"}) == ["bowl", "rosenbrock"]
    steep, flat = labels({"use": "bowl", "condition": 5}, {"use": "bowl", "condition": 2})
    assert "condition=5" in steep
    assert "condition=2" in flat
