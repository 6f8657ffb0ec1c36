"""Options that several commands share, and the functions that apply them."""

from __future__ import annotations

from pathlib import Path

import click

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
