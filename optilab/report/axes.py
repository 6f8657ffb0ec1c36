"""Which columns of a history can stand on an axis of a picture."""

from __future__ import annotations

from optilab.errors import unknown
from optilab.records.columns import X, Y, summarized
from optilab.store import Results


def checked_x(x: str | None) -> str | None:
    """The column of the history, if one is named. InputError for one that is none."""
    if x is not None and x not in X:
        raise unknown("x", x, X)
    return x


def checked_y(results: Results, y: str | None) -> str:
    """The column of the history: optilab's, or a measure of the results' own; None for the measure of their own question.

    InputError for one that is none.
    """
    own = None if results.question is None else results.question.measure
    if y is None or y == own:
        return own or "train_cost"
    known = [*Y, *(name for name in summarized(map(str, results.runs)) if name not in Y)]
    if y not in known:
        raise unknown("y", y, known)
    return y
