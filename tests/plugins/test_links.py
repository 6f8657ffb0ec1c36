"""Links: what they do to gradients, to steps and to where the cost is measured, whatever rule they stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

import optilab
from optilab.optimizers.stepper import Stepper

Vector = NDArray[Any]
Layers = list[Vector]

SHAPES = ((4, 3), (3,), (3, 2), (2,))
SIZE = sum(int(np.prod(shape)) for shape in SHAPES)
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

values = st.floats(-8, 8, width=32)
vectors = arrays.arrays(np.float64, SIZE, elements=values)


def layers(w: Any) -> Layers:
    """The parts of a flat vector."""
    ends = np.cumsum([int(np.prod(shape)) for shape in SHAPES])
    return [part.reshape(shape) for part, shape in zip(np.split(np.asarray(w), ends[:-1]), SHAPES, strict=True)]


def changed(link: str, g: Vector, w: Vector | None = None, **hyperparameters: Any) -> Layers:
    """The gradient after a link, by layers: what SGD with lr = 1 subtracts."""
    w = np.zeros(SIZE) if w is None else w
    stepper = optilab.get_optimizer(f"{link} | sgd").start(layers(w), lr=1.0, **hyperparameters)
    return layers(w - stepper.step(g))


def walk(chain: str, steps: int = 12, observe: str = "w", **hyperparameters: Any) -> NDArray[np.float64]:
    """[step, weight]: the way of a chain along random gradients, always the same."""
    random = np.random.default_rng(5)
    stepper = optilab.get_optimizer(chain).start(layers(random.normal(size=SIZE)), **hyperparameters)
    return np.array(
        [np.array(getattr(follow, observe)) for follow in along(stepper, random.normal(size=(steps, SIZE)))]
    )


def along(stepper: Stepper, gradients: NDArray[np.float64]) -> Iterator[Stepper]:
    """The stepper after each of these gradients."""
    for gradient in gradients:
        stepper.step(gradient)
        yield stepper


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
    one, other = walk("l2 | sgd", penalty=0.3), walk("weight_decay | sgd", weight_decay=0.3)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    apart = walk("l2 | adam", penalty=0.3, lr=0.1) - walk("weight_decay | adam", weight_decay=0.3, lr=0.1)
    assert np.abs(apart).max() > 0.1


def test_weight_decay_by_hand() -> None:
    """Of a weight of 10, a tenth times lr is taken, or a tenth where the decay isn't scaled by lr."""
    for scaled, expected in ((True, 9.5), (False, 9.0)):
        stepper = optilab.get_optimizer("weight_decay | sgd").start(
            [10.0], lr=0.5, weight_decay=0.1, scaled_by_lr=scaled
        )
        assert stepper.step([0.0])[0] == pytest.approx(expected, rel=1e-15)


# Clipping


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 5))
def test_clip_by_value_cuts_what_is_outside(g: Vector, limit: float) -> None:
    """It is what np.clip does."""
    np.testing.assert_array_equal(
        np.concatenate([p.ravel() for p in changed("clip_by_value", g, max_value=limit)]), np.clip(g, -limit, limit)
    )


def test_clip_by_value_bounds_what_is_infinite() -> None:
    """Infinity is cut off as anything else."""
    g = np.zeros(SIZE)
    g[:2] = np.inf, -np.inf
    np.testing.assert_array_equal(changed("clip_by_value", g, max_value=2.0)[0][0], [2, -2, 0])


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 60))
def test_clip_by_global_norm_keeps_the_direction(g: Vector, limit: float) -> None:
    """Shorter than max_norm it stays as it is; longer it becomes as long as that, in the same direction."""
    found = np.concatenate([part.ravel() for part in changed("clip_by_global_norm", g, max_norm=limit)])
    length = float(np.linalg.norm(g))
    np.testing.assert_allclose(found, g * min(1, limit / length) if length > 0 else g, rtol=1e-13)
    if length < limit:
        np.testing.assert_array_equal(found, g)


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 20), measure=st.sampled_from(["norm", "rms"]))
def test_clip_by_layer_norm_sees_each_layer_alone(g: Vector, limit: float, measure: str) -> None:
    """No layer is longer than max_norm after it, and those that weren't are untouched."""
    found = changed("clip_by_layer_norm", g, max_norm=limit, measure=measure)
    for part, before in zip(found, layers(g), strict=True):
        count = part.size if measure == "rms" else 1
        length = np.linalg.norm(before) / np.sqrt(count)
        expected = before if length <= limit else before * (limit / length)
        np.testing.assert_allclose(part, expected, rtol=1e-13)


