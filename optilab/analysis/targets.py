"""Targets: when each run first reached a value, and the share of (run, target) pairs reached by a time.

Hansen, Auger, Brockhoff and Tušar, "Anytime performance assessment in blackbox optimization benchmarking", IEEE Trans. Evol. Comput. 26
(2022): the ECDF over targets, as COCO draws it.
Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 58 (1963): its band.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.arguments import by_name
from optilab.analysis.inputs import floats, numbers
from optilab.analysis.levels import number, share, switch, whole, word
from optilab.errors import InputError, unknown
from optilab.records.measures import direction
from optilab.texts import counted, shown


def time_to_target(
    history: pd.DataFrame,
    target: float,
    measure: str = "test_accuracy",
    by: str = "epoch",
    *,
    ascending: bool | None = None,
    run_ids: Iterable[Any] | None = None,
    never: Iterable[Any] = (),
) -> pd.DataFrame:
    """Time to target: where each run first measured a value as good as the target, or ended without one.

    time = min {t : value at t <= target} (>= for a measure of which higher values are better). It is a time of measurement: the run may have
    reached the target up to one interval earlier. A run that never did is censored: its time is that of its last
    measurement. Values that are missing or infinite reach no target.

    history: a row a measurement, in any order, with columns run_id, `measure` and `by`. target: the value to reach, finite.
    measure: the column of values. by: the column of times (epoch, step, seconds, ...), >= 0. ascending: whether higher values are better;
    None: as its name says (`optilab.records.measures`), and False where it doesn't. run_ids: all runs, if
    some may have no row in `history` (they failed before the first measurement): those are censored at 0. None: those in `history`.
    never: runs that would never reach the target, as those that diverged: unless they reached it before, they are censored at the
    end of the longest run. Censored at their own end they would count as runs that might still have been the fastest.

    Returns: a row a run, in the order of their names: run_id, time (in the unit of `by`), reached (bool): what `survival`,
    `logrank`, `median_time` and `expected_running_time` take.

    Raises InputError if a column is not there or there twice, the target is not finite, a time is missing, infinite or below 0, `history` has a run
    that is not among run_ids, or `never` one that is not there.

    >>> history = pd.DataFrame({"run_id": ["r", "r", "s", "s"], "epoch": [0, 1, 0, 2], "test_accuracy": [0.1, 0.9, 0.1, 0.8]})
    >>> time_to_target(history, 0.9).to_dict("list")
    {'run_id': ['r', 's'], 'time': [1.0, 2.0], 'reached': [True, False]}
    """
    targets = _checked_targets([number(target, "target")], "target")
    names, first, last = _first_times(history, targets, measure, by, ascending, run_ids)
    reached = np.isfinite(first[:, 0])
    given_up = _run_ids(never, "never")
    if strange := by_name(given_up - set(names)):
        raise InputError(f"never: {shown(strange[0])} is no run of history")
    last = np.where([name in given_up for name in names], last.max(initial=0.0), last)
    return pd.DataFrame({"run_id": names, "time": np.where(reached, first[:, 0], last), "reached": reached})


def ecdf(
    history: pd.DataFrame,
    targets: ArrayLike,
    measure: str = "test_accuracy",
    by: str = "epoch",
    *,
    confidence: float = 0.95,
    ascending: bool | None = None,
    run_ids: Iterable[Any] | None = None,
) -> pd.DataFrame:
    """Empirical cumulative distribution of times to targets (COCO's ECDF): the share of (run, target) pairs reached by each time.

    share(t) = |{(r, k) : run r reached target k by t}| / (runs x targets). A pair that is never reached counts among all pairs. A run
    that ended early reaches no more: after the end of the shortest run the share is a lower bound of what a longer budget would give.

    The band is pointwise. What is independent are the runs, not the pairs: targets of one run are reached one after the other. At
    a time t each run has a share of targets in [0, 1], and `share` is the mean of these R numbers. Hoeffding's theorem 1 bounds a
    mean of independent numbers in [0, 1], however they are distributed: low and high are the ends of
    {m : R KL(share || m) <= log(2 / alpha)}, with KL the divergence of two coins. Where share is 0 or 1 it is Clopper and Pearson's interval.

    history, measure, by, ascending, run_ids: as of `time_to_target`; the runs of one method. targets: one or more finite values, of
    which equal ones count once; see `log_targets`. confidence: of the band at each time, in (0, 1).

    Returns: a row for each time at which the share rises, and one for the end of the longest run, ascending: time, share, low, high
    (all in [0, 1]). Before the first time the share is 0. No runs give no rows.

    Raises InputError as `time_to_target` does, and if there is no target or confidence is not within (0, 1).

    Source: Hansen et al. 2022, section III; Hoeffding 1963, equation 2.1.

    >>> history = pd.DataFrame({"run_id": ["r", "r", "s", "s"], "step": [0, 9, 0, 5], "train_cost": [9.0, 1.0, 9.0, 0.1]})
    >>> ecdf(history, [1, 0.1], "train_cost", "step")[["time", "share"]].to_dict("list")
    {'time': [5.0, 9.0], 'share': [0.5, 0.75]}
    """
    wanted = np.unique(_checked_targets(targets, "targets"))
    share(confidence, "confidence")
    _, first, last = _first_times(history, wanted, measure, by, ascending, run_ids)
    if not len(first):
        return pd.DataFrame(columns=["time", "share", "low", "high"], dtype=float)
    hits = np.sort(first[np.isfinite(first)])
    times = np.unique(np.append(hits, last.max()))
    reached = np.searchsorted(hits, times, "right") / first.size
    low, high = _mean_bounds(reached, len(first), confidence)
    return pd.DataFrame({"time": times, "share": reached, "low": low, "high": high})


def log_targets(
    history: pd.DataFrame,
    measure: str = "test_accuracy",
    count: int = 50,
    by: str = "epoch",
    *,
    ascending: bool | None = None,
) -> NDArray[np.float64]:
    """Targets in equal steps of the logarithm, from where runs begin to the best value of any run.

    Of a cost: from the highest first value of a run down to the lowest value of all. Of an ascending measure, an accuracy of at most
    1: the same of the error, 1 - accuracy. A logarithm needs values above 0: the last target is the best value with a cost (error)
    above 0. Take the same targets for all methods that are compared: from the history of all their runs.

    history, measure, by, ascending: as of `time_to_target`. count: number of targets, >= 1.

    Returns: an array of the targets, the easiest first; one target alone where no value is better than the first ones.

    Raises InputError as `time_to_target` does, and if count is below 1, a cost is below 0, an accuracy is above 1, or no
    value is finite.

    Source: Hansen et al. 2022, section III-B.

    >>> history = pd.DataFrame({"run_id": "r", "step": [0, 1, 2], "train_cost": [10.0, 1.0, 0.1]})
    >>> log_targets(history, "train_cost", 3, by="step").tolist()
    [10.0, 1.0, 0.1]
    """
    if whole(count, "count") < 1:
        raise InputError(f"count: {shown(count)} targets are none; 1 or more")
    rows = _rows(history, measure, by)
    upward = _upward(measure, ascending)
    finite = rows[np.isfinite(rows[measure])]
    if finite.empty:
        raise InputError(f"{measure}: no value is finite, so there is nothing to aim at")
    costs = 1 - finite[measure] if upward else finite[measure]
    if (costs < 0).any():
        limit = "above 1" if upward else "below 0"
        worst = finite[measure].max() if upward else finite[measure].min()
        raise InputError(f"{measure}: {shown(float(worst))} is {limit}; targets in logarithmic steps need none")
    begins = finite.groupby("run_id")[by].transform("min") == finite[by]
    start, positive = float(costs[begins].max()), costs[costs > 0]
    end = float(positive.min()) if len(positive) else 0.0
    best = float(finite[measure][costs <= end].min() if upward else end)
    if start <= end or count == 1:
        return np.array([best])
    steps = np.geomspace(start, end, count)
    return np.append((1 - steps if upward else steps)[:-1], best)  # the last to the last bit, or it is never reached


def _checked_targets(targets: ArrayLike, name: str) -> NDArray[np.float64]:
    """The targets as an array."""
    found = numbers(targets, name)
    if not len(found) or not np.isfinite(found).all():
        raise InputError(f"{name}: {shown(targets)} must be one finite number or more")
    return found


def _rows(history: pd.DataFrame, measure: str, by: str) -> pd.DataFrame:
    """The columns run_id, `measure` and `by` of a history, checked."""
    if not isinstance(history, pd.DataFrame):
        raise InputError(f"history must be a DataFrame, with a row a measurement, not {shown(history)}")
    for name in ("run_id", word(measure, "measure", "test_accuracy"), word(by, "by", "epoch")):
        if name not in history:
            raise unknown("column of history", name, [str(column) for column in history])
        if isinstance(history[name], pd.DataFrame):
            raise InputError(f"history has the column {shown(name)} twice")
    if history["run_id"].isna().any():
        raise InputError("run_id: is missing in a row of history, which so is of no run")
    rows = pd.DataFrame({"run_id": history["run_id"], measure: _floats(history, measure), by: _floats(history, by)})
    refused = rows.loc[~(np.isfinite(rows[by]) & (rows[by] >= 0)), by]
    if len(refused):
        times = f"{by}: {shown(float(refused.iloc[0]))} in {counted(len(refused), 'row')}"
        raise InputError(f"{times}; a time is finite and at least 0")
    return rows


def _floats(history: pd.DataFrame, name: str) -> pd.Series[float]:
    """A column of a history as numbers; what is missing is NaN."""
    found = floats(history[name])
    if found is None:
        raise InputError(f"{name}: a value of this column of history is no number")
    return pd.Series(found, history.index)


def _upward(measure: str, ascending: bool | None) -> bool:
    """Whether higher values are better."""
    return bool(direction(measure)) if ascending is None else switch(ascending, "ascending")


def _run_ids(given: Iterable[Any], name: str) -> set[Any]:
    """A set of names of runs."""
    try:
        return set(given)
    except TypeError:
        raise InputError(f"{name} must be a list of names of runs, not {shown(given)}") from None


def _first_times(
    history: pd.DataFrame,
    targets: NDArray[np.float64],
    measure: str,
    by: str,
    ascending: bool | None,
    run_ids: Iterable[Any] | None,
) -> tuple[list[Any], NDArray[np.float64], NDArray[np.float64]]:
    """Names of the runs, the first time of each at each target (infinite if there is none), and their last times."""
    rows = _rows(history, measure, by)
    upward = _upward(measure, ascending)
    there = rows["run_id"].unique().tolist()
    names = by_name(set(there) if run_ids is None else _run_ids(run_ids, "run_ids"))
    if strange := by_name(set(there) - set(names)):
        raise InputError(f"run_ids: {shown(strange[0])} of history is not among them")
    first, last = np.full((len(names), len(targets)), np.inf), np.zeros(len(names))
    place = {name: k for k, name in enumerate(names)}
    run, times, values = _in_order(rows["run_id"], rows[by].to_numpy(), rows[measure].to_numpy())
    among = np.array([place[name] for name in there], np.intp)  # of each run as it comes, its place among the names
    costs = np.where(np.isfinite(values), -values if upward else values, np.inf)
    best = pd.Series(costs).groupby(run).cummin().to_numpy()  # falls, so that its negative can be searched
    begins = np.flatnonzero(np.diff(run, prepend=-1))
    for begin, end in zip(begins, np.append(begins[1:], len(run)), strict=False):  # without runs there is an end alone
        found = np.searchsorted(-best[begin:end], targets if upward else -targets, "left")
        first[among[run[begin]]] = np.append(times[begin:end], np.inf)[found]
        last[among[run[begin]]] = times[end - 1]
    return names, first, last


def _in_order(
    run_ids: pd.Series[Any], times: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Numbers of the runs, as they first come, with times and values: run by run, in the order of time.

    Histories mostly are: then nothing is sorted.
    """
    run = pd.factorize(run_ids)[0]
    later = np.diff(run)
    if np.all((later > 0) | ((later == 0) & (np.diff(times) >= 0))):
        return run, times, values
    order = np.lexsort((times, run))
    return run[order], times[order], values[order]


def _mean_bounds(
    share: NDArray[np.float64], runs: int, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All means that Hoeffding's theorem does not refute: the ends of an interval about each share, by bisection."""
    from scipy.special import rel_entr

    limit = np.log(2 / (1 - confidence)) / runs

    def end(outer: float) -> NDArray[np.float64]:
        inside, outside = share.copy(), np.full_like(share, outer)
        for _ in range(60):
            middle = (inside + outside) / 2
            agrees = rel_entr(share, middle) + rel_entr(1 - share, 1 - middle) <= limit
            inside, outside = np.where(agrees, middle, inside), np.where(agrees, outside, middle)
        return outside

    return end(0.0), end(1.0)
