"""Lines whose schedule depends on the length of the run: of these only the ends are results."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

_NAMED = 8  # lines that the sentence names


def bound_to_length(runs: pd.DataFrame) -> list[str]:
    """Labels of lines whose runs would differ from the first step on if the budget were longer, in the order of the runs.

    >>> bound_to_length(pd.DataFrame({"label": ["a", "b", "b"], "depends_on_length": [False, True, True]}))
    ['b']
    >>> bound_to_length(pd.DataFrame({"label": ["a"]}))
    []
    """
    if "depends_on_length" not in runs:
        return []
    return list(dict.fromkeys(runs.loc[runs["depends_on_length"].eq(True), "label"].astype(str)))


def bound_text(labels: Sequence[str]) -> str:
    """The sentence on such lines, without "The": so that a picture can say before it how they are marked.

    >>> bound_text(["a", "b"])
    'schedules of a; b depend on the length of the run. What lies before the end is no result of a shorter run.'
    """
    more = f"; and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    names = "; ".join(labels[:_NAMED]) + more
    depends = f"schedule of {names} depends" if len(labels) == 1 else f"schedules of {names} depend"
    return f"{depends} on the length of the run. What lies before the end is no result of a shorter run."
