"""The comparison, as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from optilab.analysis.summary import comparison
from optilab.chance import WITHOUT_CHANCE
from optilab.experiment import Experiment
from optilab.store import Results


def comparison_table(experiment: Experiment, found: Results, by: str) -> Table:
    """One row for each line of the comparison, with the best of its cells by the measure `by`."""
    rows = comparison(found.runs, found.history, by)
    classified = bool(rows["test_accuracy"].notna().any())
    tested = bool(rows["test_cost"].notna().any())
    several = rows["problem"].nunique() > 1
    tuned = bool(rows["hyperparameters"].any())
    seeds = rows["seeds"].max()
    caption = "One seed." if seeds <= 1 else f"Median over {seeds} seeds; below it the lowest and the highest."
    if not rows["random"].all():
        labels = ", ".join(dict.fromkeys(rows.loc[~rows["random"].astype(bool), "label"]))
        caption = f"{labels}: {WITHOUT_CHANCE}." if seeds <= 1 else f"{caption} {labels}: {WITHOUT_CHANCE}."
    if tuned:
        chosen_on = "other seeds" if experiment.tuning else "the same seeds"
        caption += f" Hyperparameters chosen on {chosen_on}, by {by.replace('_', ' ')}."
        if rows["hyperparameters"].str.contains("*", regex=False).any():
            caption += " * at an end of the values that were tried: a better one may lie beyond."
    table = Table(caption=caption, caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, shown in (("problem", several), ("optimizer", True), ("best", tuned)):
        if shown:
            table.add_column(name, overflow="fold")
    for name, shown in (("test\naccuracy (%)", classified), ("test cost", tested), ("training\ncost", True)):
        if shown:
            table.add_column(name, justify="right", no_wrap=True)
    steps_are_epochs = bool((found.history["epoch"] == found.history["step"]).all())
    table.add_column("steps" if steps_are_epochs and not tested else "epochs", justify="right")
    table.add_column("seconds", justify="right")
    for row in rows.to_dict("records"):
        cells_shown = [escape(row["problem"])] if several else []
        cells_shown += [escape(row["label"]) + (f" ({row['ended']})" if row["ended"] else "")]
        cells_shown += [row["hyperparameters"]] if tuned else []
        cells_shown += [_range(row, "test_accuracy", ".2f", 100)] if classified else []
        cells_shown += [_range(row, "test_cost", ".3g")] if tested else []
        cells_shown += [
            _range(row, "train_cost", ".3g"),
            *(_number(row[name], form) for name, form in (("epochs", "g"), ("seconds", ".3g"))),
        ]
        table.add_row(*cells_shown)
    return table


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else f"{value:{form}}"


def _range(row: Mapping[Any, Any], measure: str, form: str, factor: float = 1.0) -> str:
    middle, low, high = (factor * row[name] for name in (measure, f"{measure}_low", f"{measure}_high"))
    if math.isnan(middle):
        return "not finite" if "diverged" in row["ended"] else ""
    return f"{middle:{form}}" + ("" if low == high else f"\n[dim]{low:{form}}–{high:{form}}[/dim]")
