"""Links: what they do to gradients and to steps, whatever rule they stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import optilab
from linked import SIZE, changed, layers, values, vectors, way
from walking import (
    Twin,
    Vector,
    assert_ends_as_torch,
    twin_tests,
    walk,
)

BEFORE = [
    "clip_by_value",
    "clip_by_global_norm",
    "clip_by_layer_norm",
    "adaptive_gradient_clipping",
    "centralize",
    "normalize_gradient",
    "take_sign",
    "remember_start",
]
AFTER = ["ema", "polyak_averaging", "swa", "lookahead", "schedule_free", "cautious"]
CHAINS = [
    *(
        f"{link} | sgd"
        for link in [*BEFORE, "l2", "weight_decay", "add_gradient_noise", "accumulate", "apply_if_finite"]
    ),
    *(f"sgd | {link}" for link in AFTER),
    "sgd | take_direction | sgd | take_length",
]


# All of them


@pytest.mark.parametrize("chain", CHAINS)
def test_link_keeps_single_precision(chain: str) -> None:
    """In float32 weights, and states of one value a weight, are float32, and near those in float64."""
    random = np.random.default_rng(1)
    w, gradients = random.normal(size=SIZE).astype(np.float32), random.normal(size=(10, SIZE)).astype(np.float32)
    one, other = (optilab.get_optimizer(chain).start(layers(w), precision=dtype) for dtype in ("float32", "float64"))
    for gradient in gradients:
        one.step(gradient)
        other.step(gradient)
    assert one.w.dtype == np.float32
    assert {state.dtype for state in one.state.values() if state.size == SIZE} <= {np.dtype(np.float32)}
    np.testing.assert_allclose(one.w, other.w, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.evaluation_point, other.evaluation_point, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("chain", [f"{link} | sgd" for link in BEFORE] + [f"sgd | {link}" for link in AFTER])
def test_gradient_that_is_not_a_number_shows_in_the_weights(chain: str) -> None:
    """A link, but for the one that is made for it, hides no NaN from the one who looks at the weights."""
    g = np.ones(SIZE)
    g[4] = np.nan
    stepper = optilab.get_optimizer(chain).start(layers(np.ones(SIZE)))
    assert np.isnan(stepper.step(g)[4])


@pytest.mark.parametrize("chain", [f"{link} | sgd" for link in BEFORE] + [f"sgd | {link}" for link in AFTER])
def test_gradient_of_zero_moves_nothing(chain: str) -> None:
    """Where there is no slope no link makes one, and none divides zero by zero."""
    w = np.linspace(-1, 1, SIZE)
    stepper = optilab.get_optimizer(chain).start(layers(w))
    for _ in range(6):
        np.testing.assert_array_equal(stepper.step(np.zeros(SIZE)), w)


# Decay


def test_l2_and_weight_decay_differ_under_adam_and_not_under_sgd() -> None:
    """For SGD a penalty is the same as shrinking; Adam divides the penalty by its own root mean square."""
    one, other = way("l2 | sgd", penalty=0.3), way("weight_decay | sgd", weight_decay=0.3)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    apart = way("l2 | adam", penalty=0.3, lr=0.1) - way("weight_decay | adam", weight_decay=0.3, lr=0.1)
    assert np.abs(apart).max() > 0.1


def test_weight_decay_by_hand() -> None:
    """Of a weight of 10, a tenth times lr is taken, or a tenth where the decay isn't scaled by lr."""
    for scaled, expected in ((True, 9.5), (False, 9.0)):
        stepper = optilab.get_optimizer("weight_decay | sgd").start(
            [10.0], lr=0.5, weight_decay=0.1, scaled_by_lr=scaled
        )
        assert stepper.step([0.0])[0] == pytest.approx(expected, rel=1e-15)


# Gradients


@settings(max_examples=40)
@given(g=vectors, mean_over=st.sampled_from(["inputs", "outputs"]))
def test_centralized_gradients_have_no_mean(g: Vector, mean_over: str) -> None:
    """The mean of each column (or row) of a matrix is zero; biases are untouched; once is as good as twice."""
    found = changed("centralize", g, mean_over=mean_over)
    axis = 0 if mean_over == "inputs" else 1
    for part, before in zip(found, layers(g), strict=True):
        if part.ndim == 2:
            np.testing.assert_allclose(part.mean(axis=axis), 0, atol=1e-14)
            np.testing.assert_allclose(part, before - before.mean(axis=axis, keepdims=True), atol=1e-14)
        else:
            np.testing.assert_array_equal(part, before)


