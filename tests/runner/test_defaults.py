"""Lines at the defaults of their optimizers, compared beside the tuned ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from runner.running import experiment

from optilab import store
from optilab.analysis import leaderboard, tuning_effort, verdict
from optilab.cli.dry_run import dry_run
from optilab.cli.main import main
from optilab.errors import InputError
from optilab.experiment.grid import grid_of
from optilab.runner.replay import replay
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE = Way("inline")
TUNED: dict[str, Any] = {
    "tuning": {"seeds": 1},
    "defaults": True,
    "optimizers": [{"use": "sgd", "lr": [0.1, 1e6]}, {"use": "adam", "lr": [0.05, 0.1]}],
}


def test_each_line_has_one_at_its_defaults() -> None:
    """All its hyperparameters have their defaults there, whatever the entry says; its batch size and schedule stay."""
    given = experiment(
        tuning={"seeds": 1},
        defaults=True,
        optimizers=[
            {"use": "adam", "lr": [0.01, 0.1], "beta1": 0.5},
            {"use": "adam", "lr": [0.01, 0.1], "label": "mine", "schedule": ["constant", "cosine"]},
        ],
    )
    cells = {cell.label: cell for cell in grid_of(given).defaults}
    assert list(cells) == ["adam (defaults)", "mine, constant (defaults)", "mine, cosine (defaults)"]
    assert all(cell.hyperparameters["beta1"] == 0.9 for cell in cells.values())
    assert all(cell.hyperparameters["lr"] == 0.001 for cell in cells.values())
    assert cells["mine, cosine (defaults)"].schedule == "cosine"
    assert not grid_of(given.model_copy(update={"defaults": False})).defaults


def test_a_line_of_defaults_alone_is_not_doubled() -> None:
    """An entry that gives nothing is at its defaults already; one that gives another value is not."""
    given = experiment(defaults=True, optimizers=[{"use": "sgd"}, {"use": "adam", "lr": 0.1}])
    assert [cell.label for cell in grid_of(given).defaults] == ["adam (defaults)"]


def test_defaults_are_evaluated_and_not_tuned(tmp_path: Path) -> None:
    """Their runs have the seeds of the evaluation; no trial is behind them, and tables say so."""
    found = run_experiment(experiment(**TUNED), tmp_path / "r", INLINE)
    own = found.runs[found.runs["label"] == "adam (defaults)"]
    assert own["role"].tolist() == ["evaluation"] * 2
    assert own["seed"].tolist() == [0, 1]
    assert own["lr"].tolist() == [0.001] * 2
    effort = tuning_effort(found.runs, found.history).set_index("label")
    assert effort["trials"].to_dict() == {"sgd": 2, "adam": 2, "sgd (defaults)": 0, "adam (defaults)": 0}
    assert effort.loc["adam (defaults)", "epochs"] == 0
    board = leaderboard(found).set_index("label")
    assert set(board.index) == set(effort.index)
    assert board.loc["adam (defaults)", "trials"] == 0


def test_a_run_that_two_lines_share_is_of_both(tmp_path: Path) -> None:
    """Tuning has chosen the default: it is trained once, and both lines have its history, so that neither is better."""
    folder = tmp_path / "r"
    found = run_experiment(experiment(**{**TUNED, "seeds": 6}), folder, INLINE)
    runs = found.runs[found.runs["role"] == "evaluation"].set_index("label")
    tuned, default = (runs[runs.index == label].sort_values("seed") for label in ("sgd", "sgd (defaults)"))
    assert tuned["lr"].eq(0.1).all()
    assert default["run_id"].tolist() == [f"{run}+1" for run in tuned["run_id"]]
    assert found.runs["run_id"].is_unique
    pd.testing.assert_series_equal(tuned["final_train_cost"], default["final_train_cost"], check_index=False)
    histories = {run: rows.drop(columns="run_id") for run, rows in found.history.groupby("run_id")}
    for run in tuned["run_id"]:
        pd.testing.assert_frame_equal(
            histories[run].reset_index(drop=True), histories[f"{run}+1"].reset_index(drop=True)
        )
    assert len(store.load_runs(folder)) == 4 + 6 + 6 + 6  # tuning, two tuned lines, and one at other defaults
    rows = verdict(found).comparisons.set_index("label")
    assert (rows.loc["sgd (defaults)", "difference"], rows.loc["sgd (defaults)", "p"]) == (0, 1)


def test_a_shared_run_can_be_made_again_by_either_name(tmp_path: Path) -> None:
    """Replay takes the run_id of a copy for that of the run."""
    folder = tmp_path / "r"
    found = run_experiment(experiment(**TUNED), folder, INLINE)
    (copy,) = found.runs.loc[found.runs["run_id"].str.contains("+", regex=False) & (found.runs["seed"] == 1), "run_id"]
    assert replay(folder, copy).identical
    assert replay(folder, copy.partition("+")[0]).identical


def test_defaults_that_are_in_the_grid_are_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without tuning, a cell of the grid at the defaults is of two lines as well, and is planned and counted once."""
    given = experiment(defaults=True, optimizers=[{"use": "sgd", "lr": [0.1, 0.2]}])
    dry_run(given, str(tmp_path / "r"))
    assert "evaluation: 4 runs, of which 0 are done" in capsys.readouterr().out
    found = run_experiment(given, tmp_path / "r", INLINE)
    assert sorted(found.runs["label"]) == ["sgd"] * 4 + ["sgd (defaults)"] * 2
    dry_run(given, str(tmp_path / "r"))
    assert "evaluation: 4 runs, of which 4 are done" in capsys.readouterr().out
    main(["status", str(tmp_path / "r")], standalone_mode=False)
    assert "4 runs wanted: 4 done, 0 missing" in capsys.readouterr().out


