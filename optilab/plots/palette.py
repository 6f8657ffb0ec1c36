"""Colours that colour-blind people tell apart, given to labels by their names; and what can be read on which ground."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

# Found by annealing: of the first eight any two are far apart (CIEDE2000) as all, protanopes, deuteranopes and tritanopes see
# them, and each has a contrast of 3 or more to white. The other four are for the ninth to the twelfth label.
COLOURS = (
    "#3f4a79",
    "#f55b88",
    "#0fa38e",
    "#8b83ff",
    "#581f26",
    "#b2320a",
    "#ab9105",
    "#9500fa",
    "#0f7f9e",
    "#5d7a2b",
    "#b04fb0",
    "#6b6b6b",
)
FIRST = 8  # colours that are used before the others
MARKERS = (
    "o",
    "s",
    "^",
    "D",
    "v",
    "P",
    "<",
    "h",
    ">",
    "p",
    "d",
    "8",
)  # of each colour one, for those who see only greys
_DASHES = ("-", (0, (6, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1.5)), (0, (9, 2, 1, 2, 1, 2)))
DASHES = _DASHES + _DASHES
LEAST = 3.0  # contrast of a line to its ground: WCAG 2.2, 1.4.11
_SALT = "348"  # with it the names that experiments/ compares get colours of their own


def luminance(colour: object) -> float:
    """Relative luminance of a colour, 0 for black and 1 for white. Source: WCAG 2.2, "relative luminance"."""
    values = _rgb(colour)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: object, other: object) -> float:
    """Contrast of two colours, from 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: object, ink: object, paper: object, least: float = LEAST) -> str:
    """The colour, with as much of the ink as it needs for that contrast to the paper, or the ink."""
    own, dark = _rgb(colour), _rgb(ink)
    for share in np.linspace(0, 1, 41):
        red, green, blue = own + share * (dark - own)
        mixed = to_hex((red, green, blue))
        if contrast(mixed, paper) >= least:
            break
    return mixed


@cache
def on(ink: tuple[float, float, float], paper: tuple[float, float, float]) -> tuple[str, ...]:
    """The colours, each with a contrast of 3 or more to the paper."""
    return tuple(readable(colour, ink, paper) for colour in COLOURS)


def places(labels: Iterable[str], count: int) -> dict[str, int]:
    """A place from 0 to `count` - 1 for each of at most `count` labels, by their names alone, whatever their order.

    Each label would take places in an order of its own; where two want one, it goes to that whose name ranks first there, and
    the other goes on to its next. A further label so moves others only where it takes a place from one. (Gale and Shapley's
    stable matching, American Mathematical Monthly 69, 1962.)
    """
    free: list[str] = sorted(set(labels), reverse=True)
    holders: dict[int, str] = {}
    wishes = {label: _order(label, count) for label in free}
    while free:
        label = free.pop()
        place = wishes[label].pop(0)
        holder = holders.get(place)
        if holder is None or _rank(label, place) < _rank(holder, place):
            holders[place] = label
            free += [holder] if holder is not None else []
        else:
            free.append(label)
    return {label: place for place, label in holders.items()}


def _order(label: str, count: int) -> list[int]:
    """Places in the order in which a label wants them: the first ones before the others."""
    return sorted(range(count), key=lambda place: (place >= FIRST, _rank(label, place)))


def _rank(label: str, place: int) -> bytes:
    text = f"{_SALT}\0{place}\0{label}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def slot(colours: Sequence[str], colour: object) -> int | None:
    """The place of a colour among `colours`; None for another one."""
    red, green, blue = _rgb(colour)
    found = to_hex((red, green, blue))
    return colours.index(found) if found in colours else None


def _rgb(colour: object) -> NDArray[np.float64]:
    return np.array(to_rgb(colour), np.float64)  # type: ignore[arg-type]
