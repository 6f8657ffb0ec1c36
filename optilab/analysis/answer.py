"""The verdict on whole results: which methods are better than the control, by how much and how sure, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from optilab.analysis.across import FEWEST, across
from optilab.analysis.arrival import arrival_verdict
from optilab.analysis.findings import Findings, compared
from optilab.analysis.given import Given, WithRuns, given
from optilab.analysis.goal import goal, unit_of
from optilab.analysis.length import bound_text, bound_to_length
from optilab.analysis.measured import as_compared
from optilab.analysis.phrases import Scale
from optilab.analysis.resolution import few_seeds
from optilab.analysis.tables import uneven_seeds
from optilab.records.chosen import is_of_test_examples, nothing_chosen
from optilab.records.histories import history_of
from optilab.records.measures import is_ascending
from optilab.records.question import Question

_NAMED = 8  # methods that a sentence names


def verdict(
    results: pd.DataFrame | WithRuns,
    measure: str | None = None,
    control: str | None = None,
    *,
    which: Literal["final", "best"] = "final",
    confidence: float | None = None,
    question: Question | None = None,
) -> Findings:
    """The verdict on results: each method, at its best hyperparameters, is compared with the control, problem by problem.

    A method is called better, or worse, only where two things agree: the interval of its median difference from the control leaves
    out 0 (`optilab.analysis.paired`), and the sign-flip test is significant after Holm's correction over all comparisons that are
    made here and in which seeds make a difference. Else it can't be told from the control, and the sentence says which difference
    these seeds would likely have shown (`optilab.analysis.smallest_difference`), or that they are too few to show any. Where the
    question names a target, or runs ended at one, the times to it are compared too (`optilab.analysis.arrival_verdict`). Over five
    problems or more mean ranks are compared first. What was left out is said, and where hyperparameters were chosen by the very values that are compared.

    results: whatever has a table of runs as .runs, and may have .history and .question; or the table. It has a row a run, with the columns
    problem, label, seed and {which}_{measure}. With a column status, a run that did not last counts as infinitely bad; with a
    column is_random, a method to which seeds make no difference is compared with the control on all of its seeds. A table
    with the column role is optilab's: its best cells are chosen. One without it has one cell a label, which was chosen already.
    measure: a cost or an accuracy, such as "test_accuracy"; None for that of the question, or the first that all problems have. One
    of which the name doesn't say whether its highest value is the best is given as an `optilab.Measure`. control: a label; None for
    that of the question, or of the first row. which: "final" or "best" value of a run. confidence: of the intervals, above 0 and
    below 1; the level of significance is 1 - confidence; None for that of the question, .95 at first. question: in place of the
    results' own.

    Raises InputError where a column is missing, the control is no label, the measure is unknown or a value of it is missing, and
    where a table without role has two runs of one seed of a label on a problem.

    >>> cost = [0.30, 0.31, 0.29, 0.33, 0.30, 0.28, 0.32, 0.31]
    >>> base = pd.DataFrame({"problem": "p", "label": "base", "seed": range(8), "final_test_cost": cost})
    >>> ours = base.assign(label="ours", final_test_cost=base["final_test_cost"] - 0.05)
    >>> verdict(pd.concat([base, ours])).sentences[1]
    'ours is better than base: its test cost is lower by 0.05 [0.05, 0.05] (better on 8 of 8 seeds, p = .008).'
    """
    found = given(results, measure, control, question, which)
    if confidence is not None:
        found = replace(found, question=replace(found.question, confidence=confidence))
    told = answered(found, which=which, always=measure is not None)
    uneven = "" if hasattr(results, "notes") or not len(found.chosen) else uneven_seeds(found.chosen)  # notes say so
    return replace(told, sentences=(*told.sentences, uneven)) if uneven and len(told.comparisons) else told


def answered(found: Given, *, which: Literal["final", "best"] = "final", always: bool = False) -> Findings:
    """The verdict on results that are ready. always: compare also what is alone, or in which nothing is random.

    >>> runs = pd.DataFrame({"problem": "p", "label": "ours", "seed": range(8), "final_test_cost": 0.5})
    >>> answered(given(runs)).sentences
    ('Nothing is compared with ours, which is alone.',)
    """
    told = _answered(found, which=which, always=always)
    return replace(told, sentences=(*told.sentences, *_of_several_codes(found)))


def only_if_asked(found: Given) -> bool:
    """Whether `answered` compares more with `always`: something is alone, or nothing in the runs is random.

    >>> only_if_asked(given(pd.DataFrame({"problem": "p", "label": "ours", "seed": range(8), "final_test_cost": 0.5})))
    True
    """
    return found.chosen["label"].nunique() == 1 or (len(found.chosen) > 0 and _random(found.chosen).empty)


def _random(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs in which chance has a part."""
    found: pd.DataFrame = runs[runs["is_random"].ne(False)] if "is_random" in runs else runs
    return found


