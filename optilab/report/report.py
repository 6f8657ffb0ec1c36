"""The report: results of one or several experiments as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optilab.errors import InputError
from optilab.figures.axes import usual_x
from optilab.files import replacing
from optilab.records.measures import direction
from optilab.records.statuses import LASTED
from optilab.report.chart import chart
from optilab.report.colours import colours_of
from optilab.report.curves import curves
from optilab.report.html import Html, data, join, tag
from optilab.report.numbers import numbers
from optilab.report.page import page, section
from optilab.report.pictures import pictures, room_for, still
from optilab.report.provenance import environment, failures, reproduction
from optilab.report.settings import settings
from optilab.report.source import Source, sources_of
from optilab.report.statistics import statistics
from optilab.report.summary import answer, boards, counts
from optilab.store import Results
from optilab.texts import counted, printable, shown
from optilab.version import __version__

_LIVE = ("compare-two", "all-runs")  # parts that the script makes
_FIRST = ("test_accuracy", "test_cost", "valid_accuracy", "valid_cost", "train_cost")


def write_report(every: Sequence[Results], target: Path) -> Path:
    """Write the report of results into a file, and return its path. InputError if it can't be made or written."""
    content = report(every)
    try:
        with replacing(target) as file:
            file.write(content.encode())
    except OSError as error:
        raise InputError(f"can't write {shown(str(target))}: {error.strerror or error}") from None
    return target


def report(every: Sequence[Results]) -> str:
    """The report of results as the text of an HTML file, the same for the same results.

    Nothing in it is loaded from elsewhere, and only its own script can run. InputError if the experiment of a results folder can't be read.
    """
    sources = sources_of(list(every))
    colours = colours_of(sources)
    names = list(colours)
    places = {printable(label): k for k, label in enumerate(names)}
    folders: list[dict[str, Any]] = []
    measures: dict[str, dict[str, Any]] = {}
    axes: dict[str, dict[str, str]] = {}
    for source in sources:
        found = curves(source.results, source.question)
        lines = [
            line
            | {
                "measures": [one["key"] for one in found.measures],
                "colour": places[line["label"]],
                "dash": places[line["label"]],
                "place": k,
            }
            for k, line in enumerate(_best_first(found.lines, source))
        ]
        folders.append(
            {
                "name": printable(source.name),
                "lines": lines,
                "places": found.places,
                "left": found.left,
                "settings": settings(source.results, source.question.chosen_by),
            }
        )
        measures |= {one["key"]: one for one in found.measures}
        axes |= {one["key"]: one for one in found.axes}
    usual = {usual_x(source.results.history) for source in sources}
    axis = "epoch" if len(usual) > 1 else usual.pop()
    first = next((source.question.measure for source in sources if source.question.measure in measures), None)
    content: dict[str, Any] = {
        "folders": folders,
        "lasted": list(LASTED),
        "measures": list(measures.values()),
        "axes": list(axes.values()),
        "first": first or next((name for name in _FIRST if name in measures), ""),
        "axis": axis if axis in axes else next(iter(axes), ""),
    }
    palette = {shade: f"var(--c{k})" for k, found in enumerate(colours.values()) for shade in (found.light, found.text)}
    title = next(
        (source.question.text for source in sources if source.question.text), " and ".join(s.name for s in sources)
    )
    return page(
        title,
        _body(title, sources, content, palette),
        content,
        [(found.light, found.dark) for found in colours.values()],
    )


