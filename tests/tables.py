"""Rows of results and jobs, made up: what tests of the store, the runner and the workers begin with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from optilab.store import HISTORY, Store, load, runs_schema

if TYPE_CHECKING:
    from optilab.runner.jobs import Job

LR = {"lr": float}


def tables(
    rows: Iterable[dict[str, Any]], measurements: int = 3, hyperparameters: dict[str, type] | None = None
) -> tuple[pa.Table, pa.Table]:
    """Tables of some runs, given by what tells them apart; `value` is the cost at each of their measurements."""
    schema = runs_schema(LR if hyperparameters is None else hyperparameters)
    runs, history = [], []
    for given in rows:
        row = dict(given)
        value, count = row.pop("value", 1.0), row.pop("measurements", measurements)
        usual = {
            "experiment": "e",
            "problem": "p",
            "optimizer": "o",
            "label": "l",
            "schedule": "constant",
            "batch_size": 1,
            "seed": 0,
            "role": "evaluation",
            "status": "budget",
            "message": "",
            "steps": 2,
            "measurements": count,
            "final_train_cost": value,
            "code": "c",
        }
        runs.append(dict.fromkeys(schema.names) | usual | row)
        history += [
            dict.fromkeys(HISTORY.names, 0) | {"run_id": row["run_id"], "step": step, "train_cost": value}
            for step in range(count)
        ]
    return pa.Table.from_pylist(runs, schema), pa.Table.from_pylist(history, HISTORY)


def write(folder: Path, *runs: str, **given: Any) -> None:
    """One session that commits these runs."""
    with Store(folder, LR, "{}") as store:
        store.add(*tables([{"run_id": run, **given} for run in runs]))


def held(folder: Path) -> dict[str, tuple[float, int]]:
    """The cost of each run that a folder holds, and how many measurements; every run is there once, with one history."""
    found = load(folder)
    assert found.runs["run_id"].is_unique
    assert set(found.history["run_id"]) <= set(found.runs["run_id"])
    measured = found.history.groupby("run_id")["train_cost"].agg(["nunique", "first", "size"])
    assert measured["nunique"].eq(1).all()
    values = found.runs.set_index("run_id")["final_train_cost"]
    assert (measured["first"] == values[measured.index]).all()
    sizes = measured["size"].reindex(values.index, fill_value=0)
    assert (sizes == found.runs.set_index("run_id")["measurements"]).all()
    return {run: (float(values[run]), int(sizes[run])) for run in values.index}


def parts(folder: Path, table: str) -> list[Path]:
    """The files of a table, in order."""
    return sorted((folder / table).glob("*.parquet"))


def jobs_of_one_cell(folder: Path, seeds: int, **changes: Any) -> list[Job]:
    """Jobs of gradient descent on the bowl, one for each seed."""
    from optilab.experiment.experiment import Experiment
    from optilab.experiment.grid import grid_of
    from optilab.runner.jobs import jobs, tasks

    optimizer = {"use": "sgd", "lr": 0.01, **changes}
    content = {
        "name": "b",
        "seeds": seeds,
        "problem": {"use": "bowl", "start": "random"},
        "budget": {"steps": 20},
        "optimizers": [optimizer],
    }
    experiment = Experiment.model_validate(content)
    return jobs(experiment, tasks(experiment, grid_of(experiment).cells, folder), "evaluation")
