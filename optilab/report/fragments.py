"""Parts of results as HTML: the leaderboard as a table, and its lines as a sketch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from optilab.analysis.curves import bands, usual_x
from optilab.analysis.given import Given
from optilab.analysis.phrases import Scale, p_text
from optilab.plots.sketch import sketch
from optilab.plots.style import COLOURS
from optilab.records.columns import in_words
from optilab.records.measures import is_ascending
from optilab.texts import printable, shortened

_LONGEST = 60  # letters of a name
_ROWS = 24  # of a table
_LINES = 9  # of a sketch, which have a colour each; those of COLOURS that are texts


def name_html(text: Any, longest: int = _LONGEST) -> str:
    """A name from outside, escaped, shortened, and kept apart from the direction of the text about it.

    >>> name_html("<b>")
    '<bdi>&lt;b&gt;</bdi>'
    """
    return f"<bdi>{escape(shortened(printable(str(text)), longest))}</bdi>"


def board_html(board: pd.DataFrame, colours: Mapping[str, str]) -> str:
    """The leaderboard as an HTML table, its first rows if it is long. colours: of labels that are drawn."""
    if board.empty:
        return "<p>No runs to compare.</p>"
    scale = Scale.of_all(board)
    several, tuned = board["problem"].nunique() > 1, bool(board["hyperparameters"].any())
    head = [
        *(["problem"] if several else []),
        "",
        "optimizer",
        *(["best"] if tuned else []),
        f"{scale.name}{' (%)' if scale.percent else ''}",
        "seeds",
        "from the control",
        "",
    ]
    rows = [_row(row, scale, colours, several, tuned) for row in board.head(_ROWS).to_dict("records")]
    more = f"<p>… and {len(board) - _ROWS} more rows.</p>" if len(board) > _ROWS else ""
    heads = "".join(f'<th scope="col" style="text-align:left">{escape(cell)}</th>' for cell in head)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"


def _row(row: Mapping[Any, Any], scale: Scale, colours: Mapping[str, str], several: bool, tuned: bool) -> str:
    mark = f'<span style="color:{colours[row["label"]]}">●</span> ' if row["label"] in colours else ""
    ended = "" if set(row["statuses"].split()[1::2]) <= {"budget"} else f" ({row['statuses']})"
    cells = [
        *([name_html(row["problem"])] if several else []),
        "" if pd.isna(row["rank"]) else str(row["rank"]),
        mark + name_html(row["label"]) + escape(ended),
        *([name_html(row["hyperparameters"], 2 * _LONGEST)] if tuned else []),
        escape(_ranged(scale.bare, row["median"], row["low"], row["high"])),
        str(row["n"]),
        escape(_ranged(scale.bare, row["difference"], row["difference_low"], row["difference_high"])),
        escape(row["outcome"]) + ("" if pd.isna(row["p_holm"]) else f" ({escape(p_text(row['p_holm']))})"),
    ]
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def _ranged(written: Any, middle: float, low: float, high: float) -> str:
    """A value with its interval, where it has one."""
    if math.isnan(middle):
        return ""
    told = written(middle)
    return (
        f"{told} [{written(low)}, {written(high)}]"
        if math.isfinite(low) and math.isfinite(high) and low < high
        else told
    )


def sketch_html(found: Given, board: pd.DataFrame) -> tuple[str, dict[str, str]]:
    """The best lines of the first problem, medians over seeds, as an SVG element; and the colours of their labels.

    "" and no colours where the history has no curve of the measure.
    """
    measure = str(found.measure)
    history = found.history[found.history["run_id"].isin(found.chosen.get("run_id", pd.Series(dtype=object)))]
    if measure not in history or board.empty:
        return "", {}
    first = board["problem"].iloc[0]
    x = usual_x(history)
    runs = found.chosen[found.chosen["problem"].astype(str) == first]
    lines = bands(history, runs, x, measure)
    labels = [
        label for label in board.loc[board["problem"] == first, "label"] if label in set(lines["label"].astype(str))
    ]
    colours = dict(zip(labels[:_LINES], map(str, COLOURS), strict=False))
    curves = {
        label: (there["x"].to_numpy(), there["median"].to_numpy())
        for label, there in lines.groupby(lines["label"].astype(str), sort=False)
        if label in colours
    }
    picture = sketch(
        {label: curves[label] for label in colours},
        colours,
        x=in_words(x),
        y=in_words(measure),
        log=not is_ascending(found.measure),
    )
    if not picture:
        return "", {}
    where = f" on {name_html(first)}" if board["problem"].nunique() > 1 else ""
    told = f"{in_words(measure)}, median over seeds{where}"
    return f"<figure style='margin:0.5em 0'>{picture}<figcaption>{told}</figcaption></figure>", colours
