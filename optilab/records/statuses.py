"""How a run ended, and what that says of its cost."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Status = Literal[
    "budget", "converged", "target", "plateau", "diverged", "timeout", "pruned", "failed", "crashed"
]  # how a run ended; see `Stop`

LASTED = ("budget", "converged", "target", "plateau")  # the last measurement is the run's result
CONCLUSIVE = (*LASTED, "diverged")  # the optimizer decided how the run ended: a repetition ends the same way
FAILURES = ("failed", "crashed", "timeout")  # the code or the machine decided
UNFINISHED = ("pruned",)  # given up by a search, which needed no more of the run
STATUSES = (*CONCLUSIVE, *FAILURES, *UNFINISHED)
FINISHED = ("ok", "finished", "completed", "complete", "done", "success")  # others' words for "budget"


def known_status(word: Any) -> str | None:
    """The status that anybody's word for it means, in any case; "budget" where there is none, None for a word that isn't known.

    >>> known_status("Completed"), known_status("diverged"), known_status(None), known_status("nonsense")
    ('budget', 'diverged', 'budget', None)
    """
    if str(word) in ("", "None", "nan", "NaT", "<NA>"):
        return LASTED[0]
    plain = str(word).strip().lower()
    return LASTED[0] if plain in FINISHED else plain if plain in STATUSES else None


def other_words() -> str:
    """All words for statuses that are accepted, as messages list them."""
    return f"{', '.join(STATUSES)}; and {', '.join(FINISHED)} for {LASTED[0]}"


def cost_or_infinity(costs: ArrayLike, statuses: ArrayLike) -> NDArray[np.float64]:
    """Final costs as they are compared: infinite for a run that did not last, or whose cost is not finite.

    costs, statuses: of the same shape, which is that of the result.
    """
    found = np.asarray(costs, np.float64)
    good = np.isin(np.asarray(statuses, object).astype(str), LASTED) & np.isfinite(found)
    return np.where(good, found, np.inf)
