"""Figures as files of several formats."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from optilab import InputError
from optilab.figures.saving import FORMATS, check_formats, save

HEADS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def figure() -> Figure:
    """A line with a title and a legend."""
    made = Figure(layout="constrained")
    ax = made.subplots()
    ax.plot([1, 2, 4], label="ours & theirs")
    ax.set_title("Which is <better>?")
    ax.legend()
    return made


def test_each_format_is_what_its_suffix_says(tmp_path: Path) -> None:
    """All formats are written beside each other, under one name that may have dots."""
    paths = save(figure(), tmp_path / "cost.v2", FORMATS)
    assert [path.name for path in paths] == ["cost.v2.png", "cost.v2.svg", "cost.v2.pdf"]
    assert {path.suffix[1:]: path.read_bytes()[: len(HEADS[path.suffix[1:]])] for path in paths} == HEADS
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_the_same_figure_is_the_same_file(tmp_path: Path) -> None:
    """No date and no random name is in a file."""
    first, second = ([path.read_bytes() for path in save(figure(), tmp_path / name, FORMATS)] for name in "ab")
    assert first == second


def test_text_stays_text(tmp_path: Path) -> None:
    """In SVG it can be searched; in PDF letters are glyphs of a TrueType font, not drawings."""
    svg, pdf = save(figure(), tmp_path / "picture", ("svg", "pdf"))
    texts = [text for node in ElementTree.parse(svg).iter() if (text := (node.text or "").strip())]  # noqa: S314 our own file
    assert {"Which is <better>?", "ours & theirs"} <= set(texts)
    assert b"/FontFile2" in pdf.read_bytes()
    assert b"/Type3" not in pdf.read_bytes()


def test_formats_and_places_that_there_are_not(tmp_path: Path) -> None:
    """A near name is suggested; a folder that is missing is named."""
    with pytest.raises(InputError, match="unknown format 'pgn': did you mean 'png'"):
        check_formats(["svg", "pgn"])
    with pytest.raises(InputError, match=r"can't write .*gone/picture\.svg"):
        save(figure(), tmp_path / "gone" / "picture", ("svg",))


def test_a_picture_is_as_wide_as_its_figure(tmp_path: Path) -> None:
    """Whatever stands on it, so that it fits a journal's column; but nothing that sticks out is cut off."""
    widths = []
    for width, sticks_out in ((3.3, False), (7.0, False), (3.3, True)):
        made = Figure(figsize=(width, 3), layout="constrained", dpi=100)
        made.subplots().plot([1, 2])
        if sticks_out:
            made.text(0.9, 0.5, "a text that sticks out of the figure on its right")
        (path,) = save(made, tmp_path / "p", ("png",))
        widths.append(imread(path).shape[1] / made.dpi)
    assert widths[:2] == [3.3, 7.0]
    assert widths[2] > 4
