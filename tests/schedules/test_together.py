"""Several schedules that a run follows together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from schedules.cells import grid

from optilab import InputError
from optilab.experiment.identity import run_id
from optilab.training.training import train as train_plan


def test_a_group_of_one_is_that_one() -> None:
    """A schedule alone in an inner list is the same run as without the list."""
    (alone,), (in_a_group,) = grid(["cosine"]), grid([["cosine"]])
    assert run_id(alone.plan, 0) == run_id(in_a_group.plan, 0)
    assert alone.label == in_a_group.label


MOMENTUM_TOO: list[Any] = ["cosine", {"use": "linear", "start": 1, "end": 0.9, "of": "momentum"}]


def test_a_list_in_the_list_is_followed_together() -> None:
    """The outer list is an axis of the grid; an inner one is several schedules of one run."""
    plain, together = grid(["constant", MOMENTUM_TOO])
    assert [s.schedule.name for s in plain.plan.schedules] == ["constant"]
    assert [(s.schedule.name, s.of) for s in together.plan.schedules] == [("cosine", "lr"), ("linear", "momentum")]


def test_schedules_together_change_their_hyperparameters() -> None:
    """The weights are those of the same steps by hand, with a learning rate and a momentum of each step."""
    (cell,) = grid([[*MOMENTUM_TOO, {"use": "exponential", "gamma": 0.9}]], steps=8, momentum=0.8)
    run = train_plan(cell.plan, 0)
    w, b = cell.plan.problem.initial(0), np.zeros(2)
    for step in range(8):
        b = 0.8 * (1 - 0.1 * step / 8) * b + w * [1, 20]
        w = w - 0.01 * (1 + np.cos(np.pi * step / 8)) / 2 * 0.9**step * b
    np.testing.assert_allclose(run.w, w, rtol=1e-12)
    np.testing.assert_allclose(run.history["lr"].iloc[-1], 0.01 * (1 + np.cos(7 * np.pi / 8)) / 2 * 0.9**7, rtol=1e-12)


def test_the_label_of_schedules_together() -> None:
    """Both are named, by what tells them from the other schedules of the experiment, and say what they are of."""
    labels = [cell.label for cell in grid(["constant", MOMENTUM_TOO])]
    assert labels == ["momentum, constant", "momentum, cosine + linear of momentum"]
    (_, together) = grid(["constant", MOMENTUM_TOO])
    assert together.schedule_label == "cosine + linear (end=0.9) of momentum"
    several = [cell.label for cell in grid([MOMENTUM_TOO, ["cosine", {**MOMENTUM_TOO[1], "end": 0.8}], "cosine"])]
    assert several == [
        "momentum, cosine + linear (end=0.9) of momentum",
        "momentum, cosine + linear (end=0.8) of momentum",
        "momentum, cosine",
    ]


def test_schedules_that_count_otherwise_are_told_apart() -> None:
    """A schedule by steps and the same by epochs are two lines of the comparison."""
    assert [c.label for c in grid(["cosine", {"use": "cosine", "per": "epoch"}])] == [
        "momentum, cosine",
        "momentum, cosine per epoch",
    ]


def test_runs_with_schedules_together_differ_by_each_of_them() -> None:
    """Every schedule of a group is part of the run's identity."""
    variants = [
        [MOMENTUM_TOO],
        [MOMENTUM_TOO[:1]],
        [MOMENTUM_TOO[1:]],
        [["cosine", {**MOMENTUM_TOO[1], "end": 0.8}]],
        [["linear", MOMENTUM_TOO[1]]],
        ["constant"],
    ]
    assert len({run_id(grid(v)[0].plan, 0) for v in variants}) == len(variants)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([[]], r"optimizers\[0\]\.schedule: an empty list in the list"),
        ([["cosine", "cosin"]], r"optimizers\[0\]\.schedule: unknown schedule 'cosin': did you mean 'cosine'"),
        ([["cosine", ["linear"]]], r"optimizers\[0\]\.schedule: \['linear'\] is not a schedule"),
        ([["cosine", {"use": "linear", "of": "beta"}]], r"optimizers\[0\]: schedule linear of 'beta': momentum has lr"),
    ],
)
def test_what_is_not_a_group_of_schedules(schedule: Any, message: str) -> None:
    """An empty group, an unknown name, a list too many and an unknown hyperparameter are refused with their place."""
    with pytest.raises(InputError, match=message):
        grid(schedule)
