"""Marks on plots: targets, hollow ends, seeds that part, ends beside names, chosen and diverged settings, tiles."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from optilab.plots import style
from optilab.plots.convergence import convergence
from optilab.plots.final_values import final_values
from optilab.plots.heatmap import heatmap, scale_of
from optilab.plots.sensitivity import sensitivity
from optilab.records.shown import Shown
from pictures import rendered


@pytest.fixture
def ax() -> Iterator[Axes]:
    """Axes in the usual look."""
    with style.theme():
        figure, found = plt.subplots()
        yield found
        rendered(figure)
        plt.close(figure)


def lines_of(**values: list[float]) -> pd.DataFrame:
    """Lines, one measurement a step, with a band of a tenth."""
    parts = [
        pd.DataFrame({"label": label, "x": np.arange(len(line)), "median": line}).assign(
            low=0.9 * np.array(line), high=1.1 * np.array(line)
        )
        for label, line in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def runs_of(**values: list[list[float]]) -> pd.DataFrame:
    """Single runs, one measurement a step."""
    parts = [
        pd.DataFrame({"label": label, "run_id": f"{label}{k}", "x": np.arange(len(run)), "y": run})
        for label, runs in values.items()
        for k, run in enumerate(runs)
    ]
    return pd.concat(parts, ignore_index=True)


def called(ax: Axes, name: str) -> list[Line2D]:
    """Lines of a kind."""
    return [line for line in ax.get_lines() if line.get_label() == name]


def place(line: Line2D) -> list[list[float]]:
    """Where a line's points are."""
    found: list[list[float]] = np.column_stack(
        [np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)]
    ).tolist()
    return found


def test_a_target_is_a_line_with_a_tick_where_each_median_reaches_it(ax: Axes) -> None:
    """The tick stands at the first measurement at or below it, in the line's colour; a line that never does has none."""
    palette = style.colours(["a", "b", "c"])
    lines = lines_of(a=[1.0, 0.4, 0.1], b=[1.0, 0.9, 0.2], c=[1.0, 0.9, 0.8])
    convergence(lines, ax, x="step", colours=palette, target=0.4)
    (line,) = called(ax, "_target")
    assert np.asarray(line.get_ydata()).tolist() == [0.4, 0.4]
    ticks = {str(tick.get_color()): place(tick) for tick in called(ax, "_reached")}
    assert ticks == {palette["a"]: [[1, 0.4]], palette["b"]: [[2, 0.4]], palette["c"]: []}
    assert ax.get_ylim()[0] < 0.1


def test_a_target_beyond_all_lines_is_in_the_picture(ax: Axes) -> None:
    """The axis goes on to it."""
    convergence(lines_of(a=[1.0, 0.4, 0.1]), ax, x="step", colours=style.colours("a"), target=0.001)
    assert ax.get_ylim()[0] <= 0.001


def test_what_is_no_result_before_its_end_has_a_hollow_end(ax: Axes) -> None:
    """Such a line is thinner, and its last marker is filled with the paper; others are filled with their colour."""
    palette = style.colours(["a", "b"])
    convergence(lines_of(a=[1, 0.5], b=[1, 0.1]), ax, x="step", colours=palette, unfinished={"a"})
    hollow, filled = called(ax, "_end")
    assert to_hex(hollow.get_markerfacecolor()) == to_hex(style.shade(1))
    assert hollow.get_markeredgecolor() == palette["a"]
    assert filled.get_markerfacecolor() == palette["b"]
    (thin,), (thick,) = called(ax, "a"), called(ax, "b")
    assert thin.get_linewidth() < thick.get_linewidth()


def test_seeds_that_part_are_drawn_each_without_median_and_band(ax: Axes) -> None:
    """Its lines are the runs; the other label has its median, its band, and its runs faintly."""
    runs = runs_of(a=[[1, 0.1], [1, 0.9]], b=[[1, 0.5], [1, 0.3]])
    convergence(
        lines_of(a=[1, 0.5], b=[1, 0.4]), ax, x="step", colours=style.colours(["a", "b"]), seeds=runs, parted={"a"}
    )
    drawn = [place(line) for line in [*called(ax, "a"), *called(ax, "_seed")]]
    assert drawn == [[[0, 1], [1, 0.1]], [[0, 1], [1, 0.9]]]
    assert [place(line) for line in called(ax, "b")] == [[[0, 1], [1, 0.4]]]
    assert len([one for one in ax.collections if isinstance(one, PolyCollection)]) == 1
    (faint,) = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert [segment.tolist() for segment in faint.get_segments()] == [[[0, 1], [1, 0.5]], [[0, 1], [1, 0.3]]]


