"""Pictures of labels, classes and schedules of any name: text is drawn to the letter."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures.labels import LABELS, legend, optimizers
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from optilab.figures.convergence import convergence
from optilab.figures.draw import draw_schedules
from optilab.figures.path import path
from optilab.figures.sensitivity import sensitivity
from optilab.figures.view import View
from optilab.plots import images as image_plots
from optilab.plots.text import plain, wrapped
from optilab.store import Results
from pictures import draw, made, rendered

PNG = b"\x89PNG\r\n"
QUESTION = "Who $\\frac{ arrives\x1b[2J? " + "long " * 10**4


@pytest.fixture(scope="module")
def odd_names(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Results]:
    """Experiments on functions of one and of two weights, with odd labels and an endless question."""
    folder = tmp_path_factory.mktemp("odd")
    common = {"seeds": 1, "question": QUESTION, "optimizers": optimizers()}
    return {
        1: made(folder / "1", problem={"use": "two_valleys"}, **common),
        2: made(folder / "2", problems=[{"use": "bowl"}, {"use": "bowl", "condition": 2.5}], **common),
    }


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
    figure = rendered(draw_it(View(odd_names[weights])))
    stand = texts(figure)
    assert max(len(text) for text in stand) < 2500
    assert any(text.startswith(r"Who $\frac{ arrives\x1b[2J? long long") for text in stand)
    titles = [ax.get_title(loc="left").replace(r"\$", "$").replace("\n", "") for ax in figure.axes]
    everything = titles[: len(LABELS)] if draw_it is path else legend(figure)
    assert len(everything) == len(LABELS)
    for shown in filter(None, LABELS.values()):  # names beside lines are cut where there is no room for them
        assert any(name == shown or (name.endswith("…") and shown.startswith(name[:-1])) for name in everything)
    assert all(len(text) < 120 for text in everything)
    width, height = figure.get_tightbbox().size
    assert width < 24
    assert height < 16


def test_pictures_with_odd_names_are_written(odd_names: dict[int, Results]) -> None:
    """Their file names are of the kind of picture alone."""
    for results in odd_names.values():
        drawn = draw(results, ("convergence", "sensitivity", "path", "finals"))
        assert {path.name for path in drawn} == {"convergence.png", "sensitivity.png", "path.png", "finals.png"}
        assert all(path.read_bytes().startswith(PNG) for path in drawn)


def test_names_of_classes_are_drawn_as_text() -> None:
    """A class may be called anything."""
    figure, ax = plt.subplots()
    told = {"prediction": r"$\frac{", "truth": "_" + "y" * 10**5, "confidence": 0.25}
    image_plots.prediction(np.zeros((2, 2)), pd.Series(told), ax)
    rendered(figure)
    assert ax.get_title() == "\\$\\fra…,\nnot _yyyy…\n0.25"


def test_schedules_with_odd_names_are_drawn(tmp_path: Path) -> None:
    """Two schedules whose short names are the same are two curves, under what was asked for."""
    specs = ['{ use = "cosine", floor = 0.1234567 }', '{ use = "cosine", floor = 0.1234568 }', "linear"]
    assert draw_schedules(specs, 10**12, tmp_path / "s.png").read_bytes().startswith(PNG)
    figures: list[Figure] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
        draw_schedules(specs, 50, tmp_path / "s.png")
    (ax,) = figures[0].axes
    stand = [text.get_text() for text in ax.texts if text.get_gid() == "end"]
    assert sorted(stand) == ["cosine (floor=0.1234567)", "linear", "≈ cosine (floor=0.1234568)"]
    assert len({to_hex(line.get_color()) for line in ax.get_lines() if line.get_gid() not in ("hollow", "key")}) == 3
