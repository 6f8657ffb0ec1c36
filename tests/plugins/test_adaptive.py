"""Rules that scale each weight's step by its own history, but for Adam's kin: what holds whatever the gradients are."""

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
    assert_blind_to_size,
    assert_ends_as_torch,
    assert_treats_weights_alike,
    seeds,
    twin_tests,
    walk,
)


def along(name: str, gradients: list[float], w: float = 0.0, **given: Any) -> list[float]:
    """The weights after each gradient."""
    stepper = optilab.get_optimizer(name).start([w], **given)
    return [float(stepper.step([gradient])[0]) for gradient in gradients]


RULES = ["adagrad", "adadelta", "rmsprop", "lion", "rprop", "madgrad", "cocob"]
SWITCHED = [
    ("adagrad", {"eps_inside": True}),
    ("adagrad", {"eps": 0.0}),
    ("adagrad", {"eps": 0.0, "eps_inside": True}),
    ("rmsprop", {"centered": True, "momentum": 0.5, "eps_inside": True, "lr_inside_momentum": True}),
    ("rmsprop", {"correct_bias": True, "momentum": 0.5, "nesterov": True}),
    ("lion", {"mode": "smooth"}),
    ("lion", {"mode": "refined"}),
    ("madgrad", {"eps": 0.0}),
    *((name, {}) for name in RULES),
]


# Of all of them


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_a_gradient_of_zero_moves_nothing(name: str, given: dict[str, Any]) -> None:
    """Without a slope from the beginning no rule moves, and none divides zero by zero."""
    stepper = optilab.get_optimizer(name).start([1.0, -2.0, 0.0], **given)
    for _ in range(3):
        np.testing.assert_array_equal(stepper.step([0.0, 0.0, 0.0]), [1.0, -2.0, 0.0])


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_not_a_number_reaches_its_weight_alone(name: str, given: dict[str, Any]) -> None:
    """A gradient of NaN makes its weight NaN for good, and no other."""
    stepper = optilab.get_optimizer(name).start([1.0, 2.0, 3.0], **given)
    stepper.step([1.0, np.nan, 1.0])
    stepper.step([0.9, 1.0, 0.9])
    np.testing.assert_array_equal(np.isnan(stepper.step([0.8, 1.0, 0.8])), [False, True, False])


@pytest.mark.parametrize(("name", "given"), SWITCHED)
def test_single_precision_follows_double(name: str, given: dict[str, Any]) -> None:
    """In float32 a rule takes the same steps, to rounding."""
    random = np.random.default_rng(4)
    w, gradients = random.normal(size=7), random.normal(size=(20, 7))
    single = optilab.get_optimizer(name).start(w.astype(np.float32), **given)
    double = optilab.get_optimizer(name).start(w.astype(np.float32).astype(np.float64), **given)
    for gradient in gradients.astype(np.float32):
        single.step(gradient)
        double.step(gradient)
    assert single.w.dtype == np.float32
    np.testing.assert_allclose(single.w, double.w, rtol=1e-3, atol=1e-5)


# Adagrad and Adadelta


def test_adagrad_on_a_constant_slope() -> None:
    """Its t-th step is lr / sqrt(t), whatever the slope; with lr_decay, over 1 + (t - 1) * lr_decay."""
    t = np.arange(1, 11)
    for slope in (1e-3, 50.0):
        for decay in (0.0, 0.5):
            walked = along("adagrad", [slope] * 10, lr=0.1, eps=0.0, lr_decay=decay)
            np.testing.assert_allclose(walked, -np.cumsum(0.1 / np.sqrt(t) / (1 + (t - 1) * decay)), rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, initial=st.floats(0, 2))
def test_adagrad_remembers_all_squares(seed: int, initial: float) -> None:
    """Its memory is where it started plus the sum of all squares, and never falls."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer("adagrad").start(np.zeros(4), initial_accumulator=initial)
    gradients = random.normal(size=(10, 4))
    last = stepper.state["s"].copy()
    for t, gradient in enumerate(gradients, 1):
        stepper.step(gradient)
        np.testing.assert_allclose(stepper.state["s"], initial + np.sum(gradients[:t] ** 2, axis=0), rtol=1e-12)
        assert (stepper.state["s"] >= last).all()
        last = stepper.state["s"].copy()


def test_where_the_eps_of_adagrad_stands() -> None:
    """A gradient of 3 with eps 7: over 3 + 7, or over the root of 9 + 7."""
    assert along("adagrad", [3.0], lr=1.0, eps=7.0)[0] == pytest.approx(-0.3, rel=1e-14)
    assert along("adagrad", [3.0], lr=1.0, eps=7.0, eps_inside=True)[0] == pytest.approx(-0.75, rel=1e-14)


def test_the_first_step_of_adadelta() -> None:
    """It is sqrt(eps) over the root of (1 - rho) * g^2 + eps, times g; the next knows that step's square."""
    first = np.sqrt(0.04 / (0.5 * 9 + 0.04)) * 3
    second = np.sqrt((0.5 * first**2 + 0.04) / (0.75 * 9 + 0.04)) * 3
    walked = along("adadelta", [3.0, 3.0], lr=2.0, rho=0.5, eps=0.04)
    np.testing.assert_allclose(walked, [-2 * first, -2 * (first + second)], rtol=1e-13)


