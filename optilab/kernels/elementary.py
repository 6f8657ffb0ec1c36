"""tanh, erf, log(1 + exp(x)) and exp(x) - 1, in float32 as arithmetic that the compiler turns into vectors.

A call of the C library's functions can't be vectorised. Those here have no branches, and errors of at most 6 units in the last place
(`tests/kernels/test_elementary.py` has the largest of each over the whole range). float64 is for checking derivatives, and keeps the
library's functions.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from optilab.compiler.jit import FASTMATH
from optilab.kernels.exponential import exponential

_F = np.float32
_ZERO, _HALF, _ONE, _TWO = _F(0), _F(0.5), _F(1), _F(2)

# Cephes tanhf: (tanh(x) / x - 1) / x^2 in x^2, up to 0.625.
_T4, _T3, _T2 = _F(-5.70498872745e-3), _F(2.06390887954e-2), _F(-5.37397155531e-2)
_T1, _T0, _TANH_SMALL = _F(1.33314422036e-1), _F(-3.33332819422e-1), _F(0.625)
# Eigen's and XLA's erf in float32: x times a quotient of polynomials in x^2, up to where it is 1.
_ERF_ONE = _F(3.832506856900711)
_N6, _N5, _N4 = _F(-2.72614225801306e-10), _F(2.77068142495902e-8), _F(-2.10102402082508e-6)
_N3, _N2, _N1, _N0 = (
    _F(-5.69250639462346e-5),
    _F(-7.34990630326855e-4),
    _F(-2.95459980854025e-3),
    _F(-1.60960333262415e-2),
)
_D4, _D3, _D2 = _F(-1.45660718464996e-5), _F(-2.13374055278905e-4), _F(-1.68282697438203e-3)
_D1, _D0 = _F(-7.37332916720468e-3), _F(-1.42647390514189e-2)
# Cephes logf: (log(1 + m) - m + m^2 / 2) / m^3 on [sqrt(1/2) - 1, sqrt(2) - 1].
_ROOT_2, _LN_2 = _F(1.41421356237), _F(0.6931471805599453)
_L8, _L7, _L6 = _F(7.0376836292e-2), _F(-1.1514610310e-1), _F(1.1676998740e-1)
_L5, _L4, _L3 = _F(-1.2420140846e-1), _F(1.4249322787e-1), _F(-1.6668057665e-1)
_L2, _L1, _L0 = _F(2.0000714765e-1), _F(-2.4999993993e-1), _F(3.3333331174e-1)
# exp(x) - 1 near 0: Taylor's series from x^7 / 7! down.
_E7, _E6, _E5, _E4, _E3 = _F(1 / 5040), _F(1 / 720), _F(1 / 120), _F(1 / 24), _F(1 / 6)
_EXPM1_SMALL = _F(-0.5)


def tanh(x):
    """Hyperbolic tangent. NaN stays NaN."""
    return math.tanh(x)


@overload(tanh, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _tanh(x):
    def library(x):
        return math.tanh(x)

    def vectorisable(x):
        size, z = abs(x), x * x
        small = ((((_T4 * z + _T3) * z + _T2) * z + _T1) * z + _T0) * z * x + x
        large = _ONE - _TWO / (exponential(_TWO * size) + _ONE)
        signed = -large if x < _ZERO else large
        return signed if size > _TANH_SMALL else small  # NaN is not above

    return vectorisable if x == types.float32 else library


def erf(x):
    """Error function 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. NaN stays NaN."""
    return math.erf(x)


@overload(erf, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _erf(x):
    def library(x):
        return math.erf(x)

    def vectorisable(x):
        within = np.float64(min(max(x, -_ERF_ONE), _ERF_ONE))  # in float32 its rounding would be seen in 1 + erf(x)
        s = within * within
        above = (((((_N6 * s + _N5) * s + _N4) * s + _N3) * s + _N2) * s + _N1) * s + _N0
        below = (((_D4 * s + _D3) * s + _D2) * s + _D1) * s + _D0
        value = np.float32(within * above / below)
        value = (_ONE if x > _ZERO else -_ONE) if abs(x) >= _ERF_ONE else value
        return value if x == x else x

    return vectorisable if x == types.float32 else library


def softplus(x):
    """log(1 + exp(x)) without overflow: max(x, 0) + log(1 + exp(-|x|)). NaN stays NaN."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@overload(softplus, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _softplus(x):
    def library(x):
        rest = math.log1p(math.exp(-abs(x)))
        return rest if x < 0 else x + rest

    def vectorisable(x):
        y = exponential(-abs(x))  # in (0, 1]
        high = _ONE + y > _ROOT_2
        m = _HALF * y - _HALF if high else y  # (1 + y) / 2 - 1 or (1 + y) - 1, both without rounding
        p = (((_L8 * m + _L7) * m + _L6) * m + _L5) * m + _L4
        p = (((p * m + _L3) * m + _L2) * m + _L1) * m + _L0
        rest = p * m * m * m - _HALF * m * m + m
        rest = rest + _LN_2 if high else rest
        return rest + (x if x > _ZERO else _ZERO)

    return vectorisable if x == types.float32 else library


def expm1(x):
    """exp(x) - 1 for x up to 0, without cancellation. NaN stays NaN."""
    return math.expm1(x)


@overload(expm1, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _expm1(x):
    def library(x):
        return math.expm1(x)

    def vectorisable(x):
        p = ((((_E7 * x + _E6) * x + _E5) * x + _E4) * x + _E3) * x + _HALF
        near = p * x * x + x
        far = exponential(x) - _ONE
        return far if x < _EXPM1_SMALL else near  # NaN is not below

    return vectorisable if x == types.float32 else library
