"""Which columns of a history can stand on the axes of a picture."""

from __future__ import annotations

import pandas as pd

from optilab.errors import unknown
from optilab.records.columns import X, Y, summarized
from optilab.store import Results


def is_table(results: Results) -> bool:
    """Whether results are of anybody's table, which holds no experiment."""
    return "spec" not in results.runs


def has_networks(results: Results) -> bool:
    """Whether results are of an experiment on problems with more weights than the history holds, such as networks."""
    return not is_table(results) and not ("w_0" in results.history and results.history["w_0"].notna().any())


def checked_x(results: Results, x: str | None) -> str | None:
    """The column of the history, if one is named; of a table of anybody's the one that it has. InputError for one that is none."""
    if x is not None and x not in X:
        raise unknown("x", x, X)
    return usual_x(results.history) if x is None and is_table(results) else x


def checked_y(results: Results, y: str | None) -> str:
    """The column of the history: optilab's, or a measure of the results' own. InputError for one that is none.

    None for the training cost, or of a table of anybody's for what is compared.
    """
    asked = None if results.question is None else results.question.measure
    if y is None and not is_table(results):
        return "train_cost"
    if y is None or y == asked:
        return asked or "train_cost"
    known = [*Y, *(name for name in summarized(map(str, results.runs)) if name not in Y)]
    if y not in known:
        raise unknown("y", y, known)
    return y


def usual_x(history: pd.DataFrame) -> str:
    """The column over which curves are usually drawn: epochs, or steps where these are the same, or the first that has values in each row.

    >>> usual_x(pd.DataFrame({"step": [1, 2], "epoch": [float("nan")] * 2}))
    'step'
    """
    if {"step", "epoch"} <= set(history) and len(history) and history["step"].eq(history["epoch"]).all():
        return "step"
    known = [name for name in ("epoch", *X) if name in history and history[name].notna().all()]
    return known[0] if known else "epoch"
