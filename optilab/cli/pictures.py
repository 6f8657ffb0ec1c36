"""Commands that draw: plot, curve."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from optilab.cli.command import Command
from optilab.cli.options import asked, plugin_option, results_of, time_limit_option, trust_option, use_files
from optilab.cli.outlets import say

_width = click.option(
    "--width",
    type=float,
    help="Width of pictures in inches: 3.3 for a journal's column; 7 if not given, 10 for a talk.",
)
_style = click.option(
    "--style", default="screen", show_default=True, help="screen, paper (small, 300 dpi) or talk (large)."
)
_dark = click.option("--dark", is_flag=True, help="Light ink on dark paper.")


def _look(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options for the look of pictures: width, style, dark."""
    return _width(_style(_dark(command)))


@click.command("plot", cls=Command)
@click.argument("results", type=click.Path())
@click.argument("kinds", nargs=-1, metavar="[KIND]...")
@click.option("--format", "formats", multiple=True, help="png (if not given), svg or pdf; may be given several times.")
@click.option("--x", help="For convergence: step, epoch, examples, gradient_evaluations, seconds or cpu_seconds.")
@click.option(
    "--y",
    "measures",
    multiple=True,
    help="A column of the history; train_cost if not given. Convergence has a row for each.",
)
@click.option(
    "--out", type=click.Path(), help="The folder for the pictures, in place of the results'; of runs.csv runs-pictures."
)
@click.option(
    "--parameters", help="For heatmap: two hyperparameters, as in lr,beta1; those that matter most if not given."
)
@_look
@asked
@trust_option
@time_limit_option
@plugin_option
def plot_command(
    results: str,
    kinds: tuple[str, ...],
    formats: tuple[str, ...],
    x: str | None,
    measures: tuple[str, ...],
    width: float | None,
    out: str | None,
    style: str,
    dark: bool,
    parameters: str | None,
    trust: bool,
    time_limit: float | None,
    plugin_files: tuple[str, ...],
    **asked_for: Any,
) -> None:
    """Draw RESULTS, a folder or a table of runs such as runs.csv: pictures of each KIND, or all that fit.

    KIND is convergence, sensitivity, heatmap, path, schedules, finals, tuning, arrival, ecdf, profile, ranks, wins or
    norms; or one of those that train again, which are drawn only when named: digits, weights, confusion, line, plane.
    """
    use_files(plugin_files)
    from optilab.executors import usual_workers
    from optilab.figures.draw import draw
    from optilab.plots.look import Look
    from optilab.runner.remaking import made_again
    from optilab.runner.remaking import time_limit as limited

    look = Look(style, width, dark)
    found = results_of(results, trust, **asked_for)
    if (x or measures) and not kinds:
        kinds = ("convergence",)
    with limited(time_limit):
        for path in draw(
            found,
            kinds,
            x,
            measures or None,
            lambda why: say(why, sys.stderr),
            train_again=made_again,
            formats=formats or ("png",),
            look=look,
            out=None if out is None else Path(out),
            parameters=[name.strip() for name in (parameters or "").split(",") if name.strip()],
            processes=usual_workers(),
        ):
            say(path)


@click.command("curve", cls=Command)
@click.argument("schedules", nargs=-1, required=True)
@click.option("--steps", type=click.IntRange(1, 10**15), default=1000, show_default=True, help="Length of the run.")
@click.option("--out", default="schedules.png", show_default=True, type=click.Path(), help="Where the picture goes.")
@_look
@plugin_option
def curve_command(
    schedules: tuple[str, ...],
    steps: int,
    out: str,
    width: float | None,
    style: str,
    dark: bool,
    plugin_files: tuple[str, ...],
) -> None:
    """Draw the curve of SCHEDULES: names, or tables such as '{ use = "cosine", floor = 0.1 }'."""
    use_files(plugin_files)
    from optilab.figures.draw import draw_schedules
    from optilab.plots.look import Look

    say(draw_schedules(schedules, steps, Path(out), Look(style, width, dark)))
