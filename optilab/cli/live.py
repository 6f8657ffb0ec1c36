"""Progress: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live as LiveDisplay
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from optilab.cli.table import TableColumn, fitting
from optilab.cli.terminal import Terminal, name
from optilab.records.columns import AXES, COLUMNS, as_costs
from optilab.records.statuses import FAILURES, LASTED
from optilab.runner.observer import Observer
from optilab.texts import counted, printable

if TYPE_CHECKING:  # the display appears before the runner is imported
    from optilab.experiment.seeds import Role
    from optilab.runner.rows import Finished

_LINE_EVERY = 10.0  # seconds between two lines where there is no terminal
_OTHER_LINES = 9  # lines of the terminal that the table leaves free
_BESIDE_THE_BAR = 40  # characters beside the bar: its title, the counts, the time
_TOLD = 10  # failures that are printed one by one; the others are counted


@dataclass
class Tally:
    """Counts of finished runs.

    measure: the one that `best` compares. statuses: runs by status. labels: the same for each line of the comparison.
    best: for each line, the best final value of a run that lasted.
    """

    measure: str
    statuses: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)

    def add(self, finished: Finished) -> None:
        """Count a finished run."""
        label, outcome = finished.job.task.cell.label, finished.outcome
        self.statuses[outcome.status] += 1
        self.labels.setdefault(label, Counter())[outcome.status] += 1
        if len(outcome.log) and outcome.status in LASTED:
            value, known = float(outcome.log[-1, COLUMNS.index(self.measure)]), self.best.get(label, math.nan)
            better = math.isnan(known) or bool(as_costs(self.measure, value) < as_costs(self.measure, known))
            self.best[label] = value if better else known

    @property
    def made(self) -> int:
        """Number of finished runs."""
        return self.statuses.total()


def told(finished: Finished) -> str:
    """One line that describes a failed run."""
    job, outcome = finished.job, finished.outcome
    return f"{outcome.status}: {printable(job.task.cell.label)}, seed {job.seed}, run {job.run_id}: {outcome.message}"


class Live(Observer):
    """Shows progress on a console while its `with` block lasts; `tally` holds the counts.

    begun: called once the first stage begins, before its runs are made.
    """

    def __init__(
        self, console: Terminal, measure: str = "train_cost", begun: Callable[[], object] = lambda: None
    ) -> None:
        self.console = console
        self.tally = Tally(measure)
        self.begun = begun
        self.stale = 0
        self._running = self._left = self._later = self._before = 0
        self._role: Role | None = None
        self._told = 0
        self._begun = self._last_line = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=max(5, min(40, console.width - _BESIDE_THE_BAR))),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("preparing", total=None)
        self._told_state = ""
        self._display = LiveDisplay(console=console, get_renderable=self._picture, refresh_per_second=4, transient=True)

    def __enter__(self) -> Live:
        if self.console.is_terminal:
            self._display.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.console.is_terminal:
            self._display.stop()

    def noted(self, note: str) -> None:
        """Print a note."""
        self.console.say(note, style="yellow")

    def compiling(self, what: str) -> None:
        """Show what is being compiled."""
        self._progress.update(self._task, description="preparing")
        self._told_state = what

    def started(self, role: Role, missing: int, done: int, stale: int, later: int) -> None:
        """Start the progress bar of a stage, or extend it by a generation."""
        self.stale += stale
        self._left = missing + later
        if self._role is None:
            self.begun()
        if role != self._role:
            self._role, self._before, self._begun = role, self.tally.made, time.monotonic()
            self._progress.remove_task(self._task)
            self._task = self._progress.add_task(role)
            if not self.console.is_terminal:
                chosen_later = f", {later} more to be chosen by then" if later else ""
                self.console.say(f"{role}: {counted(done, 'run')} done before, {missing} to go{chosen_later}")
        self._progress.update(self._task, total=missing + done + later, completed=done)

    def finished(self, runs: Sequence[Finished], running: int) -> None:
        """Count finished runs; print failures at once."""
        self._left -= len(runs)
        self._running = min(running, self._left)
        for run in runs:
            self.tally.add(run)
            if run.outcome.status in FAILURES:
                self._tell(run)
        self._told_state = self._state()
        self._progress.update(self._task, advance=len(runs))
        if not self.console.is_terminal and time.monotonic() - self._last_line > _LINE_EVERY:
            self._last_line = time.monotonic()
            self.console.say(f"{counted(self._left, 'run')} to go, {self._state()}")

    def _tell(self, run: Finished) -> None:
        self._told += 1
        if self._told <= _TOLD:
            self.console.say(told(run), style="red")
        elif self._told == _TOLD + 1:
            self.console.say("more runs fail; they are counted", style="red")

    def _state(self) -> str:
        made, seconds = self.tally.made - self._before, time.monotonic() - self._begun
        parts = [f"{self._running} under way"] if self._left else []
        if made:
            parts.append(f"{_rate(made / seconds)}")
            parts.append(f"{_duration(self._left * seconds / made)} left")
        parts += [f"{n} {status}" for status, n in self.tally.statuses.items() if status != "budget"]
        return ", ".join(parts)

    def _picture(self) -> Group:
        most = max(3, self.console.height - _OTHER_LINES)
        columns = [TableColumn("optimizer"), TableColumn("runs", figures=True)]
        columns += [
            TableColumn(f"best {AXES[self.tally.measure]}", figures=True),
            TableColumn("ended otherwise"),
        ]
        lines = sorted(self.tally.labels.items(), key=lambda line: self._order(line[0]))
        rows = []
        for label, statuses in lines[:most]:
            best = self.tally.best.get(label, math.nan)
            others = ", ".join(f"{n} {status}" for status, n in statuses.items() if status != "budget")
            figures = str(statuses.total()), "" if math.isnan(best) else f"{best:.3g}"
            rows.append([name(label), *map(Text, figures), Text(others)])
        shown = [fitting(columns, rows, self.console.width)] if rows else []
        rest = [Text(f"and {len(lines) - most} more")] if len(lines) > most else []
        return Group(*shown, *rest, self._progress, Text(self._told_state))

    def _order(self, label: str) -> float:
        cost = float(as_costs(self.tally.measure, self.tally.best.get(label, math.nan)))
        return math.inf if math.isnan(cost) else cost


def _rate(a_second: float) -> str:
    return f"{a_second:.3g} runs/s" if a_second >= 1 else f"{60 * a_second:.3g} runs/min"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