def test_normalized_gradients_have_length_one() -> None:
    """All together, or each layer, whatever the gradient's scale."""
    g = 1e-9 * np.random.default_rng(2).normal(size=SIZE)
    together = changed("normalize_gradient", g, norm_eps=0.0)
    assert np.linalg.norm(np.concatenate([part.ravel() for part in together])) == pytest.approx(1, rel=1e-12)
    for part, before in zip(changed("normalize_gradient", g, norm_eps=0.0, layerwise=True), layers(g), strict=True):
        assert np.linalg.norm(part) == pytest.approx(1, rel=1e-12)
        np.testing.assert_allclose(part / part.flat[0], before / before.flat[0], rtol=1e-10)


def test_normalizing_nothing_gives_nothing() -> None:
    """Without norm_eps a gradient of zero stays that, and a layer of zeros is no harm to the others."""
    g = np.ones(SIZE)
    g[:12] = 0
    matrix, bias, *_ = changed("normalize_gradient", g, norm_eps=0.0, layerwise=True)
    np.testing.assert_array_equal(matrix, 0)
    np.testing.assert_allclose(bias, 1 / np.sqrt(3))
    assert not any(part.any() for part in changed("normalize_gradient", 0 * g, norm_eps=0.0))


def test_sign_has_three_values() -> None:
    """Positive, negative or zero, however small."""
    g = np.zeros(SIZE)
    g[:3] = 1e-300, -4.0, 0.0
    np.testing.assert_array_equal(changed("take_sign", g)[0][0], [1, -1, 0])


def test_noise_is_normal_and_fades() -> None:
    """Over many weights its mean is 0, and its standard deviation sqrt(eta / t^gamma) at each step t."""
    n = 100_000
    stepper = optilab.get_optimizer("add_gradient_noise | sgd").start(np.zeros(n), lr=1.0, eta=0.09, gamma=1.5)
    before = stepper.w.copy()
    for t in range(1, 6):
        noise = before - stepper.step(np.zeros(n))
        before = stepper.w.copy()
        assert abs(noise.mean()) < 4 * noise.std() / np.sqrt(n)
        assert noise.std() == pytest.approx(np.sqrt(0.09 / t**1.5), rel=0.01)
        assert np.mean(np.abs(noise) < noise.std()) == pytest.approx(0.6827, abs=0.006)


def test_noise_comes_from_the_seed() -> None:
    """The same seed draws the same noise, another one other noise; without eta there is none."""

    def noise(seed: int, eta: float = 1.0) -> Vector:
        stepper = optilab.get_optimizer("add_gradient_noise | sgd").start(np.zeros(50), seed=seed, eta=eta)
        return np.array(stepper.step(np.zeros(50)))

    np.testing.assert_array_equal(noise(3), noise(3))
    assert abs(np.corrcoef(noise(3), noise(4))[0, 1]) < 0.5
    assert not noise(3, eta=0.0).any()


# Waiting


@settings(max_examples=25)
@given(g=vectors, every=st.integers(1, 6))
def test_accumulating_equal_gradients_is_one_step(g: Vector, every: int) -> None:
    """After `every` equal gradients Adam has taken one step, its first; until then nothing moves."""
    start = layers(np.ones(SIZE))
    waiting = optilab.get_optimizer("accumulate | adam").start(start, every=every, lr=0.1)
    for _ in range(every - 1):
        np.testing.assert_array_equal(waiting.step(g), 1)
    np.testing.assert_allclose(waiting.step(g), optilab.get_optimizer("adam").start(start, lr=0.1).step(g), rtol=1e-12)


def test_accumulating_by_hand() -> None:
    """Of 1, 2 and 6 the mean is 3 and the sum is 9; the next three begin anew, even after one that was not finite."""
    for mean, expected in ((True, -3.0), (False, -9.0)):
        stepper = optilab.get_optimizer("accumulate | sgd").start([0.0], lr=1.0, every=3, mean=mean)
        assert [stepper.step([g])[0] for g in (1.0, 2.0, 6.0)] == [0, 0, pytest.approx(expected)]
    stepper = optilab.get_optimizer("accumulate | sgd").start([0.0], lr=1.0, every=2)
    stepper.step([np.inf])
    stepper.w[:] = 0
    stepper.step([1.0])
    stepper.w[:] = 0
    assert [stepper.step([g])[0] for g in (1.0, 3.0)] == [0, -2]


