"""Critical-difference diagram: mean ranks on a line, and bars over those that can't be told apart."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from optilab.plots import style
from optilab.plots.text import plain

BAR = 0.42  # between the bars of two cliques, in heights of a label
_FIRST = 0.7  # from the axis to the first bar
_TICK = 0.25  # length of a tick, in the same
_NAMED, _SIDES = 3, 2.6  # ticks with a number an inch; inches that names take


def ranks(
    mean_ranks: pd.Series[float],
    cliques: Sequence[Sequence[Hashable]],
    critical_difference: float,
    ax: Axes,
    *,
    colours: Mapping[str, object],
    letters: int = 22,
) -> Axes:
    """Draw the ranks of `analysis.ranks`: the best is at the left; the better half is named at the left, the other at the right.

    mean_ranks: by method, the best first. cliques: groups of methods that can't be told apart, each a thick bar. critical_difference:
    the length of the bar above the axis, which ends in an arrow where it is longer than the axis; none is drawn where it is NaN or infinite.
    The height of the axes is counted in lines: `lines_of` says how many there are.
    """
    count = len(mean_ranks)
    ink = style.shade(0.0)
    low = min(float(np.floor(mean_ranks.min())), count - 1.0)
    high = max(float(np.ceil(mean_ranks.max())), low + 1)
    ax.set_axis_off()
    ax.set_xlim(low, high)
    ax.set_ylim(lines_of(mean_ranks, cliques), -2.3)
    ax.plot([low, high], [0, 0], color=ink, linewidth=1.4, clip_on=False, gid="axis")
    every = int(np.ceil((high - low) / (_NAMED * max(style.width() - _SIDES, 0.8))))
    for tick in range(int(low), int(high) + 1):
        named = (tick - int(low)) % every == 0
        ax.plot([tick, tick], [0, -_TICK * (1 if named else 0.5)], color=ink, linewidth=1.0, clip_on=False)
        if named:
            ax.text(tick, -_TICK - 0.08, f"{tick}", ha="center", va="bottom", fontsize=style.small())
    _difference(ax, critical_difference, low, high)
    positions = {str(name): float(value) for name, value in mean_ranks.items()}
    levels = _levels(cliques, positions)
    for members, level in zip(cliques, levels, strict=True):
        ends = [positions[str(name)] for name in (members[0], members[-1])]
        room = 0.006 * (high - low)
        y = _FIRST + BAR * level
        ax.plot(
            [ends[0] - room, ends[1] + room],
            [y, y],
            color=style.shade(0.25),
            linewidth=4,
            solid_capstyle="butt",
            gid="clique",
            clip_on=False,
            zorder=3,
        )
    first = _FIRST + BAR * (max(levels, default=-1) + 1) + 0.5
    left = -(-count // 2)
    for k, (label, value) in enumerate(positions.items()):
        side = k < left
        y = first + (k if side else count - 1 - k)
        edge = low - 0.02 * (high - low) if side else high + 0.02 * (high - low)
        ax.plot(
            [value, value, edge], [0, y, y], color=colours[label], linewidth=1.3, clip_on=False, gid=f"rank {label}"
        )
        ax.plot([value], [0], marker="o", markersize=4, color=colours[label], clip_on=False, zorder=4)
        name = f"{plain(label, letters)}  {value:.2f}" if side else f"{value:.2f}  {plain(label, letters)}"
        ax.annotate(
            name,
            (edge, y),
            (-4 if side else 4, 0),
            textcoords="offset points",
            ha="right" if side else "left",
            va="center",
            fontsize=style.small(),
            annotation_clip=False,
            gid="name",
        )
    return ax


def lines_of(mean_ranks: pd.Series[float], cliques: Sequence[Sequence[Hashable]]) -> float:
    """The number of lines below the axis."""
    positions = {str(name): float(value) for name, value in mean_ranks.items()}
    levels = _levels(cliques, positions)
    return _FIRST + BAR * (max(levels, default=-1) + 1) + -(-len(mean_ranks) // 2) + 0.2


def _difference(ax: Axes, length: float, low: float, high: float) -> None:
    """The critical difference as a bar above the axis, from its left end."""
    if not np.isfinite(length):
        return
    ink, y = style.shade(0.0), -1.35
    end = min(low + length, high)
    ax.plot([low, end], [y, y], color=ink, linewidth=1.6, solid_capstyle="butt", clip_on=False, gid="difference")
    ax.plot([low], [y], marker="|", color=ink, markersize=8, clip_on=False)
    ax.plot([end], [y], marker="|" if low + length <= high else ">", color=ink, markersize=8, clip_on=False)
    ax.text(low, y - 0.3, f"critical difference {length:.2f}", ha="left", va="bottom", fontsize=style.small())


def _levels(cliques: Sequence[Sequence[Hashable]], positions: Mapping[str, float]) -> list[int]:
    """The line of each bar, so that no two of a line touch."""
    ends: list[float] = []
    levels = []
    for members in cliques:
        start, end = (positions[str(name)] for name in (members[0], members[-1]))
        level = next((k for k, last in enumerate(ends) if last < start), len(ends))
        ends[level : level + 1] = [end]
        levels.append(level)
    return levels
