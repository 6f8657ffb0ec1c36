"""The numbers of the page's pictures: a table for each, from the same functions of `optilab.analysis` that the picture draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optilab.errors import InputError
from optilab.report import curve_numbers, final_numbers, trial_numbers
from optilab.report.html import Html, tag
from optilab.report.points import Numbers
from optilab.report.source import Source
from optilab.report.tables import table

_OF: Mapping[str, Callable[[Source], list[Numbers]]] = {
    "convergence": curve_numbers.convergence,
    "finals": final_numbers.finals,
    "sensitivity": trial_numbers.sensitivity,
    "heatmap": trial_numbers.heatmap,
    "tuning": trial_numbers.tuning,
    "arrival": curve_numbers.arrival,
    "profile": final_numbers.profile,
    "ecdf": curve_numbers.ecdf,
    "ranks": final_numbers.ranks,
    "wins": final_numbers.wins,
    "norms": curve_numbers.norms,
    "schedules": curve_numbers.schedules,
    "path": curve_numbers.path,
}
_TABLES = 6  # of a picture


def numbers(source: Source, kind: str) -> Html | None:
    """The numbers of a picture of a kind, to be opened below it; None where there are none."""
    try:
        found = _OF[kind](source) if kind in _OF else []
    except InputError:  # what the picture says in words
        return None
    found = [one for one in found if one.rows]
    if not found:
        return None
    left = f"Numbers of {len(found) - _TABLES} more panels are left out." if len(found) > _TABLES else None
    return tag(
        "details",
        tag("summary", "Numbers of this picture"),
        *(table(one.heads, one.rows, caption=one.caption, seen=True, named=one.named) for one in found[:_TABLES]),
        tag("p", left, class_="note") if left else None,
        class_="numbers",
    )
