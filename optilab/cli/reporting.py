"""The command that writes, or serves, the report."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from optilab.cli.command import Command
from optilab.cli.options import plugin_option, trust_datasets, trust_option, use_files
from optilab.cli.outlets import say


@click.command("report", cls=Command)
@click.argument("results", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--out", type=click.Path(), help="The file; report.html in the first of RESULTS if not given.")
@click.option(
    "--serve", "served", is_flag=True, help="Show it on this machine, made again while runs finish; write no file."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of --serve; any free one if not given.")
@trust_option
@plugin_option
def report_command(
    results: tuple[str, ...], out: str | None, served: bool, port: int, trust: bool, plugin_files: tuple[str, ...]
) -> None:
    """Write one HTML file with the verdict, tables and pictures of RESULTS, several side by side; it needs nothing else."""
    use_files(plugin_files)
    for path in results:
        trust_datasets(path, trust)
    if served:
        _serve([Path(path) for path in results], port)
        return
    from optilab.report.report import write_report
    from optilab.store import load

    first = Path(results[0])
    target = Path(out) if out else first / "report.html"
    say(write_report([load(path) for path in results], target))


def _serve(paths: list[Path], port: int) -> None:
    from optilab.report.serve import serve
    from optilab.store import load

    for path in paths:
        load(path)  # raises for what is no results folder, before anything is served
    with serve(paths, port, load) as server:
        say(f"http://{server.server_address[0]!s}:{server.server_address[1]}/ until Ctrl-C")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("Stopped.")
