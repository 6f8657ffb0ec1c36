"""Tables of anybody's: accuracies of which a part is in percent, the index of pandas, percent signs, others' names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from optilab import InputError
from optilab.store import load_table

HEAD = "optimizer,seed,epoch,test_accuracy\n"


def curves(*runs: list[float]) -> str:
    """A table of one optimizer, a run for each list, a row for each epoch."""
    rows = [f"ours,{seed},{epoch},{value}" for seed, run in enumerate(runs) for epoch, value in enumerate(run)]
    return HEAD + "\n".join(rows) + "\n"


def told(text: str, folder: Path) -> str:
    """The message with which a table is refused, or its notes."""
    path = folder / "runs.csv"
    path.write_text(text, "utf-8")
    try:
        return " ".join(load_table(path).notes)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize(
    ("runs", "line"),
    [
        ([[0.91], [0.905], [90.1], [90.4]], 2),
        ([[88.4], [87.9], [0.9012]], 4),
        ([[10.0, 85.0], [0.12, 0.83]], 4),
        ([[10.0, 85.0, 0.86], [10.0, 84.0, 85.0]], 4),
    ],
)
def test_shares_beside_percent_are_refused(runs: list[list[float]], line: int, tmp_path: Path) -> None:
    """A run, or a row behind one in percent, of which a hundred times the value is what others have, is named with its line."""
    message = told(curves(*runs), tmp_path)
    assert f"line {line} has 0." in message
    assert "seems to be a share" in message
    assert "write all as shares from 0 to 1" in message


@pytest.mark.parametrize(
    "runs",
    [
        [[0.5, 30.0, 70.0], [0.9, 35.0, 71.0]],
        [[70.0], [71.0], [1.0]],
        [[70.0], [72.0], [0.1]],
        [[2.0, 70.0, 0.1], [0.5, 69.0, 70.0]],
        [[0.0], [70.0], [71.0]],
    ],
)
def test_accuracies_below_one_percent_are_read(runs: list[list[float]], tmp_path: Path) -> None:
    """Runs begin at chance, and end there when they go wrong."""
    assert "test_accuracy is in percent, and was divided by 100." in told(curves(*runs), tmp_path)


def test_the_index_of_pandas_is_left_out(tmp_path: Path) -> None:
    """A first column without a name that counts the rows is left out, and a note says so; any other is refused."""
    frame = pd.DataFrame({"optimizer": "a", "seed": [0, 1], "val_loss": [0.5, 0.6]})
    note = "The first column, which has no name and counts the rows, is left out."
    path = tmp_path / "index.csv"
    frame.to_csv(path)
    found = load_table(path)
    assert found.notes == (note,)
    assert "Unnamed: 0" not in list(found.runs)
    assert load_table(pd.read_csv(path)).notes == (note,)
    assert "column 1 has no name; give it one" in told(",optimizer,seed,val_loss\n5,a,0,0.5\n6,a,1,0.6\n", tmp_path)
    assert "column 2 has no name" in told("optimizer,,seed,val_loss\na,0,0,0.5\n", tmp_path)


def test_cells_with_a_percent_sign(tmp_path: Path) -> None:
    """The message says how to write them, also where all of a column have one."""
    assert "'88.4%' is no number; write it without %" in told(HEAD + "a,0,0,88.4%\na,1,0,88.5%\n", tmp_path)
    assert "'88.5%' is no number; write it without %" in told(HEAD + "a,0,0,88.4\na,1,0,88.5%\n", tmp_path)


def test_a_random_seed_is_a_seed() -> None:
    """Blanks, underlines and capitals in names don't matter."""
    for name in ("Random Seed", "random_seed", "SEED", "rng-seed"):
        frame = pd.DataFrame({"optimizer": "a", name: [0, 1], "val_loss": [0.5, 0.6]})
        assert load_table(frame).runs["seed"].tolist() == [0, 1]


def test_a_status_that_is_not_known_is_told_with_all_that_are(tmp_path: Path) -> None:
    """Others' words for one that finished are among them."""
    message = told("optimizer,seed,val_loss,status\na,0,0.5,ok\na,1,0.6,OOM\n", tmp_path)
    assert message.endswith(
        "'OOM' is none of budget, converged, target, plateau, diverged, failed, crashed, timeout, pruned; and ok, finished, "
        "completed, complete, done, success for budget"
    )
