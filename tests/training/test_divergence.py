"""Runs that diverge: when that is noticed, and what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import optilab


def test_run_diverges() -> None:
    """On w^2 / 2 with lr 11 the weight grows tenfold a step: the run stops, says where, and keeps its history."""
    run = optilab.train("parabola", "sgd", lr=11, steps=1000, measure_steps=50)
    # From -2: (2e154)^2 / 2 is infinite, (2e153)^2 / 2 is not.
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message == "the cost of the batch at step 155 is inf; last finite step 153"
    assert run.history["step"].tolist() == [0, 50, 100, 150, 154]
    assert np.isfinite(run.history["train_cost"][:-1]).all()
    assert run.history["train_cost"].iloc[-1] == np.inf
    assert abs(run.w[0]) == pytest.approx(2e154, rel=1e-10)


def test_run_diverges_at_a_measurement() -> None:
    """A cost that is found infinite only when it is measured ends the run as well."""
    run = optilab.train("parabola", "sgd", lr=11, steps=154)
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message == "the training cost after step 154 is inf; last finite step 153"


@pytest.mark.parametrize("measure_steps", [1, 5, 1000])
def test_divergence_does_not_depend_on_measuring(measure_steps: int) -> None:
    """However often it is measured, a run diverges at the same step with the same weights."""
    run = optilab.train("parabola", "sgd", lr=11, steps=1000, measure_steps=measure_steps)
    assert (run.status, run.steps) == ("diverged", 154)
    assert run.message.endswith("last finite step 153")
    assert run.history["step"].iloc[-1] == 154
    assert abs(run.w[0]) == pytest.approx(2e154, rel=1e-10)


def test_run_diverges_above_a_bound() -> None:
    """With a bound, a finite cost that reaches it is divergence: from 2 to 8 times 2^(2k), first above 1000 at k = 5."""
    for every, message in (
        (50, "the cost of the batch at step 6 is 2048"),
        (1, "the training cost after step 5 is 2048"),
    ):
        run = optilab.train("parabola", "sgd", lr=3, steps=50, stop={"diverged_above": 1000}, measure_steps=every)
        assert (run.status, run.steps) == ("diverged", 5)
        assert run.message == f"{message}; last finite step 4"
        assert run.w[0] == 64


def test_a_bound_on_the_cost_holds_at_the_last_measurement() -> None:
    """A run whose budget ends at a cost above the bound has diverged too."""
    run = optilab.train("parabola", "sgd", lr=3, steps=5, stop={"diverged_above": 1000})
    assert run.history["train_cost"].iloc[-1] == 2048
    assert run.status == "diverged"


def test_run_that_diverges_on_a_network(split_file: dict[str, Any]) -> None:
    """A network whose weights run away ends as diverged, with finite measurements up to the last."""
    linear = optilab.get_problem(
        "network", dataset=split_file, hidden=[], output_activation="identity", precision="float64"
    )
    run = optilab.train(linear, "sgd", lr=1e10, batch_size=10, epochs=5, measure_steps=1)
    assert run.status == "diverged"
    assert 10 < run.steps < 25
    assert len(run.history) == run.steps + 1
    assert np.isfinite(run.history["train_cost"]).tolist() == [True] * run.steps + [False]
    assert run.message == f"the training cost after step {run.steps} is inf; last finite step {run.steps - 1}"


@optilab.vectorwise()
def burst(w, g):
    """Makes the last weight infinite: under tanh, the cost stays finite."""
    w[w.size - 1] = np.inf


def test_message_of_weights_that_are_not_finite(split_file: dict[str, Any]) -> None:
    """Where the weights are no longer finite but the cost is, the message says so, and does not blame the cost."""
    bounded = optilab.get_problem(
        "network", dataset=split_file, hidden=[], output_activation="tanh", precision="float64"
    )
    run = optilab.train(bounded, burst, steps=3, measure_steps=1)
    assert (run.status, run.steps) == ("diverged", 1)
    assert np.isfinite(run.history["train_cost"]).all()
    assert run.history["weight_norm"].iloc[-1] == np.inf
    assert "cost" not in run.message
    assert "weight" in run.message


def test_run_that_starts_where_the_cost_is_not_finite() -> None:
    """From a start with an infinite cost no step is taken, and the history is its single measurement."""
    run = optilab.train(optilab.get_problem("parabola", start=[1e200]), "sgd", steps=10)
    assert (run.status, run.steps, len(run.history)) == ("diverged", 0, 1)
    assert run.message == "the training cost after step 0 is inf; last finite step 0"
