"""Muon, Adafactor, SM3, Shampoo and SOAP: what they do to a matrix as a whole."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import optilab
from reference.cases.matrices import soap

Vector = NDArray[np.float64]

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 6)


def matrix(seed: int, rows: int, columns: int) -> Vector:
    """A matrix of random numbers."""
    return np.random.default_rng(seed).normal(size=(rows, columns))


def turn(seed: int, n: int) -> Vector:
    """A random orthogonal matrix."""
    return np.linalg.qr(matrix(seed + 77_777, n, n))[0]


def moved(name: str, *gradients: Vector, **given: Any) -> Vector:
    """What some steps from zero add up to, the other way round, in the shape of the gradients."""
    stepper = optilab.get_optimizer(name).start([np.zeros_like(gradients[0])], **given)
    for gradient in gradients:
        stepper.step([gradient])
    return -np.array(stepper.w).reshape(gradients[0].shape)


PLAIN_MUON: dict[str, Any] = {"lr": 1.0, "adjust_lr": "none"}


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_brings_singular_values_near_one(seed: int, rows: int, columns: int) -> None:
    """Five iterations take singular values in the ratio of up to 1:100 to between 0.5 and 1.5, and keep the vectors."""
    n = min(rows, columns)
    random = np.random.default_rng(seed)
    u, v = turn(seed, rows)[:, :n], turn(seed + 1, columns)[:, :n]
    direction = moved("muon", (u * 10 ** random.uniform(-1, 1, n)) @ v.T, **PLAIN_MUON)
    values = u.T @ direction @ v
    assert (np.abs(np.diag(values) - 1) < 0.5).all()
    np.testing.assert_allclose(direction, (u * np.diag(values)) @ v.T, atol=1e-9)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_with_converging_coefficients_is_the_polar_factor(seed: int, rows: int, columns: int) -> None:
    """With the coefficients of the quintic that has a fixed point at 1, many iterations give U V^T of the SVD."""
    n = min(rows, columns)
    u, v = turn(seed, rows)[:, :n], turn(seed + 1, columns)[:, :n]
    gradient = (u * np.random.default_rng(seed).uniform(0.1, 1, n)) @ v.T
    direction = moved("muon", gradient, **PLAIN_MUON, ns_steps=20, ns_a=15 / 8, ns_b=-10 / 8, ns_c=3 / 8)
    np.testing.assert_allclose(direction, u @ v.T, atol=1e-9)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_muon_turns_with_its_gradients(seed: int, rows: int, columns: int) -> None:
    """Orthogonal maps of inputs and of outputs turn the steps as they turn the gradients; transposing transposes them."""
    gradients = [matrix(seed + k, rows, columns) for k in range(3)]
    left, right = turn(seed, rows), turn(seed + 1, columns)
    expected = moved("muon", *gradients, **PLAIN_MUON)
    turned = moved("muon", *[left @ g @ right for g in gradients], **PLAIN_MUON)
    np.testing.assert_allclose(turned, left @ expected @ right, atol=1e-7)
    transposed = moved("muon", *[g.T.copy() for g in gradients], **PLAIN_MUON)
    np.testing.assert_allclose(transposed, expected.T, atol=1e-7)


@pytest.mark.parametrize(
    ("adjust_lr", "wide", "tall"), [("original", 2.0, 1.0), ("match_rms_adamw", 0.4, 0.4), ("none", 1.0, 1.0)]
)
def test_muon_scales_by_the_shape(adjust_lr: str, wide: float, tall: float) -> None:
    """One input and four outputs against four inputs and one output: sqrt(4), 0.2 * sqrt(4), or nothing."""
    gradient = np.array([[1.0, -2.0, 3.0, 4.0]])
    for g, expected in ((gradient, wide), (gradient.T.copy(), tall)):
        unit = moved("muon", g, **PLAIN_MUON)
        np.testing.assert_allclose(moved("muon", g, lr=1.0, adjust_lr=adjust_lr), expected * unit)


@given(seed=seeds, n=sizes)
def test_a_bias_under_muon_moves_along_its_gradient(seed: int, n: int) -> None:
    """As a matrix of one row: in the direction of the gradient, as far at any length of it."""
    gradient = matrix(seed, 1, n)[0]
    direction = moved("muon", gradient, **PLAIN_MUON)
    length = np.linalg.norm(direction)
    np.testing.assert_allclose(direction / length, gradient / np.linalg.norm(gradient), atol=1e-12)
    assert 0.5 < length < 1.5
    np.testing.assert_allclose(moved("muon", 1e3 * gradient, **PLAIN_MUON), direction, rtol=1e-9)


def test_muon_and_adam_go_together_at_their_defaults() -> None:
    """`muon on matrices | adam on rest` needs no values; biases move as under Adam, matrices as under Muon."""
    w, g = [matrix(1, 3, 2), matrix(2, 1, 2)[0]], [matrix(3, 3, 2), matrix(4, 1, 2)[0]]
    ends = {}
    for name in ("muon on matrices | adam on rest", "muon", "adam"):
        stepper = optilab.get_optimizer(name).start(w)
        for _ in range(3):
            stepper.step(g)
        ends[name] = np.array(stepper.w)
    expected = np.concatenate([ends["muon"][:6], ends["adam"][6:]])
    np.testing.assert_array_equal(ends["muon on matrices | adam on rest"], expected)


def test_muon_in_single_precision() -> None:
    """In float32 a network's steps are those of float64 to a thousandth of their length."""
    shapes = ((20, 8), (8,), (8, 5), (5,))
    random = np.random.default_rng(5)
    w = [random.normal(size=shape) for shape in shapes]
    gradients = [[random.normal(size=shape) for shape in shapes] for _ in range(5)]
    ends = []
    for dtype in ("float32", "float64"):
        stepper = optilab.get_optimizer("muon").start(w, precision=dtype, lr=1.0, weight_decay=0.0)
        for gradient in gradients:
            stepper.step(gradient)
        assert stepper.w.dtype == dtype
        ends.append(np.array(stepper.w, np.float64))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_the_first_step_of_shampoo_is_the_polar_factor(seed: int, rows: int, columns: int) -> None:
    """(g g^T)^(-1/4) g (g^T g)^(-1/4) = U V^T where g = U S V^T; eps keeps what is zero at zero."""
    n = min(rows, columns)
    u, v = turn(seed, rows)[:, :n], turn(seed + 1, columns)[:, :n]
    gradient = (u * np.random.default_rng(seed).uniform(1, 3, n)) @ v.T
    np.testing.assert_allclose(moved("shampoo", gradient, lr=1.0, eps=1e-9), u @ v.T, atol=1e-6)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_shampoo_turns_with_its_gradients(seed: int, rows: int, columns: int) -> None:
    """Orthogonal maps of inputs and of outputs turn the steps as they turn the gradients."""
    gradients = [matrix(seed + k, rows, columns) for k in range(3)]
    left, right = turn(seed, rows), turn(seed + 1, columns)
    given = {"lr": 1.0, "eps": 0.1, "momentum": 0.5, "interval": 2}
    turned = moved("shampoo", *[left @ g @ right for g in gradients], **given)
    np.testing.assert_allclose(turned, left @ moved("shampoo", *gradients, **given) @ right, atol=1e-9)


