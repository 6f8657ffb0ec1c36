"""Profiles: on which share of problems a method is within a factor of the best, or done within a budget.

Dolan and Moré, "Benchmarking optimization software with performance profiles", Math. Program. 91 (2002).
Moré and Wild, "Benchmarking derivative-free optimization algorithms", SIAM J. Optim. 20 (2009).
Dahl et al., "Benchmarking neural network training algorithms", 2023 (arXiv 2306.07179): AlgoPerf's score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from optilab.analysis.arguments import amounts_table
from optilab.analysis.inputs import numbers
from optilab.analysis.levels import number, whole
from optilab.errors import InputError
from optilab.texts import shown


def performance_profile(times: pd.DataFrame, taus: ArrayLike | None = None) -> pd.DataFrame:
    """Performance profile: the share of problems on which a method takes at most tau times as long as the best method.

    rho_m(tau) = |{p : t_pm <= tau min_m' t_pm'}| / number of problems. rho_m(1) is the share on which m is the fastest, the limit for
    large tau the share that it solves at all. A profile is relative: another method in the table can change the order of the others.

    times: a row a problem and a column a method: the time to the target in any unit, >= 0; infinite or missing where it was not
        reached. A problem that no method solves counts among the problems.
    taus: the factors, >= 1; without them, all at which some profile rises, and 1.

    Returns: a table with index tau (ascending) and a column a method (sorted by name), of shares in [0, 1]. Of a table without
    problems every share is 0.

    Raises InputError if times are not such a table, or a tau is below 1.

    Source: Dolan and Moré 2002, equations 2.1 and 2.2.

    >>> times = pd.DataFrame({"a": [1.0, 1.0, 4.0], "b": [1.5, float("inf"), 1.0]})
    >>> performance_profile(times).round(2).to_dict("index")
    {1.0: {'a': 0.67, 'b': 0.33}, 1.5: {'a': 0.67, 'b': 0.67}, 4.0: {'a': 1.0, 'b': 0.67}}
    """
    ratios = _ratios(amounts_table(times, "times"))
    return _shares(ratios, _levels(taus, ratios, "taus", 1.0), "tau")


def profile_score(
    times: pd.DataFrame,
    r_max: float = 4.0,
    held_out: Mapping[str, Sequence[str]] | None = None,
    *,
    points: int | None = 100,
) -> pd.Series[float]:
    """AlgoPerf's benchmark score: the integral of the performance profile over [1, r_max], divided by r_max - 1.

    1. A time above r_max times the smallest of its problem is infinite.
    2. On a problem that has held-out variants a method's time is infinite where its time on one of them is.
    3. The variants are left out; on the other problems times are divided by the smallest that is left.
    4. The profile on `points` equal steps from 1 to r_max is integrated by the trapezoidal rule.

    The score is 1 for a method that is fastest on every problem, and 0 for one that is never within r_max. It is relative to
    the methods in the table: say which these are.

    times: as of `performance_profile`; held-out variants are rows too.
    r_max: the largest factor that counts, > 1.
    held_out: for each problem the names of its held-out variants (rows of `times`); see `held_out_by_name`. None: there are none.
    points: number of factors at which the profile is taken, >= 2; None: the exact integral of the step function.

    Returns: the scores in [0, 1] by method, the best first, equal ones by name. Without problems every score is 0.

    Raises InputError if times are not such a table, r_max is not above 1, points are below 2, or held_out names what is no row, or
    a row twice.

    Source: MLCommons AlgoPerf 0.5, RULES.md, section "Scoring"; Dahl et al. 2023, section 4.3.

    >>> times = pd.DataFrame({"a": [1.0, 1.0, 4.0], "b": [1.5, float("inf"), 1.0]})
    >>> profile_score(times, points=None).round(4).to_dict()
    {'a': 0.6667, 'b': 0.6111}
    """
    if not 1 < number(r_max, "r_max") < np.inf:
        raise InputError(f"r_max: {shown(r_max)} is no finite factor above 1; AlgoPerf's is 4")
    if points is not None and whole(points, "points") < 2:
        raise InputError(f"points: {shown(points)} are too few for an integral; 2 or more, or None for the exact one")
    ratios = _ratios(scored_times(times, r_max, held_out))
    if points is None:
        area = (r_max - ratios.clip(upper=r_max)).sum() / max(len(ratios), 1)
    else:
        factors = np.linspace(1, r_max, points)
        area = pd.Series(np.trapezoid(_shares(ratios, factors, "tau"), factors, axis=0), ratios.columns)
    scores = area.rename("score") / (r_max - 1)
    order = np.lexsort((np.arange(len(scores)), -scores.to_numpy().round(12)))
    return scores.iloc[order]


def scored_times(
    times: pd.DataFrame, r_max: float = 4.0, held_out: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """The times that `profile_score` profiles: steps 1 and 2 of it, and the problems without their variants.

    Arguments, errors and source are those of `profile_score`; `performance_profile` of what it returns is the profile whose area that is.

    >>> times = pd.DataFrame({"a": [1.0, 9.0], "b": [2.0, 1.0]}, index=["wmt", "wmt_tanh"])
    >>> scored_times(times, held_out={"wmt": ["wmt_tanh"]}).to_dict("index")
    {'wmt': {'a': inf, 'b': 2.0}}
    """
    found = amounts_table(times, "times")
    variants = _checked_variants({} if held_out is None else held_out, found)
    near = found.where(found.le(r_max * found.min(axis=1), axis=0), np.inf)
    base = near.drop(index=[variant for of_problem in variants.values() for variant in of_problem])
    for problem, of_problem in variants.items():
        base.loc[problem, np.isinf(near.loc[of_problem].to_numpy()).any(axis=0)] = np.inf
    return base


def held_out_by_name(problems: Iterable[str]) -> dict[str, list[str]]:
    """Held-out variants by AlgoPerf's names: a name that is another's, an underscore and more is that of a variant.

    A variant of a variant counts as one of the first. Where names are alike by chance, as mnist and mnist_mlp, write the mapping by hand.

    problems: the names.

    Returns: for each problem that has variants their names, both in alphabetical order.

    >>> held_out_by_name(["fastmri", "fastmri_tanh", "wmt"])
    {'fastmri': ['fastmri_tanh']}
    """
    names = sorted(set(_names(problems, "problems")))
    found: dict[str, list[str]] = {}
    for name in names:
        if bases := [other for other in names if name.startswith(f"{other}_")]:
            found.setdefault(bases[0], []).append(name)  # the shortest of them comes first
    return found


def _names(given: Iterable[str], name: str) -> list[str]:
    """A list of names."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"{name} must be a list of names, not {shown(given)}")
    found = list(given)
    for one in found:
        if not isinstance(one, str):
            raise InputError(f"{name} must be a list of names; {shown(one)} is none")
    return found


