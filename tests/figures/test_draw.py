"""Pictures: which are drawn, and what stands on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from images import image_file
from optilab.errors import InputError
from optilab.experiment.file import read
from optilab.figures.draw import draw_schedules
from optilab.plots import style
from optilab.plots.convergence import convergence as convergence_plot
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results
from pictures import draw
from pictures import made as small

made = partial(small, budget={"steps": 40})

PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def two_weights(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two functions of two weights, with three lines, of which one diverges."""
    return made(
        tmp_path_factory.mktemp("two") / "r",
        measure={"steps": 2},
        problems=[{"use": "bowl", "start": "random"}, {"use": "rosenbrock", "start": "random"}],
        optimizers=[
            {"use": "sgd", "lr": [1e-4, 3e-4]},
            {"use": "adam", "lr": 0.1, "label": "my adam"},
            {"use": "momentum", "lr": 0.5, "label": "wild"},
        ],
    )


@pytest.fixture(scope="module")
def one_weight(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A function of one weight, with two lines and nothing that varies."""
    return made(
        tmp_path_factory.mktemp("one") / "r",
        measure={"steps": 1},
        problem={"use": "two_valleys", "start": "random"},
        optimizers=[{"use": "sgd", "lr": 0.03}, {"use": "adam", "lr": 0.03}],
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A network that tells the sides apart."""
    folder = tmp_path_factory.mktemp("images")
    image_file(folder / "sides.npz")
    return made(
        folder / "r",
        seeds=2,
        budget={"epochs": 3},
        problem={"use": "network", "dataset": {"path": str(folder / "sides.npz")}, "hidden": [5]},
        optimizers=[{"use": "adam", "lr": [0.01, 0.03], "batch_size": 8}],
        tuning={"seeds": 1, "by": "test_cost"},
    )


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """All figures that are saved, kept to be looked at."""
    kept: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: Any, **named: Any) -> None:
        kept.append(figure)
        save(figure, *arguments, **named)

    monkeypatch.setattr(Figure, "savefig", keep)
    yield kept
    plt.close("all")


def legend_of(figure: Figure) -> list[str]:
    """All texts of all legends."""
    return [text.get_text() for ax in figure.axes if (one := ax.get_legend()) for text in one.get_texts()]


def line_colours(ax: Axes) -> set[str]:
    """Colours of the lines that are in the legend."""
    return {to_hex(line.get_color()) for line in ax.get_lines() if not str(line.get_label()).startswith("_")}


def names(paths: list[Path]) -> list[str]:
    """Names of files that are pictures."""
    assert all(path.read_bytes().startswith(PNG) for path in paths)
    return [path.name for path in paths]


def test_everything_that_fits_is_drawn(two_weights: Results, one_weight: Results, images: Results) -> None:
    """Without kinds, each picture that fits the results is drawn into their folder, and no other."""
    assert names(draw(two_weights)) == ["convergence.png", "sensitivity.png", "path.png"]
    assert names(draw(one_weight)) == ["convergence.png", "path.png"]
    assert names(draw(images)) == ["convergence.png", "sensitivity.png", "digits.png", "weights.png"]
    for results in (two_weights, one_weight, images):
        assert {path.parent for path in draw(results, ("convergence",))} == {results.folder}


def test_the_look_of_other_pictures_is_left_alone(two_weights: Results) -> None:
    """Drawing changes no setting of matplotlib, and leaves no figure open."""
    before, open_before = dict(mpl.rcParams), plt.get_fignums()
    draw(two_weights)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == open_before


def test_the_look_is_that_of_seaborn() -> None:
    """Colours and settings that are written out, for importing seaborn takes long, are those of its palette and contexts."""
    palette = [to_hex(colour) for k, colour in enumerate(sns.color_palette("colorblind")) if k != 7]
    assert [to_hex(colour) for colour in style.COLOURS[:9]] == palette
    given = {**sns.axes_style("ticks"), **sns.plotting_context("notebook", font_scale=0.9)}
    own = {*style._RC, "font.family", "font.sans-serif", "image.cmap"}
    with style.theme():
        ours = dict(mpl.rcParams)
    with mpl.rc_context(given):
        assert {name: ours[name] for name in given if name not in own} == {
            name: mpl.rcParams[name] for name in given if name not in own
        }


