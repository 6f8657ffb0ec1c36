"""The cost in the plane through the ends of three runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.errors import InputError
from optilab.figures.captions import name_of
from optilab.figures.landscape import Plane, Runs, costs, runs_of, sample, sampled_text
from optilab.figures.view import Repeated, View
from optilab.plots import style
from optilab.plots.blocks import room_for_text
from optilab.plots.landscape import costs_in_plane
from optilab.records.statuses import LASTED

_POINTS = 41  # along each side
_ROOM = 0.25  # beyond the ends, of their extent


def plane(view: View) -> Figure | None:
    """Training cost in the plane through the ends of three runs; None if there are not three lines on a problem with more than two weights.

    Garipov et al., "Loss surfaces, mode connectivity, and fast ensembling of DNNs", 2018.

    InputError if fewer than three runs can be repeated to finite weights, or these lie on one line.
    """
    runs = runs_of(view)
    if runs is None or len(runs.labels) + len(runs.ended) < 3:
        return None
    three = _three(view, runs)
    through = Plane.through([made.run.w for made in three.values()])
    if through is None:
        raise InputError(f"the last weights of {', '.join(map(name_of, three))} lie on one line")
    problem = runs.of
    start = problem.initial(runs.seed)
    rows = sample(problem.train_rows, problem.n_weights, _POINTS**2)
    ends = pd.DataFrame(through.project([made.run.w for made in three.values()]), columns=["x", "y"])
    ends = ends.assign(label=list(three), cost=costs(problem, [made.run.w for made in three.values()], "train", rows))
    begin = through.project(start)[0]
    ways = [
        pd.DataFrame(through.project(made.way), columns=["x", "y"]).assign(label=label)
        for label, made in three.items()
        if made.way is not None
    ]
    surface = _surface(runs, through, np.vstack([ends[["x", "y"]], begin, *(way[["x", "y"]] for way in ways)]), rows)
    palette = style.colours_of(view.results.runs["label"], three)
    extent = [float(np.ptp(surface[name])) for name in ("x", "y")]
    figure = Figure(
        figsize=(style.width(), style.width() * min(extent[1] / extent[0], 1.2) * 0.85 + 0.4 + room_for_text(650)),
        layout="constrained",
    )
    costs_in_plane(
        surface, ends, figure.subplots(), start=tuple(begin), ways=pd.concat(ways) if ways else None, colours=palette
    )
    style.question(figure, view.question.text)
    style.caption(figure, _caption(view, runs, three, through, start, bool(ways), len(rows)))
    return figure


def _three(view: View, runs: Runs) -> dict[str, Repeated]:
    """The control and the two best others, or the three best, of those with finite last weights; in the order of the file."""
    control = view.question.control or view.results.control
    wanted = sorted(runs.labels, key=lambda label: label != control)
    found: dict[str, Repeated] = {}
    for label in wanted:
        made = runs.again(view, label)
        if made.run.status in LASTED and np.isfinite(made.run.w).all():
            found[label] = made
        if len(found) == 3:
            return {label: found[label] for label in runs.in_the_file(view) if label in found}
    raise InputError(f"a plane needs the ends of three runs: {len(found)} have lasted with finite weights")


def _surface(runs: Runs, through: Plane, places: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    """The training cost on a grid around some places; its sides have one scale."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = _ROOM * float((high - low).max())
    xs, ys = (np.linspace(low[k] - room, high[k] + room, _POINTS) for k in (0, 1))
    across, along = np.meshgrid(xs, ys)
    surface = pd.DataFrame({"x": across.ravel(), "y": along.ravel()})
    found = [costs(runs.of, through.at(part), "train", rows) for part in np.array_split(surface.to_numpy(), _POINTS)]
    return surface.assign(cost=np.concatenate(found))


def _caption(
    view: View, runs: Runs, three: dict[str, Repeated], through: Plane, start: np.ndarray, ways: bool, used: int
) -> str:
    problem = runs.of
    named = [name_of(label) for label in three]
    text = f"Training cost in the plane through the last weights of {', '.join(named[:-1])} and {named[-1]} (seed {runs.seed}) on "
    text += f"{name_of(runs.problem)}, over {sampled_text(used, problem.n_examples, 'training example').rstrip(',')}. Below each name, "
    text += "the cost at its last weights. Both axes have one scale: distances are those between the weights."
    off = through.distance(start)
    text += f" The circle is the nearest point of the plane to their first weights, which lie {off:.3g} off it"
    text += "; dotted, the ways as seen at right angles to the plane." if ways else "."
    text += f" Of {problem.n_weights:,} dimensions two are seen: along all others the cost may do anything."
    if len(runs.labels) > 3:
        control = view.question.control or view.results.control
        others = "the control and the two others" if control in three else "the three"
        text += f" Of {len(runs.labels)} lines these are {others} with the lowest training cost."
    text += f" The first of {runs.problems} problems." if runs.problems > 1 else ""
    return text
