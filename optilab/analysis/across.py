"""What many problems together say: mean ranks, and which of them can be told from the control's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optilab.analysis.phrases import p_text
from optilab.analysis.ranking import ranks
from optilab.texts import counted

FEWEST = 5  # problems; ranks over fewer tell next to nothing apart
_NAMED = 3  # methods whose mean rank is told


def across(scores: pd.DataFrame, control: str, lowest: bool = True, confidence: float = 0.95) -> list[str]:
    """Sentences on methods over many problems: the best mean ranks, and who differs from the control.

    A method differs where its mean rank is at least as far from the control's as Nemenyi's critical difference
    (`optilab.analysis.ranks`), and Friedman's test is significant.

    scores: a row a problem, a column a method, NaN where it was not run; those that were not run everywhere are left out. control: one of
    the columns. lowest: whether the lowest score is best. confidence: 1 less the level of significance.

    Returns no sentence with fewer than 5 problems or two methods, and one that says so where the control was not run everywhere.
    Raises InputError as `ranks` does.

    >>> scores = pd.DataFrame({"base": [2.0] * 6, "ours": [1.0] * 6})
    >>> across(scores, "base")[1]
    'ours has a better mean rank than base (critical difference .8).'
    """
    there = scores.dropna(axis="columns")
    if len(there) < FEWEST or scores.shape[1] < 2:
        return []
    if control in scores and control not in there:
        lacking = int(scores[control].isna().sum())
        return [f"No mean ranks: {control} was not run on {lacking} of {len(scores)} problems."]
    if there.shape[1] < 2 or control not in there:
        return []
    found = ranks(there, lowest, alpha=1 - confidence)
    means, alpha = found.mean_ranks, 1 - confidence
    top = means.head(min(_NAMED, len(means) - 1))
    first = [f"{label} {mean:.2f}" for label, mean in top.items()] if list(top.index) != [control] else []
    left_out = scores.shape[1] - there.shape[1]
    rest = (
        f" {counted(left_out, 'method')} that did not run on all of them {'is' if left_out == 1 else 'are'} left out."
        if left_out
        else ""
    )
    best = f"; the best {'is' if len(first) == 1 else 'are'} {', '.join(first)}" if first else ""
    sentences = [
        f"Over {len(there)} problems {control} has a mean rank of {means[control]:.2f} among {counted(len(means), 'method')}{best} "
        f"(ranks of medians; Friedman's test that all are alike has {p_text(found.p)}).{rest}"
    ]
    distance = f"(critical difference {found.critical_difference:.2g})".replace(
        "(critical difference 0.", "(critical difference ."
    )
    apart = means[np.abs(means - means[control]) >= found.critical_difference - 1e-12].drop(control, errors="ignore")
    if found.p > alpha or apart.empty:
        return [*sentences, f"By mean ranks none can be told from {control} {distance}."]
    for word, names in (
        ("better", apart.index[apart < means[control]]),
        ("worse", apart.index[apart > means[control]]),
    ):
        if len(names):
            verb = "has" if len(names) == 1 else "have"
            sentences.append(f"{', '.join(map(str, names))} {verb} a {word} mean rank than {control} {distance}.")
    return sentences
