"""Gradient descent, its momenta, and descent by signs and averages: what holds whatever the gradients are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from walking import (
    Twin,
    Vector,
    assert_ends_as_torch,
    assert_treats_weights_alike,
    seeds,
    twin_tests,
    uneven,
    walk,
)

STILL: dict[str, dict[str, Any]] = {
    "asgd": {"lambd": 0.0},
    "noisy_sgd": {"eta": 0.0},
}  # these move without a gradient otherwise
RULES = [
    "gradient_descent",
    "sgd",
    "noisy_sgd",
    "optimistic_gradient_descent",
    "momentum",
    "nesterov",
    "heavy_ball",
    "accelerated_gradient",
    "sign_sgd",
    "signum",
    "asgd",
    "schedule_free_sgd",
    "schedule_free_adamw",
]


# Of all of them


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_of_zero_moves_nothing(name: str) -> None:
    """Without a slope from the beginning no rule moves, and none divides zero by zero."""
    stepper = optilab.get_optimizer(name).start([1.0, -2.0, 0.0], **STILL.get(name, {}))
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step([0.0, 0.0, 0.0]), [1.0, -2.0, 0.0])
    np.testing.assert_array_equal(stepper.evaluation_point, [1.0, -2.0, 0.0])


@pytest.mark.parametrize("name", RULES)
def test_not_a_number_reaches_its_weight_alone(name: str) -> None:
    """A gradient of NaN makes its weight NaN for good, where it is measured too, and no other."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0, 3.0])
    stepper.step([1.0, np.nan, 1.0])
    for point in (stepper.step([1.0, 1.0, 1.0]), stepper.evaluation_point):
        np.testing.assert_array_equal(np.isnan(point), [False, True, False])


@pytest.mark.parametrize("name", RULES)
def test_single_precision_follows_double(name: str) -> None:
    """In float32 a rule takes the same steps, to rounding."""
    random = np.random.default_rng(4)
    w, gradients = random.normal(size=7), random.normal(size=(20, 7))
    single = optilab.get_optimizer(name).start(w.astype(np.float32))
    double = optilab.get_optimizer(name).start(w.astype(np.float32).astype(np.float64))
    for gradient in gradients.astype(np.float32):
        single.step(gradient)
        double.step(gradient)
    assert single.w.dtype == np.float32
    np.testing.assert_allclose(single.w, double.w, rtol=1e-4, atol=1e-5)


# Momentum


def test_the_first_gradient_is_not_dampened() -> None:
    """With momentum 0.5 and dampening 0.4 the gradients 1, 1 sum up to 1, and then to 0.5 + 0.6."""
    stepper = optilab.get_optimizer("momentum").start([0.0], lr=0.1, momentum=0.5, dampening=0.4)
    assert stepper.step([1.0])[0] == pytest.approx(-0.1, rel=1e-14)
    assert stepper.step([1.0])[0] == pytest.approx(-0.1 - 0.11, rel=1e-14)
    assert stepper.state["b"][0] == pytest.approx(1.1, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "given", "second"),
    [
        ("momentum", {}, 0.05),
        ("momentum", {"lr_inside_momentum": True}, 0.5),
        ("nesterov", {}, 0.025),
        ("nesterov", {"lr_inside_momentum": True}, 0.25),
        ("heavy_ball", {}, 0.5),
    ],
)
def test_where_the_learning_rate_stands(name: str, given: dict[str, Any], second: float) -> None:
    """A gradient of 1 at lr 1 goes on in the next step, at lr 0.1, as half of what it was: of the sum, or of the step."""
    stepper = optilab.get_optimizer(name).start([0.0], lr=1.0, momentum=0.5, **given)
    first = stepper.step([1.0])[0]
    stepper.hyperparameters["lr"] = 0.1
    assert first - stepper.step([0.0])[0] == pytest.approx(second, rel=1e-14)


