"""Schedules that a plan is checked for: values out of range, and what can't be scheduled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from schedules.cells import check, counted

import optilab
from optilab import InputError, feedback
from optilab.plugins.loading import registry


@pytest.mark.parametrize(
    ("schedule", "steps", "message"),
    [
        (
            {"use": "constant", "factor": 1.2, "of": "momentum"},
            20,
            r"schedule constant of 'momentum': 1.08 at step 0 is out of range: accepted is \[0, 1\)",
        ),
        (
            {"use": "linear", "start": 1, "end": 1.2, "of": "momentum"},
            20,
            r"schedule linear of 'momentum': 1.008 at step 12 is out of range: accepted is \[0, 1\)",
        ),
        (
            {"use": "step", "every": 999_999, "gamma": 2, "of": "momentum"},
            1_000_000,
            r"schedule step of 'momentum': 1.8 at step 999999 is out of range",
        ),
        (
            {"use": "exponential", "gamma": 2},
            2000,
            r"schedule exponential of 'lr': inf at step 1024 is out of range: accepted is \(0, inf\)",
        ),
        (
            [{"use": "constant", "factor": 1.1, "of": "momentum"}] * 2,
            20,
            r"schedule constant \+ constant of 'momentum': 1.089 at step 0 is out of range",
        ),
    ],
)
def test_a_schedule_that_leaves_the_range_is_refused(schedule: Any, steps: int, message: str) -> None:
    """Before anything runs it is told which schedule takes what where, and what would be accepted."""
    with pytest.raises(InputError, match=message):
        check(schedule, steps)


@optilab.schedule()
def below_zero(step, total):
    """Falls below zero."""
    return 1 - step


@optilab.schedule()
def no_number(step, total):
    """Has no value at step 3."""
    return np.where(step == 3, np.nan, 1.0)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [(below_zero, "'lr': -0.1 at step 2 is out of range"), (no_number, "'lr': nan at step 3 is out of range")],
)
def test_a_schedule_of_ones_own_that_leaves_the_range(schedule: Any, message: str) -> None:
    """Negative rates, and what isn't a number, are refused in a single run as well."""
    with pytest.raises(InputError, match=message):
        optilab.train("bowl", "sgd", lr=0.1, steps=5, schedule=schedule)


def test_schedules_that_make_up_for_one_another() -> None:
    """It is the product that counts: one may go up as far as the other goes down."""
    up, down = ({"use": "constant", "factor": f, "of": "momentum"} for f in (2, 0.5))
    check([up, down])
    with pytest.raises(InputError, match=r"'momentum': 1.8 at step 0"):
        check(up)


def test_a_learning_rate_may_come_to_rest() -> None:
    """A schedule may bring lr to zero, where nothing moves, although nobody can give it as zero."""
    table = {"use": "piecewise", "milestones": [5], "factors": [0]}
    rates = optilab.train("bowl", "sgd", lr=0.01, steps=8, measure_steps=1, schedule=table).history["lr"]
    assert rates.tolist()[1:] == [0.01] * 5 + [0.0] * 3
    with pytest.raises(InputError, match="'scale': 0 at step 5 is out of range"):
        optilab.train("bowl", with_choices, steps=8, schedule={**table, "of": "scale"})


def test_parameters_that_do_not_fit_one_another_are_refused_at_once() -> None:
    """What a schedule can only say once it is asked for values is said before anything runs, with its place."""
    with pytest.raises(
        InputError, match=r"^optimizers\[0\]: sequence: 2 schedules have 1 milestones between them, not 0"
    ):
        check({"use": "sequence", "schedules": ["cosine", "linear"]})


@optilab.schedule()
def fails_late(step, total):
    """Doesn't work for more than one step."""
    if len(step) > 1:
        raise ZeroDivisionError
    return np.ones_like(step)


def test_a_schedule_that_fails_is_left_to_the_run() -> None:
    """An exception in an author's function isn't told as misuse: the run is planned, and raises it as it is."""
    check(fails_late)
    with pytest.raises(ZeroDivisionError):
        optilab.train("bowl", "sgd", lr=0.1, steps=5, measure_steps=5, schedule=fails_late)


