"""The kinds of pictures that there are of results: which function draws each, and when it fits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from optilab.figures.axes import is_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from optilab.figures.view import View


@dataclass(frozen=True)
class Kind:
    """A kind of picture.

    home: the module of `optilab.figures` whose function `function` draws it: of a View, and None where it doesn't fit the results.
    missing: why it doesn't fit, where it doesn't.
    x, y: whether these columns can be chosen. again: whether it makes runs again for their weights, so that it takes as long as training,
    and is drawn only when it is named. long: whether it has many panels, and takes longer than others to draw. needs: the "experiment" that made the runs, or a "curve" of each, if it needs one, which
    anybody's table may not have.
    """

    home: str
    function: str
    missing: str
    x: bool = False
    y: bool = False
    again: bool = False
    long: bool = False
    needs: Literal["experiment", "curve", ""] = ""

    def draw(self, view: View) -> Figure | None:
        """The picture; None if it doesn't fit the results. InputError if it fits and can't be drawn."""
        if self._lacks(view):
            return None
        module = import_module(f"optilab.figures.{self.home}")
        figure: Figure | None = getattr(module, self.function)(view)
        if figure is not None and not self.again:  # those that train again say themselves what their costs are of
            from optilab.figures.captions import say_measured

            say_measured(figure, view.results.runs)
        return figure

    def why_not(self, view: View) -> str:
        """Why it doesn't fit these results."""
        return self._lacks(view) or self.missing

    def _lacks(self, view: View) -> str:
        """What it needs and a table of runs doesn't have; "" if there is nothing."""
        if not self.needs or not is_table(view.results):
            return ""
        if self.needs == "experiment":
            return "it needs the experiment that made the runs, which a table of runs doesn't hold"
        return "each run has one row, so there is no curve" if view.results.history["run_id"].is_unique else ""


_NO_IMAGES = "the problem is not a network on images with classes, or its best run is not in the experiment"

KINDS = {
    "convergence": Kind(
        "convergence",
        "convergence",
        "the history has no values in that column",
        x=True,
        y=True,
        long=True,
        needs="curve",
    ),
    "sensitivity": Kind(
        "sensitivity",
        "sensitivity",
        "no hyperparameter takes more than one value, or y has no final values",
        y=True,
    ),
    "heatmap": Kind(
        "heatmap", "heatmap", "no line varies two numeric hyperparameters, or y has no final values", y=True
    ),
    "path": Kind("path", "path", "the problems are not functions of one or two weights", long=True, needs="experiment"),
    "digits": Kind("images", "digits", _NO_IMAGES, again=True, needs="experiment"),
    "weights": Kind("images", "weights", _NO_IMAGES, again=True, needs="experiment"),
    "confusion": Kind(
        "confusion",
        "confusion",
        "the problem is not a network on classes with a test part, or has no runs of evaluation",
        again=True,
        needs="experiment",
    ),
    "line": Kind(
        "line",
        "line",
        "no problem has more than two weights, or no run of evaluation has lasted on it",
        again=True,
        needs="experiment",
    ),
    "plane": Kind(
        "plane",
        "plane",
        "there are not three lines on a problem with more than two weights",
        again=True,
        needs="experiment",
    ),
    "schedules": Kind("rates", "rates", "no line has a schedule that changes its learning rate", needs="experiment"),
    "finals": Kind("finals", "finals", "no run of evaluation has a final value of that measure", y=True),
    "tuning": Kind(
        "tuning", "tuning", "no line has several trials of hyperparameters with a final value", y=True, long=True
    ),
    "arrival": Kind(
        "arrival",
        "arrival",
        "the question has no target ([comparison] target = ...), or nothing of its measure was recorded",
        x=True,
        needs="curve",
    ),
    "ecdf": Kind(
        "ecdf",
        "ecdf",
        "the history has no run with values of that measure between its start and its end",
        x=True,
        y=True,
        long=True,
        needs="curve",
    ),
    "profile": Kind(
        "profile",
        "profile",
        "it takes two problems or more, two lines or more, and a target in the question",
        x=True,
        needs="curve",
    ),
    "ranks": Kind(
        "ranks", "ranks", "it takes two problems or more, and two lines or more that ran on all of them", y=True
    ),
    "wins": Kind("wins", "wins", "it takes two lines or more with final values on several seeds or problems", y=True),
    "norms": Kind(
        "norms", "norms", "no norm of gradient, update or weights was measured", x=True, long=True, needs="curve"
    ),
}
