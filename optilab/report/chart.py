"""The interactive picture: its controls, its legend and what is said below it; the page's script draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optilab.analysis.length import bound_text
from optilab.report.html import Html, tag


def chart(lines: Sequence[Mapping[str, Any]], content: Mapping[str, Any]) -> Html:
    """The picture of lines, as of `optilab.report.curves`; content: what the script is given."""
    problems = list(dict.fromkeys(line["problem"] for line in lines))
    left = sum(folder["left"] for folder in content["folders"])
    bound = list(dict.fromkeys(line["label"] for line in lines if line["bound"]))
    controls = tag(
        "div",
        _choice("problem", "Problem", [(name, name) for name in problems]),
        _choice("measure", "Measure", [(one["key"], one["name"]) for one in content["measures"]]),
        _choice("x", "Over", [(one["key"], one["name"]) for one in content["axes"]]),
        _switch("log", "logarithmic"),
        _switch("logx", "logarithmic x"),
        _switch("seeds", "each seed"),
        class_="controls",
    )
    picture = tag(
        "div",
        id="chart",
        tabindex="0",
        role="application",
        aria_label="Curves. Left and right arrows read values, plus and minus zoom, Escape shows everything.",
    )
    buttons = [
        ("chart-reset", "Whole picture"),
        ("chart-all", "All"),
        ("chart-none", "None"),
        ("chart-svg", "Save SVG"),
        ("chart-csv", "Save CSV"),
    ]
    legend = tag(
        "table",
        tag(
            "thead",
            tag(
                "tr",
                tag("th", "line", scope="col"),
                tag("th", "median (quartiles) ", tag("span", "", id="legend-where"), scope="col"),
                tag("th", "n", scope="col"),
            ),
        ),
        tag("tbody"),
        id="legend",
    )
    return tag(
        "div",
        controls,
        picture,
        tag("p", "No line is checked.", id="chart-empty", hidden=True),
        tag("div", *(tag("button", name, type="button", id=identity) for identity, name in buttons), class_="controls"),
        tag("div", legend, class_="scroll"),
        tag("p", "", id="spoken", class_="unseen", aria_live="polite"),
        tag(
            "p",
            "The median over seeds with the band of its quartiles; a run that did not last counts as infinite from its end on. Drag to zoom, double-click to go back.",
            class_="note",
        ),
        tag("p", f"Hollow ends: the {bound_text(bound)}", class_="note") if bound else None,
        tag("p", f"{left:,} more lines, those with the worst medians on each problem, are left out.", class_="note")
        if left
        else None,
        class_="live",
    )


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Html | None:
    written = (tag("option", text, value=value) for value, text in options)
    return tag("label", f"{label} ", tag("select", *written, id=f"chart-{name}"))


def _switch(name: str, label: str) -> Html:
    return tag("label", tag("input", type="checkbox", id=f"chart-{name}"), f" {label}")