@settings(max_examples=40)
@given(g=vectors, limit=st.floats(0.1, 20), eps=st.floats(0, 5))
def test_norm_eps_is_added_to_the_length(g: Vector, limit: float, eps: float) -> None:
    """Before it is compared with max_norm, and where it divides; globally, and of each layer by either measure."""
    whole = g * min(1, limit / max(float(np.linalg.norm(g)) + eps, 1e-300))
    for part, expected in zip(
        changed("clip_by_global_norm", g, max_norm=limit, norm_eps=eps), layers(whole), strict=True
    ):
        np.testing.assert_allclose(part, expected, rtol=1e-12)
    for measure in ("norm", "rms"):
        found = changed("clip_by_layer_norm", g, max_norm=limit, norm_eps=eps, measure=measure)
        for part, before in zip(found, layers(g), strict=True):
            length = float(np.linalg.norm(before) + eps) / (np.sqrt(part.size) if measure == "rms" else 1)
            np.testing.assert_allclose(part, before * min(1, limit / max(length, 1e-300)), rtol=1e-12)
    length = float(np.linalg.norm(g)) + eps
    for part, before in zip(changed("normalize_gradient", g, norm_eps=eps), layers(g), strict=True):
        np.testing.assert_allclose(part, before / (length if length > 0 else 1), rtol=1e-12)


@settings(max_examples=40)
@given(g=vectors, w=vectors, clipping=st.floats(0.01, 2))
def test_adaptive_clipping_bounds_each_neuron_by_its_weights(g: Vector, w: Vector, clipping: float) -> None:
    """A column of the gradient is at most `clipping` times as long as that of the weights, a bias as a whole."""
    found = changed("adaptive_gradient_clipping", g, w, clipping=clipping, min_norm=0.25)
    for part, weights, before in zip(found, layers(w), layers(g), strict=True):
        longest = clipping * np.maximum(np.linalg.norm(weights, axis=0), 0.25)
        length = np.linalg.norm(before, axis=0)
        expected = before * np.where(length > longest, longest / np.maximum(length, 1e-300), 1)
        np.testing.assert_allclose(part, expected, rtol=1e-10, atol=1e-13)


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


# Averages


@pytest.mark.parametrize("link", ["ema", "polyak_averaging", "swa"])
def test_averages_change_no_step(link: str) -> None:
    """The weights go the way that they go without it, bit for bit; only the place of evaluation is another."""
    np.testing.assert_array_equal(walk(f"adam | {link}", lr=0.1), walk("adam", lr=0.1))


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999])
def test_moving_average_in_closed_form(decay: float) -> None:
    """It is the sum of the weights so far with shares that fall by `decay` a step; debiased, they sum to one."""
    w = walk("sgd", lr=0.3)
    raw, debiased = (
        walk("sgd | ema", observe="evaluation_point", lr=0.3, decay=decay, debias=debias) for debias in (False, True)
    )
    for n in range(1, len(w) + 1):
        shares = decay ** np.arange(n)[::-1]
        np.testing.assert_allclose(debiased[n - 1], shares @ w[:n] / shares.sum(), rtol=1e-11)
        first = np.array([1.0] + [1 - decay] * (n - 1))
        np.testing.assert_allclose(raw[n - 1], (first * shares) @ w[:n], rtol=1e-11)


@pytest.mark.parametrize(("start", "interval"), [(0, 1), (0, 4), (3, 1), (5, 2), (20, 1)])
def test_equal_averages_are_means(start: int, interval: int) -> None:
    """The mean of the weights after steps start + interval, start + 2 * interval, ...; before, the weights themselves."""
    w = walk("sgd", lr=0.3)
    found = walk("sgd | swa", observe="evaluation_point", lr=0.3, start=start, interval=interval)
    for n in range(1, len(w) + 1):
        kept = w[start + interval - 1 : n : interval]
        np.testing.assert_allclose(found[n - 1], kept.mean(axis=0) if len(kept) else w[n - 1], rtol=1e-12)
    if interval == 1:
        polyak = walk("sgd | polyak_averaging", observe="evaluation_point", lr=0.3, start=start)
        np.testing.assert_allclose(found, polyak, rtol=1e-13)


