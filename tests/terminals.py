"""A terminal whose output is looked at."""

from __future__ import annotations

from typing import Any

from optilab.cli.terminal import Terminal


def printed(thing: Any, width: int = 300) -> str:
    """What a terminal of some width shows of it."""
    terminal = Terminal()
    with terminal.capture() as captured:
        terminal.width = width
        terminal.print(thing)
    return captured.get()