@settings(max_examples=30)
@given(seed=seeds, mu=st.floats(0, 0.99), dampening=st.floats(0, 1))
def test_the_learning_rate_may_stand_inside_while_it_is_constant(seed: int, mu: float, dampening: float) -> None:
    """At a constant learning rate both forms of momentum take the same steps, and under a schedule they don't."""
    damped: dict[str, Any] = {"momentum": mu, "dampening": dampening}
    for name, outside in [("momentum", damped), ("nesterov", {"momentum": mu})]:
        inside = {**outside, "lr_inside_momentum": True}
        np.testing.assert_allclose(walk(name, seed, **inside), walk(name, seed, **outside), rtol=1e-11, atol=1e-12)
        if mu > 0.1:
            changed = walk(name, seed, uneven(seed), **inside) - walk(name, seed, uneven(seed), **outside)
            assert np.abs(changed).max() > 1e-6


@settings(max_examples=30)
@given(seed=seeds, mu=st.floats(0, 0.99))
def test_polyaks_ball_is_momentum_with_the_learning_rate_inside(seed: int, mu: float) -> None:
    """Under any schedule, w - previous is minus the sum that has the learning rate inside."""
    ball = walk("heavy_ball", seed, uneven(seed), momentum=mu)
    inside = walk("momentum", seed, uneven(seed), momentum=mu, lr_inside_momentum=True)
    np.testing.assert_allclose(ball, inside, rtol=1e-11, atol=1e-12)


def test_polyaks_ball_feels_what_else_moves_it() -> None:
    """Weights that shrink by a tenth from 1 to 0.9 go on by half of that; momentum knows of gradients alone."""
    given: dict[str, Any] = {"lr": 0.1, "momentum": 0.5, "weight_decay": 1.0}
    ball = optilab.get_optimizer("heavy_ball | weight_decay").start([1.0], **given)
    plain = optilab.get_optimizer("momentum | weight_decay").start([1.0], **given)
    for stepper, second in ((ball, 0.9 * (0.9 - 0.05)), (plain, 0.9 * 0.9)):
        assert stepper.step([0.0])[0] == pytest.approx(0.9, rel=1e-14)
        assert stepper.step([0.0])[0] == pytest.approx(second, rel=1e-14)


def test_nesterov_is_sutskevers_form_seen_from_ahead() -> None:
    """Where v = mu v - lr g(theta + mu v) and theta = theta + v, the weights of the rule are theta + mu v."""
    curvatures = np.array([1.0, 7.0, 20.0])
    theta, v, mu, lr = np.array([2.0, -1.0, 0.5]), np.zeros(3), 0.8, 0.03
    stepper = optilab.get_optimizer("nesterov").start(theta, lr=lr, momentum=mu)
    for _ in range(30):
        np.testing.assert_allclose(stepper.w, theta + mu * v, rtol=1e-10, atol=1e-14)
        stepper.step(curvatures * stepper.w)
        v = mu * v - lr * curvatures * (theta + mu * v)
        theta = theta + v


@settings(max_examples=40)
@given(
    curvatures=st.lists(st.floats(1e-4, 1), min_size=3, max_size=3), size=st.floats(0.5, 20), steps=st.integers(1, 80)
)
def test_accelerated_gradient_keeps_the_promise_of_its_theorem(
    curvatures: list[float], size: float, steps: int
) -> None:
    """With lr = 1 / L the cost at x is at most 2 L |x_0|^2 / (k + 1)^2 after k steps; theta is at least (k + 2) / 2."""
    bends = size * np.array(curvatures)
    largest, w = bends.max(), np.array([1.0, -2.0, 3.0])
    stepper = optilab.get_optimizer("accelerated_gradient").start(w, lr=1 / largest)
    for k in range(1, steps + 1):
        stepper.step(bends * stepper.w)
        cost = 0.5 * np.sum(bends * stepper.evaluation_point**2)
        assert cost <= 2 * largest * (w @ w) / (k + 1) ** 2 * (1 + 1e-9)
        assert stepper.state["theta"] >= (k + 2) / 2


