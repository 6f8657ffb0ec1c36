"""Adam and its kin: what holds for all of them, and what makes each one different."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import optilab
from optilab_adaptive.ademamix import longer_memory
from walking import (
    Twin,
    Vector,
    assert_blind_to_size,
    assert_ends_as_torch,
    assert_treats_weights_alike,
    twin_tests,
    walk,
    walk_along,
)

# Each rule, and what takes all smallness terms and all decay from it, so that it knows no size of its own.
BARE: dict[str, dict[str, Any]] = {
    "adam": {"eps": 0.0},
    "adamw": {"eps": 0.0, "weight_decay": 0.0},
    "amsgrad": {"eps": 0.0},
    "adamax": {"eps": 0.0},
    "sparse_adam": {"eps": 0.0},
    "nadam": {"eps": 0.0},
    "nadamw": {"eps": 0.0, "weight_decay": 0.0},
    "radam": {"eps": 0.0},
    "adabelief": {"eps": 0.0, "eps_root": 0.0},
    "acprop": {"eps": 0.0, "eps_root": 0.0},
    "adan": {"eps": 0.0},
    "yogi": {"eps": 0.0, "initial_m": 0.0, "initial_v": 0.0},
    "ademamix": {"eps": 0.0},
    "simplified_ademamix": {"eps": 0.0},
    "adopt": {"eps": 0.0},
    "optimistic_adam": {"eps": 0.0},
}

few = settings(max_examples=25, deadline=None)
numbers = st.floats(0.1, 10) | st.floats(-10, -0.1)
walks = arrays.arrays(float, st.tuples(st.integers(2, 12), st.just(3)), elements=numbers)


def noise(steps: int, n: int = 5, seed: int = 0) -> Vector:
    """Random gradients."""
    return np.random.default_rng(seed).normal(size=(steps, n))


# What holds for all of them


@pytest.mark.parametrize("name", BARE)
def test_a_nan_is_seen(name: str) -> None:
    """A gradient that is not a number, in the first step or later, makes its own weight NaN for good, and no other."""
    for when in (0, 4):
        gradients = noise(9)
        gradients[when, 2] = np.nan
        w = walk_along(name, gradients)
        assert np.isnan(w[when + 1 :, 2]).all()
        assert np.isfinite(np.delete(w, 2, axis=1)).all()


@pytest.mark.parametrize("name", BARE)
def test_without_gradient_it_stands_still(name: str) -> None:
    """Gradients that are zero from the start move no weight, but for a decay, or a momentum that isn't zero at the start."""
    given = {"adamw": {"weight_decay": 0.0}, "nadamw": {"weight_decay": 0.0}, "yogi": {"initial_m": 0.0}}.get(name, {})
    start = np.array([1.0, -2.0, 0.0])
    np.testing.assert_array_equal(walk_along(name, np.zeros((7, 3)), start, **given), np.tile(start, (7, 1)))


