"""What a notebook shows of results: the leaderboard as a small table, and its best lines as a sketch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from optilab.analysis.curves import bands
from optilab.analysis.given import Given
from optilab.analysis.intervals import median_ranks
from optilab.analysis.phrases import Scale, p_text
from optilab.figures.axes import usual_x
from optilab.plots import style
from optilab.plots.sketch import sketch
from optilab.records.columns import in_words
from optilab.records.histories import history_of
from optilab.records.measures import is_ascending
from optilab.report.html import Html, join, tag
from optilab.texts import printable, shortened

_LONGEST = 60  # letters of a name
_ROWS = 20  # of a table
_LINES = 8  # of a sketch
_FEW = 2  # problems of which each line is shown; of more, each method over all of them

_LEFT = "text-align:left"


def named(text: Any, longest: int = _LONGEST) -> Html:
    """A name from outside, shortened, and kept apart from the direction of the text about it.

    >>> named("<b>")
    '<bdi>&lt;b&gt;</bdi>'
    """
    return tag("bdi", shortened(printable(str(text)), longest))


def board_html(found: Given, board: pd.DataFrame, colours: Mapping[str, str]) -> Html:
    """The leaderboard as a table: a row a line, or a row a method where there are many problems. colours: of lines that are drawn."""
    if board.empty:
        return tag("p", "No runs to compare.")
    if board["problem"].nunique() > _FEW:
        head, rows = _over_problems(found, board, colours)
    else:
        head, rows = _line_by_line(found, board, colours)
    more = tag("p", f"… and {len(rows) - _ROWS} more rows in .leaderboard()") if len(rows) > _ROWS else None
    heads = [tag("th", name, scope="col", style=_LEFT) for name in head]
    body = [tag("tr", *(tag("td", cell, style=_LEFT) for cell in row)) for row in rows[:_ROWS]]
    return join([tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body)), *([more] if more else [])])


Row = list[object]


def _line_by_line(found: Given, board: pd.DataFrame, colours: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    scale, exact = Scale.of(found.measure), _exact(found)
    several, tuned = board["problem"].nunique() > 1, bool(board["hyperparameters"].any())
    value = f"{scale.name}{' (%)' if scale.percent else ''}"
    head = ["problem"] * several + ["", "optimizer"] + ["best"] * tuned
    head += [value, "seeds", f"less {shortened(printable(found.control), _LONGEST)}", ""]
    rows = []
    for row in board.head(_ROWS + 1).to_dict("records"):
        ended = "" if set(row["statuses"].split()[1::2]) <= {"budget"} else f" ({row['statuses']})"
        p = "" if pd.isna(row["p_holm"]) else f" ({p_text(row['p_holm'])})"
        shown: Row = [named(row["problem"])] if several else []
        shown += [
            "" if pd.isna(row["rank"]) else str(row["rank"]),
            join([_mark(row["label"], colours), named(row["label"]), ended]),
        ]
        shown += [named(row["hyperparameters"], 2 * _LONGEST)] if tuned else []
        shown += [
            _ranged(scale, row["median"], row["low"], row["high"], exact(row["n"])),
            str(row["n"]),
            _ranged(scale, row["difference"], row["difference_low"], row["difference_high"], exact(row["n"])),
            f"{row['outcome']}{p}",
        ]
        rows.append(shown)
    return head, rows + [[]] * (len(board) - len(rows))


def _over_problems(found: Given, board: pd.DataFrame, colours: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    """A row a method: its mean rank, and on how many problems it is better or worse than the control."""
    control = shortened(printable(found.control), _LONGEST)
    head = ["optimizer", "mean rank", "problems", f"better than {control}", "worse", "undecided"]
    rows: list[tuple[float, Row]] = []
    for label, own in board.groupby("label", sort=False):
        rank = float(own["mean_rank"].iloc[0])
        counts = [int(own["outcome"].eq(outcome).sum()) for outcome in ("better", "worse", "undecided")]
        told: Row = ["", "control", ""] if label == found.control else [*map(str, counts)]
        shown: Row = [
            join([_mark(label, colours), named(label)]),
            "" if math.isnan(rank) else f"{rank:.2f}",
            str(len(own)),
            *told,
        ]
        rows.append((math.inf if math.isnan(rank) else rank, shown))
    return head, [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _mark(label: Any, colours: Mapping[str, str]) -> Html:
    """A dot in the colour of the label's line, where it is drawn."""
    return join([tag("span", "●", style=f"color:{colours[label]}"), " "]) if label in colours else Html("")


def _exact(found: Given) -> Callable[[int], bool]:
    """Whether so many seeds have an exact interval of a median; another is not shown, as the verdict shows none."""
    return lambda n: median_ranks(n, found.question.confidence) is not None


def _ranged(scale: Scale, middle: float, low: float, high: float, exact: bool) -> str:
    """A value with its interval, where it has one."""
    if not math.isfinite(middle):
        return "" if math.isnan(middle) else "not finite"
    told = scale.number(middle)
    whole = (
        f"{told} {scale.ends(low, high)}"
        if exact and math.isfinite(low) and math.isfinite(high) and low < high
        else told
    )
    return whole.replace("-", "−")


def sketch_html(found: Given, board: pd.DataFrame) -> tuple[Html, dict[str, str]]:
    """The best lines of the first problem, medians over seeds, as a figure; and the colours of their labels.

    Nothing and no colours where the history has no curve of the measure.
    """
    measure, scale = str(found.measure), Scale.of(found.measure)
    history = history_of(found.history, found.chosen.get("run_id", pd.Series(dtype=object)))
    if measure not in history or board.empty:
        return Html(""), {}
    problem, x = board["problem"].iloc[0], usual_x(history)
    lines = bands(history, found.chosen[found.chosen["problem"].astype(str) == problem], x, found.measure)
    factor = 100 if scale.percent else 1
    curves = {
        str(label): (there["x"].to_numpy(), factor * there["median"].to_numpy())
        for label, there in lines.groupby("label", sort=False)
        if there["median"].map(math.isfinite).sum() > 1
    }
    labels = [label for label in board.loc[board["problem"] == problem, "label"] if label in curves][:_LINES]
    colours = {
        label: str(colour) for label, colour in style.colours_of(found.runs["label"].astype(str), labels).items()
    }
    name = f"{scale.name}{' (%)' if scale.percent else ''}"
    picture = sketch(
        {label: curves[label] for label in labels}, colours, x=in_words(x), y=name, log=not is_ascending(found.measure)
    )
    if not picture:
        return Html(""), {}
    where = join([" on ", named(problem)]) if board["problem"].nunique() > 1 else ""
    best = f", the best {len(labels)} of {len(curves)}" if len(labels) < len(curves) else ""
    note = tag("figcaption", f"{name}, median over seeds", where, best)
    return tag("figure", Html(picture), note, style="margin:0.5em 0"), colours
