"""The compiled update: what rules are given, words, noise, waiting; and rules that don't compile."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from optimizers.rules import G, W, anchored, flat, shaken, shaken_at_once, summed, waits, worded

import optilab
from optilab import (
    InputError,
    elementwise,
    norm,
    vectorwise,
)
from optilab.optimizers.optimizer import Optimizer
from optilab.problems.problem import Problem


@elementwise(lr=1.0)
def halve_the_step_number(w, t, lr):
    """The first step gives a half only if its t is 1, and a float."""
    w = lr * (t / 2)
    return w


def test_t_counts_from_one_as_a_float() -> None:
    """The first step is step 1.0."""
    stepper = halve_the_step_number.start([0.0])
    assert [float(stepper.step([0.0])[0]) for _ in range(3)] == [0.5, 1.0, 1.5]
    assert stepper.t == 3
    assert optilab.train("parabola", halve_the_step_number, steps=3).w[0] == 1.5


@vectorwise(lr=0.1)
def extrapolated(w, g, there, slope, lr, cost, value_and_grad, seen):
    """Steps down the gradient of the same batch at a point ahead; keeps the cost here and there."""
    for i in range(w.size):
        there[i] = w[i] - lr * g[i]
    seen[0] = cost
    seen[1] = value_and_grad(there, slope)
    for i in range(w.size):
        w[i] -= lr * slope[i]


def batches(seed: int, epochs: int, size: int) -> list[NDArray[np.int64]]:
    """Rows of each batch of a run on thirty examples."""
    streams = [np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, epoch))) for epoch in range(epochs)]
    orders = [stream.permutation(30) for stream in streams]
    return [order[first : first + size] for order in orders for first in range(0, 30, size)]


def test_value_and_grad_is_of_the_same_batch_and_counted(network: Problem) -> None:
    """A rule can have the gradient of its batch elsewhere; the history counts it and its examples."""
    run = optilab.train(network, extrapolated, batch_size=8, epochs=2, lr=0.3, seed=5)
    w = network.initial(5)
    for rows in batches(5, 2, 8):
        w = w - 0.3 * network.gradient(w - 0.3 * network.gradient(w, rows), rows)
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-14)
    assert run.history["gradient_evaluations"].tolist() == [0, 8, 16]
    assert run.history["examples"].tolist() == [0, 60, 120]


def test_full_value_and_grad_is_of_all_examples_and_counted(network: Problem) -> None:
    """A rule can have the gradient of the whole training set; the history counts it and its examples."""
    run = optilab.train(network, anchored, batch_size=8, epochs=2, lr=0.3, seed=6)
    w = network.initial(6)
    for rows in batches(6, 2, 8):
        w = w - 0.3 * (network.gradient(w, rows) + network.gradient(w)) / 2
    np.testing.assert_allclose(run.w, w, rtol=1e-10, atol=1e-14)
    assert run.history["gradient_evaluations"].tolist() == [0, 8, 16]
    assert run.history["examples"].tolist() == [0, 30 + 4 * 30, 2 * (30 + 4 * 30)]


def test_cost_and_value_and_grad_return_the_cost(network: Problem) -> None:
    """`cost` is that of the batch at w; value_and_grad returns that at the point it is asked for."""
    w = network.initial(1)
    stepper = extrapolated.start(w, problem=network, lr=0.2)
    stepper.step()
    here, there = network.cost(w), network.cost(w - 0.2 * network.gradient(w))
    np.testing.assert_allclose(stepper.state["seen"][:2], [here, there], rtol=1e-13)
    stepper = anchored.start(w, problem=network)
    stepper.step()
    assert stepper.state["seen"][0] == pytest.approx(here, rel=1e-13)
    assert stepper.gradient_evaluations == 2


@elementwise(lr=0.1)
def misspelt(w, g, lr):
    """A rule with a name in it that is not defined."""
    w -= lr * undefined_name * g  # type: ignore[name-defined]  # noqa: F821
    return w


@vectorwise(lr=0.1)
def wrong_call(w, g, lr, value_and_grad):
    """A rule that calls a function with an argument too many."""
    value_and_grad(w, g, lr)


def test_rule_that_does_not_compile() -> None:
    """The error names the rule, its file, and the line that doesn't compile or the one where the rule begins."""
    for rule, marker in ((misspelt, "def misspelt"), (wrong_call, "value_and_grad(w, g, lr)")):
        lines, first = inspect.getsourcelines(rule.rules[0].function)
        line = first + next(n for n, text in enumerate(lines) if marker in text)
        places = rf"{line}|{first}" if marker.startswith("def") else f"{line}"
        with pytest.raises(
            InputError, match=rf"optimizer '{rule.name}' doesn't compile.*test_update\.py\"?, line ({places})\b"
        ):
            optilab.train("parabola", rule, steps=1)
    with pytest.raises(InputError, match=r"value_and_grad takes two arguments: value_and_grad\(w, g\)"):
        optilab.train("parabola", wrong_call, steps=1)


@vectorwise(lr=0.1)
def double_gradient(w, g, lr, value_and_grad):
    """A rule whose own vector has the precision of NumPy's zeros, not of the weights."""
    there = np.zeros(w.size)
    value_and_grad(w, there)
    w -= lr * there


