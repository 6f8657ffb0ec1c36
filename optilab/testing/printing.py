"""What the kit's verdicts look like in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from optilab.testing.verdicts import Verdict

_SIGNS = {"holds": "[green]✓[/green]", "broken": "[red]✗[/red]", "not asked": "[dim]–[/dim]"}


def print_verdicts(name: str, verdicts: Iterable[Verdict]) -> int:
    """Print the verdicts on an optimizer as they are found; the number of broken properties."""
    console = Console(highlight=False)
    console.print(f"[bold]{escape(name)}[/bold]")
    count = {"holds": 0, "broken": 0, "not asked": 0}
    for verdict in verdicts:
        count[verdict.outcome] += 1
        console.print(f"  {_SIGNS[verdict.outcome]} {escape(verdict.title)}", end="")
        detail = escape(verdict.detail)
        if verdict.outcome == "broken":
            console.print()
            console.print(Padding(detail, (0, 0, 0, 6)))
        else:
            console.print(f"[dim]{': ' + detail if detail else ''}[/dim]", soft_wrap=True)
    told = f"{count['holds']} hold" + (f", [red]{count['broken']} broken[/red]" if count["broken"] else "")
    console.print(f"  {told}")
    return count["broken"]
