"""Histories of some runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def history_of(history: pd.DataFrame, run_ids: Collection[Any] | pd.Series[Any]) -> pd.DataFrame:
    """The rows of the runs of these names; where that is every row, the history itself, of which millions of rows aren't copied.

    >>> import pandas as pd
    >>> history_of(pd.DataFrame({"run_id": ["a", "b"], "step": [3, 4]}), ["b"]).to_dict("list")
    {'run_id': ['b'], 'step': [4]}
    """
    wanted = history["run_id"].isin(run_ids)
    return history if wanted.all() else history[wanted]
