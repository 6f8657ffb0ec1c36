"""Pictures of whatever text and data there are: text is drawn to the letter, and every result has a picture or a reason."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.text import Text

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.figures.convergence import convergence, sensitivity
from optilab.figures.draw import _drawers, draw_schedules
from optilab.figures.path import path
from optilab.plots import images as image_plots
from optilab.plots import style
from optilab.plots.text import plain, wrapped
from optilab.runner.remaking import made_again
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.store import Results
from pictures import draw, drawn_lines, made, marks, rendered

PNG = b"\x89PNG\r\n"
LABELS = {  # as they are given, and as they stand in a legend
    r"$\frac{": r"$\frac{",
    "_hidden": "_hidden",
    "$x$ or $y$": "$x$ or $y$",
    "a\x1b[31mred\x1b[0m\nline": r"a\x1b[31mred\x1b[0m\nline",
    "字 \u202e": r"\u5b57 \u202e",
    "x" * 10**5: None,
    r"\$ \\ {} ^_ %": r"\$ \\ {} ^_ %",
}
QUESTION = "Who $\\frac{ arrives\x1b[2J? " + "long " * 10**4


def optimizers() -> list[dict[str, Any]]:
    """One for each label, each with two learning rates."""
    return [{"use": "sgd", "lr": [1e-3 + 1e-5 * k, 2e-3 + 1e-5 * k], "label": text} for k, text in enumerate(LABELS)]


@pytest.fixture(scope="module")
def odd_names(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Results]:
    """Experiments on functions of one and of two weights, with odd labels and an endless question."""
    folder = tmp_path_factory.mktemp("odd")
    common = {"seeds": 1, "question": QUESTION, "optimizers": optimizers()}
    return {
        1: made(folder / "1", problem={"use": "two_valleys"}, **common),
        2: made(folder / "2", problems=[{"use": "bowl"}, {"use": "bowl", "condition": 2.5}], **common),
    }


@pytest.fixture(scope="module")
def plain_names(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two lines of three seeds, of which one has two learning rates; its values are for tests to replace."""
    return made(
        tmp_path_factory.mktemp("plain") / "r",
        measure={"steps": 2},
        problem={"use": "bowl", "start": "random"},
        optimizers=[{"use": "sgd", "lr": [1e-2, 1e-3]}, {"use": "adam", "lr": 0.1}],
    )


def texts(figure: Figure) -> list[str]:
    """All that stands on a figure and is no number at a tick, as it is drawn."""
    ticks = {
        id(text)
        for ax in figure.axes
        for text in [*ax.get_xticklabels(which="both"), *ax.get_yticklabels(which="both")]
    }
    found = [text for text in figure.findobj(Text) if id(text) not in ticks and text.get_text()]
    assert not any(is_math_text(text.get_text()) for text in found if "mathdefault" not in text.get_text())
    return [text.get_text().replace(r"\$", "$") for text in found]


def legend(figure: Figure) -> list[str]:
    """The names in the legends."""
    found = [one for ax in figure.axes if (one := ax.get_legend()) is not None]
    return [text.get_text().replace(r"\$", "$") for one in found for text in one.get_texts()]


@example("$x$ and $\\frac{", 60)
@example("$$", 2)
@given(
    st.text() | st.text("$\\x ") | st.text("$\\{}^_%&#~ab\n\x1b") | st.text("ab c").map(lambda text: text * 3000),
    st.integers(1, 70),
)
def test_any_text_is_drawn_to_the_letter(text: str, width: int) -> None:
    """Nothing in it is a formula or a control character, and it is no longer than asked for."""
    for drawn, most in ((plain(text, width), width), (wrapped(text, max(width, 4), 3), 3 * max(width, 4) + 2)):
        assert not is_math_text(drawn)
        shown = drawn.replace(r"\$", "$")
        assert len(shown) <= most
        assert not any(unicodedata.category(c).startswith("C") for c in shown.replace("\n", " "))
    if text.isascii() and text.isprintable() and text.strip() and len(text) <= width:
        assert plain(text, width).replace(r"\$", "$") == text


