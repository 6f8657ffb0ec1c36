"""ECDF: the share of runs and targets that each method has reached by each time, over all problems together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis.progress import target_counts
from optilab.analysis.targets import ecdf as reached_by
from optilab.errors import InputError
from optilab.figures.compared import Compared
from optilab.figures.facets import facets
from optilab.figures.view import View
from optilab.plots import style
from optilab.records.columns import LOG_X
from optilab.texts import counted

_TARGETS = 50


def ecdf(view: View) -> Figure | None:
    """The share of (run, target) pairs reached by each time, a curve a method; None where no run has measured it between
    its start and its end.

    InputError where no run lasted, where targets have no logarithms, and where no run gets better than it began.
    """
    found = Compared.of(view)
    if found is None or found.measure not in found.history or found.history[found.measure].isna().all():
        return None
    if found.history.groupby("run_id").size().max() < 3:
        return None  # a first and a last value don't tell when
    found.refuse_nothing()
    runs, by = found.runs, found.time
    counts = target_counts(found.history, runs.set_index("run_id")["problem"], found.measure, by, _TARGETS)
    if counts["reached"].nunique() < 2:
        raise InputError(f"no run measured a {found.shown.name} better than its first")
    wanted = np.arange(1, _TARGETS + 1)
    curves = []
    for label, own in runs.groupby("label", sort=False):
        its = counts[counts["run_id"].isin(own["run_id"])]
        given: dict[str, Any] = {
            "by": by,
            "ascending": True,
            "run_ids": own["run_id"],
            "confidence": view.question.confidence,
        }
        curve = reached_by(its, wanted, "reached", **given)
        curves.append(curve.rename(columns={"time": "x", "share": "y"}).assign(label=str(label), problem=""))
    lines = pd.concat(curves, ignore_index=True)
    last = float(lines["x"].max())
    # all curves go to the end of the longest run
    ends = lines.sort_values("x", kind="stable").groupby("label", sort=False).tail(1).assign(x=last)
    lines = pd.concat([lines, ends], ignore_index=True)
    lines[["y", "low", "high"]] *= 100
    order = ends.sort_values(["y", "label"], ascending=[False, True], kind="stable")["label"]
    palette = style.colours_of(view.results.runs["label"], order)

    def prepare(ax: Axes, there: pd.DataFrame) -> None:
        first = float(there.loc[there["x"] > 0, "x"].min())
        if by in LOG_X and last > 10 * first:
            ax.set_xscale("log")
            ax.set_xlim(first, last)
        else:
            ax.set_xlim(0, last)
        ax.set_ylim(-3, 103)
        ax.set_yticks([0, 25, 50, 75, 100])
        ax.set(xlabel=style.axis(by), ylabel="runs and targets reached (%)")

    text = _text(found, runs)
    return facets(lines, palette, {}, prepare, question=view.question.text, caption=text, steps=True)[0]


def _text(found: Compared, runs: pd.DataFrame) -> str:
    percent = f"{100 * found.view.question.confidence:g} %"
    problems = f" of each of {len(found.problems)} problems" if len(found.problems) > 1 else ""
    text = f"Share of pairs of a run and one of {_TARGETS} targets{problems} reached by each time: {found.seeds()}. "
    text += f"Targets go in equal steps of the logarithm from where runs begin to the best {found.name} of all. "
    text += f"Bands: {percent} at each time (Hoeffding, over runs)."
    missing = runs.groupby("label")["problem"].nunique()
    lacking = missing[missing < len(found.problems)]
    text += f" {counted(len(lacking), 'line')} lacks problems, and is of the others alone." if len(lacking) else ""
    return text + found.bound_to_length() + found.lost() + found.left_out()
