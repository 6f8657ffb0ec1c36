"""Activations, their derivatives and the exponential against NumPy and SciPy, in both precisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.special import erf, expit, ndtr

from optilab.compiler.jit import jit
from optilab.kernels.activations import CODES, activate, activate_for_gradient, scale_by_derivative
from optilab.kernels.elementary import softplus
from optilab.kernels.exponential import exponential, sigmoid

Array = NDArray[np.floating]

REFERENCES: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "gelu": lambda z: z * ndtr(z),
    "silu": lambda z: z * expit(z),
    "softplus": lambda z: np.logaddexp(0, z),
}
DERIVATIVES: dict[str, Callable[[Array], Array]] = {
    "identity": np.ones_like,
    "sigmoid": lambda z: expit(z) * expit(-z),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1, 0.01),
    "elu": lambda z: np.exp(np.minimum(z, 0)),
    "gelu": lambda z: (1 + erf(z / np.sqrt(2))) / 2 + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
    "silu": lambda z: expit(z) * (1 + z * expit(-z)),
    "softplus": expit,
}
TOLERANCES: dict[str, dict[str, Any]] = {
    "float32": {"rtol": 2e-6, "atol": 3e-7},
    "float64": {"rtol": 1e-13, "atol": 1e-15},
}
PRECISIONS = ["float32", "float64"]


@jit
def fill_exponential(x, out):
    """exp(x), as compiled code sees it."""
    for i in range(x.size):
        out[i] = exponential(x[i])


@jit
def fill_sigmoid_and_softplus(x, s, p):
    """The two functions that the costs use as well."""
    for i in range(x.size):
        s[i] = sigmoid(x[i])
        p[i] = softplus(x[i])


def compute(kind: str, z: Array) -> Array:
    """The compiled activation."""
    a = np.full_like(z, 99)
    activate(CODES[kind], z, a)
    return a


def compute_derivative(kind: str, z: Array) -> Array:
    """The compiled derivative; what it multiplies is taken out again."""
    ready, a, delta = z.copy(), np.full_like(z, 99), np.full_like(z, 2)
    activate_for_gradient(CODES[kind], ready, a)
    scale_by_derivative(CODES[kind], ready, a, delta)
    return delta / 2


def compute_exponential(x: Array) -> Array:
    """The compiled exponential."""
    out = np.zeros_like(x)
    fill_exponential(x, out)
    return out


def test_every_activation_has_a_reference() -> None:
    """No activation is left out of these tests."""
    assert set(REFERENCES) == set(DERIVATIVES) == set(CODES)
    assert sorted(CODES.values()) == list(range(len(CODES)))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
def test_activation_is_its_formula(kind: str, precision: str) -> None:
    """Each activation agrees with NumPy or SciPy from -30 to 30, zero included."""
    z = np.append(np.linspace(-30, 30, 1003), 0).astype(precision)
    np.testing.assert_allclose(compute(kind, z), REFERENCES[kind](z.astype(np.float64)), **TOLERANCES[precision])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
def test_derivative_is_its_formula(kind: str, precision: str) -> None:
    """Each derivative agrees with its formula in NumPy and SciPy, and multiplies what it is given."""
    z = np.linspace(-30, 30, 1003).astype(precision)
    expected = DERIVATIVES[kind](z.astype(np.float64))
    np.testing.assert_allclose(compute_derivative(kind, z), expected, **TOLERANCES[precision])


@pytest.mark.parametrize("kind", CODES)
@example_settings(max_examples=50)
@given(z=st.floats(-20, 20).filter(lambda z: abs(z) > 1e-3))
def test_derivative_is_the_slope_of_the_activation(kind: str, z: float) -> None:
    """Away from a kink, each derivative is the finite difference of its activation."""
    step = 1e-5
    below, above = compute(kind, np.array([z - step, z + step]))
    assert compute_derivative(kind, np.array([z]))[0] == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
def test_activation_far_from_zero(kind: str, precision: str) -> None:
    """At +-10,000 each activation and derivative is finite, and at its limit."""
    z = np.array([-1e4, 1e4], precision)
    above = {"sigmoid": 1, "tanh": 1}.get(kind, 1e4)
    slopes: list[float] = [0, 0] if kind in ("sigmoid", "tanh") else [0, 1]
    below = {"identity": -1e4, "tanh": -1, "leaky_relu": -100, "elu": -1}.get(kind, 0)
    bent: dict[str, list[float]] = {"identity": [1, 1], "leaky_relu": [0.01, 1]}
    slopes = bent.get(kind, slopes)
    np.testing.assert_allclose(compute(kind, z), [below, above], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(compute_derivative(kind, z), slopes, rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
def test_activation_of_nan_is_nan(kind: str, precision: str) -> None:
    """No activation turns NaN into a number, among others or alone."""
    z = np.linspace(-1, 1, 37).astype(precision)
    z[11] = np.nan
    np.testing.assert_array_equal(np.isnan(compute(kind, z)), np.isnan(z))
    assert np.isnan(compute(kind, z[11:12])).all()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_derivative_of_gelu_at_the_end_of_the_numbers(precision: str) -> None:
    """It has its limits there too, where z times the density is the largest number times the smallest."""
    z = np.array([-3e38, 3e38], precision)
    np.testing.assert_allclose(compute_derivative("gelu", z), [0, 1], rtol=1e-6, atol=1e-30)


def test_derivative_at_a_kink_is_that_from_below() -> None:
    """At zero, ReLU and leaky ReLU have the slope of the side below."""
    zero = np.zeros(1)
    assert compute_derivative("relu", zero)[0] == 0
    assert compute_derivative("leaky_relu", zero)[0] == 0.01


@pytest.mark.parametrize("precision", PRECISIONS)
def test_sigmoid_and_softplus(precision: str) -> None:
    """The sigmoid and softplus of one number keep their relative precision far below zero, up to where float32 ends."""
    z = np.linspace(-80, 80, 2001).astype(precision)
    s, p = np.zeros_like(z), np.zeros_like(z)
    fill_sigmoid_and_softplus(z, s, p)
    double = z.astype(np.float64)
    rtol = 1e-6 if precision == "float32" else 1e-13
    np.testing.assert_allclose(s, expit(double), rtol=rtol)
    np.testing.assert_allclose(p, np.logaddexp(0, double), rtol=rtol)


def test_exponential_in_single_precision_on_a_grid() -> None:
    """In float32 the error is below 1.3e-7 of the value, on 300,001 points from -87 to 88."""
    x = np.linspace(-87, 88, 300_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(compute_exponential(x) - exact) / exact).max() < 1.3e-7


@example_settings(max_examples=100)
@given(x=arrays.arrays(np.float32, st.integers(1, 40), elements=st.floats(-87, 88, width=32)))
def test_exponential_in_single_precision(x: Array) -> None:
    """In float32 the error is below 1.3e-7 of the value, in the middle of a vector of the machine and at its end."""
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(compute_exponential(x) - exact) <= 1.3e-7 * exact).all()


def test_exponential_in_double_precision() -> None:
    """In float64 it is the library's."""
    x = np.linspace(-700, 700, 10_001)
    np.testing.assert_allclose(compute_exponential(x), np.exp(x), rtol=1e-15)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_exponential_of_nan_is_nan(precision: str) -> None:
    """NaN stays NaN wherever it stands in a vector, and its neighbours stay numbers."""
    for place in range(20):
        x = np.zeros(20, precision)
        x[place] = np.nan
        expected = np.ones(20)
        expected[place] = np.nan
        np.testing.assert_array_equal(compute_exponential(x), expected)