def test_gradient_descent_does_not_keep_that_promise() -> None:
    """Along a curvature of a thousandth, the plain method is above the bound after 200 steps, the accelerated one below."""
    left = {}
    for name in ("sgd", "accelerated_gradient"):
        stepper = optilab.get_optimizer(name).start([1.0], lr=1.0)
        for _ in range(200):
            stepper.step(1e-3 * stepper.w)
        left[name] = 0.5e-3 * stepper.evaluation_point[0] ** 2
    assert left["accelerated_gradient"] < 2 / 201**2 < left["sgd"]


def test_the_first_accelerated_step_is_plain() -> None:
    """Theta starts at 1, so that the first step doesn't look ahead; the second looks ahead by (theta_2 - 1) / theta_3."""
    stepper = optilab.get_optimizer("accelerated_gradient").start([0.0], lr=1.0)
    golden = (1 + np.sqrt(5)) / 2
    assert stepper.step([1.0])[0] == -1
    ahead = (golden - 1) / ((1 + np.sqrt(1 + 4 * golden**2)) / 2)
    assert stepper.step([1.0])[0] == pytest.approx(-2 - ahead, rel=1e-14)
    assert stepper.evaluation_point[0] == pytest.approx(-2, rel=1e-14)


# With something added to the gradient


def test_optimism_finds_a_saddle_point() -> None:
    """On min over a, max over b of a * b plain descent and ascent spirals outwards, and the optimistic one inwards."""
    ends = {}
    for name in ("sgd", "optimistic_gradient_descent"):
        stepper = optilab.get_optimizer(name).start([1.0, 1.0], lr=0.2)
        for _ in range(200):
            a, b = stepper.w
            stepper.step([b, -a])
        ends[name] = np.linalg.norm(stepper.w)
    assert ends["optimistic_gradient_descent"] < 0.05
    assert ends["sgd"] > 10


def test_optimism_by_hand() -> None:
    """Gradients 1, 3: a plain step of alpha * 1, and then alpha * 3 + beta * (3 - 1)."""
    stepper = optilab.get_optimizer("optimistic_gradient_descent").start([0.0], lr=0.1, alpha=0.5, beta=2.0)
    assert stepper.step([1.0])[0] == pytest.approx(-0.05, rel=1e-14)
    assert stepper.step([3.0])[0] == pytest.approx(-0.05 - 0.15 - 0.4, rel=1e-14)


def test_noise_has_the_declared_variance() -> None:
    """The noise of step t has mean 0 and variance eta / t^gamma, is new in each step, and has no memory."""
    n = 40_000
    stepper = optilab.get_optimizer("noisy_sgd").start(np.zeros(n), lr=0.5, eta=4.0, gamma=0.8)
    steps = -np.diff([np.zeros(n), *(stepper.step(np.zeros(n)).copy() for _ in range(9))], axis=0) / 0.5
    for t, noise in enumerate(steps, 1):
        assert noise.std() == pytest.approx(np.sqrt(4.0 / t**0.8), rel=0.02)
        assert abs(noise.mean()) < 5 * noise.std() / np.sqrt(n)
    assert np.abs(np.corrcoef(steps) - np.eye(9)).max() < 0.03


def test_noise_depends_on_the_seed_alone() -> None:
    """The same seed draws the same noise whatever the gradient is; another draws another; a resumed walk goes on with its own."""
    one, same, other = (optilab.get_optimizer("noisy_sgd").start([0.0, 0.0], seed=s) for s in (3, 3, 4))
    moved = one.step([0.0, 0.0]).copy()
    np.testing.assert_allclose(same.step([5.0, -1.0]), moved - [0.5, -0.1], rtol=1e-12)
    assert (other.step([0.0, 0.0]) != moved).all()
    saved = one.save()
    went_on = one.step([1.0, 1.0]).copy()
    other.resume(saved)
    np.testing.assert_array_equal(other.step([1.0, 1.0]), went_on)


# By the sign


@settings(max_examples=30)
@given(seed=seeds, scale=st.sampled_from([1e-8, 0.1, 1e7]))
def test_signs_move_all_weights_equally_far(seed: int, scale: float) -> None:
    """Each step is lr in one direction or the other, whatever the size of the gradients."""
    for name in ("sign_sgd", "signum"):
        random = np.random.default_rng(seed)
        last: Vector = np.zeros(5)
        stepper = optilab.get_optimizer(name).start(last, lr=0.25)
        for gradient in scale * random.normal(size=(10, 5)):
            now = stepper.step(gradient).copy()
            np.testing.assert_allclose(np.abs(now - last), 0.25, rtol=1e-12)
            last = now


