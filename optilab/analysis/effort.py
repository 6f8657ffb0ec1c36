"""What tuning has cost: trials and epochs that went into the choice of each line's hyperparameters."""

from __future__ import annotations

import pandas as pd

from optilab.analysis.cells import LINE, NAMES, cell_numbers, identified, tried
from optilab.analysis.tables import runs_table
from optilab.errors import InputError


def tuning_effort(runs: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The tuning budget that each line has used: runs that were given up, diverged or failed count as far as they came.

    runs, history: optilab's tables. The runs of tuning count where there are any, else those of evaluation, of which the best cell is
    chosen then. A line that was evaluated beside tuned ones, as at its defaults, has used none.

    Returns LINE, NAMES, trials (number of cells that were tried), runs, and epochs (of all these runs together; missing
    where no history tells them), in the order of `runs`.

    Raises InputError where runs has no role, or history no run_id or epoch, and as `optilab.analysis.verdict` for a name that is missing.

    >>> runs = pd.DataFrame({"lr": [0.1, 0.1, 0.2], "seed": [0, 1, 0], "run_id": ["r", "s", "t"]})
    >>> runs = runs.assign(problem="p", label="ours", optimizer="o", schedule="constant", batch_size=32, role="tuning")
    >>> history = pd.DataFrame({"run_id": ["r", "s", "t"], "epoch": [5.0, 5.0, 2.0]})
    >>> tuning_effort(runs, history)[["label", "trials", "runs", "epochs"]].values.tolist()
    [['ours', 2, 3, 12.0]]
    """
    runs = identified(runs_table(runs, ("problem", "label", "seed"), cells=True))
    for name in ("run_id", "epoch"):
        if not isinstance(history, pd.DataFrame) or name not in history:
            raise InputError(f"history must be a DataFrame with the column {name!r}")
    counted = tried(runs)
    last = history.groupby("run_id")["epoch"].max()
    epochs = counted["run_id"].map(last)
    if history.empty or last.notna().any():
        epochs = epochs.fillna(0.0)
    counted = counted.assign(cell=cell_numbers(counted), epochs=epochs)
    lines = counted.groupby([*LINE, *NAMES], sort=False)
    counts = lines.agg(trials=("cell", "nunique"), runs=("run_id", "nunique"))
    spent = counts.assign(epochs=lines["epochs"].sum(min_count=1)).reset_index()
    every = runs[[*LINE, *NAMES]].drop_duplicates()
    untuned = every.merge(spent[LINE], on=LINE, how="left", indicator=True)
    untuned = untuned[untuned.pop("_merge") == "left_only"].assign(trials=0, runs=0, epochs=0.0)
    return pd.concat([spent, untuned], ignore_index=True) if len(untuned) else spent