def test_convergence_on_functions(two_weights: Results, figures: list[Figure]) -> None:
    """Each problem has axes under its name, with units; the legend names the labels; the caption says over what."""
    draw(two_weights, ("convergence",))
    (figure,) = figures
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["bowl", "rosenbrock"]
    for ax in figure.axes:
        assert ax.get_xlabel() == "steps"
        assert "cost" in ax.get_ylabel()
        assert ax.get_yscale() == "log"
    assert sorted(legend_of(figure)) == ["my adam", "sgd", "wild"]
    assert len(line_colours(figure.axes[0])) == 3
    assert "Who arrives?" in figure.get_suptitle()


def test_the_caption_tells_seeds_and_band(two_weights: Results, images: Results, figures: list[Figure]) -> None:
    """How many seeds and which, which band, on which seeds hyperparameters were chosen, and what diverged."""
    draw(two_weights, ("convergence",))
    draw(images, ("convergence",))
    here, there = (" ".join(figure.get_supxlabel().split()) for figure in figures)
    assert "3 seeds (0 to 2)" in here
    assert "interquartile" in here
    assert "same seed" in here
    assert "3 of wild diverged" in here.replace("6 of", "3 of")
    assert "2 seeds (0 to 1)" in there
    assert "1 other seed" in there
    assert "by final training cost" in here
    assert "by final test cost" in there
    assert "diverged" not in there


def test_convergence_of_a_network(images: Results, figures: list[Figure]) -> None:
    """The usual x of a network is epochs; other columns have their own names and files."""
    draw(images, ("convergence",))
    drawn = draw(images, ("convergence",), x="seconds", y="test_accuracy")
    drawn += draw(images, ("convergence",), x="gradient_evaluations", y="train_cost")
    assert len(set(names(drawn))) == 2
    assert "convergence.png" not in names(drawn)
    axes = [figure.axes[0] for figure in figures]
    assert [ax.get_xlabel() for ax in axes] == ["epochs", "training time (seconds)", "gradient evaluations"]
    assert [ax.get_ylabel() for ax in axes] == ["training cost", "test accuracy", "training cost"]
    assert axes[1].get_yscale() == "linear"


@pytest.mark.parametrize("y", ["gradient_norm", "update_norm", "weight_norm", "lr", "test_cost", "train_accuracy"])
def test_any_measure_can_be_drawn(images: Results, y: str) -> None:
    """Every column that was measured has a picture."""
    assert names(draw(images, ("convergence",), y=y)) == [f"convergence-{y}.png"]


def test_lines_are_medians(images: Results, figures: list[Figure]) -> None:
    """What is drawn is the median over the seeds of the chosen cell."""
    draw(images, ("convergence",))
    line = next(line for line in figures[0].axes[0].get_lines() if str(line.get_label()).startswith("adam"))
    runs = images.runs[images.runs["role"] == "evaluation"]
    history = images.history[images.history["run_id"].isin(runs["run_id"])]
    np.testing.assert_allclose(np.asarray(line.get_ydata()), history.groupby("epoch")["train_cost"].median())


def test_sensitivity(two_weights: Results, figures: list[Figure]) -> None:
    """The final cost against the hyperparameter that varies, one axes a problem."""
    draw(two_weights, ("sensitivity",))
    (figure,) = figures
    assert [ax.get_xlabel() for ax in figure.axes] == ["learning rate"] * 2
    assert all("cost" in ax.get_ylabel() for ax in figure.axes)
    assert "3 seeds" in figure.get_supxlabel()
    line = next(line for line in figure.axes[0].get_lines() if line.get_label() == "sgd")
    assert np.asarray(line.get_xdata()).tolist() == [1e-4, 3e-4]


def test_sensitivity_to_zero(tmp_path: Path, figures: list[Figure]) -> None:
    """A hyperparameter that may be zero has its zero on the axis."""
    results = made(
        tmp_path / "r",
        problem={"use": "bowl"},
        optimizers=[{"use": "momentum", "lr": 0.01, "momentum": [0.0, 0.5, 0.9]}],
    )
    draw(results, ("sensitivity",))
    ax = figures[0].axes[0]
    assert ax.get_xlabel() == "momentum"
    low, high = ax.get_xlim()
    assert low <= 0
    assert high >= 0.9


