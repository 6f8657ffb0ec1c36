"""Budgets and limits that end a run: in steps, epochs, examples, gradient evaluations and seconds."""

from __future__ import annotations

import itertools
import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optilab
from optilab import InputError
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id
from optilab.training.plan import Plan
from optilab.training.stopping import Budget
from optilab.training.training import Training

CLOCKS = ["seconds", "cpu_seconds"]


@given(limit=st.integers(1, 60), every=st.integers(1, 70))
def test_gradient_evaluations_as_a_budget(limit: int, every: int) -> None:
    """The step that reaches the limit is the last, however often a run is measured; a step of SAM makes two."""
    for chain, a_step in (("sgd", 1), (["sam", "sgd"], 2)):
        run = optilab.train("bowl", chain, lr=1e-3, gradient_evaluations=limit, measure_steps=every)
        assert run.steps == math.ceil(limit / a_step)
        assert run.history["gradient_evaluations"].iloc[-1] == run.steps * a_step
        assert run.status == "budget"


@given(limit=st.integers(1, 200), every=st.integers(1, 20))
def test_examples_as_a_budget(limit: int, every: int) -> None:
    """Examples are counted batch by batch, the last of which in an epoch is smaller."""
    run = optilab.train(plane(), "sgd", lr=1e-3, batch_size=4, examples=limit, measure_steps=every)
    sizes = [4, 4, 2] * 200
    assert run.steps == next(k for k in range(len(sizes)) if sum(sizes[: k + 1]) >= limit) + 1


def plane() -> Any:
    """Ten examples of a plane."""
    from optilab.datasets.dataset import Dataset
    from optilab.datasets.examples import Examples
    from optilab.problems.network import Network
    from optilab.problems.network_parameters import NetworkParameters

    class InMemory(Dataset):
        def load(self) -> Examples:
            return self.read()

    def read() -> Examples:
        x = np.random.default_rng(0).normal(size=(10, 2))
        return Examples(x, x @ [0.5, -0.3], x[:0], x[:0, 0])

    return Network(NetworkParameters(dataset="plane", hidden=[]), InMemory("plane", read, "0"), "float64")


@pytest.mark.parametrize("limit", [{"gradient_evaluations": 7}, {"examples": 7}])
def test_a_run_that_a_limit_ends_is_the_run_in_steps(limit: dict[str, Any]) -> None:
    """Weights, history and the norm of the last update are those of a run of so many steps, bit for bit."""
    one = optilab.train("bowl", "adam", lr=0.1, measure_steps=3, **limit)
    other = optilab.train("bowl", "adam", lr=0.1, measure_steps=3, steps=7)
    assert one.w.tobytes() == other.w.tobytes()
    assert one.history.drop(columns=CLOCKS).equals(other.history.drop(columns=CLOCKS))


def test_the_first_limit_ends_a_run() -> None:
    """Of several limits the first that is reached counts."""
    assert optilab.train("bowl", "sgd", lr=1e-3, steps=5, gradient_evaluations=9).steps == 5
    assert optilab.train("bowl", "sgd", lr=1e-3, steps=9, gradient_evaluations=5).steps == 5


def test_seconds_as_a_budget() -> None:
    """A run of a fifth of a second of training ends there, with the status of a budget that is used up."""
    run = optilab.train("bowl", "sgd", lr=1e-3, seconds=0.2)
    assert run.status == "budget"
    assert 0.2 <= run.train_seconds < 2
    assert run.steps > 1000


def test_a_time_limit_stops_a_run() -> None:
    """A run that takes longer than it may has the status `timeout`, and keeps its history."""
    start = time.monotonic()
    run = optilab.train("bowl", "sgd", lr=1e-9, steps=2**50, measure_steps=2**20, stop={"time_limit": 0.3})
    assert time.monotonic() - start < 30
    assert run.status == "timeout"
    assert run.message.endswith("its time limit is 0.3 s")
    assert run.history["step"].iloc[-1] == run.steps
    assert run.last_finite_step == run.steps - 1