def _answered(found: Given, *, which: Literal["final", "best"], always: bool) -> Findings:
    runs, control, measure = found.chosen, found.control, found.measure
    labels = list(dict.fromkeys(runs["label"].astype(str)))
    lost = dict.fromkeys(found.lost["label"].astype(str))
    nothing = nothing_chosen(found.question.chosen_by)
    said = [f"{label}: {nothing}, so it is not compared." for label in lost if label != control]
    none = compared(runs[:0], measure)
    if control in lost and control not in labels:
        told = f"{control}, the control: {nothing}, so nothing is compared with it."
        return replace(none, sentences=(told, *said), control=control)
    if len(labels) == 1 and not always:
        return replace(none, sentences=(f"Nothing is compared with {control}, which is alone.", *said), control=control)
    random = _random(runs)
    confidence = found.question.confidence
    values = compared(runs, measure, control, which=which, confidence=confidence)
    if len(runs) and random.empty and not always:
        times, ended_there = _times(found)
        together = [] if ended_there else _over_problems(found, which)
        told = "Nothing in these runs is random, so there is nothing to test."
        return replace(values, sentences=(*times, *together, told, *said))
    if found.cells and random["seed"].nunique() == 1:
        warning = few_seeds(1, max(1, len(values.comparisons)), 1 - confidence)
        together = _over_problems(found, which)
        told = f"Problem by problem, {warning}" if together else warning
        return replace(values, sentences=(*together, *([told] if warning else []), *said))
    sentences, ended_there = _times(found)
    if ended_there:
        sentences.append("Runs ended at this target, so their last values are not compared.")
        values = replace(values, comparisons=values.comparisons[:0])
    else:
        sentences += [*_over_problems(found, which), *values.sentences]
    return replace(values, sentences=(*sentences, *said, *_favoured(found)))


def _times(found: Given) -> tuple[list[str], bool]:
    """Sentences on the times to a target, if one is asked for; and whether runs ended at it."""
    asked, runs = found.question, found.chosen
    to = goal(found)
    if to is None:
        return [], False
    history = history_of(found.history, runs["run_id"])
    unit = unit_of(history, to.by)
    times = arrival_verdict(
        runs, history, to.target, to.measure, found.control, by=to.by, unit=unit, confidence=asked.confidence
    )
    bound = bound_to_length(runs)
    told = [f"The {bound_text(bound)}"] if bound else []
    return [*_set_by(asked, to.measure, to.target), *times.sentences, *told], to.ended_there


def _set_by(asked: Question, measure: str, target: float) -> list[str]:
    """The sentence on who has set the target, if it was an optimizer."""
    if asked.reference is None or asked.target is None:
        return []
    label, quantile = asked.reference
    which = "median" if quantile == 0.5 else f"{quantile:g} quantile"
    scale = Scale.of(measure)
    return [f"The target, {scale.value(target)}, is the {which} over seeds of the best {scale.name} of {label}'s runs."]


def _over_problems(found: Given, which: str) -> list[str]:
    """What all problems together say, where there are many."""
    if found.chosen["problem"].nunique() < FEWEST:
        return []
    column = f"{which}_{found.measure}"
    medians = {
        (str(problem), str(label)): as_compared(own, found.measure, column).median()
        for (problem, label), own in found.chosen.groupby(["problem", "label"])
    }
    scores = pd.Series(medians, dtype=float).unstack()
    return across(scores, found.control, not is_ascending(found.measure), found.question.confidence)


def _of_several_codes(found: Given) -> list[str]:
    """A warning where runs that are compared as one were made by different versions of its code."""
    if "code" not in found.chosen:
        return []
    versions = found.chosen.groupby(["problem", "label"])["code"].nunique()
    mixed = list(dict.fromkeys(str(label) for _, label in versions.index[versions > 1]))
    if not mixed:
        return []
    names = "; ".join(mixed[:_NAMED]) + (f"; and {len(mixed) - _NAMED} more" if len(mixed) > _NAMED else "")
    return [
        f"Made by different versions of their code, so not all alike: runs of {names} (--rerun stale makes them again)."
    ]


def _favoured(found: Given) -> list[str]:
    """A warning where hyperparameters were chosen by the very values that are compared."""
    if not found.cells or found.chosen.empty:
        return []
    if not found.question.on_other_seeds:
        lines = found.runs.groupby(["problem", "label"])
        where = "these very seeds" if (lines["run_id"].nunique() > lines["seed"].nunique()).any() else ""
    else:
        by = found.question.chosen_by
        where = "the test examples" if is_of_test_examples(by) and found.measure.startswith("test_") else ""
    if not where:
        return []
    return [f"Hyperparameters were chosen on {where}, which favours lines with more trials: p is too small."]