def test_path_on_a_curve(one_weight: Results, figures: list[Figure]) -> None:
    """Each line has axes under its label with the curve and the steps of every seed."""
    draw(one_weight, ("path",))
    (figure,) = figures
    assert sorted(ax.get_title(loc="left") for ax in figure.axes) == ["adam", "sgd"]
    ax = figure.axes[0]
    starts = [line for line in ax.get_lines() if to_hex(line.get_markerfacecolor()) == "#ffffff"]
    assert len(starts) == 3
    assert figure.axes[-1].get_xlabel() == "weight"
    assert figure.axes[0].get_ylabel() == "cost"
    assert "two_valleys" in figure.get_supxlabel()
    assert "3 starts" in figure.get_supxlabel()


def test_path_on_contours(two_weights: Results, figures: list[Figure]) -> None:
    """Each problem has axes with all paths, inside its domain, and a star at its minimum."""
    draw(two_weights, ("path",))
    (figure,) = figures
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["bowl", "rosenbrock"]
    assert figure.axes[0].get_xlim() == (-2, 2)
    assert figure.axes[1].get_ylim() == (-1, 3)
    assert figure.axes[0].get_xlabel() == "first weight"
    assert figure.axes[0].get_ylabel() == "second weight"
    assert sorted(legend_of(figure)) == ["my adam", "sgd", "wild"]
    stars = [np.asarray(line.get_xydata()).tolist() for line in figure.axes[1].get_lines() if line.get_marker() == "*"]
    assert stars == [[[1, 1]]]


def test_digits_as_they_are_read(images: Results, figures: list[Figure]) -> None:
    """Test examples stand with what the network says of them, however few there are; the caption says how many are right."""
    draw(images, ("digits",))
    (figure,) = figures
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert 12 <= len(shown) <= 24
    assert all(np.asarray(ax.get_images()[0].get_array()).shape == (8, 8) for ax in shown)
    assert all(ax.get_title()[0] in "01" for ax in shown)
    best = images.runs.loc[images.runs["role"] == "evaluation", "final_test_accuracy"].max()
    assert f"{best:.1%} of 12" in " ".join(figure.get_supxlabel().split())


def test_weights_as_images(images: Results, figures: list[Figure]) -> None:
    """Each neuron of the first layer is an image of the size of an example."""
    draw(images, ("weights",))
    (figure,) = figures
    assert [np.asarray(ax.get_images()[0].get_array()).shape for ax in figure.axes if ax.get_images()] == [(8, 8)] * 5
    assert "5 neurons" in figure.get_supxlabel()


def test_pictures_can_be_drawn_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment that was run by a relative path is drawn from another folder as well."""
    (tmp_path / "experiments").mkdir()
    image_file(tmp_path / "experiments" / "sides.npz")
    (tmp_path / "experiments" / "e.toml").write_text(
        'name = "e"\nbudget = { epochs = 1 }\n[problem]\nuse = "network"\nhidden = [5]\n'
        'dataset = { path = "sides.npz" }\n[[optimizers]]\nuse = "adam"\n',
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    run_experiment(read("experiments/e.toml"), "results/e", Way("inline"))
    (tmp_path / "elsewhere").mkdir()
    code = "import optilab; from optilab.figures.draw import draw; from optilab.runner.remaking import made_again; draw(optilab.load('../results/e'), ('weights',), train_again=made_again)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "elsewhere", check=True)
    assert (tmp_path / "results" / "e" / "weights.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"kinds": ("convergance",)}, "unknown kind of picture 'convergance': did you mean 'convergence'"),
        ({"x": "epochs"}, "unknown x 'epochs': did you mean 'epoch'"),
        ({"y": "train_loss"}, "unknown y 'train_loss': did you mean"),
        ({"kinds": ("digits",)}, "'digits' doesn't fit these results"),
        ({"kinds": ("weights",)}, "'weights' doesn't fit these results"),
        ({"kinds": ("sensitivity",)}, "'sensitivity' doesn't fit these results: no hyperparameter takes more than one"),
        ({"kinds": ("convergence",), "y": "test_accuracy"}, "'convergence' doesn't fit these results"),
    ],
)
def test_what_can_not_be_drawn_is_told(one_weight: Results, arguments: dict[str, Any], told: str) -> None:
    """An unknown kind or column, and a picture that doesn't fit, are one message each."""
    with pytest.raises(InputError, match=told):
        draw(one_weight, **arguments)


