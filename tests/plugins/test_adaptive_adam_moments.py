"""Adam, and variants of its second moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.adams import adam, adamw, few, noise, walks

import optilab
from walking import (
    Twin,
    Vector,
    assert_ends_as_torch,
    twin_tests,
    walk,
    walk_along,
)


def test_adam_by_hand() -> None:
    """Gradients 1 and 3 with beta1 = 1/2, beta2 = 3/4: moments 1/2, 7/4 and 1/4, 39/16, before their corrections."""
    first, second = walk_along("adam", [[1.0], [3.0]], lr=1.0, beta1=0.5, beta2=0.75, eps=1.0)[:, 0]
    assert first == pytest.approx(-1 / 2, rel=1e-14)
    assert second - first == pytest.approx(-(7 / 4 / (3 / 4)) / (np.sqrt(39 / 16 / (7 / 16)) + 1), rel=1e-14)


@given(gradients=walks, eps=st.floats(1e-3, 10))
@few
def test_epsilon_hat_is_epsilon_over_the_correction(gradients: Vector, eps: float) -> None:
    """In the first step, eps inside the correction is eps / sqrt(1 - beta2) outside; after many steps, it is eps."""
    inside = walk_along("adam", gradients[:1], eps=eps, eps_hat=True, beta2=0.9)
    np.testing.assert_allclose(inside, walk_along("adam", gradients[:1], eps=eps / np.sqrt(0.1), beta2=0.9), rtol=1e-12)
    late = optilab.get_optimizer("adam").start(np.zeros(3), eps=eps, eps_hat=True)
    same = optilab.get_optimizer("adam").start(np.zeros(3), eps=eps)
    late.t = same.t = 100_000
    np.testing.assert_allclose(late.step(gradients[0]), same.step(gradients[0]), rtol=1e-12)


def test_adamd_warms_up() -> None:
    """With the bias of the first moment left in, steps down a slope are lr * (1 - beta1^t)."""
    w = walk_along("adam", np.full((30, 1), 2.0), lr=0.1, eps=0.0, correct_m=False)
    np.testing.assert_allclose(np.diff(w[:, 0], prepend=0), -0.1 * (1 - 0.9 ** np.arange(1, 31)), rtol=1e-12)


@given(gradients=walks)
@few
def test_amsgrad_forgets_nothing(gradients: Vector) -> None:
    """Its largest moment never falls, and is the largest that Adam ever had: raw, or corrected."""
    for nu_max in ("raw", "corrected"):
        stepper = optilab.get_optimizer("amsgrad").start(np.zeros(3), nu_max=nu_max, beta2=0.7)
        adam = optilab.get_optimizer("adam").start(np.zeros(3), beta2=0.7)
        largest = np.zeros(3)
        for t, g in enumerate(gradients, 1):
            stepper.step(g)
            adam.step(g)
            largest = np.maximum(largest, adam.state["v"] / (1 - 0.7**t if nu_max == "corrected" else 1))
            np.testing.assert_allclose(stepper.state["v_max"], largest, rtol=1e-13)


@pytest.mark.parametrize("nu_max", ["raw", "corrected"])
def test_amsgrad_is_adam_where_gradients_grow(nu_max: str) -> None:
    """While each gradient is longer than the one before, the largest moment is the present one."""
    growing = np.array([[1.0], [-1.5], [2.5], [4.0], [-7.0]])
    given = {"lr": 0.1, "beta2": 0.5}
    np.testing.assert_allclose(
        walk_along("amsgrad", growing, nu_max=nu_max, **given), walk_along("adam", growing, **given), rtol=1e-13
    )
    fading = growing[::-1]
    assert (
        abs(walk_along("amsgrad", fading, nu_max=nu_max, **given) - walk_along("adam", fading, **given)).max() > 0.001
    )


def test_adam_climbs_where_others_descend() -> None:
    """The example of Reddi et al.: of three slopes one is 4 and two are -1, so that the way down is to the left."""
    slopes = np.tile([[4.0], [-1.0], [-1.0]], (100, 1))
    given = {"lr": 0.01, "beta1": 0.0, "beta2": 1 / 17, "eps": 0.0}
    assert walk_along("adam", slopes, **given)[-1, 0] > 0.3
    assert walk_along("amsgrad", slopes, **given)[-1, 0] < -0.3
    assert walk_along("adopt", slopes, clip=False, **given)[-1, 0] < -0.3


@given(gradients=walks)
@few
def test_adamax_divides_by_the_largest_fading_gradient(gradients: Vector) -> None:
    """Its norm is the maximum of beta2^age * |g|, of gradients that are longer by eps."""
    for inside in (True, False):
        stepper = optilab.get_optimizer("adamax").start(np.zeros(3), beta2=0.5, eps=0.25, eps_in_max=inside)
        for g in gradients:
            stepper.step(g)
        ages = 0.5 ** np.arange(len(gradients))[::-1, None]
        np.testing.assert_allclose(
            stepper.state["u"], (ages * (abs(gradients) + 0.25 * inside)).max(axis=0), rtol=1e-13
        )


def test_sparse_adam_leaves_weights_without_gradient_alone() -> None:
    """A zero gradient keeps weight and moments bit for bit; the others are Adam's, with eps before the correction."""
    gradients = noise(40, n=6)
    gradients[np.random.default_rng(1).random(gradients.shape) < 0.5] = 0
    gradients[:, 0] = noise(40, n=1)[:, 0]
    stepper = optilab.get_optimizer("sparse_adam").start(np.ones(6), lr=0.1, eps=1e-3)
    for g in gradients:
        before = [a.copy() for a in (stepper.w, stepper.state["m"], stepper.state["v"])]
        stepper.step(g)
        for old, new in zip(before, (stepper.w, stepper.state["m"], stepper.state["v"]), strict=True):
            np.testing.assert_array_equal(old == new, g == 0)
    dense = walk_along("adam", gradients[:, :1], [1.0], lr=0.1, eps=1e-3, eps_hat=True)
    assert stepper.w[0] == pytest.approx(dense[-1, 0], rel=1e-13)


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "adam": (adam, {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-2}),
    "adamw": (adamw, {"lr": 0.05, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3}),
}
test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)
TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("adam", {}, [0.4996567630461193, -0.9943324456943493, 2.0044275960552422]),
    (
        "adam",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 0.001},
        [0.46435829814817353, -0.7777992995511804, 2.180180950044524],
    ),
    ("l2 | adam", {"lr": 0.05, "penalty": 0.1}, [0.39467753363298075, -0.6498294005267667, 2.09354033255394]),
    ("adamw", {}, [0.4995068998843647, -0.99403395103604, 2.003826564205383]),
    (
        "adamw",
        {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 0.001, "weight_decay": 0.1},
        [0.3964883464084198, -0.6678788778203577, 1.879607360688131],
    ),
    ("weight_decay | adam", {}, [0.4995068998843647, -0.99403395103604, 2.003826564205383]),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@pytest.mark.parametrize(
    ("special", "given", "plain"),
    [
        ("adamw", {"weight_decay": 0.0}, "adam"),
        ("l2 | adam", {"penalty": 0.0}, "adam"),
        ("weight_decay | adam", {}, "adamw"),
    ],
)
def test_rule_without_what_sets_it_apart(special: str, given: dict[str, Any], plain: str) -> None:
    """In its limit a rule takes the steps of the plainer one."""
    np.testing.assert_allclose(walk(special, steps=40, **given), walk(plain, steps=40), rtol=1e-14)


def test_adam_without_memory_steps_by_the_sign() -> None:
    """With both betas and eps at zero, Adam divides the gradient by its own size."""
    steps = np.diff(walk("adam", steps=40, beta1=0.0, beta2=0.0, eps=0.0, lr=0.25), axis=0)
    np.testing.assert_allclose(np.abs(steps), 0.25, rtol=1e-12)