def test_linear_convergence_is_straight(ax: Axes) -> None:
    """The axis of steps is linear under a logarithmic cost; over lines of very different lengths it is logarithmic."""
    convergence(lines_of(a=[0.5**k for k in range(40)]), ax, x="step", colours=style.colours("a"))
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    ax.clear()
    short = lines_of(a=[1.0, 0.5, 0.1], b=[1.0, 0.5, 0.1])
    convergence(
        short.assign(x=short["x"] * [1, 1, 1, 2000, 2000, 2000]), ax, x="step", colours=style.colours("ab"), log_x=True
    )
    assert ax.get_xscale() == "linear"  # first measurements lie decades apart, and would fill it with straight lines


def test_an_accuracy_is_an_error_rate_in_percent() -> None:
    """93.5 and 94.2 percent are errors of 6.5 and 5.8; a cost stays as it is."""
    assert Shown.of("test_accuracy").values(0.935) == pytest.approx(6.5)
    assert Shown.of("test_cost").values(0.935) == 0.935
    assert Shown.of("valid_accuracy").axis_as_shown == "validation error (%)"
    assert Shown.of("train_cost").axis_as_shown == "training cost"


def ends_of(**medians: float) -> pd.DataFrame:
    """Ends with a band of a tenth."""
    found = pd.DataFrame({"label": list(medians), "median": list(medians.values())})
    return found.assign(low=0.9 * found["median"], high=1.1 * found["median"])


def test_ends_are_dots_and_intervals_at_the_heights_of_their_names(ax: Axes) -> None:
    """A dot at the median, a bar over the band, a small dot a seed; one that is far off is an arrow with its value."""
    heights = {"a": 0.2, "b": 0.4, "c": 0.5, "d": 0.9}
    seeds = pd.DataFrame({"label": [*"aabbccd"], "y": [0.9, 1.1, 1.0, 1.2, 1.1, 1.3, 50.0]})
    final_values(
        ends_of(a=1.0, b=1.1, c=1.2, d=50.0), ax, seeds=seeds, places=heights, colours=style.colours([*"abcd"])
    )
    assert [place(line) for line in called(ax, "_end")] == [[[1.0, 0.2]], [[1.1, 0.4]], [[1.2, 0.5]]]
    np.testing.assert_allclose(place(called(ax, "_band")[0]), [[0.9, 0.2], [1.1, 0.2]])
    assert place(called(ax, "_seeds")[0]) == [[0.9, 0.2], [1.1, 0.2]]
    (arrow,) = called(ax, "_beyond")
    assert place(arrow) == [[ax.get_xlim()[1], 0.9]]
    assert [text.get_text() for text in ax.texts] == ["50"]
    assert ax.get_xlim()[1] < 2


def test_an_end_that_is_infinite_is_an_arrow(ax: Axes) -> None:
    """With its sign; what has fallen below rounding is one at the other edge."""
    seeds = pd.DataFrame({"label": ["a", "b"], "y": [1e-3, 1e-60]})
    ends = ends_of(a=1e-3, b=1e-60, c=np.inf)
    final_values(
        ends, ax, seeds=seeds, places={"a": 0.1, "b": 0.2, "c": 0.3}, colours=style.colours([*"abc"]), lowest=1e-16
    )
    low, high = ax.get_xlim()
    assert [place(line) for line in called(ax, "_beyond")] == [[[low, 0.2]], [[high, 0.3]]]
    assert [text.get_text() for text in ax.texts] == ["1e−60", "∞"]


def points_of() -> pd.DataFrame:
    """Two lines over four settings; of the last two of one, one of three runs and all of them diverged."""
    one = pd.DataFrame(
        {"label": "a", "x": [0.1, 0.2, 0.4, 0.8], "median": [3.0, 1.0, 2.0, np.inf], "finite": [3, 3, 2, 0]}
    )
    other = pd.DataFrame({"label": "b", "x": [0.1, 0.2, 0.4], "median": [4.0, 5.0, 6.0], "finite": 3})
    both = pd.concat([one, other], ignore_index=True).assign(seeds=3, scattered=False)
    return both.assign(low=both["median"], high=both["median"])


