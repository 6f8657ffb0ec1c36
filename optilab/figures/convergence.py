"""Convergence: the best cell of every line over a run, for each problem and measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis.curves import bands, ranked
from optilab.analysis.groups import groups
from optilab.analysis.length import bound_to_length
from optilab.figures.captions import has_marker
from optilab.figures.convergence_text import caption
from optilab.figures.lines import refuse_nothing
from optilab.figures.panel import Panel, named
from optilab.figures.view import View
from optilab.plots import convergence as lines_plot
from optilab.plots import style
from optilab.plots.final_values import final_values
from optilab.plots.labels import close_ends, end_labels
from optilab.plots.panels import MOST, MOST_WITH_ENDS, panels_with_ends
from optilab.plots.scales import Frame, showable
from optilab.records.histories import history_of, run_numbers
from optilab.records.shown import Shown
from optilab.records.statuses import LASTED

MOST_NAMED = 8  # lines with a colour and a name
FEWEST = 4  # seeds that have a band
_MOST_SEEDS = 30  # that are drawn


def convergence(view: View) -> Figure | None:
    """Convergence plot: the best cell of every line, a row of panels for each y, a column for each problem.

    None if the history has no such values. InputError if no value is finite.
    """
    results = view.results
    best = view.best
    history = history_of(results.history, best["run_id"])
    measures = [y for y in view.measures if history[y].notna().any()]
    if not measures:
        return None
    function = bool(best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all())
    x = view.x or ("step" if function else "epoch")
    every = {y: bands(history.assign(**{y: Shown.of(y).values(history[y])}), best, x, y, lowest=True) for y in measures}
    first = every[measures[0]]
    refuse_nothing(pd.concat(every.values()), measures[0])
    labels = ranked(first)
    palette = style.colours_of(results.runs["label"], labels, most=MOST_NAMED)
    problems = list(dict.fromkeys(first["problem"]))
    wanted = [(y, problem) for y in measures for problem in problems]
    found = [_panel(every[y], history, best, x, y, problem, palette) for y, problem in wanted[:MOST]]
    unfinished = frozenset(bound_to_length(best[best["label"].isin(named(palette))]))
    figure = _drawn(view, found, x, palette, unfinished, function, len(problems))
    style.question(figure, view.question.text)
    crossed = any(has_marker(ax, "x") for ax in figure.axes)
    style.caption(figure, caption(view, best, found, palette, unfinished, crossed=crossed, panels=len(wanted)))
    return figure


def _panel(
    lines: pd.DataFrame,
    history: pd.DataFrame,
    best: pd.DataFrame,
    x: str,
    y: str,
    problem: str,
    palette: dict[str, object],
) -> Panel:
    here = best[(best["problem"] == problem) & best["label"].isin(named(palette)) & ~best["run_id"].duplicated()]
    of_run = run_numbers(history["run_id"], here["run_id"])
    rows = history.loc[of_run >= 0, list(dict.fromkeys(["run_id", x, y]))]
    of_run = of_run[of_run >= 0]
    # Categories: a text of each run, and not of each of its measurements, of which there may be millions.
    texts = {name: here[name].astype("category").array[of_run] for name in ("label", "status")}
    seeds = rows.assign(**texts, x=rows[x], y=Shown.of(y).values(rows[y]))
    lasting = (
        seeds[seeds["status"].isin(LASTED)].groupby(["label", "run_id"], sort=False, observed=True)["y"].last().dropna()
    )
    own = lines[lines["problem"] == problem]
    if Shown.of(y).log:  # what the picture doesn't show is no group
        lasting = lasting.map(Frame.of(own).inside)
    parted = {
        str(label) for label, values in lasting.groupby("label", observed=True) if len(groups(_scaled(values, y))) > 1
    }
    return Panel(problem, y, own, seeds, frozenset(parted))


def _scaled(values: pd.Series[float], y: str) -> pd.Series[float]:
    """Final values as their axis has them."""
    log = Shown.of(y).log and bool((values > 0).all())
    return pd.Series(np.log(values), values.index) if log else values


def _drawn(
    view: View,
    found: list[Panel],
    x: str,
    palette: dict[str, object],
    unfinished: frozenset[str],
    function: bool,
    problems: int,
) -> Figure:
    """The panels, with ends beside them where names at the lines would be all that tells these apart."""
    few = [replace(panel, lines=panel.lines[panel.lines["label"].isin(named(palette))]) for panel in found]
    figure, axes, height, breadth = _panels(view, few, x, palette, unfinished, problems, ends=False)
    close = len(found) <= MOST_WITH_ENDS and any(
        close_ends(ends[~ends["label"].isin(panel.parted)], ax)
        for panel, (ax, _) in zip(found, axes, strict=True)
        for ends in [_ends(panel, palette)]
    )
    if close or any(len(panel.lines) < len(every.lines) for panel, every in zip(few, found, strict=True)):
        figure, axes, height, breadth = _panels(view, found, x, palette, unfinished, problems, ends=close)
    for panel, (ax, beside) in zip(found, axes, strict=True):
        if function:
            ax.set_ylabel(ax.get_ylabel().removeprefix("training "))
        if problems > 1:
            style.title(ax, panel.problem)
        ends = _ends(panel, palette)
        grey = panel.lines.loc[~panel.lines["label"].isin(named(palette)), "label"].nunique()
        places = end_labels(
            ends,
            ax,
            colours=palette,
            height=height,
            breadth=breadth,
            others=f"{grey} other{'s' if grey > 1 else ''}" if grey else "",
        )
        if beside is not None:
            final_values(
                ends,
                beside,
                seeds=panel.seeds.groupby("run_id", sort=False).tail(1),
                places={name: place for name, place in places.items() if name},
                colours=palette,
                banded=_banded(panel),
                parted=panel.parted,
                unfinished=unfinished,
                lowest=Frame.of(panel.lines).bottom,
                log=Shown.of(panel.y).log,
            )
    return figure


def _panels(
    view: View,
    found: list[Panel],
    x: str,
    palette: dict[str, object],
    unfinished: frozenset[str],
    problems: int,
    *,
    ends: bool,
) -> tuple[Figure, list[tuple[Axes, Axes | None]], float, float]:
    """The lines of the panels, on a figure as of `panels_with_ends`."""
    made = panels_with_ends(len(found), across=problems, ends=ends, rows_of=problems)
    for panel, (ax, _) in zip(found, made[1], strict=True):
        _draw(view, panel, ax, x, palette, unfinished)
    return made


def _draw(view: View, panel: Panel, ax: Axes, x: str, palette: dict[str, object], unfinished: frozenset[str]) -> None:
    few = panel.seeds["run_id"].nunique() <= _MOST_SEEDS * max(1, len(named(palette)))
    lines_plot.convergence(
        panel.lines,
        ax,
        x=x,
        y=panel.y,
        colours=palette,
        seeds=panel.seeds if few else panel.seeds[panel.seeds["label"].isin(panel.parted)],
        banded=_banded(panel),
        parted=panel.parted,
        unfinished=unfinished,
        target=target_of(view, panel.y),
    )
    ax.set_ylim(ax.get_ylim())  # what comes now moves it no more


def _banded(panel: Panel) -> bool:
    return int(panel.lines["seeds"].max()) >= FEWEST


def target_of(view: View, y: str) -> float | None:
    """The target of a measure as it is drawn, if the question has one or runs ended at one."""
    asked = view.question
    found = asked.target if asked.measure == y and asked.target is not None else asked.stopped_at.get(y)
    return None if found is None else float(Shown.of(y).values(found))


def _ends(panel: Panel, palette: dict[str, object]) -> pd.DataFrame:
    """Where each line with a name ends in the picture: label, x, y, median, low, high; those without a value are left out."""
    frame = Frame.of(panel.lines)
    rows = []
    for label in named(palette):
        line = panel.lines[panel.lines["label"] == label]
        shown = line[showable(line["median"])]
        if shown.empty:
            continue
        whole = line.iloc[-1]
        row = {
            "label": label,
            "x": float(shown["x"].iloc[-1]),
            "low": float(whole["low"]),
            "high": float(whole["high"]),
        }
        row["median"] = float(whole["median"]) if np.isfinite(whole["median"]) else np.inf
        if label in panel.parted:
            rows += [{**row, **group} for group in _groups(panel, label)]
        else:
            rows.append({**row, "remark": "", "y": frame.inside(float(shown["median"].iloc[-1]))})
    return pd.DataFrame(rows, columns=["label", "remark", "x", "y", "median", "low", "high"])


def _groups(panel: Panel, label: str) -> list[dict[str, object]]:
    """A remark for each group of seeds, with their number, at the middle of where they end."""
    final = panel.seeds[panel.seeds["label"] == label].groupby("run_id")["y"].last()
    if Shown.of(panel.y).log:
        final = final.where(~showable(final), final.map(Frame.of(panel.lines).inside))
    parts = groups(_scaled(final, panel.y))
    sizes = np.cumsum([0, *map(len, parts)])
    ordered = np.sort(final.to_numpy(float))
    return [
        {"remark": f", {len(part)} of {len(final)}", "y": float(np.median(ordered[start : start + len(part)]))}
        for part, start in zip(parts, sizes, strict=False)
    ]
