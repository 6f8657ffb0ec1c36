"""The bundled schedules: their formulas, bounds, joins and ends, and what they do to a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from curves import REQUIRED, Vector, bundled, curve, floors, totals
from optilab.problems.problem import Problem

COUNTS = [
    ("warmup", "steps", {}),
    ("inverse_sqrt", "warmup", {}),
    ("cyclic", "up", {}),
    ("cyclic", "down", {"up": 3}),
    ("cosine_restarts", "steps", {}),
    ("cosine_wave", "steps", {}),
    ("step", "every", {}),
    ("exponential", "every", {"gamma": 0.5}),
    ("transition", "steps", {}),
    ("transition", "begin", {"steps": 3}),
    ("multi_step", "milestones", {}),
    ("piecewise", "milestones", {"factors": [0.5]}),
    ("sequence", "milestones", {"schedules": ["constant", "linear"]}),
    ("reduce_on_plateau", "patience", {}),
    ("reduce_on_plateau", "cooldown", {}),
    ("reduce_on_plateau", "accumulation", {}),
]


@pytest.mark.parametrize(("name", "parameter", "others"), COUNTS)
def test_what_counts_steps_is_a_whole_number(name: str, parameter: str, others: dict[str, Any]) -> None:
    """Half a step is refused wherever steps, or measurements, are counted; 4.0 is 4."""

    def plan(value: float) -> Any:
        given = {parameter: [value] if parameter == "milestones" else value}
        return optilab.train("bowl", "sgd", steps=8, lr=1e-3, schedule={"use": name, **others, **given})

    with pytest.raises(optilab.InputError, match=r"2\.5"):
        plan(2.5)
    np.testing.assert_array_equal(plan(4.0).w, plan(4).w)


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_a_warmup_never_goes_above_one(steps: int) -> None:
    """The way up ends at 1, with its last step."""
    values = curve("warmup", 12, 12, steps=steps)
    assert values.max() == 1.0
    assert values[steps - 1] == 1.0


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("total", [1, 2, 3, 10, 1000])
def test_schedule_of_any_length_is_a_multiplier(name: str, total: int) -> None:
    """In runs of one step and of a thousand, and past their end, each schedule is finite and from 0 to 1.

    Only Chebyshev's steps are longer, up to the condition, 20.
    """
    values = curve(name, 2 * total + 5, total, **REQUIRED.get(name, {}))
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= (20 if name == "chebyshev" else 1) + 1e-14


RISING = (
    "warmup",
    "warmup_stable_decay",
    "one_cycle",
    "cyclic",
    "cosine_restarts",
    "cosine_wave",
    "chebyshev",
)


@pytest.mark.parametrize("name", [n for n in bundled() if n not in RISING])
def test_schedule_that_goes_down_starts_at_one(name: str) -> None:
    """The first step of a decay is taken with the whole hyperparameter, and it never rises."""
    values = curve(name, 50, 40, **REQUIRED.get(name, {}))
    assert values[0] == 1
    assert (np.diff(values) <= 1e-16).all()


STAYS = {
    "constant",
    "polynomial",
    "linear",
    "cosine",
    "rex",
    "warmup",
    "warmup_stable_decay",
    "one_cycle",
    "sequence",
    "product",
    "transition",
    "clip",
    "multi_step",
    "piecewise",
}
GOES_ON = {"step", "exponential", "inverse_time", "inverse_sqrt", "cyclic", "cosine_restarts", "cosine_wave"}


@pytest.mark.parametrize("name", bundled())
def test_schedule_past_its_end(name: str) -> None:
    """Past the end a schedule stays as it is, or goes on as if the run were longer, or begins anew, as it says."""
    values = curve(name, 75, 25, **REQUIRED.get(name, {}))
    if name in STAYS:
        np.testing.assert_array_equal(values[25:], np.full(50, values[25]))
    elif name in GOES_ON:
        np.testing.assert_array_equal(values, curve(name, 75, 1000, **REQUIRED.get(name, {})))
        assert len(set(values[25:])) > 3
    else:
        assert name == "chebyshev"
        np.testing.assert_array_equal(values, np.tile(values[:25], 3))


@settings(max_examples=60)
@given(total=st.integers(1, 300), steps=st.lists(st.integers(0, 1000), min_size=1, max_size=8))
@pytest.mark.parametrize("name", bundled())
def test_schedule_of_an_array_is_that_of_each_step(name: str, total: int, steps: list[int]) -> None:
    """Each value depends on its own step alone, in any order, in a column as in a row, of a whole number as of a float."""
    bound = optilab.get_schedule(name, **REQUIRED.get(name, {}))
    together = bound.curve(np.array(steps, float)[:, None], total)
    assert together.shape == (len(steps), 1)
    alone = [float(bound.curve(np.array(step), total)) for step in steps]
    np.testing.assert_allclose(together[:, 0], alone, rtol=1e-13, atol=1e-16)


@settings(max_examples=60)
@given(total=totals, floor=floors, power=st.floats(0.1, 5))
@pytest.mark.parametrize("name", ["cosine", "polynomial", "rex"])
def test_schedule_stays_between_its_floor_and_one(name: str, total: int, floor: float, power: float) -> None:
    """From 1 down to the floor at the end, where it stays, never below and never up."""
    parameters = {"floor": floor} if name == "rex" else {"floor": floor, "power": power}
    values = curve(name, total + 20, total, **parameters)
    assert values[0] == pytest.approx(1, rel=1e-15)
    assert (np.diff(values) <= 1e-15).all()
    assert values.min() >= floor - 1e-15
    np.testing.assert_allclose(values[total:], floor, rtol=1e-14, atol=1e-15)


def test_schedule_can_be_called_as_a_function() -> None:
    """A schedule is a NumPy function of the step, for plots and tests: of a number or of an array, whole or not."""
    from optilab_schedules.decay import cosine

    assert cosine(5, 10) == pytest.approx(0.5, rel=1e-15)
    np.testing.assert_allclose(cosine([0, 5, 10], 10, floor=0.5), [1, 0.75, 0.5], rtol=1e-15)


def test_steps_of_an_interval_are_those_of_the_whole_run() -> None:
    """Multipliers of any part of a run are that part of the multipliers of the whole."""
    for name in bundled():
        bound = optilab.get_schedule(name, **REQUIRED.get(name, {}))
        whole = bound.multipliers(0, 100, 100, 10)
        parts = [bound.multipliers(first, steps, 100, 10) for first, steps in ((0, 1), (1, 42), (43, 57))]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_schedule_counted_in_epochs() -> None:
    """Per = "epoch" gives all steps of an epoch the value at the number of epochs behind, of all that there are."""
    bound = optilab.get_schedule("linear", per="epoch")
    np.testing.assert_allclose(bound.multipliers(0, 10, 10, 4), np.repeat([1, 2 / 3, 1 / 3], 4)[:10], rtol=1e-14)
    halving = optilab.get_schedule("step", every=2, gamma=0.5, per="epoch")
    np.testing.assert_array_equal(halving.multipliers(0, 12, 12, 3), np.repeat([1, 0.5], 6))


def used(schedule: Any, steps: int = 8, optimizer: str = "sgd", **given: Any) -> Vector:
    """The learning rate of each step, as the history has it."""
    problem = optilab.get_problem("bowl")
    history = optilab.train(problem, optimizer, steps=steps, measure_steps=1, schedule=schedule, **given).history
    np.testing.assert_array_equal(history["step"], np.arange(steps + 1))
    return history["lr"].to_numpy()[1:]


def test_schedule_multiplies_the_learning_rate() -> None:
    """The learning rate of a step is its base times the schedule at the steps taken before it."""
    np.testing.assert_allclose(used("cosine", lr=0.02), 0.02 * curve("cosine", 8), rtol=1e-14)
    np.testing.assert_allclose(used(None, lr=0.02), np.full(8, 0.02), rtol=1e-15)
    table = {"use": "warmup", "steps": 3, "then": {"use": "linear", "end": 0.5}}
    expected = [1 / 3, 2 / 3, 1, 1, 0.9, 0.8, 0.7, 0.6]
    np.testing.assert_allclose(used(table, lr=0.01), 0.01 * np.array(expected), rtol=1e-14)


def test_schedules_multiply_one_another() -> None:
    """Two schedules of one hyperparameter both count."""
    both = used([{"use": "step", "every": 4, "gamma": 0.5}, {"use": "exponential", "gamma": 0.9}], lr=0.02)
    expected = 0.02 * np.array([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]) * 0.9 ** np.arange(8)
    np.testing.assert_allclose(both, expected, rtol=1e-14)


@pytest.mark.parametrize("measure_steps", [1, 3, 8])
def test_weights_follow_the_schedule(measure_steps: int) -> None:
    """Weights after a scheduled run are those of the same steps by hand, however often it is measured."""
    problem = optilab.get_problem("bowl")
    table = {"use": "linear", "start": 0.1, "end": 1.0}
    run = optilab.train(problem, "sgd", lr=0.09, steps=8, schedule=table, measure_steps=measure_steps)
    w = problem.initial()
    for step in range(8):
        w = w - 0.09 * (0.1 + 0.9 * step / 8) * w * [1, 20]
    np.testing.assert_allclose(run.w, w, rtol=1e-12)


def test_schedule_of_another_hyperparameter() -> None:
    """A schedule of momentum changes momentum from step to step and leaves the learning rate alone."""
    table = {"use": "linear", "end": 0.5, "of": "momentum"}
    np.testing.assert_allclose(used(table, optimizer="momentum", lr=0.01), np.full(8, 0.01), rtol=1e-15)
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "momentum", steps=8, lr=0.01, momentum=0.8, schedule=table)
    w, b = problem.initial(), np.zeros(2)
    for step in range(8):
        b = 0.8 * (1 - 0.5 * step / 8) * b + w * [1, 20]
        w = w - 0.01 * b
    np.testing.assert_allclose(run.w, w, rtol=1e-12)


def test_schedule_in_epochs_on_batches(line: Problem) -> None:
    """On twelve examples in batches of five, per = "epoch" changes the learning rate after every third step."""
    table = {"use": "step", "every": 1, "gamma": 0.5, "per": "epoch"}
    run = optilab.train(line, "sgd", lr=0.1, batch_size=5, epochs=3, measure_steps=1, schedule=table)
    np.testing.assert_allclose(run.history["lr"][1:], 0.1 * np.repeat([1, 0.5, 0.25], 3), rtol=1e-14)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: optilab.get_schedule("cosin"), "unknown schedule 'cosin': did you mean 'cosine'"),
    (lambda: optilab.get_schedule("cosine", flor=0.1), "unknown parameter of cosine 'flor': did you mean 'floor'"),
    (lambda: optilab.get_schedule("cosine", floor=2), r"floor = 2 is out of range: accepted is \[0, 1\]"),
    (lambda: optilab.get_schedule("step"), "schedule step needs a value for every"),
    (lambda: optilab.get_schedule("multi_step", milestones=3), "milestones = 3 is not a list of numbers"),
    (lambda: optilab.get_schedule("multi_step", milestones=["3"]), "milestones = '3' is not a number"),
    (lambda: optilab.get_schedule("cosine", per="week"), "per = 'week': accepted is 'step' or 'epoch'"),
    (lambda: optilab.get_schedule("warmup", steps=0), r"steps = 0 is out of range: accepted is \{1, 2, ...\}"),
    (lambda: optilab.get_schedule("warmup", steps=2, then="cosin"), "then: unknown schedule 'cosin'"),
    (lambda: optilab.get_schedule("cyclic", up=2, mode="square"), "mode = 'square': accepted is 'triangular' or"),
    (lambda: optilab.get_schedule("transition", steps=2.5), r"steps = 2.5 is out of range: accepted is \{1, 2, ...\}"),
    (lambda: curve("one_cycle", 9, fall=0.2), "one_cycle: fall = 0.2 is not after rise = 0.3"),
    (lambda: curve("clip", 9, low=2, high=1), "clip: low = 2 is above high = 1"),
    (lambda: curve("piecewise", 9, milestones=[3]), "piecewise: 1 milestones need as many factors, not 0"),
    (
        lambda: curve("piecewise", 9, milestones=[3, 2], factors=[1, 1]),
        r"piecewise: milestones = \[3, 2\] don't increase",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine", "linear"]),
        "sequence: 2 schedules have 1 milestones between them, not 0",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine"] * 3, milestones=[3, 3]),
        r"sequence: milestones = \[3, 3\] don't increase from above 0",
    ),
    (
        lambda: curve("sequence", 9, schedules=["cosine"] * 3, milestones=[0.5, 3]),
        "sequence: milestone 0.5 is a fraction and 3 is a step",
    ),
    (
        lambda: optilab.get_schedule("warmup", steps=2, then="reduce_on_plateau"),
        "then: reduce_on_plateau is a feedback schedule and can't stand inside another",
    ),
    (
        lambda: optilab.train("bowl", "sgd", steps=1, schedule={"use": "cosine", "of": "momentum"}),
        "schedule cosine of 'momentum': sgd has lr",
    ),
    (lambda: optilab.train("bowl", "sgd", steps=1, schedule=0.5), "0.5 is not a schedule; write its name"),
    (lambda: optilab.train("bowl", "sgd", steps=1, schedule={"floor": 0.5}), "is not a schedule; write its name"),
]


@pytest.mark.parametrize(("ask", "message"), ERRORS)
def test_what_is_not_a_schedule(ask: Callable[[], Any], message: str) -> None:
    """Unknown names, missing values and values out of range are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        ask()


def test_chebyshev_in_a_run() -> None:
    """32 steps of gradient descent on a bowl whose curvatures are 1 and 20 leave what the polynomial leaves of both weights."""
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "gradient_descent", lr=1 / 20, steps=32, schedule="chebyshev")
    best = 1 / np.cosh(32 * np.arccosh(21 / 19))
    np.testing.assert_allclose(np.abs(run.w / problem.initial()), best, rtol=1e-6)