def test_signum_remembers_a_mean() -> None:
    """Gradients 2 and -1, at beta = 1/2, average to 1 and then to 0, where the weight stays."""
    stepper = optilab.get_optimizer("signum").start([0.0], lr=0.1, beta=0.5)
    for gradient, mean in ((2.0, 1.0), (-1.0, 0.0)):
        assert stepper.step([gradient])[0] == -0.1
        assert stepper.state["m"][0] == mean


@pytest.mark.parametrize(
    ("special", "given", "plain", "other"),
    [
        ("gradient_descent", {}, "sgd", {}),
        ("momentum", {"momentum": 0.0}, "sgd", {}),
        ("nesterov", {"momentum": 0.0}, "sgd", {}),
        ("heavy_ball", {"momentum": 0.0}, "sgd", {}),
        ("noisy_sgd", {"eta": 0.0}, "sgd", {}),
        ("optimistic_gradient_descent", {"beta": 0.0}, "sgd", {}),
        ("asgd", {"lambd": 0.0, "lr": 0.1}, "sgd", {}),
        ("schedule_free_sgd", {"beta": 0.0, "lr": 0.1}, "sgd", {}),
        ("signum", {"beta": 0.0}, "sign_sgd", {}),
        ("signum", {"beta": 0.7}, "lion", {"beta1": 0.7, "beta2": 0.7, "lr": 1e-3}),
        ("schedule_free_sgd", {"lr": 0.3}, "sgd | schedule_free", {"lr": 0.3}),
        ("asgd", {"lambd": 0.2, "alpha": 0.0}, "l2 | sgd", {"penalty": 0.2, "lr": 0.01}),
    ],
)
def test_rule_in_its_limit_is_another(special: str, given: dict[str, Any], plain: str, other: dict[str, Any]) -> None:
    """Without what sets it apart, a rule takes the steps of the plainer one, under any schedule."""
    expected = walk(plain, 5, uneven(5), **other)
    np.testing.assert_allclose(walk(special, 5, uneven(5), **given), expected, rtol=1e-11, atol=1e-13)


# Averages


@pytest.mark.parametrize("t0", [0, 7])
def test_asgd_answers_with_the_mean_since_t0(t0: int) -> None:
    """The point of evaluation is w until step t0 + 2, and then the mean of the weights from that step on."""
    weights, points = walk("asgd", t0=float(t0)), walk("asgd", t0=float(t0), observe="evaluation_point")
    np.testing.assert_array_equal(points[: t0 + 2], weights[: t0 + 2])
    for t in range(t0 + 3, 21):
        np.testing.assert_allclose(points[t - 1], weights[t0 + 1 : t].mean(axis=0), rtol=1e-12)


def test_the_steps_of_asgd_shrink() -> None:
    """A constant gradient of 1 moves weight 0 by lr / (1 + lambd * lr * (t - 1))^alpha, and by what lambd takes off."""
    stepper = optilab.get_optimizer("asgd").start([0.0], lr=2.0, lambd=0.25, alpha=0.5)
    assert stepper.step([1.0])[0] == pytest.approx(-2, rel=1e-14)
    second = 2 / np.sqrt(1.5)
    assert stepper.step([1.0])[0] == pytest.approx(-2 - second * (1 - 0.25 * 2), rel=1e-14)


def test_schedule_free_descent_averages_its_iterates() -> None:
    """With beta = 0 the weights are those of plain descent, and the point of evaluation is their mean."""
    given: dict[str, Any] = {"beta": 0.0, "lr": 0.1}
    weights, points = (walk("schedule_free_sgd", observe=o, **given) for o in ("w", "evaluation_point"))
    means = np.cumsum(weights, axis=0) / np.arange(1, 21)[:, None]
    np.testing.assert_allclose(points, means, rtol=1e-11)


