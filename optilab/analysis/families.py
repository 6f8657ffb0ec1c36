"""Many comparisons at once: p-values that account for how many there are."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.inputs import numbers
from optilab.errors import InputError
from optilab.texts import shown


@overload
def holm(p: pd.Series[Any]) -> pd.Series[float]: ...
@overload
def holm(p: ArrayLike) -> NDArray[np.float64]: ...
def holm(p: ArrayLike | pd.Series[Any]) -> NDArray[np.float64] | pd.Series[float]:
    """Holm's step-down correction: adjusted p-values, each to be compared with the level of significance itself.

    With p_(1) <= ... <= p_(m): adjusted p_(i) = min(1, max over j <= i of (m + 1 - j) p_(j)). The probability of one false
    discovery or more among all m is then at most the level, however the tests depend on each other.

    p: p-values of shape (m,), in any order: one for each comparison of the family that is shown, no fewer. Returns the adjusted
    ones in the same order: a Series with the same index for a Series, else an array.

    Raises InputError where a p-value is NaN or not in [0, 1]: one that could not be had counts as 1, for it counts.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6, 1979.

    >>> holm([0.01, 0.04, 0.03, 0.005]).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    found = numbers(p, "p", "one that could not be had counts as 1")
    if ((found < 0) | (found > 1)).any():
        raise InputError(f"p must lie in [0, 1], not {shown(found[(found < 0) | (found > 1)][0].item())}")
    order = np.argsort(found, kind="stable")
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(pd.Series(found[order] * np.arange(len(found), 0, -1)).cummax(), 1)
    return pd.Series(adjusted, p.index, name=p.name) if isinstance(p, pd.Series) else adjusted
