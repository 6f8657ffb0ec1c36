"""The sign-flip test of paired differences: exact where they are few, by drawn signs where they are many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from optilab.analysis.inputs import numbers

_EXACT = 16  # up to so many differences, all 2^n signs are tried
_DRAWN = 65_535  # signs drawn where they are more
_NOISE = 1e-12  # sums of differences that are as close, relative to all differences, tie


def sign_flip(gaps: ArrayLike | pd.Series[Any], seed: int = 0) -> float:
    """The sign-flip permutation test of paired differences: its two-sided p-value.

    Where neither method is better, each difference d_i could as well have had the other sign s_i:
    p = P(|sum s_i d_i| >= |sum d_i|) over all 2^n signs. That is exact up to 16 differences other than 0 (which have no sign).
    Beyond, 65,535 signs are drawn, and p = (1 + number that are as extreme) / 65,536. It is never below 2 / 2^n.

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
        sums = found[:1]  # the sign of one can stay: the others' sums are these with the other sign
        for gap in found[1:]:
            sums = np.concatenate([sums + gap, sums - gap])
        return float(np.mean(np.abs(sums) >= least))
    random, extreme, left = np.random.default_rng(seed), 1, _DRAWN
    while left:
        rows = min(left, 4096)
        signs = random.integers(2, size=(rows, len(found))) * 2.0 - 1
        extreme += int(np.sum(np.abs(signs @ found) >= least))
        left -= rows
    return extreme / (_DRAWN + 1)