@given(seed=seeds, n=sizes)
def test_shampoo_on_a_bias_is_adagrad(seed: int, n: int) -> None:
    """Steps of g / sqrt(sum of g^2 + eps), summed over the steps."""
    gradients = [matrix(seed + k, 1, n)[0] for k in range(3)]
    squares = np.cumsum(np.square(gradients), axis=0)
    expected = (gradients / np.sqrt(squares + 1e-4)).sum(axis=0)
    np.testing.assert_allclose(moved("shampoo", *gradients, lr=1.0), expected, rtol=1e-9)


def test_shampoo_keeps_sums_of_products_and_roots_for_a_while() -> None:
    """Its left matrix is the sum of g g^T, the right one of g^T g; their roots change in the first `interval` steps, then after as many."""
    gradients = [matrix(k, 3, 2) for k in range(6)]
    stepper = optilab.get_optimizer("shampoo").start([np.zeros((3, 2))], interval=2)
    roots = []
    for gradient in gradients:
        stepper.step([gradient])
        roots.append(stepper.state["left_root"].copy())
    np.testing.assert_allclose(stepper.state["left"].reshape(3, 3), sum(g @ g.T for g in gradients))
    np.testing.assert_allclose(stepper.state["right"].reshape(2, 2), sum(g.T @ g for g in gradients))
    same = [np.array_equal(one, other) for one, other in pairwise(roots)]
    assert same == [False, False, True, False, True]


