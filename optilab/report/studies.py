"""Studies on the page: how long each method takes to the target with its tuning, as AlgoPerf counts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optilab.analysis.study_board import study_board
from optilab.errors import InputError
from optilab.report.html import Html, join, tag
from optilab.report.source import Source
from optilab.report.tables import Cell, number, table

_ROWS = 500  # of a table


def studies(source: Source) -> Html | None:
    """Times over studies, and the scores that they come to; None where there is no target, or nothing was tried twice on several seeds."""
    try:
        found = study_board(source.ready)
    except InputError as error:
        return tag("p", f"No times over studies: {error}")
    if found is None:
        return None
    heads = ["method", "problem", "trials", "reached in (studies)", f"median {found.unit}"]
    rows = map(_row, found.times.head(_ROWS).to_dict("records"))
    parts: list[Html | None] = [
        tag("h4", "Time to the target, over studies"),
        table(heads, rows, caption="Time to the target over studies", sortable=True),
        tag("p", found.note, class_="note"),
    ]
    if found.scores is not None:
        scores = [[label, number(float(score), ".2f")] for label, score in found.scores.head(_ROWS).items()]
        parts.append(table(["method", "score over studies"], scores, caption="Scores over problems", sortable=True))
        parts.append(tag("p", found.score_note, class_="note"))
    return join(parts)


def _row(row: Mapping[Any, Any]) -> list[Cell | object]:
    """A line's studies as cells."""
    reached = Cell(f"{row['reached']} of {row['studies']}", row["reached"], "number")
    return [row["label"], row["problem"], number(row["trials"], "g"), reached, number(row["time"])]
