"""What the rules that search for their step length promise: conditions at every step, exact limits, counts, and no silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import _linesearch, minimize
from scipy.sparse.linalg import cg

import optilab
from optilab import function
from optilab.optimizers.stepper import Stepper
from optilab.problems.problem import Problem
from optilab_searches.lbfgs import two_loops
from optilab_searches.line_search import zoom
from reference.walks import long_valley, oblong

Vector = NDArray[np.float64]
Settings = dict[str, Any]

VALLEY, OBLONG = long_valley.build({}), oblong.build({})
FORMULAS = ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel", "dai_yuan")
WOLFE: list[tuple[str, Settings]] = [
    ("wolfe", {}),
    ("wolfe", {"line_search": "zoom", "c2": 0.3}),
    *(("nonlinear_cg", {"formula": formula}) for formula in FORMULAS),
    ("nonlinear_cg", {"line_search": "zoom", "c2": 0.1}),
    ("lbfgs", {}),
    ("lbfgs", {"line_search": "zoom", "memory": 4, "c2": 0.5}),
]
BACKTRACKING: list[tuple[str, Settings]] = [
    ("armijo", {}),
    ("armijo", {"lr": 0.5, "c1": 0.4, "decrease": 0.5, "increase": 4.0}),
    ("lbfgs", {"line_search": "backtracking", "decrease": 0.5}),
]
PLAIN: list[tuple[str, Settings]] = [
    ("barzilai_borwein", {}),
    ("barzilai_borwein", {"form": "short"}),
    ("lbfgs", {"line_search": "none"}),
]
starts = st.lists(st.integers(-16, 16).map(lambda k: k / 8), min_size=6, max_size=6).map(np.array)


@function(start=[1.0], domain=[(-5, 5)], minima=[[0.0]])
def arc(w, g):
    """w^2 / 2, whose minimum is one gradient away."""
    g[0] = w[0]
    return w[0] * w[0] / 2


@function(start=[5.0, 0.2], domain=[(0, 5)] * 2, minima=[[1.0, 1.0]])
def walled(w, g):
    """The sum of w - log w: beyond zero there is no cost."""
    cost = 0.0
    for i in range(w.size):
        g[i] = 1 - 1 / w[i]
        cost += w[i] - np.log(w[i])
    return cost


@function(start=[1.0, 1.0], domain=[(-5, 5)] * 2, minima=[])
def nowhere(w, g):
    """No cost and no gradient anywhere."""
    g[:] = np.nan
    return np.nan


@function(start=[2.0, -1.0], domain=[(-5, 5)] * 2, minima=[])
def turned(w, g, angle=0.0, shift=0.0):
    """An uneven valley of two weights, turned by an angle and then shifted."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = c * (w[0] - shift) + s * (w[1] - shift), c * (w[1] - shift) - s * (w[0] - shift)
    bend = y - x * x / 4
    dx, dy = x - 5 * bend * x, 10 * bend
    g[0], g[1] = c * dx - s * dy, s * dx + c * dy
    return x * x / 2 + 5 * bend * bend


@function(start=[0.0], domain=[(-5, 5)], minima=[])
def wavy(w, g, a=1.0, b=1.0, c=1.0):
    """A quarter of a x^4, less x, and b sin(c x) on top: several minima."""
    x = w[0]
    g[0] = a * x**3 - 1 + b * c * np.cos(c * x)
    return a * x**4 / 4 - x + b * np.sin(c * x)


def begin(name: str, given: Settings, problem: Problem, w: Any = None) -> Stepper:
    """The rule `name` on a problem."""
    return optilab.get_optimizer(name).start(problem.initial() if w is None else w, problem=problem, **given)


def hessian(problem: Problem, n: int) -> Vector:
    """Of a quadratic function, from its gradients."""
    return np.array([problem.gradient(row) for row in np.eye(n)])


# The conditions that are searched for.


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


# Exact limits and closed forms.


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


# What they claim.


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING + PLAIN)
def test_turned_and_shifted_steps(name: str, given_: Settings) -> None:
    """A function that is shifted has shifted steps; one that is turned has turned steps, but for the L-BFGS first step."""
    given_ = {**given_, "first_step": "l2"} if name == "lbfgs" else given_
    if name == "lbfgs":
        assert "rotation" not in optilab.get_optimizer(name).rules[0].claims
    angle, shift = 0.6, 3.0
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # of row vectors
    w = np.array([2.0, -1.0])
    one, other = (
        begin(name, given_, turned.build({}), w),
        begin(name, given_, turned.build({"angle": angle, "shift": shift}), w @ turn + shift),
    )
    for _ in range(6):
        np.testing.assert_allclose(one.step() @ turn + shift, other.step(), rtol=1e-7)


