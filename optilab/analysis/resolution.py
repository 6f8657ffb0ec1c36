"""Resolution: what so many seeds can show, and how many it takes to show something."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optilab.analysis.levels import number, share, whole
from optilab.analysis.roots import area, root
from optilab.errors import InputError
from optilab.texts import counted, shown

_FAR = 10.0  # a standard normal is never beyond
_DOUBLINGS = 22  # of the distance from a step; so many lead from the steepest as far
_ENORMOUS = 1e300  # a difference that no test misses, but at a level of significance that no test reaches
_MOST = 10**9  # seeds; a smaller difference than these can show is none


def power_of(difference: float, n: int, alpha: float = 0.05) -> float:
    """The power of a two-sided paired t-test: the probability that it finds a difference that is there.

    With nu = n - 1 degrees of freedom, noncentrality delta = difference sqrt(n) and T noncentral t it is P(|T| > c), where
    c = t_(1 - alpha/2, nu); that is the mean of P(chi2_nu < nu ((Z + delta) / c)^2) over a standard normal Z. It is integrated
    here, for SciPy's noncentral t is NaN far from its centre.

    difference: in standard deviations of the paired differences, from 0. n: number of pairs; with fewer than two there is no
    test, and the power is 0. alpha: level of significance, above 0 and below 1. Raises InputError where they are not.

    Source: Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd edition 1988, chapter 2.

    >>> round(power_of(1.0, 10), 3)
    0.803
    """
    from scipy.special import gammainc, stdtrit

    n, alpha = whole(n, "n"), share(alpha, "alpha")
    difference = number(difference, "difference")
    if not 0 <= difference < math.inf:
        raise InputError(f"difference must be a number from 0, not {shown(difference)}")
    if n < 2:
        return 0.0
    nu, delta, critical = n - 1, difference * math.sqrt(n), -float(stdtrit(n - 1, alpha / 2))

    def density(z: NDArray[np.float64]) -> NDArray[np.float64]:
        ratio = np.minimum(np.abs(z + delta) / critical, 1e9)
        return np.asarray(gammainc(nu / 2, nu / 2 * ratio**2) * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))

    width = critical / math.sqrt(2 * nu)  # of the steps from 0 to 1 that the first factor has at the critical values
    around = [0.0, *(sign * width * 2.0**k for k in range(-1, _DOUBLINGS) for sign in (-1, 1))]
    steep = {-delta, *(edge - delta + step for edge in (-critical, critical) for step in around)}
    return min(1.0, area(density, sorted({-_FAR, _FAR, *(z for z in steep if -_FAR < z < _FAR)})))


def smallest_difference(n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The minimal detectable effect of n paired seeds: the smallest difference that a paired t-test would likely find.

    It solves power_of(difference, n, alpha) = power.

    n: number of pairs, from 0. power, alpha: above 0 and below 1. Returns the difference in standard deviations of the paired
    differences; inf with fewer than two pairs, which show nothing, and at a level that no test can reach; 0 where the power is
    no more than alpha, which no difference at all has. Raises InputError where n, power or alpha is not as said.

    Source: as `power_of`.

    >>> [round(smallest_difference(n), 3) for n in (5, 10, 30)]
    [1.682, 0.996, 0.529]
    """
    return _smallest_difference(whole(n, "n"), share(power, "power"), share(alpha, "alpha"))


@lru_cache(maxsize=1024)  # a verdict asks for the same again and again
def _smallest_difference(n: int, power: float, alpha: float) -> float:
    if n < 2:
        return math.inf
    if power <= power_of(0.0, n, alpha):
        return 0.0
    above = 1.0
    while power_of(above, n, alpha) < power:
        above *= 2
        if above > _ENORMOUS:
            return math.inf
    return root(lambda difference: power_of(difference, n, alpha) - power, 0.0, above, 1e-12)


def seeds_needed(difference: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """The sample size of a paired t-test: the smallest number of paired seeds that would likely show a difference.

    It is the smallest n with power_of(difference, n, alpha) >= power: the inverse of `smallest_difference`.

    difference: in standard deviations of the paired differences, above 0. power, alpha: above 0 and below 1. Returns the number
    of pairs, from 2.

    Raises InputError where difference, power or alpha is not as said, and where a billion pairs would not do.

    Source: as `power_of`.

    >>> seeds_needed(1.0), seeds_needed(0.5)
    (10, 34)
    """
    difference = number(difference, "difference")
    if not 0 < difference < math.inf:
        raise InputError(f"difference must be a number above 0, not {shown(difference)}")
    return _seeds_needed(difference, share(power, "power"), share(alpha, "alpha"))


@lru_cache(maxsize=1024)
def _seeds_needed(difference: float, power: float, alpha: float) -> int:
    if power_of(difference, _MOST, alpha) < power:
        raise InputError(f"difference {shown(difference)} is too small for {_MOST:,} pairs to show")
    low, high = 1, 2
    while power_of(difference, high, alpha) < power:
        low, high = high, min(2 * high, _MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(difference, middle, alpha) >= power else (middle, high)
    return high


def smallest_p(n: int) -> float:
    """The smallest p-value of an exact two-sided paired test: 2 / 2^n, at most 1.

    Under the hypothesis of no difference each of the 2^n signs of the n differences is as likely, and the two most
    extreme patterns are those in which all are equal.

    n: number of pairs, from 0. Raises InputError where it is not.

    Source: Fisher, "The Design of Experiments", 1935, section 21.

    >>> smallest_p(3), smallest_p(6)
    (0.25, 0.03125)
    """
    return min(1.0, 2 * 0.5 ** whole(n, "n"))


def seeds_for_significance(comparisons: int = 1, alpha: float = 0.05) -> int:
    """The smallest number of paired seeds with which an exact test can be significant among so many comparisons.

    It is the smallest n with comparisons * smallest_p(n) <= alpha: Holm's correction multiplies the smallest p-value by the
    number of comparisons. With fewer seeds nothing can be significant, whatever they measure.

    comparisons: size of the family, from 1. alpha: level of significance, above 0 and below 1. Raises InputError where they
    are not.

    Source: as `smallest_p` and `optilab.analysis.holm`.

    >>> [seeds_for_significance(comparisons) for comparisons in (1, 3, 7, 15)]
    [6, 7, 9, 10]
    """
    comparisons, alpha = whole(comparisons, "comparisons", 1), share(alpha, "alpha")
    n = 1
    while comparisons * smallest_p(n) > alpha:
        n += 1
    return n


def few_seeds(n: int, comparisons: int = 1, alpha: float = 0.05) -> str:
    """The warning that belongs to so few seeds that no difference can be significant; "" where they are enough.

    n: number of paired seeds, from 0. comparisons, alpha: as for `seeds_for_significance`, whose errors it raises.

    >>> few_seeds(3, 2)
    "3 seeds can't show which one is better: a significant difference in 2 comparisons takes 7 seeds at least."
    >>> few_seeds(10)
    ''
    """
    need = seeds_for_significance(comparisons, alpha)
    if n >= need:
        return ""
    among = f" in {comparisons} comparisons" if comparisons > 1 else ""
    return f"{counted(n, 'seed')} can't show which one is better: a significant difference{among} takes {need} seeds at least."