@pytest.mark.parametrize("name", sorted(set(BARE) - {"radam", "acprop"}))
@given(gradients=walks, scale=st.floats(1e-3, 1e3))
@few
def test_the_scale_of_gradients_is_of_no_account(name: str, gradients: Vector, scale: float) -> None:
    """Without eps, gradients that are all longer or shorter by one factor lead to the same weights."""
    expected = walk_along(name, gradients, **BARE[name])
    np.testing.assert_allclose(walk_along(name, scale * gradients, **BARE[name]), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", BARE)
def test_claims_are_kept(name: str) -> None:
    """Where it claims so, flipped signs flip its steps, and it doesn't see where it stands; the others do see it."""
    claims = optilab.get_optimizer(name).rules[0].claims
    gradients, start = noise(30), np.array([3.0, -1.0, 0.5, 0.0, 2.0])
    signs = np.array([1, -1, -1, 1, -1])
    moved = walk_along(name, gradients, start) - start
    flipped = walk_along(name, signs * gradients, signs * start) - signs * start
    assert np.allclose(flipped, signs * moved, rtol=1e-9, atol=1e-13) == ("sign flips" in claims)
    shifted = walk_along(name, gradients, start + 5) - (start + 5)
    assert np.allclose(shifted, moved, rtol=1e-9, atol=1e-12) == ("translation" in claims)


@pytest.mark.parametrize("name", BARE)
def test_in_single_precision_it_is_the_same_rule(name: str) -> None:
    """In float32 it stays near its float64 self for forty steps, and its states stay in float32."""
    gradients = noise(40)
    gentle: dict[str, Any] = {"eps": 1e-3} if name == "acprop" else {}  # else tiny denominators magnify what is rounded
    single = optilab.get_optimizer(name).start(np.ones(5, np.float32), **gentle)
    double = walk_along(name, gradients, np.ones(5), **gentle)
    for g, w in zip(gradients, double, strict=True):
        np.testing.assert_allclose(single.step(g), w, rtol=1e-4, atol=1e-5)
    assert single.w.dtype == np.float32
    assert {a.dtype for a in single.state.values() if isinstance(a, np.ndarray) and a.size == 5} == {
        np.dtype("float32")
    }


# The first step, and constant gradients, in closed form


FIRST = {
    "adam": 1.0,
    "amsgrad": 1.0,
    "adamax": 1.0,
    "sparse_adam": 1.0,
    "adabelief": 1 / 0.9,  # the surprise is beta1 * g
    "adan": 1.0,
    "yogi": 1.0,
    "ademamix": 1 + 5 * 1e-4,
    "simplified_ademamix": 1.0,
    "adopt": 0.0,
    "optimistic_adam": 1.0,
}


@pytest.mark.parametrize("name", FIRST)
@given(g=numbers)
@few
def test_the_first_step_has_a_length_of_its_own(name: str, g: float) -> None:
    """Without eps, the first step is lr times a number, whatever the gradient, against the gradient's sign."""
    w = walk_along(name, [[g]], lr=0.1, **BARE[name])
    np.testing.assert_allclose(w, [[-0.1 * FIRST[name] * np.sign(g)]], rtol=1e-9)


@pytest.mark.parametrize("name", ["radam", "acprop"])
def test_the_first_step_is_plain(name: str) -> None:
    """Rules that wait for a second moment begin as gradient descent."""
    np.testing.assert_allclose(walk_along(name, [[3.0, -0.5]], lr=0.1), [[-0.3, 0.05]], rtol=1e-14)


@pytest.mark.parametrize("name", ["adam", "amsgrad", "adamax", "sparse_adam", "adan", "optimistic_adam"])
def test_down_a_slope_steps_are_of_one_length(name: str) -> None:
    """Without eps, a constant gradient moves the weight by exactly lr in each step."""
    w = walk_along(name, np.full((50, 2), [3.0, -1e-4]), lr=0.1, **BARE[name])
    np.testing.assert_allclose(w[:, 0], -0.1 * np.arange(1, 51), rtol=1e-11)
    np.testing.assert_allclose(w[:, 1], 0.1 * np.arange(1, 51), rtol=1e-11)


def test_adam_by_hand() -> None:
    """Gradients 1 and 3 with beta1 = 1/2, beta2 = 3/4: moments 1/2, 7/4 and 1/4, 39/16, before their corrections."""
    first, second = walk_along("adam", [[1.0], [3.0]], lr=1.0, beta1=0.5, beta2=0.75, eps=1.0)[:, 0]
    assert first == pytest.approx(-1 / 2, rel=1e-14)
    assert second - first == pytest.approx(-(7 / 4 / (3 / 4)) / (np.sqrt(39 / 16 / (7 / 16)) + 1), rel=1e-14)


# Where libraries differ


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


# One rule is another at a limit


IDENTITIES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("adamw", {"weight_decay": 0.0}, "adam", {}),
    ("adamw", {"weight_decay": 0.3}, "weight_decay | adam", {"weight_decay": 0.3}),
    ("nadamw", {"weight_decay": 0.0}, "nadam", {}),
    ("nadamw", {"weight_decay": 0.3}, "weight_decay | nadam", {"weight_decay": 0.3}),
    ("nadam", {"beta1": 0.0}, "adam", {"beta1": 0.0}),
    ("nadam", {"momentum_decay": 1e9}, "nadam", {"scheduled_momentum": False}),
    ("ademamix", {"alpha": 0.0}, "adam", {}),
    ("ademamix", {"warmup": 1}, "ademamix", {"warmup": 0}),
    ("simplified_ademamix", {"lr": 0.001, "beta1": 0.9, "beta2": 0.999}, "adam", {"correct_m": False}),
    ("optimistic_adam", {"beta": 0.0}, "adam", {}),
    ("radam", {"beta2": 0.5}, "radam", {"threshold": 1e9}),
    ("amsgrad", {"beta2": 0.0, "nu_max": "raw"}, "amsgrad", {"beta2": 0.0, "nu_max": "corrected"}),
]


