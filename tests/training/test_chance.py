"""Where the randomness of a run comes from, and what doesn't change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.runs import TRAINING, same

import optilab
from optilab import randomness
from optilab.problems.problem import Problem
from optilab.training.chance import is_random
from optilab.training.plan import Plan
from optilab.training.stopping import Budget
from optilab.training.training import Training

RULES = ["sgd", "momentum", "adam", "rmsprop", "lars", "polyak", "sam | sgd", "clip_by_global_norm | adam"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RULES)
def test_same_seed_gives_the_same_run(split_file: dict[str, Any], name: str, dtype: Any) -> None:
    """In both precisions a run repeated with its seed, on a problem built anew, is the same bit for bit."""
    runs = []
    for seed in (3, 3, 4):
        problem = optilab.get_problem("network", dataset=split_file, hidden=[5], cost="cross_entropy", precision=dtype)
        runs.append(optilab.train(problem, name, batch_size=8, epochs=2, seed=seed))
    assert runs[0].w.dtype == dtype
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])
    assert runs[0].status == "budget"
    assert runs[0].history["train_cost"].nunique() == 3


@pytest.mark.parametrize("name", RULES)
def test_float32_follows_float64(split_file: dict[str, Any], name: str) -> None:
    """From the same start in the same order, a run in float32 stays near the one in float64 for an epoch."""
    runs = [
        optilab.train(
            optilab.get_problem("network", dataset=split_file, hidden=[5], activation="tanh", precision=dtype),
            name,
            lr=0.01,
            epochs=1,
            batch_size=10,
        )
        for dtype in ("float32", "float64")
    ]
    np.testing.assert_allclose(runs[0].history["train_cost"], runs[1].history["train_cost"], rtol=1e-4)
    np.testing.assert_allclose(runs[0].w, runs[1].w, rtol=1e-3, atol=1e-4)


def test_measuring_does_not_change_a_run(network: Problem) -> None:
    """The weights at the end are the same bit for bit however often they are measured on the way."""
    for name in ("adam", "sam | momentum"):
        kwargs: dict[str, Any] = {"batch_size": 8, "steps": 30, "seed": 1, "schedule": "cosine", "lr": 0.01}
        ends = [optilab.train(network, name, measure_steps=every, **kwargs).w for every in (1, 7, 30, 100)]
        for end in ends[1:]:
            np.testing.assert_array_equal(end, ends[0])


def test_every_optimizer_of_a_seed_starts_at_the_same_weights(network: Problem) -> None:
    """Whatever the optimizer, its batches and its schedule, the first measurement of a seed is the same."""
    given: list[tuple[str, Any, Any]] = [
        ("sgd", 1, None),
        ("adam", 7, "cosine"),
        ("lars", "full", None),
        ("sam | sgd", 50, None),
    ]
    firsts = [
        optilab.train(network, name, batch_size=size, epochs=1, seed=9, schedule=schedule).history.iloc[0]
        for name, size, schedule in given
    ]
    for column in ("train_cost", "test_cost", "gradient_norm", "weight_norm", "train_accuracy"):
        assert len({row[column] for row in firsts}) == 1, column


def test_order_of_the_examples_is_that_of_the_seed(network: Problem) -> None:
    """Each epoch's batches are slices of a permutation that depends on the seed and the epoch, and on nothing else."""
    for seed in (0, 7):
        w = network.initial(seed)
        expected, t = w.copy(), 0
        for epoch in range(2):
            order = randomness.data_order(seed, epoch).permutation(TRAINING)
            for first in range(0, TRAINING, 8):
                t += 1
                expected = expected - 0.05 * network.gradient(expected, order[first : first + 8])
        run = optilab.train(network, "sgd", lr=0.05, batch_size=8, epochs=2, seed=seed)
        assert run.steps == t
        np.testing.assert_allclose(run.w, expected, rtol=1e-10, atol=1e-14)