def test_paths_need_functions_of_few_weights(images: Results) -> None:
    """A network has no path to be drawn."""
    with pytest.raises(InputError, match="'path' doesn't fit these results"):
        draw(images, ("path",))


def test_a_folder_without_its_experiment_is_told(tmp_path: Path, one_weight: Results) -> None:
    """Where experiment.json is gone or damaged, that is said."""
    for content in (None, "{"):
        if content:
            (tmp_path / "experiment.json").write_text(content, "utf-8")
        with pytest.raises(InputError, match=r"experiment\.json' can't be read"):
            draw(Results(tmp_path, one_weight.runs, one_weight.history))


def test_results_of_tuning_alone_can_be_drawn(images: Results, figures: list[Figure]) -> None:
    """An experiment that was interrupted after tuning has its sensitivity, and no convergence yet."""
    tuning = images.runs[images.runs["role"] == "tuning"]
    half = Results(images.folder, tuning, images.history[images.history["run_id"].isin(tuning["run_id"])])
    assert "sensitivity.png" in names(draw(half))
    with pytest.raises(InputError, match="'convergence' doesn't fit these results"):
        draw(half, ("convergence",))


def test_no_more_than_twelve_colours(tmp_path: Path, figures: list[Figure]) -> None:
    """Of many lines the best twelve have colours, each its own; the rest are grey."""
    optimizers = [{"use": "sgd", "lr": 0.002 * k, "label": f"line {k}"} for k in range(1, 16)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=optimizers)
    draw(results, ("convergence",))
    colours = line_colours(figures[0].axes[0])
    grey = to_hex(style.GREY)
    assert grey in colours
    assert len(colours - {grey}) == style.MOST_COLOURS == 12
    assert legend_of(figures[0])[:2] == ["line 15", "line 14"]


def test_colours_are_told_apart() -> None:
    """Twelve labels have twelve colours, and none of them is the grey of the rest."""
    palette: dict[str, Any] = {**style.colours("abcdefghijkl")}
    found = [to_hex(colour) for colour in palette.values()]
    assert len(set(found)) == 12
    assert to_hex(style.GREY) not in found


def test_a_cross_marks_where_a_line_diverged() -> None:
    """The last finite median of a line that ends in infinity carries a cross."""
    columns = ["label", "x", "median", "low", "high"]
    rows = [
        ("a", 1, 5, 4, 6),
        ("a", 2, 3, 2, np.inf),
        ("a", 3, np.inf, 3, np.inf),
        ("b", 1, 5, 5, 5),
        ("b", 3, 1, 1, 1),
    ]
    figure, ax = plt.subplots()
    convergence_plot(pd.DataFrame(rows, columns=columns), ax, colours={"a": "red", "b": "blue"})
    crosses = [np.asarray(line.get_xydata()).tolist() for line in ax.get_lines() if line.get_marker() == "x"]
    plt.close(figure)
    assert crosses == [[[2, 3]]]


def test_a_line_that_is_never_finite_is_no_trouble() -> None:
    """A line that is infinite from the start, or not there at all, leaves the others as they are."""
    rows = [("a", 0, np.inf, np.inf, np.inf), ("b", 0, 5, 5, 5), ("b", 1, 1, 1, 1)]
    lines = pd.DataFrame(rows, columns=["label", "x", "median", "low", "high"])
    figure, ax = plt.subplots()
    convergence_plot(lines, ax, x="step", colours={"a": "red", "b": "blue", "c": "green"})
    figure.canvas.draw()
    drawn = [line.get_label() for line in ax.get_lines() if len(np.asarray(line.get_xdata()))]
    plt.close(figure)
    assert drawn == ["b"]