@pytest.mark.parametrize("draw_it", [convergence, sensitivity, path])
@pytest.mark.parametrize("weights", [1, 2])
def test_every_text_of_a_picture_is_drawn_as_text(odd_names: dict[int, Results], draw_it: Any, weights: int) -> None:
    """Labels, titles, the question and the caption stand on it to the letter, cut where they are long; none is left out."""
    figure = rendered(draw_it(odd_names[weights], None, "train_cost"))
    stand = texts(figure)
    assert max(len(text) for text in stand) < 2500
    assert any(text.startswith(r"Who $\frac{ arrives\x1b[2J? long long") for text in stand)
    titles = [ax.get_title(loc="left").replace(r"\$", "$") for ax in figure.axes]
    everything = titles if draw_it is path and weights == 1 else legend(figure)
    assert len(everything) == len(LABELS)
    assert {shown for shown in LABELS.values() if shown} <= set(everything)
    assert all(len(text) < 120 for text in everything)
    width, height = figure.get_tightbbox().size
    assert width < 24
    assert height < 16


def test_pictures_with_odd_names_are_written(odd_names: dict[int, Results]) -> None:
    """Their file names are of the kind of picture alone."""
    for results in odd_names.values():
        drawn = draw(results)
        assert {path.name for path in drawn} == {"convergence.png", "sensitivity.png", "path.png"}
        assert all(path.read_bytes().startswith(PNG) for path in drawn)


def test_names_of_classes_are_drawn_as_text() -> None:
    """A class may be called anything."""
    figure, ax = plt.subplots()
    told = {"prediction": r"$\frac{", "truth": "_" + "y" * 10**5, "confidence": 0.25}
    image_plots.prediction(np.zeros((2, 2)), pd.Series(told), ax)
    rendered(figure)
    assert ax.get_title() == "\\$\\fra…, not _yyyy…\n0.25"


def test_schedules_with_odd_names_are_drawn(tmp_path: Path) -> None:
    """Two schedules whose short names are the same are two curves, under what was asked for."""
    specs = ['{ use = "cosine", floor = 0.1234567 }', '{ use = "cosine", floor = 0.1234568 }', "linear"]
    assert draw_schedules(specs, 10**12, tmp_path / "s.png").read_bytes().startswith(PNG)
    figures: list[Figure] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
        draw_schedules(specs, 50, tmp_path / "s.png")
    assert legend(figures[0]) == ["cosine (floor=0.1234567)", "cosine (floor=0.1234568)", "linear"]
    assert len(figures[0].axes[0].get_lines()) == 3


