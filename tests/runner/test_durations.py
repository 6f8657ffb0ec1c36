"""How long runs take, before and after some have come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.records.columns import COLUMNS
from optilab.runner.durations import Durations, operations
from optilab.runner.jobs import Job, jobs, tasks
from optilab.workers.messages import Outcome


def made(seconds: float, status: Any = "budget") -> Outcome:
    """A run that has come back after so many seconds of training, and as many of compiling."""
    return Outcome(status, "", "", 1, 1, seconds, seconds, 0.0, np.zeros((1, len(COLUMNS))))


def jobs_of(folder: Path, *lines: dict[str, Any], **given: Any) -> list[Job]:
    """A job for each line, on sixty examples of three numbers and two classes: 13 weights."""
    path = folder / "points.npz"
    np.savez(path, x_train=np.random.default_rng(0).normal(size=(60, 3)), y_train=np.arange(60) % 2)
    content = {
        "name": "n",
        "seeds": 1,
        "problem": {
            "use": "network",
            "dataset": {"path": str(path), "test_fraction": 0.25},
            "hidden": [2],
            "cost": "cross_entropy",
        },
        "budget": {"epochs": 2},
        "measure": {"epochs": 1, "gradient_norm": False},
        "optimizers": list(lines),
        **given,
    }
    experiment = Experiment.model_validate(content)
    return jobs(experiment, tasks(experiment, grid_of(experiment).cells, folder), "evaluation")


def test_the_work_of_a_run(tmp_path: Path) -> None:
    """Two operations a weight and example forwards and four backwards, counted here by hand; none where runs are of any length."""
    weights = 3 * 2 + 2 + 2 * 2 + 2
    line = {"use": "sgd", "lr": 0.1, "batch_size": 15}
    (plain,) = jobs_of(tmp_path, line)
    assert operations(plain.task.plan) == 6 * weights * 2 * 45 + 3 * 2 * weights * 60
    (normed,) = jobs_of(tmp_path, line, measure={"epochs": 1})
    assert operations(normed.task.plan) == 6 * weights * 2 * 45 + 3 * 6 * weights * 60
    data = {"path": str(tmp_path / "points.npz"), "test_fraction": 0.25}
    some = {"use": "network", "dataset": data, "hidden": [2], "measured_examples": 7, "validation": 12}
    (part,) = jobs_of(tmp_path, line | {"batch_size": 11}, problem=some | {"cost": "cross_entropy"})
    assert operations(part.task.plan) == 6 * weights * 2 * 33 + 3 * 2 * weights * (7 + 12 + 15)
    (sam,) = jobs_of(tmp_path, {"use": ["sam", "sgd"], "lr": 0.1})
    (bowl,) = jobs_of(tmp_path, line | {"batch_size": "full"}, problem={"use": "bowl"}, measure=None)
    (counted,) = jobs_of(tmp_path, line, budget={"examples": 99})
    assert [operations(job.task.plan) for job in (sam, bowl, counted)] == [None] * 3


def test_a_kind_is_known_by_its_runs(tmp_path: Path) -> None:
    """The mean of those that came back, the last ones foremost, compiling included; others are guessed, ten times as slow."""
    sgd, adam, sam = jobs_of(tmp_path, {"use": "sgd"}, {"use": "adam"}, {"use": ["sam", "sgd"], "lr": 0.1})
    durations = Durations()
    work = operations(sgd.task.plan)
    assert work is not None
    assert durations.of(sgd) == durations.of(adam) == work / 1e10
    assert durations.of(sam) is None
    assert not durations.knows(sgd)
    durations.note(sgd, made(3.0))
    assert durations.knows(sgd)
    assert durations.of(sgd) == pytest.approx(6.0)
    assert durations.of(adam) == pytest.approx(30.0)
    durations.note(sgd, made(1.0))
    assert durations.of(sgd) == pytest.approx(0.8 * 6 + 0.2 * 2)
    assert durations.of(sam) is None


@pytest.mark.parametrize("status", ["failed", "crashed", "diverged", "pruned", "converged"])
def test_a_run_that_ended_early_says_nothing_of_others(tmp_path: Path, status: str) -> None:
    """Or a first optimizer that fails at once would let hours of another be sent in one batch."""
    sgd, adam = jobs_of(tmp_path, {"use": "sgd"}, {"use": "adam"})
    durations = Durations()
    before = durations.of(adam)
    durations.note(sgd, made(1e-6, status))
    assert durations.of(adam) == before