@pytest.mark.parametrize("highest", [1e30, 1e300])
def test_costs_of_any_size_can_be_drawn(highest: float) -> None:
    """A line that climbs to where float64 ends is drawn beside one that falls to where it begins."""
    rows = [
        ("a", 0, 1.0, 1.0, 1.0),
        ("a", 1, highest, 1.0, highest),
        ("b", 0, 1.0, 1.0, 1.0),
        ("b", 1, 1e-30, 0.0, 1.0),
    ]
    lines = pd.DataFrame(rows, columns=["label", "x", "median", "low", "high"])
    figure, ax = plt.subplots()
    convergence_plot(lines, ax, x="step", colours={"a": "red", "b": "blue"})
    figure.canvas.draw()
    plt.close(figure)
    assert ax.get_yscale() == "log"


def test_the_curve_of_a_schedule(tmp_path: Path, figures: list[Figure]) -> None:
    """Each schedule is a line of its multipliers, under its label, over the steps that were asked for."""
    target = draw_schedules(["cosine", '{ use = "linear", end = 0.5 }'], 101, tmp_path / "s.png")
    assert names([target]) == ["s.png"]
    (figure,) = figures
    (ax,) = figure.axes
    drawn = [line for line in ax.get_lines() if len(np.asarray(line.get_xdata()))]
    assert [len(np.asarray(line.get_xdata())) for line in drawn] == [101, 101]
    np.testing.assert_allclose(np.asarray(drawn[0].get_ydata())[[0, -1]], [1, 0.5 * (1 + np.cos(np.pi * 100 / 101))])
    np.testing.assert_allclose(np.asarray(drawn[1].get_ydata())[[0, -1]], [1, 1 - 0.5 * 100 / 101])
    assert ax.get_xlabel() == "steps"
    assert "multiplier" in ax.get_ylabel()
    assert [text.split()[0] for text in legend_of(figure)] == ["cosine", "linear"]


def test_curves_of_every_schedule(tmp_path: Path) -> None:
    """All schedules that have a curve can be drawn together."""
    specs = ["constant", "cosine", "linear", "polynomial", "one_cycle", "multi_step"]
    specs += ["{ use = 'step', every = 10 }", "{ use = 'exponential', gamma = 0.9 }"]
    specs += ["{ use = 'inverse_time', rate = 0.1 }", "{ use = 'warmup', steps = 10, then = 'cosine' }"]
    assert names([draw_schedules(specs, 50, tmp_path / "all.png")]) == ["all.png"]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_curves_are_drawn_in_the_format_of_the_name(tmp_path: Path, suffix: str) -> None:
    """The file's suffix is its format."""
    content = draw_schedules(["cosine"], 10, tmp_path / f"curve.{suffix}").read_bytes()
    assert {"png": PNG, "svg": b"<?xml", "pdf": b"%PDF"}[suffix] in content[:20]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("cosin", "unknown schedule 'cosin': did you mean 'cosine'"),
        ("step", "needs a value for every"),
        ("reduce_on_plateau", "reduce_on_plateau depends on what is measured"),
        ("{ use = 'cosine', floor = 2 }", "floor = 2 is out of range"),
        ("{ floor = 2 }", "is not a schedule"),
        ("3", "3 is not a schedule"),
    ],
)
def test_a_schedule_that_has_no_curve_is_told(tmp_path: Path, spec: str, told: str) -> None:
    """Unknown schedules, missing parameters and feedback schedules are one message each."""
    with pytest.raises(InputError, match=told):
        draw_schedules([spec], 10, tmp_path / "s.png")
    assert not (tmp_path / "s.png").exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), (b"[1,", "it is no JSON"), (b"null", "it holds no table, but None")],
)
def test_what_several_pictures_miss_is_said_once(tmp_path: Path, content: bytes | None, why: str) -> None:
    """A folder without its experiment: one sentence for all kinds of pictures, with what to do."""
    found = made(tmp_path / "r", problem={"use": "two_valleys"}, optimizers=[{"use": "sgd", "lr": 0.03}])
    file = tmp_path / "r" / "experiment.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError) as raised:
        draw(found, ("convergence", "path"))
    assert str(raised.value) == (
        f"no picture of kind 'convergence' or 'path': {str(file)!r} can't be read: {why}; the next start of the experiment into "
        "this folder writes it again"
    )