# RMSprop


def test_rmsprop_starts_where_it_is_told() -> None:
    """From 4, halved and joined by half the square of a gradient of 2, the mean square stays 4: a step of lr * 2 / 2."""
    assert along("rmsprop", [2.0], lr=0.1, alpha=0.5, eps=0.0, initial_accumulator=4.0)[0] == pytest.approx(-0.1)


@pytest.mark.parametrize("slope", [1e-4, 3.0])
def test_rmsprop_without_bias_steps_by_lr_on_a_constant_slope(slope: float) -> None:
    """With correct_bias a constant gradient is divided by its own size from the first step on."""
    walked = along("rmsprop", [slope] * 5, lr=0.1, eps=0.0, correct_bias=True)
    np.testing.assert_allclose(walked, -0.1 * np.arange(1, 6), rtol=1e-12)


def test_centered_rmsprop_divides_by_the_deviation() -> None:
    """Gradients 3 and 1, at alpha = 1/2: mean 1.25, mean square 2.75; without bias 5/3 and 11/3, a variance of 8/9."""
    given = {"lr": 1.0, "alpha": 0.5, "eps": 1.0, "centered": True}
    first = 3 / (np.sqrt(4.5 - 1.5**2) + 1)
    walked = along("rmsprop", [3.0, 1.0], **given)
    np.testing.assert_allclose(walked, [-first, -first - 1 / (np.sqrt(2.75 - 1.25**2) + 1)], rtol=1e-13)
    corrected = np.diff(along("rmsprop", [3.0, 1.0], **given, correct_bias=True))
    np.testing.assert_allclose(corrected, -1 / (np.sqrt(8 / 9) + 1), rtol=1e-13)


@pytest.mark.parametrize("nesterov", [False, True])
def test_where_the_learning_rate_of_rmsprop_stands(nesterov: bool) -> None:
    """A gradient at lr 1 goes on in the next step, at lr 0.1, as half of what it was: of the sum, or of the step."""
    for inside, second in ((False, 0.05), (True, 0.5)):
        stepper = optilab.get_optimizer("rmsprop").start(
            [0.0], lr=1.0, alpha=0.0, eps=1e-300, momentum=0.5, nesterov=nesterov, lr_inside_momentum=inside
        )
        first = stepper.step([2.0])[0]
        assert first == pytest.approx(-1.5 if nesterov else -1)
        stepper.hyperparameters["lr"] = 0.1
        assert first - stepper.step([0.0])[0] == pytest.approx(second / 2 if nesterov else second, rel=1e-14)


@pytest.mark.parametrize("switch", ["lr_inside_momentum", "nesterov"])
def test_switches_of_rmsprops_momentum_need_momentum(switch: str) -> None:
    """At momentum 0 and a constant learning rate they change nothing."""
    np.testing.assert_allclose(walk("rmsprop", **dict[str, Any]({switch: True})), walk("rmsprop"), rtol=1e-13)


# Lion


def test_modes_of_lion_by_hand() -> None:
    """A first gradient of g makes c = (1 - beta1) * g: its sign, its tanh, or c itself, unless that is above 1."""
    for g, refined in ((4.0, 0.4), (-30.0, -1.0)):
        given = {"lr": 0.1, "beta1": 0.9}
        assert along("lion", [g], **given)[0] == pytest.approx(-0.1 * np.sign(g), rel=1e-14)
        smooth = along("lion", [g], **given, mode="smooth", smooth_beta=2.0)[0]
        assert smooth == pytest.approx(-0.1 * np.tanh(0.2 * g), rel=1e-13)
        assert along("lion", [g], **given, mode="refined")[0] == pytest.approx(-0.1 * refined, rel=1e-13)


@settings(max_examples=20)
@given(seed=seeds)
def test_a_steep_smooth_lion_is_a_hard_one(seed: int) -> None:
    """The steeper its tanh, the nearer to the sign."""
    steep = walk("lion", seed, mode="smooth", smooth_beta=1e12, weight_decay=0.1)
    np.testing.assert_allclose(steep, walk("lion", seed, weight_decay=0.1), rtol=1e-12)


