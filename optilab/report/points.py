"""Numbers of curves laid out as a small table: a row a line with its values side by side, or a row a value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from optilab.report.tables import Cell
from optilab.texts import printable, shortened

ROWS = 36  # of a table
_COLUMNS = 13  # beside those that name the row; of more the points stand below each other
_LONGEST = 60  # letters of a name


@dataclass(frozen=True)
class Numbers:
    """The numbers of a picture as a table.

    caption: what they are, and what was left out. heads: of the columns, of which the first `named` name a row.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell | object]]
    named: int = 1


def told(value: float, digits: int = 4) -> str:
    """A number as text: true minus, a sign for infinity, a dash for none.

    >>> told(-0.00012345), told(float("inf")), told(float("nan"))
    ('−0.0001234', '∞', '–')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def ranged(middle: float, low: float, high: float) -> str:
    """A value, and behind it the ends of its band where they are known and differ.

    >>> ranged(2, 1, 3), ranged(2, 2, 2)
    ('2 (1 to 3)', '2')
    """
    known = not (math.isnan(low) or math.isnan(high)) and low != high
    return f"{told(middle)} ({told(low)} to {told(high)})" if known else told(middle)


def figures(value: float, digits: int = 4) -> Cell:
    """A cell with a number."""
    return Cell(told(value, digits), class_="number")


def name(text: object) -> str:
    """A name from outside, shortened; the page escapes it."""
    return shortened(printable(str(text)), _LONGEST)


def evenly(table: pd.DataFrame, keys: Sequence[str], each: int) -> pd.DataFrame:
    """At most `each` rows, >= 2, of every group, evenly spaced, the first and the last among them.

    >>> evenly(pd.DataFrame({"a": "x", "k": range(9)}), ["a"], 3)["k"].tolist()
    [0, 4, 8]
    """
    groups = table.groupby(list(keys), sort=False)
    place = groups.cumcount().to_numpy()
    last = groups[keys[0]].transform("size").to_numpy() - 1
    steps = each - 1
    near = np.rint(place * steps / np.maximum(last, 1)) * last / steps
    found: pd.DataFrame = table[(last < each) | (np.rint(near) == place)]
    return found


def laid_out(
    points: pd.DataFrame, keys: Mapping[str, str], x: str, value: str, caption: str, *, each: int = 6
) -> Numbers:
    """Points of curves as a table: where the curves have the same places a column a place, else a row a point.

    points: a row a point, in the order of the curves and of their places, with the columns `keys` (name the curve), x (a number) and
    text (what stands there). keys: columns with their heads. x, value: heads of the place and of the text. each: points of a curve that are
    shown at most.
    """
    names = list(keys)
    curves = points.drop_duplicates(names)[names].reset_index(drop=True)
    shown = curves.head(ROWS).assign(_curve=lambda table: range(len(table)))
    points = points.merge(shown, on=names).sort_values("_curve", kind="stable")
    left = [f"{ROWS} of {len(curves)} lines, the first"] if len(curves) > ROWS else []
    kept = evenly(points, ["_curve"], each)
    places = sorted(set(kept["x"].tolist()))
    wide = len(places) <= _COLUMNS
    if not wide:
        kept = evenly(points, ["_curve"], max(2, min(each, ROWS // len(shown))))
    if len(kept) < len(points):
        left.append("points evenly spaced along each line" if not wide else f"{len(places)} places along each line")
    said = f"{caption} Shown: {'; '.join(left)}." if left else caption
    own = shown[names].map(name).to_numpy(object).tolist()
    if wide:
        there = {(curve, at): text for curve, at, text in kept[["_curve", "x", "text"]].to_numpy(object).tolist()}
        rows = [
            [*titles, *(Cell(there.get((k, at), ""), class_="number") for at in places)] for k, titles in enumerate(own)
        ]
        heads = [*keys.values(), *(f"{x} {told(at)}" for at in places)]
        return Numbers(said, heads, rows, len(names))
    rows = [
        [*own[curve], figures(at), Cell(text, class_="number")]
        for curve, at, text in kept[["_curve", "x", "text"]].to_numpy(object).tolist()
    ]
    return Numbers(said, [*keys.values(), x, value], rows, len(names))
