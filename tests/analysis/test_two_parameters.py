"""Final values over two hyperparameters, and which two matter most."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from optilab.analysis.two_parameters import matter_most, over_two


def runs_of() -> pd.DataFrame:
    """A line over a grid of three hyperparameters and two seeds, whose cost is a sum over them, and one that varies only lr."""
    rows = [
        {
            "label": "a",
            "optimizer": "a",
            "lr": lr,
            "momentum": m,
            "decay": d,
            "seed": s,
            "final_train_cost": 10 * lr + m + d / 100 + 0.2 * s,
        }
        for lr, m, d, s in product((0.1, 0.5, 1.0), (0.0, 0.9), (0.0, 1.0), (0, 1))
    ]
    rows += [{"label": "b", "optimizer": "b", "lr": lr, "seed": 0, "final_train_cost": lr} for lr in (0.1, 1.0)]
    common = {
        "problem": "p",
        "schedule": "constant",
        "batch_size": 1,
        "role": "evaluation",
        "status": "budget",
        "run_id": "",
    }
    found = pd.DataFrame([{**common, **row} for row in rows])
    return found.assign(run_id=[f"r{k}" for k in range(len(found))])


def test_a_cell_is_the_median_over_seeds_at_the_best_of_the_others() -> None:
    """Every pair of values has a row; the third hyperparameter is at its best, and a line that doesn't vary both is left out."""
    found = over_two(runs_of(), "lr", "momentum", "train_cost")
    assert set(found["label"]) == {"a"}
    assert len(found) == 6
    np.testing.assert_allclose(found["median"], 10 * found["x"] + found["y"] + 0.1)
    assert found["seeds"].eq(2).all()


def test_what_did_not_last_is_infinite() -> None:
    """A cell whose runs diverged has an infinite median, and is not left out; of a pruned one nothing is known."""
    runs = runs_of()
    gone = runs["lr"].eq(1.0) & runs["momentum"].eq(0.9)
    found = over_two(runs.assign(status=np.where(gone, "diverged", "budget")), "lr", "momentum", "train_cost")
    assert np.isinf(found.loc[(found["x"] == 1) & (found["y"] == 0.9), "median"]).all()
    assert np.isfinite(found["median"]).sum() == 5
    pruned = over_two(runs.assign(status=np.where(gone, "pruned", "budget")), "lr", "momentum", "train_cost")
    assert len(pruned) == 5


def test_shuffled_runs_give_the_same_cells() -> None:
    """The order of the runs changes nothing."""
    runs = runs_of()
    shuffled = runs.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        over_two(runs, "lr", "decay", "train_cost"), over_two(shuffled, "lr", "decay", "train_cost")
    )


@pytest.mark.parametrize("names", [["lr", "momentum", "decay"], ["decay", "momentum", "lr"]])
def test_what_ranges_most_matters_most(names: list[str]) -> None:
    """The hyperparameter over which the best cost changes most comes first, whatever the order of names."""
    assert matter_most(runs_of(), names, "train_cost") == ["lr", "momentum", "decay"]
