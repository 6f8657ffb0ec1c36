"""`optilab run`: run what is missing, show progress, the comparison and pictures.

Progress is shown at once; modules that read the experiment, run it, compare and draw are imported when each is needed.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optilab.cli.live import Live
from optilab.cli.outlets import say
from optilab.cli.terminal import Terminal
from optilab.errors import InputError
from optilab.records.statuses import FAILURES
from optilab.texts import counted, printable

if TYPE_CHECKING:
    from optilab.experiment.experiment import Experiment
    from optilab.runner.session import Way
    from optilab.store import Results

_PICTURES = "optilab.figures.draw"  # with matplotlib


class _Stopped(KeyboardInterrupt):
    """SIGTERM or SIGHUP was received."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _stoppable() -> Iterator[None]:
    """Within this block SIGTERM and SIGHUP raise _Stopped, as Ctrl-C raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return

    def stop(number: int, _frame: object) -> None:
        raise _Stopped(number)

    heard = [n for name in ("SIGTERM", "SIGHUP") if (n := getattr(signal, name, None))]
    # a signal that is ignored already stays ignored, as under nohup
    before = {n: signal.signal(n, stop) for n in heard if signal.getsignal(n) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_and_compare(
    begin: Callable[[], tuple[Experiment, Way]], results: str | None, *, quiet: bool = False, as_json: bool = False
) -> int:
    """Run what is missing of an experiment, show the comparison, draw the pictures; returns the exit code.

    0 if all went well, 1 if runs failed, 128 and the number of the signal that stopped it.
    begin: called once progress is shown; reads the experiment, and says how its runs are made.
    results: the folder; results/NAME if it is None.
    quiet: say nothing. as_json: print a summary for programs, and nothing else to the standard output.

    InputError for anything in the experiment that doesn't fit, and what `begin` raises.
    """
    console = Terminal(error=as_json, quiet=quiet)
    live = Live(console)
    folder: Path | None = None
    try:
        with _stoppable(), live:
            experiment, way = begin()
            from optilab.runner.run import folder_of

            folder = folder_of(experiment, results)
            live.tally.measure = experiment.tuning.measured if experiment.tuning else "train_cost"
            if not quiet and way.executor != "inline":  # which needs this process for the runs
                live.begun = _get_pictures_ready
            start = time.perf_counter()
            found = _found(experiment, results, way, live)
            seconds = time.perf_counter() - start
    except KeyboardInterrupt as stop:
        _say_how_to_go_on(console, folder, "Stopped" if isinstance(stop, _Stopped) else "Interrupted")
        return 128 + (stop.number if isinstance(stop, _Stopped) else signal.SIGINT)
    if found is None:
        _say_how_to_go_on(console, folder, "Stopped at the first run that failed")
        return 1
    failed = int(found.runs["status"].isin(FAILURES).sum())
    if as_json:
        pictures = [] if quiet else _pictures(found, console)
        say(json.dumps(_summary(found, live, seconds, pictures), indent=2, allow_nan=False))
    else:
        _show(console, found, live, seconds)
        for path in [] if quiet else _pictures(found, console):
            console.say(f"plot:    {path}")
        console.say(f"results: {found.folder}")
        if failed:
            _tell_of_failures(console, found.folder, failed)
    return 1 if failed else 0


def _found(experiment: Experiment, results: str | None, way: Way, live: Live) -> Results | None:
    """All results; None if `way` has fail_fast and a run failed."""
    from optilab.runner.run import run_experiment
    from optilab.runner.session import FailedFast

    try:
        return run_experiment(experiment, results, way, live)
    except FailedFast:
        return None


def _get_pictures_ready() -> None:
    """Import Matplotlib in a thread while workers start."""
    threading.Thread(target=import_module, args=(_PICTURES,)).start()


def _say_how_to_go_on(console: Terminal, folder: Path | None, what: str) -> None:
    """Print how many runs are kept. folder: None if the experiment had not been read yet."""
    if folder is None:
        say(f"{what}.", sys.stderr)
        return
    from optilab import store

    done = counted(len(store.done(folder)), "run is", "runs are")
    console.say(f"{what}. {done} done and kept; the same command goes on from there.")


def _show(console: Terminal, found: Results, live: Live, seconds: float) -> None:
    from rich.text import Text

    from optilab.analysis import verdict
    from optilab.cli.comparison import comparison_table
    from optilab.compiler import cache
    from optilab.experiment.question import question_of

    made = live.tally.made
    compiled = counted(cache.LOG.compiled, "function") if cache.LOG.compiled else "nothing"
    before = max(len(found.runs) - made, 0)
    console.say(f"{counted(made, 'run')} made, {before} there before; {compiled} compiled; {seconds:.0f} s")
    if live.stale:
        console.say(
            f"{counted(live.stale, 'of these runs was', 'of these runs were')} made by other code than today's (of a plugin "
            f"or of optilab); --rerun stale makes {'it' if live.stale == 1 else 'them'} again.",
            style="red",
        )
    console.print()
    question = question_of(found)
    if question.text:
        console.say(question.text, style="bold")
    console.print(comparison_table(question, found, console.width))
    for sentence in verdict(found, question=question).sentences:
        console.print(Text(printable(sentence)))


def _tell_of_failures(console: Terminal, folder: Path, failed: int) -> None:
    their, them = ("its message is", "it") if failed == 1 else ("their messages are", "them")
    console.say(
        f"{counted(failed, 'run')} failed; {their} in the column 'message' of runs, and in `optilab status {folder}`. "
        f"--rerun failed makes {them} again.",
        style="red",
    )


def _pictures(found: Results, console: Terminal) -> list[Path]:
    """Draw the usual pictures; print the reason if they can't be drawn or written."""
    from optilab.analysis.best import best_runs

    if best_runs(found.runs).empty:
        return []
    from optilab.figures.draw import draw
    from optilab.runner.remaking import made_again

    on_functions = found.history["w_0"].notna().any()  # there is a path to be seen
    try:
        return draw(
            found,
            ("convergence", "path") if on_functions else ("convergence",),
            tell=console.say,
            train_again=made_again,
        )
    except InputError as error:
        console.say(f"no plot: {error}")
        return []


def _summary(found: Results, live: Live, seconds: float, pictures: list[Path]) -> dict[str, Any]:
    from optilab.analysis import verdict
    from optilab.analysis.comparison import comparison
    from optilab.experiment.question import question_of

    question = question_of(found)
    rows = comparison(found.runs, found.history, question.chosen_by, question.measure)
    return {
        "results": str(found.folder),
        "runs": len(found.runs),
        "made": live.tally.made,
        "statuses": {str(k): int(v) for k, v in found.runs["status"].value_counts().items()},
        "stale": live.stale,
        "seconds": round(seconds, 3),
        "pictures": [str(path) for path in pictures],
        "comparison": json.loads(rows.to_json(orient="records")),
        "verdict": list(verdict(found, question=question).sentences),
    }
