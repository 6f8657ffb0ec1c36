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