@settings(max_examples=30)
@given(seed=seeds, beta=st.floats(0, 1))
@pytest.mark.parametrize(("name", "called"), [("schedule_free_sgd", "beta"), ("schedule_free_adamw", "beta1")])
def test_schedule_free_weights_lie_between_descent_and_average(name: str, called: str, seed: int, beta: float) -> None:
    """After every step w = (1 - beta) z + beta x, and it is measured at x."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer(name).start(random.normal(size=4), **dict[str, Any]({called: beta}))
    for gradient in random.normal(size=(8, 4)):
        stepper.step(gradient)
        x, z = stepper.state["x"], stepper.state["z"]
        np.testing.assert_allclose(stepper.w, (1 - beta) * z + beta * x, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(stepper.evaluation_point, x)


@pytest.mark.parametrize("name", ["schedule_free_sgd", "schedule_free_adamw"])
def test_schedule_free_waits_where_a_schedule_begins_at_zero(name: str) -> None:
    """A learning rate of zero moves nothing, and no average is divided by a sum of weights of zero."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0], lr=0.5)
    stepper.hyperparameters["lr"] = 0.0
    np.testing.assert_array_equal(stepper.step([3.0, 4.0]), [1.0, 2.0])
    stepper.hyperparameters["lr"] = 0.5
    assert (stepper.step([3.0, 4.0]) < [1.0, 2.0]).all()


def test_warmup_by_hand() -> None:
    """Over four steps z moves by 1/4, 2/4, 3/4, 4/4 and then 4/4 of lr; from zero, by 0/4, 1/4, 2/4, 3/4, 4/4."""
    for from_zero, expected in ((False, [1, 2, 3, 4, 4]), (True, [0, 1, 2, 3, 4])):
        stepper = optilab.get_optimizer("schedule_free_sgd").start(
            [0.0], lr=1.0, warmup_steps=4, warmup_from_zero=from_zero
        )
        zs = [0.0]
        for _ in range(5):
            stepper.step([1.0])
            zs.append(float(stepper.state["z"][0]))
        np.testing.assert_allclose(-np.diff(zs), np.array(expected) / 4, rtol=1e-14)


def test_weights_of_the_schedule_free_average_by_hand() -> None:
    """Rates 1/2 and 1 weigh 1/4 and 1 with a power of 2; a lower rate later weighs as much as the highest so far."""
    stepper = optilab.get_optimizer("schedule_free_sgd").start([0.0], lr=1.0, warmup_steps=2)
    stepper.step([1.0])
    stepper.step([1.0])
    assert stepper.evaluation_point[0] == pytest.approx((0.25 * -0.5 + 1 * -1.5) / 1.25, rel=1e-14)
    stepper.hyperparameters["lr"] = 0.5
    stepper.step([1.0])
    assert stepper.evaluation_point[0] == pytest.approx((0.25 * -0.5 + 1 * -1.5 + 1 * -2.0) / 2.25, rel=1e-14)


def test_a_run_measures_the_average() -> None:
    """The cost in the history of a run is that at the point of evaluation, not at w."""
    problem = optilab.get_problem("bowl")
    run = optilab.train(problem, "schedule_free_sgd", lr=0.3, steps=10, seed=0)
    stepper = optilab.get_optimizer("schedule_free_sgd").start(problem.initial(), problem=problem, lr=0.3)
    for _ in range(10):
        stepper.step()
    at_x, at_w = (0.5 * (p[0] ** 2 + 20 * p[1] ** 2) for p in (stepper.evaluation_point, stepper.w))
    assert run.history["train_cost"].iloc[-1] == pytest.approx(at_x, rel=1e-10)
    assert abs(at_x - at_w) > 1e-3 * at_x


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("momentum", {"momentum": 1.0}),
        ("momentum", {"dampening": 1.1}),
        ("heavy_ball", {"momentum": -0.1}),
        ("noisy_sgd", {"eta": -1.0}),
        ("signum", {"beta": 1.0}),
        ("asgd", {"lambd": -1e-4}),
        ("schedule_free_sgd", {"beta": 1.1}),
        ("schedule_free_sgd", {"warmup_steps": 1.5}),
        ("schedule_free_adamw", {"bias_correction": "none"}),
        ("schedule_free_adamw", {"beta2": 1.0}),
    ],
)
def test_rule_refuses_values_out_of_its_range(name: str, given: dict[str, Any]) -> None:
    """Hyperparameters out of the range that the rule declares are refused by name."""
    with pytest.raises(optilab.InputError, match=f"{next(iter(given))} = "):
        optilab.get_optimizer(name).fill(given)


