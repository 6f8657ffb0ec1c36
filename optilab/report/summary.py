"""The top of the page: what was asked, the verdict, and the leaderboard."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from optilab.analysis.goal import unit_of
from optilab.analysis.phrases import Scale
from optilab.errors import InputError
from optilab.records.specs import measured_on
from optilab.report.html import Html, join, tag
from optilab.report.source import Source
from optilab.report.tables import Cell, table
from optilab.texts import counted

_SENTENCES = 12  # of the verdict that are seen at once
_ROWS = 1_000  # of the leaderboard


def answer(source: Source) -> Html:
    """The verdict in words, or the reason why there is none."""
    try:
        sentences = list(source.findings.sentences)
    except InputError as error:
        sentences = [f"No verdict: {error}"]
    sentences = sentences or ["There is nothing to compare here: one method alone, or nothing random in any run."]
    first, rest = sentences[:_SENTENCES], sentences[_SENTENCES:]
    more = (
        tag("details", tag("summary", f"{len(rest)} more sentences"), *(tag("p", one) for one in rest))
        if rest
        else None
    )
    told = tag("div", *(tag("p", sentence) for sentence in first), more, class_="verdict")
    notes = [*source.results.notes, measured_on(source.results.runs)]
    return join([told, *(tag("p", note, class_="note") for note in notes if note)])


def counts(source: Source) -> str:
    """How many runs, seeds and methods there are."""
    runs = source.results.runs
    evaluation = runs[runs["role"] == "evaluation"]
    parts = [
        counted(len(runs), "run"),
        counted(runs["label"].nunique(), "method"),
        counted(runs["problem"].nunique(), "problem"),
        f"{counted(evaluation['seed'].nunique(), 'seed')} of evaluation",
    ]
    tuned = runs.loc[runs["role"] == "tuning", "seed"].nunique()
    return ", ".join([*parts, f"{counted(tuned, 'other seed')} of tuning"] if tuned else parts) + "."


def boards(sources: Sequence[Source]) -> Html:
    """The leaderboard of all results, with what filters it."""
    rows: list[tuple[Source, dict[Any, Any]]] = []
    lacking = []
    for source in sources:
        try:
            rows += [(source, row) for row in source.board.to_dict("records")]
        except InputError as error:
            lacking.append(tag("p", f"No leaderboard of {source.name}: {error}"))
    if not rows:
        return join([*lacking, tag("p", "No runs to rank.")])
    several = len(sources) > 1
    problems = list(dict.fromkeys(str(row["problem"]) for _, row in rows))
    controls = {str(row["label"]) for _, row in rows if row["outcome"] == "control"}
    control = controls.pop() if len(controls) == 1 else "the control"
    measures = list(dict.fromkeys(str(row["measure"]) for _, row in rows))
    tuned = any(row["trials"] > 1 for _, row in rows)
    units = list(dict.fromkeys(unit_of(source.results.history, "epoch") for source, _ in rows))
    heads = [
        "method",
        "rank",
        _unit(Scale.of(measures[0]).name, "%", measures) if len(measures) == 1 else "measure",
        _unit(f"difference from {control}", "points", measures),
        "p (Holm)",
        "outcome",
        "runs",
        "hyperparameters",
        *(["trials of tuning", f"their {' or '.join(units)}"] if tuned else []),
        "seconds a run",
    ]
    heads[1:1] = [*(["results"] if several else []), *(["problem"] if len(problems) > 1 else [])]
    written, attributes = [], []
    left = len(rows) - _ROWS
    for source, row in rows[:_ROWS]:
        where: list[object] = [source.name] if several else []
        where += [row["problem"]] if len(problems) > 1 else []
        written.append([row["label"], *where, *_numbers(row, named=len(measures) > 1, tuned=tuned)])
        statuses = sorted({part.split(" ", 1)[-1] for part in str(row["statuses"]).split(", ") if part})
        attributes.append(
            {
                "data-label": row["label"],
                "data-problem": row["problem"],
                "data-statuses": " ".join(statuses),
                "class_": "best" if row["rank"] == 1 else None,
            }
        )
    known = sorted({status for one in attributes for status in str(one["data-statuses"]).split()})
    return join(
        [
            *lacking,
            _filters(problems, known, len(written)),
            table(heads, written, caption="Leaderboard", sortable=True, attributes=attributes, identity="board"),
            tag("p", f"And {left:,} more lines; `optilab table` has them all.", class_="note") if left > 0 else None,
            tag(
                "p",
                "The median over seeds with its interval; only the ends of runs count. The difference is the median of the differences on the "
                "same seeds, with its interval. ▲ better and ▼ worse than the control only where the interval leaves out 0 and p, corrected "
                "by Holm's method over all comparisons of these results, is significant; ≈ could not be told from it. Where nothing in the runs is "
                "random there is nothing to test.",
                class_="note",
            ),
        ]
    )


def _filters(problems: Sequence[str], statuses: Sequence[str], count: int) -> Html:
    options = [tag("option", "all", value=""), *(tag("option", name, value=name) for name in problems)]
    ends = [tag("option", "any", value=""), *(tag("option", name, value=name) for name in statuses)]
    return tag(
        "div",
        tag("label", "Method ", tag("input", type="text", id="filter-optimizer", size="14")),
        tag("label", "Runs that ended as ", tag("select", *ends, id="filter-status")),
        tag("label", "Problem ", tag("select", *options, id="filter-problem")) if len(problems) > 1 else None,
        tag("span", f"{count} of {count} shown", id="filter-count", class_="soft", role="status"),
        class_="controls live",
    )


def _numbers(row: Mapping[Any, Any], *, named: bool, tuned: bool) -> list[Cell | object]:
    """Cells of a row. named: whether the measure is named in it, and not in the head of the table. tuned: whether something was tuned."""
    scale = Scale.of(row["measure"])
    outcome = str(row["outcome"])
    return [
        _number(row["rank"], "g"),
        _with_interval(
            scale,
            row["median"],
            row["low"],
            row["high"],
            lambda value: f"{scale.name} {_minus(scale.value(value))}" if named else _minus(scale.number(value)),
        ),
        _with_interval(
            scale,
            row["difference"],
            row["difference_low"],
            row["difference_high"],
            lambda value: _minus(scale.gap(value) if named else scale.number(value)),
        ),
        Cell(p_value(row["p_holm"]), _sortable(row["p_holm"]), "number"),
        Cell(outcome, class_=f"fit {outcome}"),
        Cell(_runs(row), _sortable(row["n"]), "fit"),
        Cell(row["hyperparameters"]),
        *([_number(row["trials"], "g"), _number(row["epochs"], ".4g")] if tuned else []),
        _number(row["seconds"], ".3g"),
    ]


def _unit(head: str, unit: str, measures: Sequence[str]) -> str:
    """A head with the unit of its column, where that is of one measure in percent."""
    return f"{head} ({unit})" if len(measures) == 1 and Scale.of(measures[0]).percent else head


def _runs(row: Mapping[Any, Any]) -> str:
    """How many there are, and how they ended where that is not by using up their budget."""
    ended = str(row["statuses"])
    return str(row["n"]) if ended in ("", f"{row['n']} budget") else f"{row['n']}: {ended}"


def _with_interval(scale: Scale, value: Any, low: Any, high: Any, written: Callable[[float], str]) -> Cell:
    """A value with its unit, and its interval if it has one."""
    if pd.isna(value):
        return Cell("–", math.inf, "number")
    shown = written(value)
    bounded = pd.notna(low) and pd.notna(high) and math.isfinite(low) and math.isfinite(high)
    return Cell(f"{shown} {_minus(scale.ends(low, high))}" if bounded else shown, float(value), "number")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _number(value: Any, form: str) -> Cell:
    return Cell("–" if pd.isna(value) else f"{value:{form}}", _sortable(value), "number")


def p_value(value: float) -> str:
    """A p-value as it is written in papers, without the zero before the point."""
    return "–" if pd.isna(value) else "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def _sortable(value: Any) -> float:
    return math.inf if pd.isna(value) else float(value)
