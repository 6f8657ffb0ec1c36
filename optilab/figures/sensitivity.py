"""Sensitivity: the final value against each hyperparameter that varies."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.cells import NAMES, cell_numbers, is_number, varying
from optilab.analysis.curves import bands, ranked
from optilab.analysis.sensitivity import sensitivity as sensitivity_points
from optilab.errors import InputError
from optilab.figures.axes import usual_x
from optilab.figures.captions import name_of, several_of
from optilab.figures.lines import CLIPPED, absent, left_out, refuse_nothing
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.labels import end_labels
from optilab.plots.panels import MOST, panels_with_ends
from optilab.plots.scales import Frame, showable
from optilab.plots.sensitivity import sensitivity as points_plot
from optilab.records.chosen import by_in_words
from optilab.records.shown import Shown
from optilab.records.statuses import cost_or_infinity
from optilab.texts import counted

MOST_NAMED = 8  # lines with a colour and a name


def sensitivity(view: View) -> Figure | None:
    """Sensitivity plot: the final y against each varying hyperparameter, a panel for each of these and each problem.

    None if none varies, or y has no final values. InputError if every run that varies one was pruned, or no value is finite.
    """
    results, y = view.results, view.y
    names = [name for name in varying(results.runs) if is_number(results.runs, name)]
    if not names or f"final_{y}" not in results.runs or results.runs[f"final_{y}"].isna().all():
        return None
    runs = results.runs.assign(**{f"final_{y}": Shown.of(y).values(results.runs[f"final_{y}"])})
    role = "tuning" if (runs["role"] == "tuning").any() else "evaluation"
    made = runs[runs["role"] == role]
    names = [name for name in names if made.loc[made["status"] != "pruned", name].notna().any()]
    if not names:
        raise InputError("every run that varies a hyperparameter was given up")
    points = {name: _varied(sensitivity_points(runs, name, y)) for name in names}
    every = pd.concat(points)
    refuse_nothing(every, y)
    palette = style.colours_of(runs["label"], _labels(view, every), most=MOST_NAMED)
    problems = list(dict.fromkeys(runs["problem"]))
    wanted = [(name, problem) for name in names for problem in problems]
    across = len(problems) if len(problems) > 1 else len(names)
    figure, axes, height, breadth = panels_with_ends(len(wanted[:MOST]), across=across, ends=False, rows_of=across)
    single = made.assign(cell=cell_numbers(runs).reindex(made.index))
    single["y"] = cost_or_infinity(single[f"final_{y}"], single["status"])
    chosen = view.best.drop_duplicates(NAMES)
    for (ax, _), (name, problem) in zip(axes, wanted, strict=False):
        there = points[name][points[name]["problem"] == problem]
        here = chosen[chosen["problem"] == problem]
        points_plot(
            there,
            ax,
            parameter=name,
            y=y,
            colours=palette,
            runs=single[single["cell"].isin(there["cell"])].assign(x=single[name])[["label", "x", "y"]],
            chosen=dict(zip(here["label"], here[name], strict=True)),
            height=height,
        )
        ends = _ends(there, palette)
        grey = there.loc[there["label"].map(palette).eq(style.grey()), "label"].nunique()
        others = f"{grey} other{'s' if grey > 1 else ''}" if grey else ""
        end_labels(ends, ax, colours=palette, height=height, breadth=breadth, others=others)
        if len(problems) > 1:
            style.title(ax, problem)
    style.question(figure, view.question.text)
    beyond = any(ax.get_lines() and any(line.get_label() == "_beyond" for line in ax.get_lines()) for ax, _ in axes)
    style.caption(figure, _caption(view, points, made, role, beyond=beyond) + left_out(len(wanted)))
    return figure


def _varied(points: pd.DataFrame) -> pd.DataFrame:
    """Points of the lines that vary the hyperparameter."""
    values = points.groupby(NAMES)["x"].transform("nunique")
    return points[values > 1]


def _labels(view: View, points: pd.DataFrame) -> list[str]:
    """Labels of these points, the best first."""
    results, y = view.results, view.y
    history = results.history
    history = history.assign(**{y: Shown.of(y).values(history[y])}) if y in history else history
    lines = bands(history, view.best, usual_x(history), y, lowest=True) if y in history else history.head(0)
    labels = [*(ranked(lines) if len(lines) else []), *dict.fromkeys(points["label"])]
    return [label for label in dict.fromkeys(labels) if label in set(points["label"])]


def _ends(points: pd.DataFrame, palette: dict[str, object]) -> pd.DataFrame:
    """Where each line with a name ends at the right."""
    shown = points[showable(points["median"]) & ~points["label"].map(palette).eq(style.grey())]
    last = shown.sort_values("x", kind="stable").groupby("label", sort=False).tail(1)
    return pd.DataFrame({"label": last["label"], "remark": "", "x": last["x"], "y": last["median"]})


def _caption(view: View, points: dict[str, pd.DataFrame], made: pd.DataFrame, role: str, *, beyond: bool) -> str:
    every = pd.concat(points)
    seeds = made["seed"].nunique()
    which = " other than those compared" if role == "tuning" else ""
    text = f"{'Line: median; dots: single runs' if seeds > 1 else 'Single runs'}, of {counted(seeds, 'seed')}{which}."
    others = len(points) > 1 or bool(every["scattered"].any())
    text += " Each value at the best of all other hyperparameters." if others else ""
    if every["scattered"].any():
        text += " Sampled values are not joined."
    text += f" Ring: chosen, by {by_in_words(view.question.chosen_by)}."
    gone = every["finite"] < every["seeds"]
    if gone.any():
        some = bool((gone & (every["finite"] > 0)).any())
        text += " × at the upper edge: diverged" + (", with the share of runs where not all did." if some else ".")
    text += " ▲ at the upper edge: single runs beyond it." if beyond else ""
    text += CLIPPED if any(Frame.of_points(part).is_left(part["median"]) for part in points.values()) else ""
    pruned = int(made["status"].eq("pruned").sum())
    text += f" {counted(pruned, 'run was', 'runs were')} given up." if pruned else ""
    nowhere = absent(every)
    text += f" Nothing finite: {several_of([name_of(label) for label in nowhere])}." if nowhere else ""
    return text + _left_out(points, made["label"])


def _left_out(points: dict[str, pd.DataFrame], labels: Iterable[str]) -> str:
    """The sentences that name lines that don't vary a hyperparameter."""
    without: dict[tuple[str, ...], list[str]] = {}
    for name, part in points.items():
        missing = tuple(label for label in dict.fromkeys(labels) if label not in set(part["label"]))
        if missing:
            without.setdefault(missing, []).append(name_of(name))
    parts = [
        f" Without two values of {several_of(names, ', ')}: {several_of([name_of(label) for label in missing], ', ')}."
        for missing, names in without.items()
    ]
    return "".join(parts)
