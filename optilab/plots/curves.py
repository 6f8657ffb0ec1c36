"""Curves with bands: all in one picture, each named at its end; or one of them before the others in grey."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from optilab.plots import style
from optilab.plots.ends import label_ends
from optilab.plots.scales import EVERYTHING, HIGHEST, Frame
from optilab.plots.text import wrapped

NAMED, DRAWN = 24, 200  # curves that have a name at their end; that are drawn at all
_FEW = 4  # bands that are drawn with full strength


def curves(
    lines: pd.DataFrame,
    ax: Axes,
    *,
    colours: Mapping[str, object],
    steps: bool = False,
    before: str | None = None,
    bands: bool = True,
    frame: Frame = EVERYTHING,
) -> Axes:
    """Draw curves in the order of `colours`, each from its first x to its last; of very many the first 200.

    lines: a row a point, with label, x and y; low and high (its band; NaN or infinite where there is none); and, if there are
    such columns, sure (whether y is well known: else its dot is hollow) and mean (another curve, thin, drawn with the band). steps: whether y stays until
    the next x. before: the label that is drawn in its colour with its band, before all others in grey; None draws all in their
    colours. bands: whether bands are drawn.
    """
    groups = dict(iter(lines.groupby("label", sort=False)))
    for place, (label, colour) in enumerate(list(colours.items())[:DRAWN]):
        if label not in groups:
            continue
        own = groups[label].sort_values("x", kind="stable")
        front = before is None or label == before
        _curve(
            own,
            ax,
            label=label,
            colour=colour if front else style.shade(0.78),
            steps=steps,
            dash=style.dash_of(colour) if before is None else "-",
            front=front,
            band=bands and front,
            frame=frame,
            alpha=0.2 if before is not None or len(colours) <= _FEW else 0.1,
            order=3 - place / (len(colours) + 1) if front else 1.5,
        )
    return ax


def name_ends(
    lines: pd.DataFrame,
    ax: Axes,
    colours: Mapping[str, object],
    notes: Mapping[str, str] | None = None,
    letters: int = 22,
) -> None:
    """Name the first 24 curves at the height of their last finite points; what has none is named at the top. notes: what follows a name."""
    heights, texts = [], []
    colours = dict(list(colours.items())[:NAMED])
    for label in colours:
        own = lines[lines["label"] == label].sort_values("x", kind="stable")["y"]
        finite = own[own.abs() < HIGHEST]
        heights.append(float(finite.iloc[-1]) if len(finite) else np.inf)
        note = (notes or {}).get(label, "")
        texts.append(wrapped(f"{label} {note}".strip(), letters, 2))
    label_ends(ax, heights, texts, list(colours.values()), [style.dash_of(colour) for colour in colours.values()])


def unnamed(count: int) -> str:
    """The sentence about curves that have no name at their end, or are not drawn; "" if all are named."""
    drawn = f", and the best {DRAWN} drawn" if count > DRAWN else ""
    return f" The best {NAMED} of {count} lines are named{drawn}." if count > NAMED else ""


def _curve(
    own: pd.DataFrame,
    ax: Axes,
    *,
    label: str,
    colour: object,
    steps: bool,
    dash: object,
    front: bool,
    band: bool,
    alpha: float,
    frame: Frame,
    order: float,
) -> None:
    x, y = own["x"].to_numpy(np.float64), _showable(own["y"])
    style_of = "steps-post" if steps else "default"
    dots = not steps and "sure" in own
    ax.plot(
        x,
        y,
        color=colour,
        linewidth=style.thickness(1.2 if front else 0.6),
        linestyle=dash,
        drawstyle=style_of,
        zorder=order,
        gid=f"curve {label}",
    )
    if np.isfinite(y).sum() == 1:
        marker = style.marker_of(colour) if front else "."
        ax.plot(x, y, marker, color=colour, markersize=style.thickness(3), zorder=order, gid=f"point {label}")
    if band and "low" in own:
        low, high = _showable(own["low"]), _showable(own["high"])
        step: Literal["post"] | None = "post" if steps else None
        ax.fill_between(x, low, high, step=step, color=colour, alpha=alpha, linewidth=0, zorder=1, gid=f"band {label}")
    if not front:
        return
    if not steps:
        finite = np.isfinite(y)
        known = ~np.isnan(own["y"].to_numpy(np.float64))
        ends = finite & np.append(~finite[1:] & known[1:], False)
        heights = [frame.inside(value) for value in y[ends]]
        if heights:
            cross: dict[str, Any] = {
                "marker": "x",
                "markersize": 8,
                "markeredgewidth": 2,
                "linestyle": "",
                "clip_on": False,
            }
            ax.plot(x[ends], heights, color=colour, zorder=4, gid=f"lost {label}", **cross)
    if band and "mean" in own:
        ax.plot(
            x,
            _showable(own["mean"]),
            color=colour,
            linewidth=style.thickness(0.7),
            linestyle=":",
            zorder=order,
            gid=f"mean {label}",
        )
    if dots:
        sure = own["sure"].to_numpy(np.bool_)
        for which, fill, gid in ((sure, colour, "sure"), (~sure, style.shade(1.0), "hollow")):
            ax.plot(
                x[which],
                y[which],
                marker="o",
                markersize=4.5,
                markerfacecolor=fill,
                color=colour,
                linestyle="",
                zorder=order,
                gid=f"{gid} {label}",
            )


def _showable(values: pd.Series[float]) -> NDArray[np.float64]:
    """What an axis can show; the rest is a gap."""
    found = values.to_numpy(np.float64)
    return np.where(np.abs(found) < HIGHEST, found, np.nan)
