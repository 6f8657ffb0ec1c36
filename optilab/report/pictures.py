"""Pictures of the page that don't change: SVG drawn by `optilab.figures`."""

from __future__ import annotations

from collections.abc import Mapping

from optilab.errors import InputError
from optilab.figures.kinds import KINDS
from optilab.plots import style
from optilab.report.html import Html, join, tag
from optilab.report.numbers import numbers
from optilab.report.source import Source
from optilab.report.svg import inline

_TITLES = {  # kinds that are drawn without repeating a run, in the order of the page
    "finals": "Final values",
    "path": "Paths",
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
}
_LABELS = {"wins": 24, "ecdf": 24}  # more of them would take more than a page has room for
_RUNS = 700  # in the picture of final values
_TOLD = 100  # labels up to which numbers are told in its place
_LARGEST = 350_000  # letters of a picture; what is larger is left to `optilab plot`
_SMALLEST = 2_000  # letters that any picture has
_LEAST, _MOST = (
    100_000,
    850_000,
)  # letters of all pictures, whatever else the page holds; of these and the page's data together


def room_for(data: int, sources: int) -> int:
    """Letters that the pictures of each of the results may take, where the page's data take so many."""
    return max(_LEAST, (_MOST - data) // sources)


def still(
    source: Source, kind: str, title: str, number: int, colours: Mapping[str, str], room: int = _LARGEST
) -> Html | None:
    """A picture of a kind; None where it doesn't fit the results, a sentence where it can't be drawn, or takes more room than there is."""
    with style.theme():
        try:
            figure = KINDS[kind].draw(source.view)
        except InputError as error:
            return tag("p", f"No picture of kind {kind}: {error}.", class_="note")
        if figure is None:
            return None
        if room < _SMALLEST:
            return _elsewhere("This picture is too large", kind)
        drawn = inline(figure, f"p{number}", title, colours)
    return tag("figure", drawn) if len(drawn) <= min(room, _LARGEST) else _elsewhere("This picture is too large", kind)


def _elsewhere(why: str, kind: str) -> Html:
    return tag("p", f"{why} for this page; ", tag("code", f"optilab plot RESULTS {kind}"), " draws it.", class_="note")


def pictures(source: Source, number: int, colours: Mapping[str, str], room: int = _LEAST) -> Html:
    """All pictures that fit the results, each with its heading and its numbers.

    number: of the results on the page. room: letters that all pictures may take.
    """
    parts: list[Html | None] = []
    evaluation = source.results.runs["role"] == "evaluation"
    labels, runs = source.results.runs.loc[evaluation, "label"].nunique(), int(evaluation.sum())
    for place, (kind, title) in enumerate(_TITLES.items()):
        if labels > _LABELS.get(kind, labels) or (kind == "finals" and runs > _RUNS):
            told = numbers(source, kind) if labels <= _TOLD else None
            parts += [tag("h4", title), _elsewhere("There is too much in this picture", kind), told]
            continue
        drawn = still(source, kind, title, 100 * number + place, colours, room)
        if drawn is None:
            continue
        room -= len(drawn)
        parts += [tag("h4", title), drawn, numbers(source, kind)]
    return join(parts) if parts else tag("p", "No further picture fits these results.")
