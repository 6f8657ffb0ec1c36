"""What a convergence plot's caption says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from optilab.analysis.length import bound_text
from optilab.figures.captions import chosen_text, ended_text, name_of, seeds_text, several_of
from optilab.figures.lines import CLIPPED, absent, left_out
from optilab.figures.panel import Panel, named
from optilab.figures.source import learning_rates
from optilab.figures.view import View
from optilab.plots.scales import HIGHEST, Frame
from optilab.records.chosen import nothing_chosen
from optilab.records.shown import Shown


def caption(
    view: View,
    best: pd.DataFrame,
    panels_shown: Sequence[Panel],
    palette: Mapping[str, object],
    unfinished: Collection[str],
    *,
    crossed: bool,
    panels: int,
) -> str:
    """Seeds, band, what was chosen and by what, what diverged, what is not drawn, and how marks are to be read."""
    chosen_by = view.question.chosen_by
    ended = ended_text(best)
    medians = any(set(named(palette)) & set(panel.lines["label"]) - panel.parted for panel in panels_shown)
    text = seeds_text(view.results, chosen_by, medians=medians) + chosen_text(view.results, best) + ended
    if crossed:
        text += (
            " × marks where a line stops being finite." if ended else f" × marks where a line goes beyond {HIGHEST:g}."
        )
    parted = [label for label in palette if any(label in panel.parted for panel in panels_shown)]
    if parted:
        text += f" Seeds of {_names(parted)} end in separate groups: each is drawn, without median and band."
    hollow = [label for label in palette if label in unfinished]
    if hollow:
        text += f" Hollow ends: the {bound_text([name_of(label) for label in hollow])}"
    text += learning_rates(view.results, best) if any(panel.y == "lr" for panel in panels_shown) else ""
    clipped = any(
        Shown.of(panel.y).log and Frame.of(panel.lines).is_left(panel.lines["median"]) for panel in panels_shown
    )
    text += CLIPPED if clipped else ""
    return text + _not_drawn(view, panels_shown) + left_out(panels)


def _not_drawn(view: View, panels_shown: Sequence[Panel]) -> str:
    """The sentence that names lines of which nothing can be drawn, with the reason."""
    several = len({panel.problem for panel in panels_shown}) > 1
    parts = {}
    for panel in panels_shown:
        for label, why in absent(panel.lines).items():
            parts[_where(label, panel.problem, several)] = why
    for line in view.unchosen.to_dict("records"):
        parts[_where(line["label"], line["problem"], several)] = nothing_chosen(view.question.chosen_by)
    return f" Not drawn: {several_of([f'{name} ({why})' for name, why in parts.items()])}." if parts else ""


def _where(label: object, problem: object, several: bool) -> str:
    return f"{name_of(label)} on {name_of(problem)}" if several else name_of(label)


def _names(labels: Iterable[str]) -> str:
    return several_of([name_of(label) for label in labels])