# Rprop


def test_rprop_on_a_constant_sign() -> None:
    """Its steps are first_step, 1.2 of it, 1.44 of it, ... whatever the slope, and end at max_step."""
    sizes = np.minimum(0.1 * 1.2 ** np.arange(12), 0.3)
    walked = along("rprop", [3.0, 1e-9, 50.0] * 4, first_step=0.1, max_step=0.3)
    np.testing.assert_allclose(walked, -np.cumsum(sizes), rtol=1e-12)


def test_rprop_waits_after_a_flip() -> None:
    """Where the sign flips the step is halved and not taken; then it goes on at that size, and grows again."""
    np.testing.assert_allclose(
        along("rprop", [1.0, 1.0, -1.0, -1.0, -1.0], w=5.0, first_step=0.1), [4.9, 4.78, 4.78, 4.84, 4.912], rtol=1e-13
    )


def test_rprop_of_optax_is_a_step_behind() -> None:
    """What optax.rprop 0.2.8 does at a first step of 0.1: it ends a step earlier, and loses a step that is out of date when the sign flips."""
    optax = [5.0, 4.9, 4.78, 4.636, 4.4632, 4.25584]
    np.testing.assert_allclose(along("rprop", [1, 2, 1, 3, 1], w=5.0, first_step=0.1), optax[1:], rtol=1e-12)
    flipping = [5.0, 4.9, 4.9, 4.9, 4.96, 5.032]
    ours = along("rprop", [1, 1, -1, -1, -1], w=5.0, first_step=0.1)
    np.testing.assert_allclose(ours[0], flipping[1], rtol=1e-12)
    np.testing.assert_allclose(ours[2:], np.array(flipping[3:]) - 0.12, rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, scale=st.sampled_from([1e-200, 1.0, 1e200]))
def test_rprop_keeps_its_steps_within_bounds(seed: int, scale: float) -> None:
    """Sizes stay from min_step to max_step, and don't depend on the size of gradients, even where squares would vanish."""
    random = np.random.default_rng(seed)
    given: dict[str, Any] = {"first_step": 0.1, "min_step": 0.06, "max_step": 0.15}
    one, other = (optilab.get_optimizer("rprop").start(np.zeros(6), **given) for _ in range(2))
    for gradient in random.normal(size=(15, 6)):
        np.testing.assert_array_equal(one.step(gradient), other.step(scale * gradient))
        assert ((one.state["size"] >= 0.06) & (one.state["size"] <= 0.15)).all()


# From the first weights


def test_madgrad_without_momentum_in_closed_form() -> None:
    """On a constant slope g it is lr^(2/3) * g^(1/3) * (sum of sqrt(t))^(2/3) from where it began."""
    sums = np.cumsum(np.sqrt(np.arange(1, 9)))
    walked = along("madgrad", [8.0] * 8, w=1.0, lr=0.1, momentum=0.0, eps=0.0)
    np.testing.assert_allclose(walked, 1 - 0.1 ** (2 / 3) * 2 * sums ** (2 / 3), rtol=1e-12)


def test_madgrad_moves_a_tenth_of_the_way() -> None:
    """With momentum 0.9 a step goes a tenth of the way to where it would go without, from where it is."""
    random = np.random.default_rng(1)
    plain, slow = (optilab.get_optimizer("madgrad").start(np.ones(4), momentum=mu) for mu in (0.0, 0.9))
    for gradient in random.normal(size=(10, 4)):
        before = slow.w.copy()
        z = plain.step(gradient)
        np.testing.assert_allclose(slow.step(gradient), 0.9 * before + 0.1 * z, rtol=1e-12)


@settings(max_examples=30)
@given(seed=seeds, alpha=st.floats(1, 200))
def test_what_cocob_remembers(seed: int, alpha: float) -> None:
    """The largest and the summed gradients never fall, the reward is never negative, theta is minus the sum of gradients."""
    random = np.random.default_rng(seed)
    stepper = optilab.get_optimizer("cocob").start(np.ones(4), alpha=alpha)
    gradients = random.normal(size=(12, 4))
    for t, gradient in enumerate(gradients, 1):
        stepper.step(gradient)
        seen, state = gradients[:t], stepper.state
        np.testing.assert_array_equal(state["largest"], np.abs(seen).max(axis=0))
        np.testing.assert_allclose(state["absolute"], np.abs(seen).sum(axis=0), rtol=1e-12)
        np.testing.assert_allclose(state["theta"], -seen.sum(axis=0), rtol=1e-9, atol=1e-12)
        assert (state["reward"] >= 0).all()


