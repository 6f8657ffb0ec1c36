"""Schedules that listen: reduce_on_plateau, beside that of torch and in runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab.problems.problem import Problem

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


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@given(
    values=st.lists(st.integers(-40, 40).map(lambda k: k / 4), min_size=1, max_size=30),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.1, 0.5]),
)
def test_a_plateau_by_its_definition(
    mode: str, threshold_mode: str, values: list[float], patience: int, threshold: float
) -> None:
    """Better is better than the best by threshold * |best|, or by threshold, whatever the sign of the measure."""
    generator = optilab.get_schedule(
        "reduce_on_plateau",
        monitor="gradient_norm",
        mode=mode,
        threshold_mode=threshold_mode,
        patience=patience,
        threshold=threshold,
        factor=0.5,
    ).begin()
    next(generator)
    best, bad, multiplier = None, 0, 1.0
    for value in values:
        cost = value if mode == "min" else -value
        if best is None or best - cost > threshold * (abs(best) if threshold_mode == "rel" else 1):
            best, bad = cost, 0
        else:
            bad += 1
        if bad > patience:
            multiplier, bad = multiplier / 2, 0
        assert generator.send({"gradient_norm": value}) == multiplier


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_cost_that_stands_still_is_a_plateau_on_either_side_of_zero(sign: float) -> None:
    """A negative cost that stays where it is reduces the rate as soon as a positive one does."""
    generator = optilab.get_schedule("reduce_on_plateau", patience=2, factor=0.5).begin()
    next(generator)
    assert [generator.send({"train_cost": sign * 3.0}) for _ in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_an_accuracy_is_watched_for_its_rise() -> None:
    """Where no mode is given, accuracies are better the higher, and everything else the lower it is."""
    for monitor, better, worse in (("test_accuracy", 0.9, 0.1), ("test_cost", 0.1, 0.9)):
        for path, expected in (([0.5, better], 1.0), ([0.5, worse], 0.5)):
            generator = optilab.get_schedule("reduce_on_plateau", monitor=monitor, patience=0, factor=0.5).begin()
            next(generator)
            assert [generator.send({monitor: value}) for value in path][-1] == expected


@pytest.mark.parametrize(
    ("monitor", "mode", "better"),
    [("train_accuracy", "min", "higher"), ("test_accuracy", "min", "higher"), ("train_cost", "max", "lower")],
)
def test_a_mode_that_contradicts_its_monitor_is_refused(monitor: str, mode: str, better: str) -> None:
    """An accuracy as low as possible, or a cost as high, is nobody's aim: it is refused before anything runs."""
    schedule = {"use": "reduce_on_plateau", "monitor": monitor, "mode": mode}
    message = f'mode = "{mode}" contradicts monitor = "{monitor}", which is better the {better} it is'
    with pytest.raises(optilab.InputError, match=message):
        optilab.train("bowl", "sgd", steps=1, schedule=schedule)


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


def test_reduce_on_plateau_of_an_unknown_column() -> None:
    """A monitor that is no column of the history is refused in one message, like any other unknown name."""
    table = {"use": "reduce_on_plateau", "monitor": "train_cots"}
    with pytest.raises(optilab.InputError, match="train_cots"):
        optilab.train("bowl", "sgd", steps=1, schedule=table)