# As their papers write them


def sgd(w: Vector, gradients: Vector, lr: float = 0.1) -> Iterator[Vector]:
    """A step down the gradient."""
    for g in gradients:
        w = w - lr * g
        yield w


def momentum(w: Vector, gradients: Vector, lr: float = 0.1, momentum: float = 0.9) -> Iterator[Vector]:
    """The heavy ball, with the learning rate outside the sum."""
    b = np.zeros_like(w)
    for g in gradients:
        b = momentum * b + g
        w = w - lr * b
        yield w


def nesterov(w: Vector, gradients: Vector, lr: float = 0.1, momentum: float = 0.9) -> Iterator[Vector]:
    """Nesterov's momentum in the form of Sutskever."""
    b = np.zeros_like(w)
    for g in gradients:
        b = momentum * b + g
        w = w - lr * (g + momentum * b)
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "gradient_descent": (sgd, {"lr": 0.03}),
    "sgd": (sgd, {"lr": 0.7}),
    "momentum": (momentum, {"lr": 0.02, "momentum": 0.5}),
    "nesterov": (nesterov, {"lr": 0.02, "momentum": 0.75}),
}

test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)


TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("sgd", {"lr": 0.1}, [0.4627850482744368, -0.6130268603914913, 2.738892294095223]),
    ("momentum", {"lr": 0.1}, [0.7534559498822861, 1.4382301049142197, 5.191776194119953]),
    ("momentum", {"lr": 0.03, "momentum": 0.5}, [0.4734184833364479, -0.8445423833836538, 2.331726876158387]),
    ("nesterov", {"lr": 0.1}, [0.6908954031684938, 1.5813802340313066, 5.61149086880318]),
    ("nesterov", {"lr": 0.02, "momentum": 0.7}, [0.48475894190763696, -0.8150463901552211, 2.3455157599103984]),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@pytest.mark.parametrize("name", ["gradient_descent", "sgd"])
def test_a_step_of_gradient_descent_by_hand(name: str) -> None:
    """w_new = w_old - lr * gradient: from 2, down a slope of 3 with lr 0.1, to 1.7, and then to 1.4."""
    stepper = optilab.get_optimizer(name).start([2.0], lr=0.1)
    assert stepper.step([3.0])[0] == pytest.approx(1.7, rel=1e-15)
    assert stepper.step([3.0])[0] == pytest.approx(1.4, rel=1e-15)


def test_gradient_descent_takes_all_examples_and_sgd_a_batch() -> None:
    """They differ in the batch that they take by default, and in nothing else."""
    assert optilab.get_optimizer("gradient_descent").batch_size == "full"
    assert optilab.get_optimizer("sgd").batch_size == 32


@settings(max_examples=50)
@given(curvature=st.floats(0.1, 10), lr=st.floats(0.01, 0.19), steps=st.integers(1, 60))
def test_gradient_descent_on_a_parabola_in_closed_form(curvature: float, lr: float, steps: int) -> None:
    """On curvature / 2 * w^2 the weight after n steps is (1 - lr * curvature)^n of the first."""
    problem = optilab.get_problem("parabola", curvature=curvature)
    run = optilab.train(problem, "gradient_descent", lr=lr, steps=steps)
    assert run.w[0] == pytest.approx(-2.0 * (1 - lr * curvature) ** steps, rel=1e-12, abs=1e-100)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    assert_treats_weights_alike(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("momentum", {"momentum": 1.0}, r"momentum = 1.0 is out of range: accepted is \[0, 1\)"),
        ("sgd", {"lr": 0}, r"lr = 0 is out of range: accepted is \(0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
