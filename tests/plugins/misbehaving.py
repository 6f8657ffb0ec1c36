"""An experiment whose plugin misbehaves at the door that a test chooses."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from click.testing import CliRunner, Result

from optilab.cli.main import main

PLUGIN = '''
import os
import sys
import time

import numpy as np

from optilab import Examples, dataset, feedback, hookimpl, logger, sampler, schedule
from optilab.loggers import Logger
from optilab.problems.problem import ProblemKind


def at(door):
    """Misbehave, if it is to happen here."""
    if door != "{door}":
        return
    {deed}


at("import")


@schedule()
def curve_{uid}(step, total):
    """One."""
    at("schedule")
    return np.ones_like(step)


@feedback()
def feedback_{uid}():
    """One."""
    while True:
        at("feedback")
        yield 1.0


@sampler
def sampler_{uid}(ranges, samples, seed):
    """The middle of each range."""
    at("sampler")
    return [{{name: found.low for name, found in ranges.items()}}] * samples


@dataset(digest="{uid}")
def dataset_{uid}():
    """Four examples."""
    at("dataset")
    x = np.arange(8.0).reshape(4, 2)
    return Examples(x, np.array([0, 1, 0, 1]), x[:2], np.array([0, 1]), classes=("a", "b"))


class Kind(ProblemKind):
    name = "problem_{uid}"
    documentation = "A bowl."
    choices = {{}}

    def build(self, given, precision=None, place=""):
        at("problem")
        from optilab.plugins.loading import registry

        return registry().problem("bowl").build(given, precision, place)


class Told(Logger):
    def run_measured(self, run, measured):
        at("logger")


@logger
def logger_{uid}(where):
    """Nothing."""
    yield Told()


@hookimpl
def optilab_schedules():
    at("hook")
    return [curve_{uid}, feedback_{uid}]


@hookimpl
def optilab_samplers():
    return [sampler_{uid}]


@hookimpl
def optilab_datasets():
    return [dataset_{uid}]


@hookimpl
def optilab_problems():
    return [Kind()]


@hookimpl
def optilab_loggers():
    return [logger_{uid}]
'''
DEEDS = {
    "raise": "raise ValueError('half a pair: \\ud800')",
    "exit": "sys.exit(0)",
    "end": "os._exit(0)",
    "loop": "while True: pass",
    "move": "os.chdir('/'); print('hello from the plugin')",
}
EXPERIMENT = """
name = "doors"
budget = {{ steps = 4 }}
search = {{ method = "{sampler}" }}

[problem]
{problem}

[[optimizers]]
use = "sgd"
lr = {{ log_uniform = [0.01, 0.1] }}
samples = 1
{schedule}
"""
BEFORE = ("import", "hook")
IN_RUNS = ("schedule", "feedback")  # a failing run is a result
DOORS = (*BEFORE, *IN_RUNS, "sampler", "dataset", "problem", "logger")
_numbers = itertools.count()


def run(door: str, deed: str, *options: str) -> tuple[Result, str]:
    """Run an experiment that comes by a door, whose plugin does something there; and the plugin's name."""
    uid = f"{os.getpid():x}0{next(_numbers):x}"
    stem = f"misbehaving_{uid}"
    Path(f"{stem}.py").write_text(PLUGIN.format(door=door, deed=DEEDS.get(deed, deed), uid=uid), "utf-8")
    problem = {
        "problem": f'use = "problem_{uid}"',
        "dataset": f'use = "network"\ndataset = "dataset_{uid}"\nhidden = [2]\nactivation = "relu"',
    }.get(door, 'use = "bowl"')
    schedule = {"schedule": f'schedule = "curve_{uid}"', "feedback": f'schedule = "feedback_{uid}"'}.get(door, "")
    sampler = f"sampler_{uid}" if door == "sampler" else "sobol"
    Path("doors.toml").write_text(EXPERIMENT.format(problem=problem, schedule=schedule, sampler=sampler), "utf-8")
    log = ["--log", f"logger_{uid}"] if door == "logger" else []
    command = ["run", "doors.toml", "--plugin", f"{stem}.py", "--executor", "inline", "--quiet", *log, *options]
    return CliRunner().invoke(main, command), stem


def said_once(result: Result, stem: str) -> None:
    """Assert that it ended in one message, which names the plugin."""
    assert result.exit_code == 2, result.output
    assert sum(line.startswith("Error: ") for line in result.stderr.splitlines()) == 1
    assert stem in result.stderr or stem.rpartition("_")[2] in result.stderr
    assert "Traceback" not in result.stderr
    result.stderr.encode()
