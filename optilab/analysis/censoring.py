"""Time to a target that some runs never reached: Kaplan-Meier curve, median time, log-rank test, expected running time.

Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958).
Brookmeyer and Crowley, "A confidence interval for the median survival time", Biometrics 38 (1982).
Sawyer, "The Greenwood and exponential Greenwood confidence intervals in survival analysis" (2003): the log-log interval.
Hansen et al., "COCO: performance assessment", arXiv 1605.03560: expected running time.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.arguments import switches
from optilab.analysis.inputs import numbers
from optilab.analysis.levels import share
from optilab.errors import InputError
from optilab.texts import counted, shown


@dataclass(frozen=True)
class MedianTime:
    """The median time to a target, with its confidence interval.

    estimate: infinite where the target was reached too rarely to know it, NaN without runs. low, high: the interval; low is 0 and
    high infinite where nothing bounds them. method: how it was found. n: number of runs; reached: how many of them reached the target. reason: why the
    estimate or an end can't be had, a sentence; "" where all can.
    """

    estimate: float
    low: float
    high: float
    method: str
    n: int
    reached: int
    reason: str = ""


@dataclass(frozen=True)
class Logrank:
    """A log-rank test.

    statistic: approximately standard normal if times are alike; above 0 where a reached the target more often than expected, so
    sooner. p: two-sided. n_a, n_b: numbers of runs. reason: why there is no test (statistic and p are NaN then), a
    sentence; "" where there is one.
    """

    statistic: float
    p: float
    n_a: int
    n_b: int
    reason: str = ""


def survival(times: ArrayLike, reached: ArrayLike, confidence: float = 0.95) -> pd.DataFrame:
    """Kaplan-Meier estimate of the survival function S(t): the share of runs that have not reached the target by time t.

    S(t) = product over the times t_j <= t of (1 - d_j / n_j), with d_j of the n_j runs at risk reaching the target at t_j. A run that ended
    at t_j without reaching it (censored) is at risk there and no longer afterwards. The band is pointwise: Greenwood's
    variance of log(-log S), a normal quantile, transformed back. Where S is 1 or 0 that is undefined. There the band is, with
    n_j runs at risk and alpha = 1 - confidence: from (alpha / 2)^(1 / n_j) to 1 where S is 1 (Clopper and Pearson), and where S
    is 0 from 0 to the last `high` before (where there is none, 1 - (alpha / 2)^(1 / n_j)).

    The estimate holds if runs are independent and ended for reasons that say nothing of the time they would have needed. A
    run that diverged would never have reached the target: give it the time at which the others' budget ends, not that of its divergence.

    times: shape (n,), of each run the time at which it reached the target, or at which it ended; finite, >= 0, any unit.
    reached: shape (n,), whether it reached the target. confidence: of the band at each time, in (0, 1).

    Returns: a row for each different time, ascending: time, at_risk (runs that had neither reached the target nor ended
    before), survival (just after it), low, high. No runs give no rows.

    Raises InputError if a time is below 0, infinite or NaN, reached has another length or other values than true and false, or
    confidence is not within (0, 1).

    Source: Kaplan and Meier 1958, equation 2b; Sawyer 2003; `scipy.stats.ecdf`.

    >>> survival([2, 3, 3, 5], [True, True, False, False])[["time", "at_risk", "survival"]].to_dict("list")
    {'time': [2.0, 3.0, 5.0], 'at_risk': [4, 3, 1], 'survival': [0.75, 0.5, 0.5]}
    """
    found, hit = _checked(times, reached)
    share(confidence, "confidence")
    columns = ["time", "at_risk", "survival", "low", "high"]
    if not len(found):
        return pd.DataFrame(columns=columns, dtype=float).astype({"at_risk": int})
    from scipy import stats

    function = stats.ecdf(_censored(found, hit)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the ends that are undefined
        ends = function.confidence_interval(confidence, method="log-log")
    low, high = pd.Series(ends.low.probabilities), pd.Series(ends.high.probabilities)
    left, moments = np.asarray(function.probabilities), np.asarray(function.quantiles)
    at_risk = len(found) - np.searchsorted(np.sort(found), moments, "left")
    exact = ((1 - confidence) / 2) ** (1 / at_risk)
    low = low.where(left < 1, exact).where(left > 0, 0.0)
    high = high.where(left > 0).ffill().fillna(pd.Series(1 - exact)).where(left < 1, 1.0)
    values = (moments, at_risk, left, low.to_numpy(), high.to_numpy())
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def median_time(times: ArrayLike, reached: ArrayLike, confidence: float = 0.95) -> MedianTime:
    """Median time to the target, by Kaplan and Meier, with the interval of Brookmeyer and Crowley.

    The smallest t with S(t) <= 1/2. The interval is all t at which the interval of S(t), as of `survival`, holds 1/2: from the first t
    with low <= 1/2 (at most the last time) to the first with high < 1/2 (infinite if there is none). Up to the first success
    low is Clopper and Pearson's, so that fewer than 6 runs have no lower end at 95%: it is 0 then.

    times, reached, confidence: as of `survival`.

    Returns: a MedianTime with estimate, low, high (in the unit of the times), method, n, reached, reason.

    Raises InputError as `survival` does.

    Source: Brookmeyer and Crowley 1982, with the interval of Sawyer 2003 at each time.

    >>> median_time([77, 47, 81, 56, 80, 62, 60, 43, 71, 37], [True] * 5 + [False] * 5).estimate
    77.0
    >>> median_time([5, 9, 9, 9], [True, False, False, False]).reason
    'the target was not reached in 3 of 4 runs: the median lies beyond the last time, 9'
    """
    curve = survival(times, reached, confidence)
    hit = np.asarray(reached, bool)
    n, count = len(hit), int(hit.sum())
    method = "Kaplan-Meier, log-log"
    if not n:
        return MedianTime(np.nan, 0.0, np.inf, method, 0, 0, "there are no runs")
    half = 0.5 + 1e-12  # a product of fractions that is 1/2 may be rounded above it
    moments, before = curve["time"], curve["time"].shift(fill_value=0.0)
    is_one = curve["survival"].shift(fill_value=1.0) == 1  # between the time before and this one
    exact = ((1 - confidence) / 2) ** (1 / curve["at_risk"])  # is its lower bound there
    estimate, high = _first(moments, curve["survival"] <= half), _first(moments, curve["high"] < 0.5)
    falls = _first(moments, (curve["survival"] < 1) & (curve["low"] <= half))
    low = min(_first(before, is_one & (exact <= half)), falls, float(moments.iloc[-1]))
    reason = ""
    if np.isinf(estimate):
        missed = f"the target was not reached in {n - count} of {counted(n, 'run')}"
        reason = f"{missed}: the median lies beyond the last time, {moments.iloc[-1]:g}"
    elif low <= 0 or np.isinf(high):
        ends = " and ".join(name for name, lacks in (("a lower", low <= 0), ("an upper", np.isinf(high))) if lacks)
        reason = f"{counted(n, 'run')}, of which {count} reached the target: too few for {ends} end"
    return MedianTime(estimate, low, high, method, n, count, reason)


def logrank(times_a: ArrayLike, reached_a: ArrayLike, times_b: ArrayLike, reached_b: ArrayLike) -> Logrank:
    """Log-rank test of whether a and b need equally long for a target, runs that never reached it included.

    At each time at which a run reached the target, a's share of the runs at risk is its expected number of successes; the
    statistic is the sum of observed less expected, divided by the square root of its (hypergeometric) variance. It asks who reaches
    the target sooner throughout, and sees little where two curves cross.

    times_a, reached_a, times_b, reached_b: as of `survival`, for each of the two.

    Returns: a Logrank with statistic, p, n_a, n_b, reason.

    Raises InputError as `survival` does.

    Source: Mantel, "Evaluation of survival data and two new rank order statistics", Cancer Chemother. Rep. 50 (1966); `scipy.stats.logrank`.

    >>> logrank([1, 2, 3], [True] * 3, [7, 8, 9], [True, True, False])  # doctest: +ELLIPSIS
    Logrank(statistic=2.2475..., p=0.0246..., n_a=3, n_b=3, reason='')
    """
    a, hit_a = _checked(times_a, reached_a, "_a")
    b, hit_b = _checked(times_b, reached_b, "_b")
    if not len(a) or not len(b):
        reason = f"there are no runs of {' and '.join(name for name, one in (('a', a), ('b', b)) if not len(one))}"
        return Logrank(np.nan, np.nan, len(a), len(b), reason)
    if not hit_a.any() and not hit_b.any():
        return Logrank(np.nan, np.nan, len(a), len(b), "no run reached the target")
    from scipy import stats

    with np.errstate(all="ignore"):
        found = stats.logrank(_censored(a, hit_a), _censored(b, hit_b))
    if not np.isfinite(found.statistic):
        reason = "whenever the target was reached, runs of one alone were still at risk, or all reached it"
        return Logrank(np.nan, np.nan, len(a), len(b), reason)
    return Logrank(float(found.statistic), float(found.pvalue), len(a), len(b))


def expected_running_time(times: ArrayLike, reached: ArrayLike) -> float:
    """Expected running time (ERT): what all runs spent, for each success: the expected cost if runs are restarted until one succeeds.

    ERT = sum of all times, of those that failed too / number of runs that reached the target.

    times, reached: as of `survival`.

    Returns: the ERT in the unit of the times, infinite where no run reached the target.

    Raises InputError as `survival` does.

    Source: Hansen et al., arXiv 1605.03560, section 4.

    >>> expected_running_time([1, 2, 4, 2, 6, 100], [True, False, False, False, False, False])
    115.0
    """
    found, hit = _checked(times, reached)
    if not hit.any():
        return np.inf
    power = int(np.frexp(found.max())[1])  # so that no sum of finite times overflows; a power of two changes no digit
    return float(np.ldexp(np.sort(np.ldexp(found, -power)).sum() / hit.sum(), power))


def _checked(times: ArrayLike, reached: ArrayLike, end: str = "") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The two arrays, of one length; `end` is that of the arguments' names."""
    found = numbers(times, f"times{end}")
    refused = found[(found < 0) | np.isinf(found)]
    if len(refused):
        raise InputError(
            f"times{end}: {shown(refused[0].item())} is no time; a run that did not reach the target has the time at which it ended"
        )
    return found, switches(reached, f"reached{end}", len(found))


def _censored(times: NDArray[np.float64], reached: NDArray[np.bool_]) -> Any:
    """SciPy's censored data."""
    from scipy import stats

    return stats.CensoredData(uncensored=times[reached], right=times[~reached])


def _first(times: pd.Series[float], where: pd.Series[bool]) -> float:
    """The first time at which a condition holds; infinite if it never does."""
    return float(times[where].min()) if where.any() else np.inf
