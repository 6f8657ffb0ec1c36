"""Many methods on many problems: mean ranks, the test whether they differ, and the difference that tells two apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from optilab.analysis.inputs import checked_scores, numbers
from optilab.analysis.levels import number, share, whole
from optilab.errors import InputError
from optilab.texts import counted, shown


@dataclass(frozen=True)
class Friedman:
    """Friedman's test: chi2 with its p, and the F of Iman and Davenport with its p_F, which is less conservative."""

    chi2: float
    p: float
    F: float
    p_F: float  # noqa: N815  # the F of the test


@dataclass(frozen=True, eq=False)
class Ranks:
    """Mean ranks of methods over problems, and what they tell apart.

    mean_ranks: Series by method, best (lowest) first. chi2, p, F, p_F: of `Friedman`. critical_difference: methods whose mean
    ranks are as far apart differ. cliques: largest groups of methods that don't, each a tuple, best first; groups of one are
    left out. n: number of problems. reason: sentences on what is unusual or could not be had; empty where nothing is.
    """

    mean_ranks: pd.Series[float]
    chi2: float
    p: float
    F: float
    p_F: float  # noqa: N815
    critical_difference: float
    cliques: list[tuple[Any, ...]]
    n: int
    reason: str = ""


def critical_difference(k: int, n: int, alpha: float = 0.05) -> float:
    """The critical difference of mean ranks: Nemenyi's, which holds for all pairs of methods at once.

    CD = q sqrt(k (k + 1) / (6 n)), where q is the 1 - alpha quantile of the studentized range of k groups with infinitely many
    degrees of freedom, divided by sqrt(2).

    k: number of methods, from 2. n: number of problems; without any it is infinite. alpha: above 0 and below 1. Raises InputError
    where they are not.

    Source: Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, section 3.2.2.

    >>> round(critical_difference(4, 14), 4), round(critical_difference(4, 14, alpha=0.1), 4)
    (1.2536, 1.1181)
    """
    k, n, alpha = whole(k, "k", 2), whole(n, "n"), share(alpha, "alpha")
    return _range_quantile(k, alpha) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n)) if n else math.inf