@pytest.mark.parametrize(("name", "given", "other", "others"), IDENTITIES)
def test_limits(name: str, given: dict[str, Any], other: str, others: dict[str, Any]) -> None:
    """At a value of one hyperparameter, a rule is another rule."""
    gradients, start = 1 + 0.5 * noise(20), np.arange(5.0)
    actual = walk_along(name, gradients, start, **{"lr": 0.01, **given})
    expected = walk_along(other, gradients, start, **{"lr": 0.01, **others})
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


# What makes each one different


def test_nadam_looks_one_step_ahead() -> None:
    """With a momentum of beta1 all the way, m_hat blends the next corrected mean with the present gradient."""
    g = np.array([1.0, 3.0])
    w = walk_along("nadam", g[:, None], lr=1.0, beta1=0.5, beta2=0.0, eps=0.0, scheduled_momentum=False)[:, 0]
    m = [0.5 * 1, 0.25 * 1 + 0.5 * 3]
    ahead = [0.5 * m[0] / (1 - 0.25) + 0.5 * 1 / 0.5, 0.5 * m[1] / (1 - 0.125) + 0.5 * 3 / 0.75]
    np.testing.assert_allclose(np.diff(w, prepend=0), [-ahead[0] / 1, -ahead[1] / 3], rtol=1e-13)


@given(psi=st.floats(0, 5), beta1=st.floats(0.01, 0.99))
@few
def test_nadam_keeps_the_product_of_its_momenta(psi: float, beta1: float) -> None:
    """They rise from beta1 * (1 - 0.96^psi / 2) towards beta1, and their product is a state."""
    stepper = optilab.get_optimizer("nadam").start(np.zeros(2), beta1=beta1, momentum_decay=psi)
    for g in noise(20, n=2):
        stepper.step(g)
    momenta = beta1 * (1 - 0.5 * 0.96 ** (psi * np.arange(1, 21)))
    assert stepper.state["mu_product"][0] == pytest.approx(np.prod(momenta), rel=1e-12)


def test_radam_begins_without_a_second_moment() -> None:
    """At beta2 = 0.999 five steps are those of a corrected mean alone; the sixth divides by the second moment."""
    gradients = noise(6)
    w = walk_along("radam", gradients, lr=0.1)
    m = np.zeros(5)
    steps = []
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        steps.append(-0.1 * m / (1 - 0.9**t))
    np.testing.assert_allclose(w[:5], np.cumsum(steps, axis=0)[:5], rtol=1e-12)
    sixth = (w[5] - w[4]) / steps[5]
    assert sixth.max() / sixth.min() > 1.1


def test_radam_at_its_threshold() -> None:
    """In the first step the length is 1: at a threshold of 1 a strict rule waits, another one multiplies by r = sqrt(7/5)."""
    given = {"lr": 0.1, "beta2": 0.75, "eps": 0.0, "threshold": 1.0}
    np.testing.assert_allclose(walk_along("radam", [[3.0, -0.5]], strict=True, **given), [[-0.3, 0.05]], rtol=1e-13)
    r = np.sqrt(7 / 5)
    np.testing.assert_allclose(
        walk_along("radam", [[3.0, -0.5]], strict=False, **given), [[-0.1 * r, 0.1 * r]], rtol=1e-13
    )


