"""Win rates and ranks of results: cells are those of the statistics, and what doesn't fit says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from figures.made_up import ended, measured
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from optilab.analysis.duels import win_rates
from optilab.analysis.measured import final_values
from optilab.errors import InputError
from optilab.figures.draw import draw
from optilab.figures.ranks import ranks
from optilab.figures.view import View
from optilab.figures.wins import wins
from optilab.plots import style
from optilab.plots.look import Look
from optilab.plots.palette import contrast
from pictures import rendered

TWO = {
    "p": {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 1.0], "c": [9.0, 8.0, np.inf]},
    "q": {"a": [1.0, 1.0], "b": [0.3, 0.5], "c": [0.1, 7.0]},
}


def cells(figure: Figure) -> dict[tuple[int, int], Any]:
    """The texts of cells, by row and column."""
    found = [text for text in figure.axes[0].texts if str(text.get_gid()).startswith("cell ")]
    return {tuple(map(int, str(text.get_gid()).split()[1:])): text for text in found}  # type: ignore[misc]


def caption(figure: Figure) -> str:
    """The caption on one line."""
    return " ".join(figure.get_supxlabel().split())


def test_cells_are_win_rates_in_percent() -> None:
    """Each cell says how often its row wins against its column; the diagonal is empty; the best mean rank is on top."""
    results = ended(TWO)
    figure = rendered(wins(View(results)))
    rates = win_rates(final_values(results.runs, "test_cost")).rates
    assert [text.get_text().split() for text in figure.axes[0].get_yticklabels()] == [
        ["b", "1"],
        ["a", "2"],
        ["c", "3"],
    ]
    for (row, column), text in cells(figure).items():
        one, other = "bac"[row], "bac"[column]
        assert text.get_text() == ("" if row == column else f"{100 * rates[other][one]:.0f}")
    assert "5 pairs each, over 3 seeds (0 to 2) of 2 problems, which have the same weight" in caption(figure)
    assert "Did not last: 1 of c diverged on p." in caption(figure)


@pytest.mark.parametrize("dark", [False, True])
def test_every_number_can_be_read(dark: bool) -> None:
    """Each text has a contrast of at least 4.5 to the colour of its cell, on white and on black."""
    rng = np.random.default_rng(1)
    results = ended({"p": {f"m{k:02}": list(rng.random(20) + 0.03 * k) for k in range(20)}})
    with style.theme(Look(width=3.3, dark=dark)):
        figure = rendered(wins(View(results)))
    (image,) = figure.axes[0].get_images()
    colours = image.to_rgba(np.asarray(image.get_array()))
    for (row, column), text in cells(figure).items():
        if row != column:
            assert contrast(to_rgb(text.get_color()), tuple(colours[row, column][:3])) >= 4.5
    boxes = {key: text.get_window_extent() for key, text in cells(figure).items() if text.get_text()}
    assert not any(boxes[key].overlaps(boxes[key[0], key[1] + 1]) for key in boxes if (key[0], key[1] + 1) in boxes)


@pytest.mark.parametrize("count", [2, 5])
def test_the_matrix_is_as_wide_as_the_figure(count: int) -> None:
    """No third of the picture is empty."""
    results = ended({"p": {f"m{k}": [0.1 + k, 0.2 + k] for k in range(count)}})
    with style.theme():
        figure = rendered(wins(View(results)))
    ax = figure.axes[0]
    assert ax.get_window_extent().x1 > 0.97 * figure.get_window_extent().x1


def test_what_is_never_paired_has_a_dash() -> None:
    """Without a seed in common there is a dash, and the caption explains it."""
    results = ended({"p": {"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 3.0], "c": [2.0, 3.0, 4.0, 5.0]}})
    runs = results.runs[(results.runs["label"] != "c") | (results.runs["seed"] > 1)]
    figure = rendered(wins(View(type(results)(results.folder, runs, results.history, None, results.question))))
    assert sum(text.get_text() == "–" for text in cells(figure).values()) == 2
    assert "– : no seed in common" in caption(figure)


def test_what_does_not_fit_says_what_it_takes() -> None:
    """One pair of runs has no win rate and one problem no ranks; the message says what would be needed."""
    single = ended({"p": {"a": [1.0], "b": [2.0]}})
    assert wins(View(single)) is None
    assert ranks(View(single)) is None
    with pytest.raises(
        InputError, match="'ranks' doesn't fit these results: it takes two problems or more, and two lines"
    ):
        draw(single, ("ranks",), train_again=lambda *_: None)  # type: ignore[arg-type]
    curves = measured({"p": {"a": [[2.0, 1.0]]}, "q": {"a": [[2.0, 1.0]]}})
    with pytest.raises(InputError, match=r"'profile' doesn't fit these results: .*a target in the question"):
        draw(curves, ("profile",), train_again=lambda *_: None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no run lasted to a finite test cost"):
        wins(View(ended({"p": {"a": [np.inf] * 2, "b": [np.inf] * 2}})))


def test_ranks_are_of_medians_over_seeds() -> None:
    """On each problem the lowest median has rank 1; a line that is missing on a problem is left out by name."""
    values = {**TWO, "r": {"a": [2.0], "b": [1.0]}}
    with style.theme():
        figure = rendered(ranks(View(ended(values))))
    told = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "name"]
    assert told == ["b  1.17", "1.83  a"]  # on p the medians 2 and 2 tie
    assert "Left out, as they did not run on all problems: c." in caption(figure)
    assert "Beware: 2 methods on 3 problems" in caption(figure)
