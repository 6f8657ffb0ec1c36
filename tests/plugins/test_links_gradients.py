"""Links before the rule: what they do to gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optilab
from linked import SIZE, changed, layers, vectors
from walking import (
    Vector,
)


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
