"""Small experiments for tests of pictures, the command's way to draw them, and what is found on a picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from images import image_file
from optilab.experiment.experiment import Experiment
from optilab.figures import draw as drawing
from optilab.plots.ticks import ticks_found_once
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results

draw = partial(drawing.draw, train_again=made_again)


def made(folder: Path, **changes: Any) -> Results:
    """Results of a small experiment."""
    given = {"name": "small", "question": "Who arrives?", "seeds": 3, "budget": {"steps": 20}, **changes}
    return run_experiment(Experiment.model_validate(given), folder, Way("inline"))


def made_of_images(folder: Path, network: dict[str, Any] | None = None, **changes: Any) -> Results:
    """A network that tells the sides of images apart, whose files and results are in a folder; network: further parameters of it."""
    image_file(folder / "sides.npz")
    problem = {"use": "network", "dataset": {"path": str(folder / "sides.npz")}, "hidden": [5], **(network or {})}
    return made(folder / "r", problem=problem, **{"budget": {"epochs": 3}, **changes})


def rendered(figure: Figure | None) -> Figure:
    """A figure, with everything on it drawn; each mark has a place, for one without claims room in a corner of the paper."""
    assert figure is not None
    with ticks_found_once(figure):
        FigureCanvasAgg(figure).draw()
    for ax in figure.axes:
        for line in ax.get_lines():
            assert line.get_clip_on() or not line.get_in_layout() or np.isfinite(line.get_xydata()).all(axis=1).any()
    return figure


def drawn_lines(ax: Axes) -> dict[str, np.ndarray]:
    """The values of each line that has a name."""
    return {
        str(line.get_label()): np.asarray(line.get_ydata(), float)
        for line in ax.get_lines()
        if line.get_marker() != "x"
    }


def marks(ax: Axes) -> dict[str, list[list[float]]]:
    """Where there are starts (open circles), ends (large dots) and crosses."""
    found: dict[str, list[list[float]]] = {"start": [], "end": [], "cross": []}
    for line in ax.get_lines():
        place = [float(v) for v in np.asarray(line.get_xydata()).ravel()]
        if line.get_marker() == "x":
            found["cross"].append(place)
        elif line.get_gid() in ("start", "end"):
            found[str(line.get_gid())].append(place)
    return found