def test_vectors_of_another_precision() -> None:
    """A vector in float64 is refused by value_and_grad in a float32 run, with what to write instead."""
    double_gradient.start([1.0], problem=optilab.get_problem("parabola")).step()
    with pytest.raises(InputError, match=r"takes vectors of float32, as np.zeros_like\(w\) makes; found"):
        double_gradient.start([1.0], problem=optilab.get_problem("parabola", "float32"))


def test_the_rule_of_a_chain_that_does_not_compile() -> None:
    """In a chain the error names the rule at fault, not the first."""
    with pytest.raises(InputError, match="optimizer 'misspelt' doesn't compile"):
        (optilab.get_optimizer("l2") | misspelt).start([1.0])
    with pytest.raises(InputError, match="optimizer 'misspelt' doesn't compile"):
        (without_fault | misspelt).start([1.0], lr=0.1)


@elementwise()
def without_fault(w, g):
    """A rule of the same file that compiles."""
    w += 0 * g
    return w


def test_rule_calls_plain_helpers_of_its_own_file() -> None:
    """A plain Python function that a rule calls is compiled with it."""
    stepper = with_helper.start([3.0, 4.0])
    assert stepper.step([1.0, 1.0]).tolist() == [3.0 - 10.0, 4.0 - 10.0]


def doubled(x):
    """A helper that calls another."""
    return 2 * norm(x)


@vectorwise(lr=1.0)
def with_helper(w, g, lr):
    """Step by twice the length of the weights."""
    length = doubled(w)
    for i in range(w.size):
        w[i] -= lr * length * g[i]


@pytest.mark.parametrize("form", ["plain", "signed", "squared"])
@pytest.mark.parametrize("other", ["bare", "signed"])
@pytest.mark.parametrize("power", [1, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_words_whole_numbers_and_switches(form: str, other: str, power: int, flip: bool) -> None:
    """A rule compares words, counts in whole numbers and branches on switches as it would in Python."""
    g = flat(G)
    step = {"plain": g, "signed": np.sign(g), "squared": g * g}[form] * 0.5 ** (power - 1) + 100 * (other == "signed")
    stepper = worded.start(W, form=form, other=other, power=power, flip=flip)
    np.testing.assert_allclose(stepper.step(g), flat(W) - 0.5 * (-step if flip else step), rtol=1e-13)


def test_noise_is_new_in_each_step_and_its_own_for_each_rule_and_seed() -> None:
    """Steps, seeds and the rules of a chain draw different numbers; the same seed draws the same again."""

    def steps(optimizer: Optimizer, seed: int) -> np.ndarray:
        stepper = optimizer.start(np.zeros(50), seed=seed)
        return np.diff([np.zeros(50), *(stepper.step(np.zeros(50)).copy() for _ in range(3))], axis=0)

    first = steps(shaken, 1)
    np.testing.assert_array_equal(first, steps(shaken, 1))
    np.testing.assert_allclose(first, steps(shaken_at_once, 1), rtol=1e-14)
    assert len(np.unique(first.round(12))) == first.size
    assert not np.isclose(first, steps(shaken, 2)).any()
    both = steps(shaken | shaken, 1)
    assert not np.isclose(both, 2 * first).any()


def test_noise_of_a_run_follows_its_seed() -> None:
    """Two runs of a seed draw the same noise, however often they are measured; another seed draws other noise."""

    def end(**options: Any) -> list[float]:
        return list(optilab.train("bowl", shaken, lr=0.1, steps=20, **options).w)

    assert end(seed=1) == end(seed=1, measure_steps=3)
    assert end(seed=1) != end(seed=2)


@elementwise(lr=1.0)
def writes_t(w, t, lr):
    """The step, as it sees it."""
    w = lr * t
    return w


def test_rules_after_one_that_waits_count_their_own_steps() -> None:
    """They stand still until it lets them step, and t counts the steps that they take."""
    stepper = (waits | writes_t).start([0.0])
    assert [float(stepper.step([1.0])[0]) for _ in range(7)] == [0, 0, 1, 1, 1, 2, 2]
    before = (writes_t | waits).start([0.0])
    assert [float(before.step([1.0])[0]) for _ in range(4)] == [1, 2, 3, 4]


@example_settings(max_examples=20)
@given(every=st.integers(1, 5), seed=st.integers(0, 100))
def test_waiting_for_a_mean_gradient(every: int, seed: int) -> None:
    """Accumulated gradients make the same steps as their means do."""
    gradients = np.random.default_rng(seed).normal(size=(3 * every, 4))
    one, other = (waits | summed).start(np.ones(4), every=every), summed.start(np.ones(4))
    for k, g in enumerate(gradients):
        one.step(g)
        if (k + 1) % every == 0:
            other.step(gradients[k + 1 - every : k + 1].mean(axis=0))
        np.testing.assert_allclose(one.w, other.w, rtol=1e-12)


@elementwise(lr=0.5, ranges={"form": "{plain, signed, squared}"})
def one_of(w, g, lr, form="plain"):
    """Compares its word with a set of words."""
    w -= lr * (g if form in {"plain", "squared"} else 2 * g)
    return w


def test_words_in_a_set() -> None:
    """A word can be looked for in a set of them."""
    for form, factor in (("plain", 0.5), ("squared", 0.5), ("signed", 1.0)):
        np.testing.assert_allclose(one_of.start(W, form=form).step(G), flat(W) - factor * flat(G), rtol=1e-14)
