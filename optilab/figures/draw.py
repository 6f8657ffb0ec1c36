"""Whole figures from results: which pictures fit them, each with a caption that states seeds and band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from optilab.analysis.cells import identified
from optilab.errors import InputError, unknown
from optilab.figures.convergence import convergence, sensitivity
from optilab.figures.path import path
from optilab.figures.saving import check_formats, save
from optilab.figures.schedules import draw_schedules
from optilab.plots import style
from optilab.records.columns import X, Y
from optilab.store import Results

if TYPE_CHECKING:
    from optilab.figures.images import TrainAgain

__all__ = ["KINDS", "draw", "draw_schedules"]


def draw(
    results: Results,
    kinds: tuple[str, ...] = (),
    x: str | None = None,
    y: str = "train_cost",
    tell: Callable[[str], object] = lambda _: None,
    *,
    train_again: TrainAgain,
    formats: Sequence[str] = ("png",),
) -> list[Path]:
    """Draw pictures of `results` into their folder, and return their paths.

    kinds: some of KINDS; all that fit if none are given.
    x, y: columns of the history, for the convergence plot.
    tell: called with a sentence for each picture that would fit but can't be drawn.
    train_again: repeats a run for its weights, which results don't hold.
    formats: some of `saving.FORMATS`; each picture is written in all of them.

    InputError for unknown kinds, columns or formats, for a kind that doesn't fit these results, and if no picture can be drawn.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("kind of picture", kind, KINDS)
    if x is not None and x not in X:
        raise unknown("x", x, X)
    if y not in Y:
        raise unknown("y", y, Y)
    check_formats(formats)
    drawers = _drawers(train_again)
    results = replace(results, runs=identified(results.runs))
    drawn: list[Path] = []
    reasons: dict[str, list[str]] = {}  # reason -> the kinds that can't be drawn for it
    for kind in kinds or KINDS:
        with style.theme():
            try:
                figure = drawers[kind](results, x, y)
            except InputError as error:  # nothing to show, or something that it needs is missing
                reasons.setdefault(str(error), []).append(repr(kind))
                continue
            if figure is None:
                if kind in kinds:
                    raise InputError(f"a picture of kind {kind!r} doesn't fit these results: {_WHEN[kind]}")
                continue
            parts = [kind]
            if kind in ("convergence", "sensitivity"):
                parts += [y] if y != "train_cost" else []
                parts += [x] if x and kind == "convergence" else []
            drawn += save(figure, results.folder / "-".join(parts), formats)
    sentences = [f"no picture of kind {' or '.join(missing)}: {reason}" for reason, missing in reasons.items()]
    if not drawn:
        raise InputError("; ".join(sentences) or f"none of the pictures {', '.join(KINDS)} fits these results")
    for sentence in sentences:
        tell(sentence)
    return drawn


_WHEN = {
    "convergence": "the history has no values in that column",
    "sensitivity": "no hyperparameter takes more than one value, or y is not a cost that was measured",
    "path": "the problems are not functions of one or two weights",
    "digits": "the problem is not a network on images with classes, or its best run is not in the experiment",
    "weights": "the problem is not a network on images with classes, or its best run is not in the experiment",
}
KINDS = tuple(_WHEN)


def _drawers(train_again: TrainAgain) -> dict[str, Callable[[Results, str | None, str], Figure | None]]:
    """The function that draws each kind, of results, x and y."""

    def digits(results: Results, _x: str | None, _y: str) -> Figure | None:
        from optilab.figures import images

        return images.digits(results, train_again)

    def weights(results: Results, _x: str | None, _y: str) -> Figure | None:
        from optilab.figures import images

        return images.weights(results, train_again)

    return {"convergence": convergence, "sensitivity": sensitivity, "path": path, "digits": digits, "weights": weights}
