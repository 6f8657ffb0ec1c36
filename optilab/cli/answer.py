"""The verdict on an experiment's results, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from optilab.analysis.best import best_runs
from optilab.analysis.resolution import few_seeds
from optilab.experiment.experiment import Experiment
from optilab.store import Results

_BY_DEFAULT = ("test_accuracy", "test_cost", "valid_accuracy", "valid_cost", "train_cost")


def answer(experiment: Experiment, found: Results) -> list[str]:
    """Sentences that say which optimizers are better than the control, or what these seeds can't show.

    None of them where there is nothing to compare: fewer than two labels, or nothing random in any run.
    """
    runs = best_runs(found.runs, experiment.chosen_by)
    labels = sorted(set(runs["label"].astype(str)))
    random = runs[runs["is_random"].ne(False)] if "is_random" in runs else runs
    if len(labels) < 2 or random.empty:
        return []
    seeds = int(random["seed"].nunique())
    if seeds == 1:
        return [few_seeds(1, _comparisons(runs), 1 - experiment.comparison.confidence)]
    from optilab.analysis.answer import verdict  # and SciPy's statistics with it

    given, control = experiment.comparison, _control(experiment, labels)
    measure = given.measure or _measured(runs)
    sentences = list(verdict(runs, measure, control, confidence=given.confidence).sentences)
    if given.target is not None:
        from optilab.analysis.arrival import arrival_verdict

        history = found.history[found.history["run_id"].isin(runs["run_id"])]
        unit = "steps" if (history["epoch"] == history["step"]).all() else "epochs"
        times = arrival_verdict(runs, history, given.target, measure, control, unit=unit, confidence=given.confidence)
        sentences = [*times.sentences, *sentences]
    return sentences


def _comparisons(runs: pd.DataFrame) -> int:
    """Number of comparisons with a control: of each other label on each problem."""
    return int(runs.groupby("problem")["label"].nunique().sub(1).sum())


def _measured(runs: pd.DataFrame) -> str:
    """The first measure that all problems have."""
    return next((m for m in _BY_DEFAULT if f"final_{m}" in runs and _is_known(runs, m)), "train_cost")


def _is_known(runs: pd.DataFrame, measure: str) -> bool:
    known: pd.Series[Any] = runs.groupby("problem")[f"final_{measure}"].agg(lambda values: values.notna().any())
    return bool(known.all())


def _control(experiment: Experiment, labels: Sequence[str]) -> str:
    """The label that the experiment names, or that of its first entry."""
    if experiment.comparison.control is not None:
        return experiment.comparison.control
    first = experiment.optimizers[0]
    use = first["use"]
    name = str(first.get("label") or (use if isinstance(use, str) else " | ".join(use)))
    return next((label for label in labels if label == name or label.startswith(f"{name}, ")), labels[0])
