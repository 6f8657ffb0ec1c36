"""The label that others are compared with is kept beside the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optilab
from optilab import store
from optilab.experiment.question import question_of

TABLE: dict[str, Any] = {
    "name": "e",
    "seeds": 2,
    "problem": {"use": "two_valleys", "start": "random"},
    "budget": {"steps": 3},
    "optimizers": [{"use": "sgd", "label": "zä", "lr": 0.1}, {"use": "sgd", "label": "a", "lr": 0.2}],
}


@pytest.mark.parametrize("tuning", [{}, {"tuning": {"seeds": 1}}])
def test_the_first_line_of_the_file_is_the_control(tmp_path: Path, tuning: dict[str, Any]) -> None:
    """It is known from the results alone, though they come in the order of labels; so are the names that the experiment gives."""
    found = optilab.run({**TABLE, **tuning}, results=tmp_path / "r")
    assert found.control == store.load(tmp_path / "r").control == question_of(found).control == "zä"
    named = optilab.run({**TABLE, **tuning, "comparison": {"control": "a"}}, results=tmp_path / "r")
    assert question_of(named).control == "a"


def test_earlier_results_have_no_control(tmp_path: Path) -> None:
    """A table of wanted runs without it is read as before."""
    import pyarrow.parquet as pq

    folder = tmp_path / "r"
    optilab.run(TABLE, results=folder)
    table = pq.read_table(folder / "wanted.parquet").replace_schema_metadata(None)
    pq.write_table(table, folder / "wanted.parquet")
    assert store.load(folder).control is None
