"""Blocks: cells that are counted, compared and named without being made."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grids import BASE, grid
from optilab.experiment import blocks
from optilab.experiment.experiment import Experiment
from optilab.experiment.grid import grid_of
from optilab.experiment.identity import run_id
from optilab.records.canonical import canonical_text


def data(folder: Path, offset: float = 0.0) -> str:
    """A dataset file of 12 examples; its name is the same in every folder."""
    folder.mkdir(exist_ok=True)
    x = np.random.default_rng(3).uniform(size=(12, 2)) + offset
    np.savez(folder / "data.npz", x_train=x, y_train=np.arange(12) % 2)
    return str(folder / "data.npz")


@given(st.data())
def test_a_block_counts_and_names_its_cells_without_making_them(data: st.DataObject) -> None:
    """Its length, its cells by number and their run_ids are those of the cells made one by one."""
    values = st.lists(st.floats(0.01, 0.9), min_size=1, max_size=4)
    axes = data.draw(st.fixed_dictionaries({"lr": values, "beta1": values, "beta2": values}))
    experiment = Experiment.model_validate({**BASE, "optimizers": [{"use": "adam", **axes}]})
    cells = grid_of(experiment).cells
    expected = [dict(zip(axes, v, strict=True)) for v in itertools.product(*(dict.fromkeys(a) for a in axes.values()))]
    assert len(cells) == len(expected)
    assert [{name: cell.hyperparameters[name] for name in axes} for cell in cells] == expected
    assert [cells[k] for k in range(len(cells))] == list(cells)
    (block,) = cells.blocks
    assert list(block.run_ids([3, 8])) == [[run_id(cell.plan, seed) for seed in (3, 8)] for cell in cells]


def test_many_entries_are_compared_by_what_was_written_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value is written down once for each hyperparameter of each entry, however many others it is compared with."""
    written = []
    monkeypatch.setattr(blocks, "canonical_text", lambda value: written.append(value) or canonical_text(value))
    found = grid(optimizers=[{"use": "adam", "lr": 0.1 + k / 100} for k in range(30)])
    assert len(found) == 30
    assert len(written) == 30 * len(found[0].hyperparameters)
