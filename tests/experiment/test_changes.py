"""Changes to an experiment file from the command line: KEY=VALUE."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from experiment.files import PLAIN, Write

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("budget.steps=3", lambda e: e.budget.steps == 3),
        ("budget.epochs=0.5", lambda e: e.budget.epochs == 0.5 and e.budget.steps is None),
        ("measure.steps=5", lambda e: e.measure.steps == 5),
        ("seeds=[4, 5]", lambda e: e.seeds == [4, 5]),
        ("seeds = 3", lambda e: e.seeds == 3),
        ("name=other", lambda e: e.name == "other"),
        ('name="other"', lambda e: e.name == "other"),
        ("problem.use=rosenbrock", lambda e: e.problem == {"use": "rosenbrock"}),
        ("problem.condition=3", lambda e: e.problem == {"use": "bowl", "condition": 3}),
        ("optimizers.0.lr=0.5", lambda e: e.optimizers[0]["lr"] == 0.5),
        ("optimizers[0].lr=0.5", lambda e: e.optimizers[0]["lr"] == 0.5),
        ("optimizers.0.lr={ log = [1, 2], points = 2 }", lambda e: e.optimizers[0]["lr"]["points"] == 2),
        ("tuning.seeds=2", lambda e: e.tuning.seeds == 2),
        ("question=Why = so?", lambda e: e.question == "Why = so?"),
    ],
)
def test_a_change_is_made_before_validation(write: Write, change: str, found: Callable[[Experiment], bool]) -> None:
    """KEY=VALUE changes any place in the file; the value is TOML, or a bare word."""
    assert found(read(write(PLAIN), [change]))


def test_changes_are_made_in_order(write: Write) -> None:
    """A later change sees the earlier ones."""
    experiment = read(write(PLAIN), ["seeds=3", "seeds=4", "budget.epochs=1", "budget.steps=7"])
    assert experiment.seeds == 4
    assert experiment.budget.steps == 7


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("seeds", r"--set 'seeds': write it as KEY=VALUE"),
        ("=3", r"--set '=3': write it as KEY=VALUE"),
        ("sedes=3", r"sedes: unknown key; did you mean 'seeds'"),
        ("budget.steps=none", r"budget\.steps = 'none'"),
        ("seeds.first=3", r"--set 'seeds\.first=3': 'seeds' is not a table"),
        ("optimizers.7.lr=3", r"--set 'optimizers\.7\.lr=3': '7' is not a number from 0 to 0"),
        ("optimizers.adam.lr=3", r"--set 'optimizers\.adam\.lr=3': 'adam' is not a number from 0 to 0"),
        ("optimizers.².lr=3", r"--set 'optimizers\.².lr=3': '²' is not a number from 0 to 0"),
        ("optimizers.00.lr=3", r"'00' is not a number from 0 to 0"),
        ("optimizers[1].lr=3", r"'1' is not a number from 0 to 0"),
        ("seeds=" + "9" * 5000, r"its value can't be read: Exceeds the limit"),
        ("seeds=" + "[" * 900, r"its value can't be read: brackets are nested too deeply"),
        ("optimizers.1=3", r"--set 'optimizers\.1=3': '1' is not a number from 0 to 0"),
    ],
)
def test_a_change_that_can_not_be_made_is_told(write: Write, change: str, told: str) -> None:
    """What is wrong with a change is told as it was given, or as if it stood in the file."""
    with pytest.raises(InputError, match=told):
        read(write(PLAIN), [change])