def test_adabelief_walks_fast_where_it_is_sure() -> None:
    """Down an even slope AdaBelief's steps grow, where Adam's stay; where signs alternate they are no longer than Adam's."""
    even = np.full((40, 1), 1.0)
    assert abs(walk_along("adabelief", even, lr=0.01)[-1, 0]) > 2 * abs(walk_along("adam", even, lr=0.01)[-1, 0])
    odd = even * (-1.0) ** np.arange(40)[:, None]
    belief, adam = (np.abs(np.diff(walk_along(name, odd, lr=0.01)[:, 0])) for name in ("adabelief", "adam"))
    assert (belief <= 1.12 * adam).all()


@pytest.mark.parametrize("name", ["adopt", "acprop"])
def test_the_denominator_does_not_know_the_gradient(name: str) -> None:
    """After the same past, a step's dependence on its gradient is linear."""
    gradients = noise(6, n=3)
    given: dict[str, Any] = {"clip": False} if name == "adopt" else {}

    def last(factor: float) -> Vector:
        changed = np.vstack([gradients[:5], factor * gradients[5:]])
        w = walk_along(name, changed, **given)
        step: Vector = w[-1] - w[-2]
        return step

    np.testing.assert_allclose(last(5) - last(3), 2 * (last(2) - last(1)), rtol=1e-9)
    assert abs(last(5) - last(3)).min() > 1e-9


def test_acprop_before_and_after_the_gradient() -> None:
    """The surprise before the mean knows the gradient is longer by 1 / beta1: without eps, later steps are shorter by beta1."""
    gradients = noise(30)
    new, old = (
        np.diff(walk_along("acprop", gradients, center=center, beta1=0.6, eps=0.0, eps_root=0.0), axis=0)
        for center in ("new", "old")
    )
    np.testing.assert_allclose(old, 0.6 * new, rtol=1e-9)


def test_adan_by_hand() -> None:
    """Gradients 1 and 3, all betas 1/2: the change of 2 counts in v, and with a weight of 1/2 in n and in the step."""
    given = {"lr": 1.0, "beta1": 0.5, "beta2": 0.5, "beta3": 0.5, "eps": 0.0}
    first, second = walk_along("adan", [[1.0], [3.0]], **given)[:, 0]
    assert first == pytest.approx(-1, rel=1e-14)
    m, v, n = 7 / 4 / (3 / 4), 1 / (3 / 4), (1 / 4 + (3 + 1) ** 2 / 2) / (3 / 4)
    assert second - first == pytest.approx(-(m + v / 2) / np.sqrt(n), rel=1e-14)
    # the decay is implicit: the whole of the new weight shrinks
    shrunk = walk_along("adan", [[1.0]], [5.0], weight_decay=0.25, **given)
    assert shrunk[0, 0] == pytest.approx((5 - 1) / 1.25, rel=1e-14)


@given(gradients=walks)
@few
def test_yogi_changes_its_moment_by_the_gradient_alone(gradients: Vector) -> None:
    """Each step changes v by (1 - beta2) * g^2, towards g^2."""
    stepper = optilab.get_optimizer("yogi").start(np.zeros(3), beta2=0.9, initial_v=2.0)
    for g in gradients:
        before = stepper.state["v"].copy()
        stepper.step(g)
        change = stepper.state["v"] - before
        np.testing.assert_allclose(change, 0.1 * g**2 * np.sign(g**2 - before), rtol=1e-9, atol=1e-12)


def test_yogi_starts_where_it_is_told() -> None:
    """Its moments begin at initial_m and initial_v, both a millionth as in Optax."""
    stepper = optilab.get_optimizer("yogi").start(np.zeros(2))
    np.testing.assert_array_equal(stepper.state["m"], [1e-6, 1e-6])
    np.testing.assert_array_equal(stepper.state["v"], [1e-6, 1e-6])


@given(beta1=st.floats(0.1, 0.95), more=st.floats(0.01, 0.99), progress=st.floats(0, 1))
@few
def test_ademamix_lengthens_its_memory_evenly(beta1: float, more: float, progress: float) -> None:
    """In the warm-up the half-life of the slow momentum goes in proportion from that of beta1 to that of beta3."""
    beta3 = beta1 + (1 - beta1) * more * 0.999
    lives = [np.log(0.5) / np.log(beta) for beta in (beta1, longer_memory(beta1, beta3, progress), beta3)]
    assert lives[1] == pytest.approx(lives[0] + progress * (lives[2] - lives[0]), rel=1e-8)


