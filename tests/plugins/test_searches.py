"""Searches for a step length: what they claim, what they count, and what they do where something is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from plugins.searches import BACKTRACKING, OBLONG, PLAIN, VALLEY, WOLFE, Settings, begin

import optilab
from optilab import function
from reference.walks import oblong


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
