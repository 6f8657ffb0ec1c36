"""The sign-flip test of paired differences: exact up to 36 of them, by drawn signs beyond."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.inputs import numbers

_EXACT = 36  # up to so many differences, all 2^n signs count
_DRAWN = 65_535  # signs drawn where they are more
_NOISE = 1e-12  # sums of differences that are as close, relative to all differences, tie


def sign_flip(gaps: ArrayLike | pd.Series[Any], seed: int = 0) -> float:
    """The sign-flip permutation test of paired differences: its two-sided p-value.

    Where neither method is better, each difference d_i could as well have had the other sign s_i:
    p = P(|sum s_i d_i| >= |sum d_i|) over all 2^n signs. That is exact up to 36 differences other than 0 (which have no sign): the sums
    of the 2^(n/2) signs of one half are counted against those of the other. Beyond, 65,535 signs are drawn, and p = (1 + number that are as extreme) / 65,536. It is never below 2 / 2^n (1 / 65,536).

    gaps: differences, of shape (n,), in any order; infinite ones may be among them. The mean does not exist then, and each
    difference counts as its sign times the rank of its absolute value: the test is Wilcoxon's signed-rank test. seed: of the
    signs that are drawn. Returns p; without differences 1.

    Raises InputError where differences are NaN or no numbers.

    Source: Fisher, "The Design of Experiments", 1935, section 21; Phipson and Smyth 2010 (the 1 that is added).

    >>> sign_flip([0.1, 0.2, 0.3, 0.2, 0.1, 0.4])
    0.03125
    """
    found = np.sort(numbers(gaps, "gaps"))
    found = found[found != 0]
    if not len(found):
        return 1.0
    if np.isinf(found).any():
        found = np.sign(found) * pd.Series(np.abs(found)).rank().to_numpy()
    found = found / np.abs(found).max()
    least = abs(found.sum()) - _NOISE * np.abs(found).sum()
    if len(found) <= _EXACT:  # as SciPy's permutation_test, in a hundredth of its time
        half = (len(found) + 1) // 2
        some, others = _sums(found[:1], found[1:half]), np.sort(_sums(np.zeros(1), found[half:]))
        above = len(others) - np.searchsorted(
            others, least - some, "left"
        )  # the sign of the first can stay: the others' sums
        below = np.searchsorted(others, -least - some, "right")  # are these with the other sign
        count = np.where(least > 0, above + below, len(others)).sum()
        return float(count / (len(some) * len(others)))
    random, extreme, left = np.random.default_rng(seed), 1, _DRAWN
    while left:
        rows = min(left, 4096)
        signs = random.integers(2, size=(rows, len(found))) * 2.0 - 1
        extreme += int(np.sum(np.abs(signs @ found) >= least))
        left -= rows
    return extreme / (_DRAWN + 1)


def _sums(begin: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers to begin with, plus all sums of signs times the gaps."""
    sums = begin
    for gap in gaps:
        sums = np.concatenate([sums + gap, sums - gap])
    return sums