def test_exponential_in_single_precision_beyond_its_range() -> None:
    """Beyond the range of a normal float32 the result stays finite: exp(88) above, next to nothing below."""
    above = compute_exponential(np.array([88.5, 1e4, 3e38, np.inf], np.float32))
    np.testing.assert_allclose(above, np.exp(88), rtol=1.3e-7)
    below = compute_exponential(np.array([-88, -1e4, -3e38, -np.inf], np.float32))
    assert ((below >= 0) & (below < 2e-38)).all()


def test_exponential_in_python_is_that_of_the_library() -> None:
    """Called without the compiler, it is exp."""
    assert exponential(1.0) == np.e


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65])
def test_activation_of_every_length(size: int) -> None:
    """Vectors of any length are worked on to their end, and not beyond."""
    z = np.linspace(-3, 3, size).astype(np.float32)
    for kind, reference in REFERENCES.items():
        a = np.full(size + 4, 99, np.float32)
        activate(CODES[kind], z, a)
        np.testing.assert_allclose(a[:size], reference(z.astype(np.float64)), **TOLERANCES["float32"])
        np.testing.assert_array_equal(a[size:], 99)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", CODES)
def test_activation_is_the_same_whether_a_gradient_follows(kind: str, precision: str) -> None:
    """To the bit, at any length: a cost is what it is with its gradient and without. What is not there stays what it is."""
    extremes = [0.0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan]
    for size in (1, 5, 16, 33, 64, 1000):
        z = np.append(np.random.default_rng(size).normal(0, 5, size), extremes).astype(precision)
        a, ready = np.full(z.size + 4, 99, precision), np.append(z, np.full(4, 99, precision))
        activate_for_gradient(CODES[kind], ready[: z.size], a[: z.size])
        np.testing.assert_array_equal(a[: z.size], compute(kind, z))
        np.testing.assert_array_equal([a[z.size :], ready[z.size :]], 99)


def test_gelu_is_exact() -> None:
    """GELU is the exact one, with the normal distribution function, not its approximation by tanh."""
    z = np.array([-3.0, -2.0, -1.0])
    np.testing.assert_allclose(compute("gelu", z), z * ndtr(z), rtol=1e-12)
    approximation = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    assert np.abs(compute("gelu", z) - approximation).max() > 1e-5
