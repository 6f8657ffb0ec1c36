"""Training costs of some of the examples: which these are, and that nothing but what is measured depends on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems.networks import make_examples, make_network

import optilab
from optilab import InputError
from optilab.datasets.examples import Examples
from optilab.problems.split import Validation, split_of

N = 40
INPUTS = np.random.default_rng(3).normal(size=(N, 5))
LABELS = np.random.default_rng(4).integers(0, 3, N)
_ACCEPTED = r"measured_examples( = .*)?: accepted is a number of examples from 1, or a share between 0 and 1"
MEASURED = ["train_cost", "train_accuracy", "gradient_norm"]


def examples() -> Examples:
    """Examples of three classes, and a test part of eight."""
    return replace(make_examples(INPUTS, LABELS, classes=3), x_test=INPUTS[:8] + 0.25, y_test=LABELS[:8])


def trained(measured: float | None, **settings: Any) -> Any:
    """A short run, with a validation part."""
    problem = make_network(examples(), hidden=[4], validation=10, measured_examples=measured)
    return optilab.train(problem, "sgd", lr=0.3, epochs=3, batch_size=7, seed=7, **settings)


@pytest.mark.parametrize("measured", [1, 12, 0.5])
def test_nothing_but_what_is_measured_depends_on_it(measured: float) -> None:
    """Weights, validation and test costs, norms of weights and updates are, to the bit, those of a run that measures all examples."""
    some, every = trained(measured), trained(None)
    assert some.w.tolist() == every.w.tolist()
    same = [name for name in every.history if name not in (*MEASURED, "run_id", "seconds", "cpu_seconds")]
    assert {"valid_cost", "test_accuracy", "update_norm", "weight_norm"} <= set(same)
    for name in same:
        np.testing.assert_array_equal(some.history[name], every.history[name], err_msg=name)
    assert some.history["train_cost"].iloc[-1] != every.history["train_cost"].iloc[-1]


def test_cost_accuracy_and_gradient_are_of_the_measured_examples() -> None:
    """They are what the problem says of these rows."""
    problem = make_network(examples(), hidden=[4], validation=10, measured_examples=12)
    run = optilab.train(problem, "sgd", lr=0.3, epochs=3, batch_size=7, seed=7)
    rows, last = problem.measured_rows, run.history.iloc[-1]
    assert rows.size == 12
    assert last["train_cost"] == problem.cost(run.w, rows)
    assert last["train_accuracy"] == (problem.predict(run.w, INPUTS[rows]) == LABELS[rows]).mean()
    np.testing.assert_allclose(last["gradient_norm"], np.linalg.norm(problem.gradient(run.w, rows)), rtol=1e-12)


@given(n=st.integers(2, 200), validation=st.sampled_from([None, 1, {"last": 1}]), data=st.data())
def test_measured_examples_are_some_that_are_trained_on(n: int, validation: Validation, data: st.DataObject) -> None:
    """As many as were asked for, ascending, none twice, none for validation, and the same each time; all of them where none were."""
    train = split_of(validation, n).train
    count = data.draw(st.integers(1, train.size))
    measured = split_of(validation, n, count).measured
    assert measured.size == count
    assert (np.diff(measured) > 0).all()
    assert set(measured) <= set(train)
    assert split_of(validation, n, count).measured.tolist() == measured.tolist()
    assert split_of(validation, n).measured.tolist() == train.tolist()


def test_measured_examples_stay_what_they_were() -> None:
    """Results that are stored were measured on these; they are drawn apart from those for validation."""
    assert split_of(None, 20, 5).measured.tolist() == [0, 1, 6, 13, 14]
    assert split_of(5, 20).valid.tolist() != [0, 1, 6, 13, 14]


def test_measured_examples_are_spread_out() -> None:
    """5,000 of 60,000 lie all over them, as the examples of a file may be in order."""
    counts = np.histogram(split_of(None, 60_000, 5000).measured, 10, (0, 60_000))[0]
    assert (np.abs(counts - 500) < 5 * np.sqrt(500 * 0.9)).all()


@pytest.mark.parametrize(
    ("measured", "message"),
    [
        (31, r"measured_examples = 31: that is 31 of the 30 examples to train on; there are no more"),
        (0.01, r"measured_examples = 0.01: that is 0 of the 30 examples to train on; at least one must be measured"),
        *((wrong, _ACCEPTED) for wrong in (0, -3, 1.0, 12.0, float("nan"), True, "10", [10, 20], {"last": 10})),
    ],
)
def test_examples_that_can_not_be_measured(measured: Any, message: str) -> None:
    """A message says what was given and what is accepted."""
    arrays = {"x_train": INPUTS, "y_train": LABELS.astype(str), "test_fraction": 0.0}
    with pytest.raises(InputError, match=message):
        optilab.get_problem("network", dataset=arrays, validation=10, measured_examples=measured)


def test_a_problem_that_measures_all_is_called_as_before() -> None:
    """Its parameters, and so the identity of its runs, don't mention what is measured; those of one that measures some do."""
    assert "measured_examples" not in make_network(examples()).parameters
    some = make_network(examples(), measured_examples=12)
    assert some.parameters["measured_examples"] == 12
    assert some.identity != make_network(examples()).identity
    assert some.notes == [
        "Training costs, accuracies and gradients are of 12 of the 40 examples that are trained on, the same in all runs."
    ]
