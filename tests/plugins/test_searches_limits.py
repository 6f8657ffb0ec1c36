"""Searches for a step length: exact limits and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.searches import FORMULAS, OBLONG, VALLEY, Settings, Vector, begin, starts
from scipy.sparse.linalg import cg

import optilab
from optilab import function
from optilab.problems.problem import Problem
from optilab_searches.lbfgs import two_loops


@function(start=[1.0], domain=[(-5, 5)], minima=[[0.0]])
def arc(w, g):
    """w^2 / 2, whose minimum is one gradient away."""
    g[0] = w[0]
    return w[0] * w[0] / 2


def hessian(problem: Problem, n: int) -> Vector:
    """Of a quadratic function, from its gradients."""
    return np.array([problem.gradient(row) for row in np.eye(n)])


@pytest.mark.parametrize("line_search", ["strong_wolfe", "zoom"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_nonlinear_cg_is_linear_cg_on_a_quadratic(formula: str, line_search: str) -> None:
    """With an exact search, all formulas take the steps of scipy.sparse.linalg.cg, and end after one for each weight."""
    follow_linear_cg("nonlinear_cg", {"formula": formula, "line_search": line_search})


@pytest.mark.parametrize("memory", [1, 2, 10])
def test_lbfgs_is_linear_cg_on_a_quadratic(memory: int) -> None:
    """With an exact search, a memory of any length gives conjugate directions: the steps of scipy.sparse.linalg.cg."""
    follow_linear_cg("lbfgs", {"memory": memory, "tolerance_grad": 0.0, "curvature": 0.0})


def follow_linear_cg(name: str, given: Settings) -> None:
    """Six steps on six weights."""
    a, start = hessian(OBLONG, 6), OBLONG.initial()
    expected: list[Vector] = []
    cg(a, -a @ start, rtol=1e-14, maxiter=6, callback=lambda x: expected.append(start + x))
    stepper = begin(name, {**given, "c2": 1e-7, "tolerance_change": 0.0}, OBLONG)
    for w in expected:
        np.testing.assert_allclose(stepper.step(), w, atol=1e-6)
    assert np.abs(expected[-2]).max() > 1e-2
    assert np.abs(stepper.w).max() < 1e-6


@pytest.mark.parametrize("scaled", [True, False])
def test_secant_equation(scaled: bool) -> None:
    """After every step the inverse Hessian of L-BFGS turns the last change of the gradient into the last step."""
    stepper = begin("lbfgs", {"memory": 3, "line_search": "zoom", "scaled": scaled}, VALLEY)
    checked = 0
    for _ in range(12):
        before, gradient = stepper.w.copy(), VALLEY.gradient(stepper.w)
        step = stepper.step() - before
        change = VALLEY.gradient(stepper.w) - gradient
        saved = stepper.save()
        stepper.step()  # the pair is made at the beginning of the next step
        names = ("s", "y", "rho", "alpha")
        s, y, rho, alpha = (stepper.state[n].copy() for n in names)
        turned_back = change.copy()
        two_loops(turned_back, s, y, rho, alpha, stepper.state["pairs"][0], stepper.state["scale"][0])
        np.testing.assert_allclose(turned_back, step, rtol=1e-8, atol=1e-12)
        checked += 1
        stepper.resume(saved)
    assert checked == 12
    assert stepper.state["s"].shape == (3, 6)


def test_armijo_by_hand() -> None:
    """On w^2/2 from 1, where lengths 4 and 2 don't lower the cost, the third trial, 1, leads to the minimum."""
    stepper = begin("armijo", {"lr": 4.0, "decrease": 0.5}, arc.build({}))
    assert stepper.step()[0] == 0
    assert stepper.state["step"][0] == 1
    assert stepper.gradient_evaluations == 1


@pytest.mark.parametrize("line_search", ["strong_wolfe", "zoom"])
@pytest.mark.parametrize(("c2", "w", "gradients"), [(0.9, 0.5, 2), (0.1, 0.0, 3)])
def test_wolfe_by_hand(line_search: str, c2: float, w: float, gradients: int) -> None:
    """On w^2/2 from 1 half the way will do for a slope of at most 0.9; for one of 0.1 the next trial is the minimum."""
    stepper = begin("wolfe", {"lr": 0.5, "c2": c2, "line_search": line_search}, arc.build({}))
    assert stepper.step()[0] == pytest.approx(w, abs=1e-15)
    assert stepper.gradient_evaluations == gradients


@pytest.mark.parametrize("form", ["long", "short"])
@settings(max_examples=30)
@given(w=st.floats(-5, 5).filter(lambda w: abs(w) > 0.1), lr=st.floats(0.01, 0.9))
def test_barzilai_borwein_on_a_parabola(form: str, w: float, lr: float) -> None:
    """In one dimension both lengths are one over the curvature: the second step ends in the minimum."""
    stepper = begin("barzilai_borwein", {"form": form, "lr": lr}, arc.build({}), [w])
    assert stepper.step()[0] == pytest.approx((1 - lr) * w)
    assert abs(stepper.step()[0]) < 1e-12
    assert stepper.gradient_evaluations == 2


@settings(max_examples=50)
@given(gradients=st.lists(starts, min_size=2, max_size=2))
def test_the_long_form_is_the_longer_one(gradients: list[Vector]) -> None:
    """s.s / s.y is never below s.y / y.y (Cauchy and Schwarz); both are lr where s.y is not positive."""
    first, second = gradients
    lengths = []
    for form in ("long", "short"):
        stepper = optilab.get_optimizer("barzilai_borwein").start(np.zeros(6), form=form)
        stepper.step(first)
        stepper.step(second)
        lengths.append(stepper.state["step"][0])
    if first @ (first - second) <= 0:
        assert lengths == [0.01, 0.01]
    else:
        assert lengths[0] >= lengths[1] * (1 - 1e-12)
