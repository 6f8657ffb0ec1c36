"""Many methods against one control over many problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optilab.analysis.families import holm
from optilab.analysis.inputs import checked_scores, differences
from optilab.errors import unknown

_COLUMNS = ["better", "worse", "statistic", "p", "p_holm", "n", "reason"]


def against_control(scores: pd.DataFrame, control: str, lowest: bool = True) -> pd.DataFrame:
    """Wilcoxon's signed-rank test of each method against one control, over problems, with Holm's correction.

    The differences d_i to the control are ranked by absolute value, ties sharing the mean of their ranks. R+ adds the ranks
    where the method is better, R- those where the control is; ranks of differences of 0 go half to each
    (`zero_method="zsplit"`). The statistic is min(R+, R-). Its p is SciPy's, two-sided: exact up to 13 problems, and without
    ties up to 50; beyond, by the normal distribution.

    Differences are rounded to twelve significant digits of their scores first (`optilab.analysis.inputs.differences`), for
    float noise would break ties.

    scores: a row a problem, a column a method; each problem should be of the same scale, as accuracies or logarithms of costs
    are, for the test ranks differences across problems. control: the column that the others are compared with. lowest: whether
    the lowest score is best.

    An infinite score, of either sign, is that of a method that diverged: a difference to it is the largest of all, and between
    two of them there is none.

    Returns a row a method but the control, sorted by p, then by name, with the columns better (R+), worse (R-), statistic,
    p, p_holm (over all methods compared), n (number of problems) and reason (why p is 1 where there was nothing to test).

    Raises InputError where control is no column, and where a score is missing (naming its row and column) or no number.

    Source: Demšar, JMLR 7, 2006, section 3.1.3; Holm 1979.

    >>> scores = pd.DataFrame({"a": [1, 2, 3, 4, 5], "ours": [0.9, 1.8, 2.7, 3.6, 4.5]})
    >>> against_control(scores, "a").loc["ours", ["better", "worse", "p"]].tolist()
    [15.0, 0.0, 0.0625]
    """
    values = checked_scores(scores, lowest)
    named: Any = next((name for name in values if str(name) == str(control)), None)
    if named is None:
        raise unknown("control", str(control), map(str, values))
    sign = -1 if lowest else 1
    rows = {
        name: _compared(sign * differences(values[name].to_numpy(), values[named].to_numpy()))
        for name in values
        if name != named
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[c for c in _COLUMNS if c != "p_holm"])
    table["p_holm"] = holm(table["p"].astype(np.float64))
    return table.sort_values("p", kind="stable")[_COLUMNS]


def _compared(gains: NDArray[np.float64]) -> tuple[float, float, float, float, int, str]:
    """R+, R-, statistic, p, number of problems and reason, of differences that are positive where the method is better."""
    from scipy.stats import rankdata, wilcoxon

    sizes = rankdata(np.abs(gains))
    ties = sizes[gains == 0].sum() / 2
    better, worse = float(sizes[gains > 0].sum() + ties), float(sizes[gains < 0].sum() + ties)
    if not gains.any():
        return better, worse, min(better, worse), 1.0, len(gains), "no differences" if len(gains) else "no problems"
    p = float(wilcoxon(gains, zero_method="zsplit").pvalue)
    return better, worse, min(better, worse), p, len(gains), ""
