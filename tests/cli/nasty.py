"""Experiments full of control characters and markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NASTY = "a\x1b[31mred\x1b[2J \x07\x9b [bold]x[/bold] [/nothing] :warning: \u202e"
SHOWN = r"a\x1b[31mred\x1b[2J \x07\x9b [bold]x[/bold] [/nothing] :warning: \u202e"
NASTY_EXPERIMENT = {
    "name": "nasty",
    "question": f"What of {NASTY}?\nAnd this?",
    "seeds": 1,
    "budget": {"steps": 5},
    "problem": {"use": "bowl"},
    "optimizers": [
        {"use": "sgd", "lr": [0.01, 0.02], "label": NASTY},
        {"use": "sgd", "lr": 0.03, "label": "fails", "schedule": "raises"},
    ],
}
PLUGIN = r'''
import os
from optilab import elementwise, feedback, hookimpl

print("printed at import")
os.write(1, b"written at import\n")


@feedback()
def raises():
    """Fail with an odd message, and print before."""
    print("printed by a run")
    os.write(1, b"written by a run\n")
    yield 1.0
    raise RuntimeError("odd \x1b[31mmessage\x1b[2J \x9b")


@hookimpl
def optilab_schedules():
    return [raises]
'''
TINY = 'name = "tiny"\nseeds = 1\nbudget = { steps = 5 }\nproblem = { use = "bowl" }\n[[optimizers]]\nuse = "sgd"\nlr = [0.01, 0.02]\nlabel = "Größe × é 字"\n'
RUN = "run tiny.toml --executor inline"
RUN_NASTY = ("run", "nasty.toml", "--plugin", "noisy_in_file.py", "--executor", "inline")


def toml(value: Any) -> str:
    """A value in TOML; texts are escaped as JSON does it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def prepare(noisy: Path) -> None:
    """Write a plugin, an experiment that is full of control characters and markup, and a plain one."""
    (noisy / "noisy_in_file.py").write_text(PLUGIN, "utf-8")
    content = "\n".join(f"{key} = {toml(value)}" for key, value in NASTY_EXPERIMENT.items())
    (noisy / "nasty.toml").write_text(content, "utf-8")
    (noisy / "tiny.toml").write_text(TINY, "utf-8")