# Where something is wrong.


@pytest.mark.parametrize("formula", ["fletcher_reeves", "polak_ribiere", "hestenes_stiefel"])
def test_cg_begins_anew_where_its_direction_leads_up(formula: str) -> None:
    """A gradient turned round and doubled makes the direction one of ascent: it is dropped for -g."""
    stepper = begin("nonlinear_cg", {"formula": formula}, OBLONG)
    gradient = OBLONG.gradient(stepper.w)
    stepper.step(gradient, OBLONG.cost(stepper.w))
    stepper.step(-2 * gradient, OBLONG.cost(stepper.w))
    np.testing.assert_array_equal(stepper.state["d"], 2 * gradient)


def test_powell_restarts() -> None:
    """With restarts="powell", a gradient far from orthogonal to the last begins anew; an orthogonal one doesn't."""
    for second, anew in (([0.3, 1.0], True), ([0.1, 1.0], False)):
        stepper = begin("nonlinear_cg", {"restarts": "powell"}, turned.build({}))
        stepper.step([1.0, 0.0], 10.0)
        stepper.step(second, 9.0)
        assert np.array_equal(stepper.state["d"], -np.array(second)) == anew


def test_lbfgs_keeps_no_pair_of_negative_curvature() -> None:
    """Where the gradient grows as it descends, the pair is left out, and the direction is -g."""
    stepper = begin("lbfgs", {"line_search": "none", "curvature": 0.0}, OBLONG)
    gradient = np.arange(1.0, 7.0)
    stepper.step(gradient, 1.0)
    stepper.step(2 * gradient, 1.0)
    assert stepper.state["pairs"][0] == 0
    np.testing.assert_array_equal(stepper.state["d"], -2 * gradient)
    stepper.step(gradient, 1.0)
    assert stepper.state["pairs"][0] == 1


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING)
def test_a_search_stays_within_the_wall(name: str, given_: Settings) -> None:
    """Trials that have no cost are too long: the weights stay where there is one, and reach the minimum."""
    stepper = begin(name, {**given_, "lr": 20.0, "max_trials": 60}, walled.build({}))
    for _ in range(60):
        assert np.isfinite(stepper.step()).all()
        assert (stepper.w > 0).all()
    np.testing.assert_allclose(stepper.w, 1, atol=1e-3)


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING)
def test_a_search_that_finds_nothing_ends(name: str, given_: Settings) -> None:
    """Where no trial has a cost, it ends after max_trials trials, and the weights stand still."""
    stepper = begin(name, {**given_, "max_trials": 9}, nowhere.build({}))
    for step in (1, 2):
        np.testing.assert_array_equal(stepper.step([1.0, 2.0], 3.0), [1, 1])
        by_gradients = (name, given_) in WOLFE
        assert stepper.gradient_evaluations == (9 * step if by_gradients else 0)


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING + PLAIN)
def test_a_gradient_of_nan_shows_in_the_weights(name: str, given_: Settings) -> None:
    """At any step, one entry of NaN or two infinite ones make the weights NaN; so does a cost of NaN where costs count."""
    for wrong in (np.nan, np.inf):
        for good in (0, 2):
            stepper = begin(name, given_, OBLONG)
            for _ in range(good):
                stepper.step()
            gradient = OBLONG.gradient(stepper.w)
            gradient[1:3] = wrong
            assert not np.isfinite(stepper.step(gradient, 1.0)).all()
            assert not np.isfinite(stepper.step()).all()
    if (name, given_) not in PLAIN:
        stepper = begin(name, given_, OBLONG)
        assert np.isnan(stepper.step(OBLONG.gradient(stepper.w), np.nan)).all()


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING + PLAIN)
def test_a_gradient_of_zero_moves_nothing(name: str, given_: Settings) -> None:
    """In the minimum no rule moves, and none divides zero by zero, nor does it do so when the gradient comes back."""
    stepper = begin(name, given_, OBLONG, np.zeros(6))
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step(), np.zeros(6))
    stepper.w[:] = OBLONG.initial()
    assert OBLONG.cost(stepper.w) > OBLONG.cost(stepper.step().copy())


