"""tanh, the normal distribution function, softplus and exp(x) - 1 in float32: their errors over the whole range, and that they are vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from optilab.compiler.jit import jit
from optilab.kernels.elementary import expm1, normal_cdf, softplus, tanh
from optilab.kernels.exponential import exponential

Array = NDArray[Any]
EVERY = np.arange(0, 2**32, 9973, dtype=np.uint64).astype(np.uint32).view(np.float32)  # of all float32
FINITE = EVERY[np.isfinite(EVERY)]
USUAL = np.concatenate([np.linspace(-20, 20, 400_001), np.geomspace(1e-30, 1, 50_001), -np.geomspace(1e-30, 1, 50_001)])


def compiled(function: Any) -> Any:
    """A loop over an array, as activations have it."""

    @jit
    def fill(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return fill


@jit
def _normal(x):
    return normal_cdf(x, exponential(-np.float32(0.5) * x * x))


FILL = {
    "tanh": compiled(tanh),
    "normal_cdf": compiled(_normal),
    "softplus": compiled(softplus),
    "expm1": compiled(expm1),
}
EXACT: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "normal_cdf": special.ndtr,
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "expm1": np.expm1,
}
# Largest error in units in the last place, and where it holds: below -87 the exponential is that of -87, and above 0 expm1 isn't used.
BOUNDS = {
    "tanh": (1.5, -np.inf, np.inf),
    "normal_cdf": (9.0, -4.0, np.inf),
    "softplus": (2.5, -87.0, np.inf),
    "expm1": (4.0, -np.inf, 0.0),
}


def filled(name: str, x: Array) -> Array:
    """The values of the compiled function."""
    out = np.empty_like(x)
    FILL[name](x, out)
    return out


@pytest.mark.parametrize("name", FILL)
def test_errors_over_the_whole_range_of_float32(name: str) -> None:
    """Within a few units in the last place of the exact value, wherever that is a normal number."""
    units, low, high = BOUNDS[name]
    for numbers in (FINITE, USUAL.astype(np.float32)):
        x = numbers[(numbers >= low) & (numbers <= high) & (np.abs(numbers) > 1e-35)]
        exact = EXACT[name](x.astype(np.float64))
        normal = np.abs(exact) >= np.finfo(np.float32).tiny
        unit = np.spacing(np.abs(exact[normal]).astype(np.float32)).astype(np.float64)
        worst = (np.abs(filled(name, x)[normal] - exact[normal]) / unit).max()
        assert worst <= units, (name, worst)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", FILL)
def test_what_is_no_number_stays_so(name: str, precision: str) -> None:
    """NaN stays NaN, and infinities have their limits."""
    x = np.array([np.nan, np.inf, -np.inf, 0.0], precision)[: 4 if name != "expm1" else None]
    with np.errstate(invalid="ignore"):
        exact = EXACT[name](x.astype(np.float64))
    exact[1] = np.inf if name == "softplus" else exact[1]
    checked = [0, 2, 3] if name == "expm1" else [0, 1, 2, 3]
    np.testing.assert_allclose(filled(name, x)[checked], exact[checked], rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", FILL)
def test_float64_is_the_library_s(name: str) -> None:
    """Where derivatives are checked nothing is lost, but what the rounding of x / sqrt(2) takes from Phi(-20), 400 times as much."""
    x = USUAL[USUAL <= 0] if name == "expm1" else USUAL
    np.testing.assert_allclose(filled(name, x), EXACT[name](x), rtol=2e-14 if name == "normal_cdf" else 4e-15, atol=0)


def test_the_normal_distribution_function_far_below() -> None:
    """From -13 to -4 its relative error is below 5e-6: that of the square of x, which is rounded before the exponential."""
    x = np.linspace(-13, -4, 500_001).astype(np.float32)
    np.testing.assert_allclose(filled("normal_cdf", x), special.ndtr(x.astype(np.float64)), rtol=5e-6)


@pytest.mark.parametrize("name", FILL)
def test_float32_calls_no_library(name: str) -> None:
    """The loop has no call of a function of the C library, which would keep it from being vectors."""
    x = np.zeros(8, np.float32)
    filled(name, x)
    (assembly,) = (text for signature, text in FILL[name].inspect_asm().items() if signature[0].dtype.name == "float32")
    called = [line for line in assembly.splitlines() if "call" in line or "tanhf" in line or "erff" in line]
    assert not [line for line in called if any(word in line for word in ("tanh", "erf", "log1p", "expm1", "exp"))]
