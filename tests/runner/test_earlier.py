"""A results folder that was made before the code had its present structure: it is read, made again and continued as it was.

`earlier/` holds the experiment, its data, and what version 0.1.0 made of it while all modules lay in one folder.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optilab import store
from optilab.experiment.file import read
from optilab.guarding.consent import remember
from optilab.records.columns import COLUMNS
from optilab.runner.progress import status_of
from optilab.runner.replay import replay
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from optilab.workers.environment import versions

CLOCKS = ["seconds", "cpu_seconds"]
EARLIER = Path(__file__).with_name("earlier")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of it, whose data a person has named."""
    shutil.copytree(EARLIER, tmp_path / "earlier")
    remember(tmp_path / "earlier" / "blobs.csv")
    return tmp_path / "earlier" / "folder"


def values(results: store.Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables in one order, with run_id as their index."""
    runs = results.runs.set_index("run_id").sort_index()
    history = results.history.sort_values(["run_id", "step"], kind="stable").set_index("run_id")
    return runs, history


def test_it_is_read(folder: Path) -> None:
    """All 54 runs are there with their histories, and nothing that the experiment wants is missing."""
    results, status = store.load(folder), status_of(folder)
    assert results.runs["status"].value_counts().to_dict() == {"budget": 43, "pruned": 11}
    assert (
        results.history.groupby("run_id").size().to_dict() == results.runs.set_index("run_id")["measurements"].to_dict()
    )
    assert (status.wanted, status.missing, status.others) == (54, 0, 0)


def test_every_run_of_it_is_made_again(folder: Path) -> None:
    """Bit for bit where NumPy, Numba and optilab's code are those that made it; elsewhere the last digits may differ."""
    before = store.load(folder)
    same_machine = set(before.runs["versions"]) == {versions()}
    for run_id, row in before.runs.set_index("run_id").iterrows():
        again = replay(folder, str(run_id))
        assert again.status == (row["status"], row["status"])
        assert again.measurements == row["measurements"]
        if same_machine and not again.changed:
            assert again.identical, again
        elif again.difference is not None:
            tolerance = 1e-12 if same_machine else 1e-9
            assert np.isclose(again.difference.now, again.difference.before, rtol=tolerance, atol=0), again


def test_it_is_continued(folder: Path) -> None:
    """With a third seed the runs of that seed are made, and no other; what was there stays as it is, to the last bit."""
    runs, history = values(store.load(folder))
    after = run_experiment(read(folder.parent / "earlier.toml", ["seeds=3"]), folder, Way("inline"))
    runs_after, history_after = values(after)
    new = runs_after.index.difference(runs.index)
    assert set(runs_after.loc[new, "seed"]) == {2}
    assert set(runs_after.loc[new, "role"]) == {"evaluation"}
    assert len(new) == len(runs_after[(runs_after["role"] == "evaluation") & (runs_after["seed"] == 1)])
    pd.testing.assert_frame_equal(runs_after.loc[runs.index, runs.columns], runs, check_exact=True)
    pd.testing.assert_frame_equal(history_after.loc[history.index.unique()], history, check_exact=True)
    assert set(history_after.columns) == set(COLUMNS)


def test_nothing_of_it_is_made_a_second_time(folder: Path) -> None:
    """The experiment as it was finds all its runs, those that its search chose as well, under the run_ids that they had."""
    before = store.done(folder)
    run_experiment(read(folder.parent / "earlier.toml"), folder, Way("inline"))
    assert store.done(folder) == before