@optilab.elementwise(lr=0.1, ranges={"mode": "{raw, halved}", "power": "{1, 2, ...}", "scale": "(0, 1]"})
def with_choices(w, g, lr, flip=False, mode="raw", power=1, scale=1.0):
    """Has a switch, a choice of words and a whole number."""
    w -= lr * g * scale**power if flip else lr * g * scale
    return w


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"use": "cosine", "of": "flip"}, "cosine of 'flip': it is a switch, and only numbers have schedules"),
        ({"use": "cosine", "of": "mode"}, r"cosine of 'mode': it is one of \{raw, halved\}, and only numbers"),
        ({"use": "reduce_on_plateau", "of": "flip"}, "reduce_on_plateau of 'flip': it is a switch"),
        ({"use": "cosine", "of": "power"}, r"cosine of 'power': 0.975528 at step 1 is out of range: .* \{1, 2, ...\}"),
    ],
)
def test_only_numbers_have_schedules(schedule: Any, message: str) -> None:
    """A switch and a choice of words can't be scheduled, and a whole number only from one to another."""
    with pytest.raises(InputError, match=message):
        optilab.train("bowl", with_choices, steps=10, schedule=schedule)
    halves = {"use": "step", "every": 5, "gamma": 0.5, "of": "power"}
    assert optilab.train("bowl", with_choices, power=2, lr=0.01, steps=10, schedule=halves).status == "budget"


@optilab.vectorwise(lr=0.1, states={"old": optilab.per_weight(copies="memory")}, ranges={"memory": "{1, 2, ...}"})
def remembers(w, g, old, lr, memory=3):
    """Keeps some gradients."""
    old[0, :] = g
    w -= lr * old[0, :]


def test_the_size_of_a_memory_has_no_schedule() -> None:
    """What a rule's memory is made for stays as it is, even if a schedule would keep it in its range."""
    with pytest.raises(InputError, match="of 'memory': it says how much the rule remembers"):
        optilab.train("bowl", remembers, steps=4, schedule={"use": "constant", "factor": 2, "of": "memory"})


def test_a_hyperparameter_of_one_rule_has_a_schedule() -> None:
    """A qualified name is the hyperparameter of one rule of a chain, and is checked with that rule's range."""
    chain: dict[str, Any] = {"use": ["l2", "momentum"]}
    check({"use": "constant", "factor": 1.1, "of": "momentum.momentum"}, **chain)
    with pytest.raises(InputError, match=r"of 'momentum.momentum': 1.08 at step 0 is out of range"):
        check({"use": "constant", "factor": 1.2, "of": "momentum.momentum"}, **chain)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 5000), momentum=st.floats(0.1, 0.99), end=st.floats(0, 3))
def test_the_last_step_is_checked(steps: int, momentum: float, end: float) -> None:
    """In runs of every length a straight line is refused exactly if its last value is out of range."""
    last = momentum * (1 + (end - 1) * (steps - 1) / steps)
    table = {"use": "linear", "end": end, "of": "momentum"}
    try:
        check(table, steps, momentum=momentum)
    except InputError:
        assert last >= 1 - 1e-12
    else:
        assert last < 1 + 1e-12


@feedback()
def a_tenth():
    """A tenth but for a bit: of 30 it is 3.0000000000000004."""
    while True:
        yield 0.1 * 1.0000000000000002


def test_a_whole_number_under_a_schedule_is_the_nearest() -> None:
    """What is whole but for rounding is accepted, and the rule gets the whole number: 100, 10, 1 of 100 * 0.1^t."""
    find = registry().schedule
    assert 100 * 0.1**2 != 1
    assert counted(find("exponential", ""), 100, 3, gamma=0.1, every=1) == 111
    assert counted(find("step", ""), 8, 4, gamma=0.5, every=2) == 8 + 8 + 4 + 4
    assert 30 * 0.1 * 1.0000000000000002 != 3
    assert counted(a_tenth, 30, 2) == 6
    with pytest.raises(InputError, match=r"'every': 0.5 at step 2 is out of range: accepted is \{1, 2, ...\}"):
        counted(find("step", ""), 1, 4, gamma=0.5, every=2)
