"""Performance profile: on which share of problems each method reaches the target within a factor of the fastest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.phrases import Scale
from optilab.analysis.profiles import performance_profile, profile_score, scored_times
from optilab.analysis.scores import median_times
from optilab.errors import InputError
from optilab.figures.arrival import target_of, times_of
from optilab.figures.captions import several_of
from optilab.figures.compared import Compared
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.curves import NAMED, name_ends, unnamed
from optilab.plots.profiles import points
from optilab.plots.profiles import profile as drawn
from optilab.records.columns import in_words
from optilab.texts import counted

_NARROW = 5.0  # inches of a figure
_R_MAX = 4.0  # of the score, as AlgoPerf has it


def profile(view: View) -> Figure | None:
    """The performance profile of the times to the target; None with fewer than two problems, or without a target.

    InputError where no method reaches the target on any problem.
    """
    found = Compared.of(view)
    goal = target_of(found) if found is not None else None
    if found is None or goal is None or len(found.problems) < 2 or found.runs["label"].nunique() < 2:
        return None
    measure, target = goal
    if found.history[measure].isna().all():
        return None
    times = median_times(times_of(found, measure, target)).fillna(np.inf)
    if not np.isfinite(times).any(axis=None):
        raise InputError(f"no line reaches the target {target:g} on any problem in half of its runs or more")
    text = f"Times are medians over {found.seeds()}, to a {in_words(measure)} of {Scale.of(measure).value(target)}."
    colours_of = found.view.results.runs["label"]
    return profile_figure(times, view.question.text, text + found.left_out(), every=list(colours_of))


def profile_figure(
    times: pd.DataFrame,
    question: str,
    text: str = "",
    every: list[str] | None = None,
    held_out: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """The performance profile of a table of times, with scores beside the names.

    times: a row a problem and a column a method; infinite or missing where the target was not reached. text: the end of the caption. every: all
    labels, for colours. held_out: for each problem the rows that are its variants, as of `profile_score`; the curves are then those of
    which the scores are the areas.
    """
    scores = profile_score(times, _R_MAX, held_out)
    times = scored_times(times, _R_MAX, held_out) if held_out else times
    shares = performance_profile(times)
    names = {str(name): name for name in times}
    palette = style.colours_of(every or list(names), [str(name) for name in scores.index])
    largest = float(shares.index.max())
    most = _R_MAX if largest <= _R_MAX else min(largest * 1.05, 2.0**20)
    named = min(len(names), NAMED)
    narrow = style.width() < _NARROW
    height = (
        max(0.8 * style.width(), 0.34 * named) if narrow else max(0.55 * style.width(), 0.02 * style.points() * named)
    )
    figure = Figure(figsize=(style.width(), height + 1.2), layout="constrained")
    ax = figure.subplots()
    drawn(shares.rename(columns=str), ax, colours=palette, most=most)
    style.question(figure, question)
    none = [str(name) for name in times if not np.isfinite(times[name].astype(float)).any()]
    said = f"Share of {counted(len(times), 'problem')} on which a line reaches the target within a factor of the fastest there. "
    if held_out:
        variants = sum(map(len, held_out.values()))
        said += f"It has to come within {_R_MAX:g} times the fastest on the {counted(variants, 'held-out variant')} of a problem too. "
    said += f"Beside the names: the area under the curve up to a factor of {_R_MAX:g}, AlgoPerf's score, relative to the {len(names)} lines shown. {text}"
    said += f" Never reached by {several_of(none, ', ')}." if none else ""
    style.caption(figure, said + unnamed(len(names)))
    notes = {str(name): f"{score:.2f}" for name, score in scores.items()}
    name_ends(points(shares.rename(columns=str), most), ax, palette, notes, letters=16 if narrow else 30)
    return figure
