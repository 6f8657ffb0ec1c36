"""One run: its budget, its status, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from training.runs import same

import optilab
from optilab import InputError
from optilab.problems.problem import Problem
from optilab.training.run import Run
from optilab.training.stopping import Measure


def test_run_ends_with_its_budget(network: Problem) -> None:
    """A run that trained to the end has the status `budget`, no message, and all its steps."""
    run = optilab.train(network, "sgd", batch_size=10, epochs=3)
    assert (run.status, run.message, run.steps) == ("budget", "", 15)
    last = run.history.iloc[-1]
    shown = f"train_cost={last['train_cost']:.4g}, test_accuracy={last['test_accuracy']:.4g}"
    assert repr(run) == f"<Run budget after 15 steps: {shown}>"
    assert repr(Run(run.w)) == "<Run budget after 0 steps>"
    assert Run(run.w).last_finite_step == 0
    assert run.train_seconds > 0
    assert run.history["train_cost"].iloc[-1] < run.history["train_cost"].iloc[0]


def test_budget_in_steps_and_in_epochs(network: Problem) -> None:
    """Fifty examples in batches of eight are seven steps an epoch, whichever way the budget is given."""
    by_epochs = optilab.train(network, "sgd", batch_size=8, epochs=3)
    by_steps = optilab.train(network, "sgd", batch_size=8, steps=21)
    assert by_epochs.steps == by_steps.steps == 21
    assert same(by_epochs, by_steps)
    assert optilab.train(network, "sgd", batch_size=8, epochs=0.5).steps == 4  # of 3.5
    assert optilab.train(network, "sgd", batch_size=8, epochs=0.001).steps == 1
    assert optilab.train(network, "sgd", batch_size=50, epochs=4).steps == 4


def test_full_batch_is_one_step_an_epoch(network: Problem) -> None:
    """Gradient descent takes one step an epoch, on all examples in their own order."""
    run = optilab.train(network, "gradient_descent", lr=0.2, epochs=5)
    assert run.steps == 5
    assert run.history["epoch"].tolist() == [0, 1, 2, 3, 4, 5]
    assert run.history["examples"].tolist() == [0, 50, 100, 150, 200, 250]
    w = network.initial()
    for _ in range(5):
        w = w - 0.2 * network.gradient(w)
    np.testing.assert_allclose(run.w, w, rtol=1e-12)
    assert same(run, optilab.train(network, "sgd", lr=0.2, epochs=5, batch_size="full"))


def test_usual_batch_is_all_examples_where_there_are_fewer() -> None:
    """An optimizer's own batch of 32 is cut to a function's single example."""
    assert optilab.train("bowl", "sgd", lr=0.01, steps=3).history["examples"].tolist() == [0, 1, 2, 3]


ERRORS: list[tuple[Callable[[Problem], Any], str]] = [
    (
        lambda p: optilab.train(p, "sgd", batch_size=51, epochs=1),
        "batch_size = 51: accepted is 'full', or a whole number from 1 to 50",
    ),
    (
        lambda p: optilab.train(p, "sgd", batch_size=0, epochs=1),
        "batch_size = 0: accepted is 'full', or a whole number",
    ),
    (lambda p: optilab.train(p, "sgd", batch_size=-1, epochs=1), "batch_size = -1: accepted is"),
    (lambda p: optilab.train(p, "sgd", batch_size=2.0, epochs=1), "batch_size = 2.0: accepted is"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", batch_size=True, epochs=1), "batch_size = True: accepted is"),
    (lambda p: optilab.train(p, "sgd", batch_size="all", epochs=1), "batch_size = 'all': accepted is 'full'"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", epochs=1, steps=1), "give steps or epochs, one of them"),
    (lambda p: optilab.train(p, "sgd"), "give steps or epochs, one of them, or examples"),
    (lambda p: optilab.train(p, "sgd", steps=0), "steps = 0: .*greater than 0"),
    (lambda p: optilab.train(p, "sgd", epochs=-1), "epochs = -1: .*greater than 0"),
    (lambda p: optilab.train(p, "sgd", epochs=float("inf")), "epochs = inf: .*finite"),
    (lambda p: optilab.train(p, "sgd", epochs=float("nan")), "epochs = nan: .*finite"),
    (lambda p: optilab.train(p, "sgd", steps=True), "steps = True: accepted is a whole number"),
    (lambda p: optilab.train(p, "sgd", steps=2.5), "steps = 2.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps="3"), "steps = '3'"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train("bowl", "sgd", steps=2.5), "steps = 2.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps=1, seed=-1), "seed = -1"),
    (lambda p: optilab.train(p, "sgd", steps=1, stop={"diverged_above": float("nan")}), "diverged_above = nan"),
    (
        lambda p: optilab.train("bowl", "sgd", steps=5, schedule={"use": "reduce_on_plateau", "monitor": "test_cost"}),
        "reduce_on_plateau: test_cost is not measured on this problem",
    ),
    (
        lambda p: optilab.train("bowl", "sgd", steps=5, schedule={"use": "reduce_on_plateau", "per": "epoch"}),
        "per: reduce_on_plateau goes by measurements",
    ),
    (
        lambda p: optilab.get_optimizer("sgd").start([1.0, 2.0]).step([1.0]),
        r"gradient has shape \(1,\); expected \(2,\)",
    ),
    (lambda p: optilab.train(p, "sgd", steps=1, seed=0.5), "seed = 0.5"),  # type: ignore[arg-type]  # refused
    (lambda p: optilab.train(p, "sgd", steps=1, measure_steps=0), r"measure\.steps = 0: .*greater than 0"),
    (
        lambda p: optilab.train(p, "sgd", steps=1, measure_steps=1, measure_epochs=1),
        "measure: give steps or epochs, one of them",
    ),
    (lambda p: optilab.train(p, "sgd", steps=1, momentum=0.5), "unknown parameter of sgd 'momentum': known is lr"),
    (lambda p: optilab.train(p, "sdg", steps=1), "unknown optimizer 'sdg': did you mean 'sgd'"),
    (lambda p: optilab.train("netwrk", "sgd", steps=1), "unknown problem 'netwrk': did you mean 'network'"),
    (
        lambda p: optilab.get_problem("bowl", precision="float16"),  # type: ignore[arg-type]  # refused
        "precision = 'float16': accepted is 'float32' or 'float64'",
    ),
    (lambda p: optilab.get_problem("bowl", condition=0.5), r"condition = 0.5 is out of range: accepted is \[1, inf\)"),
    (
        lambda p: optilab.get_problem("bowl", conditon=5),
        "unknown parameter of bowl 'conditon': did you mean 'condition'",
    ),
    (lambda p: optilab.get_problem("bowl", start=[1]), r"start = \[1\]: accepted is a list of 2 numbers, or 'random'"),
]


@pytest.mark.parametrize(("use", "message"), ERRORS)
def test_run_that_can_not_be(use: Callable[[Problem], Any], message: str, network: Problem) -> None:
    """What doesn't fit together is refused before anything is trained, with what is accepted."""
    with pytest.raises(InputError, match=message):
        use(network)


@example_settings(max_examples=60)
@given(epochs=st.floats(0.01, 100), per_epoch=st.integers(1, 1000))
def test_length_in_epochs_is_rounded_to_steps(epochs: float, per_epoch: int) -> None:
    """A length in epochs is the nearest number of steps, and at least one; one in steps is itself."""
    steps = Measure(epochs=epochs).in_steps(per_epoch)
    assert steps is not None
    assert steps == 1 or abs(steps - epochs * per_epoch) <= 0.5 + 1e-9
    assert steps >= 1
    assert Measure(steps=7).in_steps(per_epoch) == 7
