"""Reports and pictures of anybody's tables."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import optilab
from optilab.report.report import report


def test_a_table_whose_hyperparameter_varies(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a sensitivity plot, in the report and in a notebook."""
    title = {"sensitivity": "Sensitivity to hyperparameters"}
    monkeypatch.setattr("optilab.report.pictures._TITLES", title)  # other pictures take time
    rows = [
        {"optimizer": name, "seed": seed, "test_acc": 0.9 - abs(lr - 0.1) - 0.01 * seed, "hp.lr": lr}
        for name in ("ours", "theirs")
        for seed in range(2)
        for lr in (0.01, 0.1, 0.2)
    ]
    found = optilab.load(pd.DataFrame(rows))
    assert len(found.plot("sensitivity")) == 1
    assert "Sensitivity to hyperparameters" in report([found])


@pytest.mark.usefixtures("without_pictures")
def test_a_method_that_diverged_everywhere_ranks_last() -> None:
    """Over problems, as in the leaderboard: what is left of it is not taken for all of it."""
    rows = [
        {"problem": f"p{k}", "optimizer": name, "seed": seed, "test_acc": value + 0.01 * k}
        for k in range(3)
        for seed in range(3)
        for name, value in (("a", 0.5), ("b", 0.6), ("c", 0.9 if seed == 0 else float("nan")))
    ]
    found = optilab.load(pd.DataFrame(rows))
    page = report([found])
    part = page[page.index("Over problems") :]
    ranks = re.findall(r'<th scope="row">(\w)</th><td class="number" data-value="([\d.]+)"', part)
    assert ranks[:3] == [("b", "1.0"), ("a", "2.0"), ("c", "3.0")]
    assert found.leaderboard().groupby("label")["mean_rank"].first().to_dict() == {"a": 2.0, "b": 1.0, "c": 3.0}


@pytest.mark.usefixtures("without_pictures")
def test_measures_of_its_own_are_in_the_settings() -> None:
    """The compared measure stands in the table of all runs."""
    rows = [{"optimizer": name, "seed": seed, "exam_score": seed + 0.5} for name in ("a", "b") for seed in range(2)]
    assert '"final_exam_score"' in report([optilab.load(pd.DataFrame(rows))])
