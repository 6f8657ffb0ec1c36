"""The ticks of axes, found once where matplotlib finds them again for each of the many boxes that a layout asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.axis import Axis
from matplotlib.figure import Figure

# Methods of an axis: of nothing, which put the ticks in their places and return those to be drawn; of these and a renderer, the boxes of
# their names. They are matplotlib's own business: where an axis doesn't have them, all is found as often as it would be.
_TICKS, _BOXES = "_update_ticks", "_get_ticklabel_bboxes"


@contextmanager
def ticks_found_once(figure: Figure) -> Iterator[None]:
    """Within this block an axis finds its ticks anew only where its limits, its place or the resolution have changed.

    Nothing else may change that ticks depend on: scales, locators, formatters, sizes of letters.
    """
    kept = [
        axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if hasattr(axis, _TICKS) and hasattr(axis, _BOXES)
    ]
    for axis in kept:
        _keep(axis)
    try:
        yield
    finally:
        for axis in kept:
            vars(axis).pop(_TICKS)
            vars(axis).pop(_BOXES)


def _keep(axis: Axis) -> None:
    """Let an axis remember its ticks and their boxes."""
    find: Callable[[], list[Any]] = getattr(axis, _TICKS)
    measure: Callable[[list[Any], Any], Any] = getattr(axis, _BOXES)
    state: tuple[float, ...] = ()
    found: list[Any] = []
    boxes: list[tuple[Any, Any]] = []  # of these ticks, for each renderer

    def ticks() -> list[Any]:
        nonlocal state, found
        figure = axis.get_figure(root=True)
        now = (*axis.get_view_interval(), *axis.axes.bbox.bounds, figure.dpi if figure else 0.0)
        if now != state:
            state, found = now, find()
            boxes.clear()
        return found

    def boxes_of(ticks: list[Any], renderer: Any) -> Any:
        if ticks is not found:
            return measure(ticks, renderer)
        for other, there in boxes:
            if other is renderer:
                return there
        boxes.append((renderer, measure(ticks, renderer)))
        return boxes[-1][1]

    for name, remembered in ((_TICKS, ticks), (_BOXES, boxes_of)):
        setattr(axis, name, remembered)
