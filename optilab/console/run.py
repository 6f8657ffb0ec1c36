"""`optilab run`: what is missing is run, under the eyes of a person or not, and the comparison is shown."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from optilab import store
from optilab.analysis.summary import best_runs, comparison
from optilab.console.comparison import comparison_table
from optilab.console.live import Live
from optilab.console.notes import dataset_notes
from optilab.drawing import draw
from optilab.experiment import Experiment
from optilab.kernels import cache
from optilab.runner.run import folder_of, run_experiment
from optilab.runner.session import FailedFast, Way
from optilab.stopping import FAILURES

_WIDTH = 100  # of what is written to a file


class _Stopped(KeyboardInterrupt):
    """A signal that asks to stop, other than Ctrl-C's."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP where there is one, stop the block as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return

    def stop(number: int, _frame: object) -> None:
        raise _Stopped(number)

    heard = [n for name in ("SIGTERM", "SIGHUP") if (n := getattr(signal, name, None))]
    # one that is ignored already was meant to be, as by nohup
    before = {n: signal.signal(n, stop) for n in heard if signal.getsignal(n) != signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_and_compare(
    experiment: Experiment, results: str | None, way: Way, *, quiet: bool = False, as_json: bool = False
) -> int:
    """Run what is missing, show the comparison, draw the pictures; returns the exit code.

    0 if all went well, 1 if runs failed, 128 and the number of the signal that stopped it.
    quiet: say nothing. as_json: print a summary for programs, and nothing else to the standard output.
    """
    console = Console(
        highlight=False, width=None if sys.stdout.isatty() else _WIDTH, quiet=quiet, stderr=as_json, soft_wrap=False
    )
    folder = folder_of(experiment, results)
    for note in dataset_notes(experiment):
        console.print(note)
    by = experiment.tuning.by if experiment.tuning else "train_cost"
    start = time.perf_counter()
    live = Live(console, by)
    try:
        with _stoppable(), live:
            found = run_experiment(experiment, results, way, live)
    except KeyboardInterrupt as stop:
        _say_how_to_go_on(console, folder, "Stopped" if isinstance(stop, _Stopped) else "Interrupted")
        return 128 + (stop.number if isinstance(stop, _Stopped) else signal.SIGINT)
    except FailedFast:
        _say_how_to_go_on(console, folder, "Stopped at the first run that failed")
        return 1
    seconds = time.perf_counter() - start
    failed = int(found.runs["status"].isin(FAILURES).sum())
    pictures = [] if quiet else _pictures(found)
    if as_json:
        print(json.dumps(_summary(found, live, by, seconds, pictures), indent=2))
    else:
        _show(console, experiment, found, live, by, seconds)
        _tell_the_rest(console, found, live, failed, pictures)
    return 1 if failed else 0


def _say_how_to_go_on(console: Console, folder: Path, what: str) -> None:
    done = len(store.done(folder))
    console.print(f"{what}. {done} runs are done and kept; the same command goes on from there.")


def _show(console: Console, experiment: Experiment, found: store.Results, live: Live, by: str, seconds: float) -> None:
    made = live.tally.made
    compiled = f"{cache.LOG.compiled} functions compiled" if cache.LOG.compiled else "nothing compiled"
    console.print(f"{made} runs made, {max(len(found.runs) - made, 0)} there before; {compiled}; {seconds:.0f} s\n")
    if experiment.question:
        console.print(experiment.question, style="bold", markup=False)
    console.print(comparison_table(experiment, found, f"final_{by}"))


def _tell_the_rest(console: Console, found: store.Results, live: Live, failed: int, pictures: list[Path]) -> None:
    for path in pictures:
        console.print(f"plot:    {path}", soft_wrap=True, markup=False)
    console.print(f"results: {found.folder}", soft_wrap=True, markup=False)
    if live.stale:
        console.print(
            f"{live.stale} of these runs were made by other code than today's (of a plugin or of optilab); "
            "--rerun stale makes them again.",
            style="red",
        )
    if failed:
        console.print(
            f"{failed} runs failed; their messages are in the column 'message' of runs, and in `optilab status "
            f"{found.folder}`. --rerun failed makes them again.",
            style="red",
            markup=False,
        )


def _pictures(found: store.Results) -> list[Path]:
    if not found.history["train_cost"].notna().any() or best_runs(found.runs).empty:
        return []
    on_functions = found.history["w_0"].notna().any()  # there is a path to be seen
    return draw(found, ("convergence",)) + (draw(found, ("path",)) if on_functions else [])


def _summary(found: store.Results, live: Live, by: str, seconds: float, pictures: list[Path]) -> dict[str, Any]:
    rows = comparison(found.runs, found.history, f"final_{by}")
    return {
        "results": str(found.folder),
        "runs": len(found.runs),
        "made": live.tally.made,
        "statuses": {str(k): int(v) for k, v in found.runs["status"].value_counts().items()},
        "stale": live.stale,
        "seconds": round(seconds, 3),
        "pictures": [str(path) for path in pictures],
        "comparison": json.loads(rows.to_json(orient="records")),
    }
