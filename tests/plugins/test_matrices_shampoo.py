"""Shampoo and SOAP: preconditioners and bases of a matrix's rows and columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from plugins.matrices import Vector, matrix, moved, seeds, sizes, turn

import optilab
from reference.cases.matrices import soap


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
