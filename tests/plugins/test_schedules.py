"""The bundled schedules against numbers of PyTorch, their bounds, and what they do to a run."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from optilab.problems import Problem

Vector = NDArray[np.float64]


def curve(name: str, steps: int, total: int | None = None, /, **parameters: Any) -> Vector:
    """Multipliers of the first steps of a run of `total`, or of as many."""
    step = np.arange(steps, dtype=np.float64)
    return optilab.get_schedule(name, **parameters).curve(step, total or steps)


# Learning rates of torch 2.13.0, torch.optim.lr_scheduler, from a base of 1, in float64.
STEP_LR = [1.0, 1.0, 1.0, 1.0, 0.3, 0.3, 0.3, 0.3, 0.09, 0.09, 0.09, 0.09, 0.027, 0.027]
MULTI_STEP_LR = [1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125]
EXPONENTIAL_LR = [1.0, 0.9, 0.81, 0.729, 0.6561, 0.59049, 0.531441, 0.4782969]
POLYNOMIAL_LR = [
    1.0,
    0.6944444444444445,
    0.4444444444444446,
    0.25000000000000006,
    0.11111111111111116,
    0.027777777777777773,
    0.0,
    0.0,
    0.0,
]
LINEAR_LR = [
    0.3,
    0.3833333333333333,
    0.4666666666666667,
    0.55,
    0.6333333333333334,
    0.7166666666666668,
    0.8,
    0.8,
    0.8,
]
COSINE_ANNEALING_LR = [
    1.0,
    0.9657457896300791,
    0.8681980515339464,
    0.7222075445642905,
    0.55,
    0.3777924554357097,
    0.2318019484660537,
    0.134254210369921,
    0.1,
]
ONE_CYCLE_LR = [
    0.04,
    0.3497896542195831,
    0.8792851591221287,
    0.9944154354509117,
    0.9330129698414117,
    0.811745653949763,
    0.6473789976951033,
    0.46263710266697505,
    0.28306099820869923,
    0.1334775301888306,
    0.03456698742539522,
    4e-06,
]
ONE_CYCLE_LR_OF_20 = [
    0.1,
    0.23180194846605362,
    0.55,
    0.8681980515339464,
    1.0,
    0.9890847265665359,
    0.956815956092479,
    0.9046039886902862,
    0.8347307378762497,
    0.75025,
    0.6548539886902862,
    0.552711967402193,
    0.4482880325978072,
    0.3461460113097138,
    0.2507500000000001,
    0.16626926212375048,
    0.0963960113097138,
    0.044184043907520815,
    0.011915273433464057,
    0.001,
]


@pytest.mark.parametrize(
    ("name", "parameters", "total", "expected"),
    [
        ("step", {"every": 4, "gamma": 0.3}, 10, STEP_LR),
        ("multi_step", {"milestones": [2, 5, 9], "gamma": 0.5}, 10, MULTI_STEP_LR),
        ("multi_step", {"milestones": [9, 2, 5], "gamma": 0.5}, 10, MULTI_STEP_LR),
        ("exponential", {"gamma": 0.9}, 5, EXPONENTIAL_LR),
        ("polynomial", {"power": 2}, 6, POLYNOMIAL_LR),
        ("linear", {"start": 0.3, "end": 0.8}, 6, LINEAR_LR),
        ("cosine", {"floor": 0.1}, 8, COSINE_ANNEALING_LR),
        ("one_cycle", {}, 12, ONE_CYCLE_LR),
        ("one_cycle", {"rise": 0.25, "div": 10, "final_div": 100}, 20, ONE_CYCLE_LR_OF_20),
    ],
)
def test_schedule_is_that_of_torch(name: str, parameters: dict[str, Any], total: int, expected: list[float]) -> None:
    """Each schedule that PyTorch has too multiplies a base of 1 to PyTorch's learning rates, past the end as well."""
    np.testing.assert_allclose(curve(name, len(expected), total, **parameters), expected, rtol=1e-12, atol=1e-16)


