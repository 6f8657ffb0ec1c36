"""Searches for a step length: the conditions that hold at every step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from plugins.searches import BACKTRACKING, OBLONG, VALLEY, WOLFE, Settings, Vector, begin, starts
from scipy.optimize import minimize

from optilab import function
from optilab.problems.problem import Problem


@function(start=[0.0], domain=[(-5, 5)], minima=[])
def wavy(w, g, a=1.0, b=1.0, c=1.0):
    """A quarter of a x^4, less x, and b sin(c x) on top: several minima."""
    x = w[0]
    g[0] = a * x**3 - 1 + b * c * np.cos(c * x)
    return a * x**4 / 4 - x + b * np.sin(c * x)


@settings(max_examples=25)
@given(w=starts)
@pytest.mark.parametrize(("name", "given_"), WOLFE)
def test_every_step_meets_the_strong_wolfe_conditions(name: str, given_: Settings, w: Vector) -> None:
    """From any start the cost falls enough and the slope becomes flat enough, as long as there is a slope to speak of."""
    stepper = begin(name, given_, VALLEY, w)
    c1, c2 = (stepper.hyperparameters[c] for c in ("c1", "c2"))
    for _ in range(25):
        before, cost, gradient = stepper.w.copy(), VALLEY.cost(stepper.w), VALLEY.gradient(stepper.w)
        if np.abs(gradient).max() < 1e-3:
            break
        step = stepper.step() - before
        assert step @ gradient < 0
        assert VALLEY.cost(stepper.w) <= cost + (c1 - 1e-9) * (step @ gradient)
        assert abs(VALLEY.gradient(stepper.w) @ step) <= -(c2 + 1e-9) * (step @ gradient)


@settings(max_examples=25)
@given(w=starts)
@pytest.mark.parametrize(("name", "given_"), BACKTRACKING)
def test_backtracking_takes_the_first_length_with_enough_decrease(name: str, given_: Settings, w: Vector) -> None:
    """Each step decreases the cost enough; one longer by a trial would not have, unless no longer one was to be tried."""
    stepper = begin(name, given_, VALLEY, w)
    values = stepper.hyperparameters
    last = values["lr"]
    for count in range(25):
        before, cost, gradient = stepper.w.copy(), VALLEY.cost(stepper.w), VALLEY.gradient(stepper.w)
        if np.abs(gradient).max() < 1e-3:
            break
        stepper.step()
        length, d = stepper.state["step"][0], stepper.state["d"]
        np.testing.assert_allclose(stepper.w, before + length * d, rtol=1e-12, atol=1e-15)
        assert VALLEY.cost(stepper.w) <= cost + (values["c1"] - 1e-9) * length * (gradient @ d)
        first = values["lr"] if name == "lbfgs" else min(values["lr"], values["increase"] * last)
        if name == "lbfgs" and count == 0:
            first *= min(1, 1 / np.abs(gradient).sum())
        longer = length / values["decrease"]
        assert length == pytest.approx(first, rel=1e-12) or (
            longer <= first * (1 + 1e-12)
            and VALLEY.cost(before + longer * d) > cost + (values["c1"] - 1e-9) * longer * (gradient @ d)
        )
        last = length


@settings(max_examples=10)
@given(w=starts)
@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING)
def test_a_search_never_raises_the_cost(name: str, given_: Settings, w: Vector) -> None:
    """In 150 steps, well beyond the point where rounding is all that moves, the cost never rises."""
    stepper = begin(name, given_, VALLEY, w)
    if name == "lbfgs":
        stepper.hyperparameters |= {"tolerance_grad": 0.0, "tolerance_change": 0.0, "curvature": 0.0}
    costs = [VALLEY.cost(w)] + [VALLEY.cost(stepper.step()) for _ in range(150)]
    assert max(np.diff(costs)) <= 0


@pytest.mark.parametrize(
    ("a", "b", "c", "lr", "c2", "length", "trials"),
    [
        (0.97, 0.45, 3.48, 10.0, 0.1, 0.43966441659297006, 5),
        (0.68, 0.71, 3.76, 3.0, 0.1, 0.187640471549512, 6),
        (0.91, -0.15, 3.74, 10.0, 0.01, 0.5061237155644108, 8),
        (0.44, -0.37, 4.3, 3.0, 0.01, 0.6420929274342428, 8),
        (0.38, -0.15, 5.05, 0.1, 0.1, 0.8466184443883779, 7),
    ],
)
def test_strong_wolfe_over_waves(
    a: float, b: float, c: float, lr: float, c2: float, length: float, trials: int
) -> None:
    """On a function with several minima it finds the length that torch 2.13.0 finds, after as many trials."""
    stepper = begin("wolfe", {"lr": lr, "c2": c2}, wavy.build({"a": a, "b": b, "c": c}))
    stepper.step()
    assert stepper.state["step"][0] == pytest.approx(length, rel=1e-9)
    assert stepper.gradient_evaluations == 1 + trials


@pytest.mark.parametrize(("name", "method"), [("lbfgs", "L-BFGS-B"), ("nonlinear_cg", "CG")])
@pytest.mark.parametrize("problem", [VALLEY, OBLONG], ids=["long_valley", "oblong"])
def test_scipy_finds_the_same_minimum(name: str, method: str, problem: Problem) -> None:
    """From a start near it, scipy.optimize.minimize ends at the same point."""
    w = np.full(6, 0.7)
    tight = {"gtol": 1e-8} if method == "CG" else {"gtol": 1e-8, "ftol": 1e-15}
    found = minimize(problem.cost, w, jac=problem.gradient, method=method, options=tight)
    stepper = begin(name, {}, problem, w)
    for _ in range(200):
        stepper.step()
    np.testing.assert_allclose(stepper.w, found.x, atol=1e-5)
