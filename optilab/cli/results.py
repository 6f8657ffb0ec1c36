"""Commands on a results folder: status, replay, merge, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optilab.cli.command import Command
from optilab.cli.options import (
    asked,
    plugin_option,
    results_of,
    time_limit_option,
    trust_datasets,
    trust_option,
    use_files,
)
from optilab.cli.outlets import say
from optilab.errors import InputError
from optilab.texts import counted

if TYPE_CHECKING:
    from optilab.records.question import Question
    from optilab.store import Results


@click.command("status", cls=Command)
@click.argument("results", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@trust_option
@plugin_option
def status_command(results: str, as_json: bool, trust: bool, plugin_files: tuple[str, ...]) -> None:
    """Show how far the experiment in the folder RESULTS is: runs done, missing, stale, failed."""
    use_files(plugin_files)
    trust_datasets(results, trust)
    from optilab.cli.status import show_status

    show_status(Path(results), as_json=as_json)


@click.command("replay", cls=Command)
@click.argument("results", type=click.Path())
@click.argument("run_id")
@trust_option
@time_limit_option
@plugin_option
def replay_command(
    results: str, run_id: str, trust: bool, time_limit: float | None, plugin_files: tuple[str, ...]
) -> None:
    """Make the run RUN_ID of RESULTS again and compare every measurement, to the last bit."""
    use_files(plugin_files)
    trust_datasets(results, trust)
    from optilab.cli.status import show_replay
    from optilab.runner.remaking import time_limit as limited

    with limited(time_limit):
        sys.exit(show_replay(Path(results), run_id))


@click.command("merge", cls=Command)
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


@click.command("table", cls=Command)
@click.argument("results", type=click.Path())
@click.option("--format", "form", default="markdown", show_default=True, help="markdown, latex (with booktabs) or csv.")
@asked
@trust_option
@plugin_option
def table_command(results: str, form: str, trust: bool, plugin_files: tuple[str, ...], **asked_for: Any) -> None:
    """Print the comparison of RESULTS, a folder or a table of runs such as runs.csv, as a table for a paper.

    A table of runs has a row a run, or a row a measurement: columns optimizer, seed, maybe problem, step or epoch, hp.lr and other
    hyperparameters, and measures such as test_accuracy. Where hyperparameters were tried on several seeds, and there is a target, a
    second table, but for csv, has the times to it as AlgoPerf counts them. The verdict goes to the standard error.
    """
    use_files(plugin_files)
    found = results_of(results, trust, **asked_for)
    from optilab.analysis import verdict
    from optilab.cli.comparison import comparison_text
    from optilab.experiment.question import question_of

    question = question_of(found)
    text, notes = comparison_text(question, found, form)
    say(text.rstrip("\n"))
    if form == "csv":  # which has no place for them
        say(notes, sys.stderr)
    else:
        _say_studies(question, found, form)
    for sentence in verdict(found, question=question).sentences:
        say(sentence, sys.stderr)


def _say_studies(question: Question, found: Results, form: str) -> None:
    """Print the table of studies, if there is one, or why it can't be had."""
    from optilab.cli.studies import studies_text

    try:
        text = studies_text(question, found, form)
    except InputError as error:
        say(f"No times over studies: {error}", sys.stderr)
        return
    if text is not None:
        say(f"\n{text.rstrip()}")


@click.command("export", cls=Command)
@click.argument("results", type=click.Path())
@click.option("--csv", "as_csv", is_flag=True, help="As runs.csv and history.csv.")
@click.option("--out", type=click.Path(), help="Where they go; into RESULTS if not given.")
def export_command(results: str, as_csv: bool, out: str | None) -> None:
    """Write the tables of the folder RESULTS for programs that don't read Parquet."""
    from optilab.store import export_csv

    _check_format(as_csv)
    for path in export_csv(Path(results), Path(out or results)):
        say(path)


def _check_format(as_csv: bool) -> None:
    """InputError if no format was chosen."""
    if not as_csv:
        raise InputError("export as what? Give --csv")
