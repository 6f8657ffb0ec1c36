"""Tuning curves, arrivals, ECDFs, profiles and norms: what is drawn is what the statistics say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.published import FOLDER
from figures.made_up import ended, measured, shuffled
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from optilab.analysis import held_out_by_name, performance_profile, profile_score, survival, tuning_curve
from optilab.errors import InputError
from optilab.figures.arrival import arrival
from optilab.figures.ecdf import ecdf
from optilab.figures.norms import norms
from optilab.figures.profile import profile, profile_figure
from optilab.figures.tuning import tuning
from optilab.figures.view import View
from optilab.plots import style
from optilab.plots.look import Look
from optilab.store import Results
from pictures import rendered

FALLING = [[1.0, 0.5, 0.2, 0.1], [1.0, 0.8, 0.6, 0.1], [1.0, 0.9, 0.15, 0.12], [1.0, 0.9, 0.8, 0.7]]
SLOW = [[1.0, 0.9, 0.5, 0.2], [1.0, 0.8, 0.6, 0.3], [1.0, 0.9, 0.8, 0.5], [1.0, np.inf]]


def points(ax: Axes, gid: str) -> np.ndarray[Any, Any]:
    """The points of the one line with this name."""
    (line,) = [line for line in ax.get_lines() if line.get_gid() == gid]
    return np.asarray(line.get_xydata(), float)


def edges(ax: Axes, label: str) -> np.ndarray[Any, Any]:
    """The outline of a band."""
    (band,) = [area for area in ax.collections if area.get_gid() == f"band {label}"]
    return np.asarray(band.get_paths()[0].vertices)


def ends(ax: Axes) -> list[str]:
    """The names at the ends of lines."""
    return [text.get_text() for text in ax.texts if text.get_gid() == "end"]


def caption(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def searched(values: dict[str, list[float]]) -> Results:
    """A trial a value, of a search for a learning rate on one seed."""
    found = ended({"p": values}, measure="train_cost")
    runs = found.runs.assign(lr=found.runs["seed"] + 0.5, seed=0, role="tuning")
    return replace(found, runs=runs)


def test_a_tuning_curve_is_that_of_the_trials() -> None:
    """Line, dotted line and band are median, expected best and band of `analysis.tuning_curve`; hollow where the band has no end."""
    values = [0.1 * k for k in range(1, 31)]
    figure = rendered(tuning(View(searched({"a": values, "b": [2 * v for v in values]}))))
    (ax,) = figure.axes
    curve = tuning_curve(values)
    known = curve[["low", "high"]].abs().max(axis=1) < np.inf
    assert 0 < known.sum() < len(known)
    np.testing.assert_allclose(points(ax, "curve a"), curve[["k", "median"]])
    np.testing.assert_allclose(points(ax, "mean a"), curve[["k", "expected"]])
    np.testing.assert_allclose(points(ax, "sure a")[:, 0], curve.loc[known, "k"])
    np.testing.assert_allclose(points(ax, "hollow a")[:, 0], curve.loc[~known, "k"])
    outline = edges(ax, "a")
    for k in curve.loc[known, "k"]:
        at = outline[outline[:, 0] == k, 1]
        np.testing.assert_allclose([at.min(), at.max()], curve.loc[curve["k"] == k, ["low", "high"]].to_numpy()[0])
    assert ends(ax) == ["a", "b"]
    assert "Trials of each line: 30." in caption(figure)


def test_lost_trials_are_counted_beside_the_name() -> None:
    """Two of five trials that diverged stand beside the name and in the caption, and the median counts them as the worst."""
    figure = rendered(tuning(View(searched({"a": [0.1, 0.2, np.inf, 0.3, np.inf], "b": [1.0, 2, 3, 4, 5]}))))
    (ax,) = figure.axes
    assert ends(ax) == ["a (2 of 5 lost)", "b"]
    assert "2 of 10 trials were lost" in caption(figure)
    assert points(ax, "curve a")[0].tolist() == [1, 0.3]
    mean = points(ax, "mean a")
    assert np.isnan(mean[:2, 1]).all()  # as many lost trials make the expected best of one and of two infinite
    assert np.isfinite(mean[2:, 1]).all()


def test_many_tuning_curves_have_a_panel_each() -> None:
    """Seven lines are seven panels with the same axes, in each of which one has its colour and the others are grey."""
    figure = rendered(tuning(View(searched({f"m{k}": [0.1 * k + 0.1, 1.0] for k in range(7)}))))
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"m{k}" for k in range(7)]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    for k, ax in enumerate(figure.axes):
        grey = [line for line in ax.get_lines() if line.get_color() == style.shade(0.78)]
        assert len(grey) == 6
        assert f"curve m{k}" not in [line.get_gid() for line in grey]


def test_tuning_needs_trials() -> None:
    """Without several trials there is no curve; where none lasted there is a sentence."""
    assert tuning(View(searched({"a": [1.0], "b": [2.0]}))) is None
    with pytest.raises(InputError, match="no trial lasted to a finite training cost"):
        tuning(View(searched({"a": [np.inf, np.inf]})))


def test_arrivals_are_those_of_kaplan_and_meier() -> None:
    """Curve and band are 1 - S of `analysis.survival`; who has not arrived is counted beside the name and in the caption."""
    figure = rendered(arrival(View(measured({"p": {"fast": FALLING, "slow": SLOW}}, target=0.3))))
    (ax,) = figure.axes
    curve = survival([2, 3, 2, 3], [True, True, True, False])
    drawn = points(ax, "curve fast")
    assert drawn[0].tolist() == [0, 0]
    np.testing.assert_allclose(drawn[1:, 0], curve["time"])
    np.testing.assert_allclose(drawn[1:, 1], 100 - 100 * curve["survival"])
    last = edges(ax, "fast")
    at = last[last[:, 0] == 3, 1]
    np.testing.assert_allclose([at.min(), at.max()][1], 100 - 100 * curve["low"].iloc[-1])
    assert ends(ax) == ["fast (not in 1 of 4)", "slow (not in 2 of 4)"]
    text = caption(figure)
    assert "not reached in 3 of 8 runs" in text
    assert "1 of them did not last" in text
    assert "at most 0.3" in text
    assert "log-log" in text


def test_arrival_needs_a_target() -> None:
    """Without one in the question there is no picture; runs that ended at a target have one."""
    results = measured({"p": {"fast": FALLING}})
    assert arrival(View(results)) is None
    assert results.question is not None
    stopped = replace(results, question=replace(results.question, stopped_at={"test_cost": 0.3}))
    assert arrival(View(stopped)) is not None


def test_nobody_arrives() -> None:
    """A target that no run reaches is a picture of lines at 0, and a count."""
    figure = rendered(arrival(View(measured({"p": {"a": FALLING, "b": SLOW}}, target=1e-9))))
    assert points(figure.axes[0], "curve a")[:, 1].max() == 0
    assert "not reached in 8 of 8 runs" in caption(figure)


def test_the_ecdf_goes_over_runs_and_targets() -> None:
    """The share at the end is that of a count over runs and fifty targets; all curves end together."""
    figure = rendered(ecdf(View(measured({"p": {"fast": FALLING, "slow": SLOW}}))))
    (ax,) = figure.axes
    targets = np.geomspace(1.0, 0.1, 50)
    targets[-1] = 0.1
    for label, runs in (("fast", FALLING), ("slow", SLOW)):
        share = np.mean([min(run) <= targets for run in runs])
        drawn = points(ax, f"curve {label}")
        assert drawn[-1].tolist() == [3, pytest.approx(100 * share)]
    assert ends(ax) == ["fast", "slow"]
    assert "Hoeffding" in caption(figure)
    assert "1 of slow diverged" in caption(figure)


def test_an_ecdf_needs_measurements() -> None:
    """Final values alone have none; runs that never improve are a sentence."""
    assert ecdf(View(ended({"p": {"a": [1.0, 2.0]}}))) is None
    with pytest.raises(InputError, match="no run measured a test cost better than its first"):
        ecdf(View(measured({"p": {"a": [[1.0, 1.0, 1.0]]}})))
    assert ecdf(View(measured({"p": {"a": [[1.0, 0.5]]}}))) is None  # nobody knows when it got better


def test_the_profile_of_algoperf() -> None:
    """Steps are those of `analysis.performance_profile` over published times; scores stand beside the names, best first."""
    times = pd.read_csv(FOLDER / "algoperf_v05_external.csv", index_col="sub").T
    with style.theme():
        figure = rendered(profile_figure(times, "Who is fastest?"))
    (ax,) = figure.axes
    shares, scores = performance_profile(times), profile_score(times)
    for label in times:
        drawn = points(ax, f"curve {label}")
        for tau, percent in drawn[:-1]:
            assert percent == pytest.approx(100 * shares[label].loc[float(tau)])
        assert ax.get_xlim()[1] == drawn[-1, 0]
    assert ends(ax) == [f"{label} {score:.2f}" for label, score in scores.items()]
    assert "14 problems" in caption(figure)
    assert "relative to the 11 lines shown" in caption(figure)


def test_held_out_workloads_count_in_the_profile_of_algoperf() -> None:
    """The areas under the curves are the published scores, .7784 for the best; the caption says of which problems."""
    times = pd.read_csv(FOLDER / "algoperf_v05_external.csv", index_col="sub").T
    variants = held_out_by_name(times.index)
    with style.theme():
        figure = rendered(profile_figure(times, "Who is fastest?", held_out=variants))
    (ax,) = figure.axes
    scores = profile_score(times, held_out=variants, points=None).to_dict()
    for label in times:
        tau, percent = points(ax, f"curve {label}").T
        assert tau[-1] == 4
        assert (np.diff(tau) * percent[:-1]).sum() / 300 == pytest.approx(scores[label])
    assert ends(ax)[:2] == ["shampoo_submission 0.78", "schedule_free_adamw 0.71"]
    assert "Share of 8 problems" in caption(figure)
    assert "within 4 times the fastest on the 6 held-out variants of a problem too" in caption(figure)


def test_a_profile_is_of_median_times() -> None:
    """Where one is twice as slow on both problems its step is at 2; one problem alone has no profile."""
    quick, slow = [[1.0, 0.1, 0.1]] * 3, [[1.0, 0.9, 0.1]] * 3
    results = measured({"p": {"a": quick, "b": slow}, "q": {"a": quick, "b": slow}}, target=0.5)
    (ax,) = rendered(profile(View(results))).axes
    assert points(ax, "curve a")[0].tolist() == [1, 100]
    assert points(ax, "curve b")[:2].tolist() == [[1, 0], [2, 100]]
    assert profile(View(measured({"p": {"a": quick, "b": slow}}, target=0.5))) is None
    assert profile(View(measured({"p": {"a": quick, "b": slow}, "q": {"a": quick, "b": slow}}))) is None
    with pytest.raises(InputError, match="no line reaches the target 1e-09 on any problem"):
        profile(View(measured({"p": {"a": quick, "b": slow}, "q": {"a": quick, "b": slow}}, target=1e-9)))


def test_norms_are_three_panels_of_one_colour_each() -> None:
    """Gradient, update and weights stand below each other with the same x; the lines are medians over seeds, which end in a cross."""
    results = measured({"p": {"fast": FALLING[:3], "wild": [[1.0, np.inf, np.inf, np.inf]] * 3}})
    cost = results.history["test_cost"]
    history = results.history.assign(gradient_norm=cost, update_norm=10 * cost, weight_norm=100 * cost)
    with style.theme():
        figure = rendered(norms(View(replace(results, history=history))))
    assert [" ".join(ax.get_ylabel().split()) for ax in figure.axes] == [
        "norm of the gradient",
        "norm of the last update",
        "norm of the weights",
    ]
    medians = np.median(FALLING[:3], axis=0)
    for ax, size in zip(figure.axes, (1, 10, 100), strict=True):
        np.testing.assert_allclose(points(ax, "curve fast"), np.column_stack([range(4), size * medians]))
        outline = edges(ax, "fast")
        at = outline[outline[:, 0] == 2, 1]
        np.testing.assert_allclose([at.min(), at.max()], size * np.quantile([0.2, 0.6, 0.15], [0.25, 0.75]))
        assert points(ax, "lost wild").tolist() == [[0, size]]
        assert ax.get_yscale() == "log"
        assert ax.get_xlim() == figure.axes[0].get_xlim()
    colours = [{line.get_gid(): line.get_color() for line in ax.get_lines()} for ax in figure.axes]
    assert len({str(one["curve fast"]) for one in colours}) == 1
    assert "Did not last: 3 of wild diverged." in caption(figure)


def test_a_norm_that_was_measured_once_is_a_point() -> None:
    """As that of the update of a run that was measured at its start and its end: no line goes through one point."""
    results = measured({"p": {"a": [[1.0, 0.5]] * 2}})
    norm = pd.Series(np.where(results.history["epoch"] > 0, 0.25, np.nan))
    (ax,) = rendered(norms(View(replace(results, history=results.history.assign(update_norm=norm))))).axes
    assert [point.tolist() for point in points(ax, "point a") if np.isfinite(point).all()] == [[1, 0.25]]


def test_the_expected_best_does_not_squeeze_the_others() -> None:
    """Where one bad trial draws it up the axis is logarithmic, though the medians are near each other."""
    results = searched({"a": [1.0, 1.1, 1.2, 1.3, 40.0], "b": [1.0, 1.1, 1.2, 1.3, 1.4]})
    assert rendered(tuning(View(results))).axes[0].get_yscale() == "log"


def test_norms_need_norms() -> None:
    """Results without any have no such picture."""
    assert norms(View(ended({"p": {"a": [1.0, 2.0]}}))) is None


@pytest.mark.parametrize("draw_it", [arrival, ecdf])
def test_the_order_of_runs_changes_nothing(draw_it: Any) -> None:
    """Shuffled rows are the same curves under the same names."""
    results = measured({"p": {"fast": FALLING, "slow": SLOW}}, target=0.3, control="fast")
    first, second = (rendered(draw_it(View(one))) for one in (results, shuffled(results)))
    for label in ("fast", "slow"):
        np.testing.assert_array_equal(points(first.axes[0], f"curve {label}"), points(second.axes[0], f"curve {label}"))
    assert ends(first.axes[0]) == ends(second.axes[0])


def test_of_very_many_lines_only_those_that_are_drawn_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those that arrive the soonest, in the order that they have among fewer; the caption counts all."""
    lines = {f"m{k:03}": [[1.0] * (1 + (k * 7) % 40) + [0.1] * 2] for k in range(40)}
    asked: list[int] = []
    monkeypatch.setattr("optilab.figures.arrival.DRAWN", 30)
    monkeypatch.setattr("optilab.figures.arrival.survival", lambda *given: asked.append(1) or survival(*given))
    figure = arrival(View(measured({"p": lines}, target=0.5)))
    assert figure is not None
    assert len(asked) == 30
    soonest = sorted(lines, key=lambda label: len(lines[label][0]))
    assert [ax.get_title(loc="left") for ax in figure.axes] == soonest[:24]
    assert "The best 24 of 40 lines have panels." in caption(figure)


