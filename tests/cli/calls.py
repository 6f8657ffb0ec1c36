"""Calls of the command line, and what they are about."""

from __future__ import annotations

import subprocess
import sys

from terminals import call

TINY = """
name = "tiny"
question = "Which of them is down first?"
seeds = 2
budget = { steps = 50 }

[problem]
use = "bowl"
start = "random"

[[optimizers]]
use = "sgd"
lr = [0.01, 0.05]

[[optimizers]]
use = "adam"
lr = 0.1
"""
IDEA = '''
from optilab import elementwise, feedback, hookimpl


@elementwise(lr=0.05)
def idea_of_mine(w, g, lr):
    """Step down the slope."""
    w -= lr * g
    return w


@feedback()
def gives_up():
    """Fail at the first measurement."""
    yield 1.0
    raise RuntimeError("no more")


@hookimpl
def optilab_optimizers():
    return [idea_of_mine]


@hookimpl
def optilab_schedules():
    return [gives_up]
'''


def process(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Call optilab in a process of its own, and check its exit code."""
    command = [sys.executable, "-c", "from optilab.cli.main import main; main(prog_name='optilab')", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def refused(*arguments: str) -> str:
    """The single message of a call that can't be carried out."""
    result = call(*arguments, code=2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    assert sum(line.startswith("Error:") for line in result.stderr.splitlines()) == 1
    return result.stderr