def test_streams_of_a_seed_are_apart() -> None:
    """First weights and the order of each epoch draw from streams of their own, the same each time."""
    draws = [tuple(stream.random(4)) for stream in (randomness.first_weights(1), randomness.first_weights(2))]
    draws += [tuple(randomness.data_order(seed, epoch).random(4)) for seed in (1, 2) for epoch in (0, 1, 2)]
    assert len(set(draws)) == len(draws)
    assert tuple(randomness.first_weights(1).random(4)) == draws[0]
    assert tuple(randomness.data_order(2, 2).random(4)) == draws[-1]


def test_order_does_not_depend_on_what_is_drawn_for_weights(split_file: dict[str, Any]) -> None:
    """Two networks of other widths see the same batches: a linear one's path is not moved by another's weights."""
    one, other = (
        optilab.get_problem("network", dataset=split_file, hidden=[], first_weights=rule, precision="float64")
        for rule in ("glorot", "orthogonal")
    )
    for problem in (one, other):
        order = randomness.data_order(5, 0).permutation(TRAINING)
        w = problem.initial(5)
        for first in range(0, TRAINING, 20):
            w = w - 0.1 * problem.gradient(w, order[first : first + 20])
        np.testing.assert_allclose(optilab.train(problem, "sgd", batch_size=20, epochs=1, seed=5).w, w, rtol=1e-10)


def test_an_order_is_shared_by_seeds_or_their_own(network: Problem) -> None:
    """All examples once an epoch, each epoch anew; shared, it is the same for all seeds, and is none of their own."""

    def order(seed: int, data_order: Any) -> list[list[int]]:
        rule = optilab.get_optimizer("sgd")
        plan = Plan(network, rule, rule.fill({"lr": 0.1}), (), 8, Budget(epochs=2), None, data_order=data_order)
        found: list[list[int]] = Training(plan, seed).order(0, 2).tolist()
        return found

    shared = order(0, "shared")
    assert shared == order(1, "shared")
    assert [sorted(epoch) for epoch in shared] == [list(range(TRAINING))] * 2
    assert shared[0] != shared[1]
    owns = [order(seed, "own") for seed in (0, 1)]
    assert owns[0] != owns[1]
    assert shared not in owns


@given(marks=st.lists(st.integers(1, 40), min_size=1, max_size=6), batch_size=st.sampled_from([7, 20, TRAINING]))
def test_the_order_of_an_epoch_is_drawn_once(network: Problem, marks: list[int], batch_size: int) -> None:
    """However a run is divided by measurements: as many epochs are drawn as it begins, each the permutation of its stream."""
    rule = optilab.get_optimizer("sgd")
    training = Training(Plan(network, rule, rule.fill({"lr": 0.1}), (), batch_size, Budget(steps=240), None), 3)
    drawn: list[int] = []
    usual = training._stream

    def noted(epoch: int) -> np.random.Generator:
        drawn.append(epoch)
        return usual(epoch)

    training._stream = noted  # type: ignore[method-assign]
    steps = 0
    for mark in np.cumsum(marks).tolist():
        training.run.steps = steps
        while training.run.steps < mark:
            skip, order, taken = training.next_steps(mark)
            first = training.run.steps // training.per_epoch
            if training.per_epoch > 1:
                expected = [randomness.data_order(3, first + k).permutation(TRAINING) for k in range(len(order))]
                np.testing.assert_array_equal(order, expected)
            assert skip + taken <= len(order) * training.per_epoch or training.per_epoch == 1
            training.run.steps += taken
        steps = mark
    begun = -(-steps // training.per_epoch)
    assert drawn == (list(range(begun)) if training.per_epoch > 1 else [])


def test_nothing_is_random_in_shared_batches_from_one_start(network: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where first weights are given by no seed, and no rule draws noise; first weights that are drawn are still random."""
    rule = optilab.get_optimizer("sgd")

    def random(problem: Problem, batch_size: Any, data_order: Any) -> bool:
        return is_random(
            Plan(problem, rule, rule.fill({"lr": 0.1}), (), batch_size, Budget(steps=2), None, data_order=data_order)
        )

    assert random(network, 8, "shared")
    monkeypatch.setattr(type(network), "random_start", False)
    assert random(network, 2, "own")
    assert not random(network, 2, "shared")
    assert not random(network, "full", "own")