# Of torch.optim.lr_scheduler.ReduceLROnPlateau, after each of these costs.
COSTS = [5, 4, 3, 3, 3, 3, 3, 2.9999, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 1, 1, 1, 1]
PLATEAUS = [
    (
        {"factor": 0.5, "patience": 2, "threshold": 1e-4, "cooldown": 0},
        [1.0] * 5 + [0.5] * 6 + [0.25] * 3 + [0.125] * 3 + [0.0625] * 6 + [0.03125],
    ),
    (
        {"factor": 0.5, "patience": 1, "threshold": 0.1, "cooldown": 2, "floor": 0.1},
        [1.0] * 4 + [0.5] * 4 + [0.25] * 4 + [0.125] * 4 + [0.1] * 8,
    ),
]


@pytest.mark.parametrize(("parameters", "expected"), PLATEAUS)
def test_reduce_on_plateau_is_that_of_torch(parameters: dict[str, Any], expected: list[float]) -> None:
    """With patience, threshold, cooldown and floor, the multiplier falls after the costs after which PyTorch's does."""
    generator = optilab.get_schedule("reduce_on_plateau", **parameters).begin()
    assert next(generator) == 1
    assert [generator.send({"train_cost": cost}) for cost in COSTS] == expected


def test_reduce_on_plateau_watches_the_column_it_is_told() -> None:
    """The monitored column decides; others may do what they like."""
    generator = optilab.get_schedule("reduce_on_plateau", monitor="test_cost", patience=0, factor=0.5).begin()
    assert next(generator) == 1
    sent = [{"train_cost": 1.0, "test_cost": cost} for cost in (3.0, 2.0, 2.0, 1.0)]
    assert [generator.send(row) for row in sent] == [1, 1, 0.5, 0.5]


@optilab.feedback()
def halved_at_first():
    """Begins at a half, and goes on at the whole."""
    yield 0.5
    while True:
        yield 1.0


def test_first_answer_of_a_feedback_schedule_counts() -> None:
    """What it answers before any measurement multiplies the first interval; `lr` in the history tells."""
    run = optilab.train("bowl", "sgd", lr=0.01, steps=3, measure_steps=1, schedule=halved_at_first)
    assert run.history["lr"].tolist() == [0.005, 0.01, 0.01, 0.01]


REQUIRED: dict[str, dict[str, Any]] = {
    "step": {"every": 3},
    "exponential": {"gamma": 0.95},
    "inverse_time": {"rate": 0.1},
    "warmup": {"steps": 4},
}


def bundled() -> list[str]:
    """Names of the schedules that come with optilab, feedback aside."""
    names = []
    for point in entry_points(group="optilab"):
        if point.dist is not None and point.dist.name == "optilab-framework":
            module = point.load()
            if hasattr(module, "optilab_schedules"):
                names += [s.name for s in module.optilab_schedules() if not s.is_feedback]
    return sorted(names)


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("total", [1, 2, 3, 10, 1000])
def test_schedule_of_any_length_is_a_multiplier(name: str, total: int) -> None:
    """In runs of one step and of a thousand, and past their end, each schedule is finite and from 0 to 1."""
    values = curve(name, 2 * total + 5, total, **REQUIRED.get(name, {}))
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1 + 1e-15


@pytest.mark.parametrize("name", [n for n in bundled() if n not in ("warmup", "one_cycle")])
def test_schedule_that_goes_down_starts_at_one(name: str) -> None:
    """The first step of a decay is taken with the whole hyperparameter, and it never rises."""
    values = curve(name, 50, 40, **REQUIRED.get(name, {}))
    assert values[0] == 1
    assert (np.diff(values) <= 1e-16).all()


floors = st.floats(0, 1)
totals = st.integers(1, 500)


@example_settings(max_examples=60)
@given(total=totals, floor=floors, power=st.floats(0.1, 5))
@pytest.mark.parametrize("name", ["cosine", "polynomial"])
def test_schedule_stays_between_its_floor_and_one(name: str, total: int, floor: float, power: float) -> None:
    """From 1 down to the floor at the end, where it stays, never below and never up."""
    parameters = {"floor": floor} if name == "cosine" else {"floor": floor, "power": power}
    values = curve(name, total + 20, total, **parameters)
    assert values[0] == pytest.approx(1, rel=1e-15)
    assert (np.diff(values) <= 1e-15).all()
    assert values.min() >= floor - 1e-15
    np.testing.assert_allclose(values[total:], floor, rtol=1e-14, atol=1e-15)


