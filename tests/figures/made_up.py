"""Results that nobody has run: final values, or measurements, that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optilab.records.question import Question
from optilab.store import Results

Values = Mapping[str, Mapping[str, Sequence[float]]]  # by problem and label, a value a seed


def ended(values: Values, measure: str = "test_cost", **question: Any) -> Results:
    """Runs with these final values; infinite ones have diverged."""
    rows = [
        {
            "run_id": f"{problem} {label} {seed}",
            "problem": problem,
            "label": label,
            "optimizer": label,
            "schedule": "constant",
            "batch_size": 8,
            "seed": seed,
            "role": "evaluation",
            "status": "budget" if np.isfinite(value) else "diverged",
            "is_random": True,
            f"final_{measure}": value,
            f"best_{measure}": value,
        }
        for problem, lines in values.items()
        for label, own in lines.items()
        for seed, value in enumerate(own)
    ]
    runs = pd.DataFrame(rows)
    history = pd.DataFrame({"run_id": runs["run_id"], "step": 10, "epoch": 1.0, measure: runs[f"final_{measure}"]})
    for name in ("train_cost", "train_accuracy"):
        if name not in history:
            history[name] = 0.5
    given = Question(**{"text": "Which one?", "measure": measure, "chosen_by": f"final_{measure}", **question})
    return Results(Path("nowhere"), runs, history, None, given)


def measured(lines: Mapping[str, Mapping[str, Sequence[Sequence[float]]]], **question: Any) -> Results:
    """Runs with a cost measured every epoch from 0 on: by problem and label, a list a seed."""
    found = ended(
        {p: {label: [run[-1] for run in own] for label, own in there.items()} for p, there in lines.items()}, **question
    )
    rows = [
        {"run_id": f"{problem} {label} {seed}", "step": 10 * k, "epoch": float(k), "test_cost": value}
        for problem, there in lines.items()
        for label, own in there.items()
        for seed, run in enumerate(own)
        for k, value in enumerate(run)
    ]
    history = pd.DataFrame(rows).assign(train_cost=0.5, train_accuracy=0.5)
    return Results(found.folder, found.runs, history, None, found.question)


def shuffled(results: Results) -> Results:
    """The same runs and measurements in another order; of each run its measurements stay in theirs."""
    runs = results.runs.sample(frac=1, random_state=3).reset_index(drop=True)
    return Results(results.folder, runs, results.history, results.control, results.question)
