"""Pictures of the page that don't change: SVG drawn by `optilab.figures`."""

from __future__ import annotations

from collections.abc import Mapping

from optilab.errors import InputError
from optilab.figures.kinds import KINDS
from optilab.plots import style
from optilab.report.html import Html, join, tag
from optilab.report.source import Source
from optilab.report.svg import inline

_TITLES = {  # kinds that are drawn without repeating a run, in the order of the page
    "finals": "Final values",
    "sensitivity": "Sensitivity to hyperparameters",
    "heatmap": "Two hyperparameters",
    "tuning": "Best after so many trials",
    "arrival": "Time to the target",
    "profile": "Performance profile",
    "ecdf": "Targets reached",
    "ranks": "Mean ranks",
    "wins": "Who wins against whom",
    "norms": "Norms",
    "schedules": "Learning rates",
    "path": "Paths",
}
_LABELS = {"wins": 24, "ecdf": 24}  # more of them would take more than a page has room for
_RUNS = 700  # in the picture of final values
_LARGEST, _TOGETHER = 150_000, 250_000  # letters of a picture, and of all; what is larger is left to `optilab plot`


def still(source: Source, kind: str, title: str, number: int, colours: Mapping[str, str]) -> Html | None:
    """A picture of a kind; None where it doesn't fit the results, a sentence where it can't be drawn."""
    with style.theme():
        try:
            figure = KINDS[kind].draw(source.view)
        except InputError as error:
            return tag("p", f"No picture of kind {kind}: {error}.", class_="note")
        if figure is None:
            return None
        drawn = inline(figure, f"p{number}", title, colours)
    if len(drawn) > _LARGEST:
        return tag(
            "p", f"This picture is too large for the page; `optilab plot` with the kind {kind} draws it.", class_="note"
        )
    return tag("figure", drawn)


def pictures(source: Source, number: int, colours: Mapping[str, str]) -> Html:
    """All pictures that fit the results, each with its heading. number: of the results on the page."""
    parts: list[Html] = []
    room = _TOGETHER
    evaluation = source.results.runs["role"] == "evaluation"
    labels, runs = source.results.runs.loc[evaluation, "label"].nunique(), int(evaluation.sum())
    for place, (kind, title) in enumerate(_TITLES.items()):
        many = labels > _LABELS.get(kind, labels) or (kind == "finals" and runs > _RUNS)
        drawn = None if many else still(source, kind, title, 100 * number + place, colours)
        if many:
            drawn = tag("p", f"Too many for this page; `optilab plot` with the kind {kind} draws them.", class_="note")
        if drawn is None:
            continue
        if len(drawn) > min(room, _LARGEST):
            drawn = tag(
                "p",
                f"This picture is too large for the page; `optilab plot` with the kind {kind} draws it.",
                class_="note",
            )
        room -= len(drawn)
        parts += [tag("h4", title), drawn]
    return join(parts) if parts else tag("p", "No further picture fits these results.")
