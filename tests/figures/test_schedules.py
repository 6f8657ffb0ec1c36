"""Curves of schedules, and the learning rates of results over their runs."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.looks import PNG, names
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from optilab.errors import InputError
from optilab.figures.draw import draw_schedules
from optilab.figures.rates import rates
from optilab.figures.view import View
from optilab.plots.schedules import schedule_curves
from pictures import made, rendered


def named(ax: Axes) -> list[str]:
    """The names at the ends of curves, from the highest."""
    texts = [text for text in ax.texts if text.get_gid() == "end"]
    return [text.get_text() for text in sorted(texts, key=lambda text: -text.get_window_extent().y0)]


def curves_of(ax: Axes) -> list[Line2D]:
    """The lines that are curves."""
    return [line for line in ax.get_lines() if line.get_gid() not in ("hollow", "key")]


def hollow(ax: Axes) -> int:
    """How many ends are open circles."""
    return sum(line.get_gid() == "hollow" for line in ax.get_lines())


def caption_of(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def test_the_curve_of_a_schedule(tmp_path: Path, figures: list[Figure]) -> None:
    """Each schedule is a line of its multipliers, with its name at its end, over the steps that were asked for."""
    target = draw_schedules(["cosine", '{ use = "linear", end = 0.5 }'], 101, tmp_path / "s.png")
    assert names([target]) == ["s.png"]
    (ax,) = figures[0].axes
    cosine, linear = curves_of(ax)
    assert len(np.asarray(cosine.get_xdata())) == len(np.asarray(linear.get_xdata())) == 101
    np.testing.assert_allclose(np.asarray(cosine.get_ydata())[[0, -1]], [1, 0.5 * (1 + np.cos(np.pi * 100 / 101))])
    np.testing.assert_allclose(np.asarray(linear.get_ydata())[[0, -1]], [1, 1 - 0.5 * 100 / 101])
    assert ax.get_xlabel() == "steps"
    assert named(ax) == ["linear (end=0.5)", "cosine"]
    assert "a run of 101 steps: the learning rate." in caption_of(figures[0])


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


def test_a_multiplier_holds_for_its_whole_step(tmp_path: Path, figures: list[Figure]) -> None:
    """The curve of a schedule goes by steps: after a step with 1 and before one with 0.1 it is still 1."""
    draw_schedules(["{ use = 'step', every = 3 }"], 7, tmp_path / "s.png")
    (line,) = curves_of(figures[0].axes[0])
    np.testing.assert_allclose(np.asarray(line.get_ydata()), [1, 1, 1, 0.1, 0.1, 0.1, 0.01])
    assert line.get_drawstyle() == "steps-post"


def test_the_axis_of_multipliers_says_of_what(tmp_path: Path, figures: list[Figure]) -> None:
    """Of the learning rate, of another hyperparameter, or of several, which the caption names."""
    of_momentum = "{ use = 'cosine', of = 'momentum' }"
    for specs in (["cosine"], [of_momentum], ["cosine", of_momentum]):
        draw_schedules(specs, 7, tmp_path / "s.png")
    told = [figure.axes[0].get_ylabel() for figure in figures]
    assert told == ["multiplier of the learning rate", "multiplier of the momentum", "multiplier"]
    assert "of cosine the learning rate; of cosine of momentum the momentum" in caption_of(figures[-1])


def test_a_restart_is_a_gap(tmp_path: Path, figures: list[Figure]) -> None:
    """Where a schedule begins anew nothing is drawn from its lowest to its highest value; where it falls there is a stroke."""
    draw_schedules(["{ use = 'cosine_restarts', steps = 20 }", "{ use = 'step', every = 20 }"], 60, tmp_path / "s.png")
    restarts, falls = curves_of(figures[0].axes[0])
    gaps = np.isnan(np.asarray(restarts.get_ydata(), float))
    assert np.asarray(restarts.get_xdata())[gaps].tolist() == [20, 40]
    assert np.isfinite(np.asarray(falls.get_ydata(), float)).all()


def test_curves_that_coincide_share_a_line(tmp_path: Path, figures: list[Figure]) -> None:
    """They are dashes that take turns; below the first name stands "= b", or "≈ b" where they only look the same."""
    draw_schedules(["linear", "polynomial", "cosine", "{ use = 'cosine', floor = 1e-4 }"], 50, tmp_path / "s.png")
    (ax,) = figures[0].axes
    stand = named(ax)
    for pair in (["cosine", "≈ cosine (floor=0.0001)"], ["linear", "= polynomial"]):
        at = stand.index(pair[0])
        assert stand[at : at + 2] == pair
    linear, polynomial, *_ = curves_of(ax)
    (first, (on, off)), (second, again) = linear._unscaled_dash_pattern, polynomial._unscaled_dash_pattern  # type: ignore[attr-defined]
    assert (on, off) == again
    assert on == off
    assert second - first == on
    assert to_hex(linear.get_color()) != to_hex(polynomial.get_color())


def test_what_depends_on_the_length_ends_in_an_open_circle(tmp_path: Path, figures: list[Figure]) -> None:
    """A cosine does, an inverse power of the step doesn't."""
    draw_schedules(["cosine", "{ use = 'inverse_time', rate = 0.1 }"], 50, tmp_path / "s.png")
    assert hollow(figures[0].axes[0]) == 1
    assert "A hollow end" in caption_of(figures[0])
    draw_schedules(["{ use = 'inverse_time', rate = 0.1 }"], 50, tmp_path / "s.png")
    assert hollow(figures[1].axes[0]) == 0
    assert "hollow" not in caption_of(figures[1])


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, 1.0], [-1.0, 3.0], [5.0]])
def test_any_values_have_a_curve(values: list[float]) -> None:
    """Zeros, gaps, values below zero and a single one."""
    _, ax = plt.subplots()
    table = pd.DataFrame({"step": np.arange(float(len(values))), "multiplier": values, "label": "a"})
    schedule_curves(table, ax, colours={"a": "red"})
    low, high = ax.get_ylim()
    assert low <= np.nanmin(values)
    assert high >= np.nanmax(values)


