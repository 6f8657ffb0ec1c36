"""tanh, the normal distribution function, log(1 + exp(x)) and exp(x) - 1, in float32 as arithmetic that the compiler turns into vectors.

A call of the C library's functions can't be vectorised. Those here have no branches, and errors of at most 9 units in the last place
(`tests/kernels/test_elementary.py` has the largest of each over the whole range), but for the normal distribution function below -4, whose
relative error is up to 5e-6. float64 is for checking derivatives, and keeps the library's functions.
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
# Phi(-x) exp(x^2 / 2) in u = 1 / (1 + x _ACROSS) for x from 0 to 14, after Abramowitz and Stegun, 26.2.17: a polynomial without constant
# whose largest relative error is as small as can be, 1.2e-8.
_ACROSS, _ROOT_HALF = _F(0.265), 0.7071067811865476
_P9, _P8, _P7 = _F(3.082091041e-2), _F(-1.44228885e-1), _F(2.178155023e-1)
_P6, _P5, _P4 = _F(-1.163632487e-1), _F(1.379535627e-1), _F(6.031290257e-2)
_P3, _P2, _P1 = _F(1.027010376e-1), _F(1.05246656e-1), _F(1.057415643e-1)
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


def normal_cdf(x, bell):
    """Phi(x), the standard normal distribution function. NaN stays NaN.

    bell: exp(-x^2 / 2), which the density has too.
    """
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@overload(normal_cdf, jit_options={"error_model": "numpy", "fastmath": set(FASTMATH)})
def _normal_cdf(x, bell):
    def library(x, bell):
        return 0.5 * math.erfc(-x * _ROOT_HALF)

    def vectorisable(x, bell):
        u = _ONE / (_ONE + _ACROSS * abs(x))
        p = (((((_P9 * u + _P8) * u + _P7) * u + _P6) * u + _P5) * u + _P4) * u
        tail = (((p + _P3) * u + _P2) * u + _P1) * u * bell  # Phi(-|x|)
        return _ONE - tail if x > _ZERO else tail

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
