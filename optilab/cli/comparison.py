"""The comparison of optimizers as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.console import Group
from rich.text import Text

from optilab.analysis.comparison import comparison, on_test_examples
from optilab.cli.table import TableColumn, fitting
from optilab.cli.terminal import name
from optilab.experiment.experiment import Experiment
from optilab.records.columns import AXES
from optilab.store import Results
from optilab.texts import printable, shortened
from optilab.training.chance import WITHOUT_CHANCE

_NAME = 40  # letters of a label in the notes


def comparison_table(experiment: Experiment, found: Results, by: str, width: int) -> Group:
    """One row per line of the comparison, showing its best cell by the measure `by`; notes stand below.

    width: of the terminal, in characters.
    """
    rows = comparison(found.runs, found.history, by)
    if rows.empty:
        return Group(Text("No runs to compare."))
    classified = bool(rows["test_accuracy"].notna().any())
    tested = bool(rows["test_cost"].notna().any())
    validated = bool(rows["valid_cost"].notna().any())
    several = rows["problem"].nunique() > 1
    tuned = bool(rows["hyperparameters"].any())
    steps_are_epochs = bool((found.history["epoch"] == found.history["step"]).all())
    columns = {
        "problem": (TableColumn("problem"), several),
        "optimizer": (TableColumn("optimizer"), True),
        "best": (TableColumn("best"), tuned),
        "valid_accuracy": (
            TableColumn("validation\naccuracy (%)", figures=True),
            bool(rows["valid_accuracy"].notna().any()),
        ),
        "valid_cost": (TableColumn("validation\ncost", figures=True), validated),
        "test_accuracy": (TableColumn("test\naccuracy (%)", figures=True), classified),
        "test_cost": (TableColumn("test cost", figures=True), tested),
        "train_cost": (TableColumn("training\ncost", figures=True), True),
        "epochs": (TableColumn("steps" if steps_are_epochs and not tested else "epochs", figures=True), True),
        "seconds": (TableColumn("seconds", figures=True), True),
    }
    shown = {key: column for key, (column, there) in columns.items() if there}
    table = [[_cell(key, row) for key in shown] for row in rows.to_dict("records")]
    return Group(
        fitting(list(shown.values()), table, width, heading=2 if several else 1),
        comparison_notes(experiment, rows, by, tuned=tuned),
    )


def comparison_notes(experiment: Experiment, rows: pd.DataFrame, by: str, *, tuned: bool) -> Text:
    """The notes below the table: number of seeds, and on which seeds hyperparameters were chosen."""
    seeds = rows["seeds"].max()
    caption = "One seed." if seeds <= 1 else f"Median over {seeds} seeds; below it the lowest and the highest."
    alone = rows.loc[~rows["random"].astype(bool), "label"]
    if len(alone) == len(rows):
        caption = f"Each is {WITHOUT_CHANCE}."
    elif len(alone):
        labels = "; ".join(shortened(str(label), _NAME) for label in dict.fromkeys(alone))
        caption += f" Of {labels} {WITHOUT_CHANCE}."
    if tuned:
        chosen_on = "other seeds" if experiment.tuning else "the same seeds"
        which, _, measure = by.partition("_")
        caption += (
            f" Hyperparameters chosen on {chosen_on}, by {which} {AXES[measure]}{on_test_examples(by).rstrip(',')}."
        )
        if rows["hyperparameters"].str.contains("*", regex=False).any():
            caption += " * at an end of the values that were tried: a better one may lie beyond."
    return Text(printable(caption))


def _cell(key: str, row: Mapping[Any, Any]) -> Text:
    match key:
        case "problem":
            return name(row["problem"])
        case "optimizer":
            return name(row["label"]).append(f" ({row['ended']})" if row["ended"] else "")
        case "best":
            return Text(row["hyperparameters"])
        case "valid_accuracy" | "test_accuracy":
            return _range(row, key, ".2f", 100)
        case "epochs":
            return _number(row["epochs"], "g")
        case "seconds":
            return _number(row["seconds"], ".3g")
        case _:
            return _range(row, key, ".3g")


def _number(value: float, form: str) -> Text:
    return Text("" if math.isnan(value) else f"{value:{form}}")


def _range(row: Mapping[Any, Any], measure: str, form: str, factor: float = 1.0) -> Text:
    middle, low, high = (factor * row[name] for name in (measure, f"{measure}_low", f"{measure}_high"))
    if math.isnan(middle):
        return Text("not finite" if "diverged" in row["ended"] else "")
    text = Text(f"{middle:{form}}")
    return text if low == high else text.append(f"\n{low:{form}}–{high:{form}}", style="dim")
