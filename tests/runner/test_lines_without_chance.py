"""Lines in which nothing is random run once, and are captioned so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from runner.lines import experiment, table, two_files

from optilab.analysis.comparison import comparison
from optilab.cli.dry_run import dry_run
from optilab.cli.run import run_and_compare
from optilab.figures.captions import seeds_text
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE = Way("inline")


@pytest.mark.usefixtures("wordy_plugin")
@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({}, 1),
        ({"tuning": {"seeds": 4}, "optimizers": [{"use": "sgd", "lr": [0.1, 0.2]}]}, 3),
        ({"problem": {"use": "bowl", "start": "random"}}, 3),
        ({"optimizers": [{"use": "noisy"}]}, 3),
        ({"optimizers": [{"use": ["noisy", "sgd"], "lr": 0.1}]}, 3),
        ({"budget": {"steps": 5, "seconds": 60}}, 3),
    ],
)
def test_what_can_not_differ_runs_once(
    tmp_path: Path, changes: dict[str, Any], runs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A given start, the full batch and no noise are one run, whatever the number of seeds, and the dry run says so."""
    given = experiment(**{"seeds": 3, **changes})
    dry_run(given, str(tmp_path / "r"))
    assert ("one run, as nothing in it is random" in capsys.readouterr().out) == (not made_by_chance(changes))
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert len(made.runs) == runs
    costs = made.runs[made.runs["role"] == "evaluation"]["final_train_cost"]
    assert costs.is_unique == made_by_chance(changes) or len(costs) == 1 or "seconds" in given.budget.model_dump()


def made_by_chance(changes: dict[str, Any]) -> bool:
    """Whether a seed makes a difference: it does where start, noise or clock do."""
    return bool({"problem", "budget"} & set(changes)) or "noisy" in str(changes.get("optimizers"))


def test_networks_have_a_start_and_batches_by_chance(tmp_path: Path) -> None:
    """Their first weights are drawn, so that all seeds are run, on the full batch too."""
    given = experiment(**two_files(tmp_path), optimizers=[{"use": "sgd", "batch_size": ["full", 4]}])
    made = run_experiment(given, tmp_path / "r", INLINE)
    assert comparison(made.runs, made.history)["seeds"].tolist() == [2] * 4
    assert made.runs["final_train_cost"].is_unique


@pytest.mark.usefixtures("wordy_plugin")
def test_captions_of_pictures_name_the_lines_without_chance(tmp_path: Path) -> None:
    """Where some lines have several seeds and others one, the caption says which, and why."""
    alone = run_experiment(experiment(), tmp_path / "alone", INLINE)
    assert seeds_text(alone) == "A single run, of seed 0 (one run, as nothing in it is random)."
    both = run_experiment(experiment(optimizers=[{"use": "sgd"}, {"use": "noisy"}]), tmp_path / "both", INLINE)
    assert seeds_text(both) == ("Median and each of 2 seeds (0 to 1); of sgd one run, as nothing in it is random.")
    rows = table(both)
    assert rows["seeds"].to_dict() == {"sgd": 1, "noisy": 2}
    assert rows["random"].to_dict() == {"sgd": False, "noisy": True}


def test_captions_say_that_nothing_is_random(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table counts one seed, and says why."""
    assert run_and_compare(lambda: (experiment(), INLINE), str(tmp_path / "r")) == 0
    assert "Each is one run, as nothing in it is random." in capsys.readouterr().out