@pytest.mark.parametrize(("name", "given_"), WOLFE + BACKTRACKING)
def test_after_a_search_that_found_nothing(name: str, given_: Settings) -> None:
    """Where it stood still because no trial was lower, it begins anew down the gradient, as if it had no past."""
    stepper = begin(name, given_, OBLONG)
    for _ in range(3):
        stepper.step()
    before = stepper.w.copy()
    np.testing.assert_array_equal(stepper.step(OBLONG.gradient(before), -1e9), before)
    shortened = stepper.state["step"][0] if name == "armijo" else 0.0
    begun = begin(name, given_, OBLONG, before)
    if name == "armijo":  # it goes on from the length that it had come to
        assert 0 < shortened <= 1e-2
        stepper.step()
        assert stepper.state["step"][0] == pytest.approx(stepper.hyperparameters["increase"] * shortened)
    else:
        np.testing.assert_array_equal(stepper.step(), begun.step())
        assert OBLONG.cost(stepper.w) < OBLONG.cost(before)


def test_lbfgs_that_stood_still_makes_no_pair() -> None:
    """A gradient that changes, as that of another batch does, while the weights don't is no curvature."""
    stepper = begin("lbfgs", {"line_search": "none"}, OBLONG)
    moved = stepper.step().copy()
    stepper.hyperparameters["tolerance_change"] = 1e9
    for share in (1.0, 0.5, 0.25):
        np.testing.assert_array_equal(stepper.step(share * OBLONG.gradient(moved), 1.0), moved)
        assert stepper.state["pairs"][0] == 1  # that of the first step


def test_lbfgs_stands_still_below_its_tolerances() -> None:
    """Where no gradient is above tolerance_grad it doesn't move; with 0 it goes on."""
    for tolerance, moves in ((1e-3, False), (0.0, True)):
        stepper = begin("lbfgs", {"tolerance_grad": tolerance, "tolerance_change": 0.0}, OBLONG, np.full(6, 1e-6))
        before = stepper.w.copy()
        assert (stepper.step() != before).any() == moves


@pytest.mark.parametrize("name", ["armijo", "wolfe", "nonlinear_cg", "barzilai_borwein", "lbfgs"])
def test_a_learning_rate_of_zero_at_first_is_no_end(name: str) -> None:
    """A schedule that begins at zero makes it wait, and not stand still for ever."""
    stepper = begin(name, {}, OBLONG)
    usual, stepper.hyperparameters["lr"] = stepper.hyperparameters["lr"], 0.0
    np.testing.assert_array_equal(stepper.step(), OBLONG.initial())
    stepper.hyperparameters["lr"] = usual
    begun = OBLONG.cost(stepper.w)
    for _ in range(20):
        stepper.step()
    assert OBLONG.cost(stepper.w) < 0.1 * begun


# Counting, and networks.


@pytest.mark.parametrize(("name", "given_"), BACKTRACKING + PLAIN)
def test_one_gradient_a_step(name: str, given_: Settings) -> None:
    """Without searches, and with those that look at costs alone, a step is one gradient evaluation."""
    stepper = begin(name, given_, VALLEY)
    for _ in range(20):
        stepper.step()
    assert stepper.gradient_evaluations == 20


@pytest.mark.parametrize(
    ("name", "given_", "steps"),
    [
        ("armijo", {}, 300),
        ("wolfe", {}, 200),
        ("nonlinear_cg", {}, 30),
        ("barzilai_borwein", {}, 60),
        ("lbfgs", {"tolerance_change": 0.0}, 30),
    ],
)
def test_single_precision(name: str, given_: Settings, steps: int) -> None:
    """In float32 they come near the minimum too, and states stay in float32 but for single numbers."""
    stepper = begin(name, given_, oblong.build({}, "float32"))
    for _ in range(steps):
        stepper.step()
    assert stepper.w.dtype == stepper.state["start" if "start" in stepper.state else "g_old"].dtype == np.float32
    np.testing.assert_allclose(stepper.w, 0, atol=2e-3)


