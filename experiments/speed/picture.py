"""Two pictures of the table, in the look of optilab's: times of the peers over optilab's, and how time grows with the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.figures.saving import save
from optilab.plots import style
from optilab.plots.scales import few_log_ticks
from speed.growth import fitted
from speed.table import OURS, TITLES

_LINE = 0.19  # inches of a case
_MOST = 3  # panels side by side


def ratios(frame: pd.DataFrame) -> Figure | None:
    """How many times as long as optilab each peer takes: a line a case, lowest to highest round, and what is aimed at."""
    found = frame[frame["ratio"].notna()]
    if found.empty:
        return None
    parts = {part: list(dict.fromkeys(rows["case"])) for part, rows in found.groupby("part", sort=False)}
    heights = [len(cases) + 1 for cases in parts.values()]
    figure = Figure(figsize=(style.width(), 1.9 + _LINE * sum(heights)), layout="constrained")
    panels = figure.subplots(len(parts), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    colours = style.colours(dict.fromkeys(found["contestant"]))
    for ax, (part, cases) in zip(panels, parts.items(), strict=True):
        _panel(ax, found[found["part"] == part], cases, colours)
        style.title(ax, TITLES.get(str(part), str(part)))
    for ax in panels:  # they share it, and hold more than one panel's ratios
        few_log_ticks(ax.xaxis, min(1.0, found["ratio_low"].min()), found["ratio_high"].max(), 8)
        ax.xaxis.set_major_formatter(_plain)
    panels[-1].set_xlabel("time of the peer / time of optilab")
    by_label: dict[str, Any] = {}
    for ax in panels:
        by_label |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    by_label["aim"] = by_label.pop("aim")  # last
    figure.legend(by_label.values(), by_label.keys(), loc="outside upper right", ncols=len(by_label))
    style.caption(
        figure, _said(frame, "Marks are medians of rounds, lines reach from the lowest round to the highest.")
    )
    return figure


def _panel(ax: Axes, found: pd.DataFrame, cases: list[str], colours: dict[str, object]) -> None:
    for name, rows in found.groupby("contestant", sort=False):
        place = [cases.index(case) for case in rows["case"]]
        colour = colours[str(name)]
        ax.hlines(place, rows["ratio_low"], rows["ratio_high"], color=colour)
        ax.plot(rows["ratio"], place, style.marker_of(colour), color=colour, label=str(name))
    aimed = found[found["target"].notna()]
    ax.plot(
        aimed["target"], [cases.index(case) for case in aimed["case"]], "|", color=style.shade(0), label="aim", ms=8
    )
    ax.axvline(1, color=style.shade(0.5), linewidth=style.thickness(0.5))
    ax.set_xscale("log")
    ax.set_yticks(range(len(cases)), cases)
    ax.set_ylim(len(cases) - 0.4, -0.6)


def _plain(value: float, _: object = None) -> str:
    """The name of a tick: a number without an exponent."""
    return f"{value:,.6g}"


def growth(frame: pd.DataFrame) -> Figure | None:
    """A panel for each curve of growth: times, a line of the fitted exponent, and the exponent in words."""
    points = frame[frame["series"] != ""]
    if points.empty:
        return None
    names = list(dict.fromkeys(points["series"]))
    across = min(len(names), _MOST)
    down = -(-len(names) // across)
    figure = Figure(figsize=(style.width(), 0.5 + 2.1 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    colour = style.colours([OURS])[OURS]
    for ax, name in zip(panels, names, strict=False):
        rows = points[points["series"] == name]
        x, y = rows["x"].to_numpy(float), rows["median"].to_numpy(float)
        ax.errorbar(x, y, [y - rows["low"], rows["high"] - y], fmt="o", color=colour)
        if len(x) > 1:
            b = fitted(x, y)
            ax.plot(x, np.exp(np.log(y).mean()) * (x / np.exp(np.log(x).mean())) ** b, color=style.shade(0.4))
            style.title(ax, f"exponent {b:.2f}")
        ax.set_xscale("log")
        ax.set_yscale("log")
        for one, low, high in ((ax.xaxis, x.min(), x.max()), (ax.yaxis, y.min(), y.max())):
            few_log_ticks(one, low, high, 4)
            one.set_major_formatter(_plain)
        ax.set_xlabel(name)
        ax.set_ylabel(rows["unit"].iloc[0])
    for ax in panels[len(names) :]:
        ax.remove()
    style.caption(
        figure, _said(frame, "Lines are least squares of the logarithms of medians; bars reach over all rounds.")
    )
    return figure


def _said(frame: pd.DataFrame, first: str) -> str:
    names = [name for name in ("processor", "versions", "OPENBLAS_CORETYPE") if name in frame.attrs]
    told = [f"{name[0].upper()}{name[1:]}: {frame.attrs[name]}" for name in names]
    return ". ".join([first.rstrip("."), *told]) + "."


def draw(frame: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the pictures for which there are rows, and return their paths."""
    written = []
    with style.theme():
        for name, figure in (("ratios", ratios(frame)), ("growth", growth(frame))):
            if figure is not None:
                written += save(figure, folder / name, ("png",))
    return written
