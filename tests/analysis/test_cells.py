"""Cells and lines of random tables, their medians and what is best of them, against pandas' group-bys."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from optilab.analysis.best import best_cells, best_runs
from optilab.analysis.cells import LINE, cell_columns, cell_numbers, identified, line_numbers, varying
from optilab.analysis.sensitivity import cells_measured
from optilab.records.statuses import cost_or_infinity


def table(seed: int) -> pd.DataFrame:
    """Runs of two problems and three labels, with gaps among numbers and words, and several statuses."""
    draw = np.random.default_rng(seed)
    n = 80
    words = pd.Series(draw.choice(["x", "y", ""], n)).where(draw.random(n) < 0.8)
    label = draw.choice(["a", "b", "c"], n)
    columns = {
        "run_id": [f"r{k}" for k in range(n)],
        "problem": draw.choice(["p", "q"], n),
        "label": label,
        "optimizer": label,
        "schedule": draw.choice(["constant", "cosine"], n, p=[0.9, 0.1]),
        "batch_size": 8,
        "seed": draw.integers(0, 4, n),
        "role": "evaluation",
        "status": draw.choice(["budget", "diverged", "pruned"], n, p=[0.7, 0.2, 0.1]),
        "lr": np.where(draw.random(n) < 0.3, np.nan, draw.choice([0.1, 0.2], n)),
        "mode": words.replace("", "x"),
        "final_train_cost": draw.choice([0.1, 0.2, 0.3, np.inf], n),
    }
    return identified(pd.DataFrame(columns))


@pytest.mark.parametrize("seed", range(8))
def test_numbers_are_those_of_a_group_by(seed: int) -> None:
    """Of lines and of cells, where what is missing is a value like others."""
    runs = table(seed)
    assert line_numbers(runs).tolist() == runs.groupby(LINE, sort=False).ngroup().tolist()
    groups = runs.fillna({"lr": -1.0, "mode": ""}).groupby(cell_columns(runs), sort=False)
    assert cell_numbers(runs).tolist() == groups.ngroup().tolist()
    assert 20 < groups.ngroups < len(runs)
    counts = runs.groupby(LINE)[["lr", "mode"]].nunique().max()
    assert varying(runs) == counts[counts > 1].index.tolist()
    one = runs.assign(lr=0.1, mode=runs["label"])
    assert varying(one) == []


@pytest.mark.parametrize("seed", range(8))
def test_the_best_are_those_of_a_group_by(seed: int) -> None:
    """The lowest median of each line, the first of equals; its runs; and quartiles of all cells."""
    runs = table(seed)
    runs["cost"] = cost_or_infinity(runs["final_train_cost"], runs["status"])
    by = runs.drop(columns="cost")
    number = cell_numbers(by)
    middle = runs["cost"].groupby(number).median()
    first = runs[~number.duplicated()].assign(score=middle.to_numpy())
    expected = first.loc[first.groupby(LINE, sort=False)["score"].idxmin()]
    found = best_cells(by, "final_train_cost")
    pd.testing.assert_frame_equal(found[[*LINE, "run_id", "score"]], expected[[*LINE, "run_id", "score"]])
    assert found["cells"].tolist() == first.groupby(LINE, sort=False).size().tolist()
    chosen = number[expected[np.isfinite(expected["score"]) | (found["cells"] == 1)].index]
    assert best_runs(by)["run_id"].tolist() == runs.loc[number.isin(chosen), "run_id"].tolist()
    measured = cells_measured(by, "train_cost").set_index("cell")
    pruned = runs["status"].eq("pruned").groupby(number).any()
    kept = middle[~(np.isinf(middle) & pruned)]
    assert measured["median"].to_dict() == pytest.approx(kept.to_dict())
    finite = runs["cost"].groupby(number).apply(lambda cell: np.isfinite(cell).sum())
    assert measured["finite"].to_dict() == finite[kept.index].to_dict()
