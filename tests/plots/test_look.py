"""The look of pictures: widths, sizes of text, and what is refused."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from optilab.errors import InputError
from optilab.plots import style
from optilab.plots.look import STYLES, Look
from optilab.plots.text import breadth, fitted
from pictures import rendered

WIDTHS = (2.5, 3.3, 5.0, 7.0, 10.0, 20.0)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("width", WIDTHS)
def test_all_text_can_be_read_in_print(name: str, width: float) -> None:
    """At any width the smallest text has at least 6.5 points, and a figure is as wide as asked for."""
    with style.theme(Look(name, width)):
        assert style.width() == width
        for setting in ("xtick.labelsize", "ytick.labelsize", "legend.fontsize", "font.size", "axes.labelsize"):
            assert mpl.rcParams[setting] >= 6.5
        assert style.small() >= 6.5
        assert style.points(0.1) == 6.5


def test_sizes_are_those_that_journals_ask_for() -> None:
    """Paper: 9 points at 7 inches, 8 at 3.3, 300 dpi, thinner lines; a talk has larger text and thicker lines."""
    found = {}
    for look in (Look("paper"), Look("paper", 3.3), Look("screen"), Look("talk")):
        with style.theme(look):
            found[look] = (style.width(), style.points(), style.thickness(), mpl.rcParams["savefig.dpi"])
    assert found[Look("paper")][:2] == (7, 9)
    assert found[Look("paper", 3.3)][:2] == (3.3, 8)
    assert found[Look("paper")][2] < found[Look("screen")][2] < found[Look("talk")][2]
    assert found[Look("paper")][3] == found[Look("talk")][3] == 300
    assert found[Look("talk")][0] == 10
    assert found[Look("talk")][1] >= 16


def test_dark_is_light_on_dark() -> None:
    """Ink and paper change places, and a grey is as far between them."""
    with style.theme(Look(dark=True)):
        assert max(style.shade(1)) < 0.15
        assert min(style.shade(0)) > 0.9
        assert style.shade(0.5)[0] == pytest.approx((style.shade(0)[0] + style.shade(1)[0]) / 2)


def test_a_theme_ends_with_its_block() -> None:
    """No setting of matplotlib is changed afterwards."""
    before = dict(mpl.rcParams)
    with style.theme(Look("talk", 4, True)):
        assert dict(mpl.rcParams) != before
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("papers",), "unknown style 'papers': did you mean 'paper'"),
        (("paper", 1.0), "width = 1: accepted are 2.5 to 40 inches"),
        (("paper", float("nan")), "width = nan: accepted are 2.5 to 40 inches"),
        (("paper", 99), "width = 99: accepted are 2.5 to 40 inches"),
    ],
)
def test_a_look_that_there_is_not_is_told(arguments: tuple[object, ...], told: str) -> None:
    """Another style or width is one message with what is accepted."""
    with pytest.raises(InputError, match=told):
        Look(*arguments)  # type: ignore[arg-type]


def test_breadths_are_those_of_the_drawn_text() -> None:
    """The breadth of a text is that which the renderer finds, to 1 percent at any resolution."""
    text = r"Median and \$interquartile\$ band, 10 seeds (0 to 9)"
    for dpi in (72, 100, 160, 300):
        with style.theme():
            figure = mpl.figure.Figure(figsize=(7, 2), dpi=dpi)
            drawn = figure.text(0, 0, text, fontsize=9)
            rendered(figure)
            assert drawn.get_window_extent().width * 72 / dpi == pytest.approx(breadth(text, 9), rel=0.01)


@given(st.text(), st.floats(6.5, 20), st.floats(60, 400), st.integers(1, 4))
def test_fitted_text_fits(text: str, size: float, points: float, lines: int) -> None:
    """It has no more lines than allowed, and none is broader."""
    found = fitted(text, size, points, lines).split("\n")
    assert len(found) <= lines
    assert all(breadth(line, size) <= points or len(line) <= 4 for line in found)


@given(st.text(), st.floats(6.5, 20), st.floats(60, 400), st.sampled_from([72, 100, 160, 300]))
def test_fitted_text_fits_where_it_is_drawn(text: str, size: float, points: float, dpi: int) -> None:
    """A drawn line is no broader than asked, at any resolution."""
    with style.theme():
        figure = mpl.figure.Figure(dpi=dpi)
        line = figure.text(0, 0, fitted(text, size, points), fontsize=size)
        drawn = line.get_window_extent(FigureCanvasAgg(figure).get_renderer())
        assert drawn.width * 72 / dpi <= points or len(line.get_text()) <= 4
