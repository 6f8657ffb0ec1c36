"""Normal numbers without a generator's state: each is a hash of a key, the step and the position.

So a run that is resumed, or measured more often, draws the same numbers. Key and step are hashed by the finaliser of SplitMix64
(Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), positions by Wellons' triple32 (2018); the
transformation is that of Box and Muller, 1958. Logarithm and sine are series to the last bits but one: the library's functions
would keep the loop over weights from being vectorised.
"""

from functools import partial
from math import pi, sqrt

import numpy as np

from optilab.compiler.jit import jit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)

_A, _B, _C = np.uint32(0xED5AD4BB), np.uint32(0xAC4C1B51), np.uint32(0x31848BAB)
_S1, _S11, _S14, _S15, _S17 = (np.uint32(k) for k in (1, 11, 14, 15, 17))

_EXPONENT, _ONE = np.uint64(52), np.uint64(1023)  # of a float64
_MANTISSA = np.uint64((1 << 52) - 1)
_LOG_2 = 0.6931471805599453


@jit
def _seed(z):
    """A hash of 64 bits, once a step."""
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


@jit
def _mixed(z):
    """A hash of 32 bits, for each position: products of 64 bits would be slower."""
    z = np.uint32(z)
    z = np.uint32(np.uint32(z ^ (z >> _S17)) * _A)
    z = np.uint32(np.uint32(z ^ (z >> _S11)) * _B)
    z = np.uint32(np.uint32(z ^ (z >> _S15)) * _C)
    return np.uint32(z ^ (z >> _S14))


@jit
def _log(x):
    """Natural logarithm of a positive normal number: 2 artanh((m - 1) / (m + 1)) + e log 2, for x = m 2^e."""
    bits = np.float64(x).view(np.uint64)
    e = np.float64(np.int32(bits >> _EXPONENT) - np.int32(1023))
    m = np.uint64((bits & _MANTISSA) | (_ONE << _EXPONENT)).view(np.float64)
    large = m > 1.4142135623730951
    m = 0.5 * m if large else m
    e = e + 1.0 if large else e
    s = (m - 1) / (m + 1)
    z = s * s
    series = 1 / 19 + z * (1 / 21)
    series = 1 / 15 + z * (1 / 17 + z * series)
    series = 1 / 11 + z * (1 / 13 + z * series)
    series = 1 / 7 + z * (1 / 9 + z * series)
    series = 1 / 3 + z * (1 / 5 + z * series)
    return 2 * s * (1 + z * series) + e * _LOG_2


@jit
def _cos_of_turns(x):
    """cos(2 pi x) for x from 0 to 1: 2 sin(pi (x - 1/2))^2 - 1."""
    y = pi * (x - 0.5)
    z = y * y
    series = 1 - z / 420 * (1 - z / 506)
    series = 1 - z / 272 * (1 - z / 342 * series)
    series = 1 - z / 156 * (1 - z / 210 * series)
    series = 1 - z / 72 * (1 - z / 110 * series)
    series = 1 - z / 20 * (1 - z / 42 * series)
    sine = y * (1 - z / 6 * series)
    return 2 * sine * sine - 1


@partial(jit, forceinline=True)  # a call would not be vectorised
def normal(key, t, i):
    """A number from the standard normal distribution, for step t (from 1) and position i (from 0)."""
    seed = _seed(np.uint64(key) * _GOLDEN + np.uint64(t))
    first = _mixed(np.uint32(np.uint32(i) + np.uint32(seed)))
    second = _mixed(np.uint32(first + np.uint32(seed >> _32)))
    one = (np.float64(np.int32(first >> _S1)) + 0.5) / 2147483648.0
    other = np.float64(np.int32(second >> _S1)) / 2147483648.0
    return sqrt(-2 * _log(one)) * _cos_of_turns(other)