def _body(title: str, sources: Sequence[Source], content: Mapping[str, Any], palette: Mapping[str, str]) -> Html:
    room = room_for(len(data("data", content)), len(sources))
    first = [still(one, "convergence", "Convergence", 10_000 + k, palette, room) for k, one in enumerate(sources)]
    parts = {
        "leaderboard": ("Leaderboard", boards(sources)),
        "convergence": ("Convergence", _convergence(sources, content, first)),
        "pictures": (
            "Pictures",
            _each(sources, lambda source, k: pictures(source, k + 1, palette, room - len(first[k] or ""))),
        ),
        "statistics": ("Statistics", _each(sources, lambda source, _: statistics(source))),
        "failures": ("Runs that did not last", _each(sources, lambda source, _: failures(source))),
        "compare-two": ("Two runs or lines side by side", _compare()),
        "all-runs": ("All runs", _runs(sources)),
        "environment": ("Environment", _each(sources, lambda source, _: environment(source))),
        "reproduce": ("Make it again", _each(sources, lambda source, _: reproduction(source))),
    }
    links = [
        tag("li", tag("a", name, href=f"#{identity}"), class_="live" if identity in _LIVE else None)
        for identity, (name, _) in parts.items()
    ]
    head = tag(
        "header",
        tag(
            "div",
            tag("h1", title),
            tag("button", "Dark", type="button", id="theme", class_="live"),
            class_="top",
        ),
        *(
            join(
                [
                    tag("h3", source.name) if len(sources) > 1 else None,
                    answer(source),
                    tag("p", counts(source), class_="soft"),
                ]
            )
            for source in sources
        ),
        tag("nav", tag("ul", *links), aria_label="Parts of this page"),
    )
    main = tag(
        "main", *(section(identity, name, part, live=identity in _LIVE) for identity, (name, part) in parts.items())
    )
    return join(
        [head, main, tag("footer", tag("p", f"Made by optilab {__version__} from the results alone.", class_="soft"))]
    )


def _each(sources: Sequence[Source], part: Any) -> Html:
    """A part for each of the sources, with their names where there are several."""
    return join(
        join([tag("h3", source.name) if len(sources) > 1 else None, part(source, k)])
        for k, source in enumerate(sources)
    )


def _convergence(sources: Sequence[Source], content: Mapping[str, Any], drawn: Sequence[Html | None]) -> Html:
    told = _each(sources, lambda source, k: None if drawn[k] is None else numbers(source, "convergence"))
    lines = [line for folder in content["folders"] for line in folder["lines"]]
    if not lines:
        has_rows = any(len(source.results.history) for source in sources)
        why = "no measure of a line has a value at any time" if has_rows else "no line has a history"
        return join([tag("p", f"No curves: {why}."), *drawn])
    return join([chart(lines, content), tag("div", *drawn, class_="still"), told])


def _compare() -> Html:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in ("", "one", "other"))))
    return tag(
        "div",
        tag(
            "div",
            tag("label", "Compare ", tag("select", id="compare-one")),
            tag("label", "with ", tag("select", id="compare-other")),
            class_="controls",
        ),
        tag(
            "div",
            tag("table", head, id="compare"),
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label="Comparison",
        ),
        tag(
            "p",
            "Of a method these are the runs that the leaderboard compares, at the settings that were chosen. Results of several runs are "
            "medians, with the lowest and the highest; a run that did not last counts as infinitely bad.",
            class_="note",
        ),
        class_="live",
    )


def _runs(sources: Sequence[Source]) -> Html:
    count = sum(len(source.results.runs) for source in sources)
    table = tag("table", tag("thead"), tag("tbody"), id="runs-table")
    return tag(
        "details",
        tag("summary", f"The settings and final values of {counted(count, 'run')}"),
        tag(
            "div",
            tag("label", "Containing ", tag("input", type="text", id="runs-filter", size="20")),
            tag("span", "", id="runs-count", class_="soft", role="status"),
            class_="controls",
        ),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="All runs"),
        tag("button", "Show more", type="button", id="runs-more", hidden=True),
        id="runs",
        class_="live",
    )


def _best_first(lines: list[dict[str, Any]], source: Source) -> list[dict[str, Any]]:
    """Lines with those first that the leaderboard has first, so that of very many the best are drawn."""
    key = source.question.measure or next((name for name in _FIRST if any(name in line["y"] for line in lines)), "")
    sign = -1 if direction(key) else 1

    def end(line: dict[str, Any]) -> float:
        values = line["y"].get(key, [[None]])[0]
        last = values[-1] if values else None
        return float("inf") if last is None else sign * last

    return sorted(lines, key=end)
