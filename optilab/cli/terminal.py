"""Terminal: Rich's console with control characters escaped, so that no text can act on the terminal."""

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
    """Rich's console without markup: control characters are shown as escape sequences, brackets and colons as they are.

    error: to the standard error. quiet: print nothing.
    """

    def __init__(self, *, error: bool = False, quiet: bool = False) -> None:
        file = sys.stderr if error else output()
        given = os.environ.get("COLUMNS", "").isdigit() or (file is not None and file.isatty())
        super().__init__(
            file=file, quiet=quiet, width=None if given else _WIDTH, highlight=False, markup=False, emoji=False
        )

    def say(self, text: str, style: str = "") -> None:
        """Print text without wrapping it, so that it can be copied."""
        self.print(text, style=style or None, soft_wrap=True)

    def print(self, *things: Any, **named: Any) -> None:
        """Print things; tables are refitted so that no word or number is broken."""
        fitted = (refitted(thing, self.width) if isinstance(thing, Table) else thing for thing in things)
        super().print(*fitted, **named)

    def render_str(self, text: str, **_: Any) -> Text:
        """A string as it is printed and measured."""
        return Text(_lines(text))

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments to write; control characters are escaped in all but Rich's own."""
        for piece in super().render(renderable, options):
            if piece.control is None and not piece.text.isprintable():
                yield Segment(_lines(piece.text), piece.style)
            else:
                yield piece


def name(text: object, style: str = "") -> Text:
    """A user-given name on one line: printable characters only, shortened if very long."""
    return Text(shortened(printable(str(text)), _LONGEST), style=style)


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
