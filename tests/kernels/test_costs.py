"""Costs, their derivatives and the count of correct answers against NumPy and SciPy, in both precisions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, huber, log_expit, log_softmax, softmax

from optilab.kernels.costs import CODES, cost_and_delta, count_correct

Array = NDArray[np.floating]

DELTA = 0.7  # of Huber

# Name: the summed cost, and its derivative against a.
REFERENCES: dict[str, tuple[Callable[[Array, Array], float], Callable[[Array, Array], Array]]] = {
    "quadratic": (lambda a, y: np.sum((a - y) ** 2), lambda a, y: 2 * (a - y)),
    "cross_entropy": (
        lambda a, y: -np.sum(y * log_softmax(a, axis=1)),
        lambda a, y: softmax(a, axis=1) * y.sum(axis=1, keepdims=True) - y,
    ),
    "binary_cross_entropy": (
        lambda a, y: -np.sum(y * log_expit(a) + (1 - y) * log_expit(-a)),
        lambda a, y: expit(a) - y,
    ),
    "huber": (lambda a, y: np.sum(huber(DELTA, a - y)), lambda a, y: np.clip(a - y, -DELTA, DELTA)),
}
PRECISIONS = ["float32", "float64"]
SOFT = st.sampled_from(["classes", "numbers"])


def compute(kind: str, a: Array, y: Array, weight: float = 1.0) -> tuple[float, Array]:
    """The compiled cost and derivative."""
    real = a.dtype.type
    delta = np.full_like(a, 99)
    return cost_and_delta(CODES[kind], a, y, real(DELTA), real(weight), delta), delta


def make_block(examples: int, outputs: int, targets: str, seed: int, precision: str) -> tuple[Array, Array]:
    """Activations of some size, and targets: one class an example, or shares of each."""
    random = np.random.default_rng(seed)
    a = random.normal(scale=4, size=(examples, outputs))
    y = random.random((examples, outputs))
    if targets == "classes":
        y = np.eye(outputs)[random.integers(0, outputs, examples)]
    return a.astype(precision), y.astype(precision)


def test_every_cost_has_a_reference() -> None:
    """No cost is left out of these tests."""
    assert set(REFERENCES) == set(CODES)
    assert sorted(CODES.values()) == list(range(len(CODES)))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
@example_settings(max_examples=40)
@given(
    examples=st.integers(1, 20),
    outputs=st.integers(1, 40),
    targets=SOFT,
    seed=st.integers(0, 10_000),
    weight=st.floats(0.001, 10),
)
def test_cost_is_its_formula(
    kind: str, precision: str, examples: int, outputs: int, targets: str, seed: int, weight: float
) -> None:
    """The summed cost and its weighted derivative agree with SciPy, for classes and for shares of each."""
    a, y = make_block(examples, outputs, targets, seed, precision)
    total, delta = compute(kind, a, y, weight)
    double = a.astype(np.float64), y.astype(np.float64)
    cost, derivative = REFERENCES[kind]
    single = precision == "float32"
    assert total == pytest.approx(cost(*double), rel=2e-6 if single else 1e-13, abs=1e-5 if single else 1e-13)
    tolerance: dict[str, Any] = (
        {"rtol": 1e-5, "atol": 1e-6 * weight} if single else {"rtol": 1e-12, "atol": 1e-14 * weight}
    )
    np.testing.assert_allclose(delta, weight * derivative(*double), **tolerance)


@pytest.mark.parametrize("kind", CODES)
@example_settings(max_examples=40)
@given(outputs=st.integers(1, 6), targets=SOFT, seed=st.integers(0, 10_000))
def test_derivative_is_the_slope_of_the_cost(kind: str, outputs: int, targets: str, seed: int) -> None:
    """The derivative against each activation is the finite difference of the cost."""
    a, y = make_block(3, outputs, targets, seed, "float64")
    a[np.abs(np.abs(a - y) - DELTA) < 1e-3] += 0.01  # away from the corner of Huber
    _, delta = compute(kind, a, y)
    step = 1e-5
    for place in np.ndindex(a.shape):
        move = np.zeros_like(a)
        move[place] = step
        slope = (compute(kind, a + move, y)[0] - compute(kind, a - move, y)[0]) / (2 * step)
        assert delta[place] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_quadratic_cost_by_hand() -> None:
    """Errors of 1, -2 and 3 cost 1 + 4 + 9: there is no half in the quadratic cost, and a 2 in its derivative."""
    total, delta = compute("quadratic", np.array([[1.0, -2.0, 3.0]]), np.zeros((1, 3)))
    assert total == 14
    np.testing.assert_array_equal(delta, [[2, -4, 6]])


def test_huber_cost_by_hand() -> None:
    """With a corner at 0.7, an error of 0.5 costs 0.5^2 / 2 and one of -2 costs 0.7 * (2 - 0.35)."""
    total, delta = compute("huber", np.array([[0.5, -2.0]]), np.zeros((1, 2)))
    assert total == pytest.approx(0.125 + 1.155, rel=1e-14)
    np.testing.assert_allclose(delta, [[0.5, -0.7]], rtol=1e-15)


def test_cross_entropies_by_hand() -> None:
    """Undecided between four classes costs log 4; undecided on each of four outputs costs 4 log 2."""
    y = np.array([[0.0, 1.0, 0.0, 0.0]])
    total, delta = compute("cross_entropy", np.full((1, 4), 3.0), y)
    assert total == pytest.approx(np.log(4), rel=1e-14)
    np.testing.assert_allclose(delta, [[0.25, -0.75, 0.25, 0.25]], rtol=1e-14)
    total, delta = compute("binary_cross_entropy", np.zeros((1, 4)), y)
    assert total == pytest.approx(4 * np.log(2), rel=1e-14)
    np.testing.assert_allclose(delta, [[0.5, -0.5, 0.5, 0.5]], rtol=1e-14)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_cross_entropies_of_huge_logits(size: float, precision: str) -> None:
    """Logits of +-10,000, and of +-1e30, have finite costs and derivatives under both cross-entropies."""
    a = np.array([[size, -size, 0], [-size, size, 0]], precision)
    y = np.array([[1, 0, 0], [1, 0, 0]], precision)
    total, delta = compute("cross_entropy", a, y)
    assert total == pytest.approx(2 * size, rel=1e-6)
    np.testing.assert_allclose(delta, [[0, 0, 0], [-1, 1, 0]], atol=1e-30)
    total, delta = compute("binary_cross_entropy", a, y)
    assert total == pytest.approx(2 * size + 2 * np.log(2), rel=1e-6)
    np.testing.assert_allclose(delta, [[0, 0, 0.5], [-1, 1, 0.5]], atol=1e-30)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_cross_entropy_ignores_what_is_added_to_all_logits(precision: str) -> None:
    """Softmax knows only differences: the same number added to all logits changes neither cost nor derivative."""
    a, y = make_block(8, 5, "classes", 1, precision)
    a = np.round(a)
    total, delta = compute("cross_entropy", a, y)
    moved, moved_delta = compute("cross_entropy", a + a.dtype.type(1024), y)
    assert moved == pytest.approx(total, rel=1e-4 if precision == "float32" else 1e-12)
    np.testing.assert_allclose(moved_delta, delta, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("place", [(0, 0), (0, 3), (2, 1)])
def test_cost_of_nan_is_nan(kind: str, precision: str, place: tuple[int, int]) -> None:
    """A NaN anywhere among the activations makes the cost NaN."""
    a, y = make_block(3, 4, "classes", 2, precision)
    a[place] = np.nan
    assert np.isnan(compute(kind, a, y)[0])


@example_settings(max_examples=60)
@given(examples=st.integers(1, 30), outputs=st.integers(2, 12), seed=st.integers(0, 10_000))
def test_count_correct_is_that_of_argmax(examples: int, outputs: int, seed: int) -> None:
    """An example is correct where its largest output stands where the target's does, the first of equals."""
    a, y = make_block(examples, outputs, "classes", seed, "float64")
    a = np.round(a / 3)  # many ties
    expected = (a.argmax(axis=1) == y.argmax(axis=1)).sum()
    for code in CODES.values():
        assert count_correct(code, a, y) == expected


@pytest.mark.parametrize(
    ("kind", "yes_above"), [("quadratic", 0.5), ("huber", 0.5), ("cross_entropy", 0.5), ("binary_cross_entropy", 0)]
)
def test_count_correct_on_one_output(kind: str, yes_above: float) -> None:
    """One output says yes above 0.5 where it is an activation, above 0 where it is a logit; a target says yes above 0.5."""
    outputs = [(False, yes_above - 0.1), (False, yes_above), (True, np.nextafter(yes_above, 9)), (True, 3.0)]
    targets = [(False, 0.0), (False, 0.5), (True, np.nextafter(0.5, 9)), (True, 1.0)]
    for (says_yes, a), (is_yes, y) in itertools.product(outputs, targets):
        counted = count_correct(CODES[kind], np.array([[a]]), np.array([[y]]))
        assert counted == (says_yes == is_yes)
