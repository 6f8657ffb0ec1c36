"""Commands about what plugins offer: list, show, data, new, check."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from optilab.cli.command import Command
from optilab.cli.options import plugin_option, use_files
from optilab.cli.outlets import say


@click.command("list", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plugin_option
def list_command(as_json: bool, plugin_files: tuple[str, ...]) -> None:
    """List optimizers, links for chains, schedules, problems, datasets, executors, loggers and samplers."""
    use_files(plugin_files)
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


@click.command("show", cls=Command)
@click.argument("name")
@plugin_option
def show_command(name: str, plugin_files: tuple[str, ...]) -> None:
    """Describe an optimizer, schedule, problem, dataset, executor, logger or sampler."""
    use_files(plugin_files)
    from optilab.cli.catalogue import description

    say(description(name))


@click.command("data", cls=Command)
@click.argument("file")
@click.argument("options", nargs=-1, metavar="[KEY=VALUE]...")
@plugin_option
def data_command(file: str, options: tuple[str, ...], plugin_files: tuple[str, ...]) -> None:
    """Show how the dataset in FILE is read: columns, types, classes, split, scales.

    Each KEY=VALUE is a key of the dataset's table in an experiment, as label=price or drop='["id"]'; `optilab show network`
    lists them.
    """
    use_files(plugin_files)
    from optilab.cli.data import show_data

    show_data(file, options)


@click.command("new", cls=Command)
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


@click.command("check", cls=Command)
@click.argument("plugin")
@click.option(
    "--examples", type=click.IntRange(1), default=50, show_default=True, help="Examples to try each property on."
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
    """Check that optimizers, schedules, problems, datasets and samplers have the properties that they must have.

    PLUGIN is a FILE.py, a plugin, the name of one of these, or a chain.
    """
    use_files(plugin_files)
    from optilab.cli.terminal import Terminal
    from optilab.cli.verdicts import print_verdicts
    from optilab.testing.isolated import check_all

    broken, console = 0, Terminal()
    for name, verdicts in check_all(plugin, plugin_files, examples, time_limit):
        broken += print_verdicts(name, verdicts, console)
    sys.exit(1 if broken else 0)