def test_the_plan_counts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before and after tuning the dry run says what is evaluated."""
    given = experiment(**TUNED)
    dry_run(given, str(tmp_path / "r"))
    said = " ".join(capsys.readouterr().out.split())
    assert "evaluation: 8 runs, of the best cell of each of 2 lines and of 2 at defaults, once tuning is done" in said
    assert "adam (defaults)" in said
    run_experiment(given, tmp_path / "r", INLINE)
    dry_run(given, str(tmp_path / "r"))
    assert "evaluation: 6 runs, of which 6 are done" in capsys.readouterr().out


def test_a_shared_run_is_shared_on_its_problem_alone(tmp_path: Path) -> None:
    """Each line has results on every problem, so that ranks over problems miss none."""
    problems = [{"use": "bowl", "start": "random"}, {"use": "two_valleys", "start": "random"}]
    given = experiment(**{**TUNED, "problem": None, "problems": problems})
    found = run_experiment(given, tmp_path / "r", INLINE)
    board = leaderboard(found)
    assert board.groupby("label")["problem"].nunique().eq(2).all()
    assert board["mean_rank"].notna().all()
    assert found.runs.groupby("label")["line_id"].nunique().eq(1).all()


def test_the_control_may_be_at_its_defaults(tmp_path: Path) -> None:
    """Its label is known like any other, also where tuning has chosen the defaults."""
    given = experiment(**TUNED, comparison={"control": "sgd (defaults)"})
    assert verdict(run_experiment(given, tmp_path / "r", INLINE)).control == "sgd (defaults)"
    with pytest.raises(InputError, match=r"comparison\.control"):
        grid_of(experiment(comparison={"control": "sgd (defaults)"}))


def test_without_a_default_a_line_is_left_out_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hyperparameter that must be given has no default; the other lines have theirs."""
    given = experiment(
        tuning={"seeds": 1},
        defaults=True,
        optimizers=[{"use": "weight_decay", "lr": [0.1, 0.2]}, {"use": "adam", "lr": [0.1, 0.2]}],
    )
    grid = grid_of(given)
    assert [cell.label for cell in grid.defaults] == ["adam (defaults)"]
    (note,) = grid.notes
    assert note == "weight_decay isn't compared at its defaults: optimizers[0]: weight_decay needs a value for lr"
    dry_run(given, str(tmp_path / "r"))
    assert "weight_decay isn't compared at its defaults" in capsys.readouterr().out


def test_a_label_that_is_taken_is_refused() -> None:
    """A line of the user's own can't have the name of one at defaults."""
    entries = [{"use": "sgd", "lr": 0.3}, {"use": "adam", "label": "sgd (defaults)"}]
    with pytest.raises(InputError, match=r"defaults: 'sgd \(defaults\)' is the label of an entry already"):
        grid_of(experiment(defaults=True, optimizers=entries))
