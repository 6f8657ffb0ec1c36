"""How often one method beats another on the same seed of the same problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class WinRates:
    """Shares of pairs that the method of a row wins against that of a column.

    rates: a table of shares in [0, 1], ties counted half; NaN on the diagonal, and where two methods have no seed of a problem in common.
    pairs: a table of the numbers of pairs, of the same rows and columns.
    """

    rates: pd.DataFrame
    pairs: pd.DataFrame


def win_rates(values: pd.DataFrame) -> WinRates:
    """The share of paired runs in which the method of a row is better than that of a column, each problem with the same weight.

    Runs are paired by problem and seed. On a problem the share is that of its seeds, ties counted half, so that rates[a, b] + rates[b, a] is
    1; the rate is its mean over the problems that both have. Two runs that did not last tie. A method whose runs don't depend on the seed has one
    run a problem, which is paired with each seed of the other.

    values: a row a run, with problem, label, seed and value, of which the lowest is best; infinite for a run that did not last; and, if
    there is such a column, is_random (whether the seed makes a difference to the run).

    Returns WinRates, methods in the order of their names.

    >>> values = pd.DataFrame({"problem": "p", "label": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1], "value": [1.0, 2, 3, 2]})
    >>> float(win_rates(values).rates.loc["a", "b"])
    0.75
    """
    labels = sorted(set(values["label"].astype(str)))
    k = len(labels)
    total, problems, pairs = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k), int)
    for _, there in values.groupby("problem"):
        table = there.pivot(index="seed", columns="label", values="value").reindex(columns=labels)
        for label in _fixed(there):
            table[label] = table[label].fillna(table[label].dropna().iloc[0])
        found = table.to_numpy(np.float64)
        both = ~np.isnan(found)
        n = both.T.astype(int) @ both
        mine, theirs = found[:, :, None], found[:, None, :]
        wins = (mine < theirs).sum(axis=0) + 0.5 * (mine == theirs).sum(axis=0)
        total += np.divide(wins, n, out=np.zeros((k, k)), where=n > 0)
        problems += n > 0
        pairs += n
    rates = np.divide(total, problems, out=np.full((k, k), np.nan), where=problems > 0)
    np.fill_diagonal(rates, np.nan)
    return WinRates(pd.DataFrame(rates, labels, labels), pd.DataFrame(pairs, labels, labels))


def _fixed(values: pd.DataFrame) -> list[str]:
    """Methods with a single run, to which seeds make no difference."""
    if "is_random" not in values:
        return []
    alone = values[values["is_random"].eq(False)].groupby("label").size()
    return [str(label) for label in alone.index[alone == 1]]
