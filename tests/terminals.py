"""The command line called by tests, and a terminal whose output is looked at."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from optilab.cli.main import main
from optilab.cli.terminal import Terminal


def printed(thing: Any, width: int = 300) -> str:
    """What a terminal of some width shows of it."""
    terminal = Terminal()
    with terminal.capture() as captured:
        terminal.width = width
        terminal.print(thing)
    return captured.get()


def call(*arguments: str, code: int = 0) -> Result:
    """Call optilab in this process, and check its exit code."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result
