"""The kin of Adam: what makes each one different."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.adams import few, noise, walks

import optilab
from optilab_adaptive.ademamix import longer_memory
from walking import (
    Vector,
    walk_along,
)


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