def test_shampoo_survives_the_rounding_of_eigenvalues_of_zero() -> None:
    """Large gradients of rank one in float32, whose other eigenvalues come out on either side of 0, far from eps."""
    stepper = optilab.get_optimizer("shampoo").start([np.zeros((6, 5), np.float32)], eps=1e-8)
    for k in range(5):
        gradient = 1e3 * np.outer(matrix(k, 1, 6), matrix(k + 9, 1, 5))
        stepper.step([gradient])
        assert np.isfinite(stepper.w).all()


@given(seed=seeds)
def test_the_diagonal_is_all_of_shampoo_where_products_are_diagonal(seed: int) -> None:
    """With one entry in each row and column, sides above max_size take the same steps as whole ones."""
    random = np.random.default_rng(seed)
    gradients = [np.diag(random.normal(size=3))[:, [2, 0, 1]] for _ in range(3)]
    whole = moved("shampoo", *gradients, max_size=3)
    np.testing.assert_allclose(moved("shampoo", *gradients, max_size=2), whole, rtol=1e-9)


def test_shampoo_is_grafted_by_a_chain() -> None:
    """`shampoo | take_direction | sgd | take_length` steps along Shampoo's direction, as far as gradient descent."""
    g = matrix(1, 3, 2)
    chain = "shampoo | take_direction | sgd | take_length"
    grafted, plain = moved(chain, g, lr=0.1), moved("shampoo", g, lr=0.1)
    np.testing.assert_allclose(np.linalg.norm(grafted), 0.1 * np.linalg.norm(g))
    np.testing.assert_allclose(grafted / np.linalg.norm(grafted), plain / np.linalg.norm(plain))


@pytest.mark.parametrize("name", ["shampoo", "soap"])
def test_a_large_side_has_no_matrix(name: str) -> None:
    """At its defaults a layer of 784 inputs leaves the memory of 784 x 784 untouched, and its steps are finite."""
    stepper = optilab.get_optimizer(name).start([matrix(1, 784, 3).astype(np.float32)])
    before = stepper.w.copy()
    for k in range(3):
        stepper.step([matrix(k, 784, 3)])
    for state in ("left", "left_product"):
        assert stepper.state[state].size == 784**2
        assert not stepper.state[state].any()
    assert stepper.state["right"].all()
    assert np.isfinite(stepper.w).all()
    assert (stepper.w != before).all()


def squares(walk: Any, step: int | None = None) -> list[Vector]:
    """Square matrices, all of whose eigenvectors are determined, and a bias."""
    random = np.random.default_rng(0 if step is None else 100 + step)
    return [random.normal(size=shape) for shape in ((4, 4), (4,), (5, 5))]


