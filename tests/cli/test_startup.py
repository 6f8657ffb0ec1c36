"""What each command imports, and when: modules are counted, for seconds depend on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "numba",
    "llvmlite",
    "scipy",
    "scipy.optimize",
    "scipy.stats",
    "pandas",
    "pyarrow",
    "pydantic",
    "hypothesis",
    "matplotlib",
    "seaborn",
)
DRAWING = {"matplotlib", "seaborn"}
EXPERIMENT = """
name = "one_step"
problem.use = "bowl"
budget.steps = 1

[[optimizers]]
use = "sgd"
lr = 0.1
"""
SCRIPT = f"""
import json, os, sys

if hasattr(os, "sched_setaffinity"):  # on one core nothing is done, and imported, by other processes
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])

def loaded():
    return [name for name in {HEAVY!r} if name in sys.modules]

shown = []

if {{live!r}}:
    from rich.live import Live
    start = Live.start

    def watched(self, refresh=False):
        shown.append(loaded())
        start(self, refresh)

    Live.start = watched

from optilab.cli.main import main

try:
    main({{arguments!r}})
except SystemExit as stop:
    print(json.dumps([stop.code, loaded(), shown]), file=open("loaded.json", "w"))
"""


def imported(folder: Path, *arguments: str, live: bool = False) -> tuple[set[str], list[set[str]]]:
    """Of HEAVY what a command has imported at its end, and at each start of a live display."""
    code = SCRIPT.format(arguments=list(arguments), live=live)
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm"} if live else {}
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={**os.environ, **terminal}, check=True, capture_output=True
    )
    code_of_it, at_end, shown = json.loads((folder / "loaded.json").read_text("utf-8"))
    assert code_of_it == 0
    return set(at_end), [set(names) for names in shown]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], list[set[str]]]:
    """A folder with an experiment and its results, and what making them has imported."""
    folder = tmp_path_factory.mktemp("startup")
    (folder / "one_step.toml").write_text(EXPERIMENT, "utf-8")
    return folder, *imported(folder, "run", "one_step.toml", "--executor", "inline", "--results", "r", live=True)


def test_progress_is_shown_before_anything_heavy_is_imported(made: tuple[Path, set[str], list[set[str]]]) -> None:
    """When the live display of a run starts, nothing is imported that reads an experiment, compiles, stores or draws."""
    _, _, shown = made
    assert shown == [set()]


def test_the_usual_pictures_need_no_seaborn(made: tuple[Path, set[str], list[set[str]]]) -> None:
    """A run that draws a convergence and a path has imported Matplotlib, and neither seaborn nor SciPy's statistics."""
    folder, at_end, _ = made
    assert (folder / "r" / "convergence.png").exists()
    assert (folder / "r" / "path.png").exists()
    assert "matplotlib" in at_end
    assert not at_end & {"seaborn", "scipy.stats", "hypothesis"}


@pytest.mark.parametrize(
    ("arguments", "not_needed"),
    [
        (("--help",), set(HEAVY)),
        (("run", "--help"), set(HEAVY)),
        (("cache", "--help"), set(HEAVY)),
        (("list",), {*DRAWING, "pandas", "scipy.stats", "hypothesis"}),
        (("show", "adam"), {*DRAWING, "pandas", "scipy.stats", "hypothesis"}),
        (("run", "one_step.toml", "--dry-run"), {*DRAWING, "pandas", "scipy.stats", "hypothesis"}),
        (("run", "one_step.toml", "--dry-run", "--results", "r"), {*DRAWING, "scipy.stats", "hypothesis"}),
        (("status", "r"), {*DRAWING, "scipy.stats", "hypothesis"}),
        (("run", "one_step.toml", "--results", "r", "--quiet"), {*DRAWING, "scipy.stats", "hypothesis"}),
        (("export", "r", "--csv", "--out", "csv"), {*DRAWING, "numba", "pydantic", "scipy", "hypothesis"}),
        (("curve", "cosine"), {"seaborn", "scipy.stats", "hypothesis"}),
        (("plot", "r", "convergence", "finals"), {"numba", "seaborn", "scipy.stats", "hypothesis"}),
        (("table", "r"), {*DRAWING, "numba", "scipy.stats", "hypothesis"}),
    ],
)
def test_a_command_imports_what_it_needs(
    made: tuple[Path, set[str], list[set[str]]], arguments: tuple[str, ...], not_needed: set[str]
) -> None:
    """Commands that draw nothing import nothing that draws; none imports what another command is for."""
    at_end, _ = imported(made[0], *arguments)
    assert at_end & not_needed == set()


@pytest.mark.parametrize("command", ["plot", "table", "report"])
def test_results_are_shown_without_a_compiler(tmp_path: Path, command: str) -> None:
    """All usual pictures, the table and the report need neither Numba nor SciPy's statistics and solvers, for an interval of 4 seeds either."""
    rows = [
        f"p,{optimizer},{seed},{step},{(seed + 3) / (step + rate)}"
        for optimizer, rate in (("a", 1), ("b", 2))
        for seed in range(4)
        for step in range(3)
    ]
    (tmp_path / "runs.csv").write_text("problem,optimizer,seed,step,train_cost\n" + "\n".join(rows), "utf-8")
    at_end, _ = imported(tmp_path, command, "runs.csv")
    assert at_end & {"numba", "scipy.optimize", "scipy.stats", "seaborn", "hypothesis"} == set()
    if command == "plot":
        drawn = {path.stem for path in (tmp_path / "runs-pictures").glob("*.png")}
        assert drawn >= {"convergence", "finals", "wins"}


def test_nothing_is_collected_at_the_end(tmp_path: Path) -> None:
    """After a command, in a process that is about to end, the collector has nothing left to look at; thresholds are as before."""
    code = """
import atexit, gc
before = gc.get_threshold()
atexit.register(lambda: print(gc.get_threshold() == before, gc.get_count()[0] < 1000, gc.get_freeze_count() > 10_000))
from optilab.cli.main import main
main(["--version"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True True True"
