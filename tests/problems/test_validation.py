"""The validation part of a network: which examples it takes, and that nothing is trained on them."""

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
from optilab.datasets.examples import Examples, Sparse
from optilab.problems.network import Network
from optilab.problems.split import Validation, split_of

N = 40
INPUTS = np.random.default_rng(3).normal(size=(N, 5))
LABELS = np.random.default_rng(4).integers(0, 3, N)


def shapes() -> Examples:
    """Examples of three classes, and a test part of eight."""
    examples = make_examples(INPUTS, LABELS, classes=3)
    return replace(examples, x_test=INPUTS[:8] + 0.25, y_test=LABELS[:8])


def restricted(split: Any) -> Examples:
    """The same with only the examples to train on; those to validate on are the test part."""
    return make_tested(INPUTS[split.train], LABELS[split.train], INPUTS[split.valid], LABELS[split.valid])


def make_tested(x: Any, y: Any, x_test: Any, y_test: Any) -> Examples:
    """Examples with a test part."""
    return replace(make_examples(x, y, classes=3), x_test=x_test, y_test=y_test)


def trained(problem: Network, **settings: Any) -> Any:
    """A short run on a network."""
    return optilab.train(problem, "sgd", lr=0.3, epochs=3, seed=7, **settings)


@pytest.mark.parametrize("validation", [10, 0.25, {"last": 10}, {"last": 0.25}, 30, 1])
@pytest.mark.parametrize("batch_size", [4, 7, "full"])
def test_training_with_a_validation_part_is_training_on_the_others(validation: Validation, batch_size: Any) -> None:
    """Weights and costs are, to the bit, those of a network that has never seen the validation examples."""
    whole = make_network(shapes(), validation=validation, hidden=[4])
    alone = make_network(restricted(split_of(validation, N)), hidden=[4])
    found, expected = (trained(problem, batch_size=batch_size) for problem in (whole, alone))
    assert found.w.tolist() == expected.w.tolist()
    for measure in ("step", "epoch", "examples", "train_cost", "train_accuracy", "gradient_norm"):
        assert found.history[measure].tolist() == expected.history[measure].tolist()


@pytest.mark.parametrize("validation", [10, {"last": 10}])
def test_validation_examples_are_measured_as_test_examples_are(validation: Validation) -> None:
    """Cost and accuracy on the validation part are those of a test part with the same examples."""
    whole = make_network(shapes(), validation=validation, hidden=[4])
    alone = make_network(restricted(split_of(validation, N)), hidden=[4])
    found, expected = trained(whole).history, trained(alone).history
    assert found["valid_cost"].tolist() == expected["test_cost"].tolist()
    assert found["valid_accuracy"].tolist() == expected["test_accuracy"].tolist()
    assert expected["valid_cost"].isna().all()
    assert found["test_cost"].notna().all()


def test_sparse_pixels_are_validated_on_too() -> None:
    """Networks on mostly black images give the same with and without the sparse copy."""
    pixels = np.random.default_rng(5).integers(0, 256, (N, 6)).astype(np.uint8) * (INPUTS[:, :1] > 0)
    pixels = pixels.astype(np.uint8)
    dense = make_examples(pixels, LABELS, classes=3)
    histories = [
        trained(make_network(examples, validation=10, hidden=[4])).history
        for examples in (dense, replace(dense, sparse_train=Sparse.of(pixels)))
    ]
    np.testing.assert_allclose(histories[0]["valid_cost"], histories[1]["valid_cost"], rtol=1e-12)


@given(n=st.integers(2, 300), share=st.floats(0.01, 0.99))
def test_a_split_takes_each_example_once(n: int, share: float) -> None:
    """Both parts are ascending, share no example, miss none, and are the same each time; the last ones are the last."""
    count = round(share * n)
    for size in (count, share):
        if not 0 < count < n:
            continue
        drawn, last = split_of(size, n), split_of({"last": size}, n)
        for split in (drawn, last):
            assert split.valid.size == count
            assert sorted([*split.train, *split.valid]) == list(range(n))
            assert (np.diff(split.train) > 0).all()
            assert (np.diff(split.valid) > 0).all()
        assert last.valid.tolist() == list(range(n - count, n))
        assert split_of(size, n).valid.tolist() == drawn.valid.tolist()


def test_a_random_part_is_spread_out() -> None:
    """A tenth of 60,000 examples lies all over them, as those of a file may be in order."""
    valid = split_of(6000, 60_000).valid
    counts = np.histogram(valid, 10, (0, 60_000))[0]
    assert (np.abs(counts - 600) < 5 * np.sqrt(600 * 0.9)).all()


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (40, r"validation = 40: that is 40 of the 40 training examples"),
        ({"last": 41}, r"validation = 41: that is 41 of the 40 training examples"),
        (0.001, r"that is 0 of the 40 training examples; at least one must be taken, and at least one left"),
        (0.999, r"that is 40 of the 40"),
        (0, r"validation = 0: accepted is a number of examples from 1, or a share between 0 and 1"),
        (-3, r"accepted is a number of examples from 1"),
        (1.0, r"accepted is a number of examples from 1, or a share"),
        (float("nan"), r"accepted is a number of examples from 1"),
        ({"first": 10}, r"\{ last = 10000 \} takes the last ones"),
        ({}, r"\{ last = 10000 \} takes the last ones"),
        (True, r"validation = True: accepted is a number"),
        ("10", r"validation = '10': accepted is a number of examples from 1, or a share between 0 and 1"),
    ],
)
def test_parts_that_can_not_be_taken(validation: Any, message: str) -> None:
    """A message says what was given and what is accepted."""
    arrays = {"x_train": INPUTS, "y_train": LABELS.astype(str), "test_fraction": 0.0}
    with pytest.raises(InputError, match=message):
        optilab.get_problem("network", dataset=arrays, validation=validation)


def test_a_problem_without_a_validation_part_is_called_as_before() -> None:
    """Its parameters, and so the identity of its runs, don't mention validation; those of one with a part do."""
    assert "validation" not in make_network(shapes()).parameters
    parted = make_network(shapes(), validation=10)
    assert parted.parameters["validation"] == 10
    assert parted.n_examples == 30
    assert parted.notes == ["10 of the 40 training examples are for validation, the same in all runs."]


def test_rows_are_those_of_the_whole_training_part() -> None:
    """The cost over the validation rows is the validation cost; rows beyond the training part are refused."""
    problem = make_network(shapes(), validation=10, hidden=[4])
    run = trained(problem)
    assert problem.cost(run.w, problem.valid_rows) == run.history["valid_cost"].iloc[-1]
    assert problem.cost(run.w) == run.history["train_cost"].iloc[-1]
    with pytest.raises(InputError, match="rows go from 40 to 40: there are 40 examples"):
        problem.cost(run.w, [40])