def test_ademamix_has_one_memory_of_each_length() -> None:
    """After one gradient and silence, the fast momentum fades by beta1 in each step, the slow one by beta3."""
    stepper = optilab.get_optimizer("ademamix").start(np.zeros(1), beta1=0.5, beta3=0.9)
    stepper.step([1.0])
    for _ in range(3):
        stepper.step([0.0])
    assert stepper.state["m"][0] == pytest.approx(0.5 * 0.5**3, rel=1e-14)
    assert stepper.state["m_slow"][0] == pytest.approx(0.1 * 0.9**3, rel=1e-13)


def test_simplified_ademamix_gives_the_newest_gradient_a_weight() -> None:
    """Its momentum is a sum: after gradients of 2, 2, with beta1 = 1/2, it is 3; alpha adds as many times the last 2."""
    given = {"lr": 1.0, "beta1": 0.5, "eps": 0.0}
    w = walk_along("simplified_ademamix", [[2.0], [2.0]], alpha=3.0, **given)[:, 0]
    np.testing.assert_allclose(w, [-(2 + 6) / 2, -(2 + 6) / 2 - (3 + 6) / 2], rtol=1e-13)


@given(gradients=walks)
@few
def test_adopt_never_steps_further_than_its_bound(gradients: Vector) -> None:
    """It stays in the first step, and later moves by no more than lr * (t - 1)^(1/4), even after the tiniest gradients."""
    wild = gradients * 10.0 ** np.arange(len(gradients))[:, None]
    for nesterov in (False, True):
        steps = np.abs(np.diff(walk_along("adopt", wild, lr=0.1, nesterov=nesterov), axis=0, prepend=np.zeros((1, 3))))
        bound = 0.1 * np.arange(len(wild))[:, None] ** 0.25
        assert (steps <= bound * (1 + 1e-9)).all()


def test_adopt_does_not_divide_by_less_than_eps() -> None:
    """A first gradient of zero leaves a second moment of zero: eps stands in its place."""
    w = walk_along("adopt", [[0.0], [1.0]], lr=1.0, beta1=0.5, eps=4.0)
    np.testing.assert_allclose(w, [[0.0], [-0.5 * 1 / 4]], rtol=1e-14)


@given(gradients=walks, beta=st.floats(0, 3))
@few
def test_optimism_adds_up_to_adam_and_one_bet(gradients: Vector, beta: float) -> None:
    """The bets cancel: it is where Adam is, and beta times the way from Adam's first direction to its last."""
    plain = walk_along("adam", gradients, lr=0.1)
    directions = np.diff(plain, axis=0, prepend=np.zeros((1, 3)))
    expected = plain + beta * (directions - directions[0])
    np.testing.assert_allclose(
        walk_along("optimistic_adam", gradients, lr=0.1, beta=beta), expected, rtol=1e-9, atol=1e-12
    )


# As their papers write them


def adam(
    w: Vector, gradients: Vector, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
) -> Iterator[Vector]:
    """Algorithm 1 of Kingma and Ba."""
    return adamw(w, gradients, lr, beta1, beta2, eps, weight_decay=0)


def adamw(
    w: Vector,
    gradients: Vector,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Iterator[Vector]:
    """Adam on weights that shrink by lr * weight_decay before each step."""
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w = w * (1 - lr * weight_decay) - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w


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


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
@pytest.mark.parametrize(("name", "given_"), [("adam", {"eps": 0.0})])
def test_rule_that_does_not_see_the_size_of_gradients(
    name: str, given_: dict[str, Any], scale: float, seed: int
) -> None:
    """Adam takes the same steps if all gradients are so many times as long."""
    assert_blind_to_size(name, scale, seed, **given_)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    assert_treats_weights_alike(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("adam", {"beta2": 1.0}, r"beta2 = 1.0 is out of range: accepted is \[0, 1\)"),
        ("adam", {"eps": -1e-9}, r"eps = -1e-09 is out of range: accepted is \[0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
