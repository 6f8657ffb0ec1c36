"""Experiments of any size: counted without being made, or told to be too large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optilab.cli.dry_run import dry_run
from optilab.errors import InputError
from optilab.experiment import cell
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read
from optilab.parameters.tables import validated
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.training.checks import checked


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = " + "[" * 900, r"is not a TOML file: brackets are nested too deeply"),
        ("x = " + "9" * 5000, r"is not a TOML file: Exceeds the limit"),
        ("seeds = 9223372036854775808", r"seeds = 9223372036854775808: a whole number has at most 64 bits"),
        ("seeds = 1000000000", r"seeds = 1000000000: give how many, above zero and up to 10,000,000"),
        ("seeds = 2020-01-01", r"seeds: datetime\.date\(2020, 1, 1\) is of type date: accepted is a number, a text"),
        ("budget.epochs = 1e308", r"budget\.epochs = 1e\+308: input should be less than or equal to 9007199254740992"),
        ("budget.epochs = inf", r"budget\.epochs = inf"),
        ("optimizers = [{ use = 'sgd', lr = { log = [1e-3, 1], points = 1000000000 } }]", r"lr: points = 1000000000"),
        (
            "optimizers = [{ use = 'sgd', lr = { log = [1, 1e309], points = 3 } }]",
            r"lr: log\[1\] = inf is not a finite",
        ),
        ("seeds = [9223372036854775807]", None),
    ],
)
def test_what_is_too_large_is_told_before_anything_is_made(folder: Path, text: str, told: str | None) -> None:
    """With its place, the value cut short, and what is accepted."""
    usual = {
        "name": "name = 'e'",
        "budget": "budget.steps = 3",
        "problem": "problem.use = 'bowl'",
        "optimizers": "optimizers = [{ use = 'sgd' }]",
    }
    lines = [text, *(line for name, line in usual.items() if not text.startswith(name))]
    (folder / "e.toml").write_text("\n".join(lines), "utf-8")
    if told is None:
        dry_run(read(folder / "e.toml"), None)
        return
    with pytest.raises(InputError, match=told) as caught:
        dry_run(read(folder / "e.toml"), None)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("points", "each", "seeds"), [(100, 100, 3), (10_000, 1, 3), (100, 1000, 20), (1, 1, 10_000_000)]
)
def test_a_dry_run_counts_without_making(
    folder: Path,
    points: int,
    each: int,
    seeds: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """However many runs there are, a few plans are made, the first cells alone are shown, and the numbers are right."""
    plans = []
    monkeypatch.setattr(cell, "checked", lambda plan: plans.append(plan) or checked(plan))
    given = {
        "name": "many",
        "seeds": seeds,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 3},
        "optimizers": [
            {
                "use": "adam",
                "lr": {"log": [1e-4, 1], "points": points},
                "beta1": {"linear": [0.1, 0.9], "points": each},
                "schedule": "cosine",
            }
        ],
    }
    dry_run(validated(Experiment, given), None)
    said = capsys.readouterr().out
    cells = points * each
    assert f"many: {cells:,} cell{'' if cells == 1 else 's'}\n" in said
    assert f"evaluation: {points * each * seeds} runs, of which 0 are done" in said
    assert said.count("\n") < 60
    assert 0 < len(plans) < 10


def test_what_is_done_is_counted_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs that are there are found among those that are only counted."""
    given = {
        "name": "some",
        "seeds": 2,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 3},
        "optimizers": [{"use": "adam", "lr": [0.1, 0.2]}],
    }
    run_experiment(validated(Experiment, given), "r", Way("inline"))
    given["optimizers"] = [{"use": "adam", "lr": [0.1, 0.3, 0.5], "beta1": [0.9, 0.8]}]
    dry_run(validated(Experiment, given), "r")
    assert "evaluation: 12 runs, of which 2 are done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seeds": 10_000_001}, r"seeds = 10000001: give how many, above zero and up to 10,000,000"),
        (
            {"lr": {"log": [0.1, 1], "points": 1_000_001}},
            r"lr: points = 1000001: accepted is a whole number from 1 to 1,000,000",
        ),
        (
            {"lr": {"log": [0.1, 1], "points": 10**4}, "beta1": {"linear": [0, 0.9], "points": 10**4}},
            r"optimizers\[0\]: 100,000,000 cells; an experiment has at most 10,000,000 runs",
        ),
        (
            {"seeds": 1_000_000, "lr": {"log": [0.1, 1], "points": 100}},
            r"100 cells on 1,000,000 seeds are 100,000,000 runs; an experiment has at most 10,000,000",
        ),
    ],
)
def test_more_than_an_experiment_can_hold_is_told(folder: Path, changes: dict[str, Any], told: str) -> None:
    """The bound is stated, and nothing is made before."""
    entry = {"use": "adam", **{name: value for name, value in changes.items() if name != "seeds"}}
    problem = {"use": "bowl", "start": "random"}
    given = {
        "name": "e",
        "seeds": changes.get("seeds", 1),
        "problem": problem,
        "budget": {"steps": 3},
        "optimizers": [entry],
    }
    with pytest.raises(InputError, match=told):
        dry_run(validated(Experiment, given), None)
