"""The statistics behind the verdict, each with its method in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from optilab.analysis import (
    ranks,
    seeds_for_significance,
    smallest_difference,
    smallest_p,
    tuning_effort,
)
from optilab.analysis.goal import unit_of
from optilab.analysis.measured import as_compared
from optilab.analysis.phrases import Scale
from optilab.errors import InputError
from optilab.records.columns import as_costs
from optilab.report.html import Html, join, tag
from optilab.report.source import Source
from optilab.report.studies import studies
from optilab.report.summary import p_value
from optilab.report.tables import Cell, number, table
from optilab.texts import counted

_ROWS = 500  # of a table


def statistics(source: Source) -> Html:
    """Comparisons with the control, what the seeds can show, ranks over problems, times over studies, and what tuning cost."""
    try:
        found = source.findings
    except InputError as error:
        return tag("p", f"No statistics: {error}")
    parts: list[Html | None] = [
        _comparisons(found.comparisons, found.measure, source),
        _resolution(found.comparisons, source),
    ]
    parts += [_over_problems(source, found.measure), studies(source), _effort(source)]
    if not any(parts):
        return tag("p", "No statistics: there is nothing to compare.")
    return join(parts)


def _comparisons(rows: pd.DataFrame, measure: str, source: Source) -> Html | None:
    if rows.empty:
        return None
    confidence, scale = 100 * source.question.confidence, Scale.of(measure)
    unit = " (points)" if scale.percent else ""
    least = seeds_for_significance(1, 1 - source.question.confidence)
    heads = [
        "method",
        "problem",
        f"difference of the {scale.name}{unit}",
        f"{confidence:g}% interval",
        "p",
        "p (Holm)",
        "pairs",
        "Cliff's delta",
    ]
    heads += ["P(improvement)", "outcome"]
    written = [
        [
            row["label"],
            row["problem"],
            Cell(scale.number(row["difference"]).replace("-", "−"), row["difference"], "number"),
            Cell(_ends(scale, row["low"], row["high"]), class_="fit"),
            *(
                Cell(p_value(p), p, "number")
                for p in ((row["p"], row["p_holm"]) if tested(row) else (math.nan, math.nan))
            ),
            number(row["n"], "g"),
            number(row["cliffs_delta"], ".2f"),
            number(row["probability_of_improvement"], ".2f"),
            Cell(row["outcome"], class_=f"fit {row['outcome']}") if tested(row) else "",
        ]
        for row in rows.head(_ROWS).to_dict("records")
    ]
    return join(
        [
            tag("h4", "Against the control, on the same seeds"),
            table(heads, written, caption="Comparisons with the control", sortable=True),
            _more(len(rows)),
            tag(
                "p",
                "Differences are the method's value less the control's, matched by seed; their median has an interval of order statistics where "
                f"{least} pairs or more allow for one. p is of the two-sided sign-flip test, which asks how many of all ways to flip the signs of the "
                "differences give a mean as far from 0; p (Holm) is corrected over all comparisons of this table. Cliff's delta is "
                "P(a > b) − P(a < b) over all pairs of runs, and P(improvement) the chance that a run of the method is better than one of the control.",
                class_="note",
            ),
        ]
    )


def _more(rows: int) -> Html | None:
    """The sentence on the rows of a table that are left out."""
    return (
        tag("p", f"And {rows - _ROWS:,} more rows; results.verdict() and .leaderboard() have them all.", class_="note")
        if rows > _ROWS
        else None
    )


def tested(row: Mapping[Any, Any]) -> bool:
    """Whether there was anything to test in a row of comparisons: paired runs, and chance in them."""
    return bool(row["random"]) and row["n"] > 0


def _ends(scale: Scale, low: float, high: float) -> str:
    """An interval; "none" where it bounds nothing."""
    return scale.ends(low, high).replace("-", "−") if math.isfinite(low) or math.isfinite(high) else "none"


def _resolution(rows: pd.DataFrame, source: Source) -> Html | None:
    pairs = rows.loc[rows["random"].astype(bool) & (rows["n"] > 0), "n"] if len(rows) else pd.Series(dtype=int)
    if pairs.empty:
        return None
    n, family, alpha = int(pairs.max()), len(pairs), 1 - source.question.confidence
    need = seeds_for_significance(family, alpha)
    said = f"With {counted(n, 'pair')} of runs the smallest p that the sign-flip test can give is {smallest_p(n):.2g}; "
    said += f"among {counted(family, 'comparison')} a significant difference takes {counted(need, 'seed')} at least. "
    if n >= 2:
        said += f"A paired t-test at the level of so many comparisons would likely (power .8) find a difference of {smallest_difference(n, alpha=alpha / family):.2f} standard deviations of the "
        said += f"differences; four times as many seeds one of {smallest_difference(4 * n, alpha=alpha / family):.2f}."
    return join([tag("h4", "What these seeds can show"), tag("p", said)])


def _over_problems(source: Source, measure: str) -> Html | None:
    chosen = source.ready.chosen
    if chosen["problem"].nunique() < 2 or chosen["label"].nunique() < 2:
        return None
    medians = {
        (problem, label): as_compared(own, measure, f"final_{measure}").median()
        for (problem, label), own in chosen.groupby(["problem", "label"])
    }
    scores = pd.Series(medians, dtype=float).unstack()
    costs = pd.DataFrame(as_costs(measure, scores), scores.index, scores.columns).dropna(axis=1)
    if costs.shape[1] < 2:
        return None
    try:
        found = ranks(costs, alpha=1 - source.question.confidence)
    except InputError as error:
        return tag("p", f"No ranks over problems: {error}")
    rows = [[label, number(float(mean), ".2f")] for label, mean in found.mean_ranks.items()]
    said = f"Mean ranks of medians over {found.n} problems, 1 the best; a method that did not last on half of its seeds ranks last. "
    said += f"Friedman's test: chi² = {found.chi2:.2f}, p = {found.p:.2g}; mean ranks that are {found.critical_difference:.2f} or more "
    said += "apart differ (Nemenyi's critical difference, for all pairs at once). "
    return join(
        [
            tag("h4", "Over problems"),
            table(["method", "mean rank"], rows, caption="Mean ranks over problems", sortable=True),
            tag("p", said + found.reason, class_="note"),
        ]
    )


def _effort(source: Source) -> Html | None:
    results = source.results
    if "epoch" not in results.history:
        return None
    effort = tuning_effort(results.runs, results.history)
    if effort.empty or effort["trials"].max() < 2:
        return None
    rows = [
        [row["label"], row["problem"], number(row["trials"], "g"), number(row["runs"], "g"), number(row["epochs"])]
        for row in effort.head(_ROWS).to_dict("records")
    ]
    tuned = effort.loc[effort["trials"] > 0, "trials"]
    unequal = " The numbers of trials are unequal, which favours methods with more." if tuned.nunique() > 1 else ""
    return join(
        [
            tag("h4", "What tuning cost"),
            table(
                ["method", "problem", "trials", "runs", f"{unit_of(results.history, 'epoch')} together"],
                rows,
                caption="Tuning cost",
                sortable=True,
            ),
            _more(len(effort)),
            tag(
                "p",
                f"A trial is one combination of hyperparameters; runs that were given up or diverged count as far as they came.{unequal}",
                class_="note",
            ),
        ]
    )
