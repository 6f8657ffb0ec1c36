"""Experiments to be drawn, and what is seen on figures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from optilab.plots.labels import NAME
from pictures import made as small

made = partial(small, budget={"steps": 40})
PNG = b"\x89PNG\r\n"


def legend_of(figure: Figure) -> list[str]:
    """All texts of all legends; where there is none, the names beside lines, each once, the best line's first."""
    found = [text.get_text() for ax in figure.axes if (one := ax.get_legend()) for text in one.get_texts()]
    return found or list(dict.fromkeys(text.get_text() for ax in figure.axes for text in names_beside(ax)))


def names_beside(ax: Axes) -> list[Annotation]:
    """The names beside the ends of lines, the lowest first; that of the lines without one last."""
    found = [text for text in ax.texts if isinstance(text, Annotation) and text.get_gid() == NAME]
    return sorted(found, key=lambda text: ("other" in text.get_text(), text.xy[1]))


def line_colours(ax: Axes) -> set[str]:
    """Colours of the lines that are in the legend."""
    return {to_hex(line.get_color()) for line in ax.get_lines() if not str(line.get_label()).startswith("_")}


def names(paths: list[Path]) -> list[str]:
    """Names of files that are pictures."""
    assert all(path.read_bytes().startswith(PNG) for path in paths)
    return [path.name for path in paths]
