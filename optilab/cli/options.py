"""Options that several commands share, and the functions that apply them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optilab.cli.outlets import say
from optilab.errors import InputError

if TYPE_CHECKING:
    from optilab.store import Results

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

confidence_option = click.option("--confidence", type=float, help="Of intervals; .95 if nothing else is asked for.")
measure_option = click.option("--measure", help="What is compared, such as test_accuracy, or a column of a table.")
control_option = click.option(
    "--control", help="The optimizer that the others are compared with; the first if not given."
)
direction_option = click.option(
    "--highest/--lowest", default=None, help="Which value of the measure is the best, where its name doesn't say it."
)


def asked(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what is asked of results: measure, highest, control, confidence."""
    return measure_option(direction_option(control_option(confidence_option(command))))


def results_of(
    results: str,
    trust: bool,
    *,
    measure: str | None = None,
    highest: bool | None = None,
    control: str | None = None,
    confidence: float | None = None,
) -> Results:
    """The results in a folder, or in a table of runs; what was noticed of the table is said.

    trust, measure, ...: as of the options above. InputError for what is neither, and for what can't be asked of it.
    """
    from optilab.report.loading import load_any
    from optilab.store import is_table_file

    if not is_table_file(Path(results)):
        if highest is not None and measure is None:
            raise InputError(
                f"--{'highest' if highest else 'lowest'} needs --measure: of which measure is it the best value?"
            )
        trust_datasets(results, trust)
    best = None if highest is None else "highest" if highest else "lowest"
    found = load_any(results, measure=measure, best=best, control=control, confidence=confidence)
    for note in found.notes:
        say(note, sys.stderr)
    return found


def use_files(plugin_files: tuple[str, ...]) -> None:
    """Register the plugins in these files. InputError if a file is missing, or two have the same name."""
    if not plugin_files:
        return
    from optilab.plugins.loading import use_file

    for file in plugin_files:
        use_file(file)


def trust_datasets(results: str, trusted: bool) -> None:
    """If `trusted`, allow reading every dataset that the results name. InputError if `results` is no results folder."""
    if trusted:
        from optilab.guarding.consent import remember
        from optilab.runner.replay import datasets_of

        for path in datasets_of(Path(results)):
            remember(path)
