"""What the kit finds of schedules, right ones and wrong ones."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from testing.verdicts import assert_breaks

from optilab import feedback, schedule
from optilab.plugins.loading import registry
from optilab.testing import schedules

calls = itertools.count()


@schedule()
def to_infinity(step, total):
    """Divides by zero at its last step."""
    return 1 / (total - 1 - step)


@schedule(ranges={"rate": "[0, inf)"})
def below_zero(step, total, rate):
    """Falls below zero before its end."""
    return 1 - (rate + 1) * step / total


@schedule()
def of_another_shape(step, total):
    """Answers three numbers, whatever it is asked."""
    return np.ones(3)


@schedule()
def imaginary(step, total):
    """Answers complex numbers."""
    return np.exp(1j * step)


@schedule()
def of_the_mean(step, total):
    """Looks at all steps that it is asked for together."""
    return step / (1 + np.mean(step))


@schedule()
def in_place(step, total):
    """Counts on in the array that it is given."""
    step += 1
    return step / (total + 1)


@schedule()
def counting(step, total):
    """Counts its calls."""
    return np.full(np.shape(step), 1.0 + next(calls))


@schedule()
def at_random(step, total):
    """Answers something else each time."""
    return np.random.default_rng().uniform(0.5, 1, np.shape(step))


@feedback()
def ends():
    """Has an end."""
    for _ in range(5):
        yield 1.0


@feedback()
def answers_nan():
    """Takes the logarithm of a cost."""
    while True:
        measured = yield 1.0
        yield np.log(measured["train_cost"])


@feedback()
def changes_measurements():
    """Writes into what it is told."""
    while True:
        measured = yield 1.0
        measured["train_cost"] = 0.0


best = [np.inf]


@feedback()
def remembers_other_runs():
    """Keeps what it was told outside of the run."""
    while True:
        measured = yield 1.0 if best[0] > 1 else 0.5
        best[0] = measured["train_cost"]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(
    ("wrong", "title", "detail"),
    [
        (to_infinity, "Answers a finite", "it answers inf at step 0 in a run of 1"),
        (below_zero, "Answers a finite", "it answers -0.0714286 at step 5 in a run of 7, with {'rate': 0.5}"),
        (of_another_shape, "Answers a finite", r"an array of shape (3,) and type float64"),
        (imaginary, "Answers a finite", "type complex128"),
        (of_the_mean, "Answers the same for one step", "at step 1 of 2, alone and among others"),
        (in_place, "Leaves the steps", "it changes the array of steps"),
        (counting, "Answers the same whatever", "for the second time and at first"),
        (at_random, "Answers the same whatever", "for the second time and at first"),
        (ends, "Answers a finite", "it ends after 5 measurements; a feedback schedule never ends"),
        (answers_nan, "Answers a finite", "it answers -"),
        (changes_measurements, "Leaves the measurements", "it changes a measurement"),
        (remembers_other_runs, "Answers a run the same", "beside other runs"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_wrong_schedule(wrong: Any, title: str, detail: str) -> None:
    """What a schedule does wrong is a broken property, with the step and the run where it shows."""
    best[0] = np.inf
    assert_breaks(schedules.kit_of(wrong), title, detail)


@pytest.mark.parametrize("name", registry().schedules)
def test_bundled_schedules_are_right(name: str) -> None:
    """Every bundled schedule keeps all properties of its kit."""
    verdicts = [*schedules.kit_of(registry().schedules[name]).verdicts()]
    assert [v.outcome for v in verdicts] == ["holds"] * len(verdicts)