def test_lbfgs_learns_to_read_digits() -> None:
    """Ten steps on all digits bring the cost of a network down to less than two fifths; trials count as gradients."""
    problem = optilab.get_problem("network", dataset="mnist", hidden=[16, 16])
    history = optilab.train(problem, "lbfgs", steps=10).history
    assert history.train_cost.iloc[-1] < 0.4 * history.train_cost.iloc[0]
    assert 15 < history.gradient_evaluations.iloc[-1] < 50


Phi = tuple[Any, Any]  # a function of the step length, and its slope

ALONG: dict[str, Phi] = {
    "scipy gh-12157": (  # straight down to 0 at 1, then a dip to -1 at 4/3, and up to 1 at 2, where the slope is 0
        lambda t: -3 * np.pi / 2 * (t - 1) if t < 1 else np.cos(3 * np.pi / 2 * t - np.pi),
        lambda t: -3 * np.pi / 2 if t < 1 else -3 * np.pi / 2 * np.sin(3 * np.pi / 2 * t - np.pi),
    ),
    "quartic": (lambda t: -t - t**3 + t**4, lambda t: -1 - 3 * t**2 + 4 * t**3),
    "bowl": (lambda t: np.exp(-4 * t) + t**2, lambda t: -4 * np.exp(-4 * t) + 2 * t),
    "waves": (lambda t: -np.sin(10 * t), lambda t: -10 * np.cos(10 * t)),
}


def zoomed(phi: Any, slope: Any, c1: float = 1e-4, c2: float = 0.9, trials: int = 25) -> tuple[float, list[float]]:
    """The length that `zoom` finds on a function of one weight from t = 1 on, and the lengths that it tries."""
    tried = []

    def value_and_grad(w: Vector, g: Vector) -> float:
        tried.append(float(w[0]))
        g[0] = slope(tried[-1])
        return np.float64(phi(tried[-1]))

    start, work = np.zeros(1), np.zeros(1)
    first = np.float64(phi(0.0)), np.float64(slope(0.0)), np.float64(1.0)  # whose divisions by zero are infinite
    with np.errstate(all="ignore"):
        t = zoom(work, np.zeros(1), np.ones(1), start, *first, c1, c2, 0.0, trials, value_and_grad)
    return float(t), tried


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("c2", [0.9, 0.4])
def test_zoom_finds_the_length_of_scipy(name: str, c2: float) -> None:
    """On the functions of SciPy's own tests it accepts the length that scipy.optimize accepts."""
    phi, slope = ALONG[name]
    expected = _linesearch.scalar_search_wolfe2(phi, slope, c2=c2)[0]
    assert zoomed(phi, slope, c2=c2)[0] == pytest.approx(expected, rel=1e-12)


def test_zoom_looks_back_before_it_accepts_a_length() -> None:
    """A longer length that costs more than the one before it is never accepted, however flat it is there."""
    phi, slope = ALONG["scipy gh-12157"]
    found, tried = zoomed(phi, slope)
    assert tried[:2] == [1, 2]
    assert slope(2.0) == pytest.approx(0, abs=1e-12)
    assert 1 < found < 1.5
    assert phi(found) < phi(1.0) < phi(2.0)


@settings(max_examples=300)
@given(
    wave=st.floats(0.5, 8), height=st.floats(0, 3), phase=st.floats(0, 6), tilt=st.floats(0.5, 3), bend=st.floats(0, 0.5),
    c1=st.sampled_from([1e-4, 0.1]), c2=st.sampled_from([0.9, 0.4]), trials=st.integers(1, 12),
)  # fmt: skip
def test_zoom_accepts_the_lowest_length_that_it_tried(
    wave: float, height: float, phase: float, tilt: float, bend: float, c1: float, c2: float, trials: int
) -> None:
    """Of all lengths tried with sufficient decrease, what it answers has the lowest cost, whether the search is done or gives up."""

    def phi(t: float) -> float:
        return float(height * np.cos(wave * t + phase) - tilt * t + bend * t * t)

    def slope(t: float) -> float:
        return float(-height * wave * np.sin(wave * t + phase) - tilt + 2 * bend * t)

    assume(slope(0) < -1e-3)
    found, tried = zoomed(phi, slope, c1, c2, trials)
    enough = [phi(t) for t in tried if phi(t) <= phi(0) + c1 * t * slope(0)]
    if found == 0:
        assert not enough
    else:
        assert found in tried
        assert phi(found) == min(enough)