@pytest.mark.parametrize("draw_it", [arrival, ecdf, tuning])
def test_one_column_and_odd_names(draw_it: Any) -> None:
    """In 3.3 inches, with names that are markup, formulas and escape codes, nothing warns, and no name is a formula."""
    values = dict.fromkeys(("$x$", "<b>&", "\x1b[31mred", "\u202eabc", "y" * 300), FALLING[:2])
    results = measured({"p": values}, target=0.3)
    if draw_it is tuning:
        results = searched({name: [1.0, 2.0] for name in values})
    with style.theme(Look(width=3.3)):
        figure = rendered(draw_it(View(results)))
    titles = [ax.get_title(loc="left").split("\n")[0] for ax in figure.axes]
    assert len(titles) == 5
    assert {r"\$x\$", "<b>&"} <= set(titles)
    assert max(map(len, titles)) <= 24


def test_very_many_lines_are_counted() -> None:
    """Of thirty lines the best 24 have panels, or names where there are several problems, and the caption says so."""
    lines = {f"m{k:02}": [[1.0, 0.5 + 0.01 * k]] for k in range(30)}
    figure = arrival(View(measured({"p": lines}, target=0.6)))
    assert figure is not None
    assert len(figure.axes) == 24
    assert "The best 24 of 30 lines have panels." in caption(figure)
    assert [ax.get_title(loc="left") for ax in figure.axes][:2] == ["m00", "m01"]
    figure = arrival(View(measured({"p": lines, "q": lines}, target=0.6)))
    assert figure is not None
    assert [len(ends(ax)) for ax in figure.axes] == [24, 24]
    assert "The best 24 of 30 lines are named." in caption(figure)
