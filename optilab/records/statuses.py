"""How a run ended, and what that says of its cost."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Status = Literal[
    "budget", "converged", "target", "plateau", "diverged", "timeout", "pruned", "failed", "crashed"
]  # how a run ended; see `Stop`

LASTED = ("budget", "converged", "target", "plateau")  # the last measurement is the run's result
CONCLUSIVE = (*LASTED, "diverged")  # the optimizer decided how the run ended: a repetition ends the same way
FAILURES = ("failed", "crashed", "timeout")  # the code or the machine decided
UNFINISHED = ("pruned",)  # given up by a search, which needed no more of the run


def cost_or_infinity(costs: ArrayLike, statuses: ArrayLike) -> NDArray[np.float64]:
    """Final costs as they are compared: infinite for a run that did not last, or whose cost is not finite.

    costs, statuses: of the same shape, which is that of the result.
    """
    found = np.asarray(costs, np.float64)
    good = np.isin(np.asarray(statuses, object).astype(str), LASTED) & np.isfinite(found)
    return np.where(good, found, np.inf)