def test_learning_rates_are_those_of_the_history(tmp_path: Path) -> None:
    """Of each line with a schedule there is the measured rate, and none of a line without; an open circle where length matters."""
    results = made(
        tmp_path / "r",
        measure={"steps": 1},
        problem={"use": "bowl"},
        optimizers=[
            {"use": "sgd", "lr": 0.01},
            {"use": "sgd", "lr": 0.02, "schedule": "cosine", "label": "to nothing"},
            {"use": "sgd", "lr": 0.03, "schedule": {"use": "inverse_time", "rate": 0.5}, "label": "slower"},
            {"use": "momentum", "lr": 0.01, "schedule": {"use": "cosine", "of": "momentum"}, "label": "other"},
        ],
    )
    figure = rendered(rates(View(results)))
    (ax,) = figure.axes
    assert sorted(named(ax)) == ["slower", "to nothing"]
    lines = {str(line.get_label()): line for line in curves_of(ax)}
    own = results.runs[(results.runs["label"] == "to nothing") & (results.runs["seed"] == results.runs["seed"].min())]
    measured = results.history[results.history["run_id"].isin(own["run_id"]) & (results.history["step"] > 0)]
    np.testing.assert_array_equal(np.asarray(lines["to nothing"].get_ydata()), measured["lr"])
    np.testing.assert_array_equal(np.asarray(lines["to nothing"].get_xdata()), measured["step"])
    assert hollow(ax) == 1
    assert "Not drawn: other, whose schedule leaves it as it is." in caption_of(figure)


def test_without_schedules_there_are_no_learning_rates(tmp_path: Path) -> None:
    """The picture doesn't fit results in which nothing changes them."""
    results = made(tmp_path / "r", seeds=1, problem={"use": "bowl"}, optimizers=[{"use": "sgd", "lr": 0.01}])
    assert rates(View(results)) is None
