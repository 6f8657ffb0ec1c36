"""The page as one file: its parts, its style and script, and the policy that lets nothing else run or load."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

from optilab.report.html import Html, data, join, tag

_ASSETS = resources.files("optilab.report") / "assets"


def asset(name: str) -> str:
    """The text of a file that comes with the package."""
    return (_ASSETS / name).read_text("utf-8")


def page(title: str, body: Html, content: object, colours: Sequence[tuple[str, str]]) -> str:
    """The whole file.

    content: what the script shows, as JSON. colours: for each line a colour on a light, and one on a dark page.
    """
    styles = asset("uPlot.min.css") + asset("report.css") + _variables(colours)
    scripts = [asset("uPlot.iife.min.js"), asset("report.js")]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(_digest(script) for script in scripts)}",
            f"style-src {_digest(styles)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="optilab"),
        tag("title", title),
        tag("style", Html(styles)),
    )
    written = tag(
        "html",
        head,
        tag("body", body, data("data", content), *(tag("script", Html(script)) for script in scripts)),
        lang="en",
        class_="without-script",
    )
    return f"<!doctype html>\n{written}\n"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _variables(colours: Sequence[tuple[str, str]]) -> str:
    light, dark = ("".join(f"--c{k}:{pair[theme]};" for k, pair in enumerate(colours)) for theme in (0, 1))
    return (
        f':root{{{light}}}@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}'
        f':root[data-theme="dark"]{{{dark}}}@media print{{:root,:root[data-theme="dark"],:root:not([data-theme="light"]){{{light}}}}}'
    )


def section(identity: str, title: str, *parts: object, live: bool = False) -> Html:
    """A part of the page with its heading. live: whether it says nothing without the script, or on paper."""
    return tag("section", tag("h2", title, id=identity), join(parts), class_="live" if live else None)
