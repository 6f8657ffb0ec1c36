"""Heat maps and schedules of whole results: which hyperparameters, what the caption says, and what the command takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from click.testing import CliRunner
from figures.looks import made
from matplotlib.image import imread

import optilab
from optilab.analysis.answer import verdict
from optilab.analysis.best import best_runs
from optilab.analysis.length import bound_to_length
from optilab.cli.main import main
from optilab.errors import InputError
from optilab.figures.arrival import arrival
from optilab.figures.convergence import convergence
from optilab.figures.ecdf import ecdf
from optilab.figures.heatmap import heatmap
from optilab.figures.view import View
from optilab.plots import style
from optilab.store import Results
from pictures import draw, rendered


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A line with three hyperparameters, one with one and a schedule that depends on the length, one with another schedule."""
    return made(
        tmp_path_factory.mktemp("grid") / "r",
        problem={"use": "bowl"},
        optimizers=[
            {"use": "adam", "lr": [0.01, 0.1, 1.0], "beta1": [0.8, 0.9], "beta2": [0.99, 0.999]},
            {"use": "sgd", "lr": [0.001, 0.01], "schedule": "cosine", "label": "to the end"},
            {
                "use": "sgd",
                "lr": [0.002, 0.02],
                "schedule": {"use": "exponential", "gamma": 0.9},
                "label": "whatever the end",
            },
        ],
    )


def caption_of(figure: mpl.figure.Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def test_the_two_that_matter_most_have_a_panel(grid: Results) -> None:
    """Three hyperparameters give one panel of two of them; lines with one are named in the caption."""
    with style.theme():
        figure = rendered(heatmap(View(grid)))
    panel, bar = figure.axes
    assert "learning rate" in (panel.get_xlabel(), panel.get_ylabel())
    assert bar.get_ylabel() == "final training cost"
    assert "at the best of all other hyperparameters; of each line the two that matter most" in caption_of(figure)
    assert "Without two that vary: to the end, whatever the end." in caption_of(figure)


def test_others_can_be_asked_for(grid: Results) -> None:
    """`parameters` names them, in the order of the axes."""
    with style.theme():
        figure = rendered(heatmap(View(grid, parameters=("beta2", "beta1"))))
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("beta2", "beta1")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (("lr", "beta3"), "unknown hyperparameter that varies 'beta3': did you mean"),
        (("lr",), "parameters = lr: accepted are two of lr, beta1, beta2"),
        (("lr", "lr"), "parameters = lr, lr: accepted are two of"),
    ],
)
def test_parameters_that_there_are_not_are_told(grid: Results, parameters: tuple[str, ...], told: str) -> None:
    """One message with what is accepted."""
    with pytest.raises(InputError, match=told):
        draw(grid, ("heatmap",), parameters=parameters)


def test_whose_schedule_depends_on_the_length(grid: Results) -> None:
    """A cosine to the end does, an exponential decay doesn't, and the caption names the one."""
    best = best_runs(grid.runs)
    assert bound_to_length(best) == ["to the end"]
    assert bound_to_length(best.drop(columns="depends_on_length")) == []
    assert bound_to_length(best.assign(depends_on_length=None)) == []
    with style.theme():
        figure = rendered(convergence(View(grid)))
    assert "Hollow ends: the schedule of to the end depends on the length of the run" in caption_of(figure)


def test_what_lies_before_the_end_is_no_result_in_any_picture(tmp_path: Path) -> None:
    """Pictures of times to targets and the verdict say it as well, of that line alone; without such a line they don't."""
    asked: dict[str, Any] = {"problem": {"use": "bowl"}, "comparison": {"measure": "train_cost", "target": 1.0}}
    plain = {"use": "sgd", "lr": 0.01, "label": "whatever the end"}
    bound = {"use": "sgd", "lr": 0.01, "schedule": "cosine", "label": "to the end"}
    for number, optimizers in enumerate(([plain, bound], [plain])):
        made(tmp_path / str(number), optimizers=optimizers, **asked)
        view = View(optilab.load(tmp_path / str(number)))
        with style.theme():
            captions = [caption_of(rendered(draw_kind(view))) for draw_kind in (arrival, ecdf)]
        said = "The schedule of to the end depends on the length of the run. What lies before the end is no result of a shorter run."
        assert [said in text for text in captions] == 2 * [number == 0]
        assert ["depends on the length" in text for text in captions] == 2 * [number == 0]
        assert verdict(view.results).sentences.count(said) == (number == 0)


def test_several_measures_are_rows_of_one_picture(grid: Results) -> None:
    """Each y has a row of panels, in one file that names all of them."""
    with style.theme():
        figure = rendered(convergence(View(grid, y="train_cost", more=("gradient_norm",))))
    labels = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
    assert labels == ["cost", "norm of the gradient"]
    drawn = draw(grid, ("convergence",), y=("train_cost", "gradient_norm"))
    assert [path.name for path in drawn] == ["convergence-train_cost-gradient_norm.png"]


def test_the_command_draws_in_a_look(grid: Results) -> None:
    """--width, --style and --dark say how wide, for what and on which paper; another style is told."""
    run = CliRunner().invoke
    folder = str(grid.folder)
    done = run(main, ["plot", folder, "heatmap", "--width", "3.3", "--style", "paper", "--dark"])
    assert done.exit_code == 0, done.output
    image = imread(Path(done.output.strip()))
    assert image.shape[1] == 990
    assert image[0, 0, :3].max() < 0.2
    refused = run(main, ["plot", folder, "--style", "papers"])
    assert refused.exit_code != 0
    assert "unknown style 'papers': did you mean 'paper'" in refused.output
    asked = run(main, ["plot", folder, "heatmap", "--parameters", "lr, beta9"])
    assert "unknown hyperparameter that varies 'beta9'" in asked.output