@example_settings(max_examples=60)
@given(total=totals, start=st.floats(0, 5), end=st.floats(0, 5))
def test_linear_is_a_straight_line(total: int, start: float, end: float) -> None:
    """It begins at start, is at end after the total, stays there, and is half way between half way through."""
    values = curve("linear", 2 * total + 1, 2 * total, start=start, end=end)
    assert values[0] == start
    assert values[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)
    assert values[total] == pytest.approx((start + end) / 2, rel=1e-14)
    assert curve("linear", 3 * total, total, start=start, end=end)[-1] == pytest.approx(end, rel=1e-14, abs=1e-14)


@example_settings(max_examples=60)
@given(every=st.integers(1, 30), gamma=st.floats(0.1, 1))
def test_step_falls_after_every_so_many_steps(every: int, gamma: float) -> None:
    """Every value lasts `every` steps, and the next is gamma times it, also past the end."""
    values = curve("step", 4 * every, 2, every=every, gamma=gamma).reshape(4, every)
    np.testing.assert_allclose(values, np.repeat(gamma ** np.arange(4.0), every).reshape(4, every), rtol=1e-14)


@example_settings(max_examples=60)
@given(rate=st.floats(0, 10), power=st.floats(0.1, 3), step=st.integers(0, 1000))
def test_inverse_time_is_its_formula(rate: float, power: float, step: int) -> None:
    """(1 + rate * step) to the power of -power, also past the end."""
    value = curve("inverse_time", step + 1, 7, rate=rate, power=power)[step]
    assert value == pytest.approx(np.exp(-power * np.log1p(rate * step)), rel=1e-12)


def test_multi_step_without_milestones_is_constant() -> None:
    """By default there are no milestones."""
    np.testing.assert_array_equal(curve("multi_step", 5), np.ones(5))


def test_constant_is_one() -> None:
    """The schedule that changes nothing."""
    np.testing.assert_array_equal(curve("constant", 5), np.ones(5))


@example_settings(max_examples=60)
@given(
    total=st.integers(10, 500),
    rise=st.floats(0.15, 0.9),
    div=st.floats(1.5, 100),
    final_div=st.floats(1, 1e5),
)
def test_one_cycle_rises_once_and_falls_once(total: int, rise: float, div: float, final_div: float) -> None:
    """From 1/div up to at most 1 at about rise * total, then down to 1/(div * final_div), where it stays."""
    values = curve("one_cycle", total + 10, total, rise=rise, div=div, final_div=final_div)
    top = int(values.argmax())
    assert values[0] == pytest.approx(1 / div, rel=1e-10)
    assert abs(top - (rise * total - 1)) <= 1
    assert values.max() <= 1 + 1e-15
    assert (np.diff(values[: top + 1]) >= -1e-12).all()
    assert (np.diff(values[top:]) <= 1e-12).all()
    np.testing.assert_allclose(values[total - 1 :], 1 / (div * final_div), rtol=1e-9)


@example_settings(max_examples=60)
@given(steps=st.integers(1, 50), total=st.integers(1, 200))
def test_warmup_rises_to_one_and_stays(steps: int, total: int) -> None:
    """The first of n steps has 1/n, the n-th has 1, and so have all after it."""
    values = curve("warmup", steps + 10, total, steps=steps)
    np.testing.assert_allclose(values[:steps], np.arange(1, steps + 1) / steps, rtol=1e-14)
    np.testing.assert_array_equal(values[steps:], 1)


