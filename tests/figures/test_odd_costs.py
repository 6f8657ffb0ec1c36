"""Pictures of whatever costs there are: every result has a picture or a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figures.labels import legend

from optilab.errors import InputError
from optilab.figures.convergence import convergence
from optilab.figures.path import path
from optilab.figures.sensitivity import sensitivity
from optilab.figures.view import View
from optilab.store import Results
from pictures import draw, made, marks, rendered


@pytest.fixture(scope="module")
def plain_names(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two lines of three seeds, of which one has two learning rates; its values are for tests to replace."""
    return made(
        tmp_path_factory.mktemp("plain") / "r",
        measure={"steps": 2},
        problem={"use": "bowl", "start": "random"},
        optimizers=[{"use": "sgd", "lr": [1e-2, 1e-3]}, {"use": "adam", "lr": 0.1}],
    )


def doctored(results: Results, values: list[float]) -> Results:
    """The same runs, with these costs one after another in place of what was measured; the last is the final one."""
    history, runs = results.history.copy(), results.runs.copy()
    places = np.minimum(history.groupby("run_id").cumcount(), len(values) - 1)
    history["train_cost"] = np.array(values, float)[places]
    runs["final_train_cost"] = float(values[-1])
    return Results(results.folder, runs, history)


COSTS = {
    "zero at the end": [1.0, 1e-3, 0.0],
    "zero and one other": [5.0, 0.0],
    "zeros": [0.0],
    "negative": [3.0, -2.0, -5.0],
    "negative, enormous": [1.0, -1e5, -1e90],
    "constant": [7.0],
    "tiny": [1e-300],
    "from tiny to large": [1e-300, 1.0, 1e99],
    "from one to tiny": [1.0, 1e-300],
    "denormal": [1.0, 5e-324],
    "finite, then not": [1.0, 1e50, np.inf],
    "finite in between": [np.inf, 1.0, np.inf, 0.5],
    "missing in between": [1.0, np.nan, 0.5],
}
NO_COSTS = {"not finite": [np.inf], "beyond any axis": [1e300], "far below": [-1e300], "minus infinity": [-np.inf]}


@pytest.mark.parametrize("what", COSTS)
@pytest.mark.parametrize("draw_it", [convergence, sensitivity, path])
def test_costs_of_any_kind_have_a_picture(plain_names: Results, draw_it: Any, what: str) -> None:
    """Whatever costs a run has: there is a picture that names all lines; or a sentence where no final cost is finite."""
    results = doctored(plain_names, COSTS[what])
    if draw_it is sensitivity and not np.isfinite(COSTS[what][-1]):
        with pytest.raises(InputError, match="no line has a finite median training cost"):
            draw_it(View(results))
        return
    figure = draw_it(View(results))
    rendered(figure)
    caption = figure.get_supxlabel()
    named = legend(figure) or [ax.get_title(loc="left") for ax in figure.axes]
    assert all(any(text.startswith(name) for text in named) or name in caption for name in ("sgd", "adam"))
    assert named


@pytest.mark.parametrize("what", NO_COSTS)
def test_nothing_to_be_seen_is_a_sentence(plain_names: Results, what: str) -> None:
    """Where no cost can stand on an axis, convergence says so, and the pictures that there are are drawn."""
    results = doctored(plain_names, NO_COSTS[what])
    with pytest.raises(InputError, match="no picture of kind 'convergence': no line has a finite median training cost"):
        draw(results, ("convergence",))
    said: list[str] = []
    drawn = draw(results, tell=said.append)
    assert [path.name for path in drawn] == ["path.png", "norms.png"]
    assert said[0].startswith("no picture of kind 'convergence' or 'sensitivity': no line has a finite median")
    assert said[1:]
    assert all("no run lasted" in sentence or "no trial lasted" in sentence for sentence in said[1:])


def test_missing_costs_are_a_sentence(plain_names: Results) -> None:
    """Where nothing was measured, that is said."""
    with pytest.raises(InputError, match="the history has no values in that column"):
        draw(doctored(plain_names, [np.nan]), ("convergence",))


def test_a_single_measurement_is_a_picture(plain_names: Results) -> None:
    """One point a run, as of a budget of nothing, is drawn as a point."""
    first = plain_names.history.groupby("run_id").head(1)
    figure = rendered(convergence(View(Results(plain_names.folder, plain_names.runs, first))))
    assert all(line.get_marker() not in ("", "None") for line in figure.axes[0].get_lines())
    assert len(legend(figure)) == 2


def test_all_diverged_is_a_picture_of_how(tmp_path: Path) -> None:
    """Where every run diverges, the way there is drawn and ends in a cross, but for a line of which nothing could be chosen;
    sensitivity says that there is nothing.
    """
    results = made(
        tmp_path / "r",
        problem={"use": "bowl"},
        budget={"steps": 500},
        optimizers=[{"use": "sgd", "lr": [90, 100]}, {"use": "momentum", "lr": 70}, {"use": "adam", "lr": 1e200}],
    )
    assert results.runs["status"].eq("diverged").all()
    said: list[str] = []
    assert [path.name for path in draw(results, tell=said.append)] == ["convergence.png", "path.png", "norms.png"]
    assert said[1:] == [
        "no picture of kind 'finals' or 'ecdf' or 'wins': no run lasted to a finite training cost",
        "no picture of kind 'tuning': no trial lasted to a finite training cost",
    ]
    figure = rendered(convergence(View(results)))
    crosses = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    bottom, top = figure.axes[0].get_ylim()
    assert len(crosses) == 2  # for sgd nothing could be chosen
    assert all(bottom < np.asarray(cross.get_ydata())[0] < top for cross in crosses)


def test_a_run_that_leaves_the_curve_has_no_dot_on_its_start(tmp_path: Path) -> None:
    """With steps that are far too large, the path ends in a cross at the edge of the frame, and the caption explains it."""
    results = made(
        tmp_path / "r",
        seeds=1,
        problem={"use": "two_valleys"},
        optimizers=[{"use": "sgd", "lr": 90}],
        measure={"steps": 1},
    )
    figure = rendered(path(View(results)))
    found = marks(figure.axes[0])
    assert len(found["start"]) == len(found["cross"]) == 1
    assert found["end"] == []
    low, high = np.asarray(figure.axes[0].get_lines()[0].get_xdata(), float)[[0, -1]]
    assert found["cross"][0][0] in (low, high)
    assert "a cross is where a run left the picture" in " ".join(figure.get_supxlabel().split())
