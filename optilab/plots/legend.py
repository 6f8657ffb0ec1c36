"""The legend beside the axes: any label is drawn literally, long ones over several lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from optilab.plots import style
from optilab.plots.text import wrapped

_WIDTH = 32  # letters in a line of it
_LINES = 3  # of a name


def outside_legend(
    ax: Axes,
    colours: Mapping[str, object],
    *,
    absent: Mapping[str, str] = MappingProxyType({}),
    missing: Sequence[str] = (),
    notes: Sequence[str] = (),
    dashes: Sequence[Any] = ("-",),
) -> None:
    """A legend to the right of the axes, in the order of `colours`; those that are grey share the last entry.

    Long names go over several lines, and leave the axes their width. absent: why nothing of a line could be drawn.
    missing: entries for lines that are not there, with a cross. notes: further entries, without a line.
    dashes: styles of the lines, in turn.
    """
    grey = style.grey()
    named = {label: colour for label, colour in colours.items() if colour != grey}
    texts = [wrapped(label + (f" ({absent[label]})" if label in absent else ""), _WIDTH, _LINES) for label in named]
    palette = list(named.values())
    if others := len(colours) - len(named):
        texts.append(f"{others} other{'s' if others > 1 else ''}")
        palette.append(grey)
    handles = [
        Line2D([], [], color=colour, linewidth=2.2, linestyle=dashes[k % len(dashes)])  # type: ignore[arg-type]
        for k, colour in enumerate(palette)
    ]
    texts += [wrapped(text, _WIDTH, _LINES) for text in missing]
    handles += [Line2D([], [], color=grey, marker="x", linestyle="") for _ in missing]
    handles += [Line2D([], [], linestyle="") for _ in notes]
    texts += [wrapped(note, _WIDTH, _LINES) for note in notes]
    if not texts:
        return
    # matplotlib leaves out what begins with an underscore, so the names come in afterwards
    legend = ax.legend(
        handles,
        [str(k) for k in range(len(handles))],
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        alignment="left",
        borderaxespad=0.0,
    )
    for label, text in zip(legend.get_texts(), texts, strict=True):
        label.set_text(text)
