"""Runs that a search gives up: why, until when, and what has them made in full."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from runner.searching import Counted, experiment, table

from optilab.experiment.experiment import Experiment
from optilab.runner.replay import replay
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

INLINE, ONE, TWO = Way("inline"), Way(workers=1), Way(workers=2)


def test_what_was_given_up_says_why_and_can_be_replayed(tmp_path: Path, told: Path) -> None:
    """Its status is "pruned", its history ends where it was given up, and it is the same again."""
    results = run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE)
    pruned = results.runs[results.runs["status"] == "pruned"]
    for row in pruned.head(3).to_dict("records"):
        assert row["message"].startswith(f"given up after step {row['steps']}: its lowest train_cost up to there, ")
        assert 10 <= row["steps"] < 40
        again = replay(tmp_path / "r", row["run_id"])
        assert again.identical
        assert again.measurements == row["measurements"] == row["steps"] // 4 + 1
    assert (pruned["role"] == "tuning").all()


def test_what_was_given_up_is_made_in_full_where_that_is_wanted(tmp_path: Path, told: Path) -> None:
    """Without giving up, all runs come to their end; with it again, those that are there in full count as given up."""
    asked = experiment(prune_after=0.25)
    first = run_experiment(asked, tmp_path / "r", INLINE)
    heard = told.read_text()
    pruned = set(first.runs.loc[first.runs["status"] == "pruned", "run_id"])
    observer = Counted()
    every = run_experiment(experiment(), tmp_path / "r", INLINE, observer)
    assert "pruned" not in set(every.runs["status"])
    assert pruned & set(observer.made)
    again = Counted()
    run_experiment(asked, tmp_path / "r", INLINE, again)
    assert not set(again.made) & set(every.runs["run_id"])
    assert told.read_text() == heard


def test_other_limits_give_up_again(tmp_path: Path, told: Path) -> None:
    """A run that would be given up at another step is made again, and ends where it would have from the start."""
    late = run_experiment(experiment(prune_after=0.75), tmp_path / "late", INLINE)
    run_experiment(experiment(prune_after=0.25), tmp_path / "r", INLINE)
    found = run_experiment(experiment(prune_after=0.75), tmp_path / "r", INLINE)
    pd.testing.assert_frame_equal(table(found), table(late), check_exact=True)


def test_points_that_are_known_beforehand_can_be_given_up_too(tmp_path: Path) -> None:
    """The points of a sampler that doesn't learn are the same; only some of their runs end early."""
    full = run_experiment(
        Experiment.model_validate(experiment("sobol").model_dump() | {"search": {}}), tmp_path / "full", INLINE
    )
    some = run_experiment(experiment("sobol", prune_after=0.25), tmp_path / "some", INLINE)
    tuned = [r.runs[r.runs["role"] == "tuning"] for r in (full, some)]
    assert set(tuned[0]["run_id"]) == set(tuned[1]["run_id"])
    assert (tuned[1]["status"] == "pruned").sum() > 5
    one, other = (
        r.runs.loc[r.runs["role"] == "evaluation", ["label", "lr"]].drop_duplicates("label") for r in (full, some)
    )
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_prune_after_is_a_share(tmp_path: Path) -> None:
    """From the first step on, but not the last."""
    for wrong in (-0.1, 1.0, 2):
        with pytest.raises(ValueError, match="prune_after"):
            experiment(prune_after=wrong)