@lru_cache(maxsize=256)
def _range_quantile(k: int, alpha: float) -> float:
    """The quantile of the studentized range, which SciPy integrates for."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - alpha, k, np.inf))


def friedman_from_mean_ranks(mean_ranks: ArrayLike | pd.Series[Any], n: int, ties: float = 0.0) -> Friedman:
    """Friedman's test, from mean ranks.

    chi2 = 12 n / (k (k + 1)) [sum R_j^2 - k (k + 1)^2 / 4] / (1 - ties), with k - 1 degrees of freedom;
    F = (n - 1) chi2 / (n (k - 1) - chi2), with k - 1 and (k - 1)(n - 1).

    mean_ranks: of shape (k,), k from 2, in any order. n: number of problems, from 2. ties: the share that ties take from the
    variance of ranks, from 0 (no ties) to 1 (nothing but ties): sum (t^3 - t) / (n k (k^2 - 1)) over groups of t equal scores.
    Where all problems rank alike, F is infinite and p_F 0. Where there is nothing but ties, chi2 and F are 0, p and p_F 1.

    Raises InputError where arguments are not as said, and where k ranks don't add up to k (k + 1) / 2.

    Source: Friedman, JASA 32, 1937; Iman and Davenport 1980; Demšar 2006, section 3.2.2.

    >>> found = friedman_from_mean_ranks([3.143, 2.000, 2.893, 1.964], 14)
    >>> round(found.chi2, 2), round(found.F, 2)
    (9.28, 3.69)
    """
    from scipy.special import chdtrc, fdtrc

    found, n = np.sort(numbers(mean_ranks, "mean_ranks")), whole(n, "n", 2)
    k = len(found)
    if k < 2:
        raise InputError(f"mean_ranks must be of at least 2 methods, not {k}")
    if not abs(found.sum() - k * (k + 1) / 2) < 0.05 * k:  # printed ranks are rounded
        raise InputError(f"mean_ranks of {k} methods must add up to {k * (k + 1) / 2:g}, not {found.sum():g}")
    if not 0 <= number(ties, "ties") <= 1:
        raise InputError(f"ties must lie in [0, 1], not {shown(ties)}")
    if ties > 1 - 1e-12:
        return Friedman(0.0, 1.0, 0.0, 1.0)
    statistic = 12 * n / (k * (k + 1)) * float(((found - (k + 1) / 2) ** 2).sum()) / (1 - ties)
    left = n * (k - 1) - statistic
    ratio = (n - 1) * statistic / left if left > 1e-9 * n * k else math.inf
    return Friedman(statistic, float(chdtrc(k - 1, statistic)), ratio, float(fdtrc(k - 1, (k - 1) * (n - 1), ratio)))


def ranks(scores: pd.DataFrame, lowest: bool = True, alpha: float = 0.05) -> Ranks:
    """Mean ranks over problems, Friedman's test with correction for ties, and Nemenyi's critical difference.

    On each problem the best method has rank 1, and methods that tie, to twelve significant digits, share the mean of their
    ranks. `friedman_from_mean_ranks` and `critical_difference` have the formulas.

    scores: a row a problem, a column a method: one number each, such as the median over seeds. lowest: whether the lowest
    score is best. alpha: level of the critical difference. The order of rows and of columns doesn't enter.

    An infinite score, of either sign, is that of a method that diverged: last on its problem, and tied with others that did.
    With fewer than two problems or two methods nothing can be tested: chi2, p, F and p_F are NaN, and `reason` says so. It says
    too where there are more methods than half the problems.

    Raises InputError where a score is missing (naming its row and column) or no number, two rows or two columns have one name, or
    alpha is none.

    Source: Demšar, JMLR 7, 2006, section 3.2.

    >>> scores = pd.DataFrame({"a": [1, 2, 1, 3], "b": [2, 3, 2, 4], "ours": [3, 1, 3, 5]})
    >>> found = ranks(scores)
    >>> found.mean_ranks.to_dict(), found.cliques
    ({'a': 1.25, 'b': 2.25, 'ours': 2.5}, [('a', 'b', 'ours')])
    """
    alpha, values = share(alpha, "alpha"), checked_scores(scores, lowest)
    n, k = values.shape
    means = values.rank(axis=1, ascending=lowest).mean().sort_values(kind="stable")
    distance = critical_difference(k, n, alpha) if k > 1 else math.nan
    if n < 2 or k < 2:
        reason = f"nothing to test with {counted(k, 'method')} on {counted(n, 'problem')}"
        none = math.nan
        return Ranks(means, none, none, none, none, distance, _cliques(means, distance), n, reason)
    tested = friedman_from_mean_ranks(means, n, _ties(values))
    reason = f"{k} methods on {n} problems, more than one to two: the critical difference exceeds most differences"
    return Ranks(
        means,
        tested.chi2,
        tested.p,
        tested.F,
        tested.p_F,
        distance,
        _cliques(means, distance),
        n,
        reason if 2 * k > n else "",
    )


def _ties(values: pd.DataFrame) -> float:
    """The share that ties take from the variance of ranks."""
    n, k = values.shape
    sizes = values.rank(axis=1, method="max") - values.rank(axis=1, method="min") + 1  # of each score's group
    return float((sizes.to_numpy() ** 2 - 1).sum() / (n * k * (k**2 - 1)))


def _cliques(means: pd.Series[float], distance: float) -> list[tuple[Any, ...]]:
    """Largest groups of methods, in their order, that lie closer together than the critical difference."""
    found: list[tuple[Any, ...]] = []
    end, values, names = 0, means.to_numpy(), list(means.index)
    for first in range(len(values)):
        last = int(np.sum(values - values[first] < distance))
        if last > max(end, first + 1):
            found.append(tuple(names[first:last]))
            end = last
    return found