@settings(max_examples=30)
@given(bad=st.lists(st.integers(0, 3), min_size=8, max_size=8), value=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_steps_that_are_not_finite_never_happened(bad: list[int], value: float) -> None:
    """With up to three bad gradients before each good one, the way is that along the good ones; all bad ones are counted."""
    gradients = np.random.default_rng(8).normal(size=(8, SIZE))
    guarded = optilab.get_optimizer("apply_if_finite | adam").start(np.ones(SIZE), max_consecutive_errors=3)
    plain = optilab.get_optimizer("adam").start(np.ones(SIZE))
    for count, gradient in zip(bad, gradients, strict=True):
        for k in range(count):
            broken = gradient.copy()
            broken[k] = value
            guarded.step(broken)
            assert guarded.state["apply_if_finite.consecutive_errors"][0] == k + 1
        np.testing.assert_array_equal(guarded.step(gradient), plain.step(gradient))
        assert guarded.state["apply_if_finite.consecutive_errors"][0] == 0
    assert guarded.state["apply_if_finite.total_errors"][0] == sum(bad)


def test_too_many_errors_are_seen() -> None:
    """After max_consecutive_errors steps left out, the next gradient reaches the weights, whatever it is."""
    stepper = optilab.get_optimizer("apply_if_finite | sgd").start([1.0], max_consecutive_errors=2)
    assert [stepper.step([np.nan])[0] for _ in range(2)] == [1, 1]
    assert np.isnan(stepper.step([np.nan])[0])
    assert stepper.state["apply_if_finite.total_errors"][0] == 3


# Masks and grafts


@settings(max_examples=30)
@given(
    gradients=arrays.arrays(np.float64, (4, SIZE), elements=values), rescale=st.sampled_from(["mean", "count", "off"])
)
def test_cautious_steps_never_go_up(gradients: Vector, rescale: str) -> None:
    """No weight moves along its gradient; those that momentum moves down it move by that, times a number a layer."""
    plain = optilab.get_optimizer("momentum").start(layers(np.ones(SIZE)))
    masked = optilab.get_optimizer("momentum | cautious").start(layers(np.ones(SIZE)), rescale=rescale)
    for g in gradients:
        steps = [layers(stepper.w.copy()) for stepper in (plain, masked)]
        for stepper in (plain, masked):
            stepper.step(g)
        base, found = (
            [b - a for a, b in zip(s, layers(x.w), strict=True)] for s, x in zip(steps, (plain, masked), strict=True)
        )
        for step, own, slope in zip(base, found, layers(g), strict=True):
            assert (own * slope <= 0).all()
            mask = step * slope < -1e-9
            factor = {"mean": 1 / max(mask.mean(), 1e-3), "count": mask.size / (1 + mask.sum()), "off": 1.0}[rescale]
            if not (np.abs(step * slope) < 1e-9)[slope != 0].any():
                np.testing.assert_allclose(own, factor * step * mask, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize(("rescale", "factor"), [("off", 1), ("mean", 2), ("count", 4 / 3)])
def test_cautious_leaves_out_a_step_along_no_slope(rescale: str, factor: float) -> None:
    """Where the gradient is zero, or the step goes up, momentum moves nothing; the two other weights of four make up for it."""
    stepper = optilab.get_optimizer("momentum | cautious").start(np.zeros(4), lr=1.0, momentum=0.5, rescale=rescale)
    np.testing.assert_allclose(
        stepper.step([1.0, 1.0, 1.0, 1.0]), [-4 / 5 if rescale == "count" else -1] * 4, rtol=1e-14
    )
    moved = np.diff([stepper.w.copy(), stepper.step([0.0, 1.0, -0.25, 1.0]).copy()], axis=0)[0]
    np.testing.assert_allclose(moved, [0, -1.5 * factor, 0, -1.5 * factor], rtol=1e-14)


def test_cautious_keeps_a_step_that_goes_down_everywhere() -> None:
    """Around SGD, whose steps all go down, it changes nothing."""
    np.testing.assert_allclose(way("sgd | cautious"), way("sgd"), rtol=1e-12)


def test_cautious_makes_no_step_longer_than_a_thousandfold() -> None:
    """Where one of 5,000 weights goes down, its step is multiplied by 1000, not by 5000."""
    g = np.ones(5_000)
    stepper = optilab.get_optimizer("momentum | cautious").start(np.zeros(5_000), lr=1.0)
    before = stepper.step(g).copy()
    g[1:] = -0.1  # up the slope, for a momentum of 0.9
    moved = stepper.step(g) - before
    assert moved[0] == pytest.approx(-1_900.0)
    assert not moved[1:].any()


def test_cautious_leaves_alone_what_stands_outside() -> None:
    """With `remember_start` before the rule, decay after the mask is no part of the step; without it, it is."""
    for first, expected in (("remember_start | ", 0.9 * 0.9), ("", 0.9)):
        stepper = optilab.get_optimizer(f"{first}sgd | cautious | weight_decay").start([1.0], lr=1.0, weight_decay=0.1)
        stepper.step([0.0])
        assert stepper.step([0.0])[0] == pytest.approx(expected)


def test_graft_has_one_direction_and_the_other_length() -> None:
    """Each layer moves along the gradient, as SGD does, and as far as Adam on the same way would move it."""
    random = np.random.default_rng(3)
    grafted = optilab.get_optimizer("sgd | take_direction | adam | take_length").start(
        layers(np.zeros(SIZE)), **dict[str, Any]({"sgd.lr": 7.0, "adam.lr": 0.1})
    )
    adam = optilab.get_optimizer("adam").start(layers(np.zeros(SIZE)), lr=0.1)
    for g in random.normal(size=(5, SIZE)):
        before = [stepper.w.copy() for stepper in (grafted, adam)]
        steps = [layers(stepper.step(g) - w) for stepper, w in zip((grafted, adam), before, strict=True)]
        for own, other, slope in zip(*steps, layers(g), strict=True):
            assert np.linalg.norm(own) == pytest.approx(np.linalg.norm(other), rel=1e-10)
            np.testing.assert_allclose(own / np.linalg.norm(own), -slope / np.linalg.norm(slope), rtol=1e-9, atol=1e-12)


def test_graft_of_a_rule_on_itself_is_the_rule() -> None:
    """Direction and length of Adam make Adam, over each layer or all together."""
    for layerwise in (True, False):
        grafted = way("adam | take_direction | adam | take_length", lr=0.1, layerwise=layerwise)
        np.testing.assert_allclose(grafted, way("adam", lr=0.1), rtol=1e-11)


def test_graft_on_a_rule_that_stands_still_does_so_too() -> None:
    """A layer without a direction doesn't move, whatever the momentum of the other rule."""
    stepper = optilab.get_optimizer("sgd | take_direction | momentum | take_length").start([0.0, 0.0], lr=0.1)
    moved = stepper.step([1.0, 0.0]).copy()
    assert moved[0] < 0
    np.testing.assert_array_equal(stepper.step([0.0, 0.0]), moved)


# Rules on some layers


@pytest.mark.parametrize(
    ("chain", "moving"),
    [("sgd on last", [2, 3]), ("adam on first biases", [1]), ("clip_by_value | momentum on matrices", [0, 2])],
)
def test_layers_that_no_rule_selects_are_frozen(chain: str, moving: list[int]) -> None:
    """To freeze layers, give the others to the rule: the rest keeps its weights to the bit, and no link moves it."""
    path = way(chain)
    start = layers(np.random.default_rng(5).normal(size=SIZE))
    for k, (before, after) in enumerate(zip(start, layers(path[-1]), strict=True)):
        assert (before != after).all() == (k in moving)
        assert (before == after).all() == (k not in moving)


def test_biases_without_decay() -> None:
    """`weight_decay on matrices | sgd` shrinks the matrices alone."""
    stepper = optilab.get_optimizer("weight_decay on matrices | sgd").start(
        layers(np.ones(SIZE)), lr=0.5, weight_decay=0.2
    )
    for part, expected in zip(layers(stepper.step(np.zeros(SIZE))), (0.9, 1, 0.9, 1), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-15)


# Decay, as its papers write it, and the order of a chain


def l2_sgd(w: Vector, gradients: Vector, penalty: float = 1e-4, lr: float = 0.1) -> Iterator[Vector]:
    """The gradient of penalty / 2 * |w|^2 on top of the given one."""
    for g in gradients:
        w = w - lr * (g + penalty * w)
        yield w


def weight_decay_sgd(w: Vector, gradients: Vector, weight_decay: float = 0.01, lr: float = 0.1) -> Iterator[Vector]:
    """Weights that shrink before each step."""
    for g in gradients:
        w = (1 - lr * weight_decay) * w - lr * g
        yield w


TWINS: dict[str, tuple[Twin, dict[str, Any]]] = {
    "l2 | sgd": (l2_sgd, {"penalty": 0.3, "lr": 0.2}),
    "weight_decay | sgd": (weight_decay_sgd, {"weight_decay": 0.3, "lr": 0.2}),
}

test_rule_is_its_numpy_twin, test_twin_in_single_precision = twin_tests(TWINS)


TORCH: list[tuple[str, dict[str, Any], list[float]]] = [
    ("l2 | sgd", {"lr": 0.1, "penalty": 0.05}, [0.387503144688727, -0.5100275432545781, 2.416730753077142]),
    ("l2 | momentum", {"lr": 0.1, "penalty": 0.05}, [0.14056889472742304, 0.7067378293500525, 1.854491658007521]),
]


@pytest.mark.parametrize(("name", "given", "expected"), TORCH)
def test_rule_is_that_of_torch(name: str, given: dict[str, Any], expected: list[float]) -> None:
    """Thirty steps of each rule that PyTorch has too end at the weights where PyTorch's end."""
    assert_ends_as_torch(name, expected, **given)


@pytest.mark.parametrize(
    ("special", "given", "plain"),
    [
        ("l2 | sgd", {"penalty": 0.0}, "sgd"),
        ("weight_decay | sgd", {"weight_decay": 0.0}, "sgd"),
    ],
)
def test_rule_without_what_sets_it_apart(special: str, given: dict[str, Any], plain: str) -> None:
    """In its limit a rule takes the steps of the plainer one."""
    np.testing.assert_allclose(walk(special, steps=40, **given), walk(plain, steps=40), rtol=1e-14)


def test_the_order_of_a_chain_is_the_algorithm() -> None:
    """Decoupled decay before Adam is AdamW; the gradient of a penalty before Adam is something else."""
    decoupled = walk("weight_decay | adam", steps=40, weight_decay=0.1, lr=0.1)
    np.testing.assert_allclose(decoupled, walk("adamw", steps=40, weight_decay=0.1, lr=0.1), rtol=1e-13)
    assert np.abs(decoupled - walk("l2 | adam", steps=40, penalty=0.1, lr=0.1)).max() > 0.01
    # Under plain descent, before and after, and gradient and weights, are the same to first order only.
    before, after = walk("weight_decay | sgd", steps=40), walk("sgd | weight_decay", steps=40)
    assert 1e-5 < np.abs(before - after).max() < 1e-2


def test_states_in_a_chain_carry_the_name_of_their_rule() -> None:
    """A rule alone has its states by their own names, in a chain with the rule's before them, each with its own."""
    alone = optilab.get_optimizer("momentum").start([1.0, 2.0])
    alone.step([1.0, 3.0])
    assert list(alone.state) == ["b"]
    np.testing.assert_array_equal(alone.state["b"], [1, 3])

    chain = optilab.get_optimizer("momentum | adam").start([1.0, 2.0], lr=0.1)
    chain.step([1.0, 3.0])
    assert list(chain.state) == ["momentum.b", "adam.m", "adam.v"]
    np.testing.assert_array_equal(chain.state["momentum.b"], [1, 3])
    np.testing.assert_allclose(chain.state["adam.m"], [0.1, 0.3], rtol=1e-14)
    np.testing.assert_allclose(chain.state["adam.v"], [0.001, 0.009], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("l2", {"penalty": -1}, r"penalty = -1 is out of range: accepted is \[0, inf\)"),
    ],
)
def test_a_refusal_says_what_is_accepted(name: str, given: dict[str, Any], message: str) -> None:
    """Hyperparameters out of the range that the rule declares are refused, with what is accepted."""
    with pytest.raises(optilab.InputError, match=message):
        optilab.get_optimizer(name).fill(given)
