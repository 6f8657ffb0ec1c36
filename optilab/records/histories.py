"""Histories of some runs, and to which run each row of one belongs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def history_of(history: pd.DataFrame, run_ids: Collection[Any] | pd.Series[Any]) -> pd.DataFrame:
    """The rows of the runs of these names; where that is every row, the history itself, of which millions of rows aren't copied.

    >>> import pandas as pd
    >>> history_of(pd.DataFrame({"run_id": ["a", "b"], "step": [3, 4]}), ["b"]).to_dict("list")
    {'run_id': ['b'], 'step': [4]}
    """
    wanted = history["run_id"].isin(run_ids)
    return history if wanted.all() else history[wanted]


def run_numbers(run_ids: pd.Series[Any], runs: pd.Series[Any]) -> NDArray[np.intp]:
    """For each row of a history, by its column run_id, the number of its run among the names of `runs`, which are unique; -1 where it is none.

    >>> import pandas as pd
    >>> run_numbers(pd.Series(["b", "b", "c", None]), pd.Series(["a", "b"])).tolist()
    [1, 1, -1, -1]
    """
    import numpy as np
    import pandas as pd

    codes, there = pd.factorize(run_ids)  # a name is looked up once, and not in each of its rows
    found: NDArray[np.intp] = np.append(pd.Index(runs).get_indexer(there), -1)[codes]
    return found
