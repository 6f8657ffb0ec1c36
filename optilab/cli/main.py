"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import json
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from optilab.cli.outlets import outlets, prints_to_error, say
from optilab.errors import InputError, PluginWarning, ResultsWarning, unknown
from optilab.texts import counted
from optilab.version import __version__

plugin_option = click.option(
    "--plugin",
    "plugin_files",
    multiple=True,
    metavar="FILE.py",
    help="Use the plugin in this file too; may be given several times.",
)


trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Read the datasets that the results name, wherever they lie; without it only those that an experiment run here has named.",
)
time_limit_option = click.option(
    "--time-limit",
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a run that is made again; 600 if not given.",
)


class Command(click.Command):
    """While it is carried out, what others print goes to the standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        with prints_to_error():
            return super().invoke(ctx)


class Group(click.Group):
    """Tells misuse in one message, with exit code 2; --traceback shows where it was noticed."""

    command_class = Command
    group_class = type  # the groups inside are of this class too

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Run the command that the arguments name, in charge of the two standard streams."""
        with outlets() as streams:
            try:
                return super().main(*arguments, **named)
            except SystemExit as stop:
                raise SystemExit(streams.exit_code(stop.code)) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called for; the nearest are told where there is none of the name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(str(unknown("command", args[0], self.list_commands(ctx))), ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning(warnings.showwarning)
                return super().invoke(ctx)
        except InputError as error:
            if ctx.params.get("traceback"):
                traceback.print_exc()
            say(f"Error: {error}", sys.stderr)
            ctx.exit(2)
        except KeyboardInterrupt:
            say("Interrupted.", sys.stderr)
            ctx.exit(128 + signal.SIGINT)


def _show_warning(usual: Callable[..., None]) -> Callable[..., None]:
    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, (PluginWarning, ResultsWarning)):
            say(f"Warning: {message}", sys.stderr)
        else:
            usual(message, category, *rest, **named)

    return show


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
    shown, command = ctx.parent, ctx.parent.command
    for name in names:
        known = command.commands if isinstance(command, click.Group) else {}
        if name not in known:
            raise unknown("command", name, known)
        command = known[name]
        shown = click.Context(command, parent=shown, info_name=name)
    say(command.get_help(shown))


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
    help="Make runs again: those of other code than today's, those that failed (crashed, timed out), diverged, or all.",
)
@click.option(
    "--log",
    multiple=True,
    metavar="NAME[=WHERE]",
    help="Tell a logger, such as tensorboard or mlflow, below RESULTS or where you say; may be given several times.",
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
    _use(plugin_files)
    from optilab.cli.dry_run import dry_run as show_grid
    from optilab.cli.run import run_and_compare
    from optilab.experiment.file import read
    from optilab.runner.session import Way

    experiment = read(file, changes)
    if dry_run:
        show_grid(experiment, results, rerun)
    else:
        way = Way(executor, workers, address, rerun, fail_fast, log)
        sys.exit(run_and_compare(experiment, results, way, quiet=quiet, as_json=as_json))


@main.command("status")
@click.argument("results", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@trust_option
@plugin_option
def status_command(results: str, as_json: bool, trust: bool, plugin_files: tuple[str, ...]) -> None:
    """Show how far the experiment in the folder RESULTS is: runs done, missing, stale, failed."""
    _use(plugin_files)
    _trust(results, trust)
    from optilab.cli.status import show_status

    show_status(Path(results), as_json=as_json)


@main.command("replay")
@click.argument("results", type=click.Path())
@click.argument("run_id")
@trust_option
@time_limit_option
@plugin_option
def replay_command(
    results: str, run_id: str, trust: bool, time_limit: float | None, plugin_files: tuple[str, ...]
) -> None:
    """Make the run RUN_ID of RESULTS again and compare every measurement, to the last bit."""
    _use(plugin_files)
    _trust(results, trust)
    from optilab.cli.status import show_replay
    from optilab.runner.remaking import time_limit as limited

    with limited(time_limit):
        sys.exit(show_replay(Path(results), run_id))


@main.command("merge")
@click.argument("results", type=click.Path())
@click.argument("others", nargs=-1, required=True, type=click.Path())
def merge_command(results: str, others: tuple[str, ...]) -> None:
    """Bring the runs of the folders OTHERS into the folder RESULTS."""
    from optilab.store import merge

    for other in others:
        merged = merge(Path(results), Path(other))
        for note in merged.notes:
            say(note)
        say(
            f"{other}: {counted(merged.added, 'run')} added, {merged.replaced} that had failed replaced, {merged.in_both} in both"
            + (f", of which {merged.differing} differ although the same code made them" if merged.differing else "")
        )
        if merged.unwanted:
            say(
                f"{merged.unwanted} of them the experiment in {results} doesn't want, as it was last run: they come into its tables "
                "and pictures once an experiment that wants them is run there",
                sys.stderr,
            )


@main.command("export")
@click.argument("results", type=click.Path())
@click.option("--csv", "as_csv", is_flag=True, help="As runs.csv and history.csv.")
@click.option("--out", type=click.Path(), help="Where they go; into RESULTS if not given.")
def export_command(results: str, as_csv: bool, out: str | None) -> None:
    """Write the tables of the folder RESULTS for programs that don't read Parquet."""
    from optilab.store import export_csv

    if not as_csv:
        raise InputError("export as what? Give --csv")
    for path in export_csv(Path(results), Path(out or results)):
        say(path)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plugin_option
def list_command(as_json: bool, plugin_files: tuple[str, ...]) -> None:
    """List optimizers, links for chains, schedules, problems, datasets, executors, loggers and samplers."""
    _use(plugin_files)
    from optilab.cli.catalogue import listing

    found = listing()
    if as_json:
        say(json.dumps(found, indent=2))
        return
    for what, things in found.items():
        say(f"{what}:")
        width = max((len(thing["name"]) for thing in things), default=0)
        for thing in things:
            say(f"  {thing['name']:<{width}}  {thing['summary']}")
        say("")


@main.command("show")
@click.argument("name")
@plugin_option
def show_command(name: str, plugin_files: tuple[str, ...]) -> None:
    """Show what there is to know about an optimizer, schedule, problem, dataset, executor or logger."""
    _use(plugin_files)
    from optilab.cli.catalogue import description

    say(description(name))


@main.command("data")
@click.argument("file")
@click.argument("options", nargs=-1, metavar="[KEY=VALUE]...")
@plugin_option
def data_command(file: str, options: tuple[str, ...], plugin_files: tuple[str, ...]) -> None:
    """Show what is understood of the dataset in FILE: columns, types, classes, split, scales.

    Each KEY=VALUE is a key of the dataset's table in an experiment, as label=price or drop='["id"]'; `optilab show network`
    lists them.
    """
    _use(plugin_files)
    from optilab.cli.data import show_data

    show_data(file, options)


@main.command("new")
@click.argument("name")
@click.option("--file", "one_file", is_flag=True, help="Write one file, NAME.py, and no package.")
def new_command(name: str, one_file: bool) -> None:
    """Begin a plugin: an optimizer called NAME, in a package with its entry point, tests and README."""
    from optilab.cli.scaffold import write_file, write_package

    for path in (write_file if one_file else write_package)(name, Path()):
        say(path)
    if one_file:
        say(f"\nNext: optilab check {name}.py")
    else:
        folder = f"optilab-{name.replace('_', '-')}"
        say(f"\nNext: pip install -e './{folder}[test]', and then pytest {folder} or optilab check {name}")


@main.command("check")
@click.argument("plugin")
@click.option(
    "--examples", type=click.IntRange(1), default=50, show_default=True, help="How many to try each property on."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="Seconds for each property.",
)
@plugin_option
def check_command(plugin: str, examples: int, time_limit: float, plugin_files: tuple[str, ...]) -> None:
    """Check that optimizers, schedules, problems, datasets and samplers keep what each of them must.

    PLUGIN is a FILE.py, a plugin, the name of one of these, or a chain.
    """
    _use(plugin_files)
    from optilab.cli.terminal import Terminal
    from optilab.cli.verdicts import print_verdicts
    from optilab.testing.isolated import check_all

    broken, console = 0, Terminal()
    for name, verdicts in check_all(plugin, plugin_files, examples, time_limit):
        broken += print_verdicts(name, verdicts, console)
    sys.exit(1 if broken else 0)


@main.command("plot")
@click.argument("results", type=click.Path())
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="convergence, sensitivity, path, digits or weights; all that fit if not given.",
)
@click.option("--x", help="For convergence: step, epoch, examples, gradient_evaluations, seconds or cpu_seconds.")
@click.option("--y", help="For convergence and sensitivity: a column of the history; train_cost if not given.")
@trust_option
@time_limit_option
@plugin_option
def plot_command(
    results: str,
    kinds: tuple[str, ...],
    x: str | None,
    y: str | None,
    trust: bool,
    time_limit: float | None,
    plugin_files: tuple[str, ...],
) -> None:
    """Draw the pictures that fit the results in the folder RESULTS."""
    _use(plugin_files)
    _trust(results, trust)
    from optilab.figures.draw import draw
    from optilab.runner.remaking import made_again
    from optilab.runner.remaking import time_limit as limited
    from optilab.store import load

    found = load(results)
    if (x or y) and not kinds:
        kinds = ("convergence",)
    with limited(time_limit):
        for path in draw(found, kinds, x, y or "train_cost", lambda why: say(why, sys.stderr), train_again=made_again):
            say(path)


@main.command("curve")
@click.argument("schedules", nargs=-1, required=True)
@click.option("--steps", type=click.IntRange(1, 10**15), default=1000, show_default=True, help="Length of the run.")
@click.option("--out", default="schedules.png", show_default=True, type=click.Path(), help="Where the picture goes.")
@plugin_option
def curve_command(schedules: tuple[str, ...], steps: int, out: str, plugin_files: tuple[str, ...]) -> None:
    """Draw the curve of SCHEDULES: names, or tables such as '{ use = "cosine", floor = 0.1 }'."""
    _use(plugin_files)
    from optilab.figures.draw import draw_schedules

    say(draw_schedules(schedules, steps, Path(out)))


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
    """Delete it; it is made again when it is needed."""
    from optilab.compiler.cache import wipe

    wipe()


def _use(plugin_files: tuple[str, ...]) -> None:
    from optilab.plugins.loading import use_file

    for file in plugin_files:
        use_file(file)


def _trust(results: str, trusted: bool) -> None:
    """With --trust, what the results name counts as named by whoever gave that option."""
    if trusted:
        from optilab.guarding.consent import remember
        from optilab.runner.replay import datasets_of

        for path in datasets_of(Path(results)):
            remember(path)
