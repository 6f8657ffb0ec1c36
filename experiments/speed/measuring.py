"""How much of a digits experiment's time measuring takes: of `experiments/digits.toml`, run by one worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import optilab
from optilab.experiment.experiment import Experiment
from optilab.experiment.file import read
from speed.table import OURS, Row

FILE = Path(__file__).parents[1] / "digits.toml"
AIM = 15.0  # percent


def experiment(quick: bool = False) -> Experiment:
    """The digits experiment; of a quick trial, with one seed and one epoch. It measures twice an epoch either way."""
    found = read(FILE)
    return (
        found.model_copy(update={"seeds": 1, "budget": found.budget.model_copy(update={"epochs": 1})})
        if quick
        else found
    )


def share(chosen: Experiment) -> tuple[float, float]:
    """Percent of training and measuring that is measuring, over all runs; and seconds of both."""
    with tempfile.TemporaryDirectory() as folder:
        runs = optilab.run(chosen, Path(folder) / "results", workers=1).runs
    trained, measured = float(runs["train_seconds"].sum()), float(runs["measure_seconds"].sum())
    return 100 * measured / (trained + measured), trained + measured


def rows(rounds: int, quick: bool = False) -> Iterator[Row]:
    """Rows of this part; the experiment is run as often as there are rounds, three times at most."""
    chosen = experiment(quick)
    found = [share(chosen) for _ in range(min(rounds, 1 if quick else 3))]
    name = "digits.toml" + (", 1 seed, 1 epoch" if quick else "")
    yield Row(
        "measuring", f"share of {name} that is measuring", OURS, "%", [percent for percent, _ in found], target=AIM
    )
    yield Row("measuring", f"{name}, training and measuring on one core", OURS, "s", [both for _, both in found])
