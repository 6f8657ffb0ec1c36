"""Kills an experiment again and again, resumes it, and compares what is there at the end with an undisturbed run.

    python tests/faults/rounds.py --rounds 60 --seed 1

In each round `optilab run` is started, and after a random time its parent, one of its workers, or all of them are killed with
SIGKILL. Once no run is missing any more, or after ten rounds, it is let finish; then the results must be those of a run that
nobody disturbed, bit for bit, with no run lost and none doubled, and the next ten rounds begin in a new folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.dataset as ds

from optilab.errors import InputError
from optilab.store import Results, load, load_runs

EXPERIMENT = """
name = "killed"
seeds = 40
budget = {{ steps = {steps} }}
measure = {{ steps = {every} }}
problem = {{ use = "bowl", start = "random" }}
[[optimizers]]
use = "sgd"
lr = {{ log = [1e-4, 1e-2], points = 4 }}
[[optimizers]]
use = "adam"
lr = {{ log = [1e-3, 1e-1], points = 4 }}
schedule = ["constant", "cosine"]
"""
A_FOLDER = 10  # rounds
CLOCKS = ("seconds", "cpu_seconds", "compile_seconds", "train_seconds", "measure_seconds", "host")


def start(file: Path, results: Path) -> subprocess.Popen[str]:
    """Begin `optilab run`, in a process of its own."""
    code = "from optilab.cli.main import main; main(prog_name='optilab')"
    command = [sys.executable, "-c", code, "run", str(file), "--results", str(results), "--workers", "2", "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def children(parent: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def assert_same(there: Results, undisturbed: Results) -> None:
    """The same runs with the same histories, to the last bit."""
    for one, other in ((there.runs, undisturbed.runs), (there.history, undisturbed.history)):
        kept = [name for name in one if name not in CLOCKS]
        assert one[kept].equals(other[kept]), "other results than those of an undisturbed run"


def assert_once(folder: Path) -> None:
    """Whoever reads the files as they are finds each run once, with its history."""
    ids = ds.dataset(folder / "runs").to_table(columns=["run_id", "measurements"]).to_pydict()
    assert len(set(ids["run_id"])) == len(ids["run_id"]), "a run is there twice"
    assert ds.dataset(folder / "history").count_rows() == sum(ids["measurements"]), "a history is not whole"


@dataclass
class Rounds:
    """The experiment, and what has been done to it. `killed` counts who was killed; `counts` how much was there each time."""

    home: Path
    stream: random.Random
    steps: int = 40_000
    killed: Counter[str] = field(default_factory=Counter)
    folders: int = 0

    def __post_init__(self) -> None:
        self.file = self.home / "killed.toml"
        self.file.write_text(EXPERIMENT.format(steps=self.steps, every=self.steps // 10), "utf-8")
        begin = time.monotonic()
        self._finish(self.home / "undisturbed")
        self.seconds = time.monotonic() - begin
        self.undisturbed = load(self.home / "undisturbed")

    def play(self, rounds: int) -> None:
        """So many rounds. AssertionError if anything is lost, doubled or changed."""
        while rounds > 0:
            self.folders += 1
            folder = self.home / f"disturbed {self.folders}"
            played = self._disturb(folder, min(rounds, A_FOLDER))
            rounds -= played
            self._finish(folder)
            assert_same(load(folder), self.undisturbed)
            assert_once(folder)

    def _finish(self, folder: Path) -> None:
        process = start(self.file, folder)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == 0, said

    def _disturb(self, folder: Path, rounds: int) -> int:
        """Start it and kill it; returns how often, which is less if it has finished nevertheless."""
        before = 0
        for k in range(rounds):
            process = start(self.file, folder)
            time.sleep(self.stream.uniform(0.1, 0.8 * self.seconds))
            self._kill(process)
            process.communicate(timeout=600)
            there = self._there(folder)
            assert there >= before, "runs that were there are lost"
            before = there
            if there == len(self.undisturbed.runs):
                return k + 1
        return rounds

    def _kill(self, process: subprocess.Popen[str]) -> None:
        """Kill the parent, one worker, or all; what has ended already is not counted."""
        workers = children(process.pid)
        victims = {
            "parent": [process.pid],
            "worker": [self.stream.choice(workers)] if workers else [],
            "all": [process.pid, *workers],
        }
        who = self.stream.choice(list(victims))
        if process.poll() is None and victims[who]:
            self.killed[who] += 1
            for victim in victims[who]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)

    @staticmethod
    def _there(folder: Path) -> int:
        try:
            return len(load_runs(folder))
        except InputError:
            return 0  # it was killed before there was anything


def main() -> None:
    """By the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        rounds = Rounds(Path(home), random.Random(given.seed))
        begin = time.monotonic()
        rounds.play(given.rounds)
        killed = ", ".join(f"{who} {count} times" for who, count in rounds.killed.items())
        print(
            f"{given.rounds} rounds in {rounds.folders} folders, {time.monotonic() - begin:.0f} s; killed: {killed}. "
            f"All {len(rounds.undisturbed.runs)} runs were there each time, once, as if nothing had happened."
        )


if __name__ == "__main__":
    main()
