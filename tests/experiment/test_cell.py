"""A cell and its plan: built once, and held from the grid to the runner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optilab.experiment import resolve
from optilab.experiment.cell import Cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.plugins import loading
from optilab.runner.jobs import tasks
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.training import checks

TWENTY = {
    "name": "twenty",
    "budget": {"steps": 5},
    "problem": {"use": "bowl"},
    "optimizers": [{"use": "adam", "lr": {"log": [1e-3, 1e-1], "points": 10}, "schedule": ["linear", "cosine"]}],
}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a plan is checked, a schedule bound and an optimizer looked up."""
    counts: Counter[str] = Counter()

    def count(owner: Any, name: str, what: str) -> None:
        function: Callable[..., Any] = getattr(owner, name)

        def counting(*args: Any, **named: Any) -> Any:
            counts[what] += 1
            return function(*args, **named)

        monkeypatch.setattr(owner, name, counting)

    count(checks, "_check_lengths", "checks")
    count(resolve, "from_spec", "bindings")
    count(type(loading.registry()), "optimizer", "look-ups")
    return counts


def test_the_tasks_of_twenty_cells_cost_six_checks(counted: Counter[str]) -> None:
    """A line is checked at its first cell and, where a schedule multiplies lr, at both ends of lr; its tasks cost nothing more.

    Each of the two schedules is bound for the labels of all lines, and for its own line.
    """
    experiment = Experiment.model_validate(TWENTY)
    grid = grid_of(experiment)
    assert counted == {"checks": 6, "bindings": 4, "look-ups": 1}
    assert len(tasks(experiment, grid.cells, Path())) == 20
    assert counted == {"checks": 6, "bindings": 4, "look-ups": 1}


def test_a_run_builds_the_plan_of_a_line_once_more_where_it_is_made(counted: Counter[str], tmp_path: Path) -> None:
    """Whoever makes the runs builds one plan for each of the two lines from its names; a second start builds none."""
    experiment = Experiment.model_validate(TWENTY)
    run_experiment(experiment, tmp_path, Way("inline"))
    assert counted == {"checks": 6 + 2, "bindings": 4 + 2, "look-ups": 1 + 2}
    counted.clear()
    run_experiment(experiment, tmp_path, Way("inline"))
    assert counted == {"checks": 6, "bindings": 4, "look-ups": 1}


def test_a_search_checks_each_point_once_and_looks_nothing_up(counted: Counter[str]) -> None:
    """The cells of a search's points are checked one by one; what they name is that of their line."""
    optimizer = {"use": "adam", "lr": {"log_uniform": [1e-3, 1e-1]}, "samples": 10, "schedule": "cosine"}
    content = {**TWENTY, "optimizers": [optimizer], "tuning": {"seeds": 1}, "search": {"prune_after": 0.5}}
    experiment = Experiment.model_validate(content)
    (space,) = grid_of(experiment).spaces
    counted.clear()
    points = space.sampler()
    assert isinstance(points, list)
    assert len(tasks(experiment, [space.at(point) for point in points], Path())) == 10
    assert counted == {"checks": 10}


def test_the_plan_of_a_grid_s_cell_is_the_one_that_its_names_make() -> None:
    """A cell of the grid, and the cell of its specification, have the same plan but for the objects it is made of."""
    for cell in grid_of(Experiment.model_validate(TWENTY)).cells:
        again = Cell.of_spec(cell.spec)
        assert again.known_plan is None
        assert again.plan == cell.plan
        assert again.plan.hyperparameters == cell.hyperparameters
        assert again.schedule_label == cell.schedule_label