def test_average_finds_the_minimum_that_noise_hides() -> None:
    """Under noisy gradients of a parabola the average is much nearer to the minimum than the last weights."""
    stepper = optilab.get_optimizer("add_gradient_noise | sgd | polyak_averaging").start(
        np.full(100, 3.0), lr=0.3, eta=1.0, gamma=0.0, start=100
    )
    for _ in range(1_000):
        stepper.step(stepper.w.copy())
    assert np.abs(stepper.w).mean() > 5 * np.abs(stepper.evaluation_point).mean()


# Lookahead and schedule-free


def test_lookahead_goes_back_and_waits() -> None:
    """Slow weights move every sync_period steps, half of the way, and take the fast ones with them."""
    stepper = optilab.get_optimizer("sgd | lookahead").start([0.0], lr=1.0, sync_period=3)
    found = [(float(stepper.step([-2.0])[0]), float(stepper.evaluation_point[0])) for _ in range(6)]
    assert found == [(2, 0), (4, 0), (3, 3), (5, 3), (7, 3), (6, 6)]


def test_lookahead_in_its_limits() -> None:
    """In a period of 1 with a slow step of 1 it is the rule itself; with a slow step of 0 all comes to nothing."""
    np.testing.assert_allclose(
        walk("adam | lookahead", lr=0.1, sync_period=1, slow_step_size=1.0), walk("adam", lr=0.1), rtol=1e-13
    )
    stuck = walk("adam | lookahead", lr=0.1, sync_period=4, slow_step_size=0.0)
    np.testing.assert_array_equal(stuck[3], stuck[7])
    assert (stuck[2] != stuck[3]).all()


def test_schedule_free_in_its_limits() -> None:
    """With beta = 0 it is the rule with an equal average; with beta = 1 gradients are those at the average."""
    np.testing.assert_allclose(walk("sgd | schedule_free", beta=0.0), walk("sgd"), rtol=1e-12)
    np.testing.assert_allclose(
        walk("sgd | schedule_free", observe="evaluation_point", beta=0.0),
        walk("sgd | polyak_averaging", observe="evaluation_point"),
        rtol=1e-12,
    )
    weights, points = (walk("sgd | schedule_free", observe=place, beta=1.0) for place in ("w", "evaluation_point"))
    np.testing.assert_allclose(weights, points, rtol=1e-14)


def test_schedule_free_around_sgd_is_the_rule_of_that_name() -> None:
    """`sgd | schedule_free` goes the way of `schedule_free_sgd`."""
    for observe in ("w", "evaluation_point"):
        link = walk("sgd | schedule_free", observe=observe, lr=0.2, beta=0.8, r=0.5)
        np.testing.assert_allclose(
            link, walk("schedule_free_sgd", observe=observe, lr=0.2, beta=0.8, r=0.5), rtol=1e-12
        )


def test_schedule_free_before_the_first_step_of_a_warmup() -> None:
    """With a learning rate of zero nothing moves, and no share is zero over zero."""
    stepper = optilab.get_optimizer("sgd | schedule_free").start([1.0, -2.0])
    stepper.hyperparameters["lr"] = 0.0
    np.testing.assert_array_equal(stepper.step([1.0, 1.0]), [1, -2])
    stepper.hyperparameters["lr"] = 0.1
    np.testing.assert_allclose(stepper.step([1.0, 1.0]), [0.9, -2.1], rtol=1e-14)


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
    np.testing.assert_allclose(walk("sgd | cautious"), walk("sgd"), rtol=1e-12)


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
        grafted = walk("adam | take_direction | adam | take_length", lr=0.1, layerwise=layerwise)
        np.testing.assert_allclose(grafted, walk("adam", lr=0.1), rtol=1e-11)


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
    path = walk(chain)
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
