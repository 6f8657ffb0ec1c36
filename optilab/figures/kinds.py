"""The kinds of pictures that there are of results: which function draws each, and when it fits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from optilab.figures.view import View


@dataclass(frozen=True)
class Kind:
    """A kind of picture.

    home: the module of `optilab.figures` whose function `function` draws it: of a View, and None where it doesn't fit the results.
    missing: why it doesn't fit, where it doesn't.
    x, y: whether these columns can be chosen.
    """

    home: str
    function: str
    missing: str
    x: bool = False
    y: bool = False

    def draw(self, view: View) -> Figure | None:
        """The picture; None if it doesn't fit the results. InputError if it fits and can't be drawn."""
        module = import_module(f"optilab.figures.{self.home}")
        figure: Figure | None = getattr(module, self.function)(view)
        return figure


_NO_IMAGES = "the problem is not a network on images with classes, or its best run is not in the experiment"

KINDS = {
    "convergence": Kind("convergence", "convergence", "the history has no values in that column", x=True, y=True),
    "sensitivity": Kind(
        "sensitivity",
        "sensitivity",
        "no hyperparameter takes more than one value, or y is not a cost that was measured",
        y=True,
    ),
    "path": Kind("path", "path", "the problems are not functions of one or two weights"),
    "digits": Kind("images", "digits", _NO_IMAGES),
    "weights": Kind("images", "weights", _NO_IMAGES),
    "finals": Kind("finals", "finals", "no run of evaluation has a final value of that measure", y=True),
    "tuning": Kind("tuning", "tuning", "no line has several trials of hyperparameters with a final value", y=True),
    "arrival": Kind(
        "arrival",
        "arrival",
        "the question has no target ([comparison] target = ...), or nothing of its measure was recorded",
        x=True,
    ),
    "ecdf": Kind("ecdf", "ecdf", "the history has no run with several values of that measure", x=True, y=True),
    "profile": Kind(
        "profile", "profile", "it takes two problems or more, two lines or more, and a target in the question", x=True
    ),
    "ranks": Kind(
        "ranks", "ranks", "it takes two problems or more, and two lines or more that ran on all of them", y=True
    ),
    "wins": Kind("wins", "wins", "it takes two lines or more with final values on several seeds or problems", y=True),
    "norms": Kind("norms", "norms", "no norm of gradient, update or weights was measured", x=True),
}
