"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from optilab.cli import offers, pictures, reporting, results
from optilab.cli.command import Group
from optilab.cli.options import plugin_option, use_files
from optilab.cli.outlets import say
from optilab.errors import unknown
from optilab.version import __version__

if TYPE_CHECKING:
    from optilab.experiment.experiment import Experiment
    from optilab.runner.session import Way

_EXIT_CODES = (
    "Exit codes: 0 all went well, 1 something failed or differs, 2 misuse, 74 the output could not be written "
    "(the results are kept), 128 and its number for a signal."
)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(__version__, "-V", "--version", prog_name="optilab")
@click.option("--traceback", is_flag=True, help="Show where an error was noticed, for bug reports.")
def main(traceback: bool) -> None:
    """Compare optimizers honestly: many seeds, tuned baselines, whole training runs compiled."""


@main.command("help")
@click.argument("names", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def help_command(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Show what a COMMAND does and takes, or which commands there are."""
    assert ctx.parent is not None
    found = _context_of(names, ctx.parent)
    say(found.command.get_help(found))


def _context_of(names: Sequence[str], outer: click.Context) -> click.Context:
    """Context of the command that `names` lead to, from group to group. InputError for an unknown name."""
    for name in names:
        known = outer.command.commands if isinstance(outer.command, click.Group) else {}
        if name not in known:
            raise unknown("command", name, known)
        outer = click.Context(known[name], parent=outer, info_name=name)
    return outer


@main.command("run")
@click.argument("file", type=click.Path())
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change the experiment, as in budget.epochs=1."
)
@click.option("--results", metavar="DIR", help="Where the results go; results/NAME in this folder if not given.")
@click.option(
    "--executor", default="local", show_default=True, help="Where runs are made: local, inline, or a plugin's."
)
@click.option("--workers", type=click.IntRange(1), help="Processes; one a core if not given.")
@click.option("--address", help="Of the executor's scheduler, if it has one.")
@click.option(
    "--rerun",
    type=click.Choice(["stale", "failed", "diverged", "all"]),
    help="Repeat runs: those made by other code than today's, those that failed (crashed, timed out), diverged, or all.",
)
@click.option(
    "--log",
    multiple=True,
    metavar="NAME[=WHERE]",
    help="Record runs with a logger such as tensorboard or mlflow, below RESULTS or at WHERE; may be given several times.",
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first run that fails.")
@click.option("--quiet", is_flag=True, help="Say nothing; the exit code tells whether runs failed.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary for programs.")
@click.option("--dry-run", is_flag=True, help="Show the grid and how many of its runs are done; run nothing.")
@plugin_option
def run_command(
    file: str,
    changes: tuple[str, ...],
    results: str | None,
    executor: str,
    workers: int | None,
    address: str | None,
    rerun: Any,
    log: tuple[str, ...],
    fail_fast: bool,
    quiet: bool,
    as_json: bool,
    dry_run: bool,
    plugin_files: tuple[str, ...],
) -> None:
    """Run what is missing of the experiment in FILE (TOML), and compare."""
    use_files(plugin_files)
    if dry_run:
        from optilab.cli.dry_run import dry_run as show_grid
        from optilab.experiment.file import read

        show_grid(read(file, changes), results, rerun)
        return
    from optilab.cli.run import run_and_compare

    def begin() -> tuple[Experiment, Way]:
        from optilab.experiment.file import read
        from optilab.runner.session import Way

        return read(file, changes), Way(executor, workers, address, rerun, fail_fast, log)

    sys.exit(run_and_compare(begin, results, quiet=quiet, as_json=as_json))


@main.group("cache")
def cache_group() -> None:
    """The compiled code that optilab keeps."""


@cache_group.command("info")
def cache_info() -> None:
    """Show where it is, and how large."""
    from optilab.compiler.cache import size
    from optilab.files import cache_folder

    say(f"{cache_folder()}: {size() / 1e6:.1f} MB of compiled code")


@cache_group.command("clear")
def cache_clear() -> None:
    """Delete it; code is compiled again when it is needed."""
    from optilab.compiler.cache import wipe

    wipe()


for _command in (
    results.status_command,
    results.replay_command,
    results.merge_command,
    results.export_command,
    results.table_command,
    offers.list_command,
    offers.show_command,
    offers.data_command,
    offers.new_command,
    offers.check_command,
    pictures.plot_command,
    pictures.curve_command,
    reporting.report_command,
):
    main.add_command(_command)
