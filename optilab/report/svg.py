"""Figures as SVG inside of a page: their colours follow the page's theme, and the page needs no inline styles for them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from optilab.plots import style
from optilab.plots.layout import settled
from optilab.report.html import Html, text
from optilab.report.polylines import simplified

_STYLE = re.compile(r' style="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_PATH = re.compile(r' d="([^"]*)"')
_GREY = re.compile(r"#([0-9a-f]{2})\1\1")
_FONT = re.compile(r"(?:(italic|oblique) )?(?:(bold|\d+) )?([\d.]+)px (.*)")
_IDENTITY = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]*)')
_TAG = re.compile(r"<[^>]*>")
_MARK = re.compile(r'(<use href="[^"]*" x="[^"]*" y="[^"]*")([^>]*)/>')
_MARKS = re.compile(rf"(?:{_MARK.pattern}\n){{2,}}")
_COMMANDS = re.compile(r" ?(?=[A-Za-z])")
_FEW, _TOLERANCE = 6, 0.15  # points of a path that are all kept; points of print that a line may be moved by


def inline(figure: Figure, name: str, description: str, colours: Mapping[str, str]) -> Html:
    """A figure as an SVG element.

    name: begins its identities, so that several of them can stand on one page. description: what it shows, for those who don't see it.
    colours: what stands for a colour on the page, by its hexadecimal notation.

    Greys become shares of the page's text colour; styles become attributes, for the page's policy allows no inline styles; text stays
    text; numbers are as exact as a screen or a printer shows.
    """
    file = io.StringIO()
    with settled(figure) as box, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "optilab"}):
        figure.savefig(file, format="svg", bbox_inches=box, metadata={"Creator": None, "Date": None})
    found = file.getvalue()
    found = found[found.index("<svg") :].rstrip()
    found = re.sub(r"<metadata>.*?</metadata>", "", found, flags=re.DOTALL)
    found = re.sub(r"<style[^>]*>.*?</style>", "", found, flags=re.DOTALL)
    found = re.sub(r"<!--.*?-->", "", found, flags=re.DOTALL)
    found = _STYLE.sub(lambda match: _as_attributes(match[1], colours), found)
    found = _without_background(found.replace("xlink:href", "href"))
    known = set(_REFERENCE.findall(found))  # others, such as names of groups, nobody looks for
    found = _IDENTITY.sub(lambda match: f' id="{name}-{match[1]}"' if match[1] in known else "", found)
    found = _REFERENCE.sub(lambda match: match[0].replace("#", f"#{name}-", 1), found)
    found = _PATH.sub(_shorter, found)
    found = _TAG.sub(lambda tag: _LONG.sub(_rounded, tag[0]), found)
    found = re.sub(r"\n\s*", "\n", found)
    found = _MARKS.sub(_together, found)
    head = f'<svg role="img" aria-label="{text(description)}" class="picture" viewBox="{_view_box(found)}"'
    return Html(re.sub(r"^<svg[^>]*>", f"{head}>", found))


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _view_box(svg: str) -> str:
    found = re.search(r'viewBox="([^"]*)"', svg)
    return found[1] if found else "0 0 100 100"


def _as_attributes(declarations: str, colours: Mapping[str, str]) -> str:
    """A list of CSS declarations as attributes of SVG."""
    pairs = (declaration.partition(":") for declaration in declarations.split(";") if declaration.strip())
    given = {key.strip(): value.strip() for key, _, value in pairs}
    given |= _font(given.pop("font", ""))
    given.pop("font-family", None)  # the page's
    for key in ("fill", "stroke"):
        value = given.get(key, "none")
        given |= (
            {key: colours[value]} if value in colours else _paint(key, value, float(given.get(f"{key}-opacity", 1)))
        )
    return "".join(f' {key}="{value}"' for key, value in given.items())


def _font(value: str) -> dict[str, str]:
    """The shorthand, which is no attribute, without its family: that is the page's."""
    match = _FONT.fullmatch(value)
    if match is None:
        return {}
    slant, weight, size, _family = match.groups()
    found = {"font-size": size, "font-style": slant, "font-weight": weight}
    return {key: value for key, value in found.items() if value}


def _paint(key: str, value: str, opacity: float) -> dict[str, str]:
    """A colour. Greys are shares of the text's colour, so that they show on any background."""
    grey = _GREY.fullmatch(value)
    if grey is None:
        return {}
    ink = int(to_hex(style.shade(0))[1:3], 16)
    share = min(1.0, (255 - int(grey[1], 16)) / (255 - ink))
    if share == 0:
        return {key: "var(--paper)"}
    return {key: "currentColor"} | ({f"{key}-opacity": f"{share * opacity:.2f}"} if share * opacity < 1 else {})


def _shorter(path: re.Match[str]) -> str:
    """The data of a path with one digit after the point, without points that show nothing, and without what follows from what stands before."""
    parts = [part.strip() for part in _COMMANDS.split(" ".join(path[1].split())) if part.strip()]
    written = []
    start = 0
    while start < len(parts):  # by runs of lines, each with the point where it begins
        end = start + 1
        while end < len(parts) and parts[end][0] == "L" and parts[start][0] in "ML":
            end += 1
        written += _kept(parts[start:end])
        start = end
    shorter = [
        part[1:].strip() if part[0] == "L" and k and written[k - 1][0] in "ML" else part
        for k, part in enumerate(_NUMBER.sub(_one_digit, part) for part in written)
    ]
    return f' d="{" ".join(shorter)}"'


def _kept(parts: list[str]) -> list[str]:
    if len(parts) <= _FEW:
        return parts
    points = np.array([part[1:].split() for part in parts], np.float64)
    return [parts[k] for k in simplified(points, _TOLERANCE)]


def _one_digit(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _together(marks: re.Match[str]) -> str:
    """Marks one after the other, with what those that look alike have in common written once."""
    written = []
    for look, own in groupby(_MARK.findall(marks[0]), key=itemgetter(1)):
        places = "\n".join(f"{place}/>" for place, _ in own)
        written.append(f"<g{look}>\n{places}\n</g>\n")
    return "".join(written)


def _without_background(svg: str) -> str:
    """The first patch is the figure's background, which is the page's."""
    return re.sub(r'(<g id="patch_1">\s*<path [^>]*?)fill="[^"]*"', r'\1fill="none"', svg, count=1)
