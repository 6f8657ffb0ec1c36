"""The command that writes, or serves, the report."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optilab.cli.command import Command
from optilab.cli.options import asked, plugin_option, results_of, trust_option, use_files
from optilab.cli.outlets import say
from optilab.errors import InputError, ResultsWarning

if TYPE_CHECKING:
    from optilab.store import Results


@click.command("report", cls=Command)
@click.argument("results", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="The file; report.html in the first of RESULTS if not given, or NAME-report.html beside a table.",
)
@click.option(
    "--serve", "served", is_flag=True, help="Show it on this machine, made again while runs finish; write no file."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of --serve; any free one if not given.")
@asked
@trust_option
@plugin_option
def report_command(
    results: tuple[str, ...],
    out: str | None,
    served: bool,
    port: int,
    trust: bool,
    plugin_files: tuple[str, ...],
    **asked_for: Any,
) -> None:
    """Write one HTML file with the verdict, tables and pictures of RESULTS, several side by side; it needs nothing else.

    RESULTS are folders, or tables of runs such as runs.csv (`optilab table --help` says what these hold).
    """
    use_files(plugin_files)

    def load(path: str | Path) -> Results:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ResultsWarning)
            found = results_of(str(path), trust, **asked_for)
        notes = [str(one.message) for one in told]  # of damaged parts: the page says so too
        for note in notes:
            say(note, sys.stderr)
        return replace(found, notes=(*found.notes, *notes))

    if served:
        _serve([Path(path) for path in results], port, load)
        return
    from optilab.report.report import write_report

    found = [load(path) for path in results]
    say(write_report(found, Path(out) if out else _target(results[0])))


def _target(first: str) -> Path:
    """The file in the first results folder, or beside the first table."""
    from optilab.store import is_table_file

    path = Path(first)
    beside = is_table_file(path) and not path.is_dir()
    return path.parent / f"{path.name.partition('.')[0]}-report.html" if beside else path / "report.html"


def _serve(paths: list[Path], port: int, load: Callable[[str | Path], Results]) -> None:
    from optilab.report.serve import serve

    for path in paths:
        try:
            load(path)
        except InputError:
            if not (path / "results.json").is_file():  # a folder in which no run has finished yet is waited for
                raise
    with serve(paths, port, load) as server:
        say(f"http://{server.server_address[0]!s}:{server.server_address[1]}/ until Ctrl-C")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("Stopped.")