@pytest.mark.parametrize("given", [{}, {"interval": 3, "lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 0.01}], ids=repr)
def test_soap_on_square_matrices_is_its_twin(given: dict[str, Any]) -> None:
    """Turned on both sides it takes the steps of the paper; the walks' matrices leave eigenvectors undetermined."""
    stepper = optilab.get_optimizer("soap").start(squares(None), **given)
    for step, expected in enumerate(soap(None, np.ones(25), parts=squares, **given)):
        stepper.step(squares(None, step))
        np.testing.assert_allclose(stepper.w, expected, rtol=1e-8, atol=1e-10)


@given(seed=seeds, n=sizes)
def test_soap_turns_with_its_gradients(seed: int, n: int) -> None:
    """Orthogonal maps of inputs and of outputs turn the steps as they turn the gradients, for eps = 0."""
    gradients = [matrix(seed + k, n, n) for k in range(4)]
    left, right = turn(seed, n), turn(seed + 1, n)
    given = {"interval": 2, "eps": 0.0}
    turned = moved("soap", *[left @ g @ right for g in gradients], **given)
    np.testing.assert_allclose(turned, left @ moved("soap", *gradients, **given) @ right, atol=1e-6)


@given(seed=seeds, rows=sizes, columns=sizes)
def test_soap_that_turns_nothing_is_adam_a_step_later(seed: int, rows: int, columns: int) -> None:
    """With max_size=0, from the second gradient on, where eps is negligible."""
    gradients = [matrix(seed + k, rows, columns) for k in range(5)]
    given = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-200}
    late = moved("soap", *gradients, max_size=0, weight_decay=0.0, **given)
    np.testing.assert_allclose(late, moved("adam", *gradients[1:], **given), atol=1e-9)


def test_the_bases_of_soap_are_orthogonal_and_converge() -> None:
    """Steps of the power method keep a basis orthogonal, and under steady gradients lead it to the eigenvectors."""
    random = np.random.default_rng(3)
    left, right = turn(3, 4), turn(4, 4)
    other = random.normal(size=(4, 4))
    steady = left @ np.diag([8.0, 4.0, 2.0, 1.0]) @ right
    stepper = optilab.get_optimizer("soap").start([np.zeros((4, 4))], interval=1, beta2=0.5)
    for gradient in [other, *[steady] * 60]:
        stepper.step([gradient])
        basis = stepper.state["left_basis"].reshape(4, 4)
        np.testing.assert_allclose(basis.T @ basis, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(np.abs(basis.T @ left), np.eye(4), atol=1e-8)
    np.testing.assert_allclose(np.abs(stepper.state["right_basis"].reshape(4, 4).T @ right.T), np.eye(4), atol=1e-8)


@pytest.mark.parametrize("place", [0, 7], ids=["matrix", "bias"])
@pytest.mark.parametrize("name", ["muon", "adafactor", "sm3", "shampoo", "soap"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_seen(name: str, place: int, value: float) -> None:
    """In the first gradient or a later one, in a matrix or a bias: some weight is no longer finite after it."""
    for step in (0, 2):
        stepper = optilab.get_optimizer(name).start([matrix(1, 3, 2), matrix(2, 1, 2)[0]])
        for k in range(step + 2):
            gradient = [matrix(k, 3, 2), matrix(k + 9, 1, 2)[0]]
            if k == step:
                gradient[place // 6].flat[place % 6] = value
            assert np.isfinite(stepper.w).all() == (k <= step)
            stepper.step(gradient)
        assert not np.isfinite(stepper.w).all()


@pytest.mark.parametrize("name", ["muon", "adafactor", "sm3", "shampoo", "soap"])
def test_without_gradients_the_weights_stay(name: str) -> None:
    """Zero gradients from the first move nothing, as long as there is no weight decay."""
    w = [matrix(1, 3, 2), matrix(2, 1, 2)[0]]
    given: dict[str, Any] = {"weight_decay": 0.0} if name in ("muon", "adafactor", "soap") else {}
    stepper = optilab.get_optimizer(name).start(w, **given)
    for _ in range(3):
        stepper.step([np.zeros((3, 2)), np.zeros(2)])
    np.testing.assert_array_equal(stepper.w, np.concatenate([part.ravel() for part in w]))


@given(seed=seeds, rows=sizes, columns=sizes, beta1=st.sampled_from([0.0, 0.9]))
def test_the_factors_of_adafactor_are_exact_for_squares_of_rank_one(
    seed: int, rows: int, columns: int, beta1: float
) -> None:
    """Where g^2 is a column times a row, factored or not makes no difference."""
    random = np.random.default_rng(seed)
    size = np.outer(random.uniform(0.5, 2, rows), random.uniform(0.5, 2, columns))
    gradients = [random.choice([-1.0, 1.0], size.shape) * size * k for k in (1, 3, 2)]
    factored = moved("adafactor", *gradients, beta1=beta1)
    np.testing.assert_allclose(factored, moved("adafactor", *gradients, beta1=beta1, factored=False), rtol=1e-9)


@given(seed=seeds, threshold=st.floats(0.1, 2), lr=st.floats(1e-4, 3))
def test_a_step_of_adafactor_is_bounded(seed: int, threshold: float, lr: float) -> None:
    """Its root mean square is at most threshold * min(lr, 1/sqrt(t)) * RMS(w), even after gradients that were small."""
    w = matrix(seed, 4, 3)
    given: dict[str, Any] = {"lr": lr, "clipping_threshold": threshold}
    stepper = optilab.get_optimizer("adafactor").start([w], **given)
    for t in range(1, 5):
        before = stepper.w.copy()
        stepper.step([matrix(seed + t, 4, 3) * 10**t])
        bound = threshold * min(lr, t**-0.5) * np.sqrt((before**2).mean())
        assert np.sqrt(((stepper.w - before) ** 2).mean()) <= bound * (1 + 1e-9)


def test_the_states_of_adafactor_are_means_of_squares() -> None:
    """By hand: after the first gradient the means over its rows and columns; then mixed with a share of 2^-0.8."""
    stepper = optilab.get_optimizer("adafactor").start([np.ones((2, 2)), np.ones(1)])
    stepper.step([np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0])])
    np.testing.assert_allclose(stepper.state["rows"][:2], [2.5, 12.5])
    np.testing.assert_allclose(stepper.state["columns"][:2], [5, 10])
    assert stepper.state["v"][4] == 25
    stepper.step([np.zeros((2, 2)), np.zeros(1)])
    np.testing.assert_allclose(stepper.state["rows"][:2], np.array([2.5, 12.5]) * (1 - 2**-0.8))
    np.testing.assert_allclose(stepper.state["v"][4], 25 * (1 - 2**-0.8))


def test_adafactor_survives_dead_rows_and_columns_in_single_precision() -> None:
    """A pixel that is always black and a neuron that never fires keep their weights; nothing underflows to NaN."""
    gradient = matrix(1, 4, 3).astype(np.float32)
    gradient[2], gradient[:, 1] = 0, 0
    stepper = optilab.get_optimizer("adafactor").start([np.ones((4, 3), np.float32)])
    for _ in range(5):
        stepper.step([gradient])
    ends = stepper.w.reshape(4, 3)
    np.testing.assert_array_equal(ends == 1, gradient == 0)
    assert np.isfinite(ends).all()


@given(seed=seeds, rows=sizes, columns=sizes)
def test_sm3_remembers_at_least_the_sum_of_squares(seed: int, rows: int, columns: int) -> None:
    """For each weight min(rows, columns) is no less than the sum of its squares, and neither ever falls."""
    gradients = [matrix(seed + k, rows, columns) for k in range(4)]
    stepper = optilab.get_optimizer("sm3").start([np.zeros((rows, columns))])
    total, before = np.zeros((rows, columns)), np.zeros(rows + columns)
    for gradient in gradients:
        stepper.step([gradient])
        total += gradient**2
        row, column = stepper.state["rows"], stepper.state["columns"]
        assert (np.minimum(row[:, None], column) >= total * (1 - 1e-12)).all()
        now = np.concatenate([row, column])
        assert (now >= before).all()
        before = now


@given(seed=seeds, n=sizes)
def test_sm3_on_a_bias_is_adagrad(seed: int, n: int) -> None:
    """Steps of g / sqrt(sum of g^2), summed over the steps, without momentum; with beta2, of a running mean of the squares."""
    gradients = [matrix(seed + k, 1, n)[0] for k in range(3)]
    sums = np.cumsum(np.square(gradients), axis=0)
    expected = (gradients / np.sqrt(sums)).sum(axis=0)
    np.testing.assert_allclose(moved("sm3", *gradients, lr=1.0, beta1=0.0), expected, rtol=1e-9)
    means = np.array([[0.1, 0, 0], [0.09, 0.1, 0], [0.081, 0.09, 0.1]]) @ np.square(gradients)
    expected = (gradients / np.sqrt(means)).sum(axis=0)
    np.testing.assert_allclose(moved("sm3", *gradients, lr=1.0, beta1=0.0, beta2=0.9), expected, rtol=1e-9)
