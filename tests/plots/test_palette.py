"""Colours of labels: who can tell them apart, on which paper, and that they stay."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plots.vision import VISIONS, ciede2000, seen

from optilab.plots import palette, style
from optilab.plots.look import STYLES, Look

LOOKS = [Look(), Look(dark=True)]
names = st.lists(st.text("abcd ,|", min_size=1, max_size=6), unique=True, max_size=20)


def given_out(look: Look, count: int) -> list[str]:
    """The colours of a look, in the order in which places are numbered."""
    with style.theme(look):
        return list(palette.on(style.shade(0), style.shade(1)))[:count]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_distance_is_that_of_its_authors(one: tuple[float, ...], other: tuple[float, ...], distance: float) -> None:
    """It agrees with the test data of Sharma, Wu and Dalal (2005), table 1."""
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_the_first_eight_are_told_apart(look: Look, vision: str) -> None:
    """Any two are at least 12 apart (CIEDE2000) for colour-blind people, and 19 for others; 2 is just seen."""
    least = min(ciede2000(seen(a, vision), seen(b, vision)) for a, b in combinations(given_out(look, 8), 2))
    assert least > (19 if vision == "usual" else 12)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_all_twelve_differ_for_most_people(look: Look) -> None:
    """Any two are at least 10 apart for those who see all colours."""
    least = min(ciede2000(seen(a, "usual"), seen(b, "usual")) for a, b in combinations(given_out(look, 12), 2))
    assert least > 10


@pytest.mark.parametrize("look", [Look(name, None, dark) for name in STYLES for dark in (False, True)], ids=str)
def test_lines_stand_out_and_text_is_read(look: Look) -> None:
    """A line has a contrast of 3 to the paper, and its name, as a caption, one of 4.5 (WCAG 2.2)."""
    with style.theme(look):
        paper = style.shade(1)
        for colour in style.colours("abcdefghijkl").values():
            assert palette.contrast(colour, paper) >= 3
            assert palette.contrast(style.readable(colour), paper) >= 4.5
        assert palette.contrast(style.shade(0.2), paper) >= 4.5
        assert palette.contrast(style.shade(0), paper) >= 12


def test_contrast_is_that_of_the_standard() -> None:
    """Black on white has 21, a colour on itself 1, and #767676 on white just enough to be read."""
    assert palette.contrast("black", "white") == pytest.approx(21)
    assert palette.contrast("red", "red") == 1
    assert palette.contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


def test_each_colour_has_a_marker_of_its_own() -> None:
    """Twelve labels have twelve markers, and of the first eight no two share a dash with the same marker, for grey print."""
    with style.theme():
        drawn = list(style.colours("abcdefghijkl").values())
        assert len({style.marker_of(colour) for colour in drawn}) == 12
        assert "x" not in {style.marker_of(colour) for colour in drawn}
        assert len({(str(style.dash_of(colour)), style.marker_of(colour)) for colour in drawn}) == 12
        assert style.marker_of(style.grey()) == "o"
        assert style.dash_of(style.grey()) == "-"


@given(names, st.randoms())
def test_the_order_of_labels_changes_nothing(labels: list[str], chance: object) -> None:
    """Twelve labels or fewer have the same colours in whatever order they come, each its own."""
    labels = labels[:12]
    shuffled = sorted(labels, key=lambda _: chance.random())  # type: ignore[attr-defined]
    found = palette.places(labels, 12)
    assert found == palette.places(shuffled, 12)
    assert set(found) == set(labels)
    assert len(set(found.values())) == len(labels)
    assert len(labels) > 8 or all(place < 8 for place in found.values())


@given(names.filter(lambda found: 0 < len(found) <= 8))
def test_a_further_label_moves_others_only_from_its_own_place(labels: list[str]) -> None:
    """Where the place that it gets was free, all others keep theirs."""
    *before, new = labels
    old, found = palette.places(before, 12), palette.places(labels, 12)
    if found[new] not in old.values():
        assert {label: found[label] for label in before} == old


def test_a_label_has_one_colour_in_most_experiments() -> None:
    """With others that don't want its colour, it keeps it: the lines of the bundled experiments have theirs in all of them."""
    experiments = [
        ["gradient_descent", "sgd", "sgd, cosine", "momentum", "adam", "adam, cosine", "sam | momentum"],
        ["gradient_descent", "momentum", "nesterov", "adam", "rmsprop"],
    ]
    with style.theme():
        first, second = (style.colours(labels) for labels in experiments)
    assert {label: first[label] for label in first.keys() & second.keys()} == {
        label: second[label] for label in first.keys() & second.keys()
    }
    assert len(first.keys() & second.keys()) == 3


def test_of_many_labels_the_first_have_colours() -> None:
    """Of twenty labels the first twelve that are asked for have colours, the rest are grey."""
    labels = [f"line {k}" for k in range(20)]
    with style.theme():
        found = style.colours_of(labels, reversed(labels))
        few = style.colours_of(labels, reversed(labels), most=8)
        grey = style.grey()
    assert [label for label, colour in found.items() if colour != grey] == labels[::-1][:12]
    assert [label for label, colour in few.items() if colour != grey] == labels[::-1][:8]