@pytest.mark.parametrize("limits", [{"stop": {"time_limit": 1000.0}}, {"seconds": 1000.0}])
def test_the_clock_is_looked_at_often(limits: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where time is limited, compiled code is given one step at first and never more than eight times as many as before; else all."""
    wanted: list[int] = []
    interval = Training._interval

    def noted(self: Training, loop: Any, skip: int, order: Any, steps: int, numbers: Any) -> tuple[int, float]:
        wanted.append(steps)
        return interval(self, loop, skip, order, steps, numbers)

    monkeypatch.setattr(Training, "_interval", noted)
    optilab.train("bowl", "sgd", lr=1e-3, steps=1000, measure_steps=1000)
    assert wanted == [0, 1000]  # the first call is off the clock
    wanted.clear()
    run = optilab.train("bowl", "sgd", lr=1e-3, steps=1000, measure_steps=1000, **limits)
    assert run.steps == sum(wanted) == 1000
    assert wanted[:2] == [0, 1]
    assert all(later <= 8 * before for before, later in itertools.pairwise(wanted[1:]))
    assert len(wanted) < 200


def test_looking_at_the_clock_changes_no_bit() -> None:
    """Under a time limit a run takes fewer steps at a time, and is the same to the last bit."""
    for schedule in (None, "cosine"):
        one, other = (
            optilab.train("bowl", "adam", lr=0.1, steps=5000, measure_steps=1000, schedule=schedule, stop=stop)
            for stop in (None, {"time_limit": 1000.0})
        )
        assert one.w.tobytes() == other.w.tobytes()
        assert one.history.drop(columns=CLOCKS).equals(other.history.drop(columns=CLOCKS))


@pytest.mark.parametrize("limit", ["steps", "examples", "gradient_evaluations"])
def test_a_budget_is_used_to_its_last_unit(limit: str) -> None:
    """On a function each step is an example and a gradient evaluation: seven of them are seven steps."""
    given: dict[str, Any] = {limit: 7}
    run = optilab.train("parabola", "sgd", lr=0.1, **given)
    assert (run.status, run.steps) == ("budget", 7)


def plan(**given: Any) -> Plan:
    """Of one experiment's only cell."""
    optimizers = given.pop("optimizers", [{"use": "sgd", "lr": 0.1}])
    content = {"name": "e", "problem": {"use": "bowl"}, "budget": {"steps": 10}, "optimizers": optimizers, **given}
    return grid_of(optilab.Experiment.model_validate(content)).cells[0].plan


def test_budgets_and_identity() -> None:
    """An epoch of a function is a step; every other limit makes another run."""
    assert run_id(plan(budget={"epochs": 10.0}), 0) == run_id(plan(), 0)
    budgets = [{"examples": 10}, {"gradient_evaluations": 10}, {"seconds": 10.0}, {"steps": 10, "seconds": 10.0}]
    assert len({run_id(plan(budget=budget), 0) for budget in [*budgets, {"steps": 10}]}) == 5


def test_a_schedule_needs_to_know_the_length_of_the_run() -> None:
    """One that depends on it is refused where the budget doesn't say it; others aren't."""
    with pytest.raises(InputError, match="schedule cosine of 'lr' depends on the length of the run: give the budget's"):
        optilab.train("bowl", "sgd", seconds=0.1, schedule="cosine")
    assert (
        optilab.train("bowl", "sgd", gradient_evaluations=5, schedule={"use": "exponential", "gamma": 0.9}).steps == 5
    )
    assert optilab.train("bowl", "sgd", gradient_evaluations=5, steps=9, schedule="cosine").steps == 5


def test_budget_in_steps() -> None:
    """Only steps and epochs say how many steps a run has."""
    assert Budget(epochs=2.5).in_steps(4) == 10
    assert Budget(seconds=1.0).in_steps(4) is None
    assert Budget(epochs=2.5, seconds=1.0).identity(4) == {"steps": 10, "seconds": 1.0}