def test_warmup_and_then_another() -> None:
    """After the warmup the other schedule runs from its own start to its own end over what is left."""
    values = curve("warmup", 25, 20, steps=4, then={"use": "cosine", "floor": 0.1})
    np.testing.assert_allclose(values[:4], [0.25, 0.5, 0.75, 1], rtol=1e-15)
    np.testing.assert_allclose(values[4:], curve("cosine", 21, 16, floor=0.1), rtol=1e-14)
    np.testing.assert_array_equal(values[4:], curve("warmup", 25, 20, steps=4, then="cosine")[4:] * 0.9 + 0.1)


def test_warmup_longer_than_the_run() -> None:
    """A warmup that outlasts the run is cut off with it."""
    np.testing.assert_allclose(curve("warmup", 3, 3, steps=10, then="cosine"), [0.1, 0.2, 0.3], rtol=1e-15)


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


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """A straight line through twelve noisy points, in float64."""
    x = np.linspace(-1, 1, 12)[:, None]
    y = x[:, 0] / 2 + np.random.default_rng(0).normal(scale=0.1, size=12)
    file = tmp_path_factory.mktemp("data") / "line.npz"
    np.savez(file, x_train=x, y_train=y)
    return optilab.get_problem("network", dataset={"path": str(file), "test_fraction": 0.0}, hidden=[], dtype="float64")


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


def test_reduce_on_plateau_in_a_run(line: Problem) -> None:
    """Once the cost stops falling, the learning rate is cut after the measurements after which the twin cuts it."""
    table = {"use": "reduce_on_plateau", "patience": 2, "factor": 0.5, "threshold": 0.01}
    run = optilab.train(line, "gradient_descent", lr=0.3, epochs=40, schedule=table)
    costs, rates = run.history["train_cost"], run.history["lr"]

    factor, lowest, bad, expected = 1.0, np.inf, 0, []
    for cost in costs:
        expected.append(0.3 * factor)  # of the step before this measurement
        bad = 0 if cost < 0.99 * lowest else bad + 1
        lowest = cost if bad == 0 else lowest
        if bad > 2:
            factor, bad = factor / 2, 0
    assert rates.iloc[-1] < 0.1
    np.testing.assert_allclose(rates[1:], expected[1:], rtol=1e-14)


def test_reduce_on_plateau_changes_the_steps(line: Problem) -> None:
    """A cut learning rate is the one that the next steps are taken with."""
    table = {"use": "reduce_on_plateau", "patience": 0, "factor": 0.1, "threshold": 0.9}  # cuts at each measurement
    run = optilab.train(line, "gradient_descent", lr=0.1, epochs=3, schedule=table)
    w = line.initial()
    for lr in (0.1, 0.01, 0.001):
        w = w - lr * line.gradient(w)
    np.testing.assert_allclose(run.w, w, rtol=1e-13)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: optilab.get_schedule("cosin"), "unknown schedule 'cosin': did you mean 'cosine'"),
    (lambda: optilab.get_schedule("cosine", flor=0.1), "unknown parameter of cosine 'flor': did you mean 'floor'"),
    (lambda: optilab.get_schedule("cosine", floor=2), r"floor = 2 is out of range: accepted is \[0, 1\]"),
    (lambda: optilab.get_schedule("step"), "schedule step needs a value for every"),
    (lambda: optilab.get_schedule("multi_step", milestones=3), "milestones = 3 is not a list of numbers"),
    (lambda: optilab.get_schedule("multi_step", milestones=["3"]), "milestones = '3' is not a number"),
    (lambda: optilab.get_schedule("cosine", per="week"), "per = 'week': accepted is 'step' or 'epoch'"),
    (lambda: optilab.get_schedule("warmup", steps=0), r"steps = 0 is out of range: accepted is \[1, inf\)"),
    (lambda: optilab.get_schedule("warmup", steps=2, then="cosin"), "then: unknown schedule 'cosin'"),
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


def test_reduce_on_plateau_of_an_unknown_column() -> None:
    """A monitor that is no column of the history is refused in one message, like any other unknown name."""
    table = {"use": "reduce_on_plateau", "monitor": "train_cots"}
    with pytest.raises(optilab.InputError, match="train_cots"):
        optilab.train("bowl", "sgd", steps=1, schedule=table)
