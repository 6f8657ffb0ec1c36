"""Tables that fit the terminal without breaking numbers or words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from optilab.cli.outlets import legible, output
from optilab.texts import printable, shortened

_LONGEST = 300  # characters of a cell


@dataclass(frozen=True)
class TableColumn:
    """A table column. name: may hold line breaks. figures: right-aligned and never wrapped."""

    name: str
    figures: bool = False

    @property
    def title(self) -> str:
        """The name on one line."""
        return self.name.replace("\n", " ")


def fitting(
    columns: Sequence[TableColumn], rows: Sequence[Sequence[Text]], width: int, *, heading: int = 1
) -> RenderableType:
    """The rows as a table at most `width` characters wide; as paragraphs if that is too narrow.

    heading: number of leading cells that name a row.
    A word longer than the terminal is wide is broken all the same.
    """
    rows = [list(map(_legible, row)) for row in rows]
    content = [[Text(column.name), *(row[k] for row in rows)] for k, column in enumerate(columns)]
    widest = [max(max(map(cell_len, text.plain.split("\n"))) for text in cells) for cells in content]
    least = [
        most if column.figures else max(cell_len(word) for text in cells for word in text.plain.split() or [""])
        for column, cells, most in zip(columns, content, widest, strict=True)
    ]
    bare = width - 1 - len(columns) - sum(least)  # without the edges, and a blank between two columns
    if bare < 0:
        return _below_each_other(columns, rows, heading)
    blank = 1 if bare >= len(columns) else 0  # another blank beside each column, where it fits
    room = bare - blank * len(columns)
    table = Table(box=SIMPLE_HEAD, padding=(0, blank, 0, 0))
    for column, low, high in zip(columns, least, widest, strict=True):
        more = min(room, high - low)
        room -= more
        table.add_column(column.name, justify="right" if column.figures else "left", width=low + more, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def refitted(table: Table, width: int) -> Group:
    """A Rich table of strings and texts, refitted to `width`, with its title above."""
    columns = [TableColumn(str(column.header), figures=column.justify == "right") for column in table.columns]
    rows = [[_text(cell) for cell in row] for row in zip(*(column.cells for column in table.columns), strict=True)]
    title = [_text(table.title)] if table.title else []
    return Group(*title, fitting(columns, rows, width))


def _legible(text: Text) -> Text:
    """A cell as the output's encoding shows it, so that widths are right."""
    plain = legible(text.plain, output().encoding or "utf-8")
    return text if plain == text.plain else Text(plain, style=text.style)


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(shortened(printable(str(cell)), _LONGEST))


def _below_each_other(columns: Sequence[TableColumn], rows: Sequence[Sequence[Text]], heading: int) -> Group:
    """Each row as a paragraph: its heading, then one line per remaining cell."""
    names = max(cell_len(column.title) for column in columns[heading:])
    parts: list[Text] = []
    for row in rows:
        parts += [Text(), Text(": ").join(row[:heading])]
        for column, cell in zip(columns[heading:], row[heading:], strict=True):
            if cell.plain:
                first, *rest = cell.split("\n")
                line = Text.assemble(f"  {column.title:<{names}}  ", first)
                for more in rest:
                    line.append(" (").append_text(more).append(")")
                parts.append(line)
    return Group(*parts, Text())