def _checked_variants(held_out: Mapping[str, Sequence[str]], times: pd.DataFrame) -> dict[str, list[str]]:
    """The variants of each problem; all must be rows of `times`, and no variant may stand twice or have variants."""
    if not isinstance(held_out, Mapping):
        raise InputError(f"held_out must be a mapping of problems to names of their variants, not {shown(held_out)}")
    variants = {
        problem: [names] if isinstance(names, str) else _names(names, "held_out") for problem, names in held_out.items()
    }
    listed = [name for names in variants.values() for name in names]
    for name in [*variants, *listed]:
        if name not in times.index:
            raise InputError(f"held_out: {shown(name)} is no row of times")
    for name in listed:
        if name in variants or listed.count(name) > 1:
            raise InputError(f"held_out: {shown(name)} stands there twice; a variant is that of one problem")
    return {problem: names for problem, names in variants.items() if names}


def data_profile(
    evaluations: pd.DataFrame, n_weights: Mapping[str, int] | pd.Series[int], alphas: ArrayLike | None = None
) -> pd.DataFrame:
    """Data profile: the share of problems that a method solves within alpha (n_p + 1) evaluations.

    d_m(alpha) = |{p : t_pm / (n_p + 1) <= alpha}| / number of problems, with n_p the number of weights of problem p: n_p + 1 function
    values are what one gradient by differences costs. Unlike a performance profile it is absolute: no method changes another's.

    evaluations: a row a problem and a column a method: evaluations up to the target, >= 0; infinite or missing where it
        was not reached.
    n_weights: the number of weights, >= 1, of each problem by its name.
    alphas: the budgets, >= 0, in units of n_p + 1 evaluations; without them, all at which some profile rises.

    Returns: a table with index alpha (ascending) and a column a method (sorted by name), of shares in [0, 1].

    Raises InputError if evaluations are not such a table, a problem has no number of weights, or an alpha is below 0.

    Source: Moré and Wild 2009, equation 2.8.

    >>> evaluations = pd.DataFrame({"a": [30, 22], "b": [300, float("inf")]}, index=["bowl", "valley"])
    >>> data_profile(evaluations, {"bowl": 2, "valley": 10}, [2, 10, 100]).to_dict("index")
    {2: {'a': 0.5, 'b': 0.0}, 10: {'a': 1.0, 'b': 0.0}, 100: {'a': 1.0, 'b': 0.5}}
    """
    found = amounts_table(evaluations, "evaluations")
    if not isinstance(n_weights, (Mapping, pd.Series)):
        raise InputError(f"n_weights must be a mapping of problems to numbers of weights, not {shown(n_weights)}")
    sizes = dict(n_weights)
    for problem in found.index:
        if problem not in sizes or not 1 <= number(sizes[problem], f"n_weights of {shown(problem)}") < np.inf:
            raise InputError(
                f"n_weights: {shown(sizes.get(problem))} for {shown(problem)}; it is a number of 1 or more"
            )
    groups = found.div(np.array([sizes[problem] + 1 for problem in found.index], np.float64), axis=0)
    return _shares(groups, _levels(alphas, groups, "alphas", 0.0), "alpha")


def _ratios(times: pd.DataFrame) -> pd.DataFrame:
    """Times over the smallest of their problem: at least 1; 0 over 0 is 1, and what was not reached is infinite."""
    values = times.to_numpy()
    smallest = values.min(axis=1, keepdims=True, initial=np.inf)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratios = np.where(values == smallest, 1.0, values / smallest)
    return pd.DataFrame(np.where(np.isinf(values), np.inf, ratios), times.index, times.columns)


def _levels(given: ArrayLike | None, values: pd.DataFrame, name: str, least: float) -> NDArray[np.generic]:
    """The values of x at which shares are wanted, ascending: those given, or all at which one rises."""
    if given is None:
        finite = values.to_numpy()[np.isfinite(values.to_numpy())]
        return np.unique(np.append(finite, 1.0) if least else finite)
    levels = numbers(given, name)
    if (levels < least).any():
        raise InputError(f"{name}: {shown(levels[levels < least][0].item())} is below {least:g}")
    return np.unique(np.asarray(given))


def _shares(values: pd.DataFrame, levels: NDArray[np.generic], name: str) -> pd.DataFrame:
    """The share of rows with a finite value of at most x, for each level x and each column."""
    finite = np.where(np.isfinite(values), values, np.nan)
    counts = (finite[None] <= levels[:, None, None]).sum(axis=1)
    return pd.DataFrame(counts / max(len(values), 1), pd.Index(levels, name=name), values.columns)
