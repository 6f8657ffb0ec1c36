"""Tables of runs and their histories, made up."""

from __future__ import annotations

from typing import Any

import pandas as pd


def runs_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of runs, with what isn't given filled in; each row is a run of its own."""
    usual = {
        "problem": "bowl",
        "label": "adam",
        "optimizer": "adam",
        "schedule": "constant",
        "batch_size": 1,
        "seed": 0,
        "role": "evaluation",
        "status": "budget",
        "lr": 0.1,
    }
    table = pd.DataFrame([{"run_id": f"run{k}", **usual, **row} for k, row in enumerate(rows)])
    for name in ("train_cost", "test_cost", "test_accuracy"):
        if f"final_{name}" not in table:
            table[f"final_{name}"] = float("nan")
    return table


def history_of(*costs: list[float], **columns: list[float]) -> pd.DataFrame:
    """The history of run0, run1, ...: one list of costs each, measured every 10 steps."""
    rows = []
    for k, values in enumerate(costs):
        for n, value in enumerate(values):
            measured = {"run_id": f"run{k}", "step": 10 * n, "epoch": n / 2, "train_cost": value, "seconds": 0.1 * n}
            rows.append({**measured, **{name: column[k] * n for name, column in columns.items()}})
    return pd.DataFrame(rows)


def seeds(*statuses: str, **changes: Any) -> pd.DataFrame:
    """One run a status, of one line."""
    return runs_of(*({"seed": k, "status": status, **changes} for k, status in enumerate(statuses)))
