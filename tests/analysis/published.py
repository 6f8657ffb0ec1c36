"""Published results of others, which `experiments/published` holds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[2] / "experiments" / "published"


def tabular_seeds() -> pd.DataFrame:
    """Scores of 16 optimizers on 17 data sets, 10 seeds: columns opt, ds, seed, test, val, time, n."""
    return pd.read_csv(FOLDER / "tabular_mlp_seeds.csv")


def tabular_means() -> pd.DataFrame:
    """Mean test scores over seeds, to six digits: a row a data set, a column an optimizer."""
    return pd.read_csv(FOLDER / "tabular_mlp_means.csv", index_col="ds")