def test_settings_that_diverged_are_crosses_at_the_upper_edge(ax: Axes) -> None:
    """Above all that is finite; where not all runs did, the share stands beside it."""
    palette = style.colours([*"ab"])
    sensitivity(points_of(), ax, colours=palette, runs=pd.DataFrame({"label": ["a"], "x": [0.4], "y": [9.0]}))
    crosses = called(ax, "_diverged")
    assert [float(np.asarray(cross.get_xdata())[0]) for cross in crosses] == [0.4, 0.8]
    assert {cross.get_color() for cross in crosses} == {palette["a"]}
    assert [text.get_text() for text in ax.texts] == ["1/3"]
    heights = [float(np.asarray(cross.get_ydata())[0]) for cross in crosses]
    assert ax.transAxes.inverted().transform(ax.transData.transform((0.4, 9.0)))[1] < min(heights)
    assert max(heights) < 1


def test_the_chosen_setting_has_a_ring_and_each_run_a_dot(ax: Axes) -> None:
    """A ring around the median of the value that was chosen; a small dot for each finite run."""
    runs = pd.DataFrame({"label": [*"aab"], "x": [0.1, 0.1, 0.2], "y": [2.5, np.inf, 5.0]})
    sensitivity(points_of(), ax, colours=style.colours([*"ab"]), runs=runs, chosen={"a": 0.2, "b": 0.7})
    assert [place(ring) for ring in called(ax, "_chosen")] == [[[0.2, 1.0]]]
    assert [place(dots) for dots in called(ax, "_runs")] == [[[0.1, 2.5]], [[0.2, 5.0]]]


def cells_of() -> pd.DataFrame:
    """A grid of three times two cells, of which one diverged."""
    grid = [(x, y) for x in (0.1, 1.0, 10.0) for y in (0.0, 0.9)]
    return pd.DataFrame(grid, columns=["x", "y"]).assign(label="a", median=[3.0, 2.0, 1.0, 4.0, 50.0, np.inf])


def test_a_heat_map_has_a_tile_a_cell(ax: Axes) -> None:
    """Each tile has the colour of its median; that of a cell that diverged is hatched; the best has a ring, and ticks are values."""
    cells = cells_of()
    colours = scale_of(cells["median"])
    heatmap(cells, ax, x="lr", y="momentum", colours=colours)
    tiles = {tile.get_xy(): tile for tile in ax.patches if isinstance(tile, Rectangle)}
    assert len(tiles) == 6
    assert tiles[0.5, -0.5].get_facecolor() == pytest.approx(colours.to_rgba(np.array([1.0]))[0])
    assert tiles[1.5, 0.5].get_hatch()
    assert [key for key, tile in tiles.items() if tile.get_hatch()] == [(1.5, 0.5)]
    assert {tuple(map(float, place(ring)[0])) for ring in called(ax, "_best")} == {(1.0, 0.0)}
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0.1", "1", "10"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "0.9"]
    assert ax.get_xlabel() == "learning rate"


def test_sampled_cells_are_dots_where_they_are(ax: Axes) -> None:
    """Where hardly two share a value each is a dot at its values, and a cross where it diverged."""
    rng = np.random.default_rng(0)
    cells = pd.DataFrame(
        {"label": "a", "x": 10 ** rng.uniform(-4, 0, 20), "y": rng.uniform(0, 0.9, 20), "median": rng.uniform(1, 9, 20)}
    )
    cells.loc[3, "median"] = np.inf
    heatmap(cells, ax, x="lr", y="momentum", colours=scale_of(cells["median"]))
    (dots,) = ax.collections
    good = cells[np.isfinite(cells["median"])].sort_values("median", ascending=False)
    np.testing.assert_allclose(np.asarray(dots.get_offsets()), good[["x", "y"]])
    assert [place(cross) for cross in called(ax, "_diverged")] == [[[cells["x"][3], cells["y"][3]]]]
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize("values", [[1.0], [0.0, 0.0], [np.inf], [-1.0, 2.0], [1e-300, 1e90], [1.0, 1.1]], ids=str)
def test_any_values_have_colours(values: list[float]) -> None:
    """Equal, negative, tiny and infinite ones."""
    colours = scale_of(pd.Series(values))
    low, high = colours.get_clim()
    assert low < high
    assert np.isfinite(colours.to_rgba(np.array([value for value in values if np.isfinite(value)]))).all()
