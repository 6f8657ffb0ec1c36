"""Small experiments whose lines are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optilab import store
from optilab.analysis.comparison import comparison
from optilab.experiment.experiment import Experiment

PLUGIN = '''
"""Two rules with a hyperparameter of the same name: a word for one, and a number for the other."""

from optilab import elementwise, hookimpl


@elementwise(lr=0.1, ranges={"mode": "{up, down}"})
def wordy(w, g, lr, mode="down"):
    """Descend, or ascend."""
    w -= lr * g if mode == "down" else -lr * g
    return w


@elementwise(lr=0.1)
def numeric(w, g, lr, mode=1.0):
    """Descend mode times as fast."""
    w -= lr * mode * g
    return w


@elementwise(lr=0.1)
def noisy(w, g, noise, lr):
    """Descend, and tremble."""
    w -= lr * (g + 1e-3 * noise)
    return w


@hookimpl
def optilab_optimizers():
    return [wordy, numeric, noisy]
'''


def experiment(**changes: Any) -> Experiment:
    """A small one on a function, with what is asked for."""
    usual = {
        "name": "e",
        "seeds": 2,
        "problem": {"use": "bowl"},
        "budget": {"steps": 5},
        "optimizers": [{"use": "sgd"}],
    }
    return Experiment.model_validate({**usual, **changes})


def table(made: store.Results, by: str = "final_train_cost") -> pd.DataFrame:
    """The comparison, by label."""
    return comparison(made.runs, made.history, by).set_index("label")


def two_files(folder: Path) -> dict[str, Any]:
    """Two problems on files of the same name in different folders."""
    stream, problems = np.random.default_rng(0), []
    for name in "ab":
        (folder / name).mkdir()
        x = stream.uniform(size=(24, 2))
        np.savez(folder / name / "data.npz", x_train=x, y_train=x.sum(axis=1) * (10 if name == "b" else 1))
        problems.append({"use": "network", "dataset": {"path": str(folder / name / "data.npz")}, "hidden": [2]})
    return {"problem": None, "problems": problems, "budget": {"epochs": 1}}
