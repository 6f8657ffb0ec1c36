"""Tables of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optilab.report.html import Html, tag, text

_LONG = 40  # rows of a table from which on it scrolls by itself


@dataclass(frozen=True)
class Cell:
    """A cell: what stands in it, and the number that it is sorted by; class_: of the element."""

    shown: object
    value: float | None = None
    class_: str | None = None


def number(value: float, form: str = ".4g") -> Cell:
    """A number as a cell; a dash where there is none."""
    if value is None or math.isnan(value):
        return Cell("–", math.inf, "number")
    if math.isinf(value):
        return Cell("∞" if value > 0 else "−∞", value, "number")
    return Cell(f"{value:{form}}".replace("-", "−"), value, "number")


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell | object]],
    *,
    caption: str = "",
    seen: bool = False,
    named: int = 1,
    sortable: bool = False,
    attributes: Iterable[dict[str, object]] = (),
    identity: str | None = None,
) -> Html:
    """A table whose first columns, `named` of them, name the rows. seen: whether the caption is. attributes: of each row."""
    written: list[Html] = []
    given = iter(attributes)
    classes: list[str | None] = [None] * len(heads)
    for row in rows:
        cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
        classes = [cell.class_ for cell in cells] if not written else classes
        names = (_cell("th", cell, scope="row") for cell in cells[:named])
        written.append(tag("tr", *names, *(_cell("td", cell) for cell in cells[named:]), **next(given, {})))
    head = [
        tag(
            "th",
            tag("button", name, type="button") if sortable else name,
            scope="col",
            class_="number" if class_ == "number" else None,
        )
        for name, class_ in zip(heads, classes, strict=True)
    ]
    made = tag(
        "table",
        tag("caption", caption, class_=None if seen else "unseen") if caption else None,
        tag("thead", tag("tr", *head)),
        tag("tbody", *written),
        class_="sortable" if sortable else None,
        id=identity,
    )
    long = " long" if len(written) > _LONG else ""
    return tag("div", made, class_=f"scroll{long}", tabindex="0", role="region", aria_label=caption or "table")


def _cell(name: str, cell: Cell, **attributes: object) -> Html:
    value = None if cell.value is None else repr(float(cell.value)).replace("inf", "Infinity")
    return tag(name, text(cell.shown), class_=cell.class_, data_value=value, **attributes)
