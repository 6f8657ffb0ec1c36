"""The colours of the page's lines: those of pictures, on light and on dark paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.colors import to_hex

from optilab.plots import style
from optilab.plots.look import Look
from optilab.report.source import Source


@dataclass(frozen=True)
class Colour:
    """The colour of a label on a light and on a dark page, and of text on the light one."""

    light: str
    dark: str
    text: str


def colours_of(sources: Sequence[Source]) -> dict[str, Colour]:
    """The colour of each label: those of pictures on white, and on dark paper."""
    labels = list(dict.fromkeys(str(label) for source in sources for label in source.results.runs["label"]))
    with style.theme(Look(dark=True)):
        dark = {label: _hexadecimal(colour) for label, colour in style.colours_of(labels, labels).items()}
    with style.theme():
        light = {label: _hexadecimal(colour) for label, colour in style.colours_of(labels, labels).items()}
        of_text = {colour: _hexadecimal(style.readable(colour)) for colour in set(light.values())}
        return {label: Colour(light[label], dark[label], of_text[light[label]]) for label in labels}


def _hexadecimal(colour: Any) -> str:
    return str(to_hex(colour))