def test_the_first_step_of_cocob() -> None:
    """Whatever the slope, it goes down by 1 / max(2, alpha)."""
    for slope in (1e-3, -7.0):
        assert along("cocob", [slope])[0] == pytest.approx(-np.sign(slope) / 100, rel=1e-12)
        assert along("cocob", [slope], alpha=1.0)[0] == pytest.approx(-np.sign(slope) / 2, rel=1e-12)


def test_cocob_bets_more_the_longer_it_wins() -> None:
    """On a constant slope its steps grow: it is not told how far to go."""
    steps = -np.diff([0.0, *along("cocob", [0.1] * 300)])
    assert (np.diff(steps) > 0).all()
    assert steps[-1] > 2 * steps[0]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("adagrad", {"initial_accumulator": -0.1}),
        ("adagrad", {"lr_decay": -1}),
        ("adadelta", {"rho": 1.0}),
        ("rmsprop", {"alpha": -0.1}),
        ("rmsprop", {"momentum": 1.0}),
        ("lion", {"mode": "soft"}),
        ("lion", {"beta1": 1.0}),
        ("rprop", {"eta_minus": 1.0}),
        ("rprop", {"eta_plus": 1.0}),
        ("madgrad", {"momentum": 1.0}),
        ("cocob", {"alpha": 0}),
        ("cocob", {"eps": 0}),
    ],
)
def test_rule_refuses_values_out_of_its_range(name: str, given: dict[str, Any]) -> None:
    """Hyperparameters out of the range that the rule declares are refused by name."""
    with pytest.raises(optilab.InputError, match=f"{next(iter(given))} = "):
        optilab.get_optimizer(name).fill(given)


# RMSprop and Lion as their papers write them


def rmsprop(w: Vector, gradients: Vector, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> Iterator[Vector]:
    """The gradient over its running root mean square."""
    v = np.zeros_like(w)
    for g in gradients:
        v = alpha * v + (1 - alpha) * g**2
        w = w - lr * g / (np.sqrt(v) + eps)
        yield w


def lion(
    w: Vector,
    gradients: Vector,
    lr: float = 1e-4,
    beta1: float = 0.9,
    beta2: float = 0.99,
    weight_decay: float = 0.0,
) -> Iterator[Vector]:
    """Algorithm 2 of Chen et al."""
    m = np.zeros_like(w)
    for g in gradients:
        c = beta1 * m + (1 - beta1) * g
        w = w - lr * (np.sign(c) + weight_decay * w)
        m = beta2 * m + (1 - beta2) * g
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "rmsprop": (rmsprop, {"lr": 0.02, "alpha": 0.8, "eps": 1e-2}),
    "lion": (lion, {"lr": 0.01, "beta1": 0.6, "beta2": 0.8, "weight_decay": 0.2}),
}

test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)


TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("rmsprop", {}, [0.4872601588521487, -0.728246260587339, 2.163230152276367]),
    (
        "rmsprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 0.0001},
        [0.48513098649392733, -0.8236923763355962, 2.117231640769973],
    ),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@settings(max_examples=40)
@given(scale=st.sampled_from([1e-6, 1e-2, 4.0, 1e5]), seed=st.integers(0, 1000))
@pytest.mark.parametrize(("name", "given_"), [("lion", {}), ("rmsprop", {"eps": 0.0})])
def test_rule_that_does_not_see_the_size_of_gradients(
    name: str, given_: dict[str, Any], scale: float, seed: int
) -> None:
    """Rules that scale the gradient by itself take the same steps if all gradients are so many times as long."""
    assert_blind_to_size(name, scale, seed, **given_)


def test_lion_moves_every_weight_equally_far() -> None:
    """Without weight decay, each step of Lion is lr in one direction or the other, whatever the gradient."""
    steps = np.diff(walk("lion", steps=40, lr=0.25), axis=0)
    np.testing.assert_allclose(np.abs(steps), 0.25, rtol=1e-12)
    assert {-1, 1} == set(np.sign(steps).ravel())


def test_lion_leaves_a_weight_without_gradient() -> None:
    """The sign of zero is zero: a weight that never had a gradient does not move."""
    stepper = optilab.get_optimizer("lion").start([1.0, 1.0], lr=0.1)
    np.testing.assert_allclose(stepper.step([0.0, 5.0]), [1.0, 0.9], rtol=1e-15)


@pytest.mark.parametrize("name", ["rmsprop", "lion"])
def test_elementwise_rule_treats_weights_alike(name: str) -> None:
    """Each weight is on its own: any order of the weights, and any number of others, leaves its steps as they are."""
    assert_treats_weights_alike(name)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("rmsprop", {"alpha": -0.1}, r"alpha = -0.1 is out of range: accepted is \[0, 1\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
