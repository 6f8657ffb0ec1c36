"""Verdicts of the conformance kit, printed."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from optilab.testing.verdicts import Verdict
from optilab.texts import printable

_SIGNS = {
    "holds": Text("✓", style="green"),
    "broken": Text("✗", style="red"),
    "not asked": Text("–", style="dim"),
}


def print_verdicts(name: str, verdicts: Iterable[Verdict], console: Console) -> int:
    """Print verdicts as they arrive; returns the number of broken properties."""
    console.print(name, style="bold")
    count = {"holds": 0, "broken": 0, "not asked": 0}
    for verdict in verdicts:
        count[verdict.outcome] += 1
        line = Text.assemble("  ", _SIGNS[verdict.outcome], f" {printable(verdict.title)}")
        if verdict.outcome == "broken":
            console.print(line)
            console.print(Padding(verdict.detail, (0, 0, 0, 6)))
        else:
            console.print(
                line.append(f": {printable(verdict.detail)}" if verdict.detail else "", style="dim"), soft_wrap=True
            )
    told = Text(f"  {count['holds']} hold")
    console.print(told.append(f", {count['broken']} broken", style="red") if count["broken"] else told)
    return count["broken"]
