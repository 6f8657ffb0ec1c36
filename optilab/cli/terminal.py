"""A terminal: every text that a command shows goes through it, and none of it acts on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from optilab.cli.outlets import output
from optilab.cli.table import refitted
from optilab.texts import printable, shortened

_WIDTH = 100  # of what is written to a file
_LONGEST = 60  # letters of a name


class Terminal(Console):
    """rich's console without its markup: control characters are shown as escape sequences, brackets and colons as they are.

    error: to the standard error. quiet: print nothing.
    """

    def __init__(self, *, error: bool = False, quiet: bool = False) -> None:
        file = sys.stderr if error else output()
        given = os.environ.get("COLUMNS", "").isdigit() or (file is not None and file.isatty())
        super().__init__(
            file=file, quiet=quiet, width=None if given else _WIDTH, highlight=False, markup=False, emoji=False
        )

    def say(self, text: str, style: str = "") -> None:
        """Print a text; the terminal breaks its lines, so that what stands in them can be copied."""
        self.print(text, style=style or None, soft_wrap=True)

    def print(self, *things: Any, **named: Any) -> None:
        """Print some things; a table so that no word and no number in it is broken."""
        fitted = (refitted(thing, self.width) if isinstance(thing, Table) else thing for thing in things)
        super().print(*fitted, **named)

    def render_str(self, text: str, **_: Any) -> Text:
        """A string as it is printed, and measured for a table."""
        return Text(_lines(text))

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces that are written: none of them acts on the terminal but rich's own."""
        for piece in super().render(renderable, options):
            if piece.control is None and not piece.text.isprintable():
                yield Segment(_lines(piece.text), piece.style)
            else:
                yield piece


def name(text: object, style: str = "") -> Text:
    """A name from outside, on one line of printable characters, cut where it is very long."""
    return Text(shortened(printable(str(text)), _LONGEST), style=style)


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
