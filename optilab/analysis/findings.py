"""Findings of a comparison on paired seeds: which methods are better than the control, by how much and how sure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from optilab.analysis.families import holm
from optilab.analysis.intervals import interval
from optilab.analysis.levels import share
from optilab.analysis.measured import as_compared
from optilab.analysis.pairs import paired
from optilab.analysis.phrases import PairwiseComparison, Scale, few_seeds_everywhere, few_seeds_sentence
from optilab.errors import InputError, unknown
from optilab.records.columns import as_costs
from optilab.texts import counted, shown

LEAST_CONFIDENCE = 0.75  # 1 less the smallest p-value of three seeds
_MANY = 5  # problems, on none of which seeds are enough: that is said once
_COLUMNS = [
    "problem",
    "label",
    "difference",
    "low",
    "high",
    "p",
    "p_holm",
    "n",
    "cliffs_delta",
    "probability_of_improvement",
    "random",
    "outcome",
]


@dataclass(frozen=True)
class Findings:
    """What a comparison with a control has shown.

    sentences: the verdict in words. comparisons: a row for each problem and method, with the columns problem, label, difference,
    low, high (of the method's value less the control's), p, p_holm, n (pairs of runs), cliffs_delta,
    probability_of_improvement (`optilab.analysis.paired`), random (whether seeds make a difference to either), and outcome: "better", "worse" or "undecided". measure: whose values these are. control: with which label.
    """

    sentences: tuple[str, ...]
    comparisons: pd.DataFrame
    measure: str = ""
    control: str = ""

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def compared(
    runs: pd.DataFrame,
    measure: str,
    control: str | None = None,
    *,
    which: Literal["final", "best"] = "final",
    confidence: float = 0.95,
) -> Findings:
    """Methods that ran on the same seeds, one cell of each: every one is compared with the control, problem by problem.

    A method is called better, or worse, only where two things agree: the interval of its median difference from the control leaves
    out 0 (`optilab.analysis.paired`), and the sign-flip test is significant after Holm's correction over all comparisons that are
    made here and in which seeds make a difference. Else it can't be told from the control, and the sentence says which difference these seeds would likely have shown
    (`optilab.analysis.smallest_difference`), or that they are too few to show any.

    runs: a row a run, with the columns problem, label, seed and {which}_{measure}, as in optilab's table of runs of evaluation. With a
    column status, a run that did not last counts as infinitely bad; with a column is_random, a method to which seeds make no
    difference is compared with the control on all of its seeds. measure: a cost or an accuracy, such as "test_accuracy".
    control: a label; that of the first row if it is None. which: "final" or "best" value of a run. confidence: of the intervals,
    above .75 (or three seeds could be significant) and below 1; the level of significance is 1 - confidence.

    Raises InputError where a column is missing, the control is no label, a value is NaN, and where a method has two runs of one seed on
    a problem.

    >>> cost = [0.30, 0.31, 0.29, 0.33, 0.30, 0.28, 0.32, 0.31]
    >>> base = pd.DataFrame({"problem": "p", "label": "base", "seed": range(8), "final_test_cost": cost})
    >>> ours = base.assign(label="ours", final_test_cost=base["final_test_cost"] - 0.05)
    >>> compared(pd.concat([base, ours]), "test_cost").sentences[1]
    'ours is better than base: its test cost is lower by 0.05 [0.05, 0.05] (better on 8 of 8 seeds, p = .008).'
    """
    if share(confidence, "confidence") <= LEAST_CONFIDENCE:
        raise InputError(
            f"confidence = {confidence:g}: give more than {LEAST_CONFIDENCE}; at less, three seeds would show a difference"
        )
    alpha, scale = 1 - confidence, Scale.of(measure)
    _check_columns(runs, f"{which}_{measure}")
    labels = list(dict.fromkeys(runs["label"].astype(str)))
    if not labels:
        return Findings(("No runs to compare.",), pd.DataFrame(columns=_COLUMNS), measure)
    control = labels[0] if control is None else str(control)
    if control not in labels:
        raise unknown("label", control, labels)
    values, fixed = _by_seed(runs, measure, f"{which}_{measure}")
    problems = sorted({problem for problem, _ in values})
    keys = [
        (problem, label)
        for problem in problems
        for label in sorted(labels)
        if label != control and (problem, label) in values and (problem, control) in values
    ]
    series = {
        key: at_each_seed(values[key], values[key[0], control], key in fixed, (key[0], control) in fixed)
        for key in keys
    }
    found = {key: paired(*series[key], confidence, lowest=scale.lowest) for key in keys}
    chance = {key: not {key, (key[0], control)} <= fixed for key in keys}
    tested = [key for key in keys if chance[key] and found[key].n]
    adjusted = {key: found[key].p for key in keys}
    adjusted |= dict(zip(tested, holm([found[key].p for key in tested]).tolist(), strict=True))
    comparisons = {
        key: PairwiseComparison(
            label=key[1],
            control=control,
            found=found[key],
            p=adjusted[key],
            family=len(tested),
            values=series[key][0],
            base=series[key][1],
            alpha=alpha,
            chance=chance[key],
        )
        for key in keys
    }
    sentences: list[str] = []
    nowhere = len(problems) >= _MANY and bool(keys) and all(one.has_few_seeds for one in comparisons.values())
    for problem in problems:
        own = values.get((problem, control))
        said = [f"{control} was not run there, so nothing is compared with it."]
        if own is not None:
            of = "" if (problem, control) in fixed else f", the median of {counted(len(own), 'seed')}"
            middle = interval(own, "median", confidence)
            said = [f"{control} has {scale.with_article} of {scale.estimate(middle)}{of}."]
            if math.isinf(middle.estimate):
                said = [f"{control} did not last on {int(np.isinf(own).sum())} of {counted(len(own), 'seed')}."]
        there = [key for key in keys if key[0] == problem]
        there.sort(key=lambda key: float(as_costs(measure, found[key].difference)))  # the best first
        few = [key for key in there if comparisons[key].has_few_seeds]
        said += [comparisons[key].sentence(scale) for key in there if not comparisons[key].has_few_seeds]
        if nowhere:
            said += dict.fromkeys(told for key in few if (told := comparisons[key].lost().strip()))
            few = []
        for n in sorted({found[key].n for key in few}):
            said.append(few_seeds_sentence([comparisons[key] for key in few if found[key].n == n], scale))
        sentences += [f"{problem}: {text}" if len(problems) > 1 else text for text in said]
    if nowhere:
        for n in sorted({one.found.n for one in comparisons.values()}):
            members = [one for one in comparisons.values() if one.found.n == n]
            sentences.append(few_seeds_everywhere(members, len(problems)))
    if tested:
        family = f", with Holm's correction over {len(tested)} comparisons" if len(tested) > 1 else ""
        ends = any(found[key].method == "order" for key in tested)
        intervals = f"Intervals are of medians, at {100 * confidence:g}%, and differences" if ends else "Differences"
        medians = "are medians of the differences on the same seeds, not differences of medians"
        known = any(bool(np.isfinite(values).any()) for key in tested for values in series[key])
        about = f"{intervals} {medians}; p" if known else "p"
        sentences.append(f"{about} is of the two-sided sign-flip test on paired seeds{family}.")
    rows = [
        [
            *(*key, f.difference, f.low, f.high, f.p, adjusted[key], f.n, f.cliffs_delta),
            *(f.probability_of_improvement, chance[key], comparisons[key].outcome(scale)),
        ]
        for key, f in found.items()
    ]
    return Findings(tuple(sentences), pd.DataFrame(rows, columns=_COLUMNS), measure, control)


def _check_columns(runs: pd.DataFrame, column: str) -> None:
    for name in ("problem", "label", "seed", column):
        if name not in runs:
            raise InputError(f"runs has no column {name!r}; its columns are {', '.join(map(str, runs.columns))}")
    twice = runs[runs.duplicated(["problem", "label", "seed"])]
    if len(twice):
        problem, label, seed = twice.iloc[0][["problem", "label", "seed"]]
        raise InputError(
            f"{shown(label)} has two runs of seed {seed} on {shown(problem)}; choose one cell of each method"
        )


_Key = tuple[str, str]  # problem and label


def _by_seed(runs: pd.DataFrame, measure: str, column: str) -> tuple[dict[_Key, pd.Series[float]], frozenset[_Key]]:
    """Values by seed of each method on each problem, and the methods to which seeds make no difference there."""
    every = as_compared(runs, measure, column)
    chance = runs["is_random"].ne(False).to_numpy() if "is_random" in runs else np.ones(len(runs), bool)
    values: dict[_Key, pd.Series[float]] = {}
    fixed = set()
    groups: dict[Any, Any] = runs.groupby(["problem", "label"], sort=False).indices
    for (problem, label), rows in groups.items():
        key = str(problem), str(label)
        values[key] = every.iloc[rows].sort_index()
        if not chance[rows].any():
            fixed.add(key)
    return values, frozenset(fixed)


def at_each_seed(
    a: pd.Series[float], b: pd.Series[float], a_is_fixed: bool, b_is_fixed: bool
) -> tuple[pd.Series[float], pd.Series[float]]:
    """The values of two methods by seed; one that doesn't depend on the seed has its value at each seed of the other.

    >>> a, b = at_each_seed(pd.Series([0.5], [0]), pd.Series([0.25, 0.75], [3, 4]), True, False)
    >>> a.to_dict()
    {3: 0.5, 4: 0.5}
    """
    if a_is_fixed and not b_is_fixed:
        a = pd.Series(a.iloc[0], b.index)
    if b_is_fixed and not a_is_fixed:
        b = pd.Series(b.iloc[0], a.index)
    return a, b