def test_sixty_lines_have_a_legend_of_thirteen(tmp_path: Path) -> None:
    """The best twelve are named in their order, the others counted, and the best lie on top."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(60)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=many)
    for figure in (rendered(convergence(results, None, "train_cost")), rendered(path(results, None, "train_cost"))):
        assert legend(figure) == [*(f"line {k}" for k in range(59, 47, -1)), "48 others"]
        above = {line.get_label(): line.get_zorder() for line in figure.axes[0].get_lines()}
        assert above["line 59"] > above["line 48"] > above["line 47"] > above["line 0"]


def test_many_paths_on_curves_are_panels_of_a_page(tmp_path: Path) -> None:
    """Of thirty lines on a function of one weight the first 24 have a panel, in rows, and the caption says so."""
    many = [{"use": "sgd", "lr": 1e-3 + 1e-5 * k, "label": f"line {k}"} for k in range(30)]
    results = made(tmp_path / "r", seeds=1, problem={"use": "two_valleys"}, optimizers=many)
    figure = rendered(path(results, None, "train_cost"))
    assert len(figure.axes) == 24
    assert "The first 24 of 30 panels." in " ".join(figure.get_supxlabel().split())
    assert max(figure.get_size_inches()) < 30


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
    """Whatever costs a run has: there is a picture, with a legend of all lines; or a sentence where no final cost is finite."""
    results = doctored(plain_names, COSTS[what])
    if draw_it is sensitivity and not np.isfinite(COSTS[what][-1]):
        with pytest.raises(InputError, match="no line has a finite median training cost"):
            draw_it(results, None, "train_cost")
        return
    figure = draw_it(results, None, "train_cost")
    rendered(figure)
    assert len(legend(figure)) == 2


@pytest.mark.parametrize("what", NO_COSTS)
def test_nothing_to_be_seen_is_a_sentence(plain_names: Results, what: str) -> None:
    """Where no cost can stand on an axis, convergence says so, and the pictures that there are are drawn."""
    results = doctored(plain_names, NO_COSTS[what])
    with pytest.raises(InputError, match="no picture of kind 'convergence': no line has a finite median training cost"):
        draw(results, ("convergence",))
    said: list[str] = []
    drawn = draw(results, tell=said.append)
    assert [path.name for path in drawn] == ["path.png"]
    (sentence,) = said
    assert sentence.startswith("no picture of kind 'convergence' or 'sensitivity': no line has a finite median")


def test_missing_costs_are_a_sentence(plain_names: Results) -> None:
    """Where nothing was measured, that is said."""
    with pytest.raises(InputError, match="the history has no values in that column"):
        draw(doctored(plain_names, [np.nan]), ("convergence",))


def test_a_single_measurement_is_a_picture(plain_names: Results) -> None:
    """One point a run, as of a budget of nothing, is drawn as a point."""
    first = plain_names.history.groupby("run_id").head(1)
    figure = rendered(convergence(Results(plain_names.folder, plain_names.runs, first), None, "train_cost"))
    assert all(line.get_marker() == "o" for line in figure.axes[0].get_lines())


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
    assert [path.name for path in draw(results, tell=said.append)] == ["convergence.png", "path.png"]
    assert len(said) == 1
    figure = rendered(convergence(results, None, "train_cost"))
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
    figure = rendered(path(results, None, "train_cost"))
    found = marks(figure.axes[0])
    assert len(found["start"]) == len(found["cross"]) == 1
    assert found["end"] == []
    low, high = np.asarray(figure.axes[0].get_lines()[0].get_xdata(), float)[[0, -1]]
    assert found["cross"][0][0] in (low, high)
    assert "a cross is where a run left the picture" in " ".join(figure.get_supxlabel().split())


def test_whose_learning_rate_is_drawn(tmp_path: Path) -> None:
    """Where the rules of a chain have learning rates of their own, the caption names the rule whose it is; else it is silent."""
    chains = [
        {"use": ["momentum", "adam"], "momentum.lr": 0.5, "adam.lr": 0.125, "label": "two"},
        {"use": ["momentum", "adam"], "lr": 0.25, "label": "one"},
        {"use": "sgd", "lr": 0.1},
    ]
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=chains)
    figure = rendered(convergence(results, None, "lr"))
    caption = " ".join(figure.get_supxlabel().split())
    assert "Of two, the learning rate is that of momentum (its rules have their own)." in caption
    assert caption.count("the learning rate is that of") == 1
    assert drawn_lines(figure.axes[0])["two"][0] == 0.5
    assert "the learning rate is" not in figure_caption(convergence(results, None, "train_cost"))


def figure_caption(figure: Figure | None) -> str:
    """The caption on one line."""
    assert figure is not None
    return " ".join(figure.get_supxlabel().split())


def test_colours_follow_the_labels() -> None:
    """A label has its colour whatever else is drawn with it."""
    assert style.colours_of(["b", "a", "c"], ["c", "a"])["c"] == style.colours_of(["b", "a", "c"], ["c"])["c"]


def captions_of(results: Results, kind: str) -> tuple[str, list[str]]:
    """The caption of a picture, and what its legend has."""
    with plt.rc_context():
        figure = _drawers(made_again)[kind](results, None, "train_cost")
    assert figure is not None
    legend = [text.get_text() for ax in figure.axes if (box := ax.get_legend()) for text in box.get_texts()]
    caption = " ".join(figure._supxlabel.get_text().split())  # type: ignore[attr-defined]
    plt.close(figure)
    return caption, legend


@pytest.mark.parametrize(("wild", "told"), [(1e30, "beyond 1e+100"), (1e200, "not finite")])
def test_what_a_cross_means_is_said_where_there_is_one(tmp_path: Path, wild: float, told: str) -> None:
    """A line that is too high for an axis is not called infinite; a picture without crosses says nothing of them."""
    calm = {"use": "sgd", "lr": [1e-4, 1e-3]}
    common = {"name": "e", "problem": {"use": "rosenbrock"}, "budget": {"steps": 5}, "measure": {"steps": 1}}
    for name, optimizers in {"calm": [calm], "wild": [calm, {"use": "adam", "lr": wild}]}.items():
        given = Experiment.model_validate({**common, "optimizers": optimizers})
        results = run_experiment(given, tmp_path / name, Way("inline"))
        assert ("×" in captions_of(results, "convergence")[0]) == (name == "wild")
        assert ("a cross" in captions_of(results, "path")[0]) == (name == "wild")
        caption, legend = captions_of(results, "sensitivity")
        assert "×" not in caption
        assert (f"adam ({told})" in legend) == (name == "wild")
