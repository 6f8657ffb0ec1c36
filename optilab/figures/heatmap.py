"""Heat maps: the final value of each line over the two hyperparameters that matter most."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.cells import is_number, varying
from optilab.analysis.two_parameters import matter_most, over_two
from optilab.errors import InputError, unknown
from optilab.figures.captions import name_of, several_of
from optilab.figures.lines import left_out, refuse_nothing
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.heatmap import EPSILON, scale_of
from optilab.plots.heatmap import heatmap as tiles
from optilab.plots.panels import MOST, panels_across
from optilab.plots.scales import showable
from optilab.plots.text import plain
from optilab.records.shown import Shown
from optilab.texts import counted

_Pair = tuple[str, str]


def heatmap(view: View) -> Figure | None:
    """Heat map: the final y of each line over two of its hyperparameters, a panel a line and problem.

    They are `view.parameters`, or else for each line the two that matter most. None if no line varies two, or y has no final values.

    InputError if `view.parameters` are not two hyperparameters that vary, or no value is finite.
    """
    results, y = view.results, view.y
    names = [name for name in varying(results.runs) if is_number(results.runs, name)]
    pair = _checked(view.parameters, names) if view.parameters else None
    if len(names) < 2 or f"final_{y}" not in results.runs or results.runs[f"final_{y}"].isna().all():
        return None
    runs = results.runs.assign(**{f"final_{y}": Shown.of(y).values(results.runs[f"final_{y}"])})
    parts: list[tuple[_Pair, pd.DataFrame]] = []
    missing = []
    for label, own in runs.groupby("label", sort=False):
        chosen = pair or _two(own, y)
        cells = over_two(own, *chosen, y) if chosen else pd.DataFrame()
        if chosen and len(cells):
            parts += [(chosen, part) for _, part in cells.groupby("problem", sort=False)]
        else:
            missing.append(str(label))
    if not parts:
        return None
    every = pd.concat([part for _, part in parts])
    refuse_nothing(every, y)
    colours = scale_of(every["median"], log=Shown.of(y).log)
    figure, axes = panels_across(len(parts[:MOST]), across=3, aspect=0.8, narrowest=0.2 * style.points())
    for ax, ((first, second), cells) in zip(axes, parts, strict=False):
        tiles(cells, ax, x=first, y=second, colours=colours)
        label, problem = cells["label"].iloc[0], cells["problem"].iloc[0]
        style.title(ax, *([label] if every["problem"].nunique() == 1 else [label, problem]))
    beyond = bool(every.loc[showable(every["median"]), "median"].max() > colours.get_clim()[1] * (1 + 1e-9))
    bar = figure.colorbar(
        colours,
        ax=axes,
        label=f"final {plain(Shown.of(y).axis_as_shown)}",
        extend="max" if beyond else "neither",
        aspect=30,
        pad=0.02,
    )
    bar.outline.set_visible(False)
    style.question(figure, view.question.text)
    style.caption(figure, _caption(runs, every, missing, pair) + left_out(len(parts)))
    return figure


def _checked(given: tuple[str, ...], names: list[str]) -> _Pair:
    for name in given:
        if name not in names:
            raise unknown("hyperparameter that varies", name, names)
    if len(set(given)) != 2:
        raise InputError(f"parameters = {', '.join(given)}: accepted are two of {', '.join(names)}")
    return given[0], given[1]


def _two(runs: pd.DataFrame, y: str) -> _Pair | None:
    """The two hyperparameters of a line that matter most, in the order of the columns; None if it doesn't vary two."""
    names = [name for name in varying(runs) if is_number(runs, name)]
    most = matter_most(runs, names, y)[:2]
    first, second = [name for name in names if name in most] if len(most) == 2 else ("", "")
    return (first, second) if first else None


def _has_fallen(values: pd.Series[float]) -> bool:
    return bool((values > 0).all() and values.min() < EPSILON * values.max())


def _caption(runs: pd.DataFrame, every: pd.DataFrame, missing: list[str], pair: _Pair | None) -> str:
    role = "tuning" if (runs["role"] == "tuning").any() else "evaluation"
    made = runs[runs["role"] == role]
    seeds = counted(made["seed"].nunique(), "seed")
    text = f"Median over {seeds}" if made["seed"].nunique() > 1 else f"Single runs of {seeds}"
    text += " other than those compared" if role == "tuning" else ""
    text += ", at the best of all other hyperparameters" if len(varying(runs)) > 2 else ""
    text += "" if pair or len(varying(runs)) <= 2 else "; of each line the two that matter most"
    text += ". Ring: the best."
    shown = every.loc[showable(every["median"]), "median"]
    text += " The first colour: what has fallen by the precision of a float." if _has_fallen(shown) else ""
    text += (
        " Hatched or ×: diverged on half of the seeds or more." if not every["median"].lt(float("inf")).all() else ""
    )
    pruned = int(made["status"].eq("pruned").sum())
    text += f" {counted(pruned, 'run was', 'runs were')} given up." if pruned else ""
    text += f" Without two that vary: {several_of([name_of(label) for label in missing], ', ')}." if missing else ""
    return text
